/* Recognises blurs in an ONNX graph (R. Zhang, Making Convolutional Networks Shift-Invariant Again,
 * 2019). */
#ifndef VRN_CHECKPOINT_ONNX_BLUR_H
#define VRN_CHECKPOINT_ONNX_BLUR_H

#include "checkpoint/onnx_layers.h"

enum { VRN_ONNX_BLUR_MAX = 7 };

typedef struct vrn_onnx_blur {
    uint32_t size; /* coefficients in each direction; 0: no blur */
    uint32_t stride, channels;
} vrn_onnx_blur;

/* True if a node is the Pad with reflection with which a blur begins. `node` may be NULL. */
bool vrn_onnx_begins_blur(const vrn_onnx_node *node);

/* Takes that node, `reflection`, and the filter of binomial coefficients after it. */
bool vrn_onnx_take_blur(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *reflection,
                        vrn_onnx_blur *blur);

#endif
