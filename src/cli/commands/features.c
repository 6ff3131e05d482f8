#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/engine.h"
#include "cli/formats/npy.h"
#include "cli/images/feed.h"
#include "cli/images/walk.h"
#include "cli/learning/facts.h"
#include "cli/learning/features.h"
#include "cli/learning/own_size.h"
#include "cli/system/report.h"
#include "cli/transform.h"

enum { DEFAULT_BATCH = 32 };

/* Above this size, batches are smaller than the default. */
static const size_t batch_bytes_max = (size_t)256 << 20;

/* A file of features and the files beside it. */
typedef struct output {
    cli_feature_form form;
    const char *path;
    char *names_path, *facts_path;
    uint32_t tap[3];
    size_t values; /* of a row */
    cli_npy_writer npy;
    cli_file names, facts;
} output;

typedef struct features_run {
    const cli_options *options;
    cli_paths paths;
    cli_crew crew;
    output *outputs; /* [count], in the order of the taps */
    uint32_t count;
    const char **taps; /* [count] */
    float *row;        /* of the widest output */
    uint64_t rows;
    cli_sizes sizes; /* with --own-size */
} features_run;

/* ---- Outputs --------------------------------------------------------------------------------- */

/* Lists the taps that have a file, and the one for -o. */
static bool list_outputs(features_run *run)
{
    const cli_options *options = run->options;
    const cli_feature_form form = {.pool = options->pool, .l2 = options->l2};
    const char *unnamed = NULL;
    run->outputs = cli_alloc(options->tap_count + 1, sizeof *run->outputs);
    run->taps = cli_alloc(options->tap_count + 1, sizeof *run->taps);
    if (!run->outputs || !run->taps) return false;
    for (uint32_t i = 0; i < options->tap_count; i++) {
        const cli_tap *tap = &options->taps[i];
        if (!tap->path && unnamed) {
            return cli_usage("--tap %s: only one tap can be written to -o, and %s already is: give "
                             "this one a file of its own with --tap %s=FILE.npy",
                             tap->name, unnamed, tap->name);
        }
        if (!tap->path) {
            unnamed = tap->name;
        } else {
            run->outputs[run->count++] = (output){.form = form, .path = tap->path};
            run->outputs[run->count - 1].form.tap = tap->name;
        }
    }
    if (unnamed && !options->write) {
        return cli_usage("--tap %s: expected -o FILE.npy", unnamed);
    }
    if (options->write) {
        run->outputs[run->count++] = (output){.form = form, .path = options->write};
        run->outputs[run->count - 1].form.tap = unnamed ? unnamed : CLI_FEATURES_TAP;
    }
    for (uint32_t i = 0; i < run->count; i++) run->taps[i] = run->outputs[i].form.tap;
    return run->count > 0 || cli_usage("expected -o FILE.npy");
}

/* Checks that the files beside an output replace neither an input nor a file beside another
 * output. */
static bool check_beside(features_run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        output *o = &run->outputs[i];
        o->names_path = cli_beside(o->path, ".txt");
        o->facts_path = cli_beside(o->path, ".json");
        if (!o->names_path || !o->facts_path) return false;
        if (!cli_options_check_output(run->options, o->names_path) ||
            !cli_options_check_output(run->options, o->facts_path)) {
            return false;
        }
        for (uint32_t k = 0; k < i; k++) {
            if (!cli_path_same_file(o->names_path, run->outputs[k].names_path)) continue;
            return cli_usage("%s and %s: both would write %s: give them different names",
                             run->outputs[k].path, o->path, o->names_path);
        }
    }
    return true;
}

/* Opens the outputs once the shapes of all taps are known. */
static bool begin_outputs(features_run *run)
{
    const cli_npy_type type = run->options->fp16 ? CLI_NPY_HALF : CLI_NPY_FLOAT;
    size_t widest = 0;
    for (uint32_t i = 0; i < run->count; i++) {
        output *o = &run->outputs[i];
        uint64_t shape[4] = {run->paths.count};
        const uint32_t rank = 1 + cli_feature_shape(shape + 1, &o->form, o->tap);
        o->values = (size_t)(shape[1] * shape[2] * shape[3]);
        if (o->values > widest) widest = o->values;
        if (!cli_npy_writer_begin(&o->npy, o->path, type, rank, shape) ||
            !cli_path_may_be_replaced(o->names_path) || !cli_path_may_be_replaced(o->facts_path) ||
            !cli_file_begin(&o->names, o->names_path) ||
            !cli_file_begin(&o->facts, o->facts_path)) {
            return false;
        }
    }
    run->row = cli_alloc(widest, sizeof *run->row);
    return run->row;
}

/* The values of the taps for the probe, one after the other. Release with free. */
static float *run_probe(features_run *run)
{
    if (!run->options->own_size) return cli_probe_run(&run->crew.engines[0], run->count);
    uint8_t pixels[CLI_PROBE_HEIGHT][CLI_PROBE_WIDTH][4];
    const vrn_image image = cli_probe_draw(pixels);
    if (!cli_sizes_run(&run->sizes, &image)) return NULL;
    float *values = run->sizes.values;
    run->sizes.values = NULL;
    run->sizes.capacity = 0;
    return values;
}

