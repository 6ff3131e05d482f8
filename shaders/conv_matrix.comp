#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#pragma use_vulkan_memory_model
// needs: cooperative_matrix
// Convolution of halves by cooperative matrices: the implicit product of conv_tile.comp, whose tile of
// TILE_M x TILE_N is shared out among SUBGROUPS_M x SUBGROUPS_N subgroups. Each multiplies fragments of
// FRAGMENT_M x FRAGMENT_K by FRAGMENT_K x FRAGMENT_N, a shape that the device lists, and adds in floats.
// Panels are double-buffered in shared memory, as halves.
#include "common.glsl"
#include "conv.glsl"

layout(constant_id = 33) const uint TILE_M = 32;
layout(constant_id = 34) const uint TILE_N4 = 8; // TILE_N / 4
layout(constant_id = 35) const uint TILE_K4 = 4; // TILE_K / 4
layout(constant_id = 36) const uint FRAGMENT_M = 8;
layout(constant_id = 37) const uint FRAGMENT_N = 8;
layout(constant_id = 38) const uint FRAGMENT_K = 8;
layout(constant_id = 39) const uint SUBGROUPS_M = 2;
layout(constant_id = 40) const uint SUBGROUPS_N = 2;

#define WEIGHTS
#include "input.glsl"

const uint THREADS = gl_WorkGroupSize.x;

// Halves, as they are.
#define ELEMENT uvec2
uvec2 fetch_x(uint i) { return x16[i]; }
uvec2 fetch_w(uint i) { return w16[i]; }
#include "panels.glsl"

// Two elements too many in a row spread the rows over the banks, and keep them aligned to 16 bytes.
const uint ROW_X4 = TILE_K4 + 2u, ROW_W4 = TILE_N4 + 2u;
const uint PANEL_X4 = TILE_M * ROW_X4;
const uint PANEL_W4 = TILE_K4 * 4u * ROW_W4;
shared f16vec4 panel_x[2u * PANEL_X4]; // [2][m][k / 4]
shared f16vec4 panel_w[2u * PANEL_W4]; // [2][k][n / 4]

// A fragment of sums on its way out, for each subgroup: a row is a pixel.
const uint PATCH4 = FRAGMENT_M * FRAGMENT_N / 4u;
shared vec4 patches[SUBGROUPS_M * SUBGROUPS_N * PATCH4];

// Fragments of a subgroup.
const uint COUNT_M = TILE_M / FRAGMENT_M / SUBGROUPS_M;
const uint COUNT_N = TILE_N4 * 4u / FRAGMENT_N / SUBGROUPS_N;

f16vec4 as_halves(uvec2 bits) { return f16vec4(unpackFloat2x16(bits.x), unpackFloat2x16(bits.y)); }

// Into panel 0 or 1.
void put(uint panel) {
    uint thread = gl_LocalInvocationID.x;
    [[unroll]] for (uint i = 0; i < COPIES_X; i++) {
        uint m = thread / TILE_K4 + i * (THREADS / TILE_K4);
        uvec2 value = next_x[i];
        if (PADDED || K_ENDS_WITHIN) value = inside[i] ? value : uvec2(0);
        panel_x[panel * PANEL_X4 + m * ROW_X4 + thread % TILE_K4] = as_halves(value);
    }
    [[unroll]] for (uint i = 0; i < COPIES_W; i++) {
        uint k = thread / TILE_N4 + i * (THREADS / TILE_N4);
        panel_w[panel * PANEL_W4 + k * ROW_W4 + thread % TILE_N4] = as_halves(next_w[i]);
    }
}

void main() {
    uint group = gl_WorkGroupID.z / BLOCKS_N, first_n4 = gl_WorkGroupID.z % BLOCKS_N * TILE_N4; // within the group
    uint first_m = folded_group() * TILE_M;
    uint total = push.images * OUT_PIXELS;
    // The first fragments of this subgroup.
    uint fragment_m = gl_SubgroupID / SUBGROUPS_N * COUNT_M, fragment_n = gl_SubgroupID % SUBGROUPS_N * COUNT_N;

    coopmat<float, gl_ScopeSubgroup, FRAGMENT_M, FRAGMENT_N, gl_MatrixUseAccumulator> sum[COUNT_M * COUNT_N];
    [[unroll]] for (uint i = 0; i < COUNT_M * COUNT_N; i++) {
        sum[i] = coopmat<float, gl_ScopeSubgroup, FRAGMENT_M, FRAGMENT_N, gl_MatrixUseAccumulator>(0.0);
    }

    prepare(first_m, group, first_n4);
    fetch(0u);
    put(0u);
    barrier();
    uint panel = 0u;
    for (uint step = 0u; step < STEPS; step++) {
        bool more = step + 1u < STEPS;
        if (more) fetch(step + 1u);
        [[unroll]] for (uint k = 0; k < TILE_K4 * 4u; k += FRAGMENT_K) {
            coopmat<float16_t, gl_ScopeSubgroup, FRAGMENT_M, FRAGMENT_K, gl_MatrixUseA> a[COUNT_M];
            coopmat<float16_t, gl_ScopeSubgroup, FRAGMENT_K, FRAGMENT_N, gl_MatrixUseB> b;
            [[unroll]] for (uint i = 0; i < COUNT_M; i++) {
                uint from = panel * PANEL_X4 + (fragment_m + i) * FRAGMENT_M * ROW_X4 + k / 4u;
                coopMatLoad(a[i], panel_x, from, ROW_X4, gl_CooperativeMatrixLayoutRowMajor);
            }
            [[unroll]] for (uint j = 0; j < COUNT_N; j++) {
                uint from = panel * PANEL_W4 + k * ROW_W4 + (fragment_n + j) * FRAGMENT_N / 4u;
                coopMatLoad(b, panel_w, from, ROW_W4, gl_CooperativeMatrixLayoutRowMajor);
                [[unroll]] for (uint i = 0; i < COUNT_M; i++) {
                    sum[i * COUNT_N + j] = coopMatMulAdd(a[i], b, sum[i * COUNT_N + j]);
                }
            }
        }
        panel ^= 1u;
        if (more) put(panel);
        barrier();
    }

    uint patch_begin = gl_SubgroupID * PATCH4;
    [[unroll]] for (uint f = 0; f < COUNT_M * COUNT_N; f++) {
        coopMatStore(sum[f], patches, patch_begin, FRAGMENT_N / 4u, gl_CooperativeMatrixLayoutRowMajor);
        barrier();
        for (uint e = gl_SubgroupInvocationID; e < PATCH4; e += gl_SubgroupSize) {
            uint m = first_m + (fragment_m + f / COUNT_N) * FRAGMENT_M + e / (FRAGMENT_N / 4u);
            uint n4 = first_n4 + (fragment_n + f % COUNT_N) * (FRAGMENT_N / 4u) + e % (FRAGMENT_N / 4u);
            uint c4 = group * GROUP_OUT4 + n4;
            if (m < total && n4 < GROUP_OUT4) store_output(patches[patch_begin + e] + load_w(c4), m, c4);
        }
        barrier(); // before the next fragment takes the place
    }
}
