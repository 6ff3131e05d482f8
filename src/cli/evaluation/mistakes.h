/* The mistakes that a network was surest of. */
#ifndef VRN_CLI_MISTAKES_H
#define VRN_CLI_MISTAKES_H

#include <stddef.h>
#include <stdint.h>

#include "cli/evaluation/evaluation.h"

enum { CLI_MISTAKES_MOST = 24 };

typedef struct cli_mistake {
    size_t item; /* in the list of images */
    cli_verdict verdict;
} cli_mistake;

typedef struct cli_mistakes {
    cli_mistake items[CLI_MISTAKES_MOST]; /* [count], the most probable first */
    uint32_t count;
} cli_mistakes;

/* Keeps it if it is a mistake, and one of the surest. */
void cli_mistakes_add(cli_mistakes *mistakes, size_t item, const cli_verdict *verdict);

#endif
