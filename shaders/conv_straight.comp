#version 450
#extension GL_GOOGLE_include_directive : require
// Convolution through addresses for lavapipe 25 (straight.glsl), as a product:
//   Y[m, n] = act(bias[n] + sum_k X[m, k] W[k, n] + R[m, n])
// for output pixels m, output channels n, and k that runs over the positions of the window and the
// channels of each. There is no loop: a dispatch covers STEP of k, all at one position of the
// window, and adds to the output of the one before. A position outside the image reads zeros that
// stand in front of the weights. With M it is the products of Winograd's algorithm, as in
// gemm.comp: m is a tile. For a stem, stack.comp has made windows of adjacent numbers: the shape
// that is pushed is then a convolution of one line, and STEP covers several positions. A work group
// computes ROWS of m x COLUMNS of n. GROUP products are added up before they are added to a sum.
#define ADDRESSED
#define STRAIGHT
#include "common.glsl"
#include "conv.glsl"
#include "straight.glsl"

uint M = push.number;
NUMBER(ROWS, VRN_STRAIGHT_ROWS, 4);
NUMBER(STEP, VRN_STRAIGHT_STEP, 64);
NUMBER(GROUP, VRN_STRAIGHT_GROUP, 1);
#include "gemm.glsl"
const uint COLUMNS = VRN_ADDRESS_PANEL, VECTORS = COLUMNS / LANES, CHUNK = 8;

// x: [N, IN_H, IN_W, IN_C4 * 4]; w: [OUT_C4 * 4] bias, [IN_C4 * 4] zeros, then for each COLUMNS of
// n [KERNEL_H, KERNEL_W, IN_C4 * 4, COLUMNS]; y, r: [N, OUT_H, OUT_W, OUT_C4 * 4]

// The pixel of the input that an output pixel reads, plus one; 0: it lies outside.
uint pixel_of(uint image, uint oy, uint ox) {
    uint iy = oy * STRIDE_Y - PAD_Y + push.window_y * DILATION_Y; // may wrap below zero
    uint ix = ox * STRIDE_X - PAD_X + push.window_x * DILATION_X;
    uint pixel = (image * IN_H + iy) * IN_W + ix + 1;
    return pixel * uint(iy < IN_H) * uint(ix < IN_W);
}

