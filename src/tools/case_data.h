/* The numbers of a case: operands, parameters and what comes out of them; how they stand in a
 * device's memory, and how far from them a right kernel may be. */
#ifndef VRN_TOOLS_CASE_DATA_H
#define VRN_TOOLS_CASE_DATA_H

#include <stddef.h>

#include "tools/cases.h"
#include "ops/kernel.h"

/* On the host, dense NHWC. */
typedef struct vrn_case_data {
    const char *name;
    vrn_op_desc desc;
    vrn_type type; /* the one that was asked for */
    uint32_t images;
    vrn_shape residual_shape; /* of `residual`, which is NULL where it is empty */
    float *x, *residual, *expected;
    vrn_params params; /* what they point to belongs to this; a gate [images, C] is the weight */
} vrn_case_data;

/* Makes the same random numbers every time, of those that the type has, and what the reference
 * makes of them. */
vrn_result vrn_case_data_create(vrn_case_data *data, const vrn_op_case *c, vrn_type type,
                                const vrn_log *log);
void vrn_case_data_free(vrn_case_data *data); /* accepts a zeroed struct, and zeroes it */

/* Dense activations to the device's [N, H, W, C padded] with zeros. */
void vrn_case_store(void *to, const float *from, vrn_format format, vrn_shape shape,
                    uint32_t images);

/* How far a right kernel's value may be from `expected`. */
double vrn_case_tolerance(const vrn_op_desc *desc, double expected);

#endif
