/* The graph of an architecture, operator by operator. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/util.h"
#include "net/arch.h"
#include "net/graph.h"

enum { MAX_SIDE = 65536 };

/* Appending after a failed allocation does nothing; vrn_graph_build looks at `failed` once. */
typedef struct builder {
    vrn_graph *graph;
    const vrn_arch *arch;
    char prefix[32]; /* of the names of the nodes that follow: "layer1.0." */
    bool failed;
    bool uneven; /* a block's two paths have outputs of different sizes */
} builder;

typedef struct conv_spec {
    uint32_t out, kernel, stride, dilation, groups;
} conv_spec;

static bool reserve(vrn_graph *graph)
{
    vrn_node *nodes = vrn_grow(graph->nodes, graph->count, &graph->capacity, sizeof *nodes);
    if (nodes) graph->nodes = nodes;
    return nodes;
}

/* A description with neutral values: factors are 1 and summands 0, until an operator sets them. */
static vrn_op_desc describe(const builder *b, vrn_op op, vrn_value input)
{
    const vrn_shape in = vrn_graph_shape(b->graph, input);
    vrn_op_desc desc = {.op = op, .in = in, .out = in};
    desc.kernel = desc.stride = desc.dilation = (vrn_extent){1, 1};
    desc.groups = 1;
    desc.subsample = 1;
    desc.epilogue.residual_stride = 1;
    return desc;
}

/* The number of parameters of an operator, which have the first roles. A convolution with its own
 * bias has one more. */
static const struct {
    uint32_t count, weight_rank;
} parameters[VRN_OP_COUNT] = {
    [VRN_OP_CONV] = {1, 4},   [VRN_OP_BATCH_NORM] = {4, 1},   [VRN_OP_GROUP_NORM] = {2, 1},
    [VRN_OP_LINEAR] = {2, 2}, [VRN_OP_CHANNEL_CONV] = {1, 3},
};

static uint32_t parameter_count(const vrn_op_desc *desc)
{
    const bool bias = desc->op == VRN_OP_CONV && desc->epilogue.bias;
    return parameters[desc->op].count + bias;
}

/* Appends a node without parameters. NULL: out of memory. */
static vrn_node *append(builder *b, const char *name, const vrn_op_desc *desc, vrn_value input,
                        vrn_value residual)
{
    b->failed = b->failed || !reserve(b->graph);
    if (b->failed) return NULL;
    vrn_node *node = &b->graph->nodes[b->graph->count++];
    memset(node, 0, sizeof *node);
    node->desc = *desc;
    node->input = input;
    node->residual = residual;
    node->gate = VRN_NO_VALUE;
    node->weight_rank = parameters[desc->op].weight_rank;
    snprintf(node->name, sizeof node->name, "%s%s", b->prefix, name);
    memcpy(node->output, node->name, sizeof node->output);
    for (uint32_t i = 0; i < VRN_PARAM_COUNT; i++) node->own[i] = node->norm[i] = VRN_NO_PARAMETER;
    return node;
}

/* Appends a node with the next parameters. */
static vrn_value push(builder *b, const char *name, const vrn_op_desc *desc, vrn_value input,
                      vrn_value residual)
{
    vrn_node *node = append(b, name, desc, input, residual);
    if (!node) return 0;
    for (uint32_t role = 0; role < parameter_count(desc); role++) {
        node->own[role] = b->graph->parameter_count++;
    }
    return b->graph->count;
}

