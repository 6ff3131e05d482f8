#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_nonuniform_qualifier : require
// variants: 64=-DDEPTH=64 148=-DDEPTH=148
// Convolution and the products of Winograd's algorithm as matrix products, for SwiftShader:
//   Y[b, r, n] = sum_k X[b, r, k] W[b, k, n]
// A row is a tile of Winograd's algorithm (gemm.glsl) or an output pixel, whose k run over the
// positions of its window and their channels; with few channels the windows have been copied, one
// after the other (unfold.comp). The shape is pushed: one pipeline serves all.
//
// The weights stay where they are, and the rows pass by. A work group is one of SwiftShader's
// subgroups: each of its four lanes has four neighbouring output channels, twice. It copies the
// weights of DEPTH k to an array of its own, then adds their products to all of its rows, then
// does the same with the next DEPTH. In between, sums are in Y. A constant place in an array, and a
// constant place in a buffer that an index has chosen, are one load each; so the array has a loop
// that fills it, which keeps it in memory, and the input is bound as an array of buffers, of DEPTH
// numbers each (with 148, of 192, of which the first 148 count). docs/cpu-kernels.md has figures.
#define PUSHED
#include "common.glsl"
#include "conv.glsl"
uint M = pushed.number;
#include "gemm.glsl"
#include "stationary.glsl"

#ifndef DEPTH
#define DEPTH 128
#endif
const uint VECTORS = VRN_STATIONARY_N / 4;

// Elements 0 and 1: the output, [b, rows, OUT_C4] vec4, and the residual. From 2 on the input, a
// buffer for each DEPTH channels of a pixel: [N, IN_H, IN_W, IN_C4 * 4], [b, rows, IN_C4 * 4] or
// [rows, K]
layout(set = 0, binding = VRN_BIND_BLOCKS) buffer Numbers { vec4 at[]; } numbers[];
layout(set = 0, binding = VRN_BIND_BLOCKS) readonly buffer Lines {
    Line part[(DEPTH + 63) / 64];
} lines[];
const uint FIRST_LINE = VRN_STATIONARY_LINES;
// [OUT_C4 * 4] bias, then for each b, each 32 n and each DEPTH k: [DEPTH k + 1, 32 n], the last of
// which are the bias after the first k of a row, and zeros otherwise
layout(set = 0, binding = VRN_BIND_W) readonly buffer Weights { vec4 weights[]; };

float kept[(DEPTH + 1) * VECTORS];

#define PRODUCTS(k)                                                                                \
    PAIR(k, 0, s0, s1) PAIR(k, 2, s2, s3) PAIR(k, 4, s4, s5) PAIR(k, 6, s6, s7)

// v or zero: SwiftShader makes ten instructions of a conditional expression, and one of this.
const uint ALL = ~0u;
vec4 masked(vec4 v, uint mask) { return uintBitsToFloat(floatBitsToUint(v) & mask); }

