#version 450
#extension GL_GOOGLE_include_directive : require
// The input of a convolution of three channels with its padding, through addresses (address.glsl),
// without the fourth channel: conv_address.comp reads a line of a window as one piece. Lines have
// an even number of pixels, so that pairs of numbers are aligned. A work group writes sixteen
// pixels of a line, of which lane i has numbers 2 i and 2 i + 1 of each sixteen.
#define ADDRESSED
#include "common.glsl"
#include "conv.glsl"
#include "address.glsl"

const uint CHANNELS = 3, PIXELS = 16;

// x: [N, IN_H, IN_W, 4]; w: [OUT_C4 * 4, padded to 16] bias, [4] zeros, ...; y: [N, IN_H + 2 PAD_Y,
// IN_W + 2 PAD_X made even, 3]
void main() {
    const uint height = IN_H + 2 * PAD_Y, width = (IN_W + 2 * PAD_X + 1) / 2 * 2;
    const uint pieces = (width + PIXELS - 1) / PIXELS;
    const uint line = folded_group() / pieces, start = folded_group() % pieces * PIXELS;
    const uint image = line / height, iy = line % height - PAD_Y; // may wrap below zero
    const uint64_t x = address_of(VRN_BIND_X), y = address_of(VRN_BIND_Y);
    const uint64_t zeros = address_of(VRN_BIND_W) + floats((OUT_C4 * 4 + 15) / 16 * 16);
    if (image < push.images) {
        float all[PIXELS * CHANNELS];
        [[unroll]] for (uint i = 0; i < PIXELS; i++) {
            uint ix = start + i - PAD_X;
            uint64_t at = x + floats(((image * IN_H + iy) * IN_W + ix) * 4);
            In from = In(iy < IN_H && ix < IN_W ? at : zeros);
            [[unroll]] for (uint c = 0; c < CHANNELS; c++) all[i * CHANNELS + c] = from.v[c];
        }
        const uint64_t to = y + floats((line * width + start) * CHANNELS);
        const uint rest = (width - start) * CHANNELS;
        [[unroll]] for (uint j = 0; j < CHANNELS; j++) {
            vec2 own = vec2(0);
            [[unroll]] for (uint i = 0; i < LANES; i++) {
                uint at = (j * LANES + i) * 2;
                own = gl_SubgroupInvocationID == i ? vec2(all[at], all[at + 1]) : own;
            }
            uint from = j * LANES * 2;
            if (from + 2 * gl_SubgroupInvocationID < rest) {
                store_pairs(F32, to + floats(from), own);
            }
        }
    }
}
