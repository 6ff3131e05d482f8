#include "cli/evaluation/labels.h"

#include <stdlib.h>

#include "cli/system/report.h"

bool cli_labels_set_class(cli_labels *labels, size_t from, uint32_t class_index)
{
    for (size_t i = from; i < labels->images.count; i++) {
        if (!cli_grow(&labels->classes, i, &labels->capacity, sizeof class_index)) return false;
        labels->classes[i] = class_index;
    }
    return true;
}

void cli_labels_free(cli_labels *labels)
{
    cli_paths_free(&labels->images);
    free(labels->classes);
    *labels = (cli_labels){0};
}
