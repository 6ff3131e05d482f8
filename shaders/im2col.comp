#version 450
#extension GL_GOOGLE_include_directive : require
// Gathers what each output pixel of a convolution reads into a row: y[pixel, k], k = (r, s, c), zero outside
// the image and past the end. An invocation writes a vec4 of a row.
#define PUSHED
#include "common.glsl"
#include "conv.glsl"
#include "gemm.glsl"

layout(set = 0, binding = 0) readonly buffer Input { float x[]; }; // [N, IN_H, IN_W, IN_C4 * 4]

void main() {
    uint k4_count = im2col_k4(), i = flat_index();
    if (i >= push.images * OUT_PIXELS * k4_count) return;
    uint pixel = i / k4_count, within = pixel % OUT_PIXELS;
    uint top = within / OUT_W * STRIDE_Y - PAD_Y, left = within % OUT_W * STRIDE_X - PAD_X; // wrap below zero
    uint image = pixel / OUT_PIXELS * IN_H;
    vec4 row = vec4(0);
    [[unroll]] for (uint l = 0; l < 4; l++) {
        uint k = i % k4_count * 4 + l;
        uint position = k / GROUP_IN, r = position / KERNEL_W;
        uint iy = top + r * DILATION_Y, ix = left + (position - r * KERNEL_W) * DILATION_X;
        if (r < KERNEL_H && iy < IN_H && ix < IN_W) {
            row[l] = x[((image + iy) * IN_W + ix) * IN_C4 * 4 + k - position * GROUP_IN];
        }
    }
    y[i] = row;
}
