#include "tools/tune.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/os.h"
#include "base/util.h"
#include "ops/support.h"
#include "session/session.h"
#include "ops/trial.h"

enum {
    PAIRS = 7,       /* of alternating runs, on which a decision is based .. */
    PAIRS_LEAST = 3, /* .. unless the first ones already decide it */
    REPEATS_MAX = 64,
    GIVE_UP = 3,          /* a row that was hopeless this often, and never good, is skipped */
    CANDIDATES_MAX = 256, /* rows of a table */
    NETWORK_PAIRS = 9,
};

/* The minimum length of a run, reached by repeating its kernel. */
static const double least_run_ms = 1;

/* The time limit for a shape: the larger of shape_ms and shape_runs times its kernel's time. */
static const double shape_ms = 2500, shape_runs = 40;

/* A longer first run means a slow kernel, even if the driver compiles it during the run. */
static const double compile_ms = 600;

static const double network_ms = 2000; /* the time limit for comparing whole networks */

double vrn_tune_ratio(const double *candidate, const double *incumbent, uint32_t count)
{
    double ratios[PAIRS > NETWORK_PAIRS ? PAIRS : NETWORK_PAIRS];
    count = vrn_min_u32(count, VRN_COUNT(ratios));
    if (count == 0) return 1;
    for (uint32_t i = 0; i < count; i++) {
        /* A time of 0 (a coarse clock) gives no information. */
        ratios[i] = incumbent[i] > 0 ? candidate[i] / incumbent[i] : 1;
    }
    return vrn_median(ratios, count);
}

bool vrn_tune_better(const double *candidate, const double *incumbent, uint32_t count)
{
    return count >= PAIRS_LEAST &&
           vrn_tune_ratio(candidate, incumbent, count) < 1 - VRN_TUNE_MARGIN;
}

bool vrn_tune_hopeless(double first_ms, double best_ms)
{
    return first_ms > 3 * best_ms;
}

static bool untried(const vrn_step *step)
{
    return step->choice.rejected && step->choice.why == VRN_CHOICE_MERIT;
}

typedef void (*progress_function)(void *user, uint32_t done, uint32_t total, const char *text);

typedef struct tuner {
    vrn_tuned tuned;
    uint32_t known; /* the number of records from before this call */
    vrn_bench bench;
    uint32_t images;
    const char *layer;                              /* the first layer with this shape */
    const vrn_op_desc *desc;                        /* the current shape */
    uint8_t hopeless[VRN_OP_COUNT][CANDIDATES_MAX]; /* per row; 255: never skip it */
    uint32_t done, total;
    progress_function progress;
    void *user;
} tuner;

/* The best kernel so far for a shape, and the best of the losers. */
typedef struct race {
    vrn_trial champion;
    double champion_ms;
    const vrn_kernel *rejected;
    double rejected_ratio; /* its time over the champion's in alternating runs */
} race;

static void lose(race *r, const vrn_kernel *kernel, double ratio)
{
    if (r->rejected && r->rejected_ratio <= ratio) return;
    r->rejected = kernel;
    r->rejected_ratio = ratio;
}

/* Logs a candidate's time and outcome as a line of JSON, for collection. */
static void record_candidate(const tuner *t, const vrn_kernel *kernel, double ms, const char *end)
{
    const vrn_op_desc *d = t->desc;
    vrn_log_write(
        &t->bench.device->log, VRN_LOG_INFO,
        "{\"tuned\": \"%s\", \"op\": \"%s\", \"in\": [%u, %u, %u], \"out\": [%u, %u, %u], "
        "\"window\": [%u, %u], \"groups\": %u, \"images\": %u, \"kernel\": \"%s\", "
        "\"ms\": %.6g, \"end\": \"%s\"}",
        t->layer, vrn_op_name(d->op), d->in.h, d->in.w, d->in.c, d->out.h, d->out.w, d->out.c,
        d->kernel.y, d->kernel.x, d->groups, t->images, kernel->name, ms, end);
}

/* Runs the champion and the challenger alternately. */
static vrn_result compete(tuner *t, race *r, vrn_trial *challenger)
{
    double champion[PAIRS], candidate[PAIRS];
    uint32_t count = 0;
    vrn_result result = VRN_OK;
    while (count < PAIRS && !result) {
        result = vrn_trial_run(&r->champion, &t->bench, &champion[count]);
        if (!result) result = vrn_trial_run(challenger, &t->bench, &candidate[count]);
        count++;
        if (count == PAIRS_LEAST && !result && vrn_tune_ratio(candidate, champion, count) > 1.05) {
            break;
        }
    }
    if (result) return result;
    double ratio = vrn_tune_ratio(candidate, champion, count);
    const bool better = vrn_tune_better(candidate, champion, count);
    record_candidate(t, challenger->prepared.kernel, vrn_median(candidate, count),
                     better ? "better" : "worse");
    r->champion_ms = vrn_median(champion, count);
    if (!better) {
        lose(r, challenger->prepared.kernel, ratio);
        return VRN_OK;
    }
    r->rejected_ratio /= ratio;
    lose(r, r->champion.prepared.kernel, 1 / ratio);
    vrn_trial loser = r->champion;
    r->champion = *challenger;
    *challenger = loser;
    r->champion_ms *= ratio;
    return VRN_OK;
}

