#include "cli/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/embedded.h"
#include "cli/system/os.h"
#include "cli/system/report.h"
#include "cli/weights.h"

enum { MESSAGE_MAX_BYTES = 1024 };

#define SHIPPED_NAME "resnet20-cifar10.safetensors"

/* CMakeLists.txt defines VRN_CLI_DATA_DIR, where the data is installed, and
 * VRN_CLI_DATA_FROM_PROGRAM, the way there from the program's folder. */

/* `entry`: what the hub says of the file, or NULL. */
static int load(cli_model *model, const char *path, const char *arch, const vrn_hub_entry *entry)
{
    double begin = vrn_time_ms();
    vrn_result result = vrn_model_load(&model->handle, path,
                                       &(vrn_model_params){
                                           .log = *cli_log(),
                                           .arch = arch,
                                           .name = entry ? entry->name : NULL,
                                           .transform = entry ? &entry->transform : NULL,
                                       });
    model->load_ms = vrn_time_ms() - begin;
    return result == VRN_OK ? CLI_SUCCESS : CLI_FAILURE;
}

static void keep_message(void *user, vrn_log_level level, const char *text)
{
    if (level == VRN_LOG_ERROR) snprintf(user, MESSAGE_MAX_BYTES, "%s", text);
}

/* Reads an architecture's text; a fault is one of the command line. */
static int parse_arch(vrn_arch *arch, const cli_options *options, const char *text)
{
    char message[MESSAGE_MAX_BYTES] = "";
    if (vrn_arch_parse(arch, text, &(vrn_log){.message = keep_message, .user = message}) ==
        VRN_OK) {
        return CLI_SUCCESS;
    }
    return cli_usage(options->command, "%s", message);
}

/* Random weights for --arch, or else for the network `name`; the seed is 0 unless it was given. */
static int draw(cli_model *model, const cli_options *options, const char *name)
{
    vrn_arch arch;
    int status = parse_arch(&arch, options, options->arch ? options->arch : name);
    if (status != CLI_SUCCESS) return status;
    double begin = vrn_time_ms();
    vrn_result result = vrn_model_create_random(&model->handle, &arch, options->seed,
                                                &(vrn_model_params){.log = *cli_log()});
    model->load_ms = vrn_time_ms() - begin;
    return result == VRN_OK ? CLI_SUCCESS : CLI_FAILURE;
}

/* The shipped model's path, or NULL. It lies in $VKRESNET_DATA, beside the program (a build folder,
 * an unpacked archive), in the installed tree wherever that was moved to, or where it was to be
 * installed. */
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
        size_t capacity = strlen(folder) + strlen(rest) + sizeof "/" SHIPPED_NAME;
        char *path = cli_alloc(capacity, 1);
        if (!path) break;
        snprintf(path, capacity, "%s%s/" SHIPPED_NAME, folder, rest);
        if (vrn_path_get_kind(path) == VRN_PATH_FILE) {
            found = path;
        } else {
            free(path);
        }
    }
    free(given);
    free(program);
    return found;
}

static int load_shipped(cli_model *model, const char *arch)
{
    char *path = find_shipped();
    if (!path) {
        cli_error("%s: not found; give a model with --model FILE, or its folder in VKRESNET_DATA",
                  SHIPPED_NAME);
        return CLI_FAILURE;
    }
    int status = load(model, path, arch, NULL);
    free(path);
    if (status == CLI_SUCCESS) {
        cli_note("using the small model that comes with the program, for 32x32 pictures of ten "
                 "classes; --model resnet50 uses a big one");
    }
    return status;
}

/* `name` is neither a file nor an entry of the hub. */
static int report_missing(const vrn_hub *hub, const char *name)
{
    const vrn_hub_entry *entry;
    const size_t length = strcspn(name, ":");
    for (uint32_t i = 0; name[length] && (entry = vrn_hub_get_entry(hub, i)) != NULL; i++) {
        if (strlen(entry->network) != length || memcmp(entry->network, name, length) != 0) continue;
        cli_error("%s: no weights of this name; vkresnet models %s lists those there are", name,
                  entry->network);
        return CLI_FAILURE;
    }
    if (strpbrk(name, "/,") || vrn_arch_parse(&(vrn_arch){0}, name, NULL) != VRN_OK) {
        cli_error("%s: no such file, and no known network", name);
    } else {
        cli_error("%s: no file of this name, and vkresnet models knows no weights for it; give the "
                  "path of a checkpoint, or --random-weights 0",
                  name);
    }
    return CLI_FAILURE;
}

