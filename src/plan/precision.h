/* Which numbers each layer reads and writes. */
#ifndef VRN_PLAN_PRECISION_H
#define VRN_PLAN_PRECISION_H

#include "net/graph.h"
#include "net/model.h"

/* Gives every operation of a graph, fused or not, the formats of its tensors and parameters:
 *
 * fp16: halves, but for what is small: the input, the mean of the last stage, logits and
 * probabilities, and the output of a group norm (whose groups can share an element), are floats.
 * int8: bytes where the model knows the scale of a value and parameters as bytes where a
 * convolution reads such a value; all else as for fp16.
 *
 * Without a model (NULL) it is as if all parameters suited halves, and all values had a scale.
 *
 * In both, a layer in `fp32_layers` writes floats and has floats as parameters, and so has one
 * whose parameters halves cannot hold: the log says which. Errors: VRN_ERROR_INVALID_ARGUMENT
 * (no such layer), VRN_ERROR_UNSUPPORTED (int8, and the model has no scales),
 * VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_graph_set_precision(vrn_graph *graph, const vrn_model *model,
                                   vrn_precision precision, const char *const *fp32_layers,
                                   uint32_t fp32_layer_count, const vrn_log *log);

/* Whether an operation writes floats in every precision. */
bool vrn_precision_keeps_floats(vrn_op op);

#endif
