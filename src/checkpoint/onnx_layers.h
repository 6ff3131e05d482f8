/* Recognises the layers of a ResNet in an ONNX graph, each of one node or a few. Every function
 * takes the layer after a value, marks its nodes as used, and moves the value to the layer's
 * output. If a node does not fit, it logs which one and returns false. */
#ifndef VRN_CHECKPOINT_ONNX_LAYERS_H
#define VRN_CHECKPOINT_ONNX_LAYERS_H

#include "checkpoint/onnx_model.h"

typedef enum vrn_onnx_norm {
    VRN_ONNX_NORM_NONE, /* or folded into the convolution */
    VRN_ONNX_NORM_BATCH,
    VRN_ONNX_NORM_GROUP,
} vrn_onnx_norm;

/* A convolution and the norm after it. */
typedef struct vrn_onnx_conv {
    const vrn_onnx_node *node;
    vrn_tensor weight, bias; /* without bias, its data is NULL */
    uint32_t in, out, kernel, stride, dilation, groups;
    vrn_onnx_norm norm;
    const vrn_onnx_node *norm_nodes[2]; /* of the weight, and of the bias */
    uint32_t norm_slots[2];             /* in their inputs */
    uint32_t norm_groups;
    float eps;
} vrn_onnx_conv;

typedef struct vrn_onnx_linear {
    const vrn_onnx_node *node;
    vrn_tensor weight, bias; /* as above; weight is [out, in] */
} vrn_onnx_linear;

typedef enum vrn_onnx_activation {
    VRN_ONNX_ACTIVATION_NONE, /* not met yet */
    VRN_ONNX_RELU,
    VRN_ONNX_LEAKY_RELU,
    VRN_ONNX_SILU,
    VRN_ONNX_RELU6,
} vrn_onnx_activation;

typedef struct vrn_onnx_walk {
    vrn_onnx_model *model;
    vrn_onnx_activation activation; /* of all layers */
    float slope;
    uint64_t height, width; /* of the value that is walked; 0: not known */
    vrn_result result;      /* the first failure, the only one that is reported */
} vrn_onnx_walk;

/* Two numbers for both directions, and four sides: top, left, bottom, right. */
typedef struct vrn_onnx_window {
    int64_t kernel[2], stride[2], pads[4];
    bool ceil;
} vrn_onnx_window;

/* The only node that reads a value, or NULL. */
vrn_onnx_node *vrn_onnx_reader(const vrn_onnx_walk *w, uint32_t value);

/* Reports that a node, or the first one after a value, does not fit. Always returns false. */
bool vrn_onnx_misfit(vrn_onnx_walk *w, const vrn_onnx_node *node, const char *expected);
bool vrn_onnx_misfit_behind(vrn_onnx_walk *w, uint32_t value, const char *expected);

enum { VRN_ONNX_STRIDE_MAX = 8 };

/* Reads how much a Pad of any kind adds: [begin of N, C, H, W, end of N, C, H, W]. False: not
 * known, or negative. */
bool vrn_onnx_find_pads(const vrn_onnx_walk *w, const vrn_onnx_node *node, int64_t pads[8]);

/* The same for a Pad of zeros; fails for any other Pad. */
bool vrn_onnx_read_pad(vrn_onnx_walk *w, const vrn_onnx_node *node, int64_t pads[8]);

/* Takes a convolution that changes the size only by its stride, a Pad before it and the norm after
 * it. `place` says in messages where it is. */
bool vrn_onnx_take_conv(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *first, const char *place,
                        vrn_onnx_conv *conv);

/* Takes the norm of conv->out channels that begins with `node`, which reads the value. If there is
 * none, does nothing and returns true. */
bool vrn_onnx_take_norm(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *node,
                        vrn_onnx_conv *conv);

/* Takes an activation, which must be the same everywhere in the network. */
bool vrn_onnx_take_activation(vrn_onnx_walk *w, uint32_t *value);

/* True if an activation of any kind reads a value. */
bool vrn_onnx_is_activation(const vrn_onnx_walk *w, uint32_t value);

/* Reads the window of a pool, but leaves it to the caller to take the node. */
bool vrn_onnx_read_window(vrn_onnx_walk *w, const vrn_onnx_node *node, vrn_onnx_window *window);

/* Takes a linear layer: a Gemm, or a MatMul and an Add. */
bool vrn_onnx_take_linear(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_linear *linear);

/* Marks a node, and moves the value to its output. */
void vrn_onnx_use_node(const vrn_onnx_walk *w, vrn_onnx_node *node, uint32_t *value);

#endif
