#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_nonuniform_qualifier : require
// The products of Winograd's algorithm for SwiftShader and for images with few tiles (gemm.glsl):
//   Y[b, r, n] = sum_k X[b, r, k] W[b, k, n]
//
// The rows stay where they are, and the columns pass by; conv_stationary.comp does it the other way
// round, and explains what SwiftShader needs. A work group is one of SwiftShader's subgroups: each
// of its four lanes has four rows. It copies DEPTH k of them to an array of its own, multiplies
// them with all columns, then does the same with the next DEPTH. In between, sums are in Y. The
// weights are bound as an array of buffers, each of which has DEPTH k of a column.
#define PUSHED
#include "common.glsl"
#include "conv.glsl"
uint M = pushed.number;
#include "gemm.glsl"

const uint DEPTH = VRN_BLOCK_NUMBERS, VECTORS = VRN_INPUT_STATIONARY_ROWS / 4;

struct Line { // the numbers that are loaded at once
    mat4 k16[4];
};
READ_TENSOR(x, X) // [b, rows, IN_C4] vec4
layout(set = 0, binding = VRN_BIND_Y) buffer Sums { float sums[]; }; // [b, rows, OUT_C4 * 4]
// The packed parameters: the bias, which fills up its last buffer; then [b, K / DEPTH, n, DEPTH]
layout(set = 0, binding = VRN_BIND_BLOCKS) readonly buffer Lines {
    Line part[DEPTH / 64];
} lines[];

float row[DEPTH * VECTORS]; // of DEPTH k, each lane's rows

// Four products are added up before they meet a sum, which otherwise would round four times.
#define PRODUCTS(k, j, x, OP)                                                                      \
    v = row[(k) * 4 + j], w = row[(k) * 4 + j + 1];                                                \
    c OP v * x, d OP w * x;
#define PAIR(k, j, a, b)                                                                           \
    {                                                                                              \
        float v, w, c, d;                                                                          \
        PRODUCTS(k, j, x0, =) PRODUCTS(k + 1, j, x1, +=)                                           \
        PRODUCTS(k + 2, j, x2, +=) PRODUCTS(k + 3, j, x3, +=)                                      \
        a += c, b += d;                                                                            \
    }
#define X(k) line.k16[(k) / 16 % 4][(k) / 4 % 4][(k) % 4]
#define K4(k)                                                                                      \
    {                                                                                              \
        float x0 = X(k), x1 = X(k + 1), x2 = X(k + 2), x3 = X(k + 3);                              \
        PAIR(k, 0, s0, s1) PAIR(k, 2, s2, s3)                                                      \
    }
#define K16(k) K4(k) K4(k + 4) K4(k + 8) K4(k + 12)
#define K64(k)                                                                                     \
    line = lines[at].part[(k) / 64];                                                               \
    K16(k) K16(k + 16) K16(k + 32) K16(k + 48)

#define FILL(v)                                                                                    \
    {                                                                                              \
        vec4 k4 = load_x(from##v);                                                                 \
        row[i + v] = k4.x, row[i + v + 4] = k4.y, row[i + v + 8] = k4.z, row[i + v + 12] = k4.w;   \
        from##v++;                                                                                 \
    }

void main() {
    uint rows = push.images * tiles(), product = gl_WorkGroupID.z, columns = OUT_C4 * 4;
    uint first = folded_group() * VRN_INPUT_STATIONARY_ROWS + gl_LocalInvocationID.x;
    if (first - gl_LocalInvocationID.x >= rows) return;

    // Past the end a lane has the last row again. Lanes run in step, so all store the same sums.
    uint r0 = product * rows + min(first, rows - 1), r1 = product * rows + min(first + 4, rows - 1);
    uint r2 = product * rows + min(first + 8, rows - 1);
    uint r3 = product * rows + min(first + 12, rows - 1);
    uint from0 = r0 * IN_C4, from1 = r1 * IN_C4, from2 = r2 * IN_C4, from3 = r3 * IN_C4;

    uint blocks = IN_C4 * 4 / DEPTH, block = 0;
    uint at = (columns + DEPTH - 1) / DEPTH + product * blocks * columns;
    do {
        uint i = 0;
        do {
            FILL(0) FILL(1) FILL(2) FILL(3)
            i += 4 * VECTORS;
        } while (i < DEPTH * VECTORS);

        uint adds = block > 0 ? ~0u : 0, end = at + columns;
        uint to0 = r0 * columns, to1 = r1 * columns, to2 = r2 * columns, to3 = r3 * columns;
        do {
            float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
            Line line;
            K64(0) K64(64) K64(128) K64(192)
            vec4 before = vec4(sums[to0], sums[to1], sums[to2], sums[to3]);
            before = uintBitsToFloat(floatBitsToUint(before) & adds);
            sums[to0] = s0 + before.x, sums[to1] = s1 + before.y;
            sums[to2] = s2 + before.z, sums[to3] = s3 + before.w;
            at++, to0++, to1++, to2++, to3++;
        } while (at < end);
        block++;
    } while (block < blocks);
}
