#version 450
#extension GL_GOOGLE_include_directive : require
// Convolution for GPUs: implicit GEMM. The matrix product is
//   Y[M, N] = X[M, K] W[K, N],  M = output pixels of all images, N = output channels of one group,
//   K = KERNEL_H * KERNEL_W * input channels of one group,
// where row m of X is gathered from the input while it is read. A work group computes TILE_M x TILE_N of Y,
// in steps of TILE_K. There are two panels of X and of W in shared memory: while one pair is multiplied the
// next is on its way from memory into registers, and is put into the other pair: one barrier a step.
// Each invocation multiplies THREAD_M4 vec4s of pixels by THREAD_N4 vec4s of channels.
//
// SPLIT > 1 shares K out among as many work groups. They write partial sums, without bias and epilogue, which
// conv_reduce.comp adds up.
//
// Rows of X and columns of W that lie past the edge repeat the last one: nobody stores what they give.
#include "common.glsl"
#include "conv.glsl"

layout(constant_id = 33) const uint TILE_M = 64;
layout(constant_id = 34) const uint TILE_N4 = 16; // TILE_N / 4
layout(constant_id = 35) const uint TILE_K4 = 4;  // TILE_K / 4
layout(constant_id = 36) const uint THREAD_M4 = 2;
layout(constant_id = 37) const uint THREAD_N4 = 2;
layout(constant_id = 38) const uint SPLIT = 1;

// x: [N, IN_H, IN_W, IN_C4]; w: [OUT_C4] bias, then [KERNEL_H, KERNEL_W, GROUP_IN4 * 4, OUT_C4]
#define WEIGHTS
#include "input.glsl"

const uint GROUP_OUT4 = (GROUP_OUT + 3u) / 4u;
const uint K4 = KERNEL_H * KERNEL_W * GROUP_IN4;
const uint STEPS = (K4 + TILE_K4 - 1u) / TILE_K4;
const uint SPLIT_STEPS = (STEPS + SPLIT - 1u) / SPLIT;
const uint BLOCKS_N = (GROUP_OUT4 + TILE_N4 - 1u) / TILE_N4; // work groups along N of one group

// What the shape makes unnecessary: zeros around the image; looking for a position of the kernel, and so an
// integer division, in every invocation (a step lies in one position); and zeros behind K.
const bool PADDED = PAD_Y != 0u || PAD_X != 0u;
const bool WHOLE_STEPS = GROUP_IN4 % TILE_K4 == 0u;
const bool K_ENDS_WITHIN = K4 % TILE_K4 != 0u;

// Invocations: the caller's work group size is THREADS.
const uint THREADS_M = TILE_M / 4u / THREAD_M4;
const uint THREADS_N = TILE_N4 / THREAD_N4;
const uint THREADS = THREADS_M * THREADS_N;

// vec4s that an invocation copies in a step. Neighbours read along the channels of X and of W.
const uint COPIES_X = TILE_M * TILE_K4 / THREADS;
const uint COPIES_W = TILE_K4 * 4u * TILE_N4 / THREADS;

// A row is a value of k. The fifth vec4 too many in a row of X spreads what a subgroup writes over the banks.
const uint ROW_X4 = TILE_M / 4u + 1u;
const uint PANEL_X4 = TILE_K4 * 4u * ROW_X4;
const uint PANEL_W4 = TILE_K4 * 4u * TILE_N4;
shared vec4 panel_x[2u * PANEL_X4]; // [2][k][m / 4]
shared vec4 panel_w[2u * PANEL_W4]; // [2][k][n / 4]

// The vec4s on their way, and whether those of X lie inside the image.
vec4 next_x[COPIES_X], next_w[COPIES_W];
bool inside[COPIES_X];

uint from_x[COPIES_X]; // of the kernel's first position and the group's first channel; may wrap below zero
uint top[COPIES_X], left[COPIES_X];
uint from_w;

void prepare(uint first_m, uint group, uint first_n4) {
    uint thread = gl_LocalInvocationID.x, total = push.images * OUT_PIXELS;
    [[unroll]] for (uint i = 0; i < COPIES_X; i++) {
        uint pixel = min(first_m + thread / TILE_K4 + i * (THREADS / TILE_K4), total - 1u);
        uint within = pixel % OUT_PIXELS;
        top[i] = within / OUT_W * STRIDE_Y - PAD_Y; // wraps below zero
        left[i] = within % OUT_W * STRIDE_X - PAD_X;
        from_x[i] = ((pixel / OUT_PIXELS * IN_H + top[i]) * IN_W + left[i]) * IN_C4 + group * GROUP_IN4;
    }
    uint n4 = min(first_n4 + thread % TILE_N4, GROUP_OUT4 - 1u);
    from_w = (thread / TILE_N4 + 1u) * OUT_C4 + group * GROUP_OUT4 + n4; // the first OUT_C4 are the bias
}

