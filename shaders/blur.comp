#version 450
#extension GL_GOOGLE_include_directive : require
// y = x filtered by a window of binomial coefficients, such as [1 2 1] / 4 along both sides; the
// image is reflected at its edges, without repeating the edge itself (Zhang 2019).
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

READ_TENSOR(x, X)  // [N, IN_H, IN_W, C4]
WRITE_TENSOR(y, Y) // [N, OUT_H, OUT_W, C4]

// The reflected position along a side of this many pixels.
uint reflect_at(uint position, uint padding, uint side) {
    int last = int(side) - 1, at = abs(int(position) - int(padding));
    return uint(clamp(at > last ? 2 * last - at : at, 0, last));
}

void main() {
    uint i = flat_index();
    if (i >= push.images * OUT_H * OUT_W * C4) return;
    uint c = i % C4, pixel = i / C4;
    uint column = pixel % OUT_W, row = pixel / OUT_W % OUT_H, image = pixel / (OUT_W * OUT_H);
    vec4 sum = vec4(0);
    uint total = 0, down = 1; // binomial coefficients, each from the one before
    for (uint r = 0; r < KERNEL_H; r++) {
        uint iy = reflect_at(row * STRIDE_Y + r, PAD_Y, IN_H), along = 1;
        vec4 line = vec4(0);
        for (uint s = 0; s < KERNEL_W; s++) {
            uint ix = reflect_at(column * STRIDE_X + s, PAD_X, IN_W);
            line += float(along) * load_x(((image * IN_H + iy) * IN_W + ix) * C4 + c);
            total += down * along;
            along = along * (KERNEL_W - 1u - s) / (s + 1u);
        }
        sum += float(down) * line;
        down = down * (KERNEL_H - 1u - r) / (r + 1u);
    }
    store_y(i, sum / float(total));
}
