#include "checkpoint/onnx_layers.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "checkpoint/onnx_numbers.h"
#include "checkpoint/onnx_weights.h"

enum { CHANNELS_MAX = 1 << 20, KERNEL_MAX = 7, NUMBER_MAX = 64, OPSET_GROUP_NORM = 21 };

/* ---- Nodes ----------------------------------------------------------------------------------- */

vrn_onnx_node *vrn_onnx_reader(const vrn_onnx_walk *w, uint32_t value)
{
    const vrn_onnx_value *v = &w->model->values[value];
    return v->use_count == 1 ? &w->model->nodes[w->model->uses[v->first_use].node] : NULL;
}

void vrn_onnx_use_node(const vrn_onnx_walk *w, vrn_onnx_node *node, uint32_t *value)
{
    node->used = true;
    *value = vrn_onnx_output(w->model, node);
}

bool vrn_onnx_misfit(vrn_onnx_walk *w, const vrn_onnx_node *node, const char *expected)
{
    char shown[VRN_ONNX_SHOWN_MAX], domain[VRN_ONNX_SHOWN_MAX];
    if (w->result || !node) return false; /* NULL: for analysers that see only this function */
    vrn_onnx_show_text(node->domain, domain);
    w->result = vrn_source_fail(
        w->model->source,
        "not a ResNet, or not one that can be run: node %s%s%.40s does not fit: expected %s",
        vrn_onnx_show(w->model, node, shown), *domain ? " of " : "", domain, expected);
    return false;
}

bool vrn_onnx_misfit_behind(vrn_onnx_walk *w, uint32_t value, const char *expected)
{
    const vrn_onnx_value *v = &w->model->values[value];
    char shown[VRN_ONNX_SHOWN_MAX];
    if (w->result) return false;
    if (v->use_count) {
        return vrn_onnx_misfit(w, &w->model->nodes[w->model->uses[v->first_use].node], expected);
    }
    w->result = vrn_source_fail(
        w->model->source,
        "not a ResNet, or not one that can be run: the graph ends with '%s': expected %s",
        vrn_onnx_show_text(v->name, shown), expected);
    return false;
}

/* Fails as `misfit` does, unless a reader of tensors has already logged why. */
static bool check(vrn_onnx_walk *w, vrn_result result)
{
    if (result && !w->result) w->result = result;
    return result == VRN_OK;
}

/* ---- Padding --------------------------------------------------------------------------------- */

/* Fills in pads[i] for the given axes. */
static bool spread_pads(const vrn_onnx_numbers *given, const vrn_onnx_numbers *axes,
                        int64_t pads[8])
{
    if (axes->count > 4 || given->count != 2 * axes->count) return false;
    for (uint32_t i = 0; i < axes->count; i++) {
        const int64_t axis = axes->values[i] < 0 ? axes->values[i] + 4 : axes->values[i];
        if (axis < 0 || axis > 3) return false;
        pads[axis] = given->values[i];
        pads[axis + 4] = given->values[i + axes->count];
    }
    return true;
}

bool vrn_onnx_find_pads(const vrn_onnx_walk *w, const vrn_onnx_node *node, int64_t pads[8])
{
    const vrn_onnx_model *m = w->model;
    const uint32_t along = vrn_onnx_input(m, node, 3);
    vrn_onnx_numbers given = {.count = 8}, axes = {{0, 1, 2, 3}, 4, 4};
    memset(pads, 0, 8 * sizeof *pads);
    bool good = along == VRN_ONNX_NONE || vrn_onnx_numbers_of(m, along, &axes);
    good = good && (vrn_onnx_ints(node, "pads", given.values, 8) ||
                    vrn_onnx_numbers_of(m, vrn_onnx_input(m, node, 1), &given));
    good = good && spread_pads(&given, &axes, pads);
    for (uint32_t i = 0; i < 8; i++) {
        good = good && pads[i] >= 0 && pads[i] <= CHANNELS_MAX;
    }
    return good;
}

bool vrn_onnx_read_pad(vrn_onnx_walk *w, const vrn_onnx_node *node, int64_t pads[8])
{
    const uint32_t filled = vrn_onnx_input(w->model, node, 2);
    double fill = vrn_onnx_float(node, "value", 0);
    bool good = vrn_onnx_attribute_is(node, "mode", "constant", true);
    if (filled != VRN_ONNX_NONE) good = good && vrn_onnx_scalar(w->model, filled, &fill);
    good = vrn_onnx_find_pads(w, node, pads) && good && fill == 0;
    return good || vrn_onnx_misfit(w, node, "padding with zeros around the image");
}

