#include <stdio.h>
#include <stdlib.h>

#include "cli/answer.h"
#include "cli/command.h"
#include "cli/engine.h"
#include "cli/images/feed.h"
#include "cli/images/walk.h"
#include "cli/shard.h"
#include "cli/system/report.h"

enum { DEFAULT_TOP = 5, DEFAULT_BATCH = 8 };

typedef struct result_printer {
    const cli_model *model;
    char *const *paths;
    cli_score *scores; /* [classes] */
    uint32_t classes, top;
    cli_answer_form form;
} result_printer;

static bool print_result(void *user, size_t index, const float *probabilities)
{
    const result_printer *printer = user;
    cli_rank(printer->scores, probabilities, printer->classes);
    cli_progress_hide();
    cli_answer_print(printer->form, printer->model, printer->paths[index], printer->scores,
                     cli_count_shown(printer->model, printer->scores, printer->top));
    /* Flush, so that long runs show results at once, in a pipe too. */
    return fflush(stdout) == 0;
}

static bool print_failure(void *user, size_t index, const char *error)
{
    const result_printer *printer = user;
    if (printer->form != CLI_ANSWER_JSON) return true;
    cli_json json = {.out = stdout};
    cli_progress_hide();
    cli_json_write(&json, "{file: %s, error: %s}\n", printer->paths[index], error);
    return fflush(stdout) == 0;
}

static bool classify_paths(const cli_crew *crew, const cli_options *options, const cli_paths *paths,
                           const cli_shard *shard)
{
    const cli_engine *engine = &crew->engines[0];
    uint32_t classes = engine->info.classes, top = options->top ? options->top : DEFAULT_TOP;
    result_printer printer = {
        .model = &engine->model,
        .paths = paths->items,
        .scores = cli_alloc(classes, sizeof *printer.scores),
        .classes = classes,
        .top = top < classes ? top : classes,
        .form = options->json                ? CLI_ANSWER_JSON
                : cli_terminal_width(stdout) ? CLI_ANSWER_TABLE
                                             : CLI_ANSWER_LINE,
    };
    if (!printer.scores) return false;
    cli_model_note_names(&engine->model);
    size_t failed;
    bool good = cli_feed_run(&(cli_feed){.crew = crew,
                                         .paths = paths->items,
                                         .count = paths->count,
                                         .shard = *shard,
                                         .result = print_result,
                                         .failure = print_failure,
                                         .user = &printer},
                             &failed);
    free(printer.scores);
    return good && failed == 0;
}

static bool run(const cli_options *options)
{
    cli_shard shard;
    cli_paths paths = {0};
    cli_crew crew = {0};
    bool good = cli_shard_read(&shard, options);
    if (!good) return false;
    good = cli_paths_add_all(&paths, options);
    if (cli_shard_size(&shard, paths.count) > 0) {
        good = cli_crew_open(&crew, options, CLI_MODEL_SHIPPED) &&
               cli_crew_compile_for_images(&crew, options,
                                           (vrn_session_params){.batch = DEFAULT_BATCH}) &&
               classify_paths(&crew, options, &paths, &shard) && good;
    }
    cli_crew_close(&crew);
    cli_paths_free(&paths);
    return good;
}

const cli_command cli_classify = {
    .name = "classify",
    .summary = "classify photos",
    .usage = "[OPTION]... IMAGE|FOLDER...|--files-from FILE",
    .details =
        "Prints the most probable classes of each image. On a terminal it draws a table\n"
        "with bars. In a pipe it prints one line for each image: the file, then the\n"
        "label and the probability of each class, separated by tabs. With --json it\n"
        "prints one object a line: {\"file\", \"model\", \"top\": [{\"index\", \"label\",\n"
        "\"probability\"}]}.\n"
        "\n"
        "Folders are searched for images; a file is an image if its name or its first\n"
        "bytes say so. - reads one image from standard input. Without --model it uses\n"
        "the bundled model, which knows ten classes.\n"
        "\n"
        "An image that cannot be read is reported on standard error, and the others are\n"
        "classified; the exit status is then 1. With --json such an image has a line of\n"
        "its own, {\"file\", \"error\"}. --shard I/N takes only every N-th image, for one of\n"
        "N processes or machines. The outputs of all shards can be concatenated.",
    .examples =
        "  vkresnet classify photo.jpg\n"
        "  vkresnet classify --model resnet50 --top 3 photo.jpg more/\n"
        "  vkresnet classify --model resnet50.pth --resize 232 --json photos/ > result.jsonl\n"
        "  vkresnet classify --model resnet50 --files-from list.txt > result.tsv\n"
        "  vkresnet classify --model resnet50.pth --device all --shard 2/8 photos/ > 2.tsv\n",
    .options = CLI_COMMON | CLI_NETWORK | CLI_TRANSFORM | CLI_BIT(TOP) | CLI_BIT(JSON) |
               CLI_BIT(BATCH) | CLI_BIT(SHARD) | CLI_BIT(FILES_FROM) | CLI_SESSION,
    .least = 0,
    .most = UINT32_MAX,
    .arguments = "images or folders",
    .run = run,
};
