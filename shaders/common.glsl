// What every kernel of the network shares. Activations are [N, H, W, C/4] elements of four channels
// (tensor.glsl): channels are padded with zeros to a multiple of four, and every kernel keeps the
// padding zero. Kernels compute in 32-bit floats, whatever the types of what they read and write.
//
// Bindings of set 0, the same in all kernels (ops/kernel.h):
//   0 x  input        1 y  output       2 w  packed parameters
//   3 r  residual, or the second operand of an addition
#extension GL_EXT_control_flow_attributes : require

layout(local_size_x_id = 32) in; // the first constant of a row

layout(push_constant) uniform Push {
    uint images; // N of this dispatch
    float x_scale, y_scale, r_scale; // of tensors of bytes
#ifdef PUSHED
    uint mode;      // the kernel's own
    uint shape[20]; // the operator's first constants: one pipeline for all shapes
#endif
} push;

// An operator's constant: OP_CONSTANT(name, id, working default); and what follows from some.
#ifdef PUSHED
#define OP_CONSTANT(name, id, value) uint name = push.shape[id]
#define OP_DERIVED uint
#else
#define OP_CONSTANT(name, id, value) layout(constant_id = id) const uint name = value
#define OP_DERIVED const uint
#endif

#include "tensor.glsl"
#include "grid.glsl"
