#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "csv.h"
#include "engine.h"
#include "feed.h"
#include "json.h"
#include "npy.h"
#include "os.h"
#include "report.h"
#include "score.h"

enum { DEFAULT_BATCH = 8, TOP = 5 };

typedef struct eval_tally {
    const cli_labels *labels;
    uint32_t classes;
    cli_score *scores;  /* [classes] */
    float *missing;     /* [classes], NaN: the logits of an image that could not be read */
    cli_file *logits;   /* NULL: not wanted */
    size_t logits_rows; /* written so far */
    uint64_t images, right, right_in_top;
} eval_tally;

/* Rows of NaN up to the image's own, so that row and line of the list agree. */
static void skip_rows(eval_tally *tally, size_t index)
{
    for (; tally->logits_rows < index; tally->logits_rows++) {
        cli_npy_write(tally->logits, tally->missing, tally->classes);
    }
}

static bool count_result(void *user, size_t index, const float *logits)
{
    eval_tally *tally = user;
    cli_rank(tally->scores, logits, tally->classes);
    uint32_t label = tally->labels->classes[index];
    tally->images++;
    for (uint32_t i = 0; i < TOP && i < tally->classes; i++) {
        if (tally->scores[i].index != label || isnan(tally->scores[i].value)) continue;
        tally->right += i == 0;
        tally->right_in_top++;
    }
    if (tally->logits) {
        skip_rows(tally, index);
        cli_npy_write(tally->logits, logits, tally->classes);
        tally->logits_rows++;
    }
    return true;
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void print_tally(const eval_tally *tally, const cli_crew *crew, double elapsed_ms,
                        bool as_json)
{
    unsigned long long images = tally->images, right = tally->right, top = tally->right_in_top;
    double rate = elapsed_ms > 0 ? (double)images / elapsed_ms * 1e3 : 0;
    if (as_json) {
        char *devices = cli_crew_device_names(crew);
        cli_json json = {.out = stdout};
        cli_json_begin_object(&json, NULL);
        cli_json_integer(&json, "images", images);
        cli_json_integer(&json, "wrong", images - right);
        cli_json_number(&json, "top1", percent(right, images));
        cli_json_number(&json, "top5", percent(top, images));
        cli_json_integer(&json, "top1_count", right);
        cli_json_integer(&json, "top5_count", top);
        cli_json_number(&json, "images_per_s", rate);
        cli_json_text(&json, "model", crew->engines[0].model.info.name);
        cli_json_text(&json, "device", devices);
        cli_json_end_object(&json);
        putchar('\n');
        free(devices);
        return;
    }
    printf("images  %llu\n", images);
    printf("wrong   %llu\n", images - right);
    printf("top-1   %6.2f %%  (%llu of %llu)\n", percent(right, images), right, images);
    printf("top-5   %6.2f %%  (%llu of %llu)\n", percent(top, images), top, images);
    printf("speed   %.1f images/s with reading the files\n", rate);
}

static int evaluate(const cli_crew *crew, const cli_options *options, const cli_labels *labels)
{
    uint32_t classes = crew->engines[0].info.classes;
    cli_file file = {0};
    eval_tally tally = {
        .labels = labels,
        .classes = classes,
        .scores = cli_alloc(classes, sizeof *tally.scores),
        .missing = cli_alloc(classes, sizeof *tally.missing),
        .logits = options->logits ? &file : NULL,
    };
    size_t failed = 0;
    bool good = tally.scores && tally.missing;
    if (good && options->logits) {
        good = cli_npy_begin(&file, options->logits, 2, (uint64_t[]){labels->count, classes});
    }
    if (good) {
        for (uint32_t i = 0; i < classes; i++) tally.missing[i] = NAN;
        double begin = cli_time_ms();
        good = cli_feed_run(&(cli_feed){.crew = crew,
                                        .paths = labels->paths,
                                        .count = labels->count,
                                        .logits = true,
                                        .progress = true,
                                        .result = count_result,
                                        .user = &tally},
                            &failed);
        double elapsed = cli_time_ms() - begin;
        if (good && options->logits) skip_rows(&tally, labels->count);
        if (good) print_tally(&tally, crew, elapsed, options->json);
    }
    good = cli_file_end(&file, good) && good;
    free(tally.scores);
    free(tally.missing);
    return good && failed == 0 ? CLI_SUCCESS : CLI_FAILURE;
}

static int run(const cli_options *options)
{
    if (!options->labels) return cli_usage("eval", "expected --labels FILE.csv");
    cli_crew crew = {0};
    cli_labels labels = {0};
    int status = cli_crew_open(&crew, "eval", options, CLI_MODEL_REQUIRED);
    if (status == CLI_SUCCESS &&
        !cli_labels_read(&labels, options->labels, &crew.engines[0].model)) {
        status = CLI_FAILURE;
    }
    if (status == CLI_SUCCESS) {
        status = cli_crew_compile_for_images(&crew, "eval", options, DEFAULT_BATCH);
    }
    if (status == CLI_SUCCESS) status = evaluate(&crew, options, &labels);
    cli_labels_free(&labels);
    cli_crew_close(&crew);
    return status;
}

const cli_command cli_eval = {
    .name = "eval",
    .summary = "count how many images are classified right",
    .usage = "--model NAME|FILE --labels FILE.csv [OPTION]..",
    .details =
        "Classifies the images that a .csv file lists, one a line as file,label[,class], with\n"
        "or without a first line that says so. The class is the network's output, counted\n"
        "from 0; it may be left out where the label is that number, or a name that the model\n"
        "knows. An image that cannot be read is reported and not counted, and the exit status\n"
        "is 1.",
    .examples = "  vkresnet eval --model resnet50.pth --labels val/labels.csv\n"
                "  vkresnet eval --model resnet56.th --labels labels.csv --json --logits y.npy\n",
    .options = CLI_COMMON | CLI_NETWORK | CLI_TRANSFORM | CLI_BIT(LABELS) | CLI_BIT(LOGITS) |
               CLI_BIT(JSON) | CLI_BIT(BATCH) | CLI_BIT(NO_FUSION) | CLI_BIT(KERNEL) |
               CLI_BIT(TUNE),
    .run = run,
};
