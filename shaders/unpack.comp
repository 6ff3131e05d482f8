#version 450
#extension GL_GOOGLE_include_directive : require
// A result of the network, as it is stored (tensor.glsl), as an application's floats: [N, C, H, W].
// int8 values are multiplied by their scale exactly as on the host (session/run.c), bit for bit.

#include "ops/interface.h"
layout(local_size_x = VRN_TRANSFER_THREADS) in;
#include "grid.glsl"
layout(constant_id = VRN_ID_TYPES + VRN_BIND_X) const uint X_TYPE = VRN_STORED_F32;

layout(push_constant) uniform Push { vrn_unpack_push push; };

// [N, H, W, C padded], as float32, float16 or int8
layout(set = 0, binding = VRN_TRANSFER_X) readonly buffer Floats { float x32[]; };
layout(set = 0, binding = VRN_TRANSFER_X) readonly buffer Words { uint x[]; };
layout(set = 0, binding = VRN_TRANSFER_Y) writeonly buffer Output { float y[]; };  // [N, C, H, W]

float number_at(uint i) {
    if (X_TYPE == VRN_STORED_F32) return x32[i];
    if (X_TYPE == VRN_STORED_F16) return unpackHalf2x16(x[i / 2])[i % 2];
    return float(bitfieldExtract(int(x[i / 4]), int(i % 4 * 8), 8)) * push.scale;
}

void main() {
    uint index = flat_index();
    if (index >= push.total) return;
    uint pixel = index % push.pixels, plane = index / push.pixels;
    uint channel = plane % push.channels, image = plane / push.channels;
    uint padded = (push.channels + 3) / 4 * 4;
    uint element = (image * push.pixels + pixel) * padded + channel;
    y[push.y_first + index] = number_at(push.x_first * 4 + element);
}