/* Attributes that convolutions and pools share. */
static bool read_window(vrn_onnx_walk *w, const vrn_onnx_node *node, vrn_onnx_window *window,
                        int64_t dilation[2])
{
    static const char *const names[] = {"kernel_shape", "strides", "dilations"};
    int64_t *const numbers[] = {window->kernel, window->stride, dilation};
    vrn_proto ignored;
    for (size_t i = 0; i < VRN_COUNT(names); i++) {
        if (!vrn_onnx_attribute(node, names[i], &ignored)) continue;
        const bool good = vrn_onnx_ints(node, names[i], numbers[i], 2) && numbers[i][0] >= 1 &&
                          numbers[i][0] <= CHANNELS_MAX && numbers[i][1] >= 1 &&
                          numbers[i][1] <= CHANNELS_MAX;
        if (!good)
            return vrn_onnx_misfit(
                w, node, "kernel_shape, strides and dilations of two positive numbers each");
    }
    if (vrn_onnx_attribute(node, "pads", &ignored)) {
        bool good = vrn_onnx_ints(node, "pads", window->pads, 4);
        for (uint32_t i = 0; good && i < 4; i++) {
            good = window->pads[i] >= 0 && window->pads[i] <= CHANNELS_MAX;
        }
        if (!good) return vrn_onnx_misfit(w, node, "pads of four numbers, none of them negative");
    }
    if (vrn_onnx_attribute_is(node, "auto_pad", "NOTSET", true)) return true;
    memset(window->pads, 0, sizeof window->pads);
    if (vrn_onnx_attribute_is(node, "auto_pad", "VALID", false)) return true;
    const bool one = window->stride[0] == 1 && window->stride[1] == 1;
    const bool odd = window->kernel[0] % 2 == 1 && window->kernel[1] % 2 == 1;
    if (!one || !odd) {
        return vrn_onnx_misfit(w, node,
                               "explicit pads: no layer of PyTorch pads as this auto_pad does");
    }
    for (uint32_t i = 0; i < 4; i++) {
        window->pads[i] = window->kernel[i % 2] / 2 * dilation[i % 2];
    }
    return true;
}

bool vrn_onnx_read_window(vrn_onnx_walk *w, const vrn_onnx_node *node, vrn_onnx_window *window)
{
    int64_t dilation[2] = {1, 1};
    *window = (vrn_onnx_window){.kernel = {1, 1}, .stride = {1, 1}};
    if (!read_window(w, node, window, dilation)) return false;
    window->ceil = vrn_onnx_int(node, "ceil_mode", 0) != 0;
    const bool plain = dilation[0] == 1 && dilation[1] == 1 && node->output_count == 1 &&
                       vrn_onnx_int(node, "storage_order", 0) == 0;
    return plain || vrn_onnx_misfit(w, node, "a pool without dilation or indices");
}

/* ---- Convolutions ---------------------------------------------------------------------------- */

/* Reads a convolution's weights and attributes. */
static bool read_conv(vrn_onnx_walk *w, const vrn_onnx_node *node, const int64_t before[8],
                      const char *place, vrn_onnx_conv *conv)
{
    char expected[160] = "";
    if (!check(w, vrn_onnx_weight(w->model, node, 1, &conv->weight))) return false;
    const vrn_tensor *weight = &conv->weight;
    bool good = weight->rank == 4 && weight->shape[2] == weight->shape[3] &&
                weight->shape[2] % 2 == 1 && weight->shape[2] <= KERNEL_MAX;
    for (uint32_t i = 0; i < 2; i++) {
        good = good && weight->shape[i] >= 1 && weight->shape[i] <= CHANNELS_MAX;
    }
    if (!good) {
        vrn_append(expected, sizeof expected, "%s, of 1x1, 3x3, 5x5 or 7x7", place);
        return vrn_onnx_misfit(w, node, expected);
    }
    const int64_t kernel = (int64_t)weight->shape[2], groups = vrn_onnx_int(node, "group", 1);
    vrn_onnx_window window = {.kernel = {kernel, kernel}, .stride = {1, 1}};
    int64_t dilation[2] = {1, 1};
    if (!read_window(w, node, &window, dilation)) return false;
    good = window.kernel[0] == kernel && window.kernel[1] == kernel && groups >= 1 &&
           groups <= (int64_t)weight->shape[0] && window.stride[0] == window.stride[1] &&
           window.stride[0] <= NUMBER_MAX && dilation[0] == dilation[1] &&
           dilation[0] <= NUMBER_MAX && (int64_t)weight->shape[0] % groups == 0;
    const int64_t same = kernel / 2 * dilation[0];
    for (uint32_t i = 0; i < 4; i++) {
        good = good && window.pads[i] + before[i / 2 * 4 + 2 + i % 2] == same;
    }
    if (!good) {
        vrn_append(expected, sizeof expected,
                   "%s, the same in both directions, with a padding of %u on each side", place,
                   (unsigned)vrn_min_u64((uint64_t)same, 9999));
        return vrn_onnx_misfit(w, node, expected);
    }
    conv->out = (uint32_t)weight->shape[0];
    conv->in = (uint32_t)vrn_min_u64(weight->shape[1] * (uint64_t)groups, UINT32_MAX);
    conv->kernel = (uint32_t)kernel;
    conv->stride = (uint32_t)window.stride[0];
    conv->dilation = (uint32_t)dilation[0];
    conv->groups = (uint32_t)groups;
    if (vrn_onnx_input(w->model, node, 2) == VRN_ONNX_NONE) return true;
    return check(w, vrn_onnx_vector(w->model, node, 2, conv->out, &conv->bias));
}

