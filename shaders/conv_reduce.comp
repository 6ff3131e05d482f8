#version 450
#extension GL_GOOGLE_include_directive : require
// The end of a convolution whose sum was split: an invocation adds up SPLIT partial sums of four channels of
// one pixel, the bias and the epilogue.
#include "common.glsl"
#include "conv.glsl"

layout(constant_id = 33) const uint SPLIT = 1;

// x: partial sums [SPLIT, N, OUT_H, OUT_W, OUT_C4]; w: [OUT_C4] bias, then weights
#define WEIGHTS
#include "input.glsl"

void main() {
    uint i = flat_index(), count = push.images * OUT_PIXELS * OUT_C4;
    if (i >= count) return;
    vec4 sum = load_w(i % OUT_C4);
    [[unroll]] for (uint s = 0; s < SPLIT; s++) sum += load_x(s * count + i);
    store_output(sum, i / OUT_C4, i % OUT_C4);
}
