#version 450
#extension GL_GOOGLE_include_directive : require
// The end of a convolution whose sum was split: an invocation adds up SPLIT partial sums of four channels of
// one pixel, the bias and the epilogue.
#include "common.glsl"
#include "conv.glsl"

layout(constant_id = 33) const uint SPLIT = 1;

layout(set = 0, binding = 0) readonly buffer Partial { vec4 partial[]; }; // [SPLIT, N, OUT_H, OUT_W, OUT_C4]
layout(set = 0, binding = 2) readonly buffer Weights { vec4 w[]; };       // [OUT_C4] bias, then weights

void main() {
    uint i = flat_index(), count = push.images * OUT_PIXELS * OUT_C4;
    if (i >= count) return;
    vec4 sum = w[i % OUT_C4];
    [[unroll]] for (uint s = 0; s < SPLIT; s++) sum += partial[s * count + i];
    store_output(sum, i / OUT_C4, i % OUT_C4);
}
