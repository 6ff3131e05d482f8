#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#pragma use_vulkan_memory_model
// needs: COOPERATIVE_MATRIX
// variants: int8=-DBYTES
// variants with COOPERATIVE_MATRIX_2: flexible=-DFLEXIBLE
// Convolution by cooperative matrices: the implicit product of conv_tile.comp, whose tile of TILE_M
// x TILE_N is shared out among SUBGROUPS_M x SUBGROUPS_N subgroups. Each multiplies fragments of
// FRAGMENT_M x FRAGMENT_K by FRAGMENT_K x FRAGMENT_N, a shape that the device lists. Panels are
// double-buffered in shared memory.
//
// Factors are halves, added in floats; with BYTES signed bytes, added exactly in 32-bit integers.
// FLEXIBLE (VK_NV_cooperative_matrix2): a fragment is all that a subgroup has of the tile, or,
// where SCOPE says so, all that the work group has, which is one subgroup then as far as this
// shader is concerned; how it is made of what the device can multiply is the driver's affair. The
// epilogue is applied to elements where they are.
#ifdef FLEXIBLE
#extension GL_NV_cooperative_matrix2 : require
#extension GL_EXT_shader_16bit_storage : require
#endif
#ifdef BYTES
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#endif
#include "common.glsl"
#include "conv.glsl"

NUMBER(TILE_M, VRN_MATRIX_M, 32);
NUMBER(TILE_N, VRN_MATRIX_N, 32);
NUMBER(TILE_K, VRN_MATRIX_K, 16);
NUMBER(FRAGMENT_M, VRN_MATRIX_FRAGMENT_M, 8);
NUMBER(FRAGMENT_N, VRN_MATRIX_FRAGMENT_N, 8);
NUMBER(FRAGMENT_K, VRN_MATRIX_FRAGMENT_K, 8);
NUMBER(SUBGROUPS_M, VRN_MATRIX_SUBGROUPS_M, 2);
NUMBER(SUBGROUPS_N, VRN_MATRIX_SUBGROUPS_N, 2);
const uint TILE_N4 = TILE_N / 4u, TILE_K4 = TILE_K / 4u;
#ifdef FLEXIBLE
NUMBER(SCOPE, VRN_MATRIX_SCOPE, gl_ScopeSubgroup);
#else
#define SCOPE gl_ScopeSubgroup
#endif

#include "matrix_panels.glsl"

// Fragments of a subgroup.
const uint COUNT_M = TILE_M / FRAGMENT_M / SUBGROUPS_M;
const uint COUNT_N = TILE_N4 * 4u / FRAGMENT_N / SUBGROUPS_N;
#define FRAGMENT(type, rows, columns, use) coopmat<type, SCOPE, rows, columns, gl_MatrixUse##use>
#define SUMS FRAGMENT(SUM1, FRAGMENT_M, FRAGMENT_N, Accumulator)

#ifdef FLEXIBLE
// Sums leave the matrix one by one: y again, as single numbers.
// [N, OUT_H, OUT_W, OUT_C4 * 4]
layout(set = 0, binding = VRN_BIND_Y) writeonly buffer Floats { float y_floats[]; };
layout(set = 0, binding = VRN_BIND_Y) writeonly buffer Halves { float16_t y_halves[]; };

// May be called more than once for an element.
float store_element(const in uint row, const in uint column, const in float sum,
                    const in uint first_m, const in uint group, const in uint first_n4) {
    uint m = first_m + row, n4 = first_n4 + column / 4u, c4 = group * GROUP_OUT4 + n4;
    if (m < push.images * OUT_PIXELS && n4 < GROUP_OUT4) {
        float value = finish(last_sum(vec4(sum), c4), m, OUT_H, OUT_W, c4, OUT_C4)[column % 4u];
        uint at = (m * OUT_C4 + c4) * 4u + column % 4u;
        if (Y_TYPE == F16) {
            y_halves[at] = float16_t(to_halves(vec4(value)).x);
        } else {
            y_floats[at] = value;
        }
    }
    return sum;
}

