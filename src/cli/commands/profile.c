#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "cli/command.h"
#include "cli/engine.h"
#include "cli/formats/json.h"
#include "cli/pages/page.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

enum { DEFAULT_REPEATS = 5 };

typedef struct network_profile {
    const cli_engine *engine;
    uint32_t repeats;
    vrn_layer *layers; /* flops and bytes are for the whole batch, unlike vrn_session_profile's */
    uint32_t count;
    double total_ms, total_flops, total_bytes; /* of the whole batch */
} network_profile;

/* In GFLOP/s. */
static double rate(double flops, double ms)
{
    return ms > 0 ? flops / ms * 1e-6 : 0;
}

/* The share of the total, in percent. */
static double share(const network_profile *profile, double ms)
{
    return profile->total_ms > 0 ? 100 * ms / profile->total_ms : 0;
}

/* Converts a layer to the whole batch: its work for each image, and its parameters once for each
 * slice. */
static void multiply(vrn_layer *layer, const vrn_session_info *info)
{
    const uint32_t slices = (info->batch + info->slice - 1) / info->slice;
    layer->flops *= info->batch;
    layer->bytes =
        (layer->bytes - layer->parameter_bytes) * info->batch + layer->parameter_bytes * slices;
}

/* Measures every layer; reports and returns false on failure. */
static bool measure(network_profile *profile)
{
    vrn_session *session = profile->engine->session;
    uint32_t capacity;
    if (vrn_session_get_layers(session, NULL, 0, &capacity) != VRN_OK) return false;
    profile->layers = cli_alloc(capacity, sizeof *profile->layers);
    if (!profile->layers || vrn_session_profile(session, profile->repeats, profile->layers,
                                                capacity, &profile->count) != VRN_OK) {
        return false;
    }
    if (profile->count > capacity) profile->count = capacity;
    for (uint32_t i = 0; i < profile->count; i++) {
        vrn_layer *layer = &profile->layers[i];
        multiply(layer, &profile->engine->info);
        profile->total_ms += layer->gpu_ms;
        profile->total_flops += layer->flops;
        profile->total_bytes += layer->bytes;
    }
    return true;
}

/* `in_page`: also write the numbers that the page needs for its calculations. */
static void write_layer(cli_json *json, const network_profile *profile, const vrn_layer *layer,
                        bool in_page)
{
    cli_json_write(json, "{name: %s, op: %s, kernel: %s, fused: %s, precision: %s", layer->name,
                   layer->op, layer->kernel, layer->fused, layer->precision);
    cli_json_write(json, "shape: [%u, %u, %u], gpu_ms: %g, share: %g, gflops: %g", layer->channels,
                   layer->height, layer->width, layer->gpu_ms, share(profile, layer->gpu_ms),
                   rate(layer->flops, layer->gpu_ms));
    if (in_page) cli_json_write(json, "flops: %g", layer->flops);
    cli_json_write(json, "bytes: %g, why: %s", layer->bytes, layer->why);
    cli_json_write(json, *layer->rejected ? "rejected: %s" : "rejected: null", layer->rejected);
    cli_json_write(json, "rejected_ms: %g}", layer->rejected_ms > 0 ? layer->rejected_ms : NAN);
}

static void write_profile(cli_json *json, const network_profile *profile, bool in_page)
{
    const cli_engine *engine = profile->engine;
    cli_json_write(json,
                   "{model: %s, device: %s, precision: %s, batch: %u, height: %u, width: %u, "
                   "layers: [",
                   engine->model.info.name, engine->device_info.name,
                   vrn_precision_name(engine->info.precision), engine->info.batch,
                   engine->info.height, engine->info.width);
    for (uint32_t i = 0; i < profile->count; i++) {
        write_layer(json, profile, &profile->layers[i], in_page);
    }
    cli_json_write(json, "], gpu_ms: %g, gflops: %g, bytes: %g}", profile->total_ms,
                   rate(profile->total_flops, profile->total_ms), profile->total_bytes);
}

static bool write_page(const network_profile *profile, const char *path)
{
    vrn_device_peak peak;
    cli_file file;
    if (vrn_device_measure_peak(profile->engine->device, &peak) != VRN_OK) return false;
    if (!cli_file_begin(&file, path)) return false;
    cli_json json = cli_page_begin(file.stream);
    cli_json_write(&json, "profile:");
    write_profile(&json, profile, true);
    cli_json_write(&json, "driver: %s, repeats: %u, peak: {gflops: %g, gb_s: %g}",
                   profile->engine->device_info.driver, profile->repeats, peak.gflops, peak.gb_s);
    cli_page_end(&json);
    return cli_file_end(&file, true);
}

static int wider(int width, const char *text)
{
    int length = (int)strlen(text);
    return length > width ? length : width;
}

