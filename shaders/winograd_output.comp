#version 450
#extension GL_GOOGLE_include_directive : require
// variants: texel=-DTEXEL f2_texel=-DF2,-DTEXEL gpu=-DGPU f2_gpu=-DF2,-DGPU
// variants: straight=-DTEXEL,-DSTRAIGHT f2_straight=-DF2,-DTEXEL,-DSTRAIGHT
// Back from Winograd's domain (winograd.glsl): x[b, tile, k] to M x M output pixels, with the bias
// and the epilogue. An invocation finishes four channels of a tile; on a GPU one channel, for which
// it has registers. With STRAIGHT it reads all but the products through addresses, and stores
// through them (straight.glsl).
#ifdef STRAIGHT
#define ADDRESSED
#elif !defined(GPU)
#define PUSHED
#endif
#ifndef GPU
#define VALUES vec4
#endif
#include "common.glsl"
#include "conv.glsl"
#include "winograd.glsl"
#include "gemm.glsl"

// x: [b, tile, OUT_C4] vec4; w: [OUT_C4] bias, and more
#ifdef GPU
READ_NUMBERS(x, X)
READ_NUMBERS(w, W)
layout(set = 0, binding = VRN_BIND_Y) writeonly buffer Numbers { float y_numbers[]; };
#define CHANNELS  (OUT_C4 * 4u)
#define READ_X(i) x_at(i)
#define READ_W(i) w_at(i)
#else
#include "input.glsl"
#define CHANNELS  OUT_C4
#define READ_X(i) load_x(i)
#ifdef STRAIGHT
#include "straight.glsl"
#define READ_W(i) In(address_of(VRN_BIND_W) + floats((i) * 4)).v
#else
READ_TENSOR(w, W)
#define READ_W(i) load_w(i)
#endif
#endif

// SwiftShader takes long to compile what loops over lines load and store.
#if defined(TEXEL) || defined(GPU)
#define UNROLL [[unroll]]
#else
#define UNROLL
#endif

void main() {
    uint i = flat_index(), per_image = tiles(), rows = push.images * per_image;
    if (i >= rows * CHANNELS) return;
    uint c = i % CHANNELS, row = i / CHANNELS, tile = row % per_image;
    VALUES d[SIDE * SIDE];
    UNROLL for (uint r = 0; r < SIDE; r++) {
        VALUES line[SIDE];
        [[unroll]] for (uint s = 0; s < SIDE; s++) {
            line[s] = READ_X(((r * SIDE + s) * rows + row) * CHANNELS + c);
        }
        output_transform(line);
        [[unroll]] for (uint s = 0; s < M; s++) d[r * SIDE + s] = line[s];
    }
    VALUES bias = READ_W(c);
    uint top = tile / tiles_w() * M, left = tile % tiles_w() * M, image = row / per_image;
    VALUES finished[M * M];
    [[unroll]] for (uint s = 0; s < M; s++) {
        VALUES column[SIDE];
        [[unroll]] for (uint r = 0; r < SIDE; r++) column[r] = d[r * SIDE + s];
        output_transform(column);
        [[unroll]] for (uint r = 0; r < M; r++) finished[r * M + s] = column[r] + bias;
    }
    // An array in registers. Without TEXEL or GPU a loop, for SwiftShader, which takes long to
    // compile stores, divides slowly, and runs the body of a loop that tests at its beginning once
    // more.
#if defined(TEXEL) || defined(GPU)
    [[unroll]] for (uint k = 0; k < M * M; k++) {
        uint oy = top + k / M, ox = left + k % M;
        uint pixel = (image * OUT_H + oy) * OUT_W + ox;
        if (oy < OUT_H && ox < OUT_W) {
#ifdef GPU
            vec4 value = finish(vec4(finished[k]), pixel, OUT_H, OUT_W, c / 4u, OUT_C4);
            y_numbers[pixel * CHANNELS + c] = rounded(Y_TYPE, value, Y_SCALE)[c % 4u];
#elif defined(STRAIGHT)
            uint64_t at = floats((pixel * CHANNELS + c) * 4);
            vec4 value = finished[k];
            if (RESIDUAL != 0) value += In(address_of(VRN_BIND_R) + at).v;
            store_vec4(address_of(VRN_BIND_Y) + at, rounded(Y_TYPE, finish_sum(value), Y_SCALE));
#else
            store_output(finished[k], pixel, c);
#endif
        }
    }
#else
    uint k = 0, oy = top, ox = left;
    do {
        if (oy < OUT_H && ox < OUT_W) {
            uint pixel = (image * OUT_H + oy) * OUT_W + ox;
            uint residual = residual_of(pixel, image, oy, ox, OUT_C4);
            store_y(pixel * OUT_C4 + c, finish_at(finished[k], residual, c));
        }
        k++, ox++;
        bool next = ox == left + M;
        ox = next ? left : ox, oy += next ? 1 : 0;
    } while (k < M * M);
#endif
}
