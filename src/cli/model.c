#include "cli/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/text.h"
#include "cli/classes.h"
#include "cli/embedded.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

enum { MESSAGE_MAX_BYTES = 1024 };

#define SHIPPED_NAME "resnet20-cifar10.safetensors"

/* CMakeLists.txt defines VRN_CLI_DATA_DIR, the folder in which the data is installed, and
 * VRN_CLI_DATA_FROM_PROGRAM, its path relative to the program's folder. */

char *cli_cache_directory(void)
{
    const size_t length = vrn_hub_get_cache_directory(NULL, 0);
    char *path = length > 0 ? cli_alloc(length + 1, 1) : NULL;
    if (path) vrn_hub_get_cache_directory(path, length + 1);
    return path;
}

vrn_hub *cli_hub_open(const cli_options *options)
{
    vrn_hub *hub = NULL;
    vrn_hub_create(&hub, &(vrn_hub_params){
                             .log = *cli_log(),
                             .cache_directory = options->no_cache ? "" : NULL,
                         });
    return hub;
}

bool cli_hub_get(const vrn_hub *hub, const vrn_hub_entry *entry, vrn_hub_file *file)
{
    vrn_result result =
        vrn_hub_fetch(hub, entry, &(vrn_hub_fetch_params){.progress = cli_progress_download}, file);
    cli_progress_hide();
    if (result == VRN_OK && file->place == VRN_HUB_DOWNLOAD) {
        cli_note("%s: downloaded to %s", entry->name, file->path);
    }
    return result == VRN_OK;
}

/* Finds the class names: those of the command line, or else those of the hub's list `known`
 * ("imagenet", or NULL). False: reported. */
static bool find_names(cli_classes *classes, const cli_options *options, const char *known)
{
    *classes = (cli_classes){0};
    if (options->classes) return cli_classes_read(classes, options->classes);
    if (known && strcmp(known, "imagenet") == 0) cli_classes_take_imagenet(classes);
    return true;
}

/* Loads a file. `entry`: its hub entry, or NULL. `known`: the hub's name for its classes, or
 * NULL. */
static bool load(cli_model *model, const char *path, const cli_options *options,
                 const vrn_hub_entry *entry, const char *known)
{
    cli_classes classes;
    bool good = find_names(&classes, options, known);
    double begin = vrn_time_ms();
    good = good && vrn_model_load(&model->handle, path,
                                  &(vrn_model_params){
                                      .log = *cli_log(),
                                      .arch = options->arch,
                                      .prefix = options->prefix,
                                      .name = entry ? entry->name : NULL,
                                      .transform = entry ? &entry->transform : NULL,
                                      .class_names = classes.names,
                                      .class_name_count = classes.count,
                                  }) == VRN_OK;
    model->load_ms = vrn_time_ms() - begin;
    cli_classes_free(&classes);
    return good;
}

static void drop_message(void *user, vrn_log_level level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
}

/* Loads a file by path. A file of the name and size of one in the hub has the hub's classes: a
 * network that was trained further may have kept the name. A registry that cannot be read does not
 * matter here. */
static bool load_path(cli_model *model, const char *path, const cli_options *options)
{
    const char *name = path + cli_path_folder_length(path), *known = NULL;
    const vrn_hub_params params = {.log = {.message = drop_message}, .cache_directory = ""};
    vrn_hub *hub = NULL;
    const vrn_hub_entry *entry;
    uint64_t size = 0;
    int64_t changed;
    if (vrn_file_look(path, &size, &changed) && vrn_hub_create(&hub, &params) == VRN_OK) {
        for (uint32_t i = 0; (entry = vrn_hub_get_entry(hub, i)) != NULL && !known; i++) {
            if (strcmp(entry->file, name) == 0 && size >= entry->min_bytes &&
                size <= entry->max_bytes) {
                known = entry->classes;
            }
        }
    }
    const bool good = load(model, path, options, NULL, known);
    vrn_hub_destroy(&hub);
    return good;
}

static void keep_message(void *user, vrn_log_level level, const char *text)
{
    if (level == VRN_LOG_ERROR) snprintf(user, MESSAGE_MAX_BYTES, "%s", text);
}

/* Parses an architecture. Errors are reported as wrong usage. */
static bool parse_arch(vrn_arch *arch, const char *text)
{
    char message[MESSAGE_MAX_BYTES] = "";
    const vrn_log log = {.message = keep_message, .user = message};
    return vrn_arch_parse(arch, text, &log) == VRN_OK || cli_usage("%s", message);
}

/* Draws random weights for --arch, or else for the network `name`. The seed is 0 unless given.
 * `known` is as for `load`, and is used if the number of classes matches. */
