/* The network of an architecture at one input size: its operators in order of execution. */
#ifndef VRN_NET_GRAPH_H
#define VRN_NET_GRAPH_H

#include <vkresnet/vkresnet.h>

#include "net/op.h"

enum { VRN_NAME_MAX = 48, VRN_PARAMETER_NAME_MAX = VRN_NAME_MAX + 16 };

/* Values: 0 is the network's input; value i + 1 is the output of node i. */
typedef uint32_t vrn_value;
#define VRN_NO_VALUE UINT32_MAX

/* Parameters: counted in the order of vrn_arch_visit_parameters, whatever the input's size and what
 * is fused. */
#define VRN_NO_PARAMETER UINT32_MAX

typedef struct vrn_node {
    vrn_op_desc desc;
    /* the module's name in torchvision ("layer1.0.conv1"); for operators that are not modules
     * there, such as the addition, "layer1.0.add" */
    char name[VRN_NAME_MAX];
    vrn_value input;
    vrn_value residual; /* VRN_OP_ADD's second operand, or of the epilogue; else VRN_NO_VALUE */
    vrn_value gate;     /* VRN_OP_SCALE's factors, [1, 1, C] floats; else VRN_NO_VALUE */

    /* The node of the unfused graph whose output this one writes: itself, or the last of those that
     * were fused into it. */
    char output[VRN_NAME_MAX];

    /* The parameters by role (VRN_PARAM_WEIGHT ...): the node's own, and those of the batch norm
     * that was folded into it. VRN_NO_PARAMETER if there is none. */
    uint32_t own[VRN_PARAM_COUNT], norm[VRN_PARAM_COUNT];
    vrn_type w_rounded;   /* what weights are rounded to before they are stored as desc.w says */
    uint32_t weight_rank; /* of the own weight in PyTorch; 0: none */
} vrn_node;

typedef struct vrn_graph {
    vrn_shape input;
    vrn_node *nodes;
    uint32_t count, capacity;
    uint32_t parameter_count;
    vrn_value logits, probabilities;
} vrn_graph;

/* Builds the graph of an architecture that vrn_arch_check has passed, for an input of height x
 * width pixels. Nodes come in torchvision's order, a block's shortcut after its convolutions:
 *     conv1 bn1 relu [maxpool]
 *     layer1.0.conv1 .bn1 .relu1 .conv2 .bn2 [.relu2 .conv3 .bn3]
 *              [.se.avgpool .se.fc1 .se.act .se.fc2 .se.gate .se.scale |
 *               .se.avgpool .se.conv .se.gate .se.scale]
 *              [.downsample.0 .downsample.1 | .shortcut] .add .relu
 *     .. avgpool fc softmax
 * and of vrn_arch.preactivation:
 *     conv1 [maxpool]
 *     layer1.0.bn1 .relu1 .conv1 .bn2 .relu2 .conv2 [.bn3 .relu3 .conv3] [.se..]
 *              [.downsample.0] .add
 *     .. [norm relu] avgpool fc softmax
 * An add's first input is always the block's last norm or scale, its second, `residual`, the
 * shortcut, which may be computed later than the first. Epilogues are empty.
 * Errors: VRN_ERROR_INVALID_ARGUMENT where a side is 0 (one pixel is enough: every window is padded
 * by half its size) or over 65536, or odd where it is halved by means (VRN_ANTIALIAS_MEAN);
 * VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_graph_build(vrn_graph *graph, const vrn_arch *arch, uint32_t height, uint32_t width,
                           const vrn_log *log);
void vrn_graph_free(vrn_graph *graph);

/* The name of the node that computes probabilities by the sigmoid. */
#define VRN_SIGMOID "sigmoid"

/* The class activation map (Zhou et al. 2016): the linear layer applied at every position of what
 * the average pool reads, [classes, H, W], so that the mean over the positions is the logits.
 * PyTorch has no such module. This function adds it at the end of the graph; a second call gives
 * the same value. Call it before fusion. Errors: VRN_ERROR_UNSUPPORTED (a head that is not one
 * linear layer), VRN_ERROR_OUT_OF_MEMORY. */
#define VRN_CLASS_MAP "class_map"
vrn_result vrn_graph_add_class_map(vrn_graph *graph, vrn_value *value, const vrn_log *log);

/* The name of the network's input among taps; no module has it. */
#define VRN_INPUT_TAP "input"

/* The value that PyTorch's module `name` returns: of a node, of a block ("layer1.0"), of a stage
 * ("layer1") or of a shortcut ("layer2.0.downsample"). VRN_NO_VALUE if there is none. */
vrn_value vrn_graph_find(const vrn_graph *graph, const char *name);

vrn_shape vrn_graph_shape(const vrn_graph *graph, vrn_value value);

/* How a value is stored: as its node writes it; the input as floats. */
vrn_format vrn_graph_format(const vrn_graph *graph, vrn_value value);

/* Bytes of one image of a value on the device. */
uint64_t vrn_graph_bytes(const vrn_graph *graph, vrn_value value);

/* A parameter of an architecture: its name and the shape that it must have. */
typedef struct vrn_parameter {
    const char *name; /* valid during the call */
    uint32_t rank;
    uint64_t shape[4];
    uint32_t index;       /* 0, 1, ... */
    uint32_t role;        /* VRN_PARAM_WEIGHT .. */
    bool buffer;          /* running_mean or running_var */
    const vrn_node *node; /* of the graph at an input of 1x1; valid during the call */
} vrn_parameter;

/* Called for a parameter. A result other than VRN_OK ends the visits. */
typedef vrn_result (*vrn_parameter_visitor)(void *user, const vrn_parameter *parameter);

/* Calls `visit` for every parameter of an architecture, or of its graph before fusion, in the order
 * of torchvision's state_dict, without num_batches_tracked. Stops at and returns the first result
 * that is not VRN_OK. The only other error is VRN_ERROR_OUT_OF_MEMORY, which goes to `log`. */
vrn_result vrn_graph_visit_parameters(const vrn_graph *graph, vrn_parameter_visitor visit,
                                      void *user);
vrn_result vrn_arch_visit_parameters(const vrn_arch *arch, vrn_parameter_visitor visit, void *user,
                                     const vrn_log *log);

#endif
