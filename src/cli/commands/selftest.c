#include <math.h>
#include <stdio.h>

#include <vkresnet/diagnostics.h>

#include "cli/command.h"
#include "cli/engine.h"
#include "cli/formats/json.h"
#include "cli/system/report.h"

enum { OPERATOR_COLUMN = 10, KERNEL_COLUMN = 28 };

typedef struct output {
    cli_json *json; /* NULL: a table */
    bool skipped;   /* also list kernels that the device cannot run */
    uint32_t lines;
} output;

/* Prints the first wrong result of the driver or a kernel. */
static void print_mismatch(const vrn_selftest_entry *e)
{
    const vrn_mismatch *m = &e->first;
    if (e->result != VRN_OK) {
        printf("cannot be run: %s", vrn_result_string(e->result));
    } else if (!m->name) {
        printf("the unfused network differs");
    } else if (m->outside) {
        printf("%s, %s: writes outside of its output", m->name, m->precision);
    } else {
        printf("%s, %s: [n %u, y %u, x %u, c %u] is %.9g, not %.9g", m->name, m->precision, m->n,
               m->y, m->x, m->c, m->found, m->expected);
    }
}

static void print_entry(output *to, const vrn_selftest_entry *e)
{
    if (to->lines++ == 0) {
        printf("%-*s  %-*s  %5s  %5s  %s\n", OPERATOR_COLUMN, "operator", KERNEL_COLUMN, "kernel",
               "cases", "error", "verdict");
    }
    printf("%-*s  %-*s  ", OPERATOR_COLUMN, e->op, KERNEL_COLUMN, e->kernel);
    if (*e->skipped) {
        printf("%5s  %5s  not run: %s\n", "-", "-", e->skipped);
        return;
    }
    printf("%5u  ", e->cases);
    if (e->wrong == 0) {
        printf("%5.2f  right\n", e->worst);
        return;
    }
    printf(isfinite(e->worst) && e->worst < 100 ? "%5.2f" : "%5.0e", e->worst);
    printf("  WRONG in %u; ", e->wrong);
    print_mismatch(e);
    putchar('\n');
}

static void write_entry(cli_json *json, const vrn_selftest_entry *e)
{
    const vrn_mismatch *m = &e->first;
    cli_json_write(json, "{op: %s, kernel: %s", e->op, e->kernel);
    cli_json_write(json, *e->skipped ? "skipped: %s" : "skipped: null", e->skipped);
    cli_json_write(json, e->result == VRN_OK ? "failure: null" : "failure: %s",
                   vrn_result_string(e->result));
    cli_json_write(json, "cases: %u, wrong: %u, worst: %g, first:", e->cases, e->wrong,
                   e->worst); /* null if it is infinite */
    if (m->name) {
        cli_json_write(json,
                       "{case: %s, precision: %s, outside: %d, position: [%u, %u, %u, %u], "
                       "expected: %g, found: %g}",
                       m->name, m->precision, m->outside, m->n, m->y, m->x, m->c, m->expected,
                       m->found);
    } else {
        cli_json_write(json, "null");
    }
    cli_json_write(json, "ms: %g}", e->ms);
}

static void visit(void *user, const vrn_selftest_entry *entry)
{
    output *to = user;
    if (to->json) {
        write_entry(to->json, entry);
    } else if (!*entry->skipped || to->skipped) {
        print_entry(to, entry);
        fflush(stdout); /* the next kernel may crash the process */
    }
}

static const struct {
    const char *name, *text;
} verdicts[] = {
    [VRN_SELFTEST_RIGHT] = {"right", "all right"},
    [VRN_SELFTEST_AVOIDABLE] = {"avoidable", "WRONG, but each operator has a correct kernel"},
    [VRN_SELFTEST_BROKEN] = {"broken", "WRONG: do not use this device"},
};

static void print_summary(const vrn_device_info *info, const vrn_selftest_summary *s)
{
    putchar('\n');
    cli_print_name(info->name);
    printf(": %u of %u kernels right, %u not run, %u of %u replays the same, ",
           s->kernels - s->wrong, s->kernels, s->skipped, s->replays - s->replays_differ,
           s->replays);
    if (s->fusion_error >= 0) {
        printf("unfused network within %.1e, ", s->fusion_error);
    } else {
        printf("the network does not run, ");
    }
    printf("%.1f s: %s\n", s->ms * 1e-3, verdicts[s->verdict].text);
}

static void write_summary(cli_json *json, const vrn_selftest_summary *s)
{
    cli_json_write(json,
                   "verdict: %s, kernels: %u, cases: %u, skipped: %u, wrong: %u, "
                   "operators_broken: %u, replays: %u, replays_differ: %u, fusion_error: %g, "
                   "ms: %g",
                   verdicts[s->verdict].name, s->kernels, s->cases, s->skipped, s->wrong,
                   s->operators_broken, s->replays, s->replays_differ,
                   s->fusion_error < 0 ? NAN : s->fusion_error, s->ms);
}

static bool run(const cli_options *options)
{
    vrn_device *device = NULL;
    vrn_device_info info;
    if (!cli_device_open(&device, &info, options)) return false;
    cli_json json = {.out = stdout};
    output to = {.json = options->json ? &json : NULL, .skipped = options->verbose};
    if (options->json) {
        cli_json_write(&json, "{device: %s, driver: %s, entries: [", info.name, info.driver);
    }
    /* The network is run without the wrong kernels, as in an application. */
    const vrn_selftest_params params = {
        .exclude = true,
        .thorough = options->thorough,
        .kernel = options->kernel,
    };
    vrn_selftest_summary summary;
    vrn_result result = vrn_device_selftest(device, &params, &summary, visit, &to);
    bool finished = result == VRN_OK || result == VRN_ERROR_WRONG_RESULTS;
    if (options->json) {
        cli_json_write(&json, "]");
        if (finished) write_summary(&json, &summary);
        cli_json_write(&json, "}\n");
    } else if (finished) {
        print_summary(&info, &summary);
    }
    vrn_device_destroy(&device);
    return result == VRN_OK;
}

const cli_command cli_selftest = {
    .name = "selftest",
    .summary = "check that a device computes correctly",
    .usage = "[--thorough] [OPTION]...",
    .details = "Compares every kernel that the device can run with plain C, whether or not a\n"
               "network would choose it, and replays the recorded commands of a small network.\n"
               "It prints one line for each kernel: the number of cases, the largest error as a\n"
               "share of the tolerance, and the first wrong value. --verbose also lists the\n"
               "kernels that the device cannot run. Exit status: 0 if everything is right, else\n"
               "1.",
    .examples = "  vkresnet selftest\n"
                "  vkresnet selftest --device llvmpipe --verbose\n"
                "  vkresnet selftest --kernel conv_tile --thorough\n"
                "  vkresnet selftest --json\n",
    .options = CLI_COMMON | CLI_BIT(KERNEL) | CLI_BIT(THOROUGH) | CLI_BIT(JSON),
    .run = run,
};
