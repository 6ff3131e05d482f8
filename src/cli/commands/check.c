#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/engine.h"
#include "cli/formats/json.h"
#include "cli/images/image.h"
#include "cli/images/walk.h"
#include "cli/system/report.h"
#include "cli/transform.h"
#include "pictures/pictures.h"

enum { DEFAULT_COUNT = 64, BATCH = 8, SHOWN = 6, FEW = 24, OPTION_MAX = 1400 };

typedef struct check_job {
    const cli_options *options;
    cli_engine engine;
    cli_paths paths;
    vrn_transform transform;
    vrn_check *check;
    size_t failed;
    vrn_check_norm *norms;
    uint32_t norm_count;
    vrn_check_reading *readings; /* all readings tried, in order; the first: as loaded */
    size_t reading_count, reading_capacity;
    bool short_of_memory;
    vrn_check_summary summary;
} check_job;

/* ---- Measuring ------------------------------------------------------------------------------- */

/* Adds images evenly spread over the list, whose order may have a meaning. */
static bool add_images(check_job *job)
{
    const size_t most = job->options->count ? job->options->count : DEFAULT_COUNT;
    const size_t there = job->paths.count, count = there < most ? there : most;
    vrn_image images[BATCH];
    size_t added = 0;
    bool good = true;
    for (size_t i = 0; i < count && good;) {
        uint32_t loaded = 0;
        for (; i < count && loaded < BATCH; i++) {
            vrn_image *image = &images[loaded];
            *image = (vrn_image){0};
            cli_progress(i, count);
            if (cli_image_load(image, job->paths.items[i * there / count])) {
                loaded++;
            } else {
                job->failed++;
            }
        }
        const vrn_inputs inputs = {.count = loaded, .images = images};
        good = loaded == 0 || vrn_check_add(job->check, &inputs) == VRN_OK;
        added += loaded;
        for (uint32_t k = 0; k < loaded; k++) pic_free(&images[k]);
    }
    cli_progress(count, count);
    return good && added > 0;
}

static void visit(void *user, const vrn_check_reading *reading)
{
    check_job *job = user;
    if (!cli_grow(&job->readings, job->reading_count, &job->reading_capacity,
                  sizeof *job->readings)) {
        job->short_of_memory = true;
        return;
    }
    job->readings[job->reading_count++] = *reading;
}

static bool measure(check_job *job)
{
    if (!cli_transform_choose(&job->transform, &job->engine.model, job->options)) return false;
    cli_transform_note(&job->transform, job->options);
    const vrn_check_params params = {.transform = &job->transform};
    uint32_t count = 0;
    if (vrn_check_create(&job->check, job->engine.device, job->engine.model.handle, &params) !=
            VRN_OK ||
        !add_images(job) || vrn_check_get_norms(job->check, NULL, 0, &count) != VRN_OK) {
        return false;
    }
    job->norms = cli_alloc(count, sizeof *job->norms);
    return job->norms &&
           vrn_check_get_norms(job->check, job->norms, count, &job->norm_count) == VRN_OK &&
           vrn_check_finish(job->check, &job->summary, visit, job) == VRN_OK &&
           !job->short_of_memory;
}

/* ---- Options that select a reading ----------------------------------------------------------- */

static void append_triple(char text[OPTION_MAX], const char *name, const float values[3],
                          const float usual[3])
{
    if (memcmp(values, usual, 3 * sizeof *values) == 0) return;
    vrn_append(text, OPTION_MAX, " %s %g,%g,%g", name, (double)values[0], (double)values[1],
               (double)values[2]);
}

/* True if "key=value,..." has the key of the pair at the beginning of `pair`. */
static bool has_key(const char *text, const char *pair)
{
    const size_t length = strcspn(pair, "=,") + 1;
    for (; *text; text += strcspn(text, ","), text += *text == ',') {
        if (strncmp(text, pair, length) == 0) return true;
    }
    return false;
}

/* Appends the given --arch, with a reading's keys in place of its own. */
static void append_arch(char text[OPTION_MAX], const char *given, const char *keys)
{
    vrn_append(text, OPTION_MAX, " --arch ");
    while (given && *given) {
        const int length = (int)strcspn(given, ",");
        if (!has_key(keys, given)) vrn_append(text, OPTION_MAX, "%.*s,", length, given);
        given += length;
        given += *given == ',';
    }
    vrn_append(text, OPTION_MAX, "%s", keys);
}

/* Writes the options that select a reading in addition to the given ones, as in "--arch pool=none".
 * They replace a given --arch. */