/* True if an input of a node is [C, 1, 1], with or without a batch of 1. */
static bool is_per_channel(vrn_onnx_walk *w, const vrn_onnx_node *node, uint32_t slot,
                           uint64_t channels)
{
    vrn_tensor tensor;
    if (!check(w, vrn_onnx_weight(w->model, node, slot, &tensor))) return false;
    const bool good = (tensor.rank == 3 || tensor.rank == 4) &&
                      tensor.shape[tensor.rank - 3] == channels &&
                      vrn_tensor_count(&tensor) == channels;
    return good || vrn_onnx_misfit(w, node, "a number for each channel");
}

/* True if an input of a node is `count` times the same number. */
static bool is_constant(vrn_onnx_walk *w, const vrn_onnx_node *node, uint32_t slot, uint32_t count,
                        float number)
{
    vrn_tensor tensor;
    if (!check(w, vrn_onnx_vector(w->model, node, slot, count, &tensor))) return false;
    for (uint32_t i = 0; i < count; i++) {
        float value;
        vrn_tensor_read_part(&tensor, i, 1, &value);
        if (value != number)
            return vrn_onnx_misfit(w, node, "a group norm without scales at this node");
    }
    return true;
}

/* The slot of the operand that does not come from the image; 2: both do. */
static uint32_t constant_slot(const vrn_onnx_walk *w, const vrn_onnx_node *node)
{
    for (uint32_t slot = 0; slot < 2; slot++) {
        const uint32_t value = vrn_onnx_input(w->model, node, slot);
        if (value != VRN_ONNX_NONE && !w->model->values[value].image) return slot;
    }
    return 2;
}

/* Reshape [0, groups, -1], InstanceNormalization, Reshape, Mul, Add: the nodes that exporters write
 * for GroupNorm. */
static bool take_instances(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *reshape,
                           vrn_onnx_conv *conv)
{
    static const char *const ops[] = {"InstanceNormalization", "Reshape", "Mul", "Add"};
    vrn_onnx_node *nodes[4];
    vrn_onnx_numbers shape;
    const uint32_t wanted = vrn_onnx_input(w->model, reshape, 1);
    const bool known = vrn_onnx_numbers_of(w->model, wanted, &shape) && shape.count == 3 &&
                       shape.values[1] >= 1 && shape.values[1] <= (int64_t)conv->out;
    if (!known) return vrn_onnx_misfit(w, reshape, "a norm or an activation");
    conv->norm_groups = (uint32_t)shape.values[1];
    vrn_onnx_use_node(w, reshape, value);
    for (size_t i = 0; i < VRN_COUNT(ops); i++) {
        nodes[i] = vrn_onnx_reader(w, *value);
        if (!nodes[i] || !vrn_onnx_is(nodes[i], ops[i])) {
            return vrn_onnx_misfit_behind(w, *value, "the parts of a group norm");
        }
        vrn_onnx_use_node(w, nodes[i], value);
        if (i == 0 && !(is_constant(w, nodes[0], 1, conv->norm_groups, 1) &&
                        is_constant(w, nodes[0], 2, conv->norm_groups, 0))) {
            return false;
        }
        if (i < 2) continue;
        conv->norm_nodes[i - 2] = nodes[i];
        conv->norm_slots[i - 2] = constant_slot(w, nodes[i]);
        if (!is_per_channel(w, nodes[i], conv->norm_slots[i - 2], conv->out)) return false;
    }
    conv->norm = VRN_ONNX_NORM_GROUP;
    conv->eps = (float)vrn_onnx_float(nodes[0], "epsilon", 1e-5);
    return true;
}

