#include "plan/precision.h"

#include <string.h>

#include "base/alloc.h"
#include "base/half.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/util.h"
#include "net/format.h"
#include "ops/kernel.h"
#include "plan/weights.h"

const char *vrn_precision_name(vrn_precision precision)
{
    static const char *const names[] = {
        [VRN_PRECISION_FP32] = "fp32",
        [VRN_PRECISION_FP16] = "fp16",
        [VRN_PRECISION_INT8] = "int8",
    };
    return (size_t)precision < VRN_COUNT(names) ? names[precision] : NULL;
}

typedef struct precision {
    vrn_graph *graph;
    const vrn_model *model;
    vrn_precision wanted;
    const char *const *fp32_layers;
    uint32_t fp32_layer_count;
    vrn_extremes *extremes; /* [graph.count], of the parameters */
} precision;

static bool has_parameters(const vrn_node *node)
{
    return node->desc.op == VRN_OP_CONV || node->desc.op == VRN_OP_LINEAR;
}

/* Finds the extremes of a node's parameters, for vrn_parallel_for. */
static vrn_result measure(void *user, uint32_t index)
{
    precision *p = user;
    if (!p->model || !has_parameters(&p->graph->nodes[index])) return VRN_OK;
    return vrn_weights_extremes(&p->extremes[index], p->model, &p->graph->nodes[index]);
}

static bool kept_in_fp32(const precision *p, const vrn_node *node)
{
    /* No other layer reads these: int8 or float16 would save nothing, and calibration has not seen
     * their range. */
    if (strcmp(node->name, VRN_CLASS_MAP) == 0) return true;
    if (strcmp(node->name, VRN_SIGMOID) == 0) return true;
    for (uint32_t i = 0; i < p->fp32_layer_count; i++) {
        if (strcmp(p->fp32_layers[i], node->name) == 0) return true;
    }
    return false;
}

/* float16 is exact enough if the larger parameters are normal numbers. If even the largest is close
 * to the smallest normal number, many parameters lose bits that matter. */
static bool fits_half(const vrn_extremes *e)
{
    return e->weight <= VRN_HALF_MAX && e->bias <= VRN_HALF_MAX &&
           (e->weight == 0 || e->weight >= 16 * VRN_HALF_MIN_NORMAL);
}

bool vrn_precision_keeps_floats(vrn_op op)
{
    static const bool keeps[VRN_OP_COUNT] = {
        [VRN_OP_GROUP_NORM] = true,   [VRN_OP_AVG_POOL] = true, [VRN_OP_LINEAR] = true,
        [VRN_OP_CHANNEL_CONV] = true, [VRN_OP_SOFTMAX] = true,
    };
    return keeps[op];
}

/* A ReLU after a linear layer or the like: a few numbers per image. */
static bool is_small(const precision *p, const vrn_node *node)
{
    return node->desc.op == VRN_OP_RELU && node->input != 0 &&
           vrn_precision_keeps_floats(p->graph->nodes[node->input - 1].desc.op) &&
           p->graph->nodes[node->input - 1].desc.op != VRN_OP_GROUP_NORM;
}

static vrn_format output_format(const precision *p, const vrn_node *node)
{
    if (vrn_precision_keeps_floats(node->desc.op) || is_small(p, node) || kept_in_fp32(p, node))
        return (vrn_format){.type = VRN_TYPE_F32};
    if (p->wanted == VRN_PRECISION_INT8) {
        float scale = p->model ? vrn_model_scale(p->model, node->output) : 1;
        /* A max pool computes nothing: its output has the values of its input. */
        if (node->desc.op == VRN_OP_MAX_POOL && node->desc.x.type == VRN_TYPE_I8) {
            scale = node->desc.x.scale;
        }
        if (scale > 0) return (vrn_format){.type = VRN_TYPE_I8, .scale = scale};
    }
    return (vrn_format){.type = VRN_TYPE_F16};
}