static void print_text(const network_profile *profile)
{
    int name = 5, op = 2, kernel = 6, fused = 5;
    for (uint32_t i = 0; i < profile->count; i++) {
        const vrn_layer *layer = &profile->layers[i];
        name = wider(name, layer->name);
        op = wider(op, layer->op);
        kernel = wider(kernel, layer->kernel);
        fused = wider(fused, layer->fused);
    }
    printf("%-*s  %-*s  %-*s  %-*s  %-4s  %14s  %9s  %6s  %9s  %9s  %-9s  %s\n", name, "layer", op,
           "op", kernel, "kernel", fused, "fused", "in", "C x H x W", "GPU ms", "share", "GFLOP/s",
           "MB", "chosen by", "best rejected, ms");
    for (uint32_t i = 0; i < profile->count; i++) {
        const vrn_layer *layer = &profile->layers[i];
        char shape[40];
        snprintf(shape, sizeof shape, "%ux%ux%u", layer->channels, layer->height, layer->width);
        char rejected[32] = "";
        if (layer->rejected_ms > 0) {
            snprintf(rejected, sizeof rejected, "  %.3f", layer->rejected_ms);
        }
        printf("%-*s  %-*s  %-*s  %-*s  %-4s  %14s  %9.3f  %5.1f%%  %9.2f  %9.3f  %-9s  %s%s\n",
               name, layer->name, op, layer->op, kernel, layer->kernel, fused, layer->fused,
               layer->precision, shape, layer->gpu_ms, share(profile, layer->gpu_ms),
               rate(layer->flops, layer->gpu_ms), layer->bytes * 1e-6, layer->why, layer->rejected,
               rejected);
    }
    int left = name + op + kernel + fused + 12;
    char title[64];
    snprintf(title, sizeof title, "%u dispatches, batch %u", profile->count,
             profile->engine->info.batch);
    printf("%-*s  %14s  %9.3f  %5.1f%%  %9.2f  %9.3f\n", left, title, "total", profile->total_ms,
           share(profile, profile->total_ms), rate(profile->total_flops, profile->total_ms),
           profile->total_bytes * 1e-6);
}

static void write_event(cli_json *json, const vrn_layer *layer, double begin_ms)
{
    cli_json_write(json, "{name: %s, cat: %s, ph: %s, ts: %g, dur: %g, pid: %u, tid: %u, args: {",
                   layer->name, layer->op, "X", begin_ms * 1e3 /* microseconds */,
                   layer->gpu_ms * 1e3, 1, 1);
    cli_json_write(json, "kernel: %s, why: %s, rejected: %s, fused: %s, precision: %s",
                   layer->kernel, layer->why, layer->rejected, layer->fused, layer->precision);
    cli_json_write(json, "channels: %u, height: %u, width: %u, GFLOP/s: %g, MB: %g}}",
                   layer->channels, layer->height, layer->width, rate(layer->flops, layer->gpu_ms),
                   layer->bytes * 1e-6);
}

/* Writes one complete event (Trace Event Format) per layer, end to end, because a profiled layer
 * runs alone. */
static bool write_trace(const network_profile *profile, const char *path)
{
    cli_file file;
    if (!cli_file_begin(&file, path)) return false;
    cli_json json = {.out = file.stream};
    cli_json_write(&json, "{displayTimeUnit: %s, traceEvents: [", "ms");
    cli_json_write(&json, "{name: %s, ph: %s, pid: %u, args: {name: %s}}", "process_name", "M", 1,
                   profile->engine->device_info.name);
    double begin_ms = 0;
    for (uint32_t i = 0; i < profile->count; i++) {
        write_event(&json, &profile->layers[i], begin_ms);
        begin_ms += profile->layers[i].gpu_ms;
    }
    cli_json_write(&json, "]}\n");
    return cli_file_end(&file, true);
}

static bool show(const network_profile *profile, const cli_options *options)
{
    if (options->html && !write_page(profile, options->html)) return false;
    if (options->json) {
        cli_json json = {.out = stdout};
        write_profile(&json, profile, false);
        putchar('\n');
    } else {
        print_text(profile);
    }
    return !options->trace || write_trace(profile, options->trace);
}

static bool run(const cli_options *options)
{
    cli_engine engine = {0};
    network_profile profile = {
        .engine = &engine,
        .repeats = options->repeats ? options->repeats : DEFAULT_REPEATS,
    };
    const bool good =
        cli_engine_open_for_size(&engine, options) && measure(&profile) && show(&profile, options);
    free(profile.layers);
    cli_engine_close(&engine);
    return good;
}

const cli_command cli_profile = {
    .name = "profile",
    .summary = "measure each layer of a network",
    .usage = "--model NAME|FILE [--batch N] [--size HxW] [--html FILE.html]\n"
             "                        [--trace FILE.json] [OPTION]...",
    .details = "Prints one line for each dispatch: what it computes, with which kernel and\n"
               "precision, its time on the device (the median of --repeats runs, default 5),\n"
               "GFLOP/s, and the megabytes that it would move if it read and wrote each value\n"
               "once. Then it says why that kernel was chosen (merit: it should be the fastest;\n"
               "tuned: measured now; cache: measured before), and names the best alternative,\n"
               "with its time if it was measured (--tune). Numbers are for the whole batch\n"
               "(default 1).\n"
               "\n"
               "--html writes a page that needs no other file: the times as a chart, and the\n"
               "layers under the roofline (Williams et al. 2009) of the arithmetic and the\n"
               "bandwidth that were measured on the device.",
    .examples = "  vkresnet profile --model resnet50 --random-weights 0\n"
                "  vkresnet profile --model resnet50.pth --html resnet50.html\n"
                "  vkresnet profile --model resnet50.pth --batch 8 --trace trace.json\n",
    .options = CLI_COMMON | CLI_NETWORK | CLI_BIT(BATCH) | CLI_BIT(SIZE) | CLI_BIT(REPEATS) |
               CLI_BIT(TRACE) | CLI_BIT(HTML) | CLI_BIT(JSON) | CLI_SESSION,
    .run = run,
};
