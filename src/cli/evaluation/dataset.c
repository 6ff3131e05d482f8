#include "cli/evaluation/dataset.h"

#include <stdlib.h>

#include "cli/evaluation/class_folders.h"
#include "cli/evaluation/csv.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

bool cli_labels_read(cli_labels *labels, const char *path, const cli_model *model)
{
    *labels = (cli_labels){0};
    bool good = vrn_path_get_kind(path) == VRN_PATH_DIRECTORY
                    ? cli_class_folders_read(labels, path, model)
                    : cli_csv_read(labels, path, model);
    if (!good) cli_labels_free(labels);
    return good;
}

void cli_labels_free(cli_labels *labels)
{
    for (size_t i = 0; i < labels->count; i++) free(labels->paths[i]);
    free(labels->paths);
    free(labels->classes);
    *labels = (cli_labels){0};
}

bool cli_labels_add(cli_labels *labels, char *path, uint32_t class_index)
{
    char **paths = cli_grow(labels->paths, labels->count, &labels->path_capacity, sizeof *paths);
    if (paths) labels->paths = paths;
    uint32_t *classes =
        cli_grow(labels->classes, labels->count, &labels->class_capacity, sizeof *classes);
    if (classes) labels->classes = classes;
    if (!paths || !classes) {
        free(path);
        return false;
    }
    labels->paths[labels->count] = path;
    labels->classes[labels->count++] = class_index;
    return true;
}
