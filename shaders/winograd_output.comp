#version 450
#extension GL_GOOGLE_include_directive : require
// variants: texel=-DTEXEL f2_texel=-DF2,-DTEXEL
// Back from Winograd's domain (winograd.glsl): x[b, tile, k] to M x M output pixels, with the bias
// and the epilogue. An invocation finishes four channels of a tile.
#define PUSHED
#define VALUES vec4
#include "common.glsl"
#include "conv.glsl"
#include "winograd.glsl"
#include "gemm.glsl"

// x: [b, tile, OUT_C4] vec4
#include "input.glsl"
READ_TENSOR(w, W) // [OUT_C4] bias, and more

// SwiftShader takes long to compile what loops over lines load and store.
#ifdef TEXEL
#define UNROLL [[unroll]]
#else
#define UNROLL
#endif

void main() {
    uint i = flat_index(), per_image = tiles(), rows = push.images * per_image;
    if (i >= rows * OUT_C4) return;
    uint c4 = i % OUT_C4, row = i / OUT_C4, tile = row % per_image;
    vec4 d[SIDE * SIDE];
    UNROLL for (uint r = 0; r < SIDE; r++) {
        vec4 line[SIDE];
        [[unroll]] for (uint s = 0; s < SIDE; s++) {
            line[s] = load_x(((r * SIDE + s) * rows + row) * OUT_C4 + c4);
        }
        output_transform(line);
        [[unroll]] for (uint s = 0; s < M; s++) d[r * SIDE + s] = line[s];
    }
    vec4 bias = load_w(c4);
    uint top = tile / tiles_w() * M, left = tile % tiles_w() * M, image = row / per_image;
    vec4 finished[M * M];
    [[unroll]] for (uint s = 0; s < M; s++) {
        vec4 column[SIDE];
        [[unroll]] for (uint r = 0; r < SIDE; r++) column[r] = d[r * SIDE + s];
        output_transform(column);
        [[unroll]] for (uint r = 0; r < M; r++) finished[r * M + s] = column[r] + bias;
    }
    // An array in registers with TEXEL; else a loop, for SwiftShader, which takes long to compile
    // stores, divides slowly, and runs the body of a loop that tests at its beginning once more.
#ifdef TEXEL
    [[unroll]] for (uint k = 0; k < M * M; k++) {
        uint oy = top + k / M, ox = left + k % M;
        uint pixel = (image * OUT_H + oy) * OUT_W + ox;
        if (oy < OUT_H && ox < OUT_W) store_output(finished[k], pixel, c4);
    }
#else
    uint k = 0, oy = top, ox = left;
    do {
        if (oy < OUT_H && ox < OUT_W) {
            uint pixel = (image * OUT_H + oy) * OUT_W + ox;
            uint residual = residual_of(pixel, image, oy, ox, OUT_C4);
            store_y(pixel * OUT_C4 + c4, finish_at(finished[k], residual, c4));
        }
        k++, ox++;
        bool next = ox == left + M;
        ox = next ? left : ox, oy += next ? 1 : 0;
    } while (k < M * M);
#endif
}
