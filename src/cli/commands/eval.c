#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/engine.h"
#include "cli/evaluation/evaluation.h"
#include "cli/evaluation/labels.h"
#include "cli/answer.h"
#include "cli/formats/npy.h"
#include "cli/images/feed.h"
#include "cli/pages/page.h"
#include "cli/shard.h"
#include "cli/system/os.h"
#include "cli/system/report.h"
#include "cli/transform.h"

enum { DEFAULT_BATCH = 8 };

typedef struct eval_run {
    const cli_options *options;
    const char *data; /* the list or the folder */
    cli_crew crew;
    cli_labels labels;
    cli_shard shard;
    cli_evaluation evaluation;
    cli_mistakes mistakes;
    cli_score *scores;     /* [classes] */
    float *missing;        /* [classes], NaN: the logits of an image without a result */
    cli_file logits, page; /* zeroed: not requested */
    size_t logits_rows;    /* written so far */
} eval_run;

/* Writes rows of NaN up to the image's own row, so that row numbers match image numbers. */
static void skip_rows(eval_run *run, size_t index)
{
    if (!run->logits.stream) return;
    for (; run->logits_rows < index; run->logits_rows++) {
        fwrite(run->missing, sizeof(float), run->evaluation.classes, run->logits.stream);
    }
}

static bool count_result(void *user, size_t index, const float *logits)
{
    eval_run *run = user;
    uint32_t classes = run->evaluation.classes;
    cli_verdict verdict;
    cli_rank(run->scores, logits, classes);
    const vrn_probabilities kind = run->crew.engines[0].model.info.probabilities;
    if (!cli_evaluation_add(&run->evaluation, kind, run->labels.classes[index], run->scores,
                            &verdict)) {
        return false;
    }
    cli_mistakes_add(&run->mistakes, index, &verdict);
    if (run->logits.stream) {
        skip_rows(run, index);
        fwrite(logits, sizeof *logits, classes, run->logits.stream);
        run->logits_rows++;
    }
    return true;
}

/* Describes the weights independently of folder and machine. */
static bool describe(eval_run *run)
{
    const cli_options *options = run->options;
    char seed[48];
    const char *weights = options->model;
    if (options->given & CLI_BIT(RANDOM_WEIGHTS)) {
        snprintf(seed, sizeof seed, "random weights %llu", (unsigned long long)options->seed);
        weights = seed;
    } else {
        bool is_path = vrn_path_get_kind(weights) != VRN_PATH_MISSING; /* else a name */
        if (is_path) weights += cli_path_folder_length(weights);
    }
    const cli_model *model = &run->crew.engines[0].model;
    vrn_transform transform;
    if (!cli_transform_choose(&transform, model, options)) return false;
    if (!cli_evaluation_begin(&run->evaluation, &run->crew, weights, &transform)) return false;
    run->evaluation.shard = run->shard;
    run->evaluation.total = run->labels.images.count;
    return true;
}

/* Opens the outputs, so that a wrong path is reported before the work. */
static bool prepare(eval_run *run)
{
    const cli_options *options = run->options;
    uint32_t classes = run->evaluation.classes;
    run->scores = cli_alloc(classes, sizeof *run->scores);
    run->missing = cli_alloc(classes, sizeof *run->missing);
    if (!run->scores || !run->missing) return false;
    for (uint32_t i = 0; i < classes; i++) run->missing[i] = NAN;
    return !options->logits || cli_npy_begin(&run->logits, options->logits, 2,
                                             (uint64_t[]){run->labels.images.count, classes});
}

static bool evaluate(eval_run *run, size_t *failed)
{
    double begin = vrn_time_ms();
    if (!cli_feed_run(&(cli_feed){.crew = &run->crew,
                                  .paths = run->labels.images.items,
                                  .count = run->labels.images.count,
                                  .shard = run->shard,
                                  .logits = true,
                                  .result = count_result,
                                  .user = run},
                      failed)) {
        return false;
    }
    double elapsed = vrn_time_ms() - begin;
    cli_evaluation *evaluation = &run->evaluation;
    skip_rows(run, run->labels.images.count);
    evaluation->unreadable = *failed;
    if (elapsed > 0) evaluation->images_per_s = (double)evaluation->images / elapsed * 1e3;
    cli_confusion_settle(&evaluation->confusion);
    if (!cli_evaluation_print(evaluation, run->options->json)) return false;
    cli_evaluation_page_write(run->page.stream,
                              &(cli_evaluation_page){.evaluation = evaluation,
                                                     .data = run->data,
                                                     .options = run->options,
                                                     .mistakes = &run->mistakes,
                                                     .paths = run->labels.images.items});
    return true;
}

