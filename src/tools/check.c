/* Checks that a checkpoint is read correctly: compares the statistics of the inputs of its batch
 * norms with those that training stored, for the loaded reading and for others. */
#include <vkresnet/diagnostics.h>

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/transform.h"
#include "base/util.h"
#include "tools/norm_fit.h"
#include "tools/readings.h"

enum {
    BATCH_MAX = 8,
    KEPT_MAX = 64,           /* images on which other readings run */
    KEPT_MIN = 4,            /* at least these, however large they are */
    SCREENED = 16,           /* of these, for screening every reading */
    LARGE_INPUT = 128 * 128, /* in pixels; such inputs need fewer images: */
    KEPT_LARGE = 32,
    SCREENED_LARGE = 8,
    FINALISTS = 3, /* readings that run on all kept images */
    ROUNDS = 3,    /* each finds one fault */
};
static const uint64_t batch_bytes = UINT64_C(64) << 20, kept_bytes = UINT64_C(64) << 20;

/* A reading fits clearly better if its divergence is smaller by this factor and by this step. With
 * few images the statistics are less certain. */
enum { FEW = 24 };
static const double better_share = 0.75, better_share_of_few = 0.5, better_step = 0.003;

/* Only readings that screening finds better by this factor become finalists. */
static const double finalist_share = 0.9;

/* Screening of a reading stops when its divergence exceeds the best reading's by this factor and
 * this step. */
static const double hopeless_factor = 3, hopeless_step = 0.05;

/* The distance of variances beyond which a reading does not fit. Correctly read networks stay below
 * half of it on images like those of training. */
static const double misfit = 0.3;

struct vrn_check {
    vrn_device *device;
    vrn_model *model; /* held */
    vrn_transform transform;
    vrn_session_info info;
    vrn_norm_targets targets;
    vrn_observer observer; /* of the model as loaded, over all images */
    vrn_moments *moments;  /* [targets.channels]: for readings that share the observer's session */
    double *scratch;       /* [2 * targets.channels] */
    float *input;          /* [info.batch, H, W, C] */
    float *kept;           /* [capacity, H, W, C]: every `step`-th image, normalised */
    uint32_t capacity, count;
    uint64_t step, added;
    bool photos; /* all images were photos */
};

static size_t numbers_of(const vrn_check *check)
{
    const vrn_arch *arch = vrn_model_arch(check->model);
    return (size_t)check->info.height * check->info.width * arch->in_channels;
}

static bool is_large(const vrn_check *check)
{
    return (uint64_t)check->info.height * check->info.width >= LARGE_INPUT;
}

static vrn_result make(vrn_check *c, const vrn_check_params *params)
{
    const vrn_log *log = &c->device->log;
    vrn_model_info info;
    vrn_model_get_info(c->model, &info);
    uint32_t height, width;
    c->transform = params->transform ? *params->transform : info.transform;
    vrn_transform_get_input(&c->transform, &height, &width);
    if (params->height) height = params->height;
    if (params->width) width = params->width;
    vrn_result result = vrn_device_alive(c->device);
    if (!result) result = vrn_norm_targets_create(&c->targets, c->model, height, width, log);
    if (result) return result;

    const uint64_t batch = vrn_min_u64(BATCH_MAX, batch_bytes / c->targets.image_bytes);
    result = vrn_observer_create(&c->observer, c->device, c->model, &c->targets,
                                 &(vrn_session_params){
                                     .batch = vrn_max_u32(1, (uint32_t)batch),
                                     .height = height,
                                     .width = width,
                                     .transform = &c->transform,
                                 });
    if (result) return result;
    vrn_session_get_info(c->observer.session, &c->info);
    const uint64_t kept = vrn_min_u64(is_large(c) ? KEPT_LARGE : KEPT_MAX,
                                      kept_bytes / (numbers_of(c) * sizeof *c->kept));
    c->capacity = vrn_max_u32(KEPT_MIN, (uint32_t)kept);
    c->kept = vrn_alloc(c->capacity, numbers_of(c) * sizeof *c->kept);
    c->input = vrn_alloc(c->info.batch, numbers_of(c) * sizeof *c->input);
    c->scratch = vrn_alloc(c->targets.channels, 2 * sizeof *c->scratch);
    c->moments = vrn_alloc(c->targets.channels, sizeof *c->moments);
    return c->kept && c->input && c->scratch && c->moments ? VRN_OK : vrn_fail_memory(log);
}

