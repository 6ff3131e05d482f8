// The end of a convolution: y = activation(v + residual). The residual is a tensor of the
// output's shape or, with a stride and an offset, He et al.'s option A shortcut of a larger one:
// pixel (y, x) reads (y * stride, x * stride), channel c reads c - offset, zero outside.
#include "activation.glsl"

OP_CONSTANT(RELU, VRN_CONV_RELU, 0); // or another activation:
OP_SWITCH(ACTIVATION, VRN_CONV_ACTIVATION, VRN_ACTIVATE_RELU);
OP_SWITCH(SLOPE_BITS, VRN_CONV_SLOPE_BITS, 0);
OP_CONSTANT(RESIDUAL, VRN_CONV_RESIDUAL, 0);
#ifndef ADDRESSED
// the residual is such a shortcut, described by the next constants
OP_SWITCH(OPTION_A, VRN_CONV_OPTION_A, 0);
OP_SWITCH(RES_H, VRN_CONV_RES_H, 1);
OP_SWITCH(RES_W, VRN_CONV_RES_W, 1);
OP_SWITCH(RES_C4, VRN_CONV_RES_C4, 1);
OP_SWITCH(RES_STRIDE, VRN_CONV_RES_STRIDE, 1);
OP_SWITCH(RES_OFFSET4, VRN_CONV_RES_OFFSET4, 0); // in groups of four channels

READ_TENSOR(r, R) // [N, RES_H, RES_W, RES_C4]

// The first element of an output pixel's residual.
uint residual_of(uint pixel, uint image, uint row, uint column, uint out_c4) {
    uint shortcut = ((image * RES_H + row * RES_STRIDE) * RES_W + column * RES_STRIDE) * RES_C4;
    return OPTION_A != 0u ? shortcut : pixel * out_c4;
}

// The epilogue with a residual that begins there.
vec4 finish_at(vec4 v, uint residual, uint c4) {
    uint from = c4 - RES_OFFSET4; // wraps below zero: then it is not less than RES_C4
    if (RESIDUAL != 0u && (OPTION_A == 0u || from < RES_C4)) v += load_r(residual + from);
    return RELU != 0u ? activate(v, ACTIVATION, SLOPE_BITS) : v;
}

vec4 finish(vec4 v, uint pixel, uint out_h, uint out_w, uint c4, uint out_c4) {
    if (OPTION_A == 0u) return finish_at(v, pixel * out_c4, c4);
    uint column = pixel % out_w, row = pixel / out_w % out_h, image = pixel / (out_w * out_h);
    return finish_at(v, residual_of(pixel, image, row, column, out_c4), c4);
}
#else
// The epilogue of a sum that has the residual.
vec4 finish_sum(vec4 v) { return RELU != 0u ? activate(v, ACTIVATION, SLOPE_BITS) : v; }
vec2 finish_pair(vec2 v) { return finish_sum(v.xyxy).xy; }
#endif