bool vrn_onnx_take_norm(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *node, vrn_onnx_conv *conv)
{
    if (!node) return true;
    const bool batch = vrn_onnx_is(node, "BatchNormalization");
    if (vrn_onnx_is(node, "Reshape")) return take_instances(w, value, node, conv);
    if (!batch && !vrn_onnx_is(node, "GroupNormalization")) return true;
    if (batch && (vrn_onnx_int(node, "training_mode", 0) || node->output_count != 1 ||
                  vrn_onnx_int(node, "spatial", 1) != 1)) {
        return vrn_onnx_misfit(w, node, "a batch norm for inference: export after model.eval()");
    }
    const int64_t groups = vrn_onnx_int(node, "num_groups", 0);
    if (!batch && (w->model->opset < OPSET_GROUP_NORM || groups < 1 || groups > conv->out)) {
        return vrn_onnx_misfit(w, node,
                               "a group norm of opset 21 or later, with scales for "
                               "channels instead of groups");
    }
    conv->norm = batch ? VRN_ONNX_NORM_BATCH : VRN_ONNX_NORM_GROUP;
    conv->norm_groups = (uint32_t)groups;
    conv->eps = (float)vrn_onnx_float(node, "epsilon", 1e-5);
    for (uint32_t i = 0; i < 2; i++) {
        conv->norm_nodes[i] = node;
        conv->norm_slots[i] = i + 1;
    }
    vrn_onnx_use_node(w, node, value);
    return true;
}

bool vrn_onnx_take_conv(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *first, const char *place,
                        vrn_onnx_conv *conv)
{
    int64_t before[8] = {0};
    vrn_onnx_node *node = first;
    *conv = (vrn_onnx_conv){0};
    if (node && vrn_onnx_is(node, "Pad")) {
        if (!vrn_onnx_read_pad(w, node, before)) return false;
        if (before[0] || before[1] || before[4] || before[5]) {
            return vrn_onnx_misfit(w, node, "padding with zeros around the image");
        }
        vrn_onnx_use_node(w, node, value);
        node = vrn_onnx_reader(w, *value);
    }
    if (!node || !vrn_onnx_is(node, "Conv")) {
        return node ? vrn_onnx_misfit(w, node, place) : vrn_onnx_misfit_behind(w, *value, place);
    }
    conv->node = node;
    if (!read_conv(w, node, before, place, conv)) return false;
    vrn_onnx_use_node(w, node, value);
    if (w->height) w->height = (w->height - 1) / conv->stride + 1;
    if (w->width) w->width = (w->width - 1) / conv->stride + 1;
    return vrn_onnx_take_norm(w, value, vrn_onnx_reader(w, *value), conv);
}

/* ---- Activations ----------------------------------------------------------------------------- */

/* Clip from 0 to 6; without an upper bound it is a ReLU. */
static vrn_onnx_activation clip_of(const vrn_onnx_walk *w, const vrn_onnx_node *node)
{
    const uint32_t bounds[] = {vrn_onnx_input(w->model, node, 1),
                               vrn_onnx_input(w->model, node, 2)};
    double low = vrn_onnx_float(node, "min", -INFINITY),
           high = vrn_onnx_float(node, "max", INFINITY);
    if (bounds[0] != VRN_ONNX_NONE && !vrn_onnx_scalar(w->model, bounds[0], &low)) low = NAN;
    if (bounds[1] != VRN_ONNX_NONE && !vrn_onnx_scalar(w->model, bounds[1], &high)) high = NAN;
    if (low != 0) return VRN_ONNX_ACTIVATION_NONE;
    return high == 6 ? VRN_ONNX_RELU6 : high > 65504 ? VRN_ONNX_RELU : VRN_ONNX_ACTIVATION_NONE;
}

/* Finds x * sigmoid(x) from its first node. */
static vrn_onnx_node *find_silu(const vrn_onnx_walk *w, uint32_t value, vrn_onnx_node **sigmoid)
{
    const vrn_onnx_value *v = &w->model->values[value];
    vrn_onnx_node *found[2] = {NULL, NULL};
    if (v->use_count != 2) return NULL;
    for (uint32_t i = 0; i < 2; i++) {
        vrn_onnx_node *node = &w->model->nodes[w->model->uses[v->first_use + i].node];
        if (vrn_onnx_is(node, "Sigmoid")) found[0] = node;
        if (vrn_onnx_is(node, "Mul")) found[1] = node;
    }
    if (!found[0] || !found[1]) return NULL;
    if (vrn_onnx_reader(w, vrn_onnx_output(w->model, found[0])) != found[1]) return NULL;
    *sigmoid = found[0];
    return found[1];
}

