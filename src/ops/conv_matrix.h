/* Convolution of halves by cooperative matrices: the rows of conv_matrix.comp. */
#ifndef VRN_OPS_CONV_MATRIX_H
#define VRN_OPS_CONV_MATRIX_H

#include "ops/kernel.h"

extern const vrn_module vrn_module_conv_matrix;

vrn_grid vrn_matrix_grid(const vrn_pass *pass, const vrn_op_desc *desc, uint32_t images);

/* Whether tensors and parameters are halves; groups are the caller's affair. */
bool vrn_matrix_fits(const vrn_op_desc *desc);
double vrn_matrix_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images);

/* Two pairs of panels of halves, with two elements more in a row, and a fragment of floats a subgroup. */
#define VRN_MATRIX_SHARED(m, n, k, fragment_m, fragment_n, subgroups)                              \
    (2 * ((m) * ((k) / 4 + 2) + (k) * ((n) / 4 + 2)) * 8 +                                         \
     (subgroups) * (fragment_m) * (fragment_n)*4)

/* Tiles of m x n in steps of k, by subgroups_m x subgroups_n subgroups of `size` invocations, in fragments
 * that the device must list. Invocations must be a multiple of k / 4 and of n / 4, and divide m * k / 4 and
 * k * n / 4; a subgroup has whole fragments. */
#define VRN_MATRIX_PASSES(m_, n_, k_, fragment_m, fragment_n, fragment_k, size, subgroups_m,       \
                          subgroups_n)                                                             \
    .needs = VRN_CAPABILITY_COOPERATIVE_MATRIX, .matrix = {fragment_m, fragment_n, fragment_k},    \
    .subgroup_size = size,                                                                         \
    .shared_bytes =                                                                                \
        VRN_MATRIX_SHARED(m_, n_, k_, fragment_m, fragment_n, (subgroups_m) * (subgroups_n)),      \
    .merit = vrn_matrix_merit, .pass_count = 1,                                                    \
    .pass = {{.module = &vrn_module_conv_matrix,                                                   \
              .row_count = 9,                                                                      \
              .row = {(size) * (subgroups_m) * (subgroups_n), m_, (n_) / 4, (k_) / 4, fragment_m,  \
                      fragment_n, fragment_k, subgroups_m, subgroups_n},                           \
              .grid = vrn_matrix_grid}}

#endif
