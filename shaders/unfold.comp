#version 450
#extension GL_GOOGLE_include_directive : require
// The windows of a convolution of at most four channels, one after the other, for
// conv_stationary.comp: y[pixel, K], of which the first KERNEL_H * KERNEL_W * GROUP_IN are the
// window's numbers, position by position, and the others, up to a multiple of
// VRN_STATIONARY_UNFOLDED, are zeros. An invocation copies one window.
#define PUSHED
#include "common.glsl"
#include "conv.glsl"

READ_TENSOR(x, X) // [N, IN_H, IN_W, 1] vec4
layout(set = 0, binding = VRN_BIND_Y) writeonly buffer Numbers { float y_numbers[]; };

void main() {
    uint row = flat_index();
    if (row >= push.images * OUT_PIXELS) return;
    uint line = row / OUT_W, image = line / OUT_H;
    uint top = (line - image * OUT_H) * STRIDE_Y - PAD_Y; // wraps below zero
    uint left = (row - line * OUT_W) * STRIDE_X - PAD_X;
    uint count = KERNEL_H * KERNEL_W * GROUP_IN, unit = VRN_STATIONARY_UNFOLDED;
    uint to = row * ((count + unit - 1) / unit * unit), end = to + count;
    uint behind = to + (count + unit - 1) / unit * unit;
    uint iy = top, ix = left;
    // SwiftShader runs the body of a loop that tests at its beginning once more.
    do {
        bool inside = iy < IN_H && ix < IN_W;
        vec4 value = load_x(inside ? (image * IN_H + iy) * IN_W + ix : 0u);
        value = inside ? value : vec4(0);
        y_numbers[to] = value.x;
        if (GROUP_IN > 1) y_numbers[to + 1] = value.y;
        if (GROUP_IN > 2) y_numbers[to + 2] = value.z;
        if (GROUP_IN > 3) y_numbers[to + 3] = value.w;
        to += GROUP_IN, ix += DILATION_X;
        bool next = ix == left + KERNEL_W * DILATION_X;
        ix = next ? left : ix, iy += next ? DILATION_Y : 0;
    } while (to < end);
    while (to < behind) {
        y_numbers[to] = 0;
        to++;
    }
}
