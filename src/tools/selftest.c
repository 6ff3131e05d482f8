/* Checks that a device computes correctly: every kernel against the reference, and a network
 * against itself. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "base/alloc.h"
#include "base/util.h"
#include "ops/support.h"
#include "plan/avoid.h"
#include "plan/precision.h"
#include "tools/kernel_check.h"
#include "tools/replay.h"

enum { REPLAYS = 100 };

/* The most cases for one kernel in a quick self-test, whose time is mostly compilation. Kernels for
 * the other kind of device run only on request, and are tested on fewer cases. */
enum { CASES_QUICK = 3, CASES_AWAY = 1, CASES_MAX = 512 };

/* A case with tensors of a type, or with floats that are rounded to it. */
typedef struct typed_case {
    const vrn_op_case *c;
    vrn_type type;
    bool rounded;
} typed_case;

enum { FORMS = 2 * VRN_TYPE_COUNT }; /* types, then those that floats are rounded to */

typedef struct selftest {
    vrn_device *device;
    const vrn_selftest_params *params;
    vrn_selftest_summary summary;
    vrn_checker checker;
    /* [vrn_op_case_count][FORMS], of one operator, made when first needed */
    vrn_case_data *data;
    void (*visit)(void *user, const vrn_selftest_entry *entry);
    void *user;
} selftest;

static void visit(const selftest *t, const vrn_selftest_entry *entry)
{
    if (t->visit) t->visit(t->user, entry);
}

/* True if an error makes further work useless; other errors concern a single kernel. */
static bool fatal(vrn_result result)
{
    return result == VRN_ERROR_DEVICE_LOST || result == VRN_ERROR_OUT_OF_MEMORY;
}

static vrn_op_desc desc_of(const typed_case *c)
{
    return c->rounded ? vrn_case_rounded_desc(c->c, c->type) : vrn_case_desc(c->c, c->type);
}

/* Networks on this device have such tensors. */
static bool is_used(const selftest *t, const typed_case *c)
{
    if (!c->rounded) return true;
    return c->type != VRN_TYPE_F32 && vrn_device_stores_floats(t->device) &&
           !vrn_precision_keeps_floats(c->c->desc.op);
}

/* The case of a form that exercises the most features not in `seen`; NULL: none. */
static const typed_case *best_case(const typed_case *cases, uint32_t count, vrn_type type,
                                   bool rounded, uint32_t seen)
{
    const typed_case *best = NULL;
    uint32_t most = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t added = vrn_count_bits(vrn_case_traits(cases[i].c) & ~seen);
        if (cases[i].type != type || cases[i].rounded != rounded) continue;
        if (best && added <= most) continue;
        best = &cases[i];
        most = added;
    }
    return best;
}

/* Picks the cases on which a kernel runs: all that it supports, or a few that exercise most
 * features, with each type in turn, and one with rounded floats. */
static uint32_t pick_cases(const selftest *t, vrn_op op, const vrn_kernel *kernel,
                           typed_case picked[CASES_MAX])
{
    typed_case fitting[CASES_MAX] = {0};
    uint32_t fit = 0, count = 0, seen = 0;
    for (uint32_t i = 0; i < vrn_op_case_count * FORMS && fit < CASES_MAX; i++) {
        const typed_case here = {&vrn_op_cases[i / FORMS], (vrn_type)(i % VRN_TYPE_COUNT),
                                 i % FORMS >= VRN_TYPE_COUNT};
        if (here.c->desc.op != op || !is_used(t, &here)) continue;
        const vrn_op_desc desc = desc_of(&here);
        fitting[fit] = here;
        fit += vrn_kernel_supported(kernel, &desc, t->device);
    }
    if (t->params->thorough) {
        memcpy(picked, fitting, fit * sizeof *fitting);
        return fit;
    }
    const bool cpu = t->device->probe.info.type == VRN_DEVICE_CPU;
    const bool away = kernel->variant->suits == (cpu ? VRN_SUITS_GPU : VRN_SUITS_CPU);
    for (uint32_t i = 0; count < (away ? CASES_AWAY : CASES_QUICK) && i < 2 * VRN_TYPE_COUNT; i++) {
        const typed_case *best =
            best_case(fitting, fit, (vrn_type)(i % VRN_TYPE_COUNT), false, seen);
        if (!best) continue;
        seen |= vrn_case_traits(best->c);
        picked[count++] = *best;
    }
    /* Halves for one kernel, bytes for the next. */
    const vrn_type type = t->summary.kernels % 2 ? VRN_TYPE_I8 : VRN_TYPE_F16;
    const typed_case *best = away ? NULL : best_case(fitting, fit, type, true, 0);
    if (best) picked[count++] = *best;
    return count;
}

_Static_assert(sizeof((vrn_selftest_entry *)0)->skipped == VRN_WHY_MAX, "the same text");

