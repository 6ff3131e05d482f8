#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_nonuniform_qualifier : require
// variants: 4=-DFOUR
// The products of Winograd's algorithm for SwiftShader and for images with few tiles (gemm.glsl):
//   Y[b, r, n] = sum_k X[b, r, k] W[b, k, n]
//
// The rows stay where they are, and the columns pass by; conv_stationary.comp does it the other way
// round, and explains what SwiftShader needs. A work group is one of SwiftShader's subgroups: each
// of its four lanes has four rows (FOUR: one). It copies DEPTH k of them to an array of its own,
// multiplies them with all columns, then does the same with the next DEPTH. In between, sums are in
// Y. The weights are bound as an array of buffers, each of which has DEPTH k of a column.
#define PUSHED
#include "common.glsl"
#include "conv.glsl"
uint M = pushed.number;
#include "gemm.glsl"
#include "stationary.glsl"

#ifdef FOUR
#define EACH(F) F(0)
const uint VECTORS = 1;
#else
#define EACH(F) F(0) F(1) F(2) F(3)
const uint VECTORS = 4;
#endif
const uint DEPTH = VRN_BLOCK_NUMBERS;

READ_TENSOR(x, X) // [b, rows, IN_C4] vec4
layout(set = 0, binding = VRN_BIND_Y) buffer Sums { float sums[]; }; // [b, rows, OUT_C4 * 4]
// The packed parameters: the bias, which fills up its last buffer; then [b, K / DEPTH, n, DEPTH]
layout(set = 0, binding = VRN_BIND_BLOCKS) readonly buffer Lines {
    Line part[DEPTH / 64];
} lines[];

float kept[DEPTH * VECTORS]; // of DEPTH k, each lane's rows

#ifdef FOUR
#define PRODUCTS(k)                                                                                \
    {                                                                                              \
        float c = kept[k] * x0;                                                                    \
        c += kept[k + 1] * x1, c += kept[k + 2] * x2, c += kept[k + 3] * x3;                       \
        s0 += c;                                                                                   \
    }
#else
#define PRODUCTS(k) PAIR(k, 0, s0, s1) PAIR(k, 2, s2, s3)
#endif
#define K64(k)                                                                                     \
    line = lines[at].part[(k) / 64];                                                               \
    K16(k) K16(k + 16) K16(k + 32) K16(k + 48)

// Past the end a lane has the last row again. Lanes run in step, so all store the same sums.
#define ROW(v)                                                                                     \
    uint r##v = product * rows + min(first + 4 * v, rows - 1), from##v = r##v * IN_C4;
#define FILL(v)                                                                                    \
    {                                                                                              \
        vec4 k4 = load_x(from##v);                                                                 \
        kept[i + v] = k4.x, kept[i + v + VECTORS] = k4.y;                                          \
        kept[i + v + 2 * VECTORS] = k4.z, kept[i + v + 3 * VECTORS] = k4.w;                        \
        from##v++;                                                                                 \
    }
#define START(v) uint to##v = r##v * columns;
#define ZERO(v)  float s##v = 0;
#define ADD(v)   s##v += uintBitsToFloat(floatBitsToUint(sums[to##v]) & adds);
#define STORE(v) sums[to##v] = s##v, to##v++;

void main() {
    uint rows = push.images * tiles(), product = gl_WorkGroupID.z, columns = OUT_C4 * 4;
    uint first = folded_group() * 4 * VECTORS + gl_LocalInvocationID.x;
    if (first - gl_LocalInvocationID.x >= rows) return;
    EACH(ROW)

    uint blocks = IN_C4 * 4 / DEPTH, block = 0;
    uint at = (columns + DEPTH - 1) / DEPTH + product * blocks * columns;
    do {
        uint i = 0;
        do {
            EACH(FILL)
            i += 4 * VECTORS;
        } while (i < DEPTH * VECTORS);

        uint adds = block > 0 ? ~0u : 0, end = at + columns;
        EACH(START)
        do {
            EACH(ZERO)
            Line line;
            K64(0) K64(64) K64(128) K64(192)
            EACH(ADD)
            EACH(STORE)
            at++;
        } while (at < end);
        block++;
    } while (block < blocks);
}
