#include "tools/norm_fit.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/number.h"
#include "base/parallel.h"
#include "base/util.h"

/* A channel whose running variance is below this share of eps is dead: eps dominates it. */
static const double dead_share = 0.01;

/* ---- What training stored -------------------------------------------------------------------- */

static bool is_norm(const vrn_node *node)
{
    return node->desc.op == VRN_OP_BATCH_NORM;
}

static bool all_same(const float *values, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (values[i] != values[0]) return false;
    }
    return true;
}

static void read_norm(vrn_norm_targets *targets, const vrn_graph *graph, const vrn_node *node,
                      const vrn_model *model)
{
    vrn_norm_target *norm = &targets->norms[targets->count];
    const vrn_shape shape = vrn_graph_shape(graph, node->input);
    memcpy(norm->name, node->name, sizeof norm->name);
    memcpy(norm->input, node->input ? graph->nodes[node->input - 1].name : VRN_INPUT_TAP,
           node->input ? sizeof norm->input : sizeof VRN_INPUT_TAP);
    norm->channels = shape.c;
    norm->first = targets->channels;
    norm->eps = (double)node->desc.eps;
    float *mean = targets->mean + norm->first, *variance = targets->variance + norm->first;
    vrn_tensor_read(vrn_model_parameter(model, node->own[VRN_PARAM_MEAN]), mean);
    vrn_tensor_read(vrn_model_parameter(model, node->own[VRN_PARAM_VAR]), variance);
    norm->untouched = shape.c > 1 && all_same(mean, shape.c) && all_same(variance, shape.c);
    targets->taps[targets->count++] = norm->input;
    targets->channels += shape.c;
    targets->image_bytes += vrn_graph_bytes(graph, node->input);
}

static vrn_result read_norms(vrn_norm_targets *targets, const vrn_graph *graph,
                             const vrn_model *model, const vrn_log *log)
{
    uint32_t norms = 0, untouched = 0;
    size_t channels = 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        if (!is_norm(&graph->nodes[i])) continue;
        norms++;
        channels += graph->nodes[i].desc.in.c;
    }
    if (norms == 0) {
        const bool grouped = vrn_model_arch(model)->norm == VRN_NORM_GROUP;
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        "check: the network has %s: there is nothing to compare its activations "
                        "with",
                        grouped ? "group norms, which keep no running statistics"
                                : "no norms, or they were folded into its convolutions");
    }
    targets->norms = vrn_alloc(norms, sizeof *targets->norms);
    targets->taps = vrn_alloc((size_t)norms + 1, sizeof *targets->taps);
    targets->mean = vrn_alloc(channels, sizeof *targets->mean);
    targets->variance = vrn_alloc(channels, sizeof *targets->variance);
    if (!targets->norms || !targets->taps || !targets->mean || !targets->variance) {
        return vrn_fail_memory(log);
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        if (is_norm(&graph->nodes[i])) read_norm(targets, graph, &graph->nodes[i], model);
    }
    targets->taps[targets->count] = VRN_INPUT_TAP;
    targets->image_bytes += vrn_graph_bytes(graph, 0);
    for (uint32_t i = 0; i < norms; i++) untouched += targets->norms[i].untouched;
    if (untouched < norms) return VRN_OK;
    return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                    "check: all running means are equal, and so are all running variances: the "
                    "norms were folded into the convolutions or never trained, so there is nothing "
                    "to compare the network's activations with");
}

vrn_result vrn_norm_targets_create(vrn_norm_targets *targets, const vrn_model *model,
                                   uint32_t height, uint32_t width, const vrn_log *log)
{
    vrn_graph graph;
    *targets = (vrn_norm_targets){0};
    vrn_result result = vrn_graph_build(&graph, vrn_model_arch(model), height, width, log);
    if (result) return result;
    result = read_norms(targets, &graph, model, log);
    vrn_graph_free(&graph);
    if (result) vrn_norm_targets_free(targets);
    return result;
}

void vrn_norm_targets_free(vrn_norm_targets *targets)
{
    vrn_free(targets->norms);
    vrn_free(targets->taps);
    vrn_free(targets->mean);
    vrn_free(targets->variance);
    *targets = (vrn_norm_targets){0};
}

/* ---- Observation on a device ----------------------------------------------------------------- */

