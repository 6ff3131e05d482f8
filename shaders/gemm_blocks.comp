#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_nonuniform_qualifier : require
// variants: p1=-DPIXELS=1u
// Matrix products of a convolution, as in gemm.comp, for SwiftShader:
//   Y[b, r, n] = sum_k X[b, r, k] W[b, k, n]
// A row is a tile of Winograd's algorithm (gemm.glsl) or the window of an output pixel, which is
// read from the input: its lines, one after the other, because in a line the positions and their
// channels are adjacent. The input has its padding (pad.comp), or needs none. M is pushed: one
// pipeline serves both.
//
// SwiftShader gathers values at an index that is not a constant lane by lane and float by float,
// even if all lanes read the same; but a constant place in a buffer chosen by an index is one load.
// So the weights are an array of small buffers: each lane of a work group has its own rows, and all
// share the columns, and a float of the weights, once loaded, is multiplied with PIXELS rows of
// each. docs/cpu-kernels.md has figures.
#define PUSHED
#include "common.glsl"
#include "conv.glsl"
uint M = pushed.number;
#include "gemm.glsl"

// Fixed, because SwiftShader unrolls no loop over a specialization constant.
#ifndef PIXELS
#define PIXELS 2u
#endif
const uint COLUMNS = VRN_BLOCK_N4; // vec4s
const uint STEP = VRN_BLOCK_K4;    // vec4s of k in a block

READ_TENSOR(x, X) // [b, rows, IN_C4] or [N, lines, width]
// The packed parameters, in blocks of 256 numbers: the bias, which fills up its last; then, for
// each b and each 4 COLUMNS of n, one that begins with their bias (not with Winograd), and those of
// the weights: [STEP, COLUMNS] matrices of 4 k (a column) x 4 n
layout(set = 0, binding = VRN_BIND_BLOCKS) readonly buffer Block {
    mat4 values[STEP * COLUMNS];
} blocks[];
layout(set = 0, binding = VRN_BIND_BLOCKS) readonly buffer HalfBlock {
    uvec2 values[STEP * COLUMNS * 4];
} half_blocks[];
const uint BLOCK_VEC4S = STEP * COLUMNS * 4;

// Of a block: vec4 i, a constant, or matrix i, four of them.
vec4 block_vec4(uint block, uint i) {
    if (W_TYPE != F16) return blocks[block].values[i / 4][i % 4];
    uvec2 halves = half_blocks[block].values[i];
    return vec4(unpackHalf2x16(halves.x), unpackHalf2x16(halves.y));
}
mat4 block_matrix(uint block, uint i) {
    if (W_TYPE != F16) return blocks[block].values[i];
    return mat4(block_vec4(block, 4 * i), block_vec4(block, 4 * i + 1),
                block_vec4(block, 4 * i + 2), block_vec4(block, 4 * i + 3));
}

vec4 sum[PIXELS * COLUMNS];

void main() {
    uint rows = push.images * (WINOGRAD ? tiles() : OUT_PIXELS);
    uint column_blocks = (OUT_C4 + COLUMNS - 1) / COLUMNS;
    uint product = gl_WorkGroupID.z / column_blocks;
    uint column = gl_WorkGroupID.z % column_blocks * COLUMNS;
    uint first = folded_group() * gl_WorkGroupSize.x * PIXELS + gl_LocalInvocationID.x;

    // A row of the product is `lines` lines of `span` adjacent vec4s, at a distance of `width`.
    uint lines = WINOGRAD ? 1 : KERNEL_H, span = WINOGRAD ? IN_C4 : KERNEL_W * IN_C4;
    uint width = (IN_W + 2 * PAD_X) * IN_C4;
    uint from[PIXELS];
    [[unroll]] for (uint i = 0; i < PIXELS; i++) {
        // Past the end the last row is computed again, and not stored: no branch.
        uint row = min(first + i * gl_WorkGroupSize.x, rows - 1);
        uint line = row / OUT_W, image = line / OUT_H;
        uint top = image * (IN_H + 2 * PAD_Y) + (line - image * OUT_H) * STRIDE_Y;
        uint left = (row - line * OUT_W) * STRIDE_X * IN_C4;
        from[i] = WINOGRAD ? (product * rows + row) * IN_C4 : top * width + left;
    }

    uint per_column = lines * ((span + STEP - 1) / STEP) + (WINOGRAD ? 0 : 1);
    uint block = (OUT_C4 + BLOCK_VEC4S - 1) / BLOCK_VEC4S + gl_WorkGroupID.z * per_column;
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
        vec4 bias = block_vec4(block, j);
        bias = WINOGRAD ? vec4(0) : bias;
        [[unroll]] for (uint i = 0; i < PIXELS; i++) sum[i * COLUMNS + j] = bias;
    }
    block += WINOGRAD ? 0 : 1;

    // SwiftShader runs the body of a loop that tests at its beginning once more, with no lane
    // active: it would load from a block past the end.
    const uint end = block + lines * ((span + STEP - 1) / STEP);
    uint k4 = 0, at = 0; // in the line, and after from[i]
    do {
        vec4 row[PIXELS * STEP];
        [[unroll]] for (uint i = 0; i < PIXELS * STEP; i++) {
            row[i] = load_x(from[i / STEP] + at + i % STEP);
        }
        [[unroll]] for (uint k = 0; k < STEP; k++) {
            [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
                mat4 w = block_matrix(block, k * COLUMNS + j);
                [[unroll]] for (uint i = 0; i < PIXELS; i++) {
                    sum[i * COLUMNS + j] += row[i * STEP + k] * w;
                }
            }
        }
        block++, k4 += STEP, at += STEP;
        bool next_line = k4 >= span;
        at += next_line ? DILATION_Y * width - k4 : 0;
        k4 = next_line ? 0 : k4;
    } while (block < end);

    // A loop, with an array in memory, because SwiftShader compiles stores slowly.
    vec4 finished[PIXELS * COLUMNS];
    [[unroll]] for (uint i = 0; i < PIXELS * COLUMNS; i++) finished[i] = sum[i];
    uint residual[PIXELS];
    [[unroll]] for (uint i = 0; i < PIXELS; i++) {
        uint row = first + i * gl_WorkGroupSize.x, line = row / OUT_W, image = line / OUT_H;
        residual[i] = residual_of(row, image, line - image * OUT_H, row - line * OUT_W, OUT_C4);
    }
    uint i = 0, pixel = first, c4 = column, its_residual = residual[0];
    do {
        if (pixel < rows && c4 < OUT_C4) {
            vec4 value = finished[i];
            if (!WINOGRAD) value = finish_at(value, its_residual, c4);
            store_y((product * rows + pixel) * OUT_C4 + c4, value);
        }
        i++, c4++;
        bool next = (i & (COLUMNS - 1)) == 0;
        c4 = next ? column : c4, pixel += next ? gl_WorkGroupSize.x : 0;
        its_residual = next ? residual[PIXELS - 1] : its_residual; // there are at most two
    } while (i < PIXELS * COLUMNS);
}
