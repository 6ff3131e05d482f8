/* An evaluation for people and for programs. */
#ifndef VRN_CLI_EVALUATION_PRINT_H
#define VRN_CLI_EVALUATION_PRINT_H

#include <stdbool.h>

#include "cli/evaluation/evaluation.h"

/* To standard output: a short table, or JSON on one line, which evaluation_read.h reads. The
 * confusion is settled. Returns false when there is no memory, which is reported. */
bool cli_evaluation_print(const cli_evaluation *evaluation, bool as_json);

#endif
