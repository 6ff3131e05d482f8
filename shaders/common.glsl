// Definitions that all kernels of the network share. Activations are [N, H, W, C/4] elements of
// four channels (tensor.glsl): channels are padded with zeros to a multiple of four, and every
// kernel keeps the padding zero. Kernels compute in float32, whatever types they read and write.
//
// ops/interface.h has the bindings, constants and push constants.
#extension GL_EXT_control_flow_attributes : require

#include "ops/interface.h"

layout(local_size_x_id = VRN_ID_THREADS) in;

layout(push_constant) uniform Push {
#ifdef STRAIGHT
    vrn_push_straight push;
#elif defined(ADDRESSED)
    vrn_push_addressed push; // one pipeline for all shapes
#else
    vrn_push push;
#ifdef PUSHED
    vrn_push_shape pushed; // likewise
#endif
#endif
};

// An operator's constant: OP_CONSTANT(name, id, working default); and what follows from some.
#if defined(PUSHED) || defined(ADDRESSED)
#ifdef ADDRESSED
#define OP_CONSTANT(name, id, value) uint name = push.shape[id]
#else
#define OP_CONSTANT(name, id, value) uint name = pushed.shape[id]
#endif
#define OP_DERIVED uint
#else
#define OP_CONSTANT(name, id, value) layout(constant_id = id) const uint name = value
#define OP_DERIVED const uint
#endif
// An operator's constant that is never pushed.
#define OP_SWITCH(name, id, value) layout(constant_id = id) const uint name = value

// A number of the row: NUMBER(name, which, working default).
#define NUMBER(name, which, value) \
    layout(constant_id = VRN_ID_NUMBERS + which) const uint name = value

#include "tensor.glsl"
#include "grid.glsl"
