// What every kernel of the network shares. Activations are [N, H, W, C/4] vec4: channels are padded with
// zeros to a multiple of four, and every kernel keeps the padding zero.
//
// Bindings of set 0, the same in all kernels (ops/kernel.h):
//   0 x  input        1 y  output       2 w  packed parameters
//   3 b  bias         4 r  residual, or the second operand of an addition
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x_id = 32) in; // the first constant of a row; here, as gl_WorkGroupSize is used below

layout(push_constant) uniform Push {
    uint images; // N of this dispatch
} push;

// Work groups are counted along x and, past the limit of a dimension, along y.
uint folded_group() {
    return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
}

// The element of a one-dimensional kernel; may lie past the end.
uint flat_index() {
    return folded_group() * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
}
