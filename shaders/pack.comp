#version 450
#extension GL_GOOGLE_include_directive : require
// An application's normalised floats, three channels, as the network's input with a fourth of zero.

#include "ops/interface.h"
layout(local_size_x = VRN_TRANSFER_THREADS) in;
#include "grid.glsl"
layout(constant_id = VRN_PACK_PLANAR) const uint PLANAR = 0; // [N, 3, H, W], else [N, H, W, 3]

layout(push_constant) uniform Push { vrn_pack_push push; };

layout(set = 0, binding = VRN_TRANSFER_X) readonly buffer Input { float x[]; };
layout(set = 0, binding = VRN_TRANSFER_Y) writeonly buffer Output { vec4 y[]; }; // [N, H, W, 1]

void main() {
    uint index = flat_index();
    if (index >= push.total) return;
    uint from = push.first + index * 3, step = 1;
    if (PLANAR != 0u) {
        from = push.first + index / push.pixels * 3 * push.pixels + index % push.pixels;
        step = push.pixels;
    }
    y[push.y_first + index] = vec4(x[from], x[from + step], x[from + 2 * step], 0);
}
