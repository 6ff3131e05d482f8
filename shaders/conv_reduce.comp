#version 450
#extension GL_GOOGLE_include_directive : require
// variants: int8=-DBYTES
// The end of a convolution whose sum was split: an invocation adds up SPLIT partial sums of four
// channels of one pixel, the bias and the epilogue. BYTES: they are integers.
#include "common.glsl"
#include "conv.glsl"

NUMBER(SPLIT, VRN_TILE_SPLIT, 1);

// x: partial sums [SPLIT, N, OUT_H, OUT_W, OUT_C4]; w: as conv_tile.comp has it
#ifdef BYTES
#define SUM ivec4
layout(set = 0, binding = VRN_BIND_W) readonly buffer Weights { vec4 w[]; };
vec4 last_sum(ivec4 sum, uint c4) { return vec4(sum) * (w[OUT_C4 + c4] * X_SCALE) + w[c4]; }
#else
#define SUM vec4
READ_TENSOR(w, W)
vec4 last_sum(vec4 sum, uint c4) { return sum + load_w(c4); }
#endif
layout(set = 0, binding = VRN_BIND_X) readonly buffer Parts { SUM x_parts[]; };

void main() {
    uint i = flat_index(), count = push.images * OUT_PIXELS * OUT_C4;
    if (i >= count) return;
    SUM sum = SUM(0);
    [[unroll]] for (uint s = 0; s < SPLIT; s++) sum += x_parts[s * count + i];
    store_output(last_sum(sum, i % OUT_C4), i / OUT_C4, i % OUT_C4);
}
