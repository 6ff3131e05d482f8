/* Reads the weights of an ONNX graph. */
#ifndef VRN_CHECKPOINT_ONNX_WEIGHTS_H
#define VRN_CHECKPOINT_ONNX_WEIGHTS_H

#include "checkpoint/onnx_model.h"

/* Reads the slot-th input of a node, a constant tensor of floats of any shape, perhaps transposed.
 * The floats are in the file, in one beside it (external data), or in the list's arena. Errors:
 * VRN_ERROR_FILE (the input is not constant, or not of floats, or its data is missing),
 * VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_onnx_weight(const vrn_onnx_model *model, const vrn_onnx_node *node, uint32_t slot,
                           vrn_tensor *tensor);

/* The same for a vector [count], which may have further sides of 1; a scalar may have been
 * expanded. */
vrn_result vrn_onnx_vector(const vrn_onnx_model *model, const vrn_onnx_node *node, uint32_t slot,
                           uint64_t count, vrn_tensor *tensor);

#endif
