#version 450
#extension GL_GOOGLE_include_directive : require
// variants: image=-DIMAGE
// A part of an application's picture as dense RGBA8, the way photos come from the host: from a
// buffer of bytes, or with IMAGE from a sampled image, by its texels. What holds linear light (also
// the texels of an sRGB format, which sampling decodes) is encoded as IEC 61966-2-1 says, so that
// an sRGB image gives the bytes that it stores.

#include "ops/interface.h"
layout(local_size_x = VRN_TRANSFER_THREADS) in;
#include "grid.glsl"
layout(constant_id = VRN_FETCH_LINEAR) const uint LINEAR = 0; // IMAGE: texels are linear light
layout(constant_id = VRN_FETCH_BGRA) const uint BGRA = 0;   // bytes: blue comes first

layout(push_constant) uniform Push { vrn_fetch_push push; };

#ifdef IMAGE
#extension GL_EXT_samplerless_texture_functions : require
layout(set = 0, binding = VRN_TRANSFER_X) uniform texture2D x;
#else
// [.., stride] RGBA8 or BGRA8
layout(set = 0, binding = VRN_TRANSFER_X) readonly buffer Input { uint x[]; };
#endif
// [height, width] RGBA8
layout(set = 0, binding = VRN_TRANSFER_Y) writeonly buffer Output { uint y[]; };

float encode(float light) {
    return light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1.0 / 2.4) - 0.055;
}

uint pixel_at(uint column, uint row) {
#ifdef IMAGE
    // Not a number becomes 0.
    vec3 rgb = texelFetch(x, ivec2(column, row), 0).rgb;
    rgb = min(max(mix(vec3(0), rgb, equal(rgb, rgb)), 0.0), 1.0);
    if (LINEAR != 0u) rgb = vec3(encode(rgb.r), encode(rgb.g), encode(rgb.b));
    uvec3 bytes = uvec3(rgb * 255.0 + 0.5);
    return bytes.r | bytes.g << 8 | bytes.b << 16;
#else
    uint pixel = x[push.first + row * push.stride + column];
    if (BGRA == 0u) return pixel & 0xffffffu;
    return (pixel & 0xff00u) | (pixel & 255u) << 16 | (pixel >> 16 & 255u);
#endif
}

void main() {
    uint index = flat_index();
    if (index >= push.width * push.height) return;
    y[index] = pixel_at(push.left + index % push.width, push.top + index / push.width);
}
