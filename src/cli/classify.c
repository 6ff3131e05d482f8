#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "engine.h"
#include "feed.h"
#include "json.h"
#include "os.h"
#include "report.h"
#include "score.h"
#include "walk.h"

enum { DEFAULT_TOP = 5, DEFAULT_BATCH = 8 };

typedef struct result_printer {
    const cli_model *model;
    char *const *paths;
    cli_score *scores; /* [classes] */
    uint32_t classes, top;
    bool json;
} result_printer;

static void print_json(const result_printer *printer, const char *path)
{
    cli_json json = {.out = stdout};
    cli_json_begin_object(&json, NULL);
    cli_json_text(&json, "file", path);
    cli_json_text(&json, "model", printer->model->info.name);
    cli_json_begin_array(&json, "top");
    for (uint32_t i = 0; i < printer->top; i++) {
        char buffer[32];
        const cli_score *score = &printer->scores[i];
        cli_json_begin_object(&json, NULL);
        cli_json_integer(&json, "index", score->index);
        cli_json_text(&json, "label", cli_model_label(printer->model, score->index, buffer));
        cli_json_number(&json, "probability", (double)score->value);
        cli_json_end_object(&json);
    }
    cli_json_end_array(&json);
    cli_json_end_object(&json);
    putchar('\n');
}

static void print_text(const result_printer *printer, const char *path)
{
    cli_print_name(path);
    putchar('\n');
    for (uint32_t i = 0; i < printer->top; i++) {
        char buffer[32];
        const cli_score *score = &printer->scores[i];
        printf("  %6.2f %%  %5u  ", (double)score->value * 100, score->index);
        cli_print_name(cli_model_label(printer->model, score->index, buffer));
        putchar('\n');
    }
}

static bool print_result(void *user, size_t index, const float *probabilities)
{
    const result_printer *printer = user;
    cli_rank(printer->scores, probabilities, printer->classes);
    if (printer->json) {
        print_json(printer, printer->paths[index]);
    } else {
        print_text(printer, printer->paths[index]);
    }
    /* Long work shows its results as they come, in a pipe too. */
    return fflush(stdout) == 0;
}

static int classify_paths(cli_engine *engine, const cli_options *options, const cli_paths *paths)
{
    uint32_t classes = engine->info.classes, top = options->top ? options->top : DEFAULT_TOP;
    result_printer printer = {
        .model = &engine->model,
        .paths = paths->items,
        .scores = cli_alloc(classes, sizeof *printer.scores),
        .classes = classes,
        .top = top < classes ? top : classes,
        .json = options->json,
    };
    if (!printer.scores) return CLI_FAILURE;
    size_t failed;
    bool good =
        cli_feed_run(&(cli_feed){.session = engine->session,
                                 .paths = paths->items,
                                 .count = paths->count,
                                 /* On a terminal the results themselves are the progress. */
                                 .progress = !cli_is_terminal(stdout),
                                 .result = print_result,
                                 .user = &printer},
                     &failed);
    free(printer.scores);
    return good && failed == 0 ? CLI_SUCCESS : CLI_FAILURE;
}

static int run(const cli_options *options)
{
    cli_paths paths = {0};
    cli_engine engine = {0};
    bool complete = true;
    for (uint32_t i = 0; i < options->argument_count; i++) {
        complete = cli_paths_add(&paths, options->arguments[i]) && complete;
    }
    int status = complete ? CLI_SUCCESS : CLI_FAILURE;
    if (paths.count > 0) {
        int run_status = cli_engine_open(&engine, "classify", options, CLI_MODEL_SHIPPED);
        if (run_status == CLI_SUCCESS) {
            run_status = cli_engine_compile_for_images(&engine, "classify", options, DEFAULT_BATCH);
        }
        if (run_status == CLI_SUCCESS) run_status = classify_paths(&engine, options, &paths);
        if (run_status != CLI_SUCCESS) status = run_status;
    }
    cli_engine_close(&engine);
    cli_paths_free(&paths);
    return status;
}

const cli_command cli_classify = {
    .name = "classify",
    .summary = "say what photos show",
    .usage = "[OPTION].. IMAGE|FOLDER..",
    .details =
        "Prints the most probable classes of each image. Folders are searched for images\n"
        "(png, jpg, bmp, gif, tga, ppm, pgm, pnm, psd). Without --model it uses the small\n"
        "model that comes with the program, which knows ten classes. An image that cannot be\n"
        "read is reported on standard error, the others go on, and the exit status is 1. With\n"
        "--json, an object a line: {\"file\", \"model\", \"top\": [{\"index\", \"label\",\n"
        "\"probability\"}]}.",
    .examples =
        "  vkresnet classify photo.jpg\n"
        "  vkresnet classify --model resnet50.pth --top 3 photo.jpg more/\n"
        "  vkresnet classify --model resnet50.pth --resize 232 --json photos/ > result.jsonl\n",
    .options = CLI_COMMON | CLI_NETWORK | CLI_TRANSFORM | CLI_BIT(TOP) | CLI_BIT(JSON) |
               CLI_BIT(BATCH) | CLI_BIT(NO_FUSION) | CLI_BIT(KERNEL) | CLI_BIT(TUNE),
    .least = 1,
    .most = UINT32_MAX,
    .arguments = "images or folders",
    .run = run,
};
