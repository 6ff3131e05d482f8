#version 450
#extension GL_GOOGLE_include_directive : require
// variants: f2=-DF2
// winograd_output.comp through addresses (address.glsl): a work group finishes sixteen channels of
// a tile, of which lane i has 2 i and 2 i + 1; the product stored them in the order of load_two.
#define ADDRESSED
#define VALUES vec2
#include "common.glsl"
#include "conv.glsl"
#include "winograd.glsl"
#include "gemm.glsl"
#include "address.glsl"

// x: [b, tile, OUT_C4 * 4]; w: [OUT_C4 * 4] bias, ...; y, r: [N, OUT_H, OUT_W, OUT_C4 * 4]
void main() {
    const uint channels = OUT_C4 * 4, columns = OUT_C4 / 4, rows = push.images * tiles();
    const uint column = folded_group() % columns * 16, row = folded_group() / columns;
    const uint64_t x = address_of(VRN_BIND_X) + floats(column);
    const uint64_t y = address_of(VRN_BIND_Y), residual = address_of(VRN_BIND_R);
    const uint tile = row % tiles(), image = row / tiles();
    const uint top = tile / tiles_w() * M, left = tile % tiles_w() * M;
    if (row < rows) {
        VALUES d[SIDE * SIDE];
        [[unroll]] for (uint r = 0; r < SIDE; r++) {
            VALUES line[SIDE];
            [[unroll]] for (uint s = 0; s < SIDE; s++) {
                line[s] = load_two(x + floats(((r * SIDE + s) * rows + row) * channels));
            }
            output_transform(line);
            [[unroll]] for (uint s = 0; s < M; s++) d[r * SIDE + s] = line[s];
        }
        VALUES bias = load_two(address_of(VRN_BIND_W) + floats(column));
        [[unroll]] for (uint s = 0; s < M; s++) {
            VALUES part[SIDE];
            [[unroll]] for (uint r = 0; r < SIDE; r++) part[r] = d[r * SIDE + s];
            output_transform(part);
            [[unroll]] for (uint r = 0; r < M; r++) {
                uint oy = top + r, ox = left + s;
                if (oy < OUT_H && ox < OUT_W) {
                    uint at = ((image * OUT_H + oy) * OUT_W + ox) * channels + column;
                    VALUES value = part[r] + bias;
                    if (RESIDUAL != 0) {
                        value += load_pairs(residual + floats(at));
                    }
                    store_pairs(Y_TYPE, y + floats(at), finish_pair(value));
                }
            }
        }
    }
}
