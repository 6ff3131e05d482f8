// The end of a convolution or a norm: y = relu(v + residual). The residual is a tensor of the output's
// shape or, with a stride and an offset, He et al.'s option A shortcut of a larger one: pixel (y, x)
// reads (y * stride, x * stride), channel c reads c - offset, zero outside.
OP_CONSTANT(RELU, 20, 0);
OP_CONSTANT(RESIDUAL, 21, 0);
OP_CONSTANT(RES_H, 22, 1);
OP_CONSTANT(RES_W, 23, 1);
OP_CONSTANT(RES_C4, 24, 1);
OP_CONSTANT(RES_STRIDE, 25, 1);
OP_CONSTANT(RES_OFFSET4, 26, 0); // in groups of four channels

layout(set = 0, binding = 3) readonly buffer Residual { vec4 r[]; }; // [N, RES_H, RES_W, RES_C4]

vec4 finish(vec4 v, uint pixel, uint out_h, uint out_w, uint c4, uint out_c4) {
    if (RESIDUAL != 0u) {
        if (RES_STRIDE == 1u && RES_OFFSET4 == 0u && RES_C4 == out_c4) {
            v += r[pixel * out_c4 + c4];
        } else {
            uint column = pixel % out_w, row = pixel / out_w % out_h, image = pixel / (out_w * out_h);
            uint from = c4 - RES_OFFSET4; // wraps below zero: then it is not less than RES_C4
            if (from < RES_C4) {
                v += r[((image * RES_H + row * RES_STRIDE) * RES_W + column * RES_STRIDE) * RES_C4 + from];
            }
        }
    }
    return RELU != 0u ? max(v, vec4(0)) : v;
}