static uint8_t *hopelessness(tuner *t, const vrn_kernel *kernel)
{
    uint32_t row = 0;
    while (vrn_kernel_at(t->desc->op, row) != kernel) row++;
    return row < CANDIDATES_MAX ? &t->hopeless[t->desc->op][row] : NULL;
}

static vrn_result challenge(tuner *t, race *r, const vrn_kernel *kernel)
{
    uint8_t *hopeless = hopelessness(t, kernel);
    if (hopeless && *hopeless >= GIVE_UP && *hopeless != UINT8_MAX) return VRN_OK;
    vrn_trial trial = {0};
    double ms = 0;
    bool refused = false;
    vrn_result result = vrn_trial_create(&trial, &t->bench, kernel, t->desc, t->images,
                                         1 - r->champion.slot, &refused);
    if (refused) { /* the driver cannot compile it */
        record_candidate(t, kernel, 0, "refused");
        if (hopeless && *hopeless != UINT8_MAX) *hopeless = GIVE_UP;
        vrn_trial_destroy(&trial, &t->bench);
        return VRN_OK;
    }
    if (!result) result = vrn_trial_record(&trial, &t->bench, 1);
    if (!result) result = vrn_trial_run(&trial, &t->bench, &ms);
    /* The first run is a warm-up: some drivers compile during it. */
    if (!result && ms < compile_ms + 10 * r->champion_ms) {
        result = vrn_trial_run(&trial, &t->bench, &ms);
    }
    if (!result && vrn_tune_hopeless(ms, r->champion_ms)) {
        lose(r, kernel, ms / r->champion_ms);
        record_candidate(t, kernel, ms, "hopeless");
        if (hopeless && *hopeless != UINT8_MAX) (*hopeless)++;
    } else if (!result) {
        if (hopeless) *hopeless = UINT8_MAX;
        result = vrn_trial_record(&trial, &t->bench, r->champion.repeats);
        if (!result) result = compete(t, r, &trial);
    }
    vrn_trial_destroy(&trial, &t->bench);
    return result;
}

/* The heuristic's choice is the first champion. */
static vrn_result begin_race(tuner *t, race *r, const vrn_kernel *kernel)
{
    vrn_result result =
        vrn_trial_create(&r->champion, &t->bench, kernel, t->desc, t->images, 0, NULL);
    if (!result) result = vrn_trial_record(&r->champion, &t->bench, 1);
    for (int i = 0; i < 2 && !result; i++) {
        result = vrn_trial_run(&r->champion, &t->bench, &r->champion_ms);
    }
    if (result) return result;
    record_candidate(t, kernel, r->champion_ms, "first");
    const double most = (double)REPEATS_MAX;
    const double repeats = r->champion_ms > 0 ? least_run_ms / r->champion_ms + 1 : most;
    return vrn_trial_record(&r->champion, &t->bench, (uint32_t)fmin(repeats, most));
}

static void copy_name(char to[VRN_TUNED_NAME], const vrn_kernel *kernel)
{
    snprintf(to, VRN_TUNED_NAME, "%s", kernel ? kernel->name : "");
}

/* Lists all kernels that can run the shape, the best by merit first. */
static vrn_result list_kernels(tuner *t, const vrn_kernel **list, uint32_t *count)
{
    const vrn_device *device = t->bench.device;
    uint32_t all = 0, kept = 0;
    const vrn_kernel *ranked[CANDIDATES_MAX];
    while (all < CANDIDATES_MAX) {
        const vrn_kernel *next = vrn_choose_kernel(device, t->desc, t->images, NULL, ranked, all);
        if (!next) break;
        /* Kernels for this kind of device come first. On a GPU the others may take seconds, which
         * its driver may treat as a hang. */
        if (all > 0 && device->probe.info.type != VRN_DEVICE_CPU &&
            ranked[0]->variant->suits == VRN_SUITS_GPU && next->variant->suits != VRN_SUITS_GPU) {
            break;
        }
        ranked[all++] = next;
    }
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; i < all && !result; i++) {
        const vrn_trial_layout l = vrn_trial_lay_out(ranked[i], t->desc, t->images, device);
        if (vrn_max_u64(l.inputs, l.results) > device->probe.info.max_allocation ||
            !vrn_kernel_bindable(ranked[i], t->desc, t->images, device)) {
            continue;
        }
        list[kept++] = ranked[i];
        result = vrn_bench_reserve(&t->bench, l.inputs, l.results);
    }
    *count = kept;
    return result;
}

