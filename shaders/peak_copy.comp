#version 450
#extension GL_GOOGLE_include_directive : require
// variants: texel=-DTEXEL
// What a device can move: every invocation copies one vec4. TEXEL: read through a uniform texel
// buffer, which is what Mesa's lavapipe vectorises.
layout(local_size_x_id = 32) in;

#ifdef TEXEL
#extension GL_EXT_samplerless_texture_functions : require
layout(set = 0, binding = 0) uniform textureBuffer x; // [count] vec4
#else
layout(set = 0, binding = 0) readonly buffer Input { vec4 x[]; };
#endif
layout(set = 0, binding = 1) writeonly buffer Output { vec4 y[]; };

layout(push_constant) uniform Push {
    uint count; // vec4s
} push;

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
