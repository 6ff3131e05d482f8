/* labels.csv: which image shows what. */
#ifndef VRN_CLI_CSV_H
#define VRN_CLI_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"

typedef struct cli_labels {
    char **paths;      /* [count]; relative ones are joined to the file's folder */
    uint32_t *classes; /* [count] */
    size_t count;
    size_t path_capacity, class_capacity;
} cli_labels;

/* Reads lines of file,label[,class], with or without a first line that names the columns. The class
 * is a number; without it the label is one, or a name that the model knows. Fields may be quoted as
 * in RFC 4180, but go over no line end. Reports and returns false when something is wrong, with the
 * line's number. */
bool cli_labels_read(cli_labels *labels, const char *path, const cli_model *model);
void cli_labels_free(cli_labels *labels);

#endif
