#include "net/graph.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

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
    for (uint32_t role = 0; role < VRN_PARAM_COUNT; role++) {
        if (node->own[role] == VRN_NO_PARAMETER) continue;
        char name[VRN_PARAMETER_NAME_MAX];
        snprintf(name, sizeof name, "%s.%s", node->name, role_names[role]);
        vrn_parameter parameter = {
            .name = name,
            .rank = role == VRN_PARAM_WEIGHT ? node->weight_rank : 1,
            .shape = {desc->out.c, desc->in.c / desc->groups, desc->kernel.y, desc->kernel.x},
            .index = node->own[role],
            .role = role,
            .buffer = role >= VRN_PARAM_MEAN,
            .node = node,
        };
        if (desc->op == VRN_OP_CHANNEL_CONV) {
            memcpy(parameter.shape, (uint64_t[]){1, 1, desc->kernel.x}, 3 * sizeof(uint64_t));
        }
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