/* A name's weights, or random ones where that is better than a download. */
static int open_entry(cli_model *model, const vrn_hub *hub, const vrn_hub_entry *entry,
                      const cli_options *options, cli_model_default otherwise)
{
    vrn_hub_file file = {0};
    int status;
    if (otherwise != CLI_MODEL_RANDOM) {
        status = cli_hub_get(hub, entry, &file);
    } else {
        status = vrn_hub_locate(hub, entry, &file) == VRN_OK ? CLI_SUCCESS : CLI_FAILURE;
    }
    if (status == CLI_SUCCESS && file.path) {
        status = load(model, file.path, options->arch, entry);
    } else if (status == CLI_SUCCESS) {
        cli_note("%s: not on this machine: random weights (vkresnet models --fetch %s)",
                 entry->name, entry->name);
        status = draw(model, options, entry->network);
    }
    vrn_hub_file_free(&file);
    return status;
}

static int open_name(cli_model *model, const cli_options *options, cli_model_default otherwise)
{
    const char *name = options->model;
    vrn_hub *hub = cli_hub_open(options);
    if (!hub) return CLI_FAILURE;
    int status;
    const vrn_hub_entry *entry = vrn_hub_find(hub, name);
    if (entry) {
        status = open_entry(model, hub, entry, options, otherwise);
    } else if (otherwise == CLI_MODEL_RANDOM &&
               vrn_arch_parse(&(vrn_arch){0}, name, NULL) == VRN_OK) {
        cli_note("%s: no file of this name: random weights (--random-weights 0)", name);
        status = draw(model, options, name);
    } else {
        status = report_missing(hub, name);
    }
    vrn_hub_destroy(&hub);
    return status;
}

static int choose(cli_model *model, const cli_options *options, cli_model_default otherwise)
{
    const char *command = options->command, *name = options->model, *arch = options->arch;
    bool is_path = name && vrn_path_get_kind(name) != VRN_PATH_MISSING;
    if (arch) {
        int status = parse_arch(&(vrn_arch){0}, options, arch);
        if (status != CLI_SUCCESS) return status;
    }
    if (options->has_seed) {
        if (!name && !arch) {
            return cli_usage(command, "--random-weights needs a network: --model resnet50, or "
                                      "--arch");
        }
        if (is_path) {
            return cli_usage(command, "%s: a file has its own weights: leave --random-weights out",
                             name);
        }
        return draw(model, options, name);
    }
    if (!name) {
        if (otherwise == CLI_MODEL_SHIPPED) return load_shipped(model, arch);
        return cli_usage(command, "expected --model NAME|FILE");
    }
    return is_path ? load(model, name, arch, NULL) : open_name(model, options, otherwise);
}

int cli_model_open(cli_model *model, const cli_options *options, cli_model_default otherwise)
{
    *model = (cli_model){0};
    int status = choose(model, options, otherwise);
    if (status == CLI_SUCCESS) vrn_model_get_info(model->handle, &model->info);
    return status;
}

void cli_model_close(cli_model *model)
{
    vrn_model_destroy(&model->handle);
}

vrn_transform cli_model_transform(const cli_model *model, const cli_options *options)
{
    vrn_transform transform = model->info.transform;
    if (options->has_resize) transform.resize = options->resize;
    if (options->has_crop) transform.crop = options->crop;
    if (options->has_interpolation) transform.interpolation = options->interpolation;
    if (options->has_mean) memcpy(transform.mean, options->mean, sizeof transform.mean);
    if (options->has_std) memcpy(transform.std, options->std, sizeof transform.std);
    return transform;
}

void cli_model_write_transform(cli_json *json, const vrn_transform *transform)
{
    cli_json_begin_object(json, "transform");
    cli_json_integer(json, "resize", transform->resize);
    cli_json_integer(json, "crop", transform->crop);
    cli_json_text(json, "interpolation", vrn_interpolation_name(transform->interpolation));
    cli_json_begin_array(json, "mean");
    for (int i = 0; i < 3; i++) cli_json_number(json, NULL, (double)transform->mean[i]);
    cli_json_end_array(json);
    cli_json_begin_array(json, "std");
    for (int i = 0; i < 3; i++) cli_json_number(json, NULL, (double)transform->std[i]);
    cli_json_end_array(json);
    cli_json_end_object(json);
}

const char *cli_model_class_name(const cli_model *model, uint32_t index)
{
    if (model->info.has_class_names) return vrn_model_get_class_name(model->handle, index);
    if (model->info.classes != CLI_IMAGENET_CLASSES) return NULL;
    return index < CLI_IMAGENET_CLASSES ? cli_imagenet_labels[index] : NULL;
}

const char *cli_model_label(const cli_model *model, uint32_t index, char buffer[32])
{
    const char *name = cli_model_class_name(model, index);
    if (name) return name;
    snprintf(buffer, 32, "class %u", index);
    return buffer;
}
