#version 450
#extension GL_GOOGLE_include_directive : require
// variants: int8=-DBYTES,-DDOT products=-DPRODUCTS
// Convolution for GPUs: implicit GEMM. The matrix product is
//   Y[M, N] = X[M, K] W[K, N],  M = output pixels of all images, N = output channels of one group,
//   K = KERNEL_H * KERNEL_W * input channels of one group,
// where row m of X is gathered from the input while it is read. A work group computes TILE_M x
// TILE_N of Y, in steps of TILE_K. There are two panels of X and of W in shared memory: while one
// pair is multiplied the next is on its way from memory into registers, and is put into the other
// pair: one barrier a step. Each invocation multiplies THREAD_M4 vec4s of pixels by THREAD_N4 vec4s
// of channels.
//
// SPLIT > 1 shares K out among as many work groups. They write partial sums, without bias and
// epilogue, which conv_reduce.comp adds up.
//
// BYTES, DOT: as in conv_direct.comp. A word of four input channels takes the place of a number: a
// step has a fourth as many rows of its panels for the same TILE_K.
//
// PRODUCTS: computes the products of Winograd's algorithm instead (products.glsl), without bias and
// epilogue. Each is what a group is otherwise.
//
// Rows of X and columns of W that lie past the edge repeat the last one: nobody stores what they
// give.
#ifdef DOT
#extension GL_EXT_spirv_intrinsics : require
#endif
#include "common.glsl"
#include "conv.glsl"

#ifdef PRODUCTS
NUMBER(M, VRN_PRODUCT_M, 4);
const uint SPLIT = 1u;
#include "gemm.glsl"
#else
NUMBER(SPLIT, VRN_TILE_SPLIT, 1);
#endif
NUMBER(TILE_M, VRN_TILE_M, 64);
NUMBER(TILE_N, VRN_TILE_N, 64);
NUMBER(TILE_K, VRN_TILE_K, 16);
NUMBER(THREAD_M4, VRN_TILE_THREAD_M4, 2);
NUMBER(THREAD_N4, VRN_TILE_THREAD_N4, 2);
const uint TILE_N4 = TILE_N / 4u, TILE_K4 = TILE_K / 4u;

// Invocations: the caller's work group size is THREADS.
const uint THREADS_M = TILE_M / 4u / THREAD_M4;
const uint THREADS_N = TILE_N4 / THREAD_N4;
const uint THREADS = THREADS_M * THREADS_N;

#ifdef BYTES
#include "bytes.glsl"
X_ELEMENT fetch_x(uint i) { return load_x(i); }
W_ELEMENT fetch_w(uint i) { return load_weights(i); }
#define FOUR uvec4 // of a panel
#else
#define WEIGHTS
#include "input.glsl"
#define X_ELEMENT vec4
#define W_ELEMENT vec4
#define FOUR      vec4
#define SUM       vec4
const uint W_HEADER = OUT_C4, W_ROWS = 4u;
X_ELEMENT fetch_x(uint i) { return load_x(i); }
W_ELEMENT fetch_w(uint i) { return load_w(i); }
SUM multiply_add(SUM sum, float a, vec4 b) { return sum + a * b; }
vec4 last_sum(SUM sum, uint c4) { return sum + load_w(c4); }
#endif
#ifdef PRODUCTS
#include "products.glsl"
#else
#include "panels.glsl"
#endif

const uint SPLIT_STEPS = (STEPS + SPLIT - 1u) / SPLIT;

// Partial sums are scratch memory: [SPLIT, N, OUT_H, OUT_W, OUT_C4]; so are products: [b, rows,
// OUT_C4]
layout(set = 0, binding = VRN_BIND_Y) writeonly buffer Parts { SUM y_parts[]; };

// A row is a value of k, or a word of four. One element too many in a row of X spreads what a
// subgroup writes over the banks.
const uint ROWS = TILE_K4 * W_ROWS;
const uint ROW_X4 = TILE_M / 4u + 1u;
const uint PANEL_X4 = ROWS * ROW_X4;
const uint PANEL_W4 = ROWS * TILE_N4;
shared FOUR panel_x[2u * PANEL_X4]; // [2][row][m / 4]
shared FOUR panel_w[2u * PANEL_W4]; // [2][row][n / 4]

// Four channels of pixel m, which are rows from `at` on.
void put_x(uint at, uint m, X_ELEMENT value) {
#ifdef BYTES
    panel_x[at][m] = value;
#else
    [[unroll]] for (uint c = 0; c < 4u; c++) panel_x[at + c * ROW_X4][m] = value[c];
#endif
}