void fetch(uint step) {
    uint lane_k4 = gl_LocalInvocationID.x % TILE_K4;
    // The position within the kernel and the channel: the same for all where steps are whole.
    uint k4 = step * TILE_K4 + (WHOLE_STEPS ? 0u : lane_k4);
    uint position = k4 / GROUP_IN4, c4 = k4 % GROUP_IN4 + (WHOLE_STEPS ? lane_k4 : 0u);
    uint y_offset = position / KERNEL_W * DILATION_Y, x_offset = position % KERNEL_W * DILATION_X;
    uint offset = (y_offset * IN_W + x_offset) * IN_C4 + c4;
    [[unroll]] for (uint i = 0; i < COPIES_X; i++) {
        inside[i] = !PADDED || (top[i] + y_offset < IN_H && left[i] + x_offset < IN_W);
        if (K_ENDS_WITHIN) inside[i] = inside[i] && k4 < K4;
        uint from = from_x[i] + offset;
        next_x[i] = load_x(PADDED || K_ENDS_WITHIN ? (inside[i] ? from : 0u) : from);
    }
    [[unroll]] for (uint i = 0; i < COPIES_W; i++) {
        uint k = step * (TILE_K4 * 4u) + i * (THREADS / TILE_N4);
        uint from = from_w + k * OUT_C4;
        if (K_ENDS_WITHIN) { // X is zero there: any weight will do
            from = min(from, K4 * 4u * OUT_C4 + OUT_C4 - 1u);
        }
        next_w[i] = load_w(from);
    }
}

// Into panel 0 or 1.
void put(uint panel) {
    uint thread = gl_LocalInvocationID.x;
    uint k = thread % TILE_K4 * 4u;
    [[unroll]] for (uint i = 0; i < COPIES_X; i++) {
        uint m = thread / TILE_K4 + i * (THREADS / TILE_K4);
        vec4 value = next_x[i];
        if (PADDED || K_ENDS_WITHIN) value = inside[i] ? value : vec4(0);
        uint at = panel * PANEL_X4 + k * ROW_X4 + m / 4u;
        panel_x[at][m % 4u] = value.x;
        panel_x[at + ROW_X4][m % 4u] = value.y;
        panel_x[at + 2u * ROW_X4][m % 4u] = value.z;
        panel_x[at + 3u * ROW_X4][m % 4u] = value.w;
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
    uint total = push.images * OUT_PIXELS;
    uint thread_n4 = thread % THREADS_N, thread_m4 = thread / THREADS_N;

    vec4 sum[THREAD_M4 * 4u * THREAD_N4];
    [[unroll]] for (uint i = 0; i < THREAD_M4 * 4u * THREAD_N4; i++) sum[i] = vec4(0);

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
        [[unroll]] for (uint k = 0; k < TILE_K4 * 4u; k++) {
            vec4 a[THREAD_M4], b[THREAD_N4];
            [[unroll]] for (uint i = 0; i < THREAD_M4; i++) a[i] = panel_x[row_x + k * ROW_X4 + i * THREADS_M];
            [[unroll]] for (uint j = 0; j < THREAD_N4; j++) b[j] = panel_w[row_w + k * TILE_N4 + j * THREADS_N];
            [[unroll]] for (uint i = 0; i < THREAD_M4 * 4u; i++) {
                [[unroll]] for (uint j = 0; j < THREAD_N4; j++) {
                    sum[i * THREAD_N4 + j] += a[i / 4u][i % 4u] * b[j];
                }
            }
        }
        panel ^= 1u;
        if (more) put(panel);
        barrier();
    }

    [[unroll]] for (uint i = 0; i < THREAD_M4 * 4u; i++) {
        uint m = first_m + (thread_m4 + i / 4u * THREADS_M) * 4u + i % 4u;
        [[unroll]] for (uint j = 0; j < THREAD_N4; j++) {
            uint n4 = first_n4 + thread_n4 + j * THREADS_N;
            if (m < total && n4 < GROUP_OUT4) {
                uint c4 = group * GROUP_OUT4 + n4;
                vec4 value = sum[i * THREAD_N4 + j];
                if (SPLIT > 1u) {
                    store_y((split * total + m) * OUT_C4 + c4, value);
                } else {
                    store_output(value + load_w(c4), m, c4);
                }
            }
        }
    }
}