static vrn_result tune_shape(tuner *t, const char *name)
{
    t->layer = name;
    const vrn_kernel *list[CANDIDATES_MAX];
    uint32_t count;
    vrn_result result = list_kernels(t, list, &count);
    if (result || count == 0) return result;
    race r = {0};
    const double begin = vrn_time_ms();
    result = begin_race(t, &r, list[0]);
    const double runs_ms = shape_runs * r.champion_ms;
    const double budget = runs_ms > shape_ms ? runs_ms : shape_ms;
    uint32_t i = 1;
    for (; i < count && !result && vrn_time_ms() - begin < budget; i++) {
        result = challenge(t, &r, list[i]);
    }
    if (!result) {
        vrn_tuned_record record = {
            .shape = vrn_tuned_shape(&t->tuned, t->bench.device, t->desc, t->images),
            .ms = r.champion_ms,
            .rejected_ms = r.rejected_ratio * r.champion_ms,
            .fresh = true,
        };
        copy_name(record.kernel, r.champion.prepared.kernel);
        copy_name(record.rejected, r.rejected);
        char second[VRN_TUNED_NAME + 40] = "";
        if (r.rejected) {
            snprintf(second, sizeof second, "second %s, %.3f ms; ", record.rejected,
                     record.rejected_ms);
        }
        vrn_log_write(&t->bench.device->log, VRN_LOG_INFO,
                      "tuning %s: fastest %s, %.3f ms; %s%u of %u kernels considered", name,
                      record.kernel, record.ms, second, i, count);
        result = vrn_tuned_put(&t->tuned, &record, &t->bench.device->log);
    }
    vrn_trial_destroy(&r.champion, &t->bench);
    return result;
}

static void report(const tuner *t, const char *text)
{
    if (t->progress) t->progress(t->user, t->done, t->total, text);
}

/* The record of step i, or NULL. */
static const vrn_tuned_record *record_of(tuner *t, const vrn_program *program, uint32_t i)
{
    return vrn_tuned_find(&t->tuned, program->device, &program->graph.nodes[i].desc, t->images);
}

static vrn_result tune_shapes(tuner *t, const vrn_program *program)
{
    /* Count equal shapes once, and one more step for the comparison of whole networks. */
    vrn_tuned seen = {0};
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; i < program->graph.count && !result; i++) {
        const vrn_op_desc *desc = &program->graph.nodes[i].desc;
        if (!untried(&program->steps[i]) || record_of(t, program, i) ||
            vrn_tuned_find(&seen, program->device, desc, t->images)) {
            continue;
        }
        t->total++;
        result = vrn_tuned_put(
            &seen,
            &(vrn_tuned_record){.shape = vrn_tuned_shape(&seen, program->device, desc, t->images)},
            &program->device->log);
    }
    vrn_tuned_free(&seen);
    t->total++;
    for (uint32_t i = 0; i < program->graph.count && !result; i++) {
        if (!untried(&program->steps[i]) || record_of(t, program, i)) continue;
        t->desc = &program->graph.nodes[i].desc;
        report(t, program->graph.nodes[i].name);
        result = tune_shape(t, program->graph.nodes[i].name);
        t->done++;
    }
    return result;
}

/* Runs both sessions alternately. *ratio: the second one's time over the first one's. */
static vrn_result compare_times(vrn_session *first, vrn_session *second, double *ratio)
{
    const vrn_session_info *info = &first->program->info;
    const uint32_t count = info->slice, channels = first->program->graph.input.c;
    const size_t numbers = (size_t)count * info->height * info->width * channels;
    float *input = vrn_alloc(numbers, sizeof *input);
    float *logits = vrn_alloc((size_t)count * info->classes, sizeof *logits);
    double times[2][NETWORK_PAIRS];
    uint32_t pairs = 0;
    vrn_result result = input && logits ? VRN_OK : vrn_fail_memory(&first->device->log);
    for (size_t i = 0; input && i < numbers; i++) {
        input[i] = (float)((i * 7919) % 1000) / 500 - 0.9995f;
    }
    double begin = vrn_time_ms();
    for (int run = -1; run < NETWORK_PAIRS && !result; run++) {
        if (run > PAIRS_LEAST && vrn_time_ms() - begin > network_ms) break;
        for (int i = 0; i < 2 && !result; i++) {
            const vrn_inputs in = {.count = count, .nchw = input};
            vrn_timing timing = {0};
            const vrn_outputs out = {.logits = info->classes ? logits : NULL, .timing = &timing};
            double start = vrn_time_ms();
            result = vrn_session_run(i ? second : first, &in, &out);
            /* The first round is a warm-up. */
            if (result || run < 0) continue;
            times[i][run] = timing.gpu_ms > 0 ? timing.gpu_ms : vrn_time_ms() - start;
        }
        if (run >= 0) pairs++;
    }
    if (!result) *ratio = vrn_tune_ratio(times[1], times[0], pairs);
    vrn_free(input);
    vrn_free(logits);
    return result;
}

