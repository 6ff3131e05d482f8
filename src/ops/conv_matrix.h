/* Convolution of halves or bytes by cooperative matrices: the rows of conv_matrix.comp. */
#ifndef VRN_OPS_CONV_MATRIX_H
#define VRN_OPS_CONV_MATRIX_H

#include "ops/kernel.h"

extern const vrn_module vrn_module_conv_matrix;
extern const vrn_module vrn_module_conv_matrix_int8;
extern const vrn_module vrn_module_conv_matrix_flexible;

vrn_grid vrn_matrix_grid(const vrn_pass *pass, const vrn_op_desc *desc, uint32_t images);

/* For kernels of halves: whether tensors and parameters are; groups are the caller's affair. */
bool vrn_matrix_fits(const vrn_kernel *kernel, const vrn_op_desc *desc);
double vrn_matrix_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images);

/* Two pairs of panels of halves, with two elements of four more in a row; or of bytes, with four.
 * And a fragment of sums a subgroup, unless they are stored one by one. */
#define VRN_MATRIX_PANELS(m, n, k)      (2 * ((m) * ((k) / 4 + 2) + (k) * ((n) / 4 + 2)) * 8)
#define VRN_INT8_MATRIX_PANELS(m, n, k) (2 * ((m) + (n)) * ((k) / 4 + 4) * 4)
#define VRN_MATRIX_PATCHES(fragment_m, fragment_n, subgroups)                                      \
    ((subgroups) * (fragment_m) * (fragment_n)*4)

#define VRN_MATRIX_PASS(module_, m_, n_, k_, fragment_m, fragment_n, fragment_k, threads,          \
                        subgroups_m, subgroups_n, scope)                                           \
    .merit = vrn_matrix_merit, .pass_count = 1,                                                    \
    .pass = {{.module = &vrn_module_##module_,                                                     \
              .row_count = (scope) ? 10 : 9,                                                       \
              .row = {threads, m_, (n_) / 4, (k_) / 4, fragment_m, fragment_n, fragment_k,         \
                      subgroups_m, subgroups_n, scope},                                            \
              .grid = vrn_matrix_grid}}

/* Tiles of m x n in steps of k, by subgroups_m x subgroups_n subgroups of `size` invocations, in
 * fragments that the device must list. Invocations must be a multiple of k / 4 and of n / 4, and
 * divide m * k / 4 and k * n / 4 (of bytes k / 4 * n / 4); a subgroup has whole fragments. */
#define VRN_MATRIX_PASSES(m_, n_, k_, fragment_m, fragment_n, fragment_k, size, subgroups_m,       \
                          subgroups_n)                                                             \
    .needs = VRN_CAPABILITY_COOPERATIVE_MATRIX, .matrix = {fragment_m, fragment_n, fragment_k},    \
    .subgroup_size = size,                                                                         \
    .shared_bytes = VRN_MATRIX_PANELS(m_, n_, k_) +                                                \
                    VRN_MATRIX_PATCHES(fragment_m, fragment_n, (subgroups_m) * (subgroups_n)),     \
    VRN_MATRIX_PASS(conv_matrix, m_, n_, k_, fragment_m, fragment_n, fragment_k,                   \
                    (size) * (subgroups_m) * (subgroups_n), subgroups_m, subgroups_n, 0)

#define VRN_INT8_MATRIX_PASSES(m_, n_, k_, fragment_m, fragment_n, fragment_k, size, subgroups_m,  \
                               subgroups_n)                                                        \
    .needs = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_INT8, .bytes = true,               \
    .matrix = {fragment_m, fragment_n, fragment_k, .bytes = true}, .subgroup_size = size,          \
    .shared_bytes = VRN_INT8_MATRIX_PANELS(m_, n_, k_) +                                           \
                    VRN_MATRIX_PATCHES(fragment_m, fragment_n, (subgroups_m) * (subgroups_n)),     \
    VRN_MATRIX_PASS(conv_matrix_int8, m_, n_, k_, fragment_m, fragment_n, fragment_k,              \
                    (size) * (subgroups_m) * (subgroups_n), subgroups_m, subgroups_n, 0)

/* Flexible matrices: a subgroup's part of the tile is one, in steps of k. */
#define VRN_MATRIX_2_NEEDS                                                                         \
    (VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_COOPERATIVE_MATRIX_2 |                     \
     VRN_CAPABILITY_STORAGE_16BIT)

#define VRN_MATRIX_2_PASSES(m_, n_, k_, size, subgroups_m, subgroups_n)                            \
    .needs = VRN_MATRIX_2_NEEDS, .subgroup_size = size,                                            \
    .matrix = {(m_) / (subgroups_m), (n_) / (subgroups_n), k_, .flexible = true},                  \
    .shared_bytes = VRN_MATRIX_PANELS(m_, n_, k_),                                                 \
    VRN_MATRIX_PASS(conv_matrix_flexible, m_, n_, k_, (m_) / (subgroups_m), (n_) / (subgroups_n),  \
                    k_, (size) * (subgroups_m) * (subgroups_n), subgroups_m, subgroups_n,          \
                    VK_SCOPE_SUBGROUP_KHR)

/* .. or the whole tile is one, held by a work group of so many invocations. */
#define VRN_MATRIX_2_GROUP_PASSES(m_, n_, k_, invocations_)                                        \
    .needs = VRN_MATRIX_2_NEEDS,                                                                   \
    .matrix = {m_, n_, k_, .invocations = invocations_, .flexible = true},                         \
    .shared_bytes = VRN_MATRIX_PANELS(m_, n_, k_),                                                 \
    VRN_MATRIX_PASS(conv_matrix_flexible, m_, n_, k_, m_, n_, k_, invocations_, 1, 1,              \
                    VK_SCOPE_WORKGROUP_KHR)

#endif
