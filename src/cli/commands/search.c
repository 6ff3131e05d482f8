#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/engine.h"
#include "cli/formats/json.h"
#include "cli/formats/npy.h"
#include "cli/images/feed.h"
#include "cli/images/walk.h"
#include "cli/learning/facts.h"
#include "cli/learning/features.h"
#include "cli/learning/own_size.h"
#include "cli/system/report.h"

enum { DEFAULT_TOP = 5, DEFAULT_BATCH = 8, BLOCK_BYTES = 1 << 22 };

typedef struct hit {
    double similarity;
    uint64_t row;
} hit;

/* A photo to look for. */
typedef struct query {
    size_t index; /* of its path */
    float *row;   /* [width], of length 1; NULL: it could not be read */
    char *error;  /* why */
    hit *hits;    /* [hit_count], the best first */
    uint32_t hit_count;
} query;

typedef struct search_run {
    cli_options options; /* including those that made the features */
    char **words;        /* of the options */
    cli_paths paths;
    cli_crew crew;
    cli_npy npy;
    uint32_t width; /* of a row */
    cli_facts facts;
    bool has_facts;
    char *names;  /* the text of F.txt; NULL: there is none */
    char **lines; /* [rows] */
    uint32_t tap[3];
    float *made;     /* a row, in the form of the features */
    query *queries;  /* [paths.count] */
    cli_sizes sizes; /* with --own-size */
    uint32_t top;
} search_run;

/* ---- The features ---------------------------------------------------------------------------- */

static bool open_array(search_run *run, const char *path)
{
    enum { WIDTH_MAX = 1 << 24 };
    cli_npy *npy = &run->npy;
    if (!cli_npy_open_any(npy, path)) return false;
    if (npy->rank == 4) {
        return cli_error("%s: expected a row for each photo, [N, C], found [N, C, H, W]; vkresnet "
                         "features --pool writes such rows",
                         path);
    }
    if (npy->rank != 2 || npy->shape[1] == 0 || npy->shape[1] > WIDTH_MAX) {
        char found[CLI_NPY_SHAPE_TEXT];
        return cli_error("%s: expected a row for each photo, [N, C], with 1 to %d features, found "
                         "%s",
                         path, WIDTH_MAX, cli_npy_show_shape(npy, found));
    }
    run->width = (uint32_t)npy->shape[1];
    return npy->shape[0] > 0 || cli_error("%s: expected at least one photo, found none", path);
}

/* Reads F.txt, if it exists: a line for each row. */
static bool read_names(search_run *run, const char *path)
{
    if (vrn_path_get_kind(path) == VRN_PATH_MISSING) {
        cli_note("%s: not found: rows are named by their numbers, from 0", path);
        return true;
    }
    uint64_t size, count = 0;
    FILE *stream = cli_open_file(path, &size);
    run->names = stream ? cli_read_text(stream, path) : NULL;
    if (stream) fclose(stream);
    if (!run->names) return false;
    for (const char *c = run->names; *c; c++) count += *c == '\n';
    if (count != run->npy.shape[0]) {
        return cli_error("%s: expected as many lines as there are rows, %ju, found %ju", path,
                         (uintmax_t)run->npy.shape[0], (uintmax_t)count);
    }
    run->lines = cli_alloc((size_t)count, sizeof *run->lines);
    if (!run->lines) return false;
    char *at = run->names;
    for (uint64_t i = 0; i < count; i++) {
        run->lines[i] = at;
        at = strchr(at, '\n');
        *at++ = 0;
    }
    return true;
}

static bool read_facts(search_run *run, const char *path)
{
    run->facts.form.tap = CLI_FEATURES_TAP;
    run->has_facts = vrn_path_get_kind(path) != VRN_PATH_MISSING;
    if (!run->has_facts) {
        cli_note("%s: not found: assuming that --in has the outputs of %s, made with this model "
                 "and transform",
                 path, CLI_FEATURES_TAP);
        return true;
    }
    if (!cli_facts_read(&run->facts, path)) return false;
    return run->facts.rows == run->npy.shape[0] ||
           cli_error("%s: rows: expected %ju, as in the features, found %ju", path,
                     (uintmax_t)run->npy.shape[0], (uintmax_t)run->facts.rows);
}

static bool open_features(search_run *run, const char *path)
{
    char *names = cli_beside(path, ".txt"), *facts = cli_beside(path, ".json");
    const bool good =
        names && facts && open_array(run, path) && read_names(run, names) && read_facts(run, facts);
    free(names);
    free(facts);
    return good;
}

