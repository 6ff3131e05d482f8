#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "checkpoint/onnx_weights.h"
#include "checkpoint/onnx_writer.h"

void vrn_onnx_add_tensor(vrn_onnx_writer *w, const vrn_tensor *tensor, const char *module,
                         const char *part)
{
    static const uint32_t bits[] = {
        [VRN_DTYPE_F32] = 32, [VRN_DTYPE_F16] = 16, [VRN_DTYPE_BF16] = 16, [VRN_DTYPE_F64] = 64};
    char name[VRN_ONNX_NAME_MAX + 16];
    if (w->result) return;
    snprintf(name, sizeof name, "%s.%s", module, part);
    w->result =
        vrn_tensor_list_add(w->list, w->source, tensor, bits[tensor->dtype], name, strlen(name));
}

/* Memory for floats of this shape. */
static float *make_floats(vrn_onnx_writer *w, vrn_tensor *tensor)
{
    const uint64_t count = vrn_tensor_count(tensor);
    float *values = NULL;
    if (!w->result && count <= SIZE_MAX / sizeof *values) {
        values = vrn_arena_alloc(&w->list->arena, (size_t)count, sizeof *values);
        if (!values) w->result = vrn_arena_fail(&w->list->arena, w->source->name, w->source->log);
    }
    vrn_tensor_set_contiguous(tensor);
    tensor->dtype = VRN_DTYPE_F32;
    tensor->data = (const uint8_t *)values;
    return values;
}

/* The parameters of a batch norm in the order of its inputs: weight, bias, mean, variance. */
static void read_norm(vrn_onnx_writer *w, const vrn_onnx_conv *conv, vrn_tensor parts[4])
{
    const uint32_t count = conv->norm == VRN_ONNX_NORM_BATCH ? 4 : 2;
    for (uint32_t i = 0; i < count && !w->result; i++) {
        const uint32_t which = i < 2 ? i : 0;
        const uint32_t slot = i < 2 ? conv->norm_slots[i] : i + 1;
        w->result = vrn_onnx_vector(&w->model, conv->norm_nodes[which], slot, conv->out, &parts[i]);
    }
}

static double at(const vrn_tensor *tensor, uint64_t i)
{
    float value;
    vrn_tensor_read_part(tensor, i, 1, &value);
    return (double)value;
}

/* The running mean less the convolution's own bias, which is the same. */
static void move_mean(vrn_onnx_writer *w, const vrn_tensor *bias, vrn_tensor *mean)
{
    const vrn_tensor old = *mean;
    float *values = make_floats(w, mean);
    for (uint64_t i = 0; values && i < mean->shape[0]; i++) {
        values[i] = (float)(at(&old, i) - at(bias, i));
    }
}

/* Folds a norm into the weights and the bias of its convolution. */
static void fold(vrn_onnx_writer *w, const vrn_onnx_conv *conv, vrn_tensor *weight,
                 vrn_tensor *bias)
{
    vrn_tensor parts[4];
    const vrn_tensor old = *weight;
    read_norm(w, conv, parts);
    float *values = make_floats(w, weight);
    *bias = (vrn_tensor){.rank = 1, .shape = {conv->out}};
    float *offsets = make_floats(w, bias);
    if (w->result || !values || !offsets) return;
    vrn_tensor_read(&old, values);
    const uint64_t each = vrn_tensor_count(weight) / conv->out;
    for (uint64_t k = 0; k < conv->out; k++) {
        const double scale = at(&parts[0], k) / sqrt(at(&parts[3], k) + (double)conv->eps);
        const double own = conv->bias.data ? at(&conv->bias, k) : 0;
        for (uint64_t i = k * each; i < (k + 1) * each; i++) {
            values[i] = (float)((double)values[i] * scale);
        }
        offsets[k] = (float)((own - at(&parts[2], k)) * scale + at(&parts[1], k));
    }
}

void vrn_onnx_add_conv(vrn_onnx_writer *w, const vrn_onnx_conv *conv, const char *name,
                       const char *norm)
{
    static const char *const names[] = {"weight", "bias", "running_mean", "running_var"};
    static const float zero;
    vrn_tensor weight = conv->weight, bias = conv->bias, parts[4];
    if (w->norm != VRN_ONNX_NORM_NONE) {
        vrn_onnx_add_tensor(w, &weight, name, "weight");
        read_norm(w, conv, parts);
        if (w->result) return;
        if (bias.data && w->norm == VRN_ONNX_NORM_BATCH) move_mean(w, &bias, &parts[2]);
        for (uint32_t i = 0; i < (w->norm == VRN_ONNX_NORM_BATCH ? 4 : 2); i++) {
            vrn_onnx_add_tensor(w, &parts[i], norm, names[i]);
        }
        return;
    }
    if (conv->norm == VRN_ONNX_NORM_BATCH) fold(w, conv, &weight, &bias);
    if (!bias.data) {
        bias = (vrn_tensor){.rank = 1, .shape = {conv->out}, .data = (const uint8_t *)&zero};
    }
    vrn_onnx_add_tensor(w, &weight, name, "weight");
    vrn_onnx_add_tensor(w, &bias, name, "bias");
}

void vrn_onnx_add_plain(vrn_onnx_writer *w, const vrn_onnx_conv *conv, const char *name)
{
    vrn_onnx_add_tensor(w, &conv->weight, name, "weight");
}

void vrn_onnx_add_norm(vrn_onnx_writer *w, const vrn_onnx_conv *conv, const char *name)
{
    static const char *const names[] = {"weight", "bias", "running_mean", "running_var"};
    static const float numbers[] = {1, 0, 0};
    vrn_tensor parts[4];
    for (uint32_t i = 0; i < 4 && conv->norm == VRN_ONNX_NORM_NONE; i++) {
        parts[i] = (vrn_tensor){.rank = 1, .shape = {conv->out}};
        float *values = make_floats(w, &parts[i]);
        for (uint32_t k = 0; values && k < conv->out; k++) {
            values[k] = i < 3 ? numbers[i] : 1 - w->first->eps;
            if (i == 1 && conv->bias.data) values[k] = (float)at(&conv->bias, k);
        }
    }
    if (conv->norm != VRN_ONNX_NORM_NONE) read_norm(w, conv, parts);
    if (w->result) return;
    if (conv->norm == VRN_ONNX_NORM_BATCH && conv->bias.data) move_mean(w, &conv->bias, &parts[2]);
    for (uint32_t i = 0; i < (w->norm == VRN_ONNX_NORM_BATCH ? 4 : 2); i++) {
        vrn_onnx_add_tensor(w, &parts[i], name, names[i]);
    }
}

void vrn_onnx_add_linear(vrn_onnx_writer *w, const vrn_onnx_linear *linear, const char *name)
{
    vrn_onnx_add_tensor(w, &linear->weight, name, "weight");
    if (linear->bias.data) vrn_onnx_add_tensor(w, &linear->bias, name, "bias");
}