/* Reads a list, or a folder with a folder for each class. */
static bool read_labels(eval_run *run)
{
    const cli_model *model = &run->crew.engines[0].model;
    return vrn_path_get_kind(run->data) == VRN_PATH_DIRECTORY
               ? cli_labels_read_folders(&run->labels, run->data, model)
               : cli_labels_read_list(&run->labels, run->data, model);
}

static bool open_all(eval_run *run)
{
    const cli_options *options = run->options;
    return cli_shard_read(&run->shard, options) &&
           cli_crew_open(&run->crew, options, CLI_MODEL_REQUIRED) && read_labels(run) &&
           (!options->report || cli_evaluation_page_begin(&run->page, options->report)) &&
           cli_crew_compile_for_images(&run->crew, options,
                                       (vrn_session_params){.batch = DEFAULT_BATCH}) &&
           describe(run) && prepare(run);
}

static bool run(const cli_options *options)
{
    if (!options->labels == !options->argument_count) {
        return cli_usage("expected either a folder, or --labels FILE.csv");
    }
    eval_run run = {
        .options = options,
        .data = options->labels ? options->labels : options->arguments[0],
    };
    size_t failed = 0;
    bool good = open_all(&run) && evaluate(&run, &failed);
    good = cli_file_end(&run.logits, good) && good;
    good = cli_file_end(&run.page, good) && good;
    free(run.scores);
    free(run.missing);
    cli_evaluation_free(&run.evaluation);
    cli_labels_free(&run.labels);
    cli_crew_close(&run.crew);
    return good && failed == 0;
}

const cli_command cli_eval = {
    .name = "eval",
    .summary = "measure the accuracy on images whose classes are known",
    .usage = "--model NAME|FILE FOLDER|--labels FILE.csv [OPTION]...",
    .details = "Classifies images whose classes are known and counts the correct ones. The\n"
               "images are either in a folder that has one folder for each class, as\n"
               "torchvision's ImageFolder expects, or listed in a .csv file.\n"
               "\n"
               "The name of a class folder is one of the model's class names, one of ImageNet's\n"
               "WordNet ids (n01440764), or the number of the class. If no name is any of these\n"
               "and there are as many folders as classes, the folders are the classes in byte\n"
               "order. A note says which rule applied. The .csv file has one line for each\n"
               "image, file,label[,class], separated by commas, tabs or blanks; its first line\n"
               "may name the columns. \"class\" is the index of the network's output, counted\n"
               "from 0. It may be left out if the label is that number, a WordNet id, or a name\n"
               "that the model knows.\n"
               "\n"
               "Prints the top-1 and top-5 accuracy, the classes that are confused most often,\n"
               "and the accuracy of each class. With --json it prints all counts on one line.\n"
               "--report writes a page with the confusion matrix and the mistakes of which the\n"
               "network was most certain. --shard I/N takes only every N-th image; vkresnet\n"
               "merge combines the lines of all shards. An image that cannot be read is\n"
               "reported and not counted, and the exit status is 1.",
    .examples = "  vkresnet eval --model resnet50.pth imagenet/val\n"
                "  vkresnet eval --model resnet56.th --labels labels.csv --report report\n"
                "  vkresnet eval --model resnet56.th --labels labels.csv --json --logits y.npy\n"
                "  vkresnet eval --model resnet50.pth imagenet/val --shard 2/8 --json > 2.jsonl\n",
    .options = CLI_COMMON | CLI_NETWORK | CLI_TRANSFORM | CLI_BIT(LABELS) | CLI_BIT(LOGITS) |
               CLI_BIT(REPORT) | CLI_BIT(JSON) | CLI_BIT(BATCH) | CLI_BIT(SHARD) | CLI_SESSION,
    .most = 1,
    .arguments = "a folder",
    .run = run,
};
