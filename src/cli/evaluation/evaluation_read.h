/* The way back from what eval --json prints. */
#ifndef VRN_CLI_EVALUATION_READ_H
#define VRN_CLI_EVALUATION_READ_H

#include "cli/evaluation/evaluation.h"

typedef enum cli_evaluation_fault {
    CLI_EVALUATION_GOOD,
    CLI_EVALUATION_DAMAGED, /* no JSON: a line that was cut off, or two in one */
    CLI_EVALUATION_WRONG,   /* JSON, but not eval's, or its numbers cannot be */
} cli_evaluation_fault;

/* Reads one line, and checks that its numbers agree with each other. On success the evaluation is
 * complete, its confusion settled, and has to be freed; else it is zeroed, and `reason` says what
 * is wrong. */
cli_evaluation_fault cli_evaluation_read(cli_evaluation *evaluation, const char *line,
                                         char reason[160]);

#endif
