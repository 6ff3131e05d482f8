#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/engine.h"
#include "cli/evaluation/labels.h"
#include "cli/formats/json.h"
#include "cli/images/feed.h"
#include "cli/learning/classifier.h"
#include "cli/learning/features.h"
#include "cli/system/report.h"
#include "cli/transform.h"

enum { DEFAULT_BATCH = 32, CLASSES_SHOWN = 10 };

/* Counts a class's photos: all, those held out, and those of them recognised. */
typedef struct class_count {
    uint32_t index;
    size_t photos, held_out, right;
} class_count;

typedef struct fit_run {
    const cli_options *options;
    const char *folder;
    cli_labels labels;
    cli_paths names; /* of the classes */
    cli_crew crew;
    uint32_t tap[3], width;
    float *features;       /* [count, width]: of the readable photos */
    uint32_t *photo_class; /* [count] */
    size_t count, failed;
    cli_classifier classifier;
    class_count *classes; /* [names.count] */
    double features_ms, fit_ms;
} fit_run;

/* ---- Features -------------------------------------------------------------------------------- */

static bool take_row(void *user, size_t index, const float *values)
{
    fit_run *run = user;
    memcpy(run->features + run->count * run->width, values, run->width * sizeof *values);
    run->photo_class[run->count++] = run->labels.classes[index];
    return true;
}

/* Drops classes without a readable photo. */
static bool drop_empty_classes(fit_run *run)
{
    const size_t count = run->names.count;
    size_t kept = 0;
    uint32_t *numbers = cli_alloc(count, sizeof *numbers);
    run->classes = cli_alloc(count, sizeof *run->classes);
    if (!numbers || !run->classes) {
        free(numbers);
        return false;
    }
    for (size_t i = 0; i < run->count; i++) run->classes[run->photo_class[i]].photos++;
    for (size_t k = 0; k < count; k++) {
        char *name = run->names.items[k];
        if (run->classes[k].photos == 0) {
            cli_note("%s/%s: no image could be read: it is not used as a class", run->folder, name);
            free(name);
            continue;
        }
        numbers[k] = (uint32_t)kept;
        run->classes[kept] = run->classes[k];
        run->classes[kept].index = (uint32_t)kept;
        run->names.items[kept++] = name;
    }
    run->names.count = kept;
    for (size_t i = 0; i < run->count; i++) run->photo_class[i] = numbers[run->photo_class[i]];
    free(numbers);
    return kept >= 2 ||
           cli_error("%s: expected images of at least two classes, found %zu", run->folder, kept);
}

static bool make_features(fit_run *run)
{
    const char *tap = CLI_FEATURES_TAP;
    const size_t photos = run->labels.images.count;
    const uint32_t batch = photos < DEFAULT_BATCH ? (uint32_t)photos : DEFAULT_BATCH;
    const vrn_session_params params = {.batch = batch, .taps = &tap, .tap_count = 1};
    if (!cli_crew_compile_for_images(&run->crew, run->options, params) ||
        vrn_session_get_tap_shape(run->crew.engines[0].session, 0, run->tap) != VRN_OK) {
        return false;
    }
    run->width = run->tap[0] * run->tap[1] * run->tap[2];
    run->features = cli_alloc(photos, run->width * sizeof *run->features);
    run->photo_class = cli_alloc(photos, sizeof *run->photo_class);
    if (!run->features || !run->photo_class) return false;
    const double begin = vrn_time_ms();
    const bool good = cli_feed_run(&(cli_feed){.crew = &run->crew,
                                               .paths = run->labels.images.items,
                                               .count = photos,
                                               .shard = {.count = 1},
                                               .taps = 1,
                                               .result = take_row,
                                               .user = run},
                                   &run->failed);
    run->features_ms = vrn_time_ms() - begin;
    return good && drop_empty_classes(run);
}

/* ---- The classifier -------------------------------------------------------------------------- */

