#version 450
#extension GL_GOOGLE_include_directive : require
// variants: texel=-DTEXEL f2_texel=-DF2,-DTEXEL
// The input of a 3x3 convolution with stride 1, tile by tile, to Winograd's domain (winograd.glsl):
// y[b, tile, c] for b = position in the tile. An invocation transforms four channels of a tile.
#define PUSHED
#include "common.glsl"
#include "conv.glsl"
#include "winograd.glsl"
#include "gemm.glsl"

// x: [N, IN_H, IN_W, IN_C4] vec4
#include "input.glsl"

void main() {
    uint i = flat_index(), per_image = tiles(), rows = push.images * per_image;
    if (i >= rows * IN_C4) return;
    uint c4 = i % IN_C4, row = i / IN_C4, tile = row % per_image;
    uint top = tile / tiles_w() * M - PAD_Y, left = tile % tiles_w() * M - PAD_X; // wrap below zero
    uint image = row / per_image * IN_H;
    vec4 d[SIDE * SIDE];
    UNROLL_TEXEL for (uint r = 0; r < SIDE; r++) {
        vec4 line[SIDE];
        [[unroll]] for (uint s = 0; s < SIDE; s++) {
            uint iy = top + r, ix = left + s;
            bool inside = iy < IN_H && ix < IN_W;
            vec4 value = load_x(inside ? ((image + iy) * IN_W + ix) * IN_C4 + c4 : 0u);
            line[s] = inside ? value : vec4(0);
        }
        input_transform(line);
        [[unroll]] for (uint s = 0; s < SIDE; s++) d[r * SIDE + s] = line[s];
    }
    UNROLL_TEXEL for (uint s = 0; s < SIDE; s++) {
        vec4 column[SIDE];
        [[unroll]] for (uint r = 0; r < SIDE; r++) column[r] = d[r * SIDE + s];
        input_transform(column);
        [[unroll]] for (uint r = 0; r < SIDE; r++) {
            store_y(((r * SIDE + s) * rows + row) * IN_C4 + c4, column[r]);
        }
    }
}
