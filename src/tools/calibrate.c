/* Calibration: collects the outputs of layers for real images, and derives the scales of int8. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/util.h"
#include "tools/histogram.h"
#include "plan/precision.h"
#include "session/session.h"

enum { KEPT_MAX = 64 }; /* images for comparing the ways to choose scales */

/* The share of values that a percentile clamps. */
static const double cut_share = 1e-4;

struct vrn_calibration {
    vrn_device *device;
    vrn_model *model;      /* held */
    vrn_session *observed; /* in fp32; every value is an output */
    vrn_histogram *layers; /* [observed->program->graph.count] */
    float *inputs;         /* [KEPT_MAX, H, W, C], normalised */
    float *expected;       /* [KEPT_MAX, classes]: logits in fp32 */
    uint32_t kept;
};

/* The channels of the network's input. */
static uint32_t channels_of(const vrn_calibration *c)
{
    return c->observed->program->graph.input.c;
}

/* Creates the observing session, and the memory for its results. */
static vrn_result make_observed(vrn_calibration *c, const vrn_calibration_params *params)
{
    const vrn_log *log = &c->device->log;
    vrn_result result = vrn_device_alive(c->device);
    if (!result) {
        result = vrn_session_make(&c->observed, c->device, c->model,
                                  &(vrn_session_params){
                                      .height = params->height,
                                      .width = params->width,
                                      .transform = params->transform,
                                      .in_flight = 1,
                                  },
                                  NULL, true);
    }
    if (result) return result;
    const vrn_session_info *info = &c->observed->program->info;
    const size_t pixels = (size_t)info->height * info->width;
    c->layers = vrn_alloc(c->observed->program->graph.count, sizeof *c->layers);
    c->inputs = vrn_alloc(KEPT_MAX * pixels, channels_of(c) * sizeof *c->inputs);
    c->expected = vrn_alloc(KEPT_MAX, info->classes * sizeof *c->expected);
    return c->layers && c->inputs && c->expected ? VRN_OK : vrn_fail_memory(log);
}

