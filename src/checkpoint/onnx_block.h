/* Recognises the blocks of a ResNet in an ONNX graph, and pools that blocks and stems share. The
 * functions follow the rules of those in onnx_layers.h. */
#ifndef VRN_CHECKPOINT_ONNX_BLOCK_H
#define VRN_CHECKPOINT_ONNX_BLOCK_H

#include "checkpoint/onnx_blur.h"
#include "checkpoint/onnx_gate.h"
#include "checkpoint/onnx_layers.h"

enum { VRN_ONNX_BLOCK_MAX = 3 };

typedef enum vrn_onnx_shortcut {
    VRN_ONNX_IDENTITY,
    VRN_ONNX_PROJECTION, /* a 1x1 convolution, perhaps after a mean or a blur */
    VRN_ONNX_ZEROS,      /* every n-th pixel, and zeros as new channels */
} vrn_onnx_shortcut;

typedef struct vrn_onnx_block {
    vrn_onnx_conv before; /* v2: the norm at the beginning, without a convolution */
    vrn_onnx_conv convs[VRN_ONNX_BLOCK_MAX];
    uint32_t count;
    uint32_t stride;    /* of the block, on every path */
    uint32_t window;    /* of a mean before the last convolution, or a blur's stride; 1: none */
    uint32_t blur;      /* the blur's coefficients; 0: a mean, or none */
    vrn_onnx_gate gate; /* before the shortcut is added */
    vrn_onnx_shortcut kind;
    vrn_onnx_conv shortcut;
    uint32_t mean;        /* the window of a mean before it, or a blur's stride; 1: none */
    uint32_t mean_blur;   /* the blur's coefficients; 0: a mean, or none */
    uint32_t front, back; /* zeros */
    vrn_onnx_node *node;  /* the first of the shortcut, or of the block */
} vrn_onnx_block;

bool vrn_onnx_is_square(const int64_t pair[2], int64_t side);

/* Takes a mean over windows that do not overlap; *side receives their side. */
bool vrn_onnx_take_mean(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *node, uint32_t *side);

/* Skips a Pad that adds nothing on any side, as older exporters put before AveragePool. */
bool vrn_onnx_skip_empty_pad(vrn_onnx_walk *w, uint32_t *value);

/* Takes the block after `value`, which has `in` channels: convolutions, Add, activation. */
bool vrn_onnx_take_block(vrn_onnx_walk *w, vrn_onnx_block *block, uint32_t *value, uint32_t in);

/* True if two readers of a value begin a block that ends without an activation. */
bool vrn_onnx_ends_plain(const vrn_onnx_walk *w, uint32_t value);

/* Takes a block of He et al. 2016 (v2), up to its Add. `start` is its input, and `value` the output
 * of its first activation. */
bool vrn_onnx_take_preactivation(vrn_onnx_walk *w, vrn_onnx_block *block, uint32_t start,
                                 uint32_t *value, uint32_t in);

#endif
