#version 450
#extension GL_GOOGLE_include_directive : require
// Gathers what each output pixel of a convolution reads into a row: y[pixel, k], k = (r, s, c), zero outside
// the image and past the end. An invocation writes a vec4 of a row.
#define PUSHED
#include "common.glsl"
#include "conv.glsl"
#include "gemm.glsl"

READ_NUMBERS(x, X, 0) // [N, IN_H, IN_W, IN_C4 * 4]

void main() {
    // Divisions are slow where each lane does its own: as few as can be.
    uint k4_count = im2col_k4(), i = flat_index();
    if (i >= push.images * OUT_PIXELS * k4_count) return;
    uint pixel = i / k4_count, k = (i - pixel * k4_count) * 4;
    uint line = pixel / OUT_W, column = pixel - line * OUT_W; // line: of all images
    uint image = line / OUT_H;
    uint top = (line - image * OUT_H) * STRIDE_Y - PAD_Y, left = column * STRIDE_X - PAD_X; // wrap below zero
    uint position = k / GROUP_IN, c = k - position * GROUP_IN;
    uint r = position / KERNEL_W, s = position - r * KERNEL_W;
    vec4 row;
    [[unroll]] for (uint l = 0; l < 4; l++) {
        uint iy = top + r * DILATION_Y, ix = left + s * DILATION_X;
        bool inside = r < KERNEL_H && iy < IN_H && ix < IN_W;
        float value = x_at(inside ? ((image * IN_H + iy) * IN_W + ix) * IN_C4 * 4 + c : 0u);
        row[l] = inside ? value : 0.0;
        bool next_position = c + 1u == GROUP_IN, next_line = next_position && s + 1u == KERNEL_W;
        c = next_position ? 0u : c + 1u;
        s = next_line ? 0u : next_position ? s + 1u : s;
        r = next_line ? r + 1u : r;
    }
    store_y(i, row);
}
