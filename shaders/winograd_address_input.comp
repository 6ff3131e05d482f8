#version 450
#extension GL_GOOGLE_include_directive : require
// variants: f2=-DF2
// winograd_input.comp through addresses (address.glsl): a work group transforms sixteen channels of
// a tile, of which lane i has 2 i and 2 i + 1.
#define ADDRESSED
#define VALUES vec2
#include "common.glsl"
#include "conv.glsl"
#include "winograd.glsl"
#include "gemm.glsl"
#include "address.glsl"

// x: [N, IN_H, IN_W, IN_C4 * 4]; w: [OUT_C4 * 4] bias, [IN_C4 * 4] zeros, ...; y: [b, tile,
// IN_C4 * 4]
void main() {
    const uint channels = IN_C4 * 4, columns = IN_C4 / 4, rows = push.images * tiles();
    const uint column = folded_group() % columns * 16, row = folded_group() / columns;
    const uint64_t x = address_of(VRN_BIND_X) + floats(column), y = address_of(VRN_BIND_Y);
    const uint64_t zeros = address_of(VRN_BIND_W) + floats(OUT_C4 * 4);
    const uint tile = row % tiles(), image = row / tiles() * IN_H;
    const uint top = tile / tiles_w() * M - PAD_Y, left = tile % tiles_w() * M - PAD_X;
    if (row < rows) {
        VALUES d[SIDE * SIDE];
        [[unroll]] for (uint r = 0; r < SIDE; r++) {
            VALUES line[SIDE];
            [[unroll]] for (uint s = 0; s < SIDE; s++) {
                uint iy = top + r, ix = left + s; // may wrap below zero
                uint64_t at = x + floats(((image + iy) * IN_W + ix) * channels);
                line[s] = load_pairs(iy < IN_H && ix < IN_W ? at : zeros);
            }
            input_transform(line);
            [[unroll]] for (uint s = 0; s < SIDE; s++) d[r * SIDE + s] = line[s];
        }
        [[unroll]] for (uint s = 0; s < SIDE; s++) {
            VALUES part[SIDE];
            [[unroll]] for (uint r = 0; r < SIDE; r++) part[r] = d[r * SIDE + s];
            input_transform(part);
            [[unroll]] for (uint r = 0; r < SIDE; r++) {
                uint at = ((r * SIDE + s) * rows + row) * channels + column;
                store_pairs(F32, y + floats(at), part[r]);
            }
        }
    }
}
