// What every kernel of the network shares. Activations are [N, H, W, C/4] vec4: channels are padded with
// zeros to a multiple of four, and every kernel keeps the padding zero.
//
// Bindings of set 0, the same in all kernels (ops/kernel.h):
//   0 x  input        1 y  output       2 w  packed parameters
//   3 r  residual, or the second operand of an addition
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x_id = 32) in; // the first constant of a row

layout(push_constant) uniform Push {
    uint images; // N of this dispatch
} push;

#include "grid.glsl"