// Into panel 0 or 1.
void put(uint panel) {
    uint thread = gl_LocalInvocationID.x;
    uint row = thread % TILE_K4 * W_ROWS;
    [[unroll]] for (uint i = 0; i < COPIES_X; i++) {
        uint m = thread / TILE_K4 + i * (THREADS / TILE_K4);
        X_ELEMENT value = next_x[i];
        if (PADDED || K_ENDS_WITHIN) value = inside[i] ? value : X_ELEMENT(0);
        put_x(panel * PANEL_X4 + row * ROW_X4 + m / 4u, m % 4u, value);
    }
    [[unroll]] for (uint i = 0; i < COPIES_W; i++) {
        panel_w[panel * PANEL_W4 + i * THREADS + thread] = next_w[i];
    }
}

void main() {
    uint thread = gl_LocalInvocationID.x;
    uint split = gl_WorkGroupID.z % SPLIT, block = gl_WorkGroupID.z / SPLIT;
    uint group = block / BLOCKS_N, first_n4 = block % BLOCKS_N * TILE_N4; // within the group
    uint first_m = folded_group() * TILE_M;
#ifdef PRODUCTS
    uint total = push.images * tiles();
#else
    uint total = push.images * OUT_PIXELS;
#endif
    uint thread_n4 = thread % THREADS_N, thread_m4 = thread / THREADS_N;

    SUM sum[THREAD_M4 * 4u * THREAD_N4];
    [[unroll]] for (uint i = 0; i < THREAD_M4 * 4u * THREAD_N4; i++) sum[i] = SUM(0);

    prepare(first_m, group, first_n4);
    uint step = split * SPLIT_STEPS, end = min(step + SPLIT_STEPS, STEPS), panel = 0u;
    if (step < end) {
        fetch(step);
        put(panel);
    }
    barrier();
    for (; step < end; step++) {
        bool more = step + 1u < end;
        if (more) fetch(step + 1u);
        uint row_x = panel * PANEL_X4 + thread_m4, row_w = panel * PANEL_W4 + thread_n4;
#ifdef PRODUCTS
        // Those of a step are added up before they meet a sum, which rounds less often.
        SUM part[THREAD_M4 * 4u * THREAD_N4];
        [[unroll]] for (uint i = 0; i < THREAD_M4 * 4u * THREAD_N4; i++) part[i] = SUM(0);
#else
#define part sum
#endif
        [[unroll]] for (uint k = 0; k < ROWS; k++) {
            FOUR a[THREAD_M4], b[THREAD_N4];
            [[unroll]] for (uint i = 0; i < THREAD_M4; i++) {
                a[i] = panel_x[row_x + k * ROW_X4 + i * THREADS_M];
            }
            [[unroll]] for (uint j = 0; j < THREAD_N4; j++) {
                b[j] = panel_w[row_w + k * TILE_N4 + j * THREADS_N];
            }
            [[unroll]] for (uint i = 0; i < THREAD_M4 * 4u; i++) {
                [[unroll]] for (uint j = 0; j < THREAD_N4; j++) {
                    uint at = i * THREAD_N4 + j;
                    part[at] = multiply_add(part[at], a[i / 4u][i % 4u], b[j]);
                }
            }
        }
#ifdef PRODUCTS
        [[unroll]] for (uint i = 0; i < THREAD_M4 * 4u * THREAD_N4; i++) sum[i] += part[i];
#endif
        panel ^= 1u;
        if (more) put(panel);
        barrier();
    }

    [[unroll]] for (uint i = 0; i < THREAD_M4 * 4u; i++) {
        uint m = first_m + (thread_m4 + i / 4u * THREADS_M) * 4u + i % 4u;
        [[unroll]] for (uint j = 0; j < THREAD_N4; j++) {
            uint n4 = first_n4 + thread_n4 + j * THREADS_N;
            if (m < total && n4 < GROUP_OUT4) {
                SUM value = sum[i * THREAD_N4 + j];
#ifdef PRODUCTS
                y_parts[(group * total + m) * OUT_C4 + n4] = value;
#else
                uint c4 = group * GROUP_OUT4 + n4;
                if (SPLIT > 1u) {
                    y_parts[(split * total + m) * OUT_C4 + c4] = value;
                } else {
                    store_output(last_sum(value, c4), m, c4);
                }
#endif
            }
        }
    }
}
