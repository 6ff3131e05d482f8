#version 450
#extension GL_GOOGLE_include_directive : require
// variants: texel=-DTEXEL
// y = the largest x in a window; what lies outside the image does not count.
#include "common.glsl"

layout(constant_id = 0) const uint IN_H = 1;
layout(constant_id = 1) const uint IN_W = 1;
layout(constant_id = 2) const uint C4 = 1;
layout(constant_id = 3) const uint OUT_H = 1;
layout(constant_id = 4) const uint OUT_W = 1;
layout(constant_id = 5) const uint KERNEL_H = 3;
layout(constant_id = 6) const uint KERNEL_W = 3;
layout(constant_id = 7) const uint STRIDE_Y = 2;
layout(constant_id = 8) const uint STRIDE_X = 2;
layout(constant_id = 9) const uint PAD_Y = 1;
layout(constant_id = 10) const uint PAD_X = 1;
layout(constant_id = 11) const uint DILATION_Y = 1;
layout(constant_id = 12) const uint DILATION_X = 1;

// x: [N, IN_H, IN_W, C4] vec4
#include "input.glsl"
WRITE_TENSOR(y, Y, 1) // [N, OUT_H, OUT_W, C4]

void main() {
    uint i = flat_index();
    if (i >= push.images * OUT_H * OUT_W * C4) return;
    uint c = i % C4, pixel = i / C4;
    uint column = pixel % OUT_W, row = pixel / OUT_W % OUT_H, image = pixel / (OUT_W * OUT_H);
    vec4 largest = vec4(uintBitsToFloat(0xff800000u)); // -infinity
    // Loops that test at their end: SwiftShader runs the body of others once more.
    uint r = 0;
    do {
        uint iy = row * STRIDE_Y + r * DILATION_Y - PAD_Y; // wraps below zero
        uint s = 0;
        do {
            uint ix = column * STRIDE_X + s * DILATION_X - PAD_X;
            uint from = ((image * IN_H + iy) * IN_W + ix) * C4 + c;
            if (iy < IN_H && ix < IN_W) largest = max(largest, load_x(from));
            s++;
        } while (s < KERNEL_W);
        r++;
    } while (r < KERNEL_H);
    store_y(i, largest);
}
