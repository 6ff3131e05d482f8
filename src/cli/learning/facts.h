/* The files beside a file of features: F.txt has a line for the photo of each row, and F.json says
 * how the features were made, so that they are never compared with different ones. */
#ifndef VRN_CLI_FACTS_H
#define VRN_CLI_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "cli/learning/features.h"
#include "cli/options.h"

/* The options that change features, except the tap. F.json keeps them, and they apply again. */
#define CLI_FACTS                                                                                  \
    (CLI_BIT(MODEL) | CLI_BIT(ARCH) | CLI_BIT(PREFIX) | CLI_BIT(RANDOM_WEIGHTS) | CLI_TRANSFORM |  \
     CLI_BIT(PRECISION) | CLI_BIT(OWN_SIZE))

/* The path of a file beside F.npy, with `ending` (".txt") in place of ".npy". Release with free.
 * NULL: reported. */
char *cli_beside(const char *path, const char *ending);

typedef struct cli_facts {
    uint64_t rows;
    cli_feature_form form;
    const char *model;    /* its name */
    const char **options; /* [option_count], words of CLI_FACTS */
    uint32_t option_count;
    float probe[CLI_PROBE_VALUES];
    vrn_arena arena; /* holds what cli_facts_read reads */
} cli_facts;

/* Writes the facts and, for people who read the file, the transform as a JSON object. */
void cli_facts_write(FILE *out, const cli_facts *facts, const vrn_transform *transform);

/* Reads that object. Reports and returns false if something is wrong. Free the facts even then. */
bool cli_facts_read(cli_facts *facts, const char *path);
void cli_facts_free(cli_facts *facts);

#endif
