/* The data of a test case: operands, parameters, expected results, their layout in the device's
 * memory, and the tolerance. */
#ifndef VRN_TOOLS_CASE_DATA_H
#define VRN_TOOLS_CASE_DATA_H

#include <stddef.h>

#include "tools/cases.h"
#include "ops/kernel.h"

/* On the host, dense NHWC. */
typedef struct vrn_case_data {
    const char *name;
    vrn_op_desc desc;
    vrn_type type; /* the requested one, or what floats are rounded to */
    uint32_t images;
    vrn_shape residual_shape; /* of `residual`; empty if that is NULL */
    float *x, *residual, *expected;
    vrn_params params; /* points to arrays owned by this struct; a gate [images, C] is the weight */
} vrn_case_data;

/* Makes random numbers that the type can hold, the same on every call, and computes the expected
 * results by the reference. */
vrn_result vrn_case_data_create(vrn_case_data *data, const vrn_op_case *c, vrn_type type,
                                const vrn_log *log);

/* The same with float32 tensors and parameters, and an output of floats rounded to a type. */
vrn_op_desc vrn_case_rounded_desc(const vrn_op_case *c, vrn_type type);
vrn_result vrn_case_data_create_rounded(vrn_case_data *data, const vrn_op_case *c, vrn_type type,
                                        const vrn_log *log);

void vrn_case_data_free(vrn_case_data *data); /* accepts a zeroed struct, and zeroes it */

/* Converts dense activations to the device's layout, [N, H, W, C padded with zeros]. */
void vrn_case_store(void *to, const float *from, vrn_format format, vrn_shape shape,
                    uint32_t images);

/* The largest allowed difference between a kernel's value and `expected`. */
double vrn_case_tolerance(const vrn_op_desc *desc, double expected);

#endif
