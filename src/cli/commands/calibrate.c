#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/engine.h"
#include "cli/formats/json.h"
#include "cli/formats/npy.h"
#include "cli/images/image.h"
#include "cli/images/walk.h"
#include "cli/system/os.h"
#include "cli/system/report.h"
#include "cli/transform.h"
#include "pictures/pictures.h"

enum { DEFAULT_COUNT = 512, SIDE_MAX = 65536, CHANNELS_MAX = 16 };

typedef struct calibrate_job {
    const cli_options *options;
    cli_engine engine;
    cli_paths paths;
    cli_npy input;
    vrn_transform transform;
    vrn_calibration *calibration;
    size_t images, failed;
    vrn_layer_range *ranges;
    uint32_t range_count;
} calibrate_job;

/* Adds photos evenly spread over a folder, whose order may have a meaning, or the first images of
 * an array. */
static bool add_inputs(calibrate_job *job)
{
    const bool photos = job->options->images;
    const uint64_t *shape = job->input.shape, there = photos ? job->paths.count : shape[0];
    const size_t most = job->options->count ? job->options->count : DEFAULT_COUNT;
    const size_t count = there < most ? (size_t)there : most;
    const size_t numbers = photos ? 0 : (size_t)shape[1] * shape[2] * shape[3];
    float *values = cli_alloc(numbers, sizeof *values);
    bool good = values;
    for (size_t i = 0; i < count && good; i++) {
        vrn_image image = {0};
        cli_progress(i, count);
        if (photos && !cli_image_load(&image, job->paths.items[i * job->paths.count / count])) {
            job->failed++;
            continue;
        }
        const vrn_inputs inputs = {
            .count = 1,
            .images = photos ? &image : NULL,
            .nchw = photos ? NULL : values,
        };
        good = (photos || cli_npy_read(&job->input, values, numbers)) &&
               vrn_calibration_add(job->calibration, &inputs) == VRN_OK;
        job->images += good;
        pic_free(&image);
    }
    cli_progress(count, count);
    free(values);
    return good;
}

static bool open_inputs(calibrate_job *job)
{
    const cli_options *options = job->options;
    if (!options->images == !options->input) {
        return cli_usage("expected either --images DIR or --input X.npy");
    }
    if (options->precision != VRN_PRECISION_FP32) {
        return cli_usage("--precision: expected fp32, because ranges are measured in fp32");
    }
    if (options->images) return cli_paths_add(&job->paths, options->images);
    if (!cli_npy_open(&job->input, options->input)) return false;
    const uint64_t *shape = job->input.shape;
    if (job->input.rank != 4 || shape[1] > CHANNELS_MAX || shape[2] - 1 >= SIDE_MAX ||
        shape[3] - 1 >= SIDE_MAX) {
        char found[CLI_NPY_SHAPE_TEXT];
        return cli_error("%s: expected [N, 3, H, W] with sides from 1 to %d, found %s",
                         options->input, SIDE_MAX, cli_npy_show_shape(&job->input, found));
    }
    return true;
}

static bool observe(calibrate_job *job)
{
    if (!cli_transform_choose(&job->transform, &job->engine.model, job->options)) return false;
    cli_transform_note(&job->transform, job->options);
    vrn_calibration_params params = {0};
    vrn_arch arch;
    vrn_model_get_arch(job->engine.model.handle, &arch);
    if (!job->options->images && job->input.shape[1] != arch.in_channels) {
        char found[CLI_NPY_SHAPE_TEXT];
        return cli_error("%s: expected [N, %u, H, W], the shape of the network's input, found %s",
                         job->options->input, arch.in_channels,
                         cli_npy_show_shape(&job->input, found));
    }
    if (job->options->images) {
        params.transform = &job->transform;
    } else {
        params.height = (uint32_t)job->input.shape[2];
        params.width = (uint32_t)job->input.shape[3];
    }
    if (vrn_calibration_create(&job->calibration, job->engine.device, job->engine.model.handle,
                               &params) != VRN_OK) {
        return false;
    }
    if (!add_inputs(job)) return false;
    if (job->images == 0 && job->failed == 0) {
        cli_error("%s: expected images to calibrate on, found none",
                  job->options->images ? job->options->images : job->options->input);
    }
    if (job->images == 0) return false;
    uint32_t count = 0;
    vrn_calibration_get_ranges(job->calibration, NULL, 0, &count);
    job->ranges = cli_alloc(count, sizeof *job->ranges);
    if (!job->ranges) return false;
    vrn_calibration_get_ranges(job->calibration, job->ranges, count, &job->range_count);
    return true;
}