/* ---- The photos ------------------------------------------------------------------------------ */

/* Checks that rows have the width of the tap, and allocates one. */
static bool check_width(search_run *run)
{
    const cli_facts *facts = &run->facts;
    uint64_t shape[3];
    cli_feature_shape(shape, &facts->form, run->tap);
    if (shape[0] * shape[1] * shape[2] != run->width) {
        return cli_error("%s: expected %ju features, as %s of %s gives, found %u", run->npy.path,
                         (uintmax_t)(shape[0] * shape[1] * shape[2]), facts->form.tap,
                         run->crew.engines[0].model.info.name, run->width);
    }
    if (!run->made) run->made = cli_alloc(run->width, sizeof *run->made);
    return run->made;
}

/* Refuses features made by another network or with another transform. `values`: the tap's values
 * for the probe. */
static bool check_probe(search_run *run, const float *values)
{
    const cli_facts *facts = &run->facts;
    float probe[CLI_PROBE_VALUES];
    if (!run->has_facts) return true;
    cli_feature_row(run->made, &facts->form, values, run->tap);
    cli_probe_take(probe, run->made, run->width);
    return cli_probe_agrees(probe, facts->probe) ||
           cli_error(
               "%s: made by %s with its own transform, but %s with the options given now gives "
               "other features for the same picture: give the model and the transform that the "
               "file was made with",
               run->npy.path, facts->model, run->crew.engines[0].model.info.name);
}

/* Copies a row with a length of 1, so that products are cosines. */
static float *copy_row(const float *from, uint32_t width)
{
    double sum = 0;
    float *row = cli_alloc(width, sizeof *row);
    if (!row) return NULL;
    for (uint32_t i = 0; i < width; i++) sum += (double)from[i] * (double)from[i];
    const double factor = sum > 0 ? 1 / sqrt(sum) : 0;
    for (uint32_t i = 0; i < width; i++) row[i] = (float)(from[i] * factor);
    return row;
}

static bool take_query(void *user, size_t index, const float *values)
{
    search_run *run = user;
    query *q = &run->queries[index];
    cli_feature_row(run->made, &run->facts.form, values, run->tap);
    q->index = index;
    q->row = copy_row(run->made, run->width);
    q->hits = cli_alloc(run->top + 1, sizeof *q->hits);
    return q->row && q->hits;
}

static bool take_failure(void *user, size_t index, const char *error)
{
    search_run *run = user;
    run->queries[index].index = index;
    run->queries[index].error = cli_copy_text(error);
    return run->queries[index].error;
}

/* Runs photos at the same size, in batches. */
static bool feed_photos(search_run *run, size_t *failed)
{
    const cli_engine *engine = &run->crew.engines[0];
    const vrn_session_params params = {
        .batch = run->paths.count < DEFAULT_BATCH ? (uint32_t)run->paths.count : DEFAULT_BATCH,
        .taps = &run->facts.form.tap,
        .tap_count = 1,
    };
    if (!cli_crew_compile_for_images(&run->crew, &run->options, params) ||
        vrn_session_get_tap_shape(engine->session, 0, run->tap) != VRN_OK || !check_width(run)) {
        return false;
    }
    float *probe = cli_probe_run(engine, 1);
    const bool good = probe && check_probe(run, probe);
    free(probe);
    return good && cli_feed_run(&(cli_feed){.crew = &run->crew,
                                            .paths = run->paths.items,
                                            .count = run->paths.count,
                                            .shard = {.count = 1},
                                            .taps = 1,
                                            .result = take_query,
                                            .failure = take_failure,
                                            .user = run},
                                failed);
}

static bool take_own_size(void *user, size_t index)
{
    search_run *run = user;
    memcpy(run->tap, run->sizes.shapes[0], sizeof run->tap);
    return check_width(run) && take_query(run, index, run->sizes.values);
}