static bool fit(fit_run *run)
{
    const cli_options *options = run->options;
    const bool given = options->given & CLI_BIT(HOLDOUT);
    const double begin = vrn_time_ms();
    const bool good =
        cli_classifier_fit(&run->classifier, &(cli_classifier_params){
                                                 .features = run->features,
                                                 .labels = run->photo_class,
                                                 .count = run->count,
                                                 .width = run->width,
                                                 .classes = (uint32_t)run->names.count,
                                                 .holdout = given ? options->holdout : 0.2f,
                                                 .seed = options->split_seed,
                                             });
    run->fit_ms = vrn_time_ms() - begin;
    for (size_t i = 0; i < run->count && good; i++) {
        const uint32_t predicted = run->classifier.predicted[i];
        class_count *c = &run->classes[run->photo_class[i]];
        c->held_out += predicted != CLI_NOT_HELD_OUT;
        c->right += predicted == run->photo_class[i];
    }
    return good;
}

/* Saves the network with its new head, named after the file. */
static bool save(const fit_run *run)
{
    const cli_options *options = run->options;
    const cli_model *trunk = &run->crew.engines[0].model;
    const char *file = options->write + cli_path_folder_length(options->write);
    const char *dot = strrchr(file, '.');
    const int length = (int)(dot && dot > file ? (size_t)(dot - file) : strlen(file));
    char name[200];
    vrn_transform transform;
    vrn_model *model = NULL;
    snprintf(name, sizeof name, "%.*s", length, file);
    const bool good =
        cli_transform_choose(&transform, trunk, options) &&
        vrn_model_create_with_head(&model, trunk->handle,
                                   &(vrn_head_params){
                                       .log = *cli_log(),
                                       .classes = (uint32_t)run->names.count,
                                       .features = run->width,
                                       .weight = run->classifier.weight,
                                       .bias = run->classifier.bias,
                                       .class_names = (const char *const *)run->names.items,
                                       .name = name,
                                       .transform = &transform,
                                   }) == VRN_OK &&
        vrn_model_save(model, options->write,
                       &(vrn_model_save_params){.log = *cli_log(),
                                                .fp16 = options->fp16,
                                                .temporary = cli_note_temporary}) == VRN_OK;
    vrn_model_destroy(&model);
    return good;
}

/* ---- Report ---------------------------------------------------------------------------------- */

static double part(size_t of, size_t all)
{
    return all > 0 ? (double)of / (double)all : NAN;
}

static void print_json(const fit_run *run)
{
    const cli_classifier *c = &run->classifier;
    const cli_strength *chosen = &c->strengths[c->chosen];
    cli_json json = {.out = stdout};
    cli_json_write(&json, "{file: %s, trunk: %s, photos: %zu, unreadable: %zu, features: %u,",
                   run->options->write, run->crew.engines[0].model.info.name, run->count,
                   run->failed, run->width);
    cli_json_write(&json, "held_out: %zu, folds: %u, accuracy: %g, training_accuracy: %g,",
                   c->held_out, c->folds, part(chosen->right, c->held_out),
                   part(c->right_in_training, run->count));
    cli_json_write(&json, "penalty: %g, penalties: [", chosen->strength);
    for (uint32_t i = 0; i < c->strength_count && c->folds > 0; i++) {
        const cli_strength *s = &c->strengths[i];
        cli_json_write(&json, "{penalty: %g, accuracy: %g, loss: %g}", s->strength,
                       part(s->right, c->held_out), s->loss);
    }
    cli_json_write(&json, "], classes: [");
    for (size_t k = 0; k < run->names.count; k++) {
        const class_count *n = &run->classes[k];
        cli_json_write(&json, "{label: %s, photos: %zu, held_out: %zu, right: %zu}",
                       run->names.items[k], n->photos, n->held_out, n->right);
    }
    cli_json_write(&json, "], features_ms: %g, fit_ms: %g}\n", run->features_ms, run->fit_ms);
}