static bool write_facts(features_run *run)
{
    const cli_engine *engine = &run->crew.engines[0];
    cli_facts facts = {.rows = run->rows, .model = engine->model.info.name};
    vrn_transform transform;
    float *probe = run_probe(run);
    bool good = probe && cli_transform_choose(&transform, &engine->model, run->options) &&
                cli_options_collect(run->options, CLI_FACTS, &facts.options, &facts.option_count);
    const float *values = probe;
    for (uint32_t i = 0; i < run->count && good; i++) {
        const output *o = &run->outputs[i];
        const uint32_t *tap = run->options->own_size ? run->sizes.shapes[i] : o->tap;
        const size_t size = (size_t)tap[0] * tap[1] * tap[2];
        uint64_t shape[3];
        cli_feature_shape(shape, &o->form, tap);
        const size_t width = (size_t)(shape[0] * shape[1] * shape[2]);
        float *row = cli_alloc(width, sizeof *row);
        good = row;
        if (good) {
            cli_feature_row(row, &o->form, values, tap);
            cli_probe_take(facts.probe, row, width);
            facts.form = o->form;
            cli_facts_write(o->facts.stream, &facts, &transform);
        }
        free(row);
        values += size;
    }
    free(facts.options);
    free(probe);
    return good;
}

static bool end_outputs(features_run *run, bool commit)
{
    bool good = true;
    for (uint32_t i = 0; i < run->count; i++) {
        output *o = &run->outputs[i];
        good = cli_npy_writer_end(&o->npy, run->rows, commit && good) && good;
        good = cli_file_end(&o->names, commit && good) && good;
        good = cli_file_end(&o->facts, commit && good) && good;
        free(o->names_path);
        free(o->facts_path);
    }
    return good;
}

/* ---- Photos ---------------------------------------------------------------------------------- */

/* Compiles for batches, but limits them so that their results do not fill the memory. */
static bool compile(features_run *run)
{
    vrn_session_params params = {
        .batch = DEFAULT_BATCH, .taps = run->taps, .tap_count = run->count};
    if (run->paths.count < params.batch) params.batch = (uint32_t)run->paths.count;
    if (!cli_crew_compile_for_images(&run->crew, run->options, params)) return false;
    size_t bytes = 0;
    for (uint32_t i = 0; i < run->count; i++) {
        bytes += cli_tap_size(run->crew.engines[0].session, i) * sizeof(float);
    }
    if (run->options->batch || bytes <= batch_bytes_max / params.batch) return true;
    const size_t fits = bytes ? batch_bytes_max / bytes : 1;
    params.batch = fits > 0 ? (uint32_t)fits : 1;
    for (uint32_t i = 0; i < run->crew.count; i++) {
        vrn_session_destroy(&run->crew.engines[i].session);
    }
    return cli_crew_compile_for_images(&run->crew, run->options, params);
}

/* Writes a name on its own line; control characters become '?'. */
static void write_name(FILE *stream, const char *name)
{
    for (; *name; name++) fputc((unsigned char)*name < ' ' || *name == 127 ? '?' : *name, stream);
    fputc('\n', stream);
}

static bool take_row(void *user, size_t index, const float *values)
{
    features_run *run = user;
    for (uint32_t i = 0; i < run->count; i++) {
        output *o = &run->outputs[i];
        cli_feature_row(run->row, &o->form, values, o->tap);
        cli_npy_writer_put(&o->npy, run->row, o->values);
        write_name(o->names.stream, run->paths.items[index]);
        values += (size_t)o->tap[0] * o->tap[1] * o->tap[2];
    }
    run->rows++;
    return true;
}

/* Runs photos at the same size, in batches. */
static bool feed_photos(features_run *run, size_t *failed)
{
    if (!compile(run)) return false;
    for (uint32_t i = 0; i < run->count; i++) {
        if (vrn_session_get_tap_shape(run->crew.engines[0].session, i, run->outputs[i].tap)) {
            return false;
        }
    }
    return begin_outputs(run) && cli_feed_run(&(cli_feed){.crew = &run->crew,
                                                          .paths = run->paths.items,
                                                          .count = run->paths.count,
                                                          .shard = {.count = 1},
                                                          .taps = run->count,
                                                          .result = take_row,
                                                          .user = run},
                                              failed);
}

/* Checks that the shape is that of the first photo. A photo of another size may have another shape,
 * which does not fit into the array. */
static bool check_shape(const output *o, const char *path, const uint32_t found[3])
{
    uint64_t first[3], now[3];
    cli_feature_shape(first, &o->form, o->tap);
    cli_feature_shape(now, &o->form, found);
    return memcmp(first, now, sizeof first) == 0 ||
           cli_error("%s: %s gives [%u, %u, %u] for this photo, but [%u, %u, %u] for earlier ones: "
                     "use --pool, or write this photo to its own array",
                     path, o->form.tap, found[0], found[1], found[2], o->tap[0], o->tap[1],
                     o->tap[2]);
}

