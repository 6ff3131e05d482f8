/* Recognises attention in an ONNX graph: the weighting of the channels of a block's output. */
#ifndef VRN_CHECKPOINT_ONNX_GATE_H
#define VRN_CHECKPOINT_ONNX_GATE_H

#include "checkpoint/onnx_layers.h"

/* Two linear layers, or one filter along the channels. */
typedef struct vrn_onnx_gate {
    vrn_tensor weight[2], bias[2]; /* without bias, its data is NULL */
    uint32_t count;                /* 2: squeeze and excitation; 1: ECA; 0: none */
    const vrn_onnx_node *node;     /* the pool */
} vrn_onnx_gate;

/* If the nodes after a value compute its product with a sigmoid of its means, takes these nodes.
 * False: another kind of attention. */
bool vrn_onnx_take_gate(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_gate *gate);

/* True if a node is the mean over rows and columns. */
bool vrn_onnx_is_mean(const vrn_onnx_walk *w, const vrn_onnx_node *node);

/* Skips nodes that change only the shape. */
void vrn_onnx_skip_reshapes(const vrn_onnx_walk *w, uint32_t *value);

#endif
