/* labels.csv: which image shows what. */
#ifndef VRN_CLI_CSV_H
#define VRN_CLI_CSV_H

#include <stdbool.h>

#include "cli/evaluation/dataset.h"
#include "cli/model.h"

/* Adds lines of file,label[,class], with or without a first line that names the columns. The class
 * is a number; without it the label is one, or a name that the model knows. Relative files are
 * joined to the list's folder. Fields may be quoted as in RFC 4180, but go over no line end.
 * Reports and returns false when something is wrong, with the line's number. */
bool cli_csv_read(cli_labels *labels, const char *path, const cli_model *model);

#endif
