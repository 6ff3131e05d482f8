#version 450
#extension GL_GOOGLE_include_directive : require
// The input of a stem, for conv_straight.comp, so that each window becomes adjacent numbers: for
// each line of output pixels and each column of the input, the numbers of the KERNEL_H pixels that
// the line's windows have in this column, pixel by pixel, filled up with zeros
// (VRN_STACK_NUMBERS). An invocation copies one column.
#define PUSHED
#define TEXEL
#include "common.glsl"
#include "conv.glsl"
#include "input.glsl"

// x: [N, IN_H, IN_W, 1] vec4
// y: [N, OUT_H, VRN_STACK_WIDTH, VRN_STACK_NUMBERS]
layout(set = 0, binding = VRN_BIND_Y) writeonly buffer Numbers { float y_numbers[]; };

void main() {
    uint i = flat_index(), width = VRN_STACK_WIDTH(OUT_W, STRIDE_X, KERNEL_W), line = i / width;
    if (line >= push.images * OUT_H) return;
    uint image = line / OUT_H, top = (line - image * OUT_H) * STRIDE_Y - PAD_Y;
    uint ix = i - line * width - PAD_X; // wraps below zero, as iy does
    uint numbers = VRN_STACK_NUMBERS(KERNEL_H * GROUP_IN, KERNEL_W), to = i * numbers;
    uint end = to + numbers;
    for (uint k = 0; k < KERNEL_H; k++) {
        uint iy = top + k * DILATION_Y;
        bool inside = iy < IN_H && ix < IN_W;
        vec4 value = load_x(inside ? (image * IN_H + iy) * IN_W + ix : 0u);
        value = inside ? value : vec4(0);
        y_numbers[to] = value.x;
        if (GROUP_IN > 1) y_numbers[to + 1] = value.y;
        if (GROUP_IN > 2) y_numbers[to + 2] = value.z;
        if (GROUP_IN > 3) y_numbers[to + 3] = value.w;
        to += GROUP_IN;
    }
    for (; to < end; to++) y_numbers[to] = 0;
}
