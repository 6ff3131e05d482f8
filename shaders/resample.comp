#version 450
#extension GL_GOOGLE_include_directive : require
// One direction of an image's resize, bit for bit as PIL does it (and so torchvision on PIL
// images): separable, with coefficients as integers scaled by 2^22, and a rounding to eight bits
// after each direction. The coefficients, with the antialias filter in them, come from the host
// (ops/preprocess.c).

#include "ops/interface.h"
layout(local_size_x = VRN_TRANSFER_THREADS) in;
#include "grid.glsl"
layout(constant_id = VRN_RESAMPLE_VERTICAL) const uint VERTICAL = 0;

layout(push_constant) uniform Push { vrn_resample_push push; };

// [.., src_width] RGBA8
layout(set = 0, binding = VRN_PREPROCESS_X) readonly buffer Input { uint x[]; };
// [dst_height, dst_width] RGBA8
layout(set = 0, binding = VRN_PREPROCESS_Y) writeonly buffer Output { uint y[]; };
// For each output position along the direction: the first source position, how many, the
// coefficients. [positions, 2 + taps]
layout(set = 0, binding = VRN_PREPROCESS_FILTER) readonly buffer Filter { int w[]; };

void main() {
    uint index = flat_index();
    if (index >= push.dst_width * push.dst_height) return;
    uint column = index % push.dst_width, row = index / push.dst_width;
    uint entry = (VERTICAL != 0u ? row : column) * (push.taps + 2);
    uint first = uint(w[entry]), count = uint(w[entry + 1]);
    uint from = VERTICAL != 0u ? first * push.src_width + column : row * push.src_width + first;
    uint step = VERTICAL != 0u ? push.src_width : 1;

    ivec3 sum = ivec3(1 << (VRN_FILTER_BITS - 1)); // one half
    for (uint i = 0; i < count; i++) {
        uint pixel = x[from + i * step];
        int weight = w[entry + 2 + i];
        sum += weight * ivec3(pixel & 255u, (pixel >> 8) & 255u, (pixel >> 16) & 255u);
    }
    uvec3 rgb = uvec3(clamp(sum >> VRN_FILTER_BITS, ivec3(0), ivec3(255)));
    y[index] = rgb.r | rgb.g << 8 | rgb.b << 16;
}
