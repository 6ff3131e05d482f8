// A convolution's description, the same in all its kernels (ops/conv.c writes it):
//   y[n, p, q, k] = act(bias[k] + sum_{r, s, c} x[n, p * stride - pad + r * dilation, .., g C + c] w[k, c, r, s])
// with g the group of output channel k, and c running over the input channels of one group.
layout(constant_id = 0) const uint IN_H = 1;
layout(constant_id = 1) const uint IN_W = 1;
layout(constant_id = 2) const uint IN_C4 = 1;
layout(constant_id = 3) const uint OUT_H = 1;
layout(constant_id = 4) const uint OUT_W = 1;
layout(constant_id = 5) const uint OUT_C4 = 1;
layout(constant_id = 6) const uint KERNEL_H = 1;
layout(constant_id = 7) const uint KERNEL_W = 1;
layout(constant_id = 8) const uint STRIDE_Y = 1;
layout(constant_id = 9) const uint STRIDE_X = 1;
layout(constant_id = 10) const uint PAD_Y = 0;
layout(constant_id = 11) const uint PAD_X = 0;
layout(constant_id = 12) const uint DILATION_Y = 1;
layout(constant_id = 13) const uint DILATION_X = 1;
layout(constant_id = 14) const uint GROUPS = 1;
layout(constant_id = 15) const uint GROUP_IN = 1;  // input channels of one group
layout(constant_id = 16) const uint GROUP_OUT = 1; // output channels of one group
layout(constant_id = 17) const uint OUT_C = 1;

const uint GROUP_IN4 = (GROUP_IN + 3u) / 4u;
const uint OUT_PIXELS = OUT_H * OUT_W; // of one image

layout(set = 0, binding = 1) writeonly buffer Output { vec4 y[]; }; // [N, OUT_H, OUT_W, OUT_C4]

#include "epilogue.glsl"

// The epilogue of output channels 4 c4 .. 4 c4 + 3 of a pixel, whose sum has the bias in it.
void store_output(vec4 sum, uint pixel, uint c4) {
    y[pixel * OUT_C4 + c4] = finish(sum, pixel, OUT_H, OUT_W, c4, OUT_C4);
}
