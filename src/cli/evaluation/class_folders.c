#include "cli/evaluation/labels.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "cli/images/walk.h"
#include "cli/embedded.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

typedef struct class_folders {
    const char *path;
    cli_paths paths;
    uint32_t *classes; /* [paths.count] */
} class_folders;

static const char *name_of(const class_folders *folders, size_t i)
{
    const char *path = folders->paths.items[i];
    return path + cli_path_folder_length(path);
}

static bool same_name(const char *folder, const char *name)
{
    for (; *folder && *name; folder++, name++) {
        if (*folder != *name && !(*folder == '_' && (*name == ' ' || *name == '/'))) return false;
    }
    return *folder == *name;
}

static bool find_name(const cli_model *model, const char *folder, uint32_t *found)
{
    for (uint32_t i = 0; i < model->info.classes; i++) {
        const char *name = cli_model_class_name(model, i);
        if (!name || !same_name(folder, name)) continue;
        *found = i;
        return true;
    }
    return false;
}

static int compare_ids(const void *key, const void *element)
{
    return strcmp(key, *(const char *const *)element);
}

static bool find_id(const cli_model *model, const char *folder, uint32_t *found)
{
    if (model->info.classes != CLI_IMAGENET_CLASSES) return false;
    const char *const *place = bsearch(folder, cli_imagenet_ids, CLI_IMAGENET_CLASSES,
                                       sizeof *cli_imagenet_ids, compare_ids);
    if (place) *found = (uint32_t)(place - cli_imagenet_ids);
    return place;
}

static bool find_number(const cli_model *model, const char *folder, uint32_t *found)
{
    uint64_t number;
    if (!vrn_parse_number(folder, strlen(folder), model->info.classes - 1, &number)) return false;
    *found = (uint32_t)number;
    return true;
}

/* How a folder's name tells the class, in order of preference. */
typedef struct naming {
    const char *text;
    bool (*find)(const cli_model *model, const char *folder, uint32_t *found);
} naming;

static const naming namings[] = {
    {"a class's name", find_name},
    {"a WordNet id of ImageNet's classes", find_id},
    {"a class's number", find_number},
};

static size_t count_named(const class_folders *folders, const naming *how, const cli_model *model)
{
    size_t named = 0;
    for (size_t i = 0; i < folders->paths.count; i++) {
        named += how->find(model, name_of(folders, i), &folders->classes[i]);
    }
    return named;
}

/* `how`: as most are named; NULL: none is named in any of the ways. */
static bool report_stranger(const class_folders *folders, const naming *how, const cli_model *model)
{
    uint32_t classes = model->info.classes, found;
    if (!how) {
        return cli_error("%s: %zu folders, and the model has %u classes: folders have to be named "
                         "by the classes' names, numbers%s, or to be as many",
                         folders->path, folders->paths.count, classes,
                         classes == CLI_IMAGENET_CLASSES ? ", WordNet ids" : "");
    }
    size_t stranger = 0, other = 0;
    while (how->find(model, name_of(folders, stranger), &found)) stranger++;
    while (!how->find(model, name_of(folders, other), &found)) other++;
    return cli_error("%s: expected %s, as '%s' beside it is; the model has %u classes",
                     folders->paths.items[stranger], how->text, name_of(folders, other), classes);
}

/* Fills folders->classes. */
static bool choose_classes(class_folders *folders, const cli_model *model)
{
    const naming *best = NULL;
    size_t most = 0;
    for (size_t i = 0; i < sizeof namings / sizeof namings[0]; i++) {
        const naming *how = &namings[i];
        size_t named = count_named(folders, how, model);
        if (named == folders->paths.count) {
            cli_note("%s: the name of each of the %zu folders is %s", folders->path, named,
                     how->text);
            return true;
        }
        if (named <= most) continue;
        most = named;
        best = how;
    }
    if (most > 0 || folders->paths.count != model->info.classes) {
        return report_stranger(folders, best, model);
    }
    for (size_t i = 0; i < folders->paths.count; i++) folders->classes[i] = (uint32_t)i;
    cli_note("%s: no folder has a class's name or number: in byte order they are taken for "
             "classes 0 to %zu, as torchvision's ImageFolder does",
             folders->path, folders->paths.count - 1);
    return true;
}

static bool list_folders(class_folders *folders)
{
    cli_paths found;
    bool good = cli_list_folder(&found, folders->path);
    for (size_t i = 0; i < found.count; i++) {
        char *path = found.items[i];
        if (path[cli_path_folder_length(path)] != '.' &&
            vrn_path_get_kind(path) == VRN_PATH_DIRECTORY) {
            good = cli_paths_push(&folders->paths, path) && good;
        } else {
            free(path);
        }
    }
    free(found.items);
    return good;
}

static bool add_images(cli_labels *labels, const class_folders *folders, size_t which)
{
    const size_t before = labels->images.count;
    const char *path = folders->paths.items[which];
    if (!cli_paths_add_folder(&labels->images, path)) return false;
    if (labels->images.count == before) cli_note("%s: no images in this folder", path);
    return cli_labels_set_class(labels, before, folders->classes[which]);
}

bool cli_labels_read_folders(cli_labels *labels, const char *path, const cli_model *model)
{
    class_folders folders = {.path = path};
    bool good = list_folders(&folders);
    if (good && folders.paths.count == 0) {
        good =
            cli_error("%s: expected a folder for each class, or a list of labels.csv's kind", path);
    }
    if (good) folders.classes = cli_alloc(folders.paths.count, sizeof *folders.classes);
    good = good && folders.classes && choose_classes(&folders, model);
    for (size_t i = 0; i < folders.paths.count && good; i++) good = add_images(labels, &folders, i);
    if (good && labels->images.count == 0) good = cli_error("%s: no images in its folders", path);
    cli_paths_free(&folders.paths);
    free(folders.classes);
    return good;
}
