/* The weights of an ONNX graph. */
#ifndef VRN_CHECKPOINT_ONNX_WEIGHTS_H
#define VRN_CHECKPOINT_ONNX_WEIGHTS_H

#include "checkpoint/onnx_model.h"

/* The slot-th input of a node as floats of any shape; perhaps transposed. They lie in the file, in
 * one beside it (external data), or in the list's arena. Errors: VRN_ERROR_FILE (it is no constant,
 * or not of floats; its data is not where it should be), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_onnx_weight(const vrn_onnx_model *model, const vrn_onnx_node *node, uint32_t slot,
                           vrn_tensor *tensor);

/* The same as [count], with or without further sides of 1; a scalar may have been expanded. */
vrn_result vrn_onnx_vector(const vrn_onnx_model *model, const vrn_onnx_node *node, uint32_t slot,
                           uint64_t count, vrn_tensor *tensor);

#endif
