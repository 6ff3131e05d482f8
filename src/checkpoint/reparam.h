/* Computes weights that a file stores as factors, because PyTorch trains the factors and computes
 * the weights from them when the network runs. */
#ifndef VRN_CHECKPOINT_REPARAM_H
#define VRN_CHECKPOINT_REPARAM_H

#include "checkpoint/tensor_list.h"

/* Computes these weights, and replaces the factors of each by it:
 *     weight_norm      weight_g, weight_v (or parametrizations.weight.original0, .original1):
 *                      v * g / |v|, the norm over the dimensions in which g has the length 1
 *     spectral_norm    weight_orig, weight_u, weight_v (or parametrizations.weight.original,
 *                      .0._u, .0._v): W / (u . W v), as in evaluation
 *     pruning          weight_orig, weight_mask, also of biases: their product
 * Factors that do not fit each other stay as they are. `source` is for messages. Errors:
 * VRN_ERROR_FILE, VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_weights_compute(vrn_tensor_list *list, const vrn_source *source);

#endif