void store(SUMS sums, uint first_m, uint group, uint first_n4) {
    coopMatPerElementNV(sums, sums, store_element, first_m, group, first_n4);
}
#else
// A fragment of sums on its way out, for each subgroup: a row is a pixel. No subgroup waits for
// another one. The number of rounds is constant, so compilers can unroll the loop over fragments,
// which contains the loop over rounds, and keep the fragments in registers.
const uint PATCH4 = FRAGMENT_M * FRAGMENT_N / 4u;
const uint SUBGROUPS = SUBGROUPS_M * SUBGROUPS_N;
const uint LANES = (gl_WorkGroupSize.x + SUBGROUPS - 1u) / SUBGROUPS;
const uint ROUNDS = (PATCH4 + LANES - 1u) / LANES;
shared SUM4 patches[SUBGROUPS_M * SUBGROUPS_N * PATCH4];

void store(SUMS sums, uint first_m, uint group, uint first_n4) {
    uint patch_begin = gl_SubgroupID * PATCH4;
    coopMatStore(sums, patches, patch_begin, FRAGMENT_N / 4u, gl_CooperativeMatrixLayoutRowMajor);
    subgroupBarrier();
    [[unroll]] for (uint r = 0; r < ROUNDS; r++) {
        uint e = r * LANES + gl_SubgroupInvocationID;
        if (PATCH4 % LANES != 0u && e >= PATCH4) break;
        uint m = first_m + e / (FRAGMENT_N / 4u), n4 = first_n4 + e % (FRAGMENT_N / 4u);
        uint c4 = group * GROUP_OUT4 + n4;
        if (m < push.images * OUT_PIXELS && n4 < GROUP_OUT4) {
            store_output(last_sum(patches[patch_begin + e], c4), m, c4);
        }
    }
    subgroupBarrier(); // before the next fragment takes the place
}
#endif

void main() {
    // within the group
    uint group = gl_WorkGroupID.z / BLOCKS_N, first_n4 = gl_WorkGroupID.z % BLOCKS_N * TILE_N4;
    uint first_m = folded_group() * TILE_M;
    // The first fragments of this subgroup.
    uint subgroup = SCOPE == gl_ScopeWorkgroup ? 0u : gl_SubgroupID;
    uint fragment_m = subgroup / SUBGROUPS_N * COUNT_M;
    uint fragment_n = subgroup % SUBGROUPS_N * COUNT_N;

    SUMS sum[COUNT_M * COUNT_N];
    [[unroll]] for (uint i = 0; i < COUNT_M * COUNT_N; i++) sum[i] = SUMS(SUM1(0));

    prepare(first_m, group, first_n4);
    fetch(0u);
    put(0u);
    barrier();
    uint panel = 0u;
    // Unrolled, the panels of all steps of a short sum fill the registers.
    [[dont_unroll]] for (uint step = 0u; step < STEPS; step++) {
        bool more = step + 1u < STEPS;
        if (more) fetch(step + 1u);
        [[unroll]] for (uint k = 0; k < TILE_K4 * 4u; k += FRAGMENT_K) {
            FRAGMENT(FACTOR, FRAGMENT_M, FRAGMENT_K, A) a[COUNT_M];
            FRAGMENT(FACTOR, FRAGMENT_K, FRAGMENT_N, B) b;
            [[unroll]] for (uint i = 0; i < COUNT_M; i++) {
                uint from = panel * PANEL_X4 + (fragment_m + i) * FRAGMENT_M * ROW_X4 + k / 4u;
                coopMatLoad(a[i], panel_x, from, ROW_X4, gl_CooperativeMatrixLayoutRowMajor);
            }
            [[unroll]] for (uint j = 0; j < COUNT_N; j++) {
                uint from = panel * PANEL_W4 + place_w(k, (fragment_n + j) * FRAGMENT_N);
                coopMatLoad(b, panel_w, from, ROW_W4, LAYOUT_W);
                [[unroll]] for (uint i = 0; i < COUNT_M; i++) {
                    sum[i * COUNT_N + j] = coopMatMulAdd(a[i], b, sum[i * COUNT_N + j]);
                }
            }
        }
        panel ^= 1u;
        if (more) put(panel);
        barrier();
    }

    [[unroll]] for (uint f = 0; f < COUNT_M * COUNT_N; f++) {
        store(sum[f], first_m + (fragment_m + f / COUNT_N) * FRAGMENT_M, group,
              first_n4 + (fragment_n + f % COUNT_N) * (FRAGMENT_N / 4u));
    }
}