vrn_result vrn_check_create(vrn_check **out, vrn_device *device, const vrn_model *model,
                            const vrn_check_params *params)
{
    static const vrn_check_params defaults = {0};
    if (out) *out = NULL;
    if (!out || !device || !model) {
        return vrn_fail(device ? &device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_check_create: check, device or model is NULL");
    }
    vrn_check *check = *out = vrn_alloc(1, sizeof *check);
    if (!check) return vrn_fail_memory(&device->log);
    check->device = device;
    check->model = vrn_model_hold(model);
    check->step = 1;
    check->photos = true;
    vrn_result result = make(check, params ? params : &defaults);
    if (result) vrn_check_destroy(out);
    return result;
}

void vrn_check_destroy(vrn_check **pointer)
{
    if (!pointer || !*pointer) return;
    vrn_check *check = *pointer;
    *pointer = NULL;
    vrn_observer_destroy(&check->observer);
    vrn_norm_targets_free(&check->targets);
    vrn_model_release(check->model);
    vrn_free(check->moments);
    vrn_free(check->scratch);
    vrn_free(check->input);
    vrn_free(check->kept);
    vrn_free(check);
}

/* ---- Images ---------------------------------------------------------------------------------- */

/* Keeps the input of an image of the last run if its index is a multiple of `step`. When memory is
 * full, drops every second kept image and doubles the step, so that the kept images are spread over
 * all. */
static void keep(vrn_check *c, uint32_t image)
{
    const size_t numbers = numbers_of(c);
    const uint32_t channels = vrn_model_arch(c->model)->in_channels, padded = vrn_c4(channels) * 4;
    const uint64_t index = c->added++;
    if (index % c->step == 0 && c->count == c->capacity) {
        c->count = vrn_div_up(c->capacity, 2);
        c->step *= 2;
        for (size_t i = 1; i < c->count; i++) {
            memcpy(c->kept + i * numbers, c->kept + 2 * i * numbers, numbers * sizeof *c->kept);
        }
    }
    if (index % c->step != 0) return;
    const float *from = vrn_observer_input(&c->observer, image);
    float *to = c->kept + c->count++ * numbers;
    for (size_t i = 0; i < numbers / channels; i++) {
        memcpy(to + channels * i, from + padded * i, channels * sizeof *to);
    }
}

vrn_result vrn_check_add(vrn_check *c, const vrn_inputs *inputs)
{
    if (!c || !inputs) {
        return vrn_fail(c ? &c->device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_check_add: %s is NULL", c ? "inputs" : "check");
    }
    const size_t numbers = numbers_of(c);
    vrn_result result = VRN_OK;
    for (uint32_t done = 0; done < inputs->count && !result;) {
        const vrn_inputs part = {
            .count = vrn_min_u32(c->info.batch, inputs->count - done),
            .nchw = inputs->nchw ? inputs->nchw + done * numbers : NULL,
            .nhwc = inputs->nhwc ? inputs->nhwc + done * numbers : NULL,
            .images = inputs->images ? inputs->images + done : NULL,
        };
        result = vrn_observer_add(&c->observer, &part);
        if (result) break;
        c->photos = c->photos && inputs->images;
        for (uint32_t i = 0; i < part.count; i++) keep(c, i);
        done += part.count;
    }
    return result;
}

static vrn_result have_images(const vrn_check *c, const char *function)
{
    if (c->added > 0) return VRN_OK;
    return vrn_fail(&c->device->log, VRN_ERROR_INVALID_ARGUMENT, "%s: no images were added",
                    function);
}

vrn_result vrn_check_get_norms(const vrn_check *c, vrn_check_norm *norms, uint32_t capacity,
                               uint32_t *count)
{
    if (!c || !count || (!norms && capacity > 0)) {
        return vrn_fail(c ? &c->device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_check_get_norms: check, norms or count is NULL");
    }
    vrn_result result = have_images(c, "vrn_check_get_norms");
    if (result) return result;
    *count = c->targets.count;
    for (uint32_t i = 0; i < vrn_min_u32(capacity, *count); i++) {
        norms[i] = (vrn_check_norm){
            .name = c->targets.norms[i].name,
            .channels = c->targets.norms[i].channels,
            .fit = vrn_observer_norm_fit(&c->observer, i, c->scratch),
        };
    }
    return VRN_OK;
}

/* ---- Other readings -------------------------------------------------------------------------- */

/* The number by which readings are compared. */
static double distance_of(const vrn_check_fit *fit)
{
    return fit->channels ? fit->divergence : INFINITY;
}

/* Converts a kept input to that of another preparation of the image. */
static void prepare(const vrn_check *c, uint32_t index, const vrn_transform *to, float *input)
{
    const vrn_transform *from = &c->transform;
    const uint32_t channels = vrn_model_arch(c->model)->in_channels;
    const size_t numbers = numbers_of(c);
    const float *kept = c->kept + index * numbers;
    const double scale = (double)vrn_transform_scale(from) / (double)vrn_transform_scale(to);
    for (uint32_t k = 0; k < channels; k++) {
        const uint32_t other = channels == 3 && from->channels != to->channels ? 2 - k : k;
        const double spread = from->std[other] != 0 ? (double)from->std[other] : 1;
        const double divisor = to->std[k] != 0 ? (double)to->std[k] : 1;
        for (size_t i = 0; i < numbers; i += channels) {
            const double value = ((double)kept[i + other] * spread + (double)from->mean[other]);
            input[i + k] = (float)((value * scale - (double)to->mean[k]) / divisor);
        }
    }
}

/* Runs `count` of the kept images, spread over all; stops early when the fit is worse than
 * `limit`. */
static vrn_result observe(const vrn_check *c, vrn_observer *observer, vrn_check_reading *reading,
                          uint32_t count, double limit)
{
    const size_t numbers = numbers_of(c);
    vrn_result result = VRN_OK;
    vrn_observer_reset(observer);
    for (uint32_t done = 0; done < count && !result;) {
        const uint32_t part = vrn_min_u32(c->info.batch, count - done);
        for (uint32_t i = 0; i < part; i++) {
            const uint32_t index = (uint32_t)((uint64_t)(done + i) * c->count / count);
            if (reading->prepares) {
                prepare(c, index, &reading->transform, c->input + i * numbers);
            } else {
                memcpy(c->input + i * numbers, c->kept + index * numbers,
                       numbers * sizeof *c->input);
            }
        }
        result = vrn_observer_add(observer, &(vrn_inputs){.count = part, .nhwc = c->input});
        reading->fit = vrn_observer_fit(observer, c->scratch);
        reading->images = done += part;
        if (distance_of(&reading->fit) > limit) break;
    }
    return result;
}

/* Sets *possible: true if the model has an architecture's parameters and the input a valid size.
 * Fails only if memory runs out. */
static vrn_result find_possible(const vrn_check *c, const vrn_arch *arch, bool *possible)
{
    vrn_graph graph;
    vrn_model *model = NULL;
    vrn_result result = vrn_graph_build(&graph, arch, c->info.height, c->info.width, NULL);
    if (!result) {
        vrn_graph_free(&graph);
        result = vrn_model_with_arch(&model, c->model, arch, NULL);
    }
    vrn_model_release(model);
    *possible = !result;
    return result == VRN_ERROR_OUT_OF_MEMORY ? vrn_fail_memory(&c->device->log) : VRN_OK;
}

static vrn_result run_reading(const vrn_check *c, vrn_check_reading *reading, uint32_t count,
                              double limit)
{
    if (!*reading->keys) {
        vrn_observer shared = c->observer;
        shared.moments = c->moments;
        return observe(c, &shared, reading, count, limit);
    }
    vrn_model *model = NULL;
    vrn_observer observer = {0};
    vrn_result result = vrn_model_with_arch(&model, c->model, &reading->arch, &c->device->log);
    if (!result) {
        result = vrn_observer_create(&observer, c->device, model, &c->targets,
                                     &(vrn_session_params){
                                         .batch = c->info.batch,
                                         .height = c->info.height,
                                         .width = c->info.width,
                                     });
    }
    if (!result) result = observe(c, &observer, reading, count, limit);
    vrn_observer_destroy(&observer);
    vrn_model_release(model);
    return result;
}

/* ---- The search ------------------------------------------------------------------------------ */

typedef struct search {
    const vrn_check *check;
    vrn_check_summary *summary;
    void (*visit)(void *user, const vrn_check_reading *reading);
    void *user;
    vrn_readings *readings;
} search;

static void report(search *s, const vrn_check_reading *reading)
{
    s->summary->tried++;
    if (s->visit) s->visit(s->user, reading);
}

/* Runs every reading that differs from the best one in a single property on some images. Removes
 * impossible readings from the list. */
static vrn_result screen(search *s, const vrn_check_reading *best, uint32_t count)
{
    vrn_readings *readings = s->readings;
    const vrn_check *c = s->check;
    const double limit = hopeless_factor * distance_of(&best->fit) + hopeless_step;
    uint32_t left = 0;
    vrn_result result = VRN_OK;
    vrn_readings_list(readings, best, vrn_model_arch(c->model), c->photos);
    for (uint32_t i = 0; i < readings->count && !result; i++) {
        vrn_check_reading *reading = &readings->each[i];
        bool possible;
        result = find_possible(c, &reading->arch, &possible);
        if (result || !possible) continue;
        result = run_reading(c, reading, count, limit);
        if (result) break;
        report(s, reading);
        readings->each[left++] = *reading;
    }
    readings->count = left;
    return result;
}

/* Removes the reading with the smallest distance from the list. */
static bool take_best(vrn_readings *readings, double below, vrn_check_reading *best)
{
    uint32_t found = readings->count;
    for (uint32_t i = 0; i < readings->count; i++) {
        const double distance = distance_of(&readings->each[i].fit);
        if (distance >= below) continue;
        below = distance;
        found = i;
    }
    if (found == readings->count) return false;
    *best = readings->each[found];
    readings->each[found] = readings->each[--readings->count];
    return true;
}

/* One round: looks for a reading that is clearly better than `best`, and replaces that. */
static vrn_result improve(search *s, vrn_check_reading *best, bool *better)
{
    const vrn_check *c = s->check;
    const uint32_t count = vrn_min_u32(is_large(c) ? SCREENED_LARGE : SCREENED, c->count);
    const double share = c->count < FEW ? better_share_of_few : better_share;
    vrn_check_reading few = *best, candidate, start = *best;
    *better = false;
    vrn_result result = run_reading(c, &few, count, INFINITY);
    if (!result) result = screen(s, &few, count);
    for (uint32_t i = 0; i < FINALISTS && !result; i++) {
        if (!take_best(s->readings, finalist_share * distance_of(&few.fit), &candidate)) break;
        result = run_reading(c, &candidate, c->count, INFINITY);
        const double before = distance_of(&start.fit), now = distance_of(&candidate.fit);
        if (result || now > share * before || now > before - better_step) continue;
        if (now >= distance_of(&best->fit)) continue;
        *best = candidate;
        *better = true;
    }
    if (*better) report(s, best);
    return result;
}

static vrn_result find_best(search *s)
{
    const vrn_check *c = s->check;
    vrn_check_summary *summary = s->summary;
    vrn_check_reading best = {.transform = c->transform, .arch = *vrn_model_arch(c->model)};
    vrn_result result = run_reading(c, &best, c->count, INFINITY);
    if (result) return result;
    report(s, &best);
    summary->same = best.fit;
    bool better = true;
    for (uint32_t i = 0; i < ROUNDS && better && !result; i++) result = improve(s, &best, &better);
    summary->best = best;
    if (*best.name) {
        summary->verdict = VRN_CHECK_OTHER;
    } else if (best.fit.channels == 0 || best.fit.variance > misfit) {
        summary->verdict = VRN_CHECK_NONE;
    }
    return result;
}

vrn_result vrn_check_finish(vrn_check *c, vrn_check_summary *summary,
                            void (*visit)(void *user, const vrn_check_reading *reading), void *user)
{
    if (!c || !summary) {
        return vrn_fail(c ? &c->device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_check_finish: %s is NULL", c ? "summary" : "check");
    }
    vrn_result result = have_images(c, "vrn_check_finish");
    if (result) return result;
    *summary = (vrn_check_summary){
        .images = (uint32_t)vrn_min_u64(c->added, UINT32_MAX),
        .fit = vrn_observer_fit(&c->observer, c->scratch),
    };
    search s = {c, summary, visit, user, vrn_alloc(1, sizeof *s.readings)};
    if (!s.readings) return vrn_fail_memory(&c->device->log);
    result = find_best(&s);
    vrn_free(s.readings);
    return result;
}
