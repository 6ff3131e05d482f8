#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/engine.h"
#include "cli/formats/npy.h"
#include "cli/system/report.h"

enum { DEFAULT_BATCH = 8, SIDE_MAX = 65536 };

typedef struct tap_output {
    cli_file file;
    size_t per_image; /* values */
} tap_output;

typedef struct infer_job {
    const cli_options *options;
    uint32_t channels; /* C, of the network's input */
    cli_npy input;     /* [N, C, H, W] */
    uint64_t images;
    cli_engine engine;
    cli_file output;
    float *pixels, *logits; /* [batch, C, H, W], [batch, classes] */
    tap_output *taps;       /* [tap_count] */
    float **tap_values;     /* [tap_count]: of one batch, [batch, C, H, W] */
} infer_job;

static bool open_input(infer_job *job)
{
    cli_npy *input = &job->input;
    const char *path = job->options->input;
    vrn_arch arch;
    vrn_model_get_arch(job->engine.model.handle, &arch);
    const uint32_t channels = job->channels = arch.in_channels;
    if (!cli_npy_open(input, path)) return false;
    char found[CLI_NPY_SHAPE_TEXT];
    if (input->rank != 4 || input->shape[1] != channels) {
        return cli_error("%s: expected [N, %u, H, W], found %s", path, channels,
                         cli_npy_show_shape(input, found));
    }
    if (input->shape[2] - 1 >= SIDE_MAX || input->shape[3] - 1 >= SIDE_MAX) {
        return cli_error("%s: expected a height and width from 1 to %d, found %s", path, SIDE_MAX,
                         cli_npy_show_shape(input, found));
    }
    job->images = input->shape[0];
    return true;
}

static bool compile(infer_job *job)
{
    const cli_options *options = job->options;
    uint32_t batch = options->batch ? options->batch : DEFAULT_BATCH;
    if (batch > job->images) batch = job->images ? (uint32_t)job->images : 1;
    const char **names = cli_alloc(options->tap_count, sizeof *names);
    if (!names) return false;
    for (uint32_t i = 0; i < options->tap_count; i++) names[i] = options->taps[i].name;
    const bool good = cli_engine_compile(&job->engine, options,
                                         (vrn_session_params){
                                             .batch = batch,
                                             .height = (uint32_t)job->input.shape[2],
                                             .width = (uint32_t)job->input.shape[3],
                                             .taps = names,
                                             .tap_count = options->tap_count,
                                         });
    free(names);
    return good;
}

static bool begin_outputs(infer_job *job)
{
    const cli_options *options = job->options;
    const vrn_session_info *info = &job->engine.info;
    size_t pixels = (size_t)job->channels * info->height * info->width;
    job->pixels = cli_alloc(info->batch, pixels * sizeof(float));
    job->logits = cli_alloc((size_t)info->batch * info->classes, sizeof(float));
    job->taps = cli_alloc(options->tap_count, sizeof *job->taps);
    job->tap_values = cli_alloc(options->tap_count, sizeof *job->tap_values);
    if (!job->pixels || !job->logits || !job->taps || !job->tap_values) return false;

    uint64_t shape[4] = {job->images, info->classes};
    if (options->output && info->classes == 0) {
        return cli_error("%s: the network has no head and gives no logits: --tap avgpool=F.npy "
                         "writes its features",
                         job->engine.model.info.name);
    }
    if (options->output && !cli_npy_begin(&job->output, options->output, 2, shape)) return false;
    for (uint32_t i = 0; i < options->tap_count; i++) {
        tap_output *tap = &job->taps[i];
        uint32_t chw[3];
        if (vrn_session_get_tap_shape(job->engine.session, i, chw) != VRN_OK) return false;
        tap->per_image = (size_t)chw[0] * chw[1] * chw[2];
        job->tap_values[i] = cli_alloc(info->batch, tap->per_image * sizeof(float));
        if (!job->tap_values[i]) return false;
        for (uint32_t axis = 0; axis < 3; axis++) shape[axis + 1] = chw[axis];
        if (!cli_npy_begin(&tap->file, options->taps[i].path, 4, shape)) return false;
    }
    return true;
}