static void describe_options(const check_job *job, const vrn_check_reading *reading,
                             char text[OPTION_MAX])
{
    const vrn_transform *t = &reading->transform, *usual = &job->transform;
    text[0] = 0;
    if (*reading->keys) append_arch(text, job->options->arch, reading->keys);
    if (reading->prepares) {
        const double scale = t->scale != 0 ? (double)t->scale : 255;
        const double before = usual->scale != 0 ? (double)usual->scale : 255;
        if (scale != before) vrn_append(text, OPTION_MAX, " --scale %g", scale);
        if (t->channels != usual->channels) {
            vrn_append(text, OPTION_MAX, " --channels %s", vrn_channels_name(t->channels));
        }
        append_triple(text, "--mean", t->mean, usual->mean);
        append_triple(text, "--std", t->std, usual->std);
    }
    if (*text) memmove(text, text + 1, strlen(text));
}

static const char *name_of(const vrn_check_reading *reading)
{
    return *reading->name ? reading->name : "as loaded";
}

/* ---- Output ---------------------------------------------------------------------------------- */

static void print_fit(const vrn_check_fit *fit)
{
    if (fit->channels) {
        printf("  %8.3f  %8.3f  %10.4f", fit->variance, fit->mean, fit->divergence);
    } else {
        printf("  %8s  %8s  %10s", "-", "-", "-");
    }
}

static void print_norms(const check_job *job)
{
    int width = 6;
    for (uint32_t i = 0; i < job->norm_count; i++) {
        const int length = (int)strlen(job->norms[i].name);
        if (length > width) width = length;
    }
    printf("%-*s  channels  variance      mean  divergence\n", width, "norm");
    for (uint32_t i = 0; i < job->norm_count; i++) {
        printf("%-*s  %8u", width, job->norms[i].name, job->norms[i].channels);
        print_fit(&job->norms[i].fit);
        putchar('\n');
    }
    printf("%-*s  %8u", width, "in all", job->summary.fit.channels);
    print_fit(&job->summary.fit);
    putchar('\n');
}

static int by_distance(const void *a, const void *b)
{
    const vrn_check_fit *x = &((const vrn_check_reading *)a)->fit,
                        *y = &((const vrn_check_reading *)b)->fit;
    return (x->divergence > y->divergence) - (x->divergence < y->divergence);
}

static void print_reading(const check_job *job, const vrn_check_reading *reading)
{
    char text[OPTION_MAX];
    describe_options(job, reading, text);
    print_fit(&reading->fit);
    printf("  %6u  %s%s%s\n", reading->images, name_of(reading), *text ? ": " : "", text);
}

/* Prints the readings that fit best. Those that differ from the best one in a further property
 * appear only with --verbose. */
static void print_readings(check_job *job)
{
    const char *best = job->summary.best.name;
    const size_t length = strlen(best);
    size_t shown = 0;
    printf("\n  variance      mean  divergence  images  reading\n");
    qsort(job->readings, job->reading_count, sizeof *job->readings, by_distance);
    for (size_t i = 0; i < job->reading_count; i++) {
        const vrn_check_reading *r = &job->readings[i];
        const bool beyond = length && strncmp(r->name, best, length) == 0 && r->name[length];
        if (!job->options->verbose && *r->name && (beyond || shown == SHOWN)) continue;
        print_reading(job, r);
        shown++;
    }
}

static const char *const verdicts[] = {
    [VRN_CHECK_FITS] = "fits",
    [VRN_CHECK_OTHER] = "other",
    [VRN_CHECK_NONE] = "none",
};

static void print_verdict(const check_job *job)
{
    const vrn_check_summary *s = &job->summary;
    char text[OPTION_MAX];
    putchar('\n');
    switch (s->verdict) {
    case VRN_CHECK_FITS:
        printf("The model fits as it is read: variances are off by %.0f %% (median of %u channels, "
               "%u image%s).\n",
               100 * s->fit.variance, s->fit.channels, s->images, s->images == 1 ? "" : "s");
        break;
    case VRN_CHECK_OTHER:
        describe_options(job, &s->best, text);
        printf("Another reading fits better: %s.\nIts divergence is %.4f instead of %.4f, and its "
               "variances are off by %.3f instead of %.3f. Give these options to read the "
               "checkpoint that way:\n\n    %s\n",
               s->best.name, s->best.fit.divergence, s->same.divergence, s->best.fit.variance,
               s->same.variance, text);
        break;
    case VRN_CHECK_NONE:
        printf("The model does not fit, and neither does any of %u readings: variances are off by "
               "%.3f (median).\nThe network may differ in something that is not tried, or the "
               "images may differ from those of training.\n",
               s->tried, s->fit.variance);
        break;
    }
}

