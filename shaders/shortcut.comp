#version 450
#extension GL_GOOGLE_include_directive : require
// Option A's parameter-free shortcut (He et al. 2015, section 3.3): every STRIDE-th pixel; OFFSET
// zero channels before the others, and the rest of the new channels, also zero, after them.
#include "common.glsl"

OP_CONSTANT(IN_H, VRN_SHORTCUT_IN_H, 1);
OP_CONSTANT(IN_W, VRN_SHORTCUT_IN_W, 1);
OP_CONSTANT(IN_C, VRN_SHORTCUT_IN_C, 1);
OP_CONSTANT(OUT_H, VRN_SHORTCUT_OUT_H, 1);
OP_CONSTANT(OUT_W, VRN_SHORTCUT_OUT_W, 1);
OP_CONSTANT(OUT_C, VRN_SHORTCUT_OUT_C, 1);
OP_CONSTANT(STRIDE, VRN_SHORTCUT_STRIDE, 2);
OP_CONSTANT(OFFSET, VRN_SHORTCUT_OFFSET, 0);

READ_NUMBERS(x, X) // [N, IN_H, IN_W, IN_C padded]
WRITE_TENSOR(y, Y) // [N, OUT_H, OUT_W, OUT_C / 4]

const uint IN_PADDED = (IN_C + 3u) / 4u * 4u;
const uint OUT_C4 = (OUT_C + 3u) / 4u;

void main() {
    uint i = flat_index();
    if (i >= push.images * OUT_H * OUT_W * OUT_C4) return;
    uint c = i % OUT_C4 * 4, pixel = i / OUT_C4;
    uint column = pixel % OUT_W, row = pixel / OUT_W % OUT_H, image = pixel / (OUT_W * OUT_H);
    uint from = ((image * IN_H + row * STRIDE) * IN_W + column * STRIDE) * IN_PADDED;
    vec4 value = vec4(0);
    for (uint j = 0; j < 4; j++) {
        uint source = c + j - OFFSET; // wraps below zero: then it is not less than IN_C
        if (source < IN_C) value[j] = x_at(from + source);
    }
    store_y(i, value);
}
