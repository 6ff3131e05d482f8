#version 450
#extension GL_GOOGLE_include_directive : require
// y = the mean of x in a window; pixels outside the image do not count.
#include "common.glsl"

OP_CONSTANT(IN_H, VRN_MAX_POOL_IN_H, 1);
OP_CONSTANT(IN_W, VRN_MAX_POOL_IN_W, 1);
OP_CONSTANT(C4, VRN_MAX_POOL_C4, 1);
OP_CONSTANT(OUT_H, VRN_MAX_POOL_OUT_H, 1);
OP_CONSTANT(OUT_W, VRN_MAX_POOL_OUT_W, 1);
OP_CONSTANT(KERNEL_H, VRN_MAX_POOL_KERNEL_H, 3);
OP_CONSTANT(KERNEL_W, VRN_MAX_POOL_KERNEL_W, 3);
OP_CONSTANT(STRIDE_Y, VRN_MAX_POOL_STRIDE_Y, 2);
OP_CONSTANT(STRIDE_X, VRN_MAX_POOL_STRIDE_X, 2);
OP_CONSTANT(PAD_Y, VRN_MAX_POOL_PAD_Y, 1);
OP_CONSTANT(PAD_X, VRN_MAX_POOL_PAD_X, 1);
OP_CONSTANT(DILATION_Y, VRN_MAX_POOL_DILATION_Y, 1);
OP_CONSTANT(DILATION_X, VRN_MAX_POOL_DILATION_X, 1);

// x: [N, IN_H, IN_W, C4] vec4
#include "input.glsl"
WRITE_TENSOR(y, Y) // [N, OUT_H, OUT_W, C4]

void main() {
    uint i = flat_index();
    if (i >= push.images * OUT_H * OUT_W * C4) return;
    uint c = i % C4, pixel = i / C4;
    uint column = pixel % OUT_W, row = pixel / OUT_W % OUT_H, image = pixel / (OUT_W * OUT_H);
    vec4 sum = vec4(0);
    float count = 0;
    // Loops that test at their end: SwiftShader runs the body of others once more.
    uint r = 0;
    do {
        uint iy = row * STRIDE_Y + r * DILATION_Y - PAD_Y; // wraps below zero
        uint s = 0;
        do {
            uint ix = column * STRIDE_X + s * DILATION_X - PAD_X;
            uint from = ((image * IN_H + iy) * IN_W + ix) * C4 + c;
            if (iy < IN_H && ix < IN_W) {
                sum += load_x(from);
                count++;
            }
            s++;
        } while (s < KERNEL_W);
        r++;
    } while (r < KERNEL_H);
    store_y(i, sum / count);
}
