#version 450
#extension GL_GOOGLE_include_directive : require
// Convolution of any kind, as plain as it can be read: one invocation computes four channels of one
// output pixel, each by its own triple loop. Weights stay as PyTorch has them.
#include "common.glsl"
#include "conv.glsl"

READ_NUMBERS(x, X) // [N, IN_H, IN_W, IN_C4 * 4]
READ_NUMBERS(w, W) // [OUT_C4 * 4] bias, then [OUT_C, GROUP_IN, KERNEL_H, KERNEL_W]

float convolve(uint image, uint row, uint column, uint k) {
    uint first = k / GROUP_OUT * GROUP_IN;
    float sum = w_at(k); // the bias
    for (uint r = 0; r < KERNEL_H; r++) {
        // wraps below zero: then it is not < IN_H
        uint iy = row * STRIDE_Y + r * DILATION_Y - PAD_Y;
        if (iy >= IN_H) continue;
        for (uint s = 0; s < KERNEL_W; s++) {
            uint ix = column * STRIDE_X + s * DILATION_X - PAD_X;
            if (ix >= IN_W) continue;
            uint from = ((image * IN_H + iy) * IN_W + ix) * IN_C4 * 4 + first;
            uint weight = OUT_C4 * 4 + (k * GROUP_IN * KERNEL_H + r) * KERNEL_W + s;
            for (uint c = 0; c < GROUP_IN; c++) {
                sum += x_at(from + c) * w_at(weight + c * KERNEL_H * KERNEL_W);
            }
        }
    }
    return sum;
}

void main() {
    uint index = flat_index();
    if (index >= push.images * OUT_PIXELS * OUT_C4) return;
    uint c4 = index % OUT_C4, pixel = index / OUT_C4;
    uint column = pixel % OUT_W, row = pixel / OUT_W % OUT_H, image = pixel / OUT_PIXELS;
    vec4 sum = vec4(0);
    for (uint j = 0; j < 4; j++) {
        if (c4 * 4 + j < OUT_C) sum[j] = convolve(image, row, column, c4 * 4 + j);
    }
    store_output(sum, pixel, c4);
}
