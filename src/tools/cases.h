/* The operations on which kernels are compared with the reference. The tests run all of them; the
 * self-test runs enough to exercise what a kernel does. */
#ifndef VRN_TOOLS_CASES_H
#define VRN_TOOLS_CASES_H

#include "net/op.h"

typedef struct vrn_op_case {
    const char *name;
    uint32_t images;
    vrn_op_desc desc; /* without the size of its output, which vrn_case_desc adds */
    bool bias, fold;  /* of convolutions: they have a bias, or a folded batch norm */
} vrn_op_case;

extern const vrn_op_case vrn_op_cases[];
extern const uint32_t vrn_op_case_count;

/* The complete description of a case, with tensors and parameters stored as `type`. Exceptions are
 * those that the operator always stores as floats, and byte parameters that no kernel supports.
 * Scales are chosen so that few values are clamped. */
vrn_op_desc vrn_case_desc(const vrn_op_case *c, vrn_type type);

/* The features that a case exercises, as bits: strides, edges, padded channels, each part of the
 * epilogue. */
uint32_t vrn_case_traits(const vrn_op_case *c);

#endif