vrn_result vrn_calibration_create(vrn_calibration **out, vrn_device *device, const vrn_model *model,
                                  const vrn_calibration_params *params)
{
    static const vrn_calibration_params defaults = {0};
    if (out) *out = NULL;
    if (!out || !device || !model) {
        return vrn_fail(device ? &device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_calibration_create: calibration, device or model is NULL");
    }
    vrn_calibration *c = *out = vrn_alloc(1, sizeof *c);
    if (!c) return vrn_fail_memory(&device->log);
    c->device = device;
    c->model = vrn_model_hold(model);
    vrn_result result = make_observed(c, params ? params : &defaults);
    if (result) vrn_calibration_destroy(out);
    return result;
}

void vrn_calibration_destroy(vrn_calibration **pointer)
{
    if (!pointer || !*pointer) return;
    vrn_calibration *c = *pointer;
    *pointer = NULL;
    vrn_session_destroy(&c->observed);
    vrn_model_release(c->model);
    vrn_free(c->layers);
    vrn_free(c->inputs);
    vrn_free(c->expected);
    vrn_free(c);
}

/* A value's numbers from the last run: [H, W, C padded]. */
static const float *value_of(const vrn_calibration *c, vrn_value value, vrn_shape *shape)
{
    const vrn_output *output = &c->observed->program->outputs[VRN_OUTPUT_TAPS + value];
    *shape = output->shape;
    return (const float *)(const void *)((const char *)c->observed->slots[0].output.mapped +
                                         output->offset);
}

static void count_values(vrn_calibration *c)
{
    for (uint32_t i = 0; i < c->observed->program->graph.count; i++) {
        vrn_shape shape;
        const float *values = value_of(c, i + 1, &shape);
        const size_t pixels = (size_t)shape.h * shape.w, padded = (size_t)vrn_c4(shape.c) * 4;
        if (padded == shape.c) {
            vrn_histogram_add(&c->layers[i], values, pixels * padded);
            continue;
        }
        for (size_t p = 0; p < pixels; p++) {
            vrn_histogram_add(&c->layers[i], values + p * padded, shape.c);
        }
    }
}

/* Keeps the input and the logits of the last run, as long as there is room. */
static void keep(vrn_calibration *c, const float *logits)
{
    if (c->kept == KEPT_MAX) return;
    const vrn_session_info *info = &c->observed->program->info;
    const size_t pixels = (size_t)info->height * info->width;
    vrn_shape shape;
    const float *from = value_of(c, 0, &shape);
    const size_t padded = (size_t)vrn_c4(shape.c) * 4;
    float *to = c->inputs + c->kept * pixels * shape.c;
    for (size_t i = 0; i < pixels; i++) {
        memcpy(to + shape.c * i, from + padded * i, shape.c * sizeof *to);
    }
    memcpy(c->expected + (size_t)c->kept * info->classes, logits, info->classes * sizeof *logits);
    c->kept++;
}

vrn_result vrn_calibration_add(vrn_calibration *c, const vrn_inputs *inputs)
{
    if (!c || !inputs) {
        return vrn_fail(c ? &c->device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_calibration_add: %s is NULL", c ? "inputs" : "calibration");
    }
    const vrn_session_info *info = &c->observed->program->info;
    const size_t numbers = (size_t)channels_of(c) * info->height * info->width;
    float *logits = vrn_alloc(info->classes, sizeof *logits);
    if (!logits) return vrn_fail_memory(&c->device->log);
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; i < inputs->count && !result; i++) {
        const vrn_inputs in = {.count = 1,
                               .nchw = inputs->nchw ? inputs->nchw + i * numbers : NULL,
                               .nhwc = inputs->nhwc ? inputs->nhwc + i * numbers : NULL,
                               .images = inputs->images ? inputs->images + i : NULL};
        const vrn_outputs out = {.logits = logits};
        result = vrn_session_run(c->observed, &in, &out);
        if (result) break;
        count_values(c);
        keep(c, logits);
    }
    vrn_free(logits);
    return result;
}

vrn_result vrn_calibration_get_ranges(const vrn_calibration *c, vrn_layer_range *ranges,
                                      uint32_t capacity, uint32_t *count)
{
    if (!c || !count || (!ranges && capacity > 0)) {
        return vrn_fail(c ? &c->device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_calibration_get_ranges: calibration, ranges or count is NULL");
    }
    *count = c->observed->program->graph.count;
    for (uint32_t i = 0; i < vrn_min_u32(capacity, *count); i++) {
        const vrn_histogram *h = &c->layers[i];
        const vrn_node *node = &c->observed->program->graph.nodes[i];
        ranges[i] = (vrn_layer_range){
            .name = node->name,
            .op = vrn_op_name(node->desc.op),
            .low = h->low,
            .high = h->high,
            .count = h->count,
            .beyond_fp16 = h->beyond_half,
            .not_finite = h->not_finite,
        };
    }
    return VRN_OK;
}

/* ---- Ways to choose the magnitude that becomes 127 ---- */

static float limit_by_percentile(const vrn_histogram *h)
{
    return vrn_histogram_percentile(h, cut_share);
}

static const struct {
    const char *name;
    float (*limit)(const vrn_histogram *h);
} methods[VRN_CALIBRATION_METHODS] = {
    {"largest", vrn_histogram_largest},
    {"percentile", limit_by_percentile},
    {"least error", vrn_histogram_least_error},
};

static vrn_result apply(const vrn_calibration *c, uint32_t method, vrn_model **model)
{
    const vrn_graph *graph = &c->observed->program->graph;
    vrn_scale *scales = vrn_alloc(graph->count, sizeof *scales);
    uint32_t count = 0;
    if (!scales) return vrn_fail_memory(&c->device->log);
    for (uint32_t i = 0; i < graph->count; i++) {
        float limit = methods[method].limit(&c->layers[i]);
        if (vrn_precision_keeps_floats(graph->nodes[i].desc.op)) continue;
        /* A layer that outputs only zeros can have any scale. */
        scales[count].scale = limit > 0 ? limit / 127 : 1;
        memcpy(scales[count].name, graph->nodes[i].output, sizeof scales[count].name);
        count++;
    }
    vrn_result result = vrn_model_with_scales(model, c->model, scales, count, &c->device->log);
    vrn_free(scales);
    return result;
}

/* The relative L2 error of the logits of all kept images. */
static vrn_result measure(const vrn_calibration *c, const vrn_model *model, double *error)
{
    const vrn_session_info *info = &c->observed->program->info;
    const size_t numbers = (size_t)channels_of(c) * info->height * info->width;
    vrn_session *session = NULL;
    float *logits = vrn_alloc(info->classes, sizeof *logits);
    vrn_result result = logits ? VRN_OK : vrn_fail_memory(&c->device->log);
    if (!result) {
        result = vrn_session_create(&session, c->device, model,
                                    &(vrn_session_params){
                                        .height = info->height,
                                        .width = info->width,
                                        .precision = VRN_PRECISION_INT8,
                                        .in_flight = 1,
                                    });
    }
    double difference = 0, whole = 0;
    for (uint32_t i = 0; i < c->kept && !result; i++) {
        const vrn_inputs in = {.count = 1, .nhwc = c->inputs + i * numbers};
        const vrn_outputs out = {.logits = logits};
        const float *expected = c->expected + (size_t)i * info->classes;
        result = vrn_session_run(session, &in, &out);
        for (uint32_t k = 0; k < info->classes && !result; k++) {
            difference += ((double)logits[k] - expected[k]) * ((double)logits[k] - expected[k]);
            whole += (double)expected[k] * expected[k];
        }
    }
    *error = whole > 0 ? sqrt(difference / whole) : 0;
    vrn_session_destroy(&session);
    vrn_free(logits);
    return result;
}

vrn_result vrn_calibration_finish(vrn_calibration *c, vrn_model **model,
                                  vrn_calibration_result *found)
{
    if (model) *model = NULL;
    if (!c || !model) {
        return vrn_fail(c ? &c->device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_calibration_finish: %s is NULL", c ? "model" : "calibration");
    }
    if (c->kept == 0) {
        return vrn_fail(&c->device->log, VRN_ERROR_INVALID_ARGUMENT,
                        "calibration: no images were added");
    }
    vrn_calibration_result best = {.error = INFINITY};
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; i < VRN_CALIBRATION_METHODS && !result; i++) {
        vrn_model *candidate = NULL;
        double error = 0;
        result = apply(c, i, &candidate);
        if (!result) result = measure(c, candidate, &error);
        best.methods[i] = methods[i].name;
        best.errors[i] = error;
        if (!result && (i == 0 || error < best.error)) {
            best.method = i;
            best.error = error;
            vrn_model_destroy(model);
            *model = candidate;
            candidate = NULL;
        }
        vrn_model_destroy(&candidate);
    }
    if (result) vrn_model_destroy(model);
    if (found) *found = best;
    return result;
}
