#include "cli/classes.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/class_list.h"
#include "cli/embedded.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

enum { FILE_MAX_BYTES = 1 << 26, MEMORY_MULTIPLE = 64, BEGIN_MAX = 512 };

void cli_classes_take_imagenet(cli_classes *classes)
{
    classes->names = cli_imagenet_labels;
    classes->count = CLI_IMAGENET_CLASSES;
}

/* True if a file is not text: a checkpoint has a NUL near its beginning. */
static bool is_binary(const char *path, bool *binary)
{
    uint64_t size;
    char begin[BEGIN_MAX];
    FILE *stream = cli_open_file(path, &size);
    if (!stream) return false;
    const size_t length = fread(begin, 1, sizeof begin, stream);
    *binary = memchr(begin, 0, length) != NULL;
    fclose(stream);
    return true;
}

/* Takes the names from a checkpoint. */
static bool take_from_model(cli_classes *classes, const char *path)
{
    vrn_model_info info;
    if (vrn_model_load(&classes->model, path, &(vrn_model_params){.log = *cli_log()}) != VRN_OK) {
        return false;
    }
    vrn_model_get_info(classes->model, &info);
    if (!info.has_class_names) {
        return cli_error(
            "%s: expected a checkpoint that contains class names, found one without them", path);
    }
    const char **names = vrn_arena_alloc(&classes->arena, info.classes, sizeof *names);
    if (!names) return vrn_arena_fail(&classes->arena, path, cli_log()) == VRN_OK;
    for (uint32_t i = 0; i < info.classes; i++) {
        names[i] = vrn_model_get_class_name(classes->model, i);
    }
    classes->names = names;
    classes->count = info.classes;
    return true;
}

bool cli_classes_read(cli_classes *classes, const char *path)
{
    bool binary = false;
    void *text = NULL;
    size_t size = 0;
    if (strcmp(path, "imagenet") == 0) {
        cli_classes_take_imagenet(classes);
        return true;
    }
    vrn_arena_init(&classes->arena, FILE_MAX_BYTES, 1);
    if (!is_binary(path, &binary)) return false;
    if (binary) return take_from_model(classes, path);
    if (vrn_file_read(&text, &size, path, FILE_MAX_BYTES, cli_log()) != VRN_OK) return false;
    vrn_arena_free(&classes->arena);
    vrn_arena_init(&classes->arena, size, MEMORY_MULTIPLE);
    vrn_class_list list = {0};
    char message[VRN_CLASS_LIST_MESSAGE];
    const bool good = vrn_class_list_parse(&list, &classes->arena, text, size, message);
    vrn_free(text);
    if (!good) return cli_error("%s: %s", path, message);
    classes->names = list.names;
    classes->count = (uint32_t)list.count;
    return true;
}

void cli_classes_free(cli_classes *classes)
{
    vrn_arena_free(&classes->arena);
    vrn_model_destroy(&classes->model);
    *classes = (cli_classes){0};
}

bool cli_classes_are_imagenet(const vrn_model *model)
{
    vrn_model_info info;
    vrn_model_get_info(model, &info);
    if (!info.has_class_names || info.classes != CLI_IMAGENET_CLASSES) return false;
    for (uint32_t i = 0; i < CLI_IMAGENET_CLASSES; i++) {
        if (strcmp(vrn_model_get_class_name(model, i), cli_imagenet_labels[i]) != 0) return false;
    }
    return true;
}
