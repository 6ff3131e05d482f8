/* Reads the small constants that nodes of an ONNX graph take as inputs. */
#ifndef VRN_CHECKPOINT_ONNX_NUMBERS_H
#define VRN_CHECKPOINT_ONNX_NUMBERS_H

#include "checkpoint/onnx_model.h"

enum { VRN_ONNX_NUMBERS_MAX = 16 };

/* Integers, in rows of `columns`. */
typedef struct vrn_onnx_numbers {
    int64_t values[VRN_ONNX_NUMBERS_MAX];
    uint32_t count, columns;
} vrn_onnx_numbers;

/* True if a value is a constant number, which is returned. */
bool vrn_onnx_scalar(const vrn_onnx_model *model, uint32_t value, double *number);

/* True if a value is a constant list of at most VRN_ONNX_NUMBERS_MAX integers, which is returned.
 * Nodes that reorder or join such lists are evaluated, because exporters leave short computations
 * of them. */
bool vrn_onnx_numbers_of(const vrn_onnx_model *model, uint32_t value, vrn_onnx_numbers *numbers);

#endif