/* Makes the pipelines of all cases at once, on all cores. */
static vrn_result prepare_pipelines(vrn_device *device, const vrn_kernel *kernel,
                                    const typed_case *cases, uint32_t count, bool *refused)
{
    *refused = false;
    const uint32_t most = count * vrn_kernel_pass_count(kernel);
    vrn_pipeline_key *keys = vrn_alloc(most, sizeof *keys);
    vrn_pipeline *pipelines = vrn_alloc(most, sizeof *pipelines);
    vrn_result result = keys && pipelines ? VRN_OK : vrn_fail_memory(&device->log);
    for (uint32_t i = 0; i < most && !result; i++) {
        const typed_case *c = &cases[i / vrn_kernel_pass_count(kernel)];
        const vrn_op_desc desc = desc_of(c);
        vrn_kernel_key(kernel, i % vrn_kernel_pass_count(kernel), &desc, &keys[i]);
    }
    if (!result) result = vrn_pipelines_prepare(device, keys, most, pipelines, refused);
    vrn_free(keys);
    vrn_free(pipelines);
    return result;
}

static vrn_result run_case(selftest *t, vrn_selftest_entry *entry, const vrn_kernel *kernel,
                           const typed_case *c)
{
    const uint32_t form = (uint32_t)c->type + (c->rounded ? (uint32_t)VRN_TYPE_COUNT : 0);
    vrn_case_data *data = &t->data[(size_t)(c->c - vrn_op_cases) * FORMS + form];
    const vrn_log *log = &t->device->log;
    vrn_kernel_verdict verdict;
    vrn_result result = VRN_OK;
    if (!data->x) {
        result = c->rounded ? vrn_case_data_create_rounded(data, c->c, c->type, log)
                            : vrn_case_data_create(data, c->c, c->type, log);
    }
    if (!result) result = vrn_kernel_check(&verdict, &t->checker, kernel, data);
    if (result) return result;
    entry->worst = fmax(entry->worst, verdict.worst);
    if (verdict.wrong > 0 && entry->wrong++ == 0) entry->first = verdict.first;
    return VRN_OK;
}

static vrn_result run_kernel(selftest *t, vrn_selftest_entry *entry, vrn_op op,
                             const vrn_kernel *kernel)
{
    typed_case cases[CASES_MAX];
    const double begin = vrn_time_ms();
    *entry = (vrn_selftest_entry){.op = vrn_op_name(op), .kernel = kernel->name};
    entry->cases = pick_cases(t, op, kernel, cases);
    if (entry->cases == 0) {
        if (vrn_kernel_possible(kernel, t->device, entry->skipped)) {
            snprintf(entry->skipped, VRN_WHY_MAX, "no case is within the device's limits");
        }
        t->summary.skipped++;
        visit(t, entry);
        return VRN_OK;
    }
    bool refused;
    vrn_result result = prepare_pipelines(t->device, kernel, cases, entry->cases, &refused);
    /* If the driver's compiler runs out of memory, only this kernel is affected. */
    bool go_on = refused || !fatal(result);
    uint32_t run = 0;
    while (run < entry->cases && !result) {
        result = run_case(t, entry, kernel, &cases[run]);
        go_on = !fatal(result);
        run += !result;
    }
    entry->result = result;
    entry->wrong += entry->cases - run;
    entry->ms = vrn_time_ms() - begin;
    t->summary.kernels++;
    t->summary.cases += entry->cases;
    t->summary.wrong += entry->wrong > 0;
    visit(t, entry);
    return go_on ? VRN_OK : result;
}

static void warn(const selftest *t, const vrn_selftest_entry *entry, bool avoided)
{
    const vrn_mismatch *m = &entry->first;
    const char *consequence = avoided ? "; it is avoided from now on" : "";
    char where[160] = "";
    if (entry->result) {
        snprintf(where, sizeof where, "it cannot be run (%s)", vrn_result_string(entry->result));
    } else if (m->outside) {
        snprintf(where, sizeof where, "%s, %s: it writes outside of its output", m->name,
                 m->precision);
    } else {
        snprintf(where, sizeof where, "%s, %s: [n %u, y %u, x %u, c %u] is %.9g, not %.9g", m->name,
                 m->precision, m->n, m->y, m->x, m->c, m->found, m->expected);
    }
    vrn_log_write(&t->device->log, VRN_LOG_WARNING,
                  "%s: kernel %s is wrong in %u of %u cases: %s%s", t->device->probe.info.name,
                  entry->kernel, entry->wrong, entry->cases, where, consequence);
}

/* Evaluates an operator's entries. Entries that were not run have no name, and may be right. */
static vrn_result settle(selftest *t, vrn_op op, const vrn_selftest_entry *entries)
{
    uint32_t wrong = 0;
    bool other = false;
    for (uint32_t i = 0; i < vrn_kernel_count(op); i++) {
        const vrn_selftest_entry *e = &entries[i];
        wrong += e->wrong > 0;
        other = other || !e->kernel || (e->cases > 0 && e->wrong == 0);
    }
    if (wrong > 0 && !other) t->summary.operators_broken++;
    for (uint32_t i = 0; i < vrn_kernel_count(op); i++) {
        const bool avoid = t->params->exclude && other;
        if (entries[i].wrong == 0) continue;
        warn(t, &entries[i], avoid);
        if (!avoid) continue;
        vrn_result result = vrn_avoid_kernel(t->device, vrn_kernel_at(op, i));
        if (result) return result;
        t->summary.avoided++;
    }
    return VRN_OK;
}