static bool draw(cli_model *model, const cli_options *options, const char *name, const char *known)
{
    vrn_arch arch;
    cli_classes classes = {0};
    if (!parse_arch(&arch, options->arch ? options->arch : name) ||
        !find_names(&classes, options, arch.num_classes == CLI_IMAGENET_CLASSES ? known : NULL)) {
        cli_classes_free(&classes);
        return false;
    }
    double begin = vrn_time_ms();
    vrn_result result = vrn_model_create_random(&model->handle, &arch, options->seed,
                                                &(vrn_model_params){
                                                    .log = *cli_log(),
                                                    .class_names = classes.names,
                                                    .class_name_count = classes.count,
                                                });
    model->load_ms = vrn_time_ms() - begin;
    cli_classes_free(&classes);
    return result == VRN_OK;
}

/* Finds the bundled model, or NULL. Looks in $VKRESNET_DATA, beside the program (a build folder, an
 * unpacked archive), in the installed tree even if it was moved, and in the original installation
 * folder. */
static char *find_shipped(void)
{
    char *given = cli_environment("VKRESNET_DATA"), *program = cli_program_folder(), *found = NULL;
    const char *const places[][2] = {
        {given, ""},
        {program, "/models"},
        {program, "/" VRN_CLI_DATA_FROM_PROGRAM},
        {VRN_CLI_DATA_DIR, ""},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0] && !found; i++) {
        const char *folder = places[i][0], *rest = places[i][1];
        if (!folder || !*folder) continue;
        char *path = vrn_join(folder, rest, "/" SHIPPED_NAME);
        if (path && vrn_path_get_kind(path) == VRN_PATH_FILE) {
            found = path;
        } else {
            free(path);
        }
    }
    free(given);
    free(program);
    return found;
}

static bool load_shipped(cli_model *model, const cli_options *options)
{
    char *path = find_shipped();
    if (!path) {
        return cli_error(
            "%s: not found; give a model with --model FILE, or set VKRESNET_DATA to the folder "
            "that contains the missing file",
            SHIPPED_NAME);
    }
    const bool good = load(model, path, options, NULL, NULL);
    free(path);
    if (good) {
        cli_note("using the small bundled model, for 32x32 pictures of ten classes; --model "
                 "resnet50 uses a larger one");
    }
    return good;
}

/* Reports that `name` is neither a file nor an entry of the hub. */
static bool report_missing(const vrn_hub *hub, const char *name)
{
    const vrn_hub_entry *entry;
    const size_t length = strcspn(name, ":");
    for (uint32_t i = 0; name[length] && (entry = vrn_hub_get_entry(hub, i)) != NULL; i++) {
        if (strlen(entry->network) != length || memcmp(entry->network, name, length) != 0) continue;
        return cli_error("%s: no weights of this name; vkresnet models %s lists the known ones",
                         name, entry->network);
    }
    if (strpbrk(name, "/,") || vrn_arch_parse(&(vrn_arch){0}, name, NULL) != VRN_OK) {
        cli_error(
            "%s: no such file, and not a known network; 'vkresnet models' lists the known ones",
            name);
    } else {
        cli_error(
            "%s: no file of this name, and 'vkresnet models' lists no weights for it; give the "
            "path of a checkpoint, or --random-weights 0",
            name);
    }
    return false;
}

/* Loads the weights of an entry, or draws random ones instead of downloading if `otherwise` says
 * so. */
static bool open_entry(cli_model *model, const vrn_hub *hub, const vrn_hub_entry *entry,
                       const cli_options *options, cli_model_default otherwise)
{
    vrn_hub_file file = {0};
    bool good = otherwise == CLI_MODEL_RANDOM ? vrn_hub_locate(hub, entry, &file) == VRN_OK
                                              : cli_hub_get(hub, entry, &file);
    if (good && file.path) {
        good = load(model, file.path, options, entry, entry->classes);
    } else if (good) {
        cli_note(
            "%s: not on this machine: using random weights (vkresnet models --fetch %s downloads "
            "the trained ones)",
            entry->name, entry->name);
        good = draw(model, options, entry->network, entry->classes);
    }
    vrn_hub_file_free(&file);
    return good;
}

static bool open_name(cli_model *model, const cli_options *options, cli_model_default otherwise)
{
    const char *name = options->model;
    vrn_hub *hub = cli_hub_open(options);
    if (!hub) return false;
    bool good;
    const vrn_hub_entry *entry = vrn_hub_find(hub, name);
    if (entry) {
        good = open_entry(model, hub, entry, options, otherwise);
    } else if (otherwise == CLI_MODEL_RANDOM &&
               vrn_arch_parse(&(vrn_arch){0}, name, NULL) == VRN_OK) {
        cli_note("%s: no file of this name: using random weights (as --random-weights 0 does)",
                 name);
        good = draw(model, options, name, NULL);
    } else {
        good = report_missing(hub, name);
    }
    vrn_hub_destroy(&hub);
    return good;
}

