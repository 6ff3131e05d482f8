#version 450
#extension GL_GOOGLE_include_directive : require
// variants: texel=-DTEXEL p4=-DPIXELS=4u
// Matrix products of a convolution, for drivers that run on the processor:
//   Y[b, m, n] = sum_k X[b, m, k] W[b, k, n],  M rows, N = OUT_C4 vec4s of output channels, K4 vec4s of k.
// What a row is, MODE says (gemm.glsl); Winograd has (m + 2)^2 products, b, and its sums are not
// finished here. No shared memory, no barrier. An invocation computes PIXELS rows x COLUMNS vec4s.
//
// The two forms suit two drivers (docs/cpu-kernels.md has figures):
// - TEXEL, for Mesa's lavapipe, which vectorises reads from texel buffers: a multiple of 8 lanes, of which
//   LANES_C lie side by side along N.
// - else, for SwiftShader, where each load is a slow gather, even if all lanes read the same: the lanes of a
//   work group share their rows, so each loads another vec4 of four, and hands it to the others. The
//   weights are transposed in blocks of 4 x 4, for sums within dot products, which stay in registers. K4
//   must be a multiple of four.
#define PUSHED
#ifndef TEXEL
#extension GL_KHR_shader_subgroup_ballot : require
#endif
#include "common.glsl"
#include "conv.glsl"
#include "gemm.glsl"

#ifdef TEXEL
layout(constant_id = 34) const uint LANES_C = 8; // divides the work group's size
layout(constant_id = 35) const uint PIXELS = 8;
layout(constant_id = 36) const uint COLUMNS = 2;
#else
// Fixed, because SwiftShader unrolls no loop over a specialization constant.
#ifndef PIXELS
#define PIXELS 16u
#endif
const uint COLUMNS = 1;
#endif
// x: [b, M, K4] vec4; w: [OUT_C4] bias, then [b, K4 * 4, OUT_C4] vec4, or in blocks [b, K4, 4 n, OUT_C4] vec4
// of 4 k
#define WEIGHTS
#include "input.glsl"

vec4 sum[PIXELS * COLUMNS];

#ifdef TEXEL
void multiply(uint from[PIXELS], uint weight[COLUMNS], uint k4_count) {
    for (uint k4 = 0; k4 < k4_count; k4++) {
        vec4 a[PIXELS];
        [[unroll]] for (uint i = 0; i < PIXELS; i++) a[i] = load_x(from[i] + k4);
        [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
            vec4 w0 = load_w(weight[j]), w1 = load_w(weight[j] + OUT_C4);
            vec4 w2 = load_w(weight[j] + 2 * OUT_C4), w3 = load_w(weight[j] + 3 * OUT_C4);
            [[unroll]] for (uint i = 0; i < PIXELS; i++) {
                vec4 t = sum[i * COLUMNS + j];
                t += a[i].x * w0;
                t += a[i].y * w1;
                t += a[i].z * w2;
                t += a[i].w * w3;
                sum[i * COLUMNS + j] = t;
            }
            weight[j] += 4 * OUT_C4;
        }
    }
}
#else
void multiply(uint from[PIXELS], uint weight[COLUMNS], uint k4_count) {
    uint step = 4 * OUT_C4, at = weight[0];
    for (uint k4 = gl_SubgroupInvocationID & 3u; k4 < k4_count; k4 += 4) {
        vec4 a[PIXELS];
        [[unroll]] for (uint i = 0; i < PIXELS; i++) a[i] = load_x(from[i] + k4);
#define QUARTER(lane)                                                                              \
        {                                                                                          \
            vec4 w0 = load_w(at), w1 = load_w(at + OUT_C4);                                        \
            vec4 w2 = load_w(at + 2 * OUT_C4), w3 = load_w(at + 3 * OUT_C4);                       \
            [[unroll]] for (uint i = 0; i < PIXELS; i++) {                                         \
                vec4 v = subgroupBroadcast(a[i], lane);                                            \
                sum[i] += vec4(dot(v, w0), dot(v, w1), dot(v, w2), dot(v, w3));                    \
            }                                                                                      \
            at += step;                                                                            \
        }
        QUARTER(0) QUARTER(1) QUARTER(2) QUARTER(3)
    }
}
#endif

void store(vec4 value, uint product, uint rows, uint row, uint column) {
    if (row >= rows || column >= OUT_C4) return;
    if (WINOGRAD) {
        store_y((product * rows + row) * OUT_C4 + column, value);
    } else {
        store_output(value, row, column);
    }
}

void main() {
    uint lane = gl_LocalInvocationID.x;
#ifdef TEXEL
    const uint lanes_c = LANES_C;
#else
    const uint lanes_c = gl_WorkGroupSize.x;
#endif
    uint rows = push.images * (WINOGRAD ? tiles() : OUT_PIXELS);
    uint k4 = MODE == IM2COL ? im2col_k4() : IN_C4;
    uint columns_per_group = lanes_c * COLUMNS;
    uint blocks = (OUT_C4 + columns_per_group - 1) / columns_per_group;
    uint product = gl_WorkGroupID.z / blocks;
    uint first = (folded_group() * (gl_WorkGroupSize.x / lanes_c) + lane / lanes_c) * PIXELS;
    uint column = (gl_WorkGroupID.z % blocks * lanes_c + lane % lanes_c) * COLUMNS;

    // Past the end the last row and column are computed again, and not stored: no branch.
    uint from[PIXELS];
    [[unroll]] for (uint i = 0; i < PIXELS; i++) {
        from[i] = (product * rows + min(first + i, rows - 1)) * k4;
    }
    uint weight[COLUMNS];
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
        uint c4 = min(column + j, OUT_C4 - 1);
        vec4 bias = WINOGRAD ? vec4(0) : load_w(c4);
        [[unroll]] for (uint i = 0; i < PIXELS; i++) sum[i * COLUMNS + j] = bias;
        weight[j] = OUT_C4 + product * k4 * 4 * OUT_C4 + c4;
    }
    multiply(from, weight, k4);

#ifdef TEXEL
    [[unroll]] for (uint i = 0; i < PIXELS; i++) {
        [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
            store(sum[i * COLUMNS + j], product, rows, first + i, column + j);
        }
    }
#else
    // A loop, and so an array in memory, because SwiftShader takes long to compile what it has to store.
    vec4 finished[PIXELS];
    [[unroll]] for (uint i = 0; i < PIXELS; i++) finished[i] = sum[i];
    for (uint i = 0; i < PIXELS; i++) store(finished[i], product, rows, first + i, column);
#endif
}
