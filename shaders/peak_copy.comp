#version 450
#extension GL_GOOGLE_include_directive : require
// variants: texel=-DTEXEL
// Measures the copying speed of a device: every invocation copies one vec4. TEXEL: reads through a
// uniform texel buffer, which Mesa's lavapipe vectorises.
#include "ops/interface.h"
layout(local_size_x_id = VRN_ID_THREADS) in;

#ifdef TEXEL
#extension GL_EXT_samplerless_texture_functions : require
layout(set = 0, binding = VRN_BIND_X) uniform textureBuffer x; // [count] vec4
#else
layout(set = 0, binding = VRN_BIND_X) readonly buffer Input { vec4 x[]; };
#endif
layout(set = 0, binding = VRN_BIND_Y) writeonly buffer Output { vec4 y[]; };

layout(push_constant) uniform Push { vrn_copy_push push; };

#include "grid.glsl"

void main() {
    uint i = flat_index();
    if (i >= push.count) return;
#ifdef TEXEL
    y[i] = texelFetch(x, int(i));
#else
    y[i] = x[i];
#endif
}
