/* A ResNet in an ONNX graph. */
#ifndef VRN_CHECKPOINT_ONNX_NET_H
#define VRN_CHECKPOINT_ONNX_NET_H

#include "checkpoint/onnx_gate.h"
#include "checkpoint/onnx_layers.h"

enum { VRN_ONNX_STEM_MAX = 3, VRN_ONNX_BLOCK_MAX = 3 };

typedef enum vrn_onnx_pool {
    VRN_ONNX_POOL_NONE,
    VRN_ONNX_POOL_MAX,   /* 3x3, stride 2, padding 1 */
    VRN_ONNX_POOL_CAFFE, /* 3x3, stride 2, the last window may reach over the edge */
    VRN_ONNX_POOL_MEAN,  /* 2x2, stride 2 */
} vrn_onnx_pool;

typedef enum vrn_onnx_shortcut {
    VRN_ONNX_IDENTITY,
    VRN_ONNX_PROJECTION, /* a 1x1 convolution, perhaps after a mean */
    VRN_ONNX_ZEROS,      /* every n-th pixel, and zeros as new channels */
} vrn_onnx_shortcut;

typedef struct vrn_onnx_block {
    vrn_onnx_conv convs[VRN_ONNX_BLOCK_MAX];
    uint32_t count;
    uint32_t stride;    /* of the block, on every path */
    uint32_t window;    /* of a mean before the last convolution; 1: none */
    vrn_onnx_gate gate; /* before the shortcut is added */
    vrn_onnx_shortcut kind;
    vrn_onnx_conv shortcut;
    uint32_t mean;        /* the window of a mean before it; 1: none */
    uint32_t front, back; /* zeros */
    vrn_onnx_node *node;  /* the first of the shortcut, or of the block */
} vrn_onnx_block;

typedef struct vrn_onnx_net {
    vrn_onnx_conv stem[VRN_ONNX_STEM_MAX];
    uint32_t stem_count; /* 1 or 3 */
    vrn_onnx_pool pool;
    vrn_onnx_block *blocks; /* [block_count], at least one */
    size_t block_count, block_capacity;
    vrn_onnx_linear head[2];
    uint32_t head_count;
    const char *probabilities; /* "softmax" or "sigmoid" at the end; or NULL */
    /* the last pool has a size, but the size of the features is not known */
    bool features_size;
    vrn_onnx_activation activation;
    float slope;
} vrn_onnx_net;

/* Recognises the network from its input to its output. Every node that reads the image must be a
 * part of it. Errors: VRN_ERROR_FILE (the log names the first node that does not fit),
 * VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_onnx_net_read(vrn_onnx_net *net, vrn_onnx_model *model);

#endif
