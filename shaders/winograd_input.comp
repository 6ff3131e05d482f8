#version 450
#extension GL_GOOGLE_include_directive : require
// variants: texel=-DTEXEL f2_texel=-DF2,-DTEXEL gpu=-DGPU f2_gpu=-DF2,-DGPU
// variants: straight=-DTEXEL,-DSTRAIGHT f2_straight=-DF2,-DTEXEL,-DSTRAIGHT
// The input of a 3x3 convolution with stride 1, tile by tile, to Winograd's domain (winograd.glsl):
// y[b, tile, c] for b = position in the tile. With TEXEL an invocation transforms four channels of
// a tile. Otherwise it transforms one: SwiftShader gathers each number by itself, and a GPU has
// registers for one channel of a tile, and reads those of neighbouring invocations at once. With
// STRAIGHT too it stores through addresses (straight.glsl).
#ifdef STRAIGHT
#define ADDRESSED
#elif !defined(GPU)
#define PUSHED
#endif
#include "common.glsl"
#include "conv.glsl"
#include "winograd.glsl"
#include "gemm.glsl"

// x: [N, IN_H, IN_W, IN_C4] vec4
#ifdef TEXEL
#include "input.glsl"
#define CHANNELS        IN_C4
#define LOAD(i)         load_x(i)
#ifdef STRAIGHT
#include "straight.glsl"
#define STORE(i, value) store_vec4(address_of(VRN_BIND_Y) + floats((i) * 4), value)
#else
#define STORE(i, value) store_y(i, value)
#endif
#else
READ_NUMBERS(x, X)
layout(set = 0, binding = VRN_BIND_Y) writeonly buffer Numbers { float y_numbers[]; };
#endif
#ifdef GPU
#define CHANNELS        (IN_C4 * 4u)
#define LOAD(i)         x_at(i)
#define STORE(i, value) y_numbers[i] = value
#endif

#ifdef CHANNELS
void main() {
    uint i = flat_index(), per_image = tiles(), rows = push.images * per_image;
    if (i >= rows * CHANNELS) return;
    uint c = i % CHANNELS, row = i / CHANNELS, tile = row % per_image;
    uint top = tile / tiles_w() * M - PAD_Y, left = tile % tiles_w() * M - PAD_X; // wrap below zero
    uint image = row / per_image * IN_H;
    VALUES d[SIDE * SIDE];
    [[unroll]] for (uint r = 0; r < SIDE; r++) {
        VALUES line[SIDE];
        [[unroll]] for (uint s = 0; s < SIDE; s++) {
            uint iy = top + r, ix = left + s;
            bool inside = iy < IN_H && ix < IN_W;
            VALUES value = LOAD(inside ? ((image + iy) * IN_W + ix) * CHANNELS + c : 0u);
            line[s] = inside ? value : VALUES(0);
        }
        input_transform(line);
        [[unroll]] for (uint s = 0; s < SIDE; s++) d[r * SIDE + s] = line[s];
    }
    [[unroll]] for (uint s = 0; s < SIDE; s++) {
        VALUES column[SIDE];
        [[unroll]] for (uint r = 0; r < SIDE; r++) column[r] = d[r * SIDE + s];
        input_transform(column);
        [[unroll]] for (uint r = 0; r < SIDE; r++) {
            STORE(((r * SIDE + s) * rows + row) * CHANNELS + c, column[r]);
        }
    }
}
#else
// Written out, because SwiftShader takes longer to compile loops that it unrolls.
#define LOAD(s) line[s] = x_at(y_at + x_at_##s), line[s] = inside_y && inside_##s ? line[s] : 0;
#define COLUMN(s)                                                                                  \
    uint ix_##s = left + s;                                                                        \
    bool inside_##s = ix_##s < IN_W;                                                               \
    uint x_at_##s = (inside_##s ? ix_##s : 0) * channels + c;
#define LINE(r)                                                                                    \
    {                                                                                              \
        bool inside_y = top + r < IN_H;                                                            \
        uint y_at = (image + (inside_y ? top + r : 0)) * (IN_W * channels);                        \
        float line[6];                                                                             \
        LOAD(0) LOAD(1) LOAD(2) LOAD(3) LOAD(4) LOAD(5)                                            \
        input_transform(line);                                                                     \
        d##r = line;                                                                               \
    }
#define STORE(s)                                                                                   \
    {                                                                                              \
        float column[6] = float[6](d0[s], d1[s], d2[s], d3[s], d4[s], d5[s]);                      \
        input_transform(column);                                                                   \
        y_numbers[to] = column[0], y_numbers[to + 6 * step] = column[1];                           \
        y_numbers[to + 12 * step] = column[2], y_numbers[to + 18 * step] = column[3];              \
        y_numbers[to + 24 * step] = column[4], y_numbers[to + 30 * step] = column[5];              \
        to += step;                                                                                \
    }

void main() {
    uint i = flat_index(), per_image = tiles(), rows = push.images * per_image;
    uint channels = IN_C4 * 4, step = rows * channels;
    if (i >= step) return;
    uint row = i / channels, c = i - row * channels, width = tiles_w();
    uint number = row / per_image, tile = row - number * per_image, tile_y = tile / width;
    uint top = tile_y * M - PAD_Y, left = (tile - tile_y * width) * M - PAD_X; // wrap below zero
    uint image = number * IN_H, to = i;
    float d0[6], d1[6], d2[6], d3[6], d4[6], d5[6];
    COLUMN(0) COLUMN(1) COLUMN(2) COLUMN(3) COLUMN(4) COLUMN(5)
    LINE(0) LINE(1) LINE(2) LINE(3) LINE(4) LINE(5)
    STORE(0) STORE(1) STORE(2) STORE(3) STORE(4) STORE(5)
}
#endif