static vrn_type parameter_type(const precision *p, uint32_t index, const vrn_log *log)
{
    const vrn_node *node = &p->graph->nodes[index];
    const vrn_extremes *e = &p->extremes[index];
    if (!has_parameters(node) || kept_in_fp32(p, node)) return VRN_TYPE_F32;
    if (vrn_op_takes_bytes(&node->desc))
        return VRN_TYPE_I8; /* each channel has a scale: any range fits */
    if (fits_half(e)) return VRN_TYPE_F16;
    vrn_log_write(log, VRN_LOG_INFO,
                  "%s: weights up to %g and biases up to %g do not suit fp16: they stay in fp32",
                  node->name, e->weight, e->bias);
    return VRN_TYPE_F32;
}

static vrn_result check_names(const precision *p, const vrn_log *log)
{
    for (uint32_t i = 0; i < p->fp32_layer_count; i++) {
        const char *name = p->fp32_layers[i] ? p->fp32_layers[i] : "";
        bool found = false;
        for (uint32_t n = 0; n < p->graph->count && !found; n++) {
            found = strcmp(p->graph->nodes[n].name, name) == 0;
        }
        if (!found) {
            return vrn_fail(
                log, VRN_ERROR_INVALID_ARGUMENT,
                "fp32 layer '%s': the compiled network has no layer of this name; vkresnet profile "
                "lists its layers",
                name);
        }
    }
    if (p->wanted == VRN_PRECISION_INT8 && p->model && !vrn_model_has_scales(p->model)) {
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        "int8: the model has no scales: calibrate it first (vkresnet calibrate)");
    }
    return VRN_OK;
}

vrn_result vrn_graph_set_precision(vrn_graph *graph, const vrn_model *model, vrn_precision wanted,
                                   const char *const *fp32_layers, uint32_t fp32_layer_count,
                                   const vrn_log *log)
{
    precision p = {
        .graph = graph,
        .model = model,
        .wanted = wanted,
        .fp32_layers = fp32_layers,
        .fp32_layer_count = fp32_layer_count,
    };
    vrn_result result = check_names(&p, log);
    if (result || wanted == VRN_PRECISION_FP32) return result;
    p.extremes = vrn_alloc(graph->count, sizeof *p.extremes);
    if (!p.extremes) return vrn_fail_memory(log);
    result = vrn_parallel_for(graph->count, measure, &p);
    if (result) vrn_fail_memory(log); /* the only way it can fail */
    bool bytes = false;
    for (uint32_t i = 0; i < graph->count && !result; i++) {
        vrn_node *node = &graph->nodes[i];
        node->desc.x = vrn_graph_format(graph, node->input);
        if (node->residual != VRN_NO_VALUE) {
            node->desc.r = vrn_graph_format(graph, node->residual);
        }
        node->desc.y = output_format(&p, node);
        node->desc.w = parameter_type(&p, i, log);
        bytes = bytes || node->desc.w == VRN_TYPE_I8;
    }
    if (!result && wanted == VRN_PRECISION_INT8 && !bytes) {
        vrn_log_write(
            log, VRN_LOG_WARNING,
            "int8: the model has no scale for any layer of this network, which runs in fp16");
    }
    vrn_free(p.extremes);
    return result;
}

static void store_floats(vrn_format *format)
{
    format->rounded = vrn_format_values(*format);
    format->type = VRN_TYPE_F32;
}

bool vrn_device_stores_floats(const vrn_device *device)
{
    return device->probe.info.type == VRN_DEVICE_CPU &&
           vrn_device_has(device, VRN_CAPABILITY_BUFFER_ADDRESSES);
}

void vrn_graph_suit_device(vrn_graph *graph, const vrn_device *device)
{
    if (!vrn_device_stores_floats(device)) return;
    for (uint32_t i = 0; i < graph->count; i++) {
        vrn_op_desc *d = &graph->nodes[i].desc;
        store_floats(&d->x);
        store_floats(&d->y);
        store_floats(&d->r);
        graph->nodes[i].w_rounded = d->w;
        d->w = VRN_TYPE_F32;
    }
}