/* The activation that reads a value, by its last node; NULL: another node, or several. Of a SiLU
 * without a node of its own also the sigmoid is returned. */
static vrn_onnx_node *find_activation(const vrn_onnx_walk *w, uint32_t value,
                                      vrn_onnx_node **sigmoid, vrn_onnx_activation *found,
                                      float *slope)
{
    vrn_onnx_node *node = vrn_onnx_reader(w, value);
    *found = VRN_ONNX_ACTIVATION_NONE;
    *slope = 0;
    *sigmoid = NULL;
    if (!node) {
        node = find_silu(w, value, sigmoid);
        if (node) *found = VRN_ONNX_SILU;
    } else if (vrn_onnx_is(node, "Relu")) {
        *found = VRN_ONNX_RELU;
    } else if (vrn_onnx_is(node, "LeakyRelu")) {
        *found = VRN_ONNX_LEAKY_RELU;
        *slope = (float)vrn_onnx_float(node, "alpha", 0.01);
    } else if (vrn_onnx_is(node, "Clip")) {
        *found = clip_of(w, node);
    } else if (vrn_onnx_is(node, "Swish") && vrn_onnx_float(node, "alpha", 1) == 1) {
        *found = VRN_ONNX_SILU;
    }
    return *found ? node : NULL;
}

bool vrn_onnx_is_activation(const vrn_onnx_walk *w, uint32_t value)
{
    vrn_onnx_node *sigmoid;
    vrn_onnx_activation found;
    float slope;
    return find_activation(w, value, &sigmoid, &found, &slope) != NULL;
}

bool vrn_onnx_take_activation(vrn_onnx_walk *w, uint32_t *value)
{
    vrn_onnx_node *sigmoid;
    vrn_onnx_activation found;
    float slope;
    vrn_onnx_node *node = find_activation(w, *value, &sigmoid, &found, &slope);
    if (!node) {
        return vrn_onnx_misfit_behind(w, *value,
                                      "the activation: a ReLU, LeakyReLU, SiLU or ReLU6");
    }
    if (w->activation && (w->activation != found || w->slope != slope)) {
        return vrn_onnx_misfit(w, node, "the same activation as before");
    }
    if (sigmoid) sigmoid->used = true;
    w->activation = found;
    w->slope = slope;
    vrn_onnx_use_node(w, node, value);
    return true;
}

/* ---- Linear layers --------------------------------------------------------------------------- */

/* [in, out] as [out, in]. */
static void turn(vrn_tensor *weight)
{
    const vrn_tensor old = *weight;
    for (uint32_t i = 0; i < 2; i++) {
        weight->shape[i] = old.shape[1 - i];
        weight->stride[i] = old.stride[1 - i];
    }
}

bool vrn_onnx_take_linear(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_linear *linear)
{
    vrn_onnx_node *node = vrn_onnx_reader(w, *value);
    *linear = (vrn_onnx_linear){.node = node};
    const bool gemm = node && vrn_onnx_is(node, "Gemm");
    if (!gemm && !(node && vrn_onnx_is(node, "MatMul"))) {
        return vrn_onnx_misfit_behind(w, *value,
                                      "the linear layer at the end (Gemm, or MatMul and "
                                      "Add)");
    }
    if (vrn_onnx_input(w->model, node, 0) != *value || vrn_onnx_int(node, "transA", 0) ||
        vrn_onnx_float(node, "alpha", 1) != 1 || vrn_onnx_float(node, "beta", 1) != 1) {
        return vrn_onnx_misfit(w, node, "features times weights plus bias");
    }
    if (!check(w, vrn_onnx_weight(w->model, node, 1, &linear->weight))) return false;
    if (linear->weight.rank != 2) return vrn_onnx_misfit(w, node, "weights of two dimensions");
    if (!gemm || !vrn_onnx_int(node, "transB", 0)) turn(&linear->weight);
    vrn_onnx_use_node(w, node, value);
    uint32_t slot = 2;
    if (!gemm) {
        node = vrn_onnx_reader(w, *value);
        if (!node || !vrn_onnx_is(node, "Add")) return true;
        slot = constant_slot(w, node);
        if (slot == 2) return vrn_onnx_misfit(w, node, "a bias");
        vrn_onnx_use_node(w, node, value);
    }
    if (vrn_onnx_input(w->model, node, slot) == VRN_ONNX_NONE) return true;
    return check(w, vrn_onnx_vector(w->model, node, slot, linear->weight.shape[0], &linear->bias));
}