static void print_ranges(const calibrate_job *job)
{
    int name = 5, op = 2;
    for (uint32_t i = 0; i < job->range_count; i++) {
        const vrn_layer_range *r = &job->ranges[i];
        if ((int)strlen(r->name) > name) name = (int)strlen(r->name);
        if ((int)strlen(r->op) > op) op = (int)strlen(r->op);
    }
    printf("%-*s  %-*s  %12s  %12s  %s\n", name, "layer", op, "op", "lowest", "highest",
           "not for fp16");
    for (uint32_t i = 0; i < job->range_count; i++) {
        const vrn_layer_range *r = &job->ranges[i];
        printf("%-*s  %-*s  %12.5g  %12.5g", name, r->name, op, r->op, (double)r->low,
               (double)r->high);
        if (r->beyond_fp16 > 0) {
            printf("  beyond 65504: %" PRIu64 " of %" PRIu64 " values", r->beyond_fp16, r->count);
        }
        if (r->not_finite > 0) printf("  not finite: %" PRIu64, r->not_finite);
        putchar('\n');
    }
}

static void print_json(const calibrate_job *job, const vrn_calibration_result *result)
{
    cli_json json = {.out = stdout};
    cli_json_write(&json, "{model: %s, images: %zu, layers: [", job->engine.model.info.name,
                   job->images);
    for (uint32_t i = 0; i < job->range_count; i++) {
        const vrn_layer_range *r = &job->ranges[i];
        cli_json_write(&json,
                       "{name: %s, op: %s, low: %g, high: %g, values: %ju, beyond_fp16: %ju, "
                       "not_finite: %ju}",
                       r->name, r->op, (double)r->low, (double)r->high, (uintmax_t)r->count,
                       (uintmax_t)r->beyond_fp16, (uintmax_t)r->not_finite);
    }
    cli_json_write(&json, "]");
    if (result) {
        cli_json_write(&json, "method: %s, errors: {", result->methods[result->method]);
        for (int i = 0; i < VRN_CALIBRATION_METHODS; i++) {
            cli_json_write(&json, "%s: %g", result->methods[i], (double)result->errors[i]);
        }
        cli_json_write(&json, "}");
    }
    cli_json_write(&json, "}\n");
}

static bool finish(calibrate_job *job, vrn_calibration_result *result)
{
    const char *output = job->options->write;
    const vrn_model_save_params params = {
        .log = *cli_log(),
        .fp16 = job->options->fp16,
        .transform = &job->transform,
        .temporary = cli_note_temporary,
    };
    vrn_model *calibrated = NULL;
    bool good = vrn_calibration_finish(job->calibration, &calibrated, result) == VRN_OK &&
                vrn_model_save(calibrated, output, &params) == VRN_OK;
    vrn_model_destroy(&calibrated);
    if (!good) return false;
    for (int i = 0; i < VRN_CALIBRATION_METHODS; i++) {
        cli_note("method %s: the relative error of the int8 logits is %.2e%s", result->methods[i],
                 result->errors[i], (uint32_t)i == result->method ? ", the smallest" : "");
    }
    cli_note("%s: calibrated on %zu image%s", output, job->images, job->images == 1 ? "" : "s");
    return true;
}

static bool run(const cli_options *options)
{
    calibrate_job job = {.options = options};
    vrn_calibration_result result;
    const char *output = options->write;
    bool good = (!output || cli_path_may_be_replaced(output)) && open_inputs(&job) &&
                cli_engine_open(&job.engine, options, CLI_MODEL_REQUIRED) && observe(&job) &&
                (!output || finish(&job, &result));
    if (good && options->json) print_json(&job, output ? &result : NULL);
    if (good && !options->json) print_ranges(&job);
    good = good && job.failed == 0;
    free(job.ranges);
    vrn_calibration_destroy(&job.calibration);
    cli_engine_close(&job.engine);
    cli_npy_close(&job.input);
    cli_paths_free(&job.paths);
    return good;
}

const cli_command cli_calibrate = {
    .name = "calibrate",
    .summary = "show the ranges of layers; choose the scales of int8",
    .usage = "--model NAME|FILE --images DIR [-o OUT.safetensors] [OPTION]...",
    .details = "Runs the network in fp32 on images like those that it will see later (--images,\n"
               "or normalised arrays with --input). It prints the range of every layer's\n"
               "output, and how many values fp16 would have to clamp; --fp32-layers keeps such\n"
               "a layer in fp32.\n"
               "\n"
               "With -o it chooses a scale for each layer's output and writes the model with\n"
               "the scales and the transform, to be run with --precision int8. It tries three\n"
               "ways to choose the scales and takes the one with the smallest error of the\n"
               "logits on these images. A few hundred images are enough (--count, default 512,\n"
               "spread evenly over the folder).",
    .examples =
        "  vkresnet calibrate --model resnet50.pth --images photos/ -o resnet50-int8.safetensors\n"
        "  vkresnet calibrate --model resnet50.pth --images photos/ --count 8\n",
    .options = CLI_COMMON | CLI_NETWORK | CLI_TRANSFORM | CLI_BIT(IMAGES) | CLI_BIT(INPUT) |
               CLI_BIT(COUNT) | CLI_BIT(WRITE) | CLI_BIT(FP16) | CLI_BIT(JSON),
    .run = run,
};
