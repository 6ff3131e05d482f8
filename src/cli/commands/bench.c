#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "base/number.h"
#include "base/os.h"
#include "cli/command.h"
#include "cli/engine.h"
#include "cli/formats/json.h"
#include "cli/system/report.h"

enum { WARM_UP_RUNS = 2, LEAST_RUNS = 5 };

static const double measure_ms = 3000, warm_up_ms = 1000;

/* The times of a run, in milliseconds. */
typedef struct sample {
    double run, gpu, replay, submit; /* the last three are vrn_timing's */
} sample;

typedef struct bench_figures {
    double first_ms, median_ms, min_ms, gpu_ms;
    double host_us, submit_us;
    size_t runs;
    double images_per_s, gflops;
    vrn_device_peak peak;
    double share; /* of the peak, in percent */
} bench_figures;

/* The median of the field at `offset`. `sorted` [count] is scratch memory. */
static double median(const sample *samples, size_t count, size_t offset, double *sorted)
{
    for (size_t i = 0; i < count; i++) {
        memcpy(&sorted[i], (const char *)&samples[i] + offset, sizeof *sorted);
    }
    return vrn_median(sorted, count);
}

/* Fills with values from -1 to 1 with a long period, because zeros are faster on some
 * processors. */
static void fill_input(float *values, size_t count)
{
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
}

static bool run_once(vrn_session *session, const vrn_inputs *inputs, const vrn_outputs *outputs,
                     double *host_ms)
{
    double begin = vrn_time_ms();
    if (vrn_session_run(session, inputs, outputs) != VRN_OK) return false;
    *host_ms = vrn_time_ms() - begin;
    return true;
}

static bool measure(vrn_session *session, const vrn_inputs *inputs, const vrn_outputs *outputs,
                    uint32_t repeats, bench_figures *figures)
{
    sample *samples = NULL;
    size_t count = 0, capacity = 0;
    double host_ms, begin = vrn_time_ms();
    bool good = run_once(session, inputs, outputs, &figures->first_ms);
    for (int i = 0; i < WARM_UP_RUNS && good && vrn_time_ms() - begin < warm_up_ms; i++) {
        good = run_once(session, inputs, outputs, &host_ms);
    }
    begin = vrn_time_ms();
    while (good &&
           (repeats ? count < repeats : count < LEAST_RUNS || vrn_time_ms() - begin < measure_ms)) {
        good = run_once(session, inputs, outputs, &host_ms) &&
               cli_grow(&samples, count, &capacity, sizeof *samples);
        if (!good) break;
        const vrn_timing *timing = outputs->timing;
        samples[count++] = (sample){host_ms, timing->gpu_ms, timing->replay_ms, timing->submit_ms};
    }
    double *sorted = good ? cli_alloc(count, sizeof *sorted) : NULL;
    if (sorted) {
        figures->runs = count;
        figures->gpu_ms = median(samples, count, offsetof(sample, gpu), sorted);
        figures->host_us = median(samples, count, offsetof(sample, replay), sorted) * 1e3;
        figures->submit_us = median(samples, count, offsetof(sample, submit), sorted) * 1e3;
        figures->median_ms = median(samples, count, offsetof(sample, run), sorted);
        figures->min_ms = sorted[0];
    }
    good = sorted;
    free(sorted);
    free(samples);
    return good;
}

static void print_json(const cli_engine *engine, const bench_figures *figures)
{
    const vrn_session_info *info = &engine->info;
    cli_json json = {.out = stdout};
    cli_json_write(&json, "{model: %s, device: %s, precision: %s, batch: %u, height: %u, width: %u",
                   engine->model.info.name, engine->device_info.name,
                   vrn_precision_name(info->precision), info->batch, info->height, info->width);
    cli_json_write(&json, "median_ms: %g, min_ms: %g, gpu_ms: %g, images_per_s: %g, gflops: %g",
                   figures->median_ms, figures->min_ms, figures->gpu_ms, figures->images_per_s,
                   figures->gflops);
    cli_json_write(&json, "peak_gflops: %g, peak_gb_s: %g, share: %g, host_us: %g, submit_us: %g",
                   figures->peak.gflops, figures->peak.gb_s, figures->share, figures->host_us,
                   figures->submit_us);
    cli_json_write(&json, "load_ms: %g, compile_ms: %g, first_ms: %g", engine->model.load_ms,
                   info->compile_ms, figures->first_ms);
    cli_json_write(&json, "device_bytes: %ju, activation_bytes: %ju, dispatches: %u, runs: %zu}\n",
                   (uintmax_t)info->device_bytes, (uintmax_t)info->activation_bytes,
                   info->dispatches, figures->runs);
}

