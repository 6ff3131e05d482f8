/* An evaluation for people and for programs. */
#ifndef VRN_CLI_EVALUATION_PRINT_H
#define VRN_CLI_EVALUATION_PRINT_H

#include <stdbool.h>

#include "cli/evaluation/evaluation.h"
#include "cli/formats/json.h"

/* To standard output: a short table, or JSON on one line, which evaluation_read.h reads. The
 * confusion is settled. Returns false when there is no memory, which is reported. */
bool cli_evaluation_print(const cli_evaluation *evaluation, bool as_json);

/* The same JSON as a value inside other. */
void cli_evaluation_write(cli_json *json, const char *key, const cli_evaluation *evaluation);

#endif