static bool run_batches(infer_job *job)
{
    const vrn_session_info *info = &job->engine.info;
    size_t pixels = (size_t)job->channels * info->height * info->width;
    for (uint64_t done = 0; done < job->images;) {
        cli_progress((size_t)done, (size_t)job->images);
        uint64_t left = job->images - done;
        uint32_t count = left < info->batch ? (uint32_t)left : info->batch;
        if (!cli_npy_read(&job->input, job->pixels, count * pixels)) return false;
        vrn_inputs inputs = {.count = count, .nchw = job->pixels};
        vrn_outputs outputs = {.logits = job->options->output ? job->logits : NULL,
                               .taps = job->options->tap_count ? job->tap_values : NULL};
        if (vrn_session_run(job->engine.session, &inputs, &outputs) != VRN_OK) return false;
        if (job->options->output) {
            fwrite(job->logits, sizeof(float), (size_t)count * info->classes, job->output.stream);
        }
        for (uint32_t i = 0; i < job->options->tap_count; i++) {
            const tap_output *tap = &job->taps[i];
            fwrite(job->tap_values[i], sizeof(float), count * tap->per_image, tap->file.stream);
        }
        done += count;
    }
    cli_progress((size_t)job->images, (size_t)job->images);
    return true;
}

static bool end_outputs(infer_job *job, bool commit)
{
    bool good = cli_file_end(&job->output, commit);
    for (uint32_t i = 0; job->taps && job->tap_values && i < job->options->tap_count; i++) {
        good = cli_file_end(&job->taps[i].file, commit && good) && good;
        free(job->tap_values[i]);
    }
    return good;
}

static bool run(const cli_options *options)
{
    for (uint32_t i = 0; i < options->tap_count; i++) {
        const cli_tap *tap = &options->taps[i];
        if (!tap->path) return cli_usage("--tap: expected NAME=FILE.npy, found '%s'", tap->name);
    }
    if (!options->input) return cli_usage("expected --input X.npy");
    if (!options->output && options->tap_count == 0) return cli_usage("expected --output Y.npy");
    infer_job job = {.options = options};
    bool good = cli_engine_open(&job.engine, options, CLI_MODEL_REQUIRED) && open_input(&job) &&
                compile(&job) && begin_outputs(&job) && run_batches(&job);
    good = end_outputs(&job, good) && good;
    free(job.pixels);
    free(job.logits);
    free(job.taps);
    free(job.tap_values);
    cli_engine_close(&job.engine);
    cli_npy_close(&job.input);
    return good;
}

const cli_command cli_infer = {
    .name = "infer",
    .summary = "run a network on NumPy arrays",
    .usage = "--model NAME|FILE --input X.npy --output Y.npy [OPTION]...",
    .details = "Reads normalised float32 arrays [N, 3, H, W] in C order, or with as many\n"
               "channels as the network takes, and writes the logits as float32 [N, classes].\n"
               "The network is compiled for H x W. N images run in batches of --batch (default\n"
               "8). An output file appears when it is complete. With --tap, --output may be\n"
               "left out.",
    .examples = "  vkresnet infer --model resnet50.pth --input x.npy --output logits.npy\n"
                "  vkresnet infer --model resnet50.pth --input x.npy --output logits.npy \\\n"
                "      --tap layer4=layer4.npy --tap avgpool=features.npy\n"
                "  vkresnet infer --model resnet18 --random-weights 1 --no-fusion --input x.npy "
                "--output y.npy\n",
    .options = CLI_COMMON | CLI_NETWORK | CLI_BIT(INPUT) | CLI_BIT(OUTPUT) | CLI_BIT(TAP) |
               CLI_BIT(BATCH) | CLI_SESSION,
    .run = run,
};