/* Draws random weights. A name in the hub still determines the classes. */
static bool draw_named(cli_model *model, const cli_options *options, const char *name)
{
    vrn_hub *hub = name && !options->arch ? cli_hub_open(options) : NULL;
    const vrn_hub_entry *entry = hub ? vrn_hub_find(hub, name) : NULL;
    const bool good = draw(model, options, name, entry ? entry->classes : NULL);
    vrn_hub_destroy(&hub);
    return good;
}

static bool choose(cli_model *model, const cli_options *options, cli_model_default otherwise)
{
    const char *name = options->model, *arch = options->arch;
    bool is_path = name && vrn_path_get_kind(name) != VRN_PATH_MISSING;
    const bool keys =
        arch && strcspn(arch, "=") < strcspn(arch, ","); /* without the name of a network */
    if (arch && !keys && !parse_arch(&(vrn_arch){0}, arch)) return false;
    if (options->given & CLI_BIT(RANDOM_WEIGHTS)) {
        if (!name && !arch) {
            return cli_usage("--random-weights needs a network: --model resnet50, or --arch");
        }
        if (is_path) {
            return cli_usage("%s: the file has its own weights: leave out --random-weights", name);
        }
        if (keys) {
            return cli_usage("--arch %s: random weights need a whole network, as in --arch "
                             "resnet50,%s",
                             arch, arch);
        }
        return draw_named(model, options, name);
    }
    if (!name) {
        if (otherwise == CLI_MODEL_SHIPPED) return load_shipped(model, options);
        return cli_usage("expected --model NAME|FILE");
    }
    return is_path ? load_path(model, name, options) : open_name(model, options, otherwise);
}

/* Options for scores override the model's settings. */
static bool choose_scores(cli_model *model, const cli_options *options)
{
    vrn_model_info *info = &model->info;
    if (options->given & CLI_BIT(ACTIVATION))
        info->probabilities = (vrn_probabilities)(options->activation + 1);
    if (options->given & CLI_BIT(THRESHOLD)) info->threshold = options->threshold;
    if (info->probabilities != VRN_PROBABILITIES_LOGITS) return true;
    if (options->given & CLI_BIT(THRESHOLD)) {
        return cli_usage(
            "--threshold applies to probabilities: give --activation sigmoid or softmax");
    }
    info->threshold = 0;
    return true;
}

bool cli_model_open(cli_model *model, const cli_options *options, cli_model_default otherwise)
{
    *model = (cli_model){0};
    const bool good = choose(model, options, otherwise);
    if (good) vrn_model_get_info(model->handle, &model->info);
    if (good) model->imagenet = cli_classes_are_imagenet(model->handle);
    return good && choose_scores(model, options);
}

void cli_model_close(cli_model *model)
{
    vrn_model_destroy(&model->handle);
}

const char *cli_model_class_name(const cli_model *model, uint32_t index)
{
    if (model->imagenet) return index < CLI_IMAGENET_CLASSES ? cli_imagenet_labels[index] : NULL;
    return model->info.has_class_names ? vrn_model_get_class_name(model->handle, index) : NULL;
}

void cli_model_note_names(const cli_model *model)
{
    if (model->info.classes == 1 && model->info.probabilities == VRN_PROBABILITIES_SIGMOID &&
        !model->info.has_class_names) {
        cli_note(
            "the model has one logit: its sigmoid is the probability of the class that was "
            "trained as 1 (--activation none prints the logit; --classes FILE names the class)");
    }
    if (model->info.has_class_names || model->info.classes != CLI_IMAGENET_CLASSES) return;
    cli_note("the model does not name its %d classes; if they are ImageNet's, give --classes "
             "imagenet, otherwise --classes FILE",
             CLI_IMAGENET_CLASSES);
}

static int compare_ids(const void *key, const void *element)
{
    return strcmp(key, *(const char *const *)element);
}

bool cli_find_imagenet_id(const cli_model *model, const char *id, uint32_t *found)
{
    if (!model->imagenet) return false;
    const char *const *place =
        bsearch(id, cli_imagenet_ids, CLI_IMAGENET_CLASSES, sizeof *cli_imagenet_ids, compare_ids);
    if (place) *found = (uint32_t)(place - cli_imagenet_ids);
    return place;
}

const char *cli_model_label(const cli_model *model, uint32_t index, char buffer[32])
{
    const char *name = cli_model_class_name(model, index);
    if (name) return name;
    snprintf(buffer, 32, "class %u", index);
    return buffer;
}