/* Orders classes by accuracy, the worst first. */
static int compare_classes(const void *a, const void *b)
{
    const class_count *x = a, *y = b;
    const double p = x->held_out ? part(x->right, x->held_out) : 2;
    const double q = y->held_out ? part(y->right, y->held_out) : 2;
    if (p != q) return p < q ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static void print_classes(const fit_run *run)
{
    const size_t count = run->names.count;
    qsort(run->classes, count, sizeof *run->classes, compare_classes);
    for (size_t k = 0; k < count && k < CLASSES_SHOWN; k++) {
        const class_count *n = &run->classes[k];
        printf("  ");
        cli_print_name(run->names.items[n->index]);
        if (n->held_out) {
            printf(": %zu of %zu\n", n->right, n->held_out);
        } else {
            printf(": %zu photo%s, never held out\n", n->photos, n->photos == 1 ? "" : "s");
        }
    }
    if (count > CLASSES_SHOWN) {
        const size_t more = count - CLASSES_SHOWN;
        printf("  and %zu more class%s\n", more, more == 1 ? "" : "es");
    }
}

static void print_text(const fit_run *run)
{
    const cli_classifier *c = &run->classifier;
    const cli_strength *chosen = &c->strengths[c->chosen];
    printf("%zu photos of %zu classes; computing %u features of each photo: %.1f s; training the "
           "classifier: %.1f s\n",
           run->count, run->names.count, run->width, run->features_ms / 1e3, run->fit_ms / 1e3);
    if (c->folds > 0) {
        printf("held-out accuracy: %.1f %% of %zu photo%s", 100 * part(chosen->right, c->held_out),
               c->held_out, c->held_out == 1 ? "" : "s");
        if (c->folds > 1) printf(", each held out in one of %u turns", c->folds);
        printf(" (penalty %.3g)\n", chosen->strength);
        print_classes(run);
    }
    printf("accuracy on the training photos: %.1f %%\n",
           100 * part(c->right_in_training, run->count));
}

/* ---- The command ----------------------------------------------------------------------------- */

static bool run(const cli_options *options)
{
    fit_run run = {.options = options, .folder = options->arguments[0]};
    if (!options->write) return cli_usage("expected -o MODEL.safetensors");
    if (options->holdout > 0.5f) {
        return cli_usage("--holdout: expected a share from 0 to 0.5, found %g",
                         (double)options->holdout);
    }
    if (!cli_path_may_be_replaced(options->write)) return false;
    const bool good = cli_labels_read_classes(&run.labels, &run.names, run.folder) &&
                      cli_crew_open(&run.crew, options, CLI_MODEL_SHIPPED) && make_features(&run) &&
                      fit(&run) && save(&run);
    if (good && options->json) print_json(&run);
    if (good && !options->json) print_text(&run);
    if (good) {
        cli_note("%s: %s with your %zu classes", options->write,
                 run.crew.engines[0].model.info.name, run.names.count);
    }
    free(run.features);
    free(run.photo_class);
    free(run.classes);
    cli_classifier_free(&run.classifier);
    cli_crew_close(&run.crew);
    cli_paths_free(&run.names);
    cli_labels_free(&run.labels);
    return good && run.failed == 0;
}

const cli_command cli_fit = {
    .name = "fit",
    .summary = "train a classifier for your own classes from folders of photos",
    .usage = "FOLDER -o MODEL.safetensors [OPTION]...",
    .details =
        "Trains a linear classifier for the classes in FOLDER, which has one folder of\n"
        "photos for each class. It trains on the features of a network that does not\n"
        "change, and writes both as one model with the class names and the transform, so\n"
        "that classify and the library need no options for it. Twelve photos a class are\n"
        "enough to begin with.\n"
        "\n"
        "To estimate the accuracy, it holds out parts of the photos in turn and\n"
        "classifies them after training on the rest. The same runs choose the L2\n"
        "penalty. The model that it writes is trained on all photos. With --json it\n"
        "prints one object: {\"file\", \"accuracy\", \"penalty\", \"classes\": [{\"label\",\n"
        "\"photos\", ...}], ...}. An image that cannot be read is reported and left\n"
        "out, and the exit status is 1.",
    .examples =
        "  vkresnet fit --model resnet50 pets/ -o pets.safetensors\n"
        "  vkresnet fit --model resnet50.pth --holdout 0.1 --json pets/ -o pets.safetensors\n"
        "  vkresnet fit --model resnet18 --resize 224x224 --fp16 parts/ -o "
        "parts.safetensors\n",
    .options = CLI_COMMON | CLI_TRANSFORM | CLI_SESSION | CLI_BIT(MODEL) | CLI_BIT(ARCH) |
               CLI_BIT(PREFIX) | CLI_BIT(RANDOM_WEIGHTS) | CLI_BIT(WRITE) | CLI_BIT(FP16) |
               CLI_BIT(HOLDOUT) | CLI_BIT(SEED) | CLI_BIT(BATCH) | CLI_BIT(JSON),
    .least = 1,
    .most = 1,
    .arguments = "a folder with a folder for each class",
    .run = run,
};