void main() {
    uint lane = gl_LocalInvocationID.x, column_blocks = OUT_C4 / VECTORS;
    uint product = gl_WorkGroupID.z / column_blocks;
    bool unfolded = IN_C4 * 4 < DEPTH, flat_rows = WINOGRAD || unfolded;
    uint rows = push.images * (WINOGRAD ? tiles() : OUT_PIXELS); // of a product
    uint in_h = flat_rows ? 1 : IN_H, out_h = flat_rows ? 1 : OUT_H, window_w = KERNEL_W;
    uint out_w = flat_rows ? rows : OUT_W, in_w = flat_rows ? rows : IN_W;
    uint stride_y = flat_rows ? 1 : STRIDE_Y, stride_x = flat_rows ? 1 : STRIDE_X;
    uint pad_y = flat_rows ? 0 : PAD_Y, pad_x = flat_rows ? 0 : PAD_X;
    uint positions = flat_rows ? 1 : KERNEL_H * KERNEL_W;
    uint depth = unfolded ? KERNEL_H * KERNEL_W * GROUP_IN : IN_C4 * 4; // of a position

    // The rows are divided among at least this many work groups, so that each of a few processors
    // is busy to the end. (gl_NumWorkGroups.z may count those of a part of the dispatch alone.)
    uint layers = column_blocks * (WINOGRAD ? (M + 2) * (M + 2) : 1);
    uint parts = (VRN_STATIONARY_GROUPS + layers - 1) / layers;
    uint part_rows = (rows + parts - 1) / parts;
    uint first = folded_group() * part_rows, end = min(first + part_rows, rows);
    if (first >= rows) return;
    first = min(first, rows - 1); // SwiftShader goes on, with no lane active

    uint first_line = first / out_w, first_image = first_line / out_h;
    uint first_y = (first_line - first_image * out_h) * stride_y;
    uint first_x = (first - first_line * out_w) * stride_x;
    uint first_base = (WINOGRAD ? product : first_image) * in_h;
    uint first_to = (product * rows + first) * OUT_C4 + gl_WorkGroupID.z % column_blocks * VECTORS;

    uint channel_blocks = (depth + DEPTH - 1) / DEPTH, blocks = positions * channel_blocks;
    uint from_weight = OUT_C4 + gl_WorkGroupID.z * blocks * ((DEPTH + 1) * VECTORS) + lane;
    uint block = 0, window_y = 0, window_x = 0, channel_block = 0;
    do {
        uint i = 0;
        do {
            vec4 w = weights[from_weight];
            kept[i] = w.x, kept[i + 1] = w.y, kept[i + 2] = w.z, kept[i + 3] = w.w;
            i += 4, from_weight += 4;
        } while (i < (DEPTH + 1) * VECTORS);

        // The first sums are added to the residual, the others to those before.
        bool has_residual = !WINOGRAD && RESIDUAL != 0;
        uint adds = block > 0 || has_residual ? ALL : 0;
        uint ends = !WINOGRAD && RELU != 0 && block + 1 == blocks ? ALL : 0;
        float least = uintBitsToFloat(~ends & 0xff800000u); // 0 or minus infinity
        uint source = block == 0 && has_residual ? 1 : 0;
        uint start_y = window_y * DILATION_Y - pad_y, end_y = start_y + out_h * stride_y;
        uint start_x = window_x * DILATION_X - pad_x, end_x = start_x + out_w * stride_x;
        uint y = start_y + first_y, x = start_x + first_x; // wrap below zero
        uint base = first_base, to = first_to + lane, row = first;
        do {
            bool inside = y < in_h && x < in_w;
            uint from = ((base + y) * in_w + x) * channel_blocks + channel_block;
            from = FIRST_LINE + (inside ? from : 0);
            Line line = lines[from].part[0];
            float s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
            K16(0) K16(16) K16(32) K16(48)
#if DEPTH >= 128
            line = lines[from].part[1];
            K16(64) K16(80) K16(96) K16(112)
#endif
#if DEPTH == 148
            line = lines[from].part[2];
            K16(128) K4(144)
#endif
            const uint B = DEPTH * VECTORS;
            vec4 p = numbers[source].at[to], q = numbers[source].at[to + 4];
            p = masked(p, adds), q = masked(q, adds);
            p += vec4(kept[B], kept[B + 1], kept[B + 2], kept[B + 3]);
            q += vec4(kept[B + 4], kept[B + 5], kept[B + 6], kept[B + 7]);
            uint counts = inside ? ALL : 0;
            p += masked(vec4(s0, s1, s2, s3), counts), q += masked(vec4(s4, s5, s6, s7), counts);
            if (ACTIVATION == VRN_ACTIVATE_RELU) {
                p = max(p, least), q = max(q, least);
            } else {
                vec4 a = activate(p, ACTIVATION, SLOPE_BITS);
                vec4 b = activate(q, ACTIVATION, SLOPE_BITS);
                p = masked(a, ends) + masked(p, ~ends), q = masked(b, ends) + masked(q, ~ends);
            }
            numbers[0].at[to] = p, numbers[0].at[to + 4] = q;
            row++, to += OUT_C4, x += stride_x;
            bool next_line = x == end_x;
            x = next_line ? start_x : x, y += next_line ? stride_y : 0;
            bool next_image = y == end_y;
            y = next_image ? start_y : y, base += next_image ? in_h : 0;
        } while (row < end);

        block++, channel_block++;
        bool next_position = channel_block == channel_blocks;
        channel_block = next_position ? 0 : channel_block, window_x += next_position ? 1 : 0;
        bool next_window_line = window_x == window_w;
        window_x = next_window_line ? 0 : window_x, window_y += next_window_line ? 1 : 0;
    } while (block < blocks);
}