vrn_result vrn_observer_create(vrn_observer *o, vrn_device *device, const vrn_model *model,
                               const vrn_norm_targets *targets, const vrn_session_params *params)
{
    vrn_session_params own = *params;
    own.no_fusion = true;
    own.in_flight = 1;
    own.taps = targets->taps;
    own.tap_count = targets->count + 1;
    *o = (vrn_observer){.targets = targets};
    o->moments = vrn_alloc(targets->channels, sizeof *o->moments);
    vrn_result result = o->moments ? VRN_OK : vrn_fail_memory(&device->log);
    if (!result) result = vrn_session_create(&o->session, device, model, &own);
    if (result) vrn_observer_destroy(o);
    return result;
}

void vrn_observer_destroy(vrn_observer *o)
{
    vrn_session_destroy(&o->session);
    vrn_free(o->moments);
    *o = (vrn_observer){0};
}

static const float *tap_of(const vrn_observer *o, uint32_t tap, uint32_t image)
{
    const vrn_output *output = &o->session->program->outputs[VRN_OUTPUT_TAPS + tap];
    const char *from = (const char *)o->session->slots[0].output.mapped + output->offset;
    return (const float *)(const void *)(from + image * output->image_bytes);
}

const float *vrn_observer_input(const vrn_observer *o, uint32_t index)
{
    return tap_of(o, o->targets->count, index);
}

/* Adds the inputs of one norm in the last run. */
static vrn_result add_norm(void *user, uint32_t index)
{
    const vrn_observer *o = user;
    const vrn_norm_target *norm = &o->targets->norms[index];
    const vrn_shape shape = o->session->program->outputs[VRN_OUTPUT_TAPS + index].shape;
    const size_t pixels = (size_t)shape.h * shape.w;
    for (uint32_t n = 0; n < o->session->slots[0].count; n++) {
        vrn_moments_add(o->moments + norm->first, shape.c, vrn_c4(shape.c) * 4, tap_of(o, index, n),
                        pixels);
    }
    return VRN_OK;
}

vrn_result vrn_observer_add(vrn_observer *o, const vrn_inputs *inputs)
{
    vrn_result result = vrn_session_run(o->session, inputs, NULL);
    if (!result) result = vrn_parallel_for(o->targets->count, add_norm, o);
    if (!result) o->images += inputs->count;
    return result;
}

void vrn_observer_reset(vrn_observer *o)
{
    memset(o->moments, 0, o->targets->channels * sizeof *o->moments);
    o->images = 0;
}

/* ---- Comparison ------------------------------------------------------------------------------ */

/* The limit of a channel's divergence, so that one exploding channel does not dominate the mean. */
static const double divergence_max = 100;

typedef struct distances {
    double *variance, *mean; /* [count]: of the channels so far */
    double divergence;       /* summed */
    uint32_t count, not_finite;
} distances;

static void compare_norm(const vrn_observer *o, uint32_t index, distances *to)
{
    const vrn_norm_target *norm = &o->targets->norms[index];
    if (norm->untouched) return;
    for (uint32_t i = norm->first; i < norm->first + norm->channels; i++) {
        const vrn_moments *found = &o->moments[i];
        const double variance = (double)o->targets->variance[i];
        if (variance < dead_share * norm->eps) continue;
        double change = INFINITY, shift = INFINITY, divergence = divergence_max;
        if (!found->not_finite) {
            const double ratio = (vrn_moments_variance(found) + norm->eps) / (variance + norm->eps);
            change = log(ratio);
            shift = (found->mean - (double)o->targets->mean[i]) / sqrt(variance + norm->eps);
            divergence = fmin((ratio - 1 - change + shift * shift) / 2, divergence_max);
        }
        to->not_finite += found->not_finite;
        to->divergence += divergence;
        to->variance[to->count] = fabs(change);
        to->mean[to->count++] = fabs(shift);
    }
}

static vrn_check_fit summarize(distances *found)
{
    vrn_check_fit fit = {.channels = found->count, .not_finite = found->not_finite};
    if (found->count == 0) return fit;
    fit.variance = vrn_median(found->variance, found->count);
    fit.mean = vrn_median(found->mean, found->count);
    fit.divergence = found->divergence / found->count;
    return fit;
}

vrn_check_fit vrn_observer_norm_fit(const vrn_observer *o, uint32_t norm, double *scratch)
{
    distances found = {.variance = scratch, .mean = scratch + o->targets->channels};
    compare_norm(o, norm, &found);
    return summarize(&found);
}

vrn_check_fit vrn_observer_fit(const vrn_observer *o, double *scratch)
{
    distances found = {.variance = scratch, .mean = scratch + o->targets->channels};
    for (uint32_t i = 0; i < o->targets->count; i++) compare_norm(o, i, &found);
    return summarize(&found);
}
