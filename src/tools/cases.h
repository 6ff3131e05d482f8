/* The operations that every kernel is held against the reference on: by the tests all of them, by
 * the self-test of a device as many as show what a kernel does. */
#ifndef VRN_TOOLS_CASES_H
#define VRN_TOOLS_CASES_H

#include "net/op.h"

typedef struct vrn_op_case {
    const char *name;
    uint32_t images;
    vrn_op_desc desc; /* without the size of its output: ask vrn_case_desc */
    bool bias, fold;  /* of convolutions: own bias, batch norm folded in */
} vrn_op_case;

extern const vrn_op_case vrn_op_cases[];
extern const uint32_t vrn_op_case_count;

/* The case's description, complete, with tensors and parameters stored as `type`: but for those
 * that the operator always has as floats, and for parameters of bytes where there are no kernels
 * for them. Scales are such that hardly anything is clamped. */
vrn_op_desc vrn_case_desc(const vrn_op_case *c, vrn_type type);

/* What a case tries, as bits: strides, edges, padded channels, each part of the epilogue. Cases
 * that have all bits between them try all there is. */
uint32_t vrn_case_traits(const vrn_op_case *c);

#endif
