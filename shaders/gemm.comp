#version 450
#extension GL_GOOGLE_include_directive : require
// Matrix products of a convolution, for drivers that run on the processor:
//   Y[b, r, n] = sum_k X[b, r, k] W[b, k, n]
// for rows r, n of OUT_C4 vec4s of output channels, and k of 4 IN_C4. A row is a pixel of a 1x1
// convolution with stride 1, or a tile of Winograd's algorithm (gemm.glsl), which has (M + 2)^2
// products, b, whose sums are not finished here. No shared memory, no barrier. An invocation
// computes PIXELS rows x COLUMNS vec4s.
//
// For Mesa's lavapipe, which vectorises reads from texel buffers: a multiple of 8 lanes, of which
// LANES_C are adjacent along N. SwiftShader has gemm_blocks.comp (docs/cpu-kernels.md).
#define TEXEL
#define PUSHED
#include "common.glsl"
#include "conv.glsl"

NUMBER(M, VRN_PRODUCT_M, 0);
NUMBER(LANES_C, VRN_PRODUCT_LANES_C, 8); // divides the work group's size
NUMBER(PIXELS, VRN_PRODUCT_PIXELS, 8);
NUMBER(COLUMNS, VRN_PRODUCT_COLUMNS, 2);
#include "gemm.glsl"
// x: [b, rows, IN_C4] vec4; w: [OUT_C4] bias, then [b, IN_C4 * 4, OUT_C4] vec4
#define WEIGHTS
#include "input.glsl"

vec4 sum[PIXELS * COLUMNS];

void multiply(uint from[PIXELS], uint weight[COLUMNS]) {
    // Four products are added before they go to a sum, which halves the rounding errors.
    for (uint k4 = 0; k4 < IN_C4; k4++) {
        vec4 a[PIXELS];
        [[unroll]] for (uint i = 0; i < PIXELS; i++) a[i] = load_x(from[i] + k4);
        [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
            vec4 w0 = load_w(weight[j]), w1 = load_w(weight[j] + OUT_C4);
            vec4 w2 = load_w(weight[j] + 2 * OUT_C4), w3 = load_w(weight[j] + 3 * OUT_C4);
            [[unroll]] for (uint i = 0; i < PIXELS; i++) {
                vec4 four = (a[i].x * w0 + a[i].y * w1) + (a[i].z * w2 + a[i].w * w3);
                sum[i * COLUMNS + j] += four;
            }
            weight[j] += 4 * OUT_C4;
        }
    }
}

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
    uint rows = push.images * (WINOGRAD ? tiles() : OUT_PIXELS);
    uint columns_per_group = LANES_C * COLUMNS;
    uint blocks = (OUT_C4 + columns_per_group - 1) / columns_per_group;
    uint product = gl_WorkGroupID.z / blocks;
    uint first = (folded_group() * (gl_WorkGroupSize.x / LANES_C) + lane / LANES_C) * PIXELS;
    uint column = (gl_WorkGroupID.z % blocks * LANES_C + lane % LANES_C) * COLUMNS;

    // Past the end the last row and column are computed again, and not stored: no branch.
    uint from[PIXELS];
    [[unroll]] for (uint i = 0; i < PIXELS; i++) {
        from[i] = (product * rows + min(first + i, rows - 1)) * IN_C4;
    }
    uint weight[COLUMNS];
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
        uint c4 = min(column + j, OUT_C4 - 1);
        vec4 bias = WINOGRAD ? vec4(0) : load_w(c4);
        [[unroll]] for (uint i = 0; i < PIXELS; i++) sum[i * COLUMNS + j] = bias;
        weight[j] = OUT_C4 + product * IN_C4 * 4 * OUT_C4 + c4;
    }
    multiply(from, weight);

    [[unroll]] for (uint i = 0; i < PIXELS; i++) {
        [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
            store(sum[i * COLUMNS + j], product, rows, first + i, column + j);
        }
    }
}
