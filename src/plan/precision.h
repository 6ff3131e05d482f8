/* The number formats that each layer reads and writes. */
#ifndef VRN_PLAN_PRECISION_H
#define VRN_PLAN_PRECISION_H

#include "gpu/device.h"
#include "net/graph.h"
#include "net/model.h"

/* Sets the formats of tensors and parameters for every operation of a graph, fused or not:
 *
 * fp16: float16. Small tensors (the input, the mean of the last stage, logits and probabilities)
 * and the output of group norms (whose groups can share an element of four channels) are floats.
 *
 * int8: bytes for values whose scale the model knows, and for the parameters of convolutions that
 * read such a value. Everything else is as for fp16.
 *
 * Without a model (NULL), all parameters are assumed to suit halves, and all values to have a
 * scale.
 *
 * In both, the layers in `fp32_layers` write floats and have float parameters. Parameters that
 * halves cannot hold stay floats, and the log names their layers. Errors:
 * VRN_ERROR_INVALID_ARGUMENT (no such layer), VRN_ERROR_UNSUPPORTED (int8, and the model has no
 * scales), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_graph_set_precision(vrn_graph *graph, const vrn_model *model,
                                   vrn_precision precision, const char *const *fp32_layers,
                                   uint32_t fp32_layer_count, const vrn_log *log);

/* True if the fastest kernels of a device compute only in float32: on CPU drivers that read through
 * addresses. */
bool vrn_device_stores_floats(const vrn_device *device);

/* On such a device, stores everything as float32, rounded as before. */
void vrn_graph_suit_device(vrn_graph *graph, const vrn_device *device);

/* True if an operation writes floats in every precision. */
bool vrn_precision_keeps_floats(vrn_op op);

#endif
