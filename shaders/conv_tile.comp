#version 450
#extension GL_GOOGLE_include_directive : require
// Convolution for GPUs: implicit GEMM. The matrix product is
//   Y[M, N] = X[M, K] W[K, N],  M = output pixels of all images, N = output channels of one group,
//   K = KERNEL_H * KERNEL_W * input channels of one group,
// where row m of X is gathered from the input while it is read. A work group computes TILE_M x TILE_N of
// Y: for each TILE_K of K it copies the two panels into shared memory; then each invocation multiplies
// THREAD_M pixels by THREAD_N4 vec4s of channels.
#include "common.glsl"
#include "conv.glsl"

layout(constant_id = 33) const uint TILE_M = 64;  // the work group's size is a multiple of TILE_M
layout(constant_id = 34) const uint TILE_N4 = 16; // TILE_N / 4
layout(constant_id = 35) const uint TILE_K4 = 4;  // TILE_K / 4
layout(constant_id = 36) const uint THREAD_M = 4;
layout(constant_id = 37) const uint THREAD_N4 = 1;

layout(set = 0, binding = 0) readonly buffer Input { vec4 x[]; };   // [N, IN_H, IN_W, IN_C4]
// [OUT_C4] bias, then [KERNEL_H, KERNEL_W, GROUP_IN4 * 4, OUT_C4]
layout(set = 0, binding = 2) readonly buffer Weights { vec4 w[]; };

const uint GROUP_OUT4 = (GROUP_OUT + 3u) / 4u;
const uint K4 = KERNEL_H * KERNEL_W * GROUP_IN4;
const uint THREADS_N = TILE_N4 / THREAD_N4;
const uint BLOCKS_N = (GROUP_OUT4 + TILE_N4 - 1u) / TILE_N4; // work groups along N of one group

shared vec4 panel_x[TILE_K4 * TILE_M];      // [k4][m]: four consecutive k of one pixel
shared vec4 panel_w[TILE_K4 * 4 * TILE_N4]; // [k][n4]

void main() {
    uint thread = gl_LocalInvocationID.x, threads = gl_WorkGroupSize.x;
    uint group = gl_WorkGroupID.z / BLOCKS_N;
    uint first_n4 = gl_WorkGroupID.z % BLOCKS_N * TILE_N4; // within the group
    uint first_m = folded_group() * TILE_M;
    uint total = push.images * OUT_PIXELS;

    // This invocation always copies the same pixel of the panel.
    uint copy_m = thread % TILE_M;
    bool copy_inside = first_m + copy_m < total;
    uint pixel = min(first_m + copy_m, total - 1);
    uint image_base = pixel / OUT_PIXELS * (IN_H * IN_W * IN_C4) + group * GROUP_IN4;
    uint top = pixel % OUT_PIXELS / OUT_W * STRIDE_Y - PAD_Y; // wraps below zero
    uint left = pixel % OUT_W * STRIDE_X - PAD_X;

    uint thread_n4 = thread % THREADS_N, thread_m = thread / THREADS_N * THREAD_M;
    vec4 sum[THREAD_M * THREAD_N4];
    [[unroll]] for (uint i = 0; i < THREAD_M * THREAD_N4; i++) sum[i] = vec4(0);

    for (uint base = 0; base < K4; base += TILE_K4) {
        [[unroll]] for (uint i = thread / TILE_M; i < TILE_K4; i += threads / TILE_M) {
            uint k4 = base + i;
            uint position = k4 / GROUP_IN4;
            uint iy = top + position / KERNEL_W * DILATION_Y, ix = left + position % KERNEL_W * DILATION_X;
            bool inside = copy_inside && k4 < K4 && iy < IN_H && ix < IN_W;
            vec4 value = vec4(0);
            if (inside) value = x[image_base + (iy * IN_W + ix) * IN_C4 + k4 % GROUP_IN4];
            panel_x[i * TILE_M + copy_m] = value;
        }
        [[unroll]] for (uint i = thread; i < TILE_K4 * 4 * TILE_N4; i += threads) {
            uint k = base * 4 + i / TILE_N4, n4 = first_n4 + i % TILE_N4;
            vec4 value = vec4(0);
            if (k < K4 * 4 && n4 < GROUP_OUT4) value = w[(k + 1) * OUT_C4 + group * GROUP_OUT4 + n4];
            panel_w[i] = value;
        }
        barrier();
        [[unroll]] for (uint k4 = 0; k4 < TILE_K4; k4++) {
            vec4 a[THREAD_M];
            [[unroll]] for (uint i = 0; i < THREAD_M; i++) a[i] = panel_x[k4 * TILE_M + thread_m + i];
            [[unroll]] for (uint l = 0; l < 4; l++) {
                [[unroll]] for (uint j = 0; j < THREAD_N4; j++) {
                    vec4 value = panel_w[(k4 * 4 + l) * TILE_N4 + thread_n4 + j * THREADS_N];
                    [[unroll]] for (uint i = 0; i < THREAD_M; i++) {
                        sum[i * THREAD_N4 + j] += a[i][l] * value;
                    }
                }
            }
        }
        barrier();
    }

    [[unroll]] for (uint i = 0; i < THREAD_M; i++) {
        [[unroll]] for (uint j = 0; j < THREAD_N4; j++) {
            uint m = first_m + thread_m + i, n4 = first_n4 + thread_n4 + j * THREADS_N;
            if (m < total && n4 < GROUP_OUT4) {
                uint c4 = group * GROUP_OUT4 + n4;
                store_output(sum[i * THREAD_N4 + j] + w[c4], m, c4);
            }
        }
    }
}