static void write_reading(const check_job *job, cli_json *json, const vrn_check_reading *reading)
{
    char text[OPTION_MAX];
    describe_options(job, reading, text);
    cli_json_write(json,
                   "{reading: %s, options: %s, images: %u, variance: %g, mean: %g, divergence: %g}",
                   name_of(reading), text, reading->images, reading->fit.variance,
                   reading->fit.mean, reading->fit.divergence);
}

static void print_json(const check_job *job)
{
    const vrn_check_summary *s = &job->summary;
    cli_json json = {.out = stdout};
    cli_json_write(&json,
                   "{model: %s, images: %u, verdict: %s, variance: %g, mean: %g, "
                   "divergence: %g, channels: %u, not_finite: %u, norms: [",
                   job->engine.model.info.name, s->images, verdicts[s->verdict], s->fit.variance,
                   s->fit.mean, s->fit.divergence, s->fit.channels, s->fit.not_finite);
    for (uint32_t i = 0; i < job->norm_count; i++) {
        const vrn_check_norm *norm = &job->norms[i];
        cli_json_write(
            &json, "{name: %s, channels: %u, compared: %u, variance: %g, mean: %g, divergence: %g}",
            norm->name, norm->channels, norm->fit.channels, norm->fit.variance, norm->fit.mean,
            norm->fit.divergence);
    }
    cli_json_write(&json, "], readings: [");
    for (size_t i = 0; i < job->reading_count; i++) write_reading(job, &json, &job->readings[i]);
    cli_json_write(&json, "], best:");
    write_reading(job, &json, &s->best);
    cli_json_write(&json, "}\n");
}

static bool run(const cli_options *options)
{
    check_job job = {.options = options};
    if (options->precision) {
        return cli_usage("--precision: expected fp32, because statistics are compared in fp32");
    }
    bool good = cli_paths_add_all(&job.paths, options);
    const bool measured = job.paths.count > 0 &&
                          cli_engine_open(&job.engine, options, CLI_MODEL_REQUIRED) &&
                          measure(&job);
    if (measured && job.summary.images < FEW) {
        cli_note("images: %u; with fewer than %d, only gross faults show", job.summary.images, FEW);
    }
    if (measured && options->json) {
        print_json(&job);
    } else if (measured) {
        print_norms(&job);
        print_readings(&job);
        print_verdict(&job);
    }
    good = good && measured && job.failed == 0 &&
           (job.summary.verdict == VRN_CHECK_FITS || cli_answer_no());
    free(job.readings);
    free(job.norms);
    vrn_check_destroy(&job.check);
    cli_engine_close(&job.engine);
    cli_paths_free(&job.paths);
    return good;
}

const cli_command cli_check = {
    .name = "check",
    .summary = "check that a checkpoint is read correctly",
    .usage = "--model NAME|FILE [OPTION]... IMAGE|FOLDER...|--files-from FILE",
    .details = "Finds out whether the checkpoint is read, and images are prepared, as in\n"
               "training. The running statistics of a batch norm record what entered it during\n"
               "training. This command runs images without labels through the network and\n"
               "compares what enters its batch norms with these statistics: \"variance\" is the\n"
               "median over the channels of |log(variance / running variance)|, \"mean\" that of\n"
               "|mean - running mean| in running standard deviations.\n"
               "\n"
               "Then it tries other readings: other values for what the names and shapes of\n"
               "tensors do not show (pools, strides, dilation, activations, option A's zeros)\n"
               "and other transforms (statistics, 0 to 255, BGR). It names the reading that\n"
               "fits best, with the options that select it. Use images like those of the\n"
               "training; sixty are enough (--count, default 64, spread evenly). With --json it\n"
               "prints one object. --verbose lists all readings. Networks with group norms, or\n"
               "with norms folded into their convolutions, are refused.\n"
               "\n"
               "Exit status: 0 if the model fits as it is read; 3 if it does not, or if another\n"
               "reading fits clearly better; 1 if something failed; 2 if the command line is\n"
               "wrong.",
    .examples =
        "  vkresnet check --model my-resnet.pth photos/\n"
        "  vkresnet check --model my-resnet.pth --scale 1 --mean 0,0,0 --std 1,1,1 photos/\n"
        "  vkresnet check --model resnet50 --count 32 --json photos/\n",
    .options = CLI_COMMON | CLI_BIT(MODEL) | CLI_BIT(ARCH) | CLI_BIT(PREFIX) | CLI_TRANSFORM |
               CLI_BIT(COUNT) | CLI_BIT(FILES_FROM) | CLI_BIT(JSON),
    .least = 0,
    .most = UINT32_MAX,
    .arguments = "images or folders",
    .run = run,
};
