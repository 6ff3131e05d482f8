#version 450
#extension GL_GOOGLE_include_directive : require
// Centre crop and normalisation: y = (pixel / scale - mean) / std, from RGBA8 to [H, W, 1] vec4
// with a fourth channel of zero, in the order RGB or BGR; or of the brightness (Pillow's "L", ITU-R
// 601-2), with three channels of zero. Pixels outside the image have the colour `fill`.

#include "ops/interface.h"
layout(local_size_x = VRN_TRANSFER_THREADS) in;
#include "grid.glsl"

layout(push_constant) uniform Push { vrn_normalize_push push; };

// [src_height, src_width] RGBA8
layout(set = 0, binding = VRN_PREPROCESS_X) readonly buffer Input { uint x[]; };
// [N, dst_height, dst_width, 1]
layout(set = 0, binding = VRN_PREPROCESS_Y) writeonly buffer Output { vec4 y[]; };

void main() {
    uint index = flat_index();
    if (index >= push.dst_width * push.dst_height) return;
    int column = int(index % push.dst_width) + push.left;
    int row = int(index / push.dst_width) + push.top;
    uint pixel = push.fill;
    if (column >= 0 && row >= 0 && column < int(push.src_width) && row < int(push.src_height)) {
        pixel = x[uint(row) * push.src_width + uint(column)];
    }
    uvec3 bytes = uvec3(pixel & 255u, (pixel >> 8) & 255u, (pixel >> 16) & 255u);
    if (push.grey != 0u) {
        uint brightness = (bytes.r * 19595u + bytes.g * 38470u + bytes.b * 7471u + 32768u) >> 16;
        float grey = (brightness / push.scale - push.mean[0]) / push.std[0];
        y[push.first + index] = vec4(grey, 0, 0, 0);
        return;
    }
    vec3 value = vec3(push.bgr != 0u ? bytes.bgr : bytes) / push.scale;
    vec3 mean = vec3(push.mean[0], push.mean[1], push.mean[2]);
    vec3 std = vec3(push.std[0], push.std[1], push.std[2]);
    y[push.first + index] = vec4((value - mean) / std, 0);
}