static vrn_result run_operator(selftest *t, vrn_op op)
{
    const char *prefix = t->params->kernel ? t->params->kernel : "";
    vrn_selftest_entry *entries = vrn_alloc(vrn_kernel_count(op), sizeof *entries);
    vrn_result result = entries ? VRN_OK : vrn_fail_memory(&t->device->log);
    for (uint32_t i = 0; i < vrn_kernel_count(op) && !result; i++) {
        if (strncmp(vrn_kernel_at(op, i)->name, prefix, strlen(prefix)) != 0) continue;
        result = run_kernel(t, &entries[i], op, vrn_kernel_at(op, i));
    }
    if (!result) result = settle(t, op, entries);
    vrn_free(entries);
    for (uint32_t i = 0; i < vrn_op_case_count * FORMS; i++) {
        vrn_case_data_free(&t->data[i]);
    }
    return result;
}

/* Tests the network, as two entries. *right: it is correct. */
static vrn_result run_network(selftest *t, bool *right)
{
    vrn_replay replay;
    vrn_selftest_summary *s = &t->summary;
    const uint32_t runs = t->params->replays ? t->params->replays : REPLAYS;
    const vrn_result result = vrn_replay_run(&replay, t->device, runs);
    if (fatal(result)) return result;
    s->replays = replay.runs;
    s->replays_differ = replay.differ;
    s->fusion_error = result ? -1 : replay.fusion_error;
    const double share = s->fusion_error / VRN_REPLAY_TOLERANCE;
    *right = !result && replay.differ == 0 && share <= 1;
    visit(t, &(vrn_selftest_entry){
                 .op = "network",
                 .kernel = "replay",
                 .result = replay.runs < runs ? result : VRN_OK,
                 .cases = runs,
                 .wrong = replay.differ + runs - replay.runs,
                 .worst = replay.differ ? INFINITY : 0,
                 .first = replay.first,
                 .ms = replay.replay_ms,
             });
    visit(t, &(vrn_selftest_entry){
                 .op = "network",
                 .kernel = "fusion",
                 .result = result,
                 .cases = 1,
                 .wrong = result || !(share <= 1),
                 .worst = isnan(share) ? INFINITY : fmax(share, 0),
                 .ms = replay.fusion_ms,
             });
    return VRN_OK;
}

static vrn_result conclude(selftest *t, bool network_right)
{
    vrn_selftest_summary *s = &t->summary;
    const bool broken = s->operators_broken > 0 || !network_right;
    s->verdict = broken     ? VRN_SELFTEST_BROKEN
                 : s->wrong ? VRN_SELFTEST_AVOIDABLE
                            : VRN_SELFTEST_RIGHT;
    if (s->verdict == VRN_SELFTEST_RIGHT) return VRN_OK;
    char fusion[64] = "unknown";
    if (s->fusion_error >= 0) snprintf(fusion, sizeof fusion, "%.3g", s->fusion_error);
    return vrn_fail(&t->device->log, VRN_ERROR_WRONG_RESULTS,
                    "%s: wrong kernels: %u of %u, operators without a correct kernel: %u, replays "
                    "of a network that differ: %u of %u, difference of the results with and "
                    "without fusion: %s%s",
                    t->device->probe.info.name, s->wrong, s->kernels, s->operators_broken,
                    s->replays_differ, s->replays, fusion,
                    broken ? "; do not use this device" : "");
}

vrn_result vrn_device_selftest(vrn_device *device, const vrn_selftest_params *params,
                               vrn_selftest_summary *summary,
                               void (*visit_entry)(void *user, const vrn_selftest_entry *entry),
                               void *user)
{
    static const vrn_selftest_params defaults = {0};
    if (!device) return VRN_ERROR_INVALID_ARGUMENT;
    vrn_result result = vrn_device_alive(device);
    if (!result && params) result = vrn_kernel_prefix_check(params->kernel, &device->log);
    if (result) return result;
    const double begin = vrn_time_ms();
    selftest t = {
        .device = device,
        .params = params ? params : &defaults,
        .visit = visit_entry,
        .user = user,
        .checker = {.bench = {.device = device}},
        .data = vrn_alloc((size_t)vrn_op_case_count * FORMS, sizeof *t.data),
    };
    bool network_right = false;
    result = t.data ? vrn_checker_create(&t.checker, device) : vrn_fail_memory(&device->log);
    for (uint32_t op = 0; op < VRN_OP_COUNT && !result; op++) result = run_operator(&t, (vrn_op)op);
    vrn_checker_destroy(&t.checker);
    if (!result) result = run_network(&t, &network_right);
    vrn_free(t.data);
    if (result) return result;
    result = conclude(&t, network_right);
    t.summary.ms = vrn_time_ms() - begin;
    if (summary) *summary = t.summary;
    return result;
}
