#include "net/graph.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/util.h"
#include "net/arch.h"

enum { MAX_SIDE = 65536 };

/* Appending after a failed allocation does nothing; vrn_graph_build looks at `failed` once. */
typedef struct builder {
    vrn_graph *graph;
    const vrn_arch *arch;
    char prefix[32]; /* of the names of the nodes that follow: "layer1.0." */
    bool failed;
} builder;

typedef struct conv_spec {
    uint32_t out, kernel, stride, dilation, groups;
} conv_spec;

vrn_shape vrn_graph_shape(const vrn_graph *graph, vrn_value value)
{
    assert(value <= graph->count);
    return value == 0 ? graph->input : graph->nodes[value - 1].desc.out;
}

vrn_format vrn_graph_format(const vrn_graph *graph, vrn_value value)
{
    if (value == 0) return (vrn_format){.type = VRN_TYPE_F32};
    return graph->nodes[value - 1].desc.y;
}

uint64_t vrn_graph_bytes(const vrn_graph *graph, vrn_value value)
{
    return vrn_tensor_bytes(vrn_graph_shape(graph, value), vrn_graph_format(graph, value).type);
}

static bool reserve(vrn_graph *graph)
{
    vrn_node *nodes = vrn_grow(graph->nodes, graph->count, &graph->capacity, sizeof *nodes);
    if (nodes) graph->nodes = nodes;
    return nodes;
}

/* A description with everything at rest: what an operator does not use is 1 where it would multiply
 * and 0 where it would add. */
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

/* What parameters an operator has: always the first ones of the roles. */
static const struct {
    uint32_t count, weight_rank;
} parameters[VRN_OP_COUNT] = {
    [VRN_OP_CONV] = {1, 4},
    [VRN_OP_BATCH_NORM] = {4, 1},
    [VRN_OP_GROUP_NORM] = {2, 1},
    [VRN_OP_LINEAR] = {2, 2},
};

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
    for (uint32_t role = 0; role < parameters[desc->op].count; role++) {
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
    return push(b, name, &desc, input, VRN_NO_VALUE);
}

