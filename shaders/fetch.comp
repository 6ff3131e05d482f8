#version 450
#extension GL_GOOGLE_include_directive : require
// variants: image=-DIMAGE planes=-DIMAGE,-DPLANES
// variants: rgba8=-DIMAGE,-DSTORED=rgba8 rgba16f=-DIMAGE,-DSTORED=rgba16f
// variants: rgba32f=-DIMAGE,-DSTORED=rgba32f r32f=-DIMAGE,-DSTORED=r32f
// variants: r8=-DIMAGE,-DSTORED=r8 rg8=-DIMAGE,-DSTORED=rg8
// variants: r16=-DIMAGE,-DSTORED=r16 r16f=-DIMAGE,-DSTORED=r16f
// variants: rgba16=-DIMAGE,-DSTORED=rgba16 r11f_g11f_b10f=-DIMAGE,-DSTORED=r11f_g11f_b10f
// variants: rgb10_a2=-DIMAGE,-DSTORED=rgb10_a2
// A part of an application's picture as dense RGBA8, the way photos come from the host: from a
// buffer of bytes, or with IMAGE from a sampled image, by its texels, or with STORED from a
// storage image of that format. What holds linear light (also
// the texels of an sRGB format, which sampling decodes) is encoded as IEC 61966-2-1 says, so that
// an sRGB image gives the bytes that it stores. BT.2100's PQ and HLG become linear light first, in
// sRGB's primaries, with 1 at BT.2408's reference white of 203 cd/m2. With PLANES the picture is
// YCbCr in two images, which becomes red, green and blue by the matrix of push constants, in
// integers, so that every device computes the same bytes.

#include "ops/interface.h"
layout(local_size_x = VRN_TRANSFER_THREADS) in;
#include "grid.glsl"
layout(constant_id = VRN_FETCH_READING) const uint READING = VRN_FETCH_AS_IS; // IMAGE
layout(constant_id = VRN_FETCH_BGRA) const uint BGRA = 0; // buffers: blue comes first

layout(push_constant) uniform Push { vrn_fetch_push push; };

#ifdef IMAGE
#extension GL_EXT_samplerless_texture_functions : require
#ifdef STORED
layout(set = 0, binding = VRN_TRANSFER_X, STORED) readonly uniform image2D x;
#else
layout(set = 0, binding = VRN_TRANSFER_X) uniform texture2D x;
#endif
#ifdef PLANES
layout(set = 0, binding = VRN_FETCH_CHROMA) uniform texture2D chroma; // Cb, Cr
#endif
#else
// [.., stride] RGBA8 or BGRA8
layout(set = 0, binding = VRN_TRANSFER_X) readonly buffer Input { uint x[]; };
#endif
// [height, width] RGBA8
layout(set = 0, binding = VRN_TRANSFER_Y) writeonly buffer Output { uint y[]; };

float encode(float light) {
    return light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1.0 / 2.4) - 0.055;
}

// BT.2020's primaries to sRGB's (BT.2087).
vec3 to_srgb_primaries(vec3 c) {
    return vec3(dot(c, vec3(1.660491, -0.587641, -0.072850)),
                dot(c, vec3(-0.124550, 1.132900, -0.008349)),
                dot(c, vec3(-0.018151, -0.100579, 1.118730)));
}

const float WHITE = 203.0;

// Converts to cd/m2 (SMPTE ST 2084).
float decode_pq(float value) {
    float n = pow(clamp(value, 0.0, 1.0), 1.0 / 78.84375);
    float ratio = max(n - 0.8359375, 0.0) / (18.8515625 - 18.6875 * n);
    return 10000.0 * pow(ratio, 1.0 / 0.1593017578125);
}

// Converts to the scene's light, 0 to 1.
float decode_hlg(float value) {
    value = clamp(value, 0.0, 1.0);
    if (value <= 0.5) return value * value / 3.0;
    return (exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12.0;
}

vec3 light_of(vec3 rgb) {
    uint reading = READING & 3u;
    if (reading == VRN_FETCH_PQ) {
        rgb = vec3(decode_pq(rgb.r), decode_pq(rgb.g), decode_pq(rgb.b)) / WHITE;
        return to_srgb_primaries(rgb);
    }
    if (reading == VRN_FETCH_HLG) {
        // On a display of 1000 cd/m2: a system gamma of 1.2.
        rgb = vec3(decode_hlg(rgb.r), decode_hlg(rgb.g), decode_hlg(rgb.b));
        float luminance = dot(rgb, vec3(0.2627, 0.6780, 0.0593));
        return to_srgb_primaries(rgb * (pow(luminance, 0.2) * 1000.0 / WHITE));
    }
    return rgb;
}

#ifdef PLANES
const int ONE = 1 << 20;

// The stored number of a UNORM component; of 16 bits, the upper 10.
int stored(float value) {
    return push.bits == 8u ? int(value * 255.0 + 0.5) : int(value * 65535.0 + 0.5) >> 6;
}

// Returns red, green and blue in 1 / ONE of a step of 8 bits.
ivec3 rgb_of_planes(uint column, uint row) {
    ivec2 at = ivec2(column >> push.half_columns, row >> push.half_rows);
    int luma = (stored(texelFetch(x, ivec2(column, row), 0).r) - push.luma_zero) * push.luma;
    vec2 sampled = texelFetch(chroma, at, 0).rg;
    int cb = stored(sampled.r) - push.chroma_zero;
    int cr = stored(sampled.g) - push.chroma_zero;
    return luma + ivec3(cr * push.red_cr, cb * push.green_cb + cr * push.green_cr,
                        cb * push.blue_cb);
}
#endif

uint pixel_at(uint column, uint row) {
#ifdef IMAGE
#ifdef PLANES
    ivec3 fixed_rgb = rgb_of_planes(column, row);
    if ((READING & 3u) == VRN_FETCH_AS_IS) {
        ivec3 rounded = clamp((fixed_rgb + ONE / 2) >> 20, 0, 255);
        return uint(rounded.r | rounded.g << 8 | rounded.b << 16);
    }
    vec3 rgb = vec3(fixed_rgb) / (255.0 * float(ONE));
#elif defined(STORED)
    vec3 rgb = imageLoad(x, ivec2(column, row)).rgb;
#else
    vec3 rgb = texelFetch(x, ivec2(column, row), 0).rgb;
#endif
    if ((READING & VRN_FETCH_GREY) != 0u) rgb = rgb.rrr;
    // NaN becomes 0.
    rgb = mix(vec3(0), rgb, equal(rgb, rgb));
    bool linear = (READING & 3u) != VRN_FETCH_AS_IS;
    if (linear) rgb = light_of(rgb) * push.exposure;
    rgb = min(max(rgb, 0.0), 1.0);
    if (linear) rgb = vec3(encode(rgb.r), encode(rgb.g), encode(rgb.b));
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
