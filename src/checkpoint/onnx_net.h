/* Recognises a ResNet in an ONNX graph. */
#ifndef VRN_CHECKPOINT_ONNX_NET_H
#define VRN_CHECKPOINT_ONNX_NET_H

#include "checkpoint/onnx_block.h"

enum { VRN_ONNX_STEM_MAX = 3 };

typedef enum vrn_onnx_pool {
    VRN_ONNX_POOL_NONE,
    VRN_ONNX_POOL_MAX,   /* 3x3, stride 2, padding 1 */
    VRN_ONNX_POOL_CAFFE, /* 3x3, stride 2, the last window may reach over the edge */
    VRN_ONNX_POOL_MEAN,  /* 2x2, stride 2 */
    /* 3x3 with padding 1, or 2x2; stride 1, before a blur with stride 2 */
    VRN_ONNX_POOL_MAX_BLUR,
    VRN_ONNX_POOL_MAX2_BLUR,
    VRN_ONNX_POOL_MAX_ZEROS, /* 3x3, stride 2, over zeros around the image, which count */
} vrn_onnx_pool;

typedef struct vrn_onnx_net {
    vrn_onnx_conv stem[VRN_ONNX_STEM_MAX];
    uint32_t stem_count; /* 1 or 3 */
    /* The norms and activations of v2 stand before the convolutions. The norm of the first block
     * may be that of the stem's last convolution, or folded into it. */
    bool preactivation;
    bool has_final;      /* a norm and the activation after the last block */
    vrn_onnx_conv final; /* this norm, without a convolution */
    vrn_onnx_pool pool;
    uint32_t pool_blur;     /* the blur's coefficients */
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
