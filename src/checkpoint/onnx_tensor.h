/* Reads a TensorProto: a tensor in an ONNX file, and where its numbers are. */
#ifndef VRN_CHECKPOINT_ONNX_TENSOR_H
#define VRN_CHECKPOINT_ONNX_TENSOR_H

#include "checkpoint/onnx_model.h"

enum { VRN_ONNX_TYPE_INT32 = 6, VRN_ONNX_TYPE_INT64 = 7 };

typedef struct vrn_onnx_tensor {
    vrn_tensor tensor; /* contiguous; its data is set by vrn_onnx_find_data */
    uint64_t count, type;
    uint32_t size;  /* bytes of an element; 0: of a type that is not read */
    uint32_t field; /* the field that has its values if they are not raw */
    vrn_proto message, raw;
    bool external;
    const char *fault; /* its fault, or NULL */
} vrn_onnx_tensor;

/* The TensorProto of a constant value, or that of a node's attribute `value`. False: there is none.
 */
bool vrn_onnx_find_tensor(const vrn_onnx_model *model, uint32_t value, vrn_proto *message);
bool vrn_onnx_find_attribute(const vrn_onnx_node *node, vrn_proto *message);

vrn_onnx_tensor vrn_onnx_take_apart(vrn_proto message);

/* Copies the elements of a tensor, at most `count`, from the file; false: they are elsewhere, or
 * their number does not match its shape. */
bool vrn_onnx_copy(const vrn_onnx_tensor *tensor, uint8_t *data, uint64_t count);

/* Sets where the elements are: in the file, in one beside it (external data), or in the list's
 * arena. `name` is for messages. Errors: VRN_ERROR_FILE, VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_onnx_find_data(const vrn_onnx_model *model, vrn_onnx_tensor *tensor,
                              const char *name);

#endif
