/* The command line: one table of options for all subcommands, each of which lists those it
 * takes. */
#ifndef VRN_CLI_OPTIONS_H
#define VRN_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

typedef struct cli_tap {
    const char *name; /* of the module */
    const char *path; /* NULL: none was given */
} cli_tap;

/* The values of the options. Zero or NULL: not given, so that each command has its own default. */
typedef struct cli_options {
    bool help, kernels, fetch, quiet, verbose, json, no_fusion, fp16, validation, no_cache, tune,
        thorough, letterbox, pool, l2, own_size;
    const char *device, *model, *arch, *prefix, *labels, *input, *output, *logits, *trace, *kernel;
    const char *in, *classes, *images, *files_from, *write, *shard, *class_name, *html, *report;
    uint32_t without, with; /* vrn_capability bits */
    vrn_precision precision;
    uint32_t batch, top, repeats, count;
    uint32_t size[2]; /* height, width */
    uint64_t seed, split_seed;
    vrn_transform transform;
    int activation; /* a vrn_probabilities, less 1 */
    float threshold, holdout;
    int preset;     /* number of a vrn_transform_preset_name */
    uint64_t given; /* CLI_BIT() | ..: which options were */
    cli_tap *taps;
    uint32_t tap_count;
    const char **fp32_layers;
    uint32_t fp32_layer_count;
    char **arguments; /* the words that are not options, in order */
    uint32_t argument_count;
    const char *command; /* and the words after it, for code that repeats them */
    char **words;
    int word_count;
    char *texts; /* [texts_size]: names of taps and fp32_layers */
    size_t texts_size;
} cli_options;

typedef enum cli_option {
#define OPTION(id, ...) CLI_OPTION_##id,
#include "cli/option_table.h"
    CLI_OPTIONS,
} cli_option;

_Static_assert(CLI_OPTIONS <= 64, "each option is a bit of a uint64_t");

#define CLI_BIT(option) (UINT64_C(1) << CLI_OPTION_##option)

/* Options that every subcommand takes. */
#define CLI_COMMON                                                                                 \
    (CLI_BIT(DEVICE) | CLI_BIT(PRECISION) | CLI_BIT(FP32_LAYERS) | CLI_BIT(WITHOUT) |              \
     CLI_BIT(WITH) | CLI_BIT(VALIDATION) | CLI_BIT(NO_CACHE) | CLI_BIT(QUIET) | CLI_BIT(VERBOSE) | \
     CLI_BIT(HELP))
#define CLI_SCORES (CLI_BIT(ACTIVATION) | CLI_BIT(THRESHOLD))
#define CLI_TRANSFORM                                                                              \
                                                                                                   \
    (CLI_BIT(PRESET) | CLI_BIT(RESIZE) | CLI_BIT(CROP) | CLI_BIT(LETTERBOX) | CLI_BIT(FILL) |      \
     CLI_BIT(INTERPOLATION) | CLI_BIT(CHANNELS) | CLI_BIT(SCALE) | CLI_BIT(MEAN) | CLI_BIT(STD))
/* How a network is compiled. */
#define CLI_SESSION (CLI_BIT(NO_FUSION) | CLI_BIT(KERNEL) | CLI_BIT(TUNE))
#define CLI_NETWORK                                                                                \
    (CLI_BIT(MODEL) | CLI_BIT(ARCH) | CLI_BIT(PREFIX) | CLI_BIT(CLASSES) | CLI_SCORES |            \
     CLI_BIT(RANDOM_WEIGHTS))

/* Reads the words after the subcommand `command`, which takes the options of `accepted`. The words
 * must outlive the options. On failure everything is released. */
bool cli_options_parse(cli_options *options, const char *command, uint64_t accepted, int count,
                       char **words);
void cli_options_free(cli_options *options);

/* Checks that no output would overwrite an input or another output. */
bool cli_options_check_outputs(const cli_options *options);

/* Checks that one more output would not overwrite an input. */
bool cli_options_check_output(const cli_options *options, const char *path);

/* Collects the words that give the options of `wanted`: a name, then its value if it has one.
 * Writes `*count` pointers, to be released with free; the texts live as long as the options. False:
 * out of memory, which is reported. */
bool cli_options_collect(const cli_options *options, uint64_t wanted, const char ***words,
                         uint32_t *count);

/* Prints a line or two for each of the options. */
void cli_options_print(uint64_t accepted);

/* The help for one option: "--batch", "N" or NULL, lines without a line feed at the end. */
typedef struct cli_option_text {
    const char *name, *value, *help;
} cli_option_text;

cli_option_text cli_option_describe(cli_option option);

/* A guess at the intended word: the name with the fewest changed letters, at most two. Zero it
 * first. The text, which follows a message, is empty if no name is near. */
typedef struct cli_guess {
    const char *name;
    uint32_t distance;
    char text[64];
} cli_guess;
void cli_guess_add(cli_guess *guess, const char *word, size_t length, const char *name);
const char *cli_guess_text(cli_guess *guess);

#endif