static void print_text(const cli_engine *engine, const bench_figures *figures)
{
    const vrn_session_info *info = &engine->info;
    cli_print_name(engine->model.info.name);
    printf(", %s, batch %u, %ux%u, on ", vrn_precision_name(info->precision), info->batch,
           info->height, info->width);
    cli_print_name(engine->device_info.name);
    printf("\n  load        %10.2f ms\n", engine->model.load_ms);
    printf("  compile     %10.2f ms\n", info->compile_ms);
    printf("  first run   %10.2f ms\n", figures->first_ms);
    printf("  run         %10.2f ms  median of %zu; fastest %.2f\n", figures->median_ms,
           figures->runs, figures->min_ms);
    if (figures->gpu_ms > 0) printf("  on device   %10.2f ms\n", figures->gpu_ms);
    printf("  on host     %10.4f ms  for the library to start a run, and %.4f in the driver's "
           "submit\n",
           figures->host_us * 1e-3, figures->submit_us * 1e-3);
    printf("  images      %10.2f /s\n", figures->images_per_s);
    printf(
        "  arithmetic  %10.2f GFLOP/s  %.2f %% of the device's measured %.1f GFLOP/s; %.3f GFLOP "
        "an image\n",
        figures->gflops, figures->share, figures->peak.gflops, info->gflops);
    printf("  bandwidth   %10.2f GB/s  measured with a copy: bytes read plus bytes written\n",
           figures->peak.gb_s);
    printf("  memory      %10.2f MiB  activations %.2f, weights %.2f\n",
           (double)info->device_bytes / 1048576, (double)info->activation_bytes / 1048576,
           (double)info->weight_bytes / 1048576);
    printf("  dispatches  %10u\n", info->dispatches);
}

static bool bench(cli_engine *engine, const cli_options *options)
{
    const vrn_session_info *info = &engine->info;
    vrn_arch arch;
    vrn_model_get_arch(engine->model.handle, &arch);
    size_t pixels = (size_t)arch.in_channels * info->height * info->width;
    vrn_timing timing = {0};
    float *input = cli_alloc(info->batch, pixels * sizeof *input);
    float *logits = cli_alloc((size_t)info->batch * info->classes, sizeof *logits);
    bench_figures figures = {0};
    bool good = input && logits;
    if (good) {
        fill_input(input, info->batch * pixels);
        const vrn_inputs inputs = {.count = info->batch, .nchw = input};
        const vrn_outputs outputs = {.logits = info->classes ? logits : NULL, .timing = &timing};
        good = measure(engine->session, &inputs, &outputs, options->repeats, &figures) &&
               vrn_device_measure_peak(engine->device, &figures.peak) == VRN_OK;
    }
    if (good) {
        figures.images_per_s = (double)info->batch / figures.median_ms * 1e3;
        figures.gflops = info->gflops * figures.images_per_s;
        if (figures.peak.gflops > 0) figures.share = 100 * figures.gflops / figures.peak.gflops;
        if (options->json) {
            print_json(engine, &figures);
        } else {
            print_text(engine, &figures);
        }
    }
    free(input);
    free(logits);
    return good;
}

static bool run(const cli_options *options)
{
    cli_engine engine = {0};
    const bool good = cli_engine_open_for_size(&engine, options) && bench(&engine, options);
    cli_engine_close(&engine);
    return good;
}

const cli_command cli_bench = {
    .name = "bench",
    .summary = "measure how fast a network runs",
    .usage = "--model NAME|FILE [--batch N] [--size HxW] [OPTION]...",
    .details =
        "Warms up, then runs for about three seconds but at least five times, or\n"
        "--repeats times. Times are for a run of the whole batch (default 1), input and\n"
        "output included. \"on device\" is the time that the device measured; \"on host\" is\n"
        "the library's own work to start a run, without copying the input. At the end,\n"
        "two small kernels measure the device's peak. A name whose weights are not on\n"
        "this machine gets random weights.",
    .examples = "  vkresnet bench --model resnet50\n"
                "  vkresnet bench --model resnet50.pth --batch 8 --size 288x288 --json\n",
    .options = CLI_COMMON | CLI_NETWORK | CLI_BIT(BATCH) | CLI_BIT(SIZE) | CLI_BIT(REPEATS) |
               CLI_BIT(JSON) | CLI_SESSION,
    .run = run,
};
