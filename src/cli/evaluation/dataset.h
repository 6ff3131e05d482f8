/* Images whose classes are known. */
#ifndef VRN_CLI_DATASET_H
#define VRN_CLI_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/model.h"

typedef struct cli_labels {
    char **paths;      /* [count] */
    uint32_t *classes; /* [count] */
    size_t count;
    size_t path_capacity, class_capacity;
} cli_labels;

/* A list, as csv.h says, or a folder with a folder for each class, as class_folders.h says. Reports
 * and returns false when something is wrong, or when there are no images. */
bool cli_labels_read(cli_labels *labels, const char *path, const cli_model *model);
void cli_labels_free(cli_labels *labels);

/* Takes `path` over, on failure too, which is reported. */
bool cli_labels_add(cli_labels *labels, char *path, uint32_t class_index);

#endif
