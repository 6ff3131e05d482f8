// A convolution's description, the same in all its kernels (ops/conv.c writes it):
//   y[n, p, q, k] = act(bias[k] +
//       sum_{r, s, c} x[n, p * stride - pad + r * dilation, .., g C + c] w[k, c, r, s])
// with g the group of output channel k, and c running over the input channels of one group.
OP_CONSTANT(IN_H, VRN_CONV_IN_H, 1);
OP_CONSTANT(IN_W, VRN_CONV_IN_W, 1);
OP_CONSTANT(IN_C4, VRN_CONV_IN_C4, 1);
OP_CONSTANT(OUT_H, VRN_CONV_OUT_H, 1);
OP_CONSTANT(OUT_W, VRN_CONV_OUT_W, 1);
OP_CONSTANT(OUT_C4, VRN_CONV_OUT_C4, 1);
OP_CONSTANT(KERNEL_H, VRN_CONV_KERNEL_H, 1);
OP_CONSTANT(KERNEL_W, VRN_CONV_KERNEL_W, 1);
OP_CONSTANT(STRIDE_Y, VRN_CONV_STRIDE_Y, 1);
OP_CONSTANT(STRIDE_X, VRN_CONV_STRIDE_X, 1);
OP_CONSTANT(PAD_Y, VRN_CONV_PAD_Y, 0);
OP_CONSTANT(PAD_X, VRN_CONV_PAD_X, 0);
OP_CONSTANT(DILATION_Y, VRN_CONV_DILATION_Y, 1);
OP_CONSTANT(DILATION_X, VRN_CONV_DILATION_X, 1);
OP_CONSTANT(GROUPS, VRN_CONV_GROUPS, 1);
OP_CONSTANT(GROUP_IN, VRN_CONV_GROUP_IN, 1);  // input channels of one group
OP_CONSTANT(GROUP_OUT, VRN_CONV_GROUP_OUT, 1); // output channels of one group
OP_CONSTANT(OUT_C, VRN_CONV_OUT_C, 1);

OP_DERIVED GROUP_IN4 = (GROUP_IN + 3u) / 4u;
OP_DERIVED OUT_PIXELS = OUT_H * OUT_W; // of one image

#include "epilogue.glsl"

#ifndef ADDRESSED
WRITE_TENSOR(y, Y) // [N, OUT_H, OUT_W, OUT_C4]

// The epilogue of output channels 4 c4 to 4 c4 + 3 of a pixel, whose sum includes the bias.
void store_output(vec4 sum, uint pixel, uint c4) {
    store_y(pixel * OUT_C4 + c4, finish(sum, pixel, OUT_H, OUT_W, c4, OUT_C4));
}
#endif