static bool take_own_size(void *user, size_t index)
{
    features_run *run = user;
    const bool first = run->rows == 0;
    for (uint32_t i = 0; i < run->count; i++) {
        output *o = &run->outputs[i];
        if (!first && !check_shape(o, run->paths.items[index], run->sizes.shapes[i])) return false;
        memcpy(o->tap, run->sizes.shapes[i], sizeof o->tap);
    }
    return (!first || begin_outputs(run)) && take_row(run, index, run->sizes.values);
}

/* Runs each photo at its own size. */
static bool feed_sizes(features_run *run, size_t *failed)
{
    run->sizes = (cli_sizes){.engine = &run->crew.engines[0],
                             .options = run->options,
                             .taps = run->taps,
                             .tap_count = run->count};
    return cli_sizes_feed_run(&(cli_sizes_feed){.sizes = &run->sizes,
                                                .paths = run->paths.items,
                                                .count = run->paths.count,
                                                .result = take_own_size,
                                                .user = run},
                              failed);
}

static bool make_features(features_run *run, size_t *failed)
{
    const double begin = vrn_time_ms();
    if (!(run->options->own_size ? feed_sizes(run, failed) : feed_photos(run, failed))) {
        return false;
    }
    const double elapsed = vrn_time_ms() - begin;
    if (run->rows == 0) return cli_error("no photo could be read: nothing is written");
    for (uint32_t i = 0; i < run->count; i++) {
        const output *o = &run->outputs[i];
        cli_note("%s: %ju row%s of %zu features (%s), %.0f photos/s", o->path, (uintmax_t)run->rows,
                 run->rows == 1 ? "" : "s", o->values, o->form.tap,
                 (double)run->rows / elapsed * 1e3);
    }
    return write_facts(run);
}

static bool run(const cli_options *options)
{
    features_run run = {.options = options};
    size_t failed = 0;
    bool good = (!options->own_size || cli_sizes_check(options)) && list_outputs(&run) &&
                check_beside(&run);
    if (good) {
        const bool complete = cli_paths_add_all(&run.paths, options);
        good = run.paths.count > 0 && cli_crew_open(&run.crew, options, CLI_MODEL_SHIPPED) &&
               make_features(&run, &failed);
        good = end_outputs(&run, good) && good && complete;
    } else {
        end_outputs(&run, false);
    }
    free(run.outputs);
    free(run.taps);
    free(run.row);
    cli_sizes_free(&run.sizes);
    cli_crew_close(&run.crew);
    cli_paths_free(&run.paths);
    return good && failed == 0;
}

const cli_command cli_features = {
    .name = "features",
    .summary = "write the features of photos",
    .usage = "-o F.npy [OPTION]... IMAGE|FOLDER...|--files-from FILE",
    .details = "Writes one row for each photo to F.npy, as float32 [N, C], and the photos'\n"
               "paths to F.txt, one line for each row. A row is the output of the average pool,\n"
               "which a classifier reads, or with --tap the output of another layer. An output\n"
               "that has a height and a width gives [N, C, H, W]; with --pool it gives the mean\n"
               "over both, [N, C].\n"
               "\n"
               "--tap NAME=FILE.npy writes several layers at once, such as a detector's C2 to\n"
               "C5; each has its own FILE.txt. --l2 scales rows to length 1, so that a dot\n"
               "product is a cosine. --own-size keeps each photo's size, which takes longer.\n"
               "F.json records how the features were made, for vkresnet search.\n"
               "\n"
               "An image that cannot be read is reported and has no row; the exit status is 1.",
    .examples = "  vkresnet features --model resnet50 -o features.npy photos/\n"
                "  vkresnet features --model resnet50.pth --l2 --fp16 -o features.npy --files-from "
                "list.txt\n"
                "  vkresnet features --model mine.pth --tap layer3 --pool -o layer3.npy photos/\n"
                "  vkresnet features --model fcn_resnet50.pth --own-size --tap layer1=c2.npy \\\n"
                "      --tap layer2=c3.npy --tap layer3=c4.npy --tap layer4=c5.npy photo.jpg\n",
    .options = CLI_COMMON | CLI_TRANSFORM | CLI_SESSION | CLI_BIT(MODEL) | CLI_BIT(ARCH) |
               CLI_BIT(PREFIX) | CLI_BIT(RANDOM_WEIGHTS) | CLI_BIT(WRITE) | CLI_BIT(TAP) |
               CLI_BIT(POOL) | CLI_BIT(OWN_SIZE) | CLI_BIT(L2) | CLI_BIT(FP16) |
               CLI_BIT(FILES_FROM) | CLI_BIT(BATCH),
    .least = 0,
    .most = UINT32_MAX,
    .arguments = "images or folders",
    .run = run,
};