/* PyTorch's rule for convolutions and pools; the paddings here never leave less than one pixel. */
static uint32_t output_side(uint32_t side, uint32_t kernel, uint32_t stride, uint32_t padding,
                            uint32_t dilation)
{
    return (side + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

static void set_window(vrn_op_desc *desc, uint32_t kernel, uint32_t stride, uint32_t dilation)
{
    uint32_t padding = dilation * (kernel / 2);
    desc->kernel = (vrn_extent){kernel, kernel};
    desc->stride = (vrn_extent){stride, stride};
    desc->padding = (vrn_extent){padding, padding};
    desc->dilation = (vrn_extent){dilation, dilation};
    desc->out.h = output_side(desc->in.h, kernel, stride, padding, dilation);
    desc->out.w = output_side(desc->in.w, kernel, stride, padding, dilation);
}

static vrn_value push_conv(builder *b, const char *name, vrn_value input, const conv_spec *spec)
{
    vrn_op_desc desc = describe(b, VRN_OP_CONV, input);
    set_window(&desc, spec->kernel, spec->stride, spec->dilation);
    desc.out.c = spec->out;
    desc.groups = spec->groups;
    desc.epilogue.bias = b->arch->norm == VRN_NORM_NONE;
    return push(b, name, &desc, input, VRN_NO_VALUE);
}

static vrn_value push_activation(builder *b, const char *name, vrn_value input)
{
    vrn_op_desc desc = describe(b, VRN_OP_RELU, input);
    vrn_epilogue *e = &desc.epilogue;
    e->activation = b->arch->activation;
    if (e->activation == VRN_ACTIVATION_LEAKY_RELU) e->slope = b->arch->negative_slope;
    return push(b, name, &desc, input, VRN_NO_VALUE);
}

static vrn_value push_norm(builder *b, const char *name, vrn_value input)
{
    bool group = b->arch->norm == VRN_NORM_GROUP;
    if (b->arch->norm == VRN_NORM_NONE) return input;
    vrn_op_desc desc = describe(b, group ? VRN_OP_GROUP_NORM : VRN_OP_BATCH_NORM, input);
    desc.eps = b->arch->norm_eps;
    if (group) desc.groups = b->arch->norm_groups;
    return push(b, name, &desc, input, VRN_NO_VALUE);
}

static vrn_value push_plain(builder *b, vrn_op op, const char *name, vrn_value input)
{
    vrn_op_desc desc = describe(b, op, input);
    return push(b, name, &desc, input, VRN_NO_VALUE);
}

/* The mean of windows that do not overlap. With `ceil` the last ones may cross the edge, and are
 * the mean of the pixels inside. */
static vrn_value push_mean_pool(builder *b, const char *name, vrn_value input, uint32_t side,
                                bool ceil)
{
    vrn_op_desc desc = describe(b, VRN_OP_MEAN_POOL, input);
    if (side == 1) return input;
    desc.kernel = desc.stride = (vrn_extent){side, side};
    desc.out.h = ceil ? vrn_div_up(desc.in.h, side) : vrn_max_u32(desc.in.h / side, 1);
    desc.out.w = ceil ? vrn_div_up(desc.in.w, side) : vrn_max_u32(desc.in.w / side, 1);
    return push(b, name, &desc, input, VRN_NO_VALUE);
}

/* The image is reflected far enough that each stride has a pixel. */
static vrn_value push_blur(builder *b, const char *name, vrn_value input, uint32_t stride)
{
    vrn_op_desc desc = describe(b, VRN_OP_BLUR, input);
    const uint32_t size = b->arch->blur_size, before = (size - 1) / 2;
    desc.kernel = (vrn_extent){size, size};
    desc.stride = (vrn_extent){stride, stride};
    desc.padding = (vrn_extent){before, before};
    desc.out.h = vrn_div_up(desc.in.h, stride);
    desc.out.w = vrn_div_up(desc.in.w, stride);
    return push(b, name, &desc, input, VRN_NO_VALUE);
}

/* Applies the stride in an anti-aliased network, instead of a convolution. */
static vrn_value push_window(builder *b, vrn_value input, uint32_t stride)
{
    if (stride == 1) return input;
    if (b->arch->antialias == VRN_ANTIALIAS_BLUR) return push_blur(b, "aa", input, stride);
    return push_mean_pool(b, "aa", input, stride, false);
}

/* A window that begins beyond the edge is left out, as PyTorch does with ceil_mode. */
static uint32_t caffe_side(uint32_t side)
{
    return side <= 3 ? 1 : (side - 2) / 2 + 1;
}

static vrn_value push_stem_pool(builder *b, vrn_value input)
{
    const vrn_pool pool = b->arch->pool;
    if (pool == VRN_POOL_NONE) return input;
    if (pool == VRN_POOL_CONV) {
        const conv_spec conv = {b->arch->stem_planes, 3, 2, 1, 1};
        input = push_norm(b, "maxpool.1", push_conv(b, "maxpool.0", input, &conv));
        return push_activation(b, "maxpool.2", input);
    }
    if (pool == VRN_POOL_MAX_BLUR || pool == VRN_POOL_MAX2_BLUR) {
        vrn_op_desc max = describe(b, VRN_OP_MAX_POOL, input);
        set_window(&max, 3, 1, 1);
        if (pool == VRN_POOL_MAX2_BLUR) {
            max.kernel = (vrn_extent){2, 2};
            max.padding = (vrn_extent){0, 0};
            max.out.h = vrn_max_u32(max.in.h, 2) - 1;
            max.out.w = vrn_max_u32(max.in.w, 2) - 1;
        }
        input = push(b, "maxpool.0", &max, input, VRN_NO_VALUE);
        return push_blur(b, "maxpool.1", input, 2);
    }
    if (pool == VRN_POOL_MEAN) return push_mean_pool(b, "maxpool", input, 2, false);
    vrn_op_desc desc = describe(b, VRN_OP_MAX_POOL, input);
    set_window(&desc, 3, 2, 1);
    if (pool == VRN_POOL_CAFFE) {
        desc.padding = (vrn_extent){0, 0};
        desc.out.h = caffe_side(desc.in.h);
        desc.out.w = caffe_side(desc.in.w);
    }
    desc.offset = pool == VRN_POOL_MAX_ZEROS;
    return push(b, "maxpool", &desc, input, VRN_NO_VALUE);
}

static vrn_value push_stem(builder *b)
{
    const vrn_arch *arch = b->arch;
    conv_spec conv = {arch->stem_planes, arch->stem_kernel, arch->stem_stride, 1, 1};
    vrn_value value = 0;
    if (arch->stem == VRN_STEM_DEEP) { /* a Sequential, by PyTorch's names of its parts */
        conv.out = arch->stem_width;
        value = push_conv(b, "conv1.0", 0, &conv);
        value = push_activation(b, "conv1.2", push_norm(b, "conv1.1", value));
        conv.stride = 1;
        conv.out = arch->stem_width2;
        value = push_conv(b, "conv1.3", value, &conv);
        value = push_activation(b, "conv1.5", push_norm(b, "conv1.4", value));
        conv.out = arch->stem_planes;
        value = push_conv(b, "conv1.6", value, &conv);
    } else {
        value = push_conv(b, "conv1", 0, &conv);
    }
    if (!arch->preactivation) value = push_activation(b, "relu", push_norm(b, "bn1", value));
    return push_stem_pool(b, value);
}

/* A norm, the activation and, if the block strides by a window, that window. */
static vrn_value push_middle(builder *b, vrn_value input, const char *norm, const char *relu,
                             uint32_t window)
{
    vrn_value value = push_activation(b, relu, push_norm(b, norm, input));
    return push_window(b, value, window);
}

static vrn_value push_basic(builder *b, vrn_value input, const vrn_stage *stage, uint32_t stride)
{
    uint32_t planes = (uint32_t)stage->width;
    uint32_t window = b->arch->antialias == VRN_ANTIALIAS_NONE ? 1 : stride;
    vrn_value value = push_conv(b, "conv1", input, &(conv_spec){planes, 3, stride / window, 1, 1});
    value = push_middle(b, value, "bn1", "relu1", window);
    value = push_conv(b, "conv2", value, &(conv_spec){planes, 3, 1, 1, 1});
    return push_norm(b, "bn2", value);
}

static vrn_value push_bottleneck(builder *b, vrn_value input, const vrn_stage *stage,
                                 uint32_t stride, uint32_t dilation)
{
    uint32_t width = (uint32_t)stage->width, out = (uint32_t)stage->out;
    uint32_t first = b->arch->stride_on_1x1 ? stride : 1, second = stride / first;
    uint32_t window = b->arch->antialias == VRN_ANTIALIAS_NONE ? 1 : second;
    vrn_value value = push_conv(b, "conv1", input, &(conv_spec){width, 1, first, 1, 1});
    value = push_middle(b, value, "bn1", "relu1", 1);
    value = push_conv(b, "conv2", value,
                      &(conv_spec){width, 3, second / window, dilation, b->arch->groups});
    value = push_middle(b, value, "bn2", "relu2", window);
    value = push_conv(b, "conv3", value, &(conv_spec){out, 1, 1, 1, 1});
    return push_norm(b, "bn3", value);
}

static vrn_value push_shortcut(builder *b, vrn_value input, const vrn_stage *stage)
{
    uint32_t out = (uint32_t)stage->out;
    conv_spec conv = {out, 1, stage->stride, 1, 1};
    const bool blurs = b->arch->shortcut == VRN_SHORTCUT_BLUR && stage->stride > 1;
    if (b->arch->shortcut == VRN_SHORTCUT_PROJECTION ||
        (b->arch->shortcut == VRN_SHORTCUT_BLUR && !blurs)) {
        vrn_value value = push_conv(b, "downsample.0", input, &conv);
        return push_norm(b, "downsample.1", value);
    }
    if (b->arch->shortcut == VRN_SHORTCUT_MEAN || blurs) {
        conv.stride = 1;
        vrn_value value = blurs ? push_blur(b, "downsample.0", input, stage->stride)
                                : push_mean_pool(b, "downsample.0", input, stage->stride, true);
        value = push_conv(b, "downsample.1", value, &conv);
        return push_norm(b, "downsample.2", value);
    }
    /* He et al. 2015, section 4.2, as Idelbayev's LambdaLayer does it: x[:, :, ::2, ::2], and half
     * of the new channels on either side. */
    vrn_op_desc desc = describe(b, VRN_OP_SHORTCUT, input);
    desc.subsample = stage->stride;
    desc.offset = b->arch->shortcut == VRN_SHORTCUT_PAD ? (out - desc.in.c) / 2 : 0;
    desc.out = (vrn_shape){vrn_div_up(desc.in.h, stage->stride),
                           vrn_div_up(desc.in.w, stage->stride), out};
    return push(b, "shortcut", &desc, input, VRN_NO_VALUE);
}

static vrn_value push_linear(builder *b, const char *name, vrn_value input, uint32_t out)
{
    vrn_op_desc desc = describe(b, VRN_OP_LINEAR, input);
    desc.out.c = out;
    return push(b, name, &desc, input, VRN_NO_VALUE);
}

static vrn_value push_sigmoid(builder *b, const char *name, vrn_value input)
{
    vrn_op_desc desc = describe(b, VRN_OP_RELU, input);
    desc.epilogue.activation = VRN_ACTIVATION_SIGMOID;
    return push(b, name, &desc, input, VRN_NO_VALUE);
}

static vrn_value push_mean(builder *b, const char *name, vrn_value input)
{
    vrn_op_desc desc = describe(b, VRN_OP_AVG_POOL, input);
    desc.out.h = desc.out.w = 1;
    return push(b, name, &desc, input, VRN_NO_VALUE);
}

/* Squeeze and excitation: two 1x1 convolutions of one pixel, which are linear layers. */
static vrn_value push_squeeze(builder *b, vrn_value input, uint32_t width)
{
    const uint32_t channels = vrn_graph_shape(b->graph, input).c;
    vrn_value value = push_linear(b, "se.fc1", input, width);
    if (!b->failed) b->graph->nodes[value - 1].weight_rank = 4;
    value = push_plain(b, VRN_OP_RELU, "se.act", value);
    value = push_linear(b, "se.fc2", value, channels);
    if (!b->failed) b->graph->nodes[value - 1].weight_rank = 4;
    return value;
}

static vrn_value push_channel_conv(builder *b, vrn_value input, uint32_t kernel)
{
    vrn_op_desc desc = describe(b, VRN_OP_CHANNEL_CONV, input);
    desc.kernel.x = kernel;
    return push(b, "se.conv", &desc, input, VRN_NO_VALUE);
}

/* Weights channels by a function of their means over the image (vrn_attention). */
static vrn_value push_attention(builder *b, vrn_value input, uint32_t width)
{
    if (b->arch->attention == VRN_ATTENTION_NONE) return input;
    vrn_value gate = push_mean(b, "se.avgpool", input);
    gate = b->arch->attention == VRN_ATTENTION_SE ? push_squeeze(b, gate, width)
                                                  : push_channel_conv(b, gate, width);
    gate = push_sigmoid(b, "se.gate", gate);
    vrn_op_desc desc = describe(b, VRN_OP_SCALE, input);
    const vrn_value value = push(b, "se.scale", &desc, input, VRN_NO_VALUE);
    if (!b->failed) b->graph->nodes[value - 1].gate = gate;
    return value;
}

/* A norm and the activation, then a convolution. */
static vrn_value push_unit(builder *b, vrn_value input, uint32_t number, const conv_spec *conv)
{
    char bn[8], relu[8], name[8];
    snprintf(bn, sizeof bn, "bn%u", number);
    snprintf(relu, sizeof relu, "relu%u", number);
    snprintf(name, sizeof name, "conv%u", number);
    vrn_value value = push_activation(b, relu, push_norm(b, bn, input));
    return conv ? push_conv(b, name, value, conv) : value;
}

/* v2: a shortcut that is not the identity begins after the first activation. */
static vrn_value push_preactivation_block(builder *b, vrn_value input, const vrn_stage *stage,
                                          bool first)
{
    const uint32_t width = (uint32_t)stage->width, out = (uint32_t)stage->out;
    const uint32_t stride = first ? stage->stride : 1, outer = b->arch->stride_on_1x1 ? stride : 1;
    const uint32_t dilation = first ? stage->first_dilation : stage->dilation;
    const vrn_value before = push_unit(b, input, 1, NULL);
    vrn_value value, identity = input;
    if (b->arch->block == VRN_BLOCK_BOTTLENECK) {
        value = push_conv(b, "conv1", before, &(conv_spec){width, 1, outer, 1, 1});
        value = push_unit(b, value, 2,
                          &(conv_spec){width, 3, stride / outer, dilation, b->arch->groups});
        value = push_unit(b, value, 3, &(conv_spec){out, 1, 1, 1, 1});
    } else {
        value = push_conv(b, "conv1", before, &(conv_spec){out, 3, stride, 1, 1});
        value = push_unit(b, value, 2, &(conv_spec){out, 3, 1, 1, 1});
    }
    value = push_attention(b, value, stage->attention);
    if (first && stage->reshapes && b->arch->shortcut == VRN_SHORTCUT_MEAN) {
        identity = push_mean_pool(b, "downsample.0", before, stride, true);
        identity = push_conv(b, "downsample.1", identity, &(conv_spec){out, 1, 1, 1, 1});
    } else if (first && stage->reshapes) {
        identity = push_conv(b, "downsample.0", before, &(conv_spec){out, 1, stride, 1, 1});
    }
    vrn_op_desc add = describe(b, VRN_OP_ADD, value);
    return push(b, "add", &add, value, identity);
}

static vrn_value push_block(builder *b, vrn_value input, const vrn_stage *stage, bool first)
{
    if (b->arch->preactivation) return push_preactivation_block(b, input, stage, first);
    uint32_t stride = first ? stage->stride : 1;
    uint32_t dilation = first ? stage->first_dilation : stage->dilation;
    vrn_value value = b->arch->block == VRN_BLOCK_BOTTLENECK
                          ? push_bottleneck(b, input, stage, stride, dilation)
                          : push_basic(b, input, stage, stride);
    value = push_attention(b, value, stage->attention);
    vrn_value identity = first && stage->reshapes ? push_shortcut(b, input, stage) : input;

    const vrn_shape out = vrn_graph_shape(b->graph, value);
    const vrn_shape other = vrn_graph_shape(b->graph, identity);
    b->uneven = b->uneven || out.h != other.h || out.w != other.w;
    vrn_op_desc add = describe(b, VRN_OP_ADD, value);
    value = push(b, "add", &add, value, identity);
    return push_activation(b, "relu", value);
}

static void push_head(builder *b, vrn_value value)
{
    value = push_mean(b, "avgpool", value);
    const vrn_arch *arch = b->arch;
    if (arch->head == VRN_HEAD_NONE) {
        b->graph->logits = b->graph->probabilities = value; /* not returned to the caller */
        return;
    }
    if (arch->head == VRN_HEAD_MLP) {
        value = push_linear(b, "fc.0", value, arch->head_width);
        value = push_plain(b, VRN_OP_RELU, "fc.1", value);
    }
    value = push_linear(b, arch->head == VRN_HEAD_MLP ? "fc.2" : "fc", value, arch->num_classes);
    b->graph->logits = value;
    if (arch->probabilities == VRN_PROBABILITIES_LOGITS) {
        b->graph->probabilities = value;
        return;
    }
    if (arch->probabilities == VRN_PROBABILITIES_SIGMOID) {
        b->graph->probabilities = push_sigmoid(b, VRN_SIGMOID, value);
        return;
    }
    b->graph->probabilities = push_plain(b, VRN_OP_SOFTMAX, "softmax", value);
}

vrn_result vrn_graph_build(vrn_graph *graph, const vrn_arch *arch, uint32_t height, uint32_t width,
                           const vrn_log *log)
{
    *graph = (vrn_graph){.input = {height, width, arch->in_channels}};
    const bool small = height < 1 || width < 1;
    const unsigned limit = small ? 1 : MAX_SIDE;
    if (small || height > limit || width > limit) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "an input of %ux%u pixels is too %s: expected at %s %ux%u", height, width,
                        small ? "small" : "large", small ? "least" : "most", limit, limit);
    }

    builder b = {.graph = graph, .arch = arch};
    vrn_stage stages[VRN_MAX_STAGES];
    vrn_arch_stages(arch, stages);
    vrn_value value = push_stem(&b);
    for (uint32_t i = 0; i < arch->stages; i++) {
        for (uint32_t block = 0; block < arch->layers[i]; block++) {
            snprintf(b.prefix, sizeof b.prefix, "layer%u.%u.", i + 1, block);
            value = push_block(&b, value, &stages[i], block == 0);
        }
    }
    b.prefix[0] = 0;
    if (arch->final_norm) value = push_activation(&b, "relu", push_norm(&b, "norm", value));
    push_head(&b, value);
    if (!b.failed && !b.uneven) return VRN_OK;
    vrn_graph_free(graph);
    if (b.failed) return vrn_fail_memory(log);
    return vrn_fail(
        log, VRN_ERROR_INVALID_ARGUMENT,
        "an input of %ux%u pixels: antialias=mean halves it several times, and its sides "
        "must be even each time: use multiples of 32, for example",
        height, width);
}

vrn_result vrn_graph_add_class_map(vrn_graph *graph, vrn_value *value, const vrn_log *log)
{
    *value = vrn_graph_find(graph, VRN_CLASS_MAP);
    if (*value != VRN_NO_VALUE) return VRN_OK;
    /* A linear layer's weights, [K, C], are those of a 1x1 convolution. */
    const vrn_node *linear = &graph->nodes[graph->logits - 1];
    const vrn_node *pool = &graph->nodes[linear->input - 1];
    if (linear->desc.op != VRN_OP_LINEAR || pool->desc.op != VRN_OP_AVG_POOL) {
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        VRN_CLASS_MAP ": expected one linear layer after the average pool");
    }
    builder b = {.graph = graph};
    vrn_op_desc desc = describe(&b, VRN_OP_CONV, pool->input);
    desc.out.c = linear->desc.out.c;
    desc.epilogue.bias = true;
    vrn_node *node = append(&b, VRN_CLASS_MAP, &desc, pool->input, VRN_NO_VALUE);
    if (!node) return vrn_fail_memory(log);
    memcpy(node->own, graph->nodes[graph->logits - 1].own, sizeof node->own);
    *value = graph->count;
    return VRN_OK;
}