/* Runs each photo at its own size. */
static bool feed_sizes(search_run *run, size_t *failed)
{
    uint8_t pixels[CLI_PROBE_HEIGHT][CLI_PROBE_WIDTH][4];
    const vrn_image picture = cli_probe_draw(pixels);
    run->sizes = (cli_sizes){.engine = &run->crew.engines[0],
                             .options = &run->options,
                             .taps = &run->facts.form.tap,
                             .tap_count = 1};
    if (!cli_sizes_run(&run->sizes, &picture)) return false;
    memcpy(run->tap, run->sizes.shapes[0], sizeof run->tap);
    return check_width(run) && check_probe(run, run->sizes.values) &&
           cli_sizes_feed_run(&(cli_sizes_feed){.sizes = &run->sizes,
                                                .paths = run->paths.items,
                                                .count = run->paths.count,
                                                .result = take_own_size,
                                                .failure = take_failure,
                                                .user = run},
                              failed);
}

static bool run_queries(search_run *run, size_t *failed)
{
    run->queries = cli_alloc(run->paths.count, sizeof *run->queries);
    if (!run->queries || !cli_crew_open(&run->crew, &run->options, CLI_MODEL_SHIPPED)) {
        return false;
    }
    return run->options.own_size ? feed_sizes(run, failed) : feed_photos(run, failed);
}

/* ---- The search ------------------------------------------------------------------------------ */

/* The dot product, in four sums that a compiler keeps in one register. */
static double multiply(const float *a, const float *b, uint32_t count)
{
    double sums[4] = {0};
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        for (uint32_t k = 0; k < 4; k++) sums[k] += (double)a[i + k] * (double)b[i + k];
    }
    for (; i < count; i++) sums[0] += (double)a[i] * (double)b[i];
    return sums[0] + sums[1] + sums[2] + sums[3];
}

/* Keeps the best hits; among equal ones the first row. */
static void offer(query *q, uint32_t top, hit found)
{
    uint32_t at = q->hit_count;
    while (at > 0 && q->hits[at - 1].similarity < found.similarity) at--;
    if (at >= top) return;
    memmove(&q->hits[at + 1], &q->hits[at], (q->hit_count - at) * sizeof *q->hits);
    q->hits[at] = found;
    if (q->hit_count < top) q->hit_count++;
}

static bool compare_row(search_run *run, uint64_t row, const float *values)
{
    const double length = sqrt(multiply(values, values, run->width));
    if (!isfinite(length)) {
        return cli_error("%s: row %ju: expected finite numbers, found NaN or infinity",
                         run->npy.path, (uintmax_t)row);
    }
    for (size_t i = 0; i < run->paths.count; i++) {
        query *q = &run->queries[i];
        if (!q->row) continue;
        const double product = multiply(values, q->row, run->width);
        offer(q, run->top, (hit){.similarity = length > 0 ? product / length : 0, .row = row});
    }
    return true;
}

/* Compares all photos with the rows in a single pass, a block at a time. */
static bool compare_all(search_run *run)
{
    const uint64_t rows = run->npy.shape[0];
    const size_t bytes = run->width * sizeof(float);
    const size_t block = bytes < BLOCK_BYTES ? BLOCK_BYTES / bytes : 1;
    float *values = cli_alloc(block, bytes);
    bool good = values;
    for (uint64_t row = 0; row < rows && good;) {
        const size_t now = rows - row < block ? (size_t)(rows - row) : block;
        good = cli_npy_read(&run->npy, values, now * run->width);
        for (size_t i = 0; i < now && good; i++, row++) {
            good = compare_row(run, row, values + i * run->width);
        }
    }
    free(values);
    return good;
}

static void print_json(const search_run *run, const query *q)
{
    cli_json json = {.out = stdout};
    cli_json_write(&json, "{file: %s,", run->paths.items[q->index]);
    if (!q->row) {
        cli_json_write(&json, "error: %s}\n", q->error);
        return;
    }
    cli_json_write(&json, "model: %s, top: [", run->crew.engines[0].model.info.name);
    for (uint32_t i = 0; i < q->hit_count; i++) {
        const hit *h = &q->hits[i];
        cli_json_write(&json, "{row: %ju,", (uintmax_t)h->row);
        if (run->lines) cli_json_write(&json, "file: %s,", run->lines[h->row]);
        cli_json_write(&json, "similarity: %g}", h->similarity);
    }
    cli_json_write(&json, "]}\n");
}

static void print_hit_name(const search_run *run, uint64_t row)
{
    if (run->lines) {
        cli_print_name(run->lines[row]);
    } else {
        printf("%ju", (uintmax_t)row);
    }
}

