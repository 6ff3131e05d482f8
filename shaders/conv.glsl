// A convolution's description, the same in all its kernels (ops/conv.c writes it):
//   y[n, p, q, k] = act(bias[k] + sum_{r, s, c} x[n, p * stride - pad + r * dilation, .., g C + c] w[k, c, r, s])
// with g the group of output channel k, and c running over the input channels of one group.
OP_CONSTANT(IN_H, 0, 1);
OP_CONSTANT(IN_W, 1, 1);
OP_CONSTANT(IN_C4, 2, 1);
OP_CONSTANT(OUT_H, 3, 1);
OP_CONSTANT(OUT_W, 4, 1);
OP_CONSTANT(OUT_C4, 5, 1);
OP_CONSTANT(KERNEL_H, 6, 1);
OP_CONSTANT(KERNEL_W, 7, 1);
OP_CONSTANT(STRIDE_Y, 8, 1);
OP_CONSTANT(STRIDE_X, 9, 1);
OP_CONSTANT(PAD_Y, 10, 0);
OP_CONSTANT(PAD_X, 11, 0);
OP_CONSTANT(DILATION_Y, 12, 1);
OP_CONSTANT(DILATION_X, 13, 1);
OP_CONSTANT(GROUPS, 14, 1);
OP_CONSTANT(GROUP_IN, 15, 1);  // input channels of one group
OP_CONSTANT(GROUP_OUT, 16, 1); // output channels of one group
OP_CONSTANT(OUT_C, 17, 1);

OP_DERIVED GROUP_IN4 = (GROUP_IN + 3u) / 4u;
OP_DERIVED OUT_PIXELS = OUT_H * OUT_W; // of one image

WRITE_TENSOR(y, Y, 1) // [N, OUT_H, OUT_W, OUT_C4]

#include "epilogue.glsl"

// The epilogue of output channels 4 c4 .. 4 c4 + 3 of a pixel, whose sum has the bias in it.
void store_output(vec4 sum, uint pixel, uint c4) {
    store_y(pixel * OUT_C4 + c4, finish(sum, pixel, OUT_H, OUT_W, c4, OUT_C4));
}