/* Replaces the kernel by the heuristic's choice in every record of this call that differs from it.
 * With `only_count`, only counts them. */
static vrn_result revert(tuner *t, const vrn_program *plain, bool only_count, uint32_t *changed)
{
    vrn_result result = VRN_OK;
    *changed = 0;
    for (uint32_t i = 0; i < plain->graph.count && !result; i++) {
        const vrn_tuned_record *found = record_of(t, plain, i);
        const vrn_kernel *kernel = plain->steps[i].choice.kernel;
        if (!found || found < t->tuned.records + t->known) continue;
        vrn_tuned_record record = *found;
        if (strcmp(record.kernel, kernel->name) == 0) continue;
        ++*changed;
        if (only_count) continue;
        memcpy(record.rejected, record.kernel, sizeof record.rejected);
        record.rejected_ms = record.ms;
        copy_name(record.kernel, kernel);
        record.ms = 0; /* no longer known */
        result = vrn_tuned_put(&t->tuned, &record, &plain->device->log);
    }
    return result;
}

static vrn_result check_network(tuner *t, vrn_session *plain, const vrn_session_params *params)
{
    uint32_t changed;
    double ratio = 1;
    vrn_session *tuned = NULL;
    const vrn_program *program = plain->program;
    vrn_result result = revert(t, program, true, &changed);
    if (result || changed == 0) return result;
    result = vrn_session_make(&tuned, plain->device, program->model, params, &t->tuned, false);
    if (!result) result = compare_times(plain, tuned, &ratio);
    vrn_session_destroy(&tuned);
    if (result) return result;
    bool faster = ratio < 1;
    vrn_log_write(&plain->device->log, VRN_LOG_INFO,
                  "tuned: with other kernels for %u operation%s, the network takes %.3f times as "
                  "long as before%s",
                  changed, changed == 1 ? "" : "s", ratio, faster ? "" : ": they are not used");
    return faster ? VRN_OK : revert(t, program, false, &changed);
}

/* Finds out whether some operation has several kernels that were not timed. */
static vrn_result find_untried(tuner *t, const vrn_model *model, const vrn_session_params *params,
                               bool *found)
{
    vrn_program *program;
    vrn_result result =
        vrn_program_plan(&program, t->bench.device, model, params, &t->tuned, false);
    for (uint32_t i = 0; !result && i < program->graph.count; i++) {
        *found = *found || untried(&program->steps[i]);
    }
    vrn_program_destroy(&program);
    return result;
}

static vrn_result tune(tuner *t, const vrn_model *model, const vrn_session_params *params)
{
    vrn_device *device = t->bench.device;
    vrn_session *plain = NULL;
    vrn_result result = vrn_session_make(&plain, device, model, params, NULL, false);
    if (result) return result;
    t->images = plain->program->chosen_for;
    result = vrn_bench_create(&t->bench, device);
    if (!result) result = tune_shapes(t, plain->program);
    vrn_bench_destroy(&t->bench);
    report(t, "the whole network");
    if (!result) result = check_network(t, plain, params);
    t->done = t->total;
    report(t, "");
    vrn_session_destroy(&plain);
    return result ? result : vrn_tuned_keep(&t->tuned, device);
}

vrn_result vrn_device_tune(vrn_device *device, const vrn_model *model,
                           const vrn_session_params *params, progress_function progress, void *user)
{
    static const vrn_session_params defaults = {0};
    if (!params) params = &defaults;
    if (!device || !model) {
        return vrn_fail(device ? &device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_device_tune: %s is NULL", device ? "model" : "device");
    }
    bool needed = false;
    vrn_result result = vrn_device_alive(device);
    if (!result) result = vrn_session_params_check(params, &device->log);
    if (result || vrn_choice_preferred(params)) return result;
    tuner *t = vrn_alloc(1, sizeof *t);
    if (!t) return vrn_fail_memory(&device->log);
    t->bench.device = device;
    t->progress = progress;
    t->user = user;
    result = vrn_tuned_get(&t->tuned, device);
    t->known = t->tuned.count;
    if (!result) result = find_untried(t, model, params, &needed);
    if (!result && needed) result = tune(t, model, params);
    vrn_tuned_free(&t->tuned);
    vrn_free(t);
    return result;
}