void main() {
    const uint channels = IN_C4 * 4, out_channels = OUT_C4 * 4;
    // Everything that is pushed is read first: each such load ends a block of code, and the
    // compiler moves arithmetic out of blocks that do not need its results, away from its loads.
    const bool winograd = M != 0, is_first = push.first != 0, is_last = push.last != 0;
    const bool finish = is_last && M == 0;
    const uint push_k = push.k, push_channel = push.channel;
    const uint none = push_k * uint(is_first); // 0, which the compiler does not know
    const uint64_t y = address_of(VRN_BIND_Y), residual = address_of(VRN_BIND_R);
    const uint side = max(M, 1); // of what a row computes
    const uint total = push.images * quotient(OUT_H + side - 1, side) *
                       quotient(OUT_W + side - 1, side);
    const uint k_count = channels * mix(KERNEL_H * KERNEL_W, 1u, winograd);
    const uint blocks = out_channels / COLUMNS;
    const uint block = shared_by_lanes(gl_WorkGroupID.z, 3);
    const uint product = quotient(block, blocks), column = (block - product * blocks) * COLUMNS;
    const uint first = shared_by_lanes(folded_group(), 5) * ROWS;
    const uint64_t x = address_of(VRN_BIND_X), parameters = address_of(VRN_BIND_W);
    const uint64_t zeros = parameters + floats(out_channels);
    const uint64_t w = zeros + floats(channels) +
                       floats(COLUMNS) * (uint64_t(block * k_count) + uint64_t(push_k));
    uint64_t from[ROWS];
    uint row[ROWS];
    // Past the end the last row again.
    uint m = min(first, total - 1), line = quotient(m, OUT_W), ox = m - line * OUT_W;
    uint image = quotient(line, OUT_H), oy = line - image * OUT_H; // divisions are slow
    [[unroll]] for (uint i = 0; i < ROWS; i++) {
        row[i] = product * total + m;
        uint pixel = mix(pixel_of(image, oy, ox), row[i] + 1, winograd);
        from[i] = choose(pixel != 0, x + floats((pixel - 1) * channels + push_channel), zeros);
        uint next = uint(m + 1 < total);
        m += next, ox += next;
        bool wraps = ox == OUT_W;
        ox = mix(ox, 0, wraps), oy += uint(wraps);
        wraps = oy == OUT_H;
        oy = mix(oy, 0, wraps), image += uint(wraps);
    }

    // Where the sum of a row begins: what another dispatch left, or the residual.
    const bool has_residual = is_first && RESIDUAL != 0 && M == 0;
    const uint64_t start = choose(has_residual, residual, y);
    const uint64_t bias = choose(is_first && M == 0, parameters + floats(column), zeros);
    float sum[ROWS * VECTORS];
    [[unroll]] for (uint j = 0; j < VECTORS; j += 2) {
        vec2 own = load_two(bias + choose(is_first && M == 0, floats(j * LANES), 0ul));
        [[unroll]] for (uint i = 0; i < ROWS; i++) {
            uint64_t at = start + floats(row[i] * out_channels + column + j * LANES);
            vec2 value = own + load_pairs(choose(is_first && !has_residual, zeros, at));
            sum[i * VECTORS + j] = value.x, sum[i * VECTORS + j + 1] = value.y;
        }
    }
    // Every CHUNK of k begins with a number that is pushed, which ends a block of code: the time of
    // compiling a block grows with the square of its loads.
    uint64_t of_chunk = w, row_of_chunk[ROWS];
    float own[ROWS * VECTORS];
    [[unroll]] for (uint k = 0; k < STEP; k += 4) {
        if (k % CHUNK == 0) {
            uint begin = push.digit[k / CHUNK] * CHUNK;
            of_chunk = w + floats(begin * COLUMNS) - floats(k * COLUMNS);
            [[unroll]] for (uint i = 0; i < ROWS; i++) {
                row_of_chunk[i] = from[i] + floats(begin) - floats(k);
            }
        }
        vec4 a[ROWS];
        [[unroll]] for (uint i = 0; i < ROWS; i++) a[i] = In(row_of_chunk[i] + floats(k)).v;
        [[unroll]] for (uint s = 0; s < 4; s += GROUP) {
            float b[GROUP * VECTORS];
            [[unroll]] for (uint j = 0; j < GROUP * VECTORS; j++) {
                uint at = (k + s + j / VECTORS) * COLUMNS + j % VECTORS * LANES;
                b[j] = load_lanes(of_chunk + floats(at));
            }
            [[unroll]] for (uint i = 0; i < ROWS; i++) {
                [[unroll]] for (uint j = 0; j < VECTORS; j++) {
                    float products = a[i][s] * b[j];
                    [[unroll]] for (uint t = 1; t < GROUP; t++) {
                        products += a[i][s + t] * b[t * VECTORS + j];
                    }
                    uint at = i * VECTORS + j;
                    own[at] = k + s == 0 ? products : own[at] + products;
                }
            }
        }
    }
    // The products of a dispatch are added up before they are added to those of the others, which
    // otherwise would round more.
    [[unroll]] for (uint i = 0; i < ROWS * VECTORS; i++) sum[i] += own[i];
    // A value that depends on all sums is needed here. Without it the compiler would move the
    // arithmetic of the last sums to the stores, where each row has a block of code of its own.
    uint all = 0;
    [[unroll]] for (uint i = 0; i < ROWS * VECTORS; i++) all |= floatBitsToUint(sum[i]);
    sum[0] = uintBitsToFloat(floatBitsToUint(sum[0]) | push.digit[all & none]); // no change
    // A work group past the end computed the last row, which another one stores: with what an
    // earlier dispatch left there, its products would be added twice.
    if (first < total) {
        vec2 value;
        [[unroll]] for (uint i = 0; i < ROWS; i++) {
            [[unroll]] for (uint j = 0; j < VECTORS; j += 2) {
                value = vec2(sum[i * VECTORS + j], sum[i * VECTORS + j + 1]);
                vec2 finished = rounded(Y_TYPE, finish_pair(value).xyxy, Y_SCALE).xy;
                value = mix(value, finished, bvec2(finish));
                store_pairs(y + floats(row[i] * out_channels + column + j * LANES), value);
            }
        }
        // Another block, the last, which needs a result too: into it the compiler would move all
        // arithmetic whose results only it needs.
        const uint zero = push.digit[VRN_STRAIGHT_DIGITS - 1] - (VRN_STRAIGHT_DIGITS - 1);
        const uint end = column + (VECTORS - 2 + zero) * LANES;
        store_pairs(y + floats(row[ROWS - 1] * out_channels + end), value);
    }
}