static vrn_value push_norm(builder *b, const char *name, vrn_value input)
{
    bool group = b->arch->norm == VRN_NORM_GROUP;
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

static vrn_value push_stem(builder *b)
{
    bool imagenet = b->arch->stem == VRN_STEM_IMAGENET;
    conv_spec conv = {b->arch->planes[0], imagenet ? 7 : 3, imagenet ? 2 : 1, 1, 1};
    vrn_value value = push_conv(b, "conv1", 0, &conv);
    value = push_norm(b, "bn1", value);
    value = push_plain(b, VRN_OP_RELU, "relu", value);
    if (!imagenet) return value;

    vrn_op_desc pool = describe(b, VRN_OP_MAX_POOL, value);
    set_window(&pool, 3, 2, 1);
    return push(b, "maxpool", &pool, value, VRN_NO_VALUE);
}

static vrn_value push_basic(builder *b, vrn_value input, const vrn_stage *stage, uint32_t stride)
{
    uint32_t planes = (uint32_t)stage->width;
    vrn_value value = push_conv(b, "conv1", input, &(conv_spec){planes, 3, stride, 1, 1});
    value = push_norm(b, "bn1", value);
    value = push_plain(b, VRN_OP_RELU, "relu1", value);
    value = push_conv(b, "conv2", value, &(conv_spec){planes, 3, 1, 1, 1});
    return push_norm(b, "bn2", value);
}

static vrn_value push_bottleneck(builder *b, vrn_value input, const vrn_stage *stage,
                                 uint32_t stride, uint32_t dilation)
{
    uint32_t width = (uint32_t)stage->width, out = (uint32_t)stage->out;
    uint32_t first = b->arch->stride_on_1x1 ? stride : 1, second = stride / first;
    vrn_value value = push_conv(b, "conv1", input, &(conv_spec){width, 1, first, 1, 1});
    value = push_norm(b, "bn1", value);
    value = push_plain(b, VRN_OP_RELU, "relu1", value);
    value = push_conv(b, "conv2", value, &(conv_spec){width, 3, second, dilation, b->arch->groups});
    value = push_norm(b, "bn2", value);
    value = push_plain(b, VRN_OP_RELU, "relu2", value);
    value = push_conv(b, "conv3", value, &(conv_spec){out, 1, 1, 1, 1});
    return push_norm(b, "bn3", value);
}

static vrn_value push_shortcut(builder *b, vrn_value input, const vrn_stage *stage)
{
    uint32_t out = (uint32_t)stage->out;
    if (b->arch->shortcut == VRN_SHORTCUT_PROJECTION) {
        conv_spec conv = {out, 1, stage->stride, 1, 1};
        vrn_value value = push_conv(b, "downsample.0", input, &conv);
        return push_norm(b, "downsample.1", value);
    }
    /* He et al. 2015, section 4.2, as Idelbayev's LambdaLayer does it: x[:, :, ::2, ::2], and half
     * of the new channels on either side. */
    vrn_op_desc desc = describe(b, VRN_OP_SHORTCUT, input);
    desc.subsample = stage->stride;
    desc.offset = (out - desc.in.c) / 2;
    desc.out = (vrn_shape){vrn_div_up(desc.in.h, stage->stride),
                           vrn_div_up(desc.in.w, stage->stride), out};
    return push(b, "shortcut", &desc, input, VRN_NO_VALUE);
}

static vrn_value push_block(builder *b, vrn_value input, const vrn_stage *stage, bool first)
{
    uint32_t stride = first ? stage->stride : 1;
    uint32_t dilation = first ? stage->first_dilation : stage->dilation;
    vrn_value value = b->arch->block == VRN_BLOCK_BOTTLENECK
                          ? push_bottleneck(b, input, stage, stride, dilation)
                          : push_basic(b, input, stage, stride);
    vrn_value identity = first && stage->reshapes ? push_shortcut(b, input, stage) : input;

    vrn_op_desc add = describe(b, VRN_OP_ADD, value);
    value = push(b, "add", &add, value, identity);
    return push_plain(b, VRN_OP_RELU, "relu", value);
}

static void push_head(builder *b, vrn_value value)
{
    vrn_op_desc pool = describe(b, VRN_OP_AVG_POOL, value);
    pool.out.h = pool.out.w = 1;
    value = push(b, "avgpool", &pool, value, VRN_NO_VALUE);

    vrn_op_desc linear = describe(b, VRN_OP_LINEAR, value);
    linear.out.c = b->arch->num_classes;
    b->graph->logits = push(b, "fc", &linear, value, VRN_NO_VALUE);
    b->graph->probabilities = push_plain(b, VRN_OP_SOFTMAX, "softmax", b->graph->logits);
}

vrn_result vrn_graph_build(vrn_graph *graph, const vrn_arch *arch, uint32_t height, uint32_t width,
                           const vrn_log *log)
{
    *graph = (vrn_graph){.input = {height, width, 3}};
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
    push_head(&b, value);
    if (!b.failed) return VRN_OK;
    vrn_graph_free(graph);
    return vrn_fail_memory(log);
}

vrn_result vrn_graph_add_class_map(vrn_graph *graph, vrn_value *value, const vrn_log *log)
{
    *value = vrn_graph_find(graph, VRN_CLASS_MAP);
    if (*value != VRN_NO_VALUE) return VRN_OK;
    /* A linear layer's weights, [K, C], are those of a 1x1 convolution. */
    const vrn_node *linear = &graph->nodes[graph->logits - 1];
    const vrn_node *pool = &graph->nodes[linear->input - 1];
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

void vrn_graph_free(vrn_graph *graph)
{
    vrn_free(graph->nodes);
    *graph = (vrn_graph){0};
}

vrn_value vrn_graph_find(const vrn_graph *graph, const char *name)
{
    /* A module that holds others returns what the last of them returns. */
    size_t length = strlen(name);
    vrn_value last_inside = VRN_NO_VALUE;
    for (uint32_t i = 0; i < graph->count; i++) {
        const char *node = graph->nodes[i].name;
        if (strncmp(node, name, length) != 0) continue;
        if (node[length] == 0) return i + 1;
        if (node[length] == '.' && length > 0) last_inside = i + 1;
    }
    return last_inside;
}

/* ---- Parameters ------------------------------------------------------------------------------ */

static const char *const role_names[VRN_PARAM_COUNT] = {
    [VRN_PARAM_WEIGHT] = "weight",
    [VRN_PARAM_BIAS] = "bias",
    [VRN_PARAM_MEAN] = "running_mean",
    [VRN_PARAM_VAR] = "running_var",
};

static vrn_result visit_node(const vrn_node *node, vrn_parameter_visitor visit, void *user)
{
    const vrn_op_desc *desc = &node->desc;
    for (uint32_t role = 0; role < parameters[desc->op].count; role++) {
        char name[VRN_PARAMETER_NAME_MAX];
        snprintf(name, sizeof name, "%s.%s", node->name, role_names[role]);
        vrn_parameter parameter = {
            .name = name,
            .rank = role == VRN_PARAM_WEIGHT ? parameters[desc->op].weight_rank : 1,
            .shape = {desc->out.c, desc->in.c / desc->groups, desc->kernel.y, desc->kernel.x},
            .index = node->own[role],
            .role = role,
            .buffer = role >= VRN_PARAM_MEAN,
            .node = node,
        };
        for (uint32_t i = parameter.rank; i < 4; i++) parameter.shape[i] = 0;
        vrn_result result = visit(user, &parameter);
        if (result) return result;
    }
    return VRN_OK;
}

vrn_result vrn_graph_visit_parameters(const vrn_graph *graph, vrn_parameter_visitor visit,
                                      void *user)
{
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; !result && i < graph->count; i++) {
        result = visit_node(&graph->nodes[i], visit, user);
    }
    return result;
}

vrn_result vrn_arch_visit_parameters(const vrn_arch *arch, vrn_parameter_visitor visit, void *user,
                                     const vrn_log *log)
{
    vrn_graph graph;
    vrn_result result = vrn_graph_build(&graph, arch, 1, 1, log);
    if (!result) result = vrn_graph_visit_parameters(&graph, visit, user);
    vrn_graph_free(&graph);
    return result;
}