/* Prints a line for each hit on a terminal, else a line for each photo, separated by tabs. */
static void print_text(const search_run *run, const query *q, bool table)
{
    if (!q->row) return;
    cli_print_name(run->paths.items[q->index]);
    for (uint32_t i = 0; i < q->hit_count; i++) {
        const hit *h = &q->hits[i];
        if (table) {
            printf("\n  %7.4f  ", h->similarity);
            print_hit_name(run, h->row);
        } else {
            putchar('\t');
            print_hit_name(run, h->row);
            printf("\t%.4f", h->similarity);
        }
    }
    putchar('\n');
}

static void print_all(const search_run *run)
{
    const bool table = cli_terminal_width(stdout) > 0;
    for (size_t i = 0; i < run->paths.count; i++) {
        if (run->options.json) {
            print_json(run, &run->queries[i]);
        } else {
            print_text(run, &run->queries[i], table);
        }
    }
}

/* ---- The command ----------------------------------------------------------------------------- */

/* Reads the options that made the features, then the given ones, which override them. */
static bool read_options(search_run *run, const cli_options *given)
{
    const cli_facts *facts = &run->facts;
    const size_t said = facts->option_count, more = (size_t)given->word_count;
    run->words = cli_alloc(said + more, sizeof *run->words);
    if (!run->words) return false;
    if (said > 0) memcpy(run->words, facts->options, said * sizeof *run->words);
    memcpy(run->words + said, given->words, more * sizeof *run->words);
    return cli_options_parse(&run->options, "search", cli_search.options, (int)(said + more),
                             run->words);
}

static bool search(search_run *run)
{
    size_t failed = 0;
    run->top = run->options.top ? run->options.top : DEFAULT_TOP;
    if (run->top > run->npy.shape[0]) run->top = (uint32_t)run->npy.shape[0];
    if (run->options.own_size && !cli_sizes_check(&run->options)) return false;
    const bool complete = cli_paths_add_all(&run->paths, &run->options);
    if (run->paths.count == 0 || !run_queries(run, &failed) || !compare_all(run)) return false;
    print_all(run);
    return complete && failed == 0;
}

static bool run(const cli_options *options)
{
    search_run run = {0};
    if (!options->in) return cli_usage("expected --in F.npy");
    const bool good =
        open_features(&run, options->in) && read_options(&run, options) && search(&run);
    for (size_t i = 0; run.queries && i < run.paths.count; i++) {
        free(run.queries[i].row);
        free(run.queries[i].error);
        free(run.queries[i].hits);
    }
    free(run.queries);
    free(run.names);
    free(run.lines);
    free(run.made);
    cli_facts_free(&run.facts);
    cli_npy_close(&run.npy);
    cli_sizes_free(&run.sizes);
    cli_crew_close(&run.crew);
    cli_paths_free(&run.paths);
    cli_options_free(&run.options);
    free(run.words);
    return good;
}

const cli_command cli_search = {
    .name = "search",
    .summary = "find similar photos by their features",
    .usage = "--in F.npy [OPTION]... IMAGE|FOLDER...|--files-from FILE",
    .details = "For each given photo, finds the photos whose features are nearest to its own in\n"
               "F.npy, the file that vkresnet features wrote. Nearness is the cosine of the\n"
               "angle between two rows; it is 1 for the same photo. In a pipe it prints one\n"
               "line for each photo: the file, then the file and the cosine of each match,\n"
               "separated by tabs. With --json it prints one object a line: {\"file\", \"model\",\n"
               "\"top\": [{\"row\", \"file\", \"similarity\"}]}.\n"
               "\n"
               "F.json names the model, the transform and the layer. Options change them, but\n"
               "features that do not fit are refused. An image that cannot be read is reported,\n"
               "and the exit status is 1.",
    .examples = "  vkresnet search --in features.npy photo.jpg\n"
                "  vkresnet search --in features.npy --top 20 --json queries/ > found.jsonl\n"
                "  vkresnet search --in features.npy --model moved/resnet50.pth photo.jpg\n",
    .options = CLI_COMMON | CLI_TRANSFORM | CLI_SESSION | CLI_BIT(MODEL) | CLI_BIT(ARCH) |
               CLI_BIT(PREFIX) | CLI_BIT(RANDOM_WEIGHTS) | CLI_BIT(IN) | CLI_BIT(OWN_SIZE) |
               CLI_BIT(TOP) | CLI_BIT(JSON) | CLI_BIT(FILES_FROM) | CLI_BIT(BATCH),
    .least = 0,
    .most = UINT32_MAX,
    .arguments = "images or folders",
    .run = run,
};
