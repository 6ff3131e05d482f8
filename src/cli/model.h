/* The model that the command line chooses, and its weights by name (the hub). */
#ifndef VRN_CLI_MODEL_H
#define VRN_CLI_MODEL_H

#include <stdbool.h>

#include <vkresnet/hub.h>

#include "cli/formats/json.h"
#include "cli/options.h"

/* The folder for files that can be made or downloaded again, or NULL: none. Release it with
 * free. */
char *cli_cache_directory(void);

/* NULL on failure, which is reported. */
vrn_hub *cli_hub_open(const cli_options *options);

/* Finds an entry's file, or downloads it with a progress bar if it is not on this machine. */
bool cli_hub_get(const vrn_hub *hub, const vrn_hub_entry *entry, vrn_hub_file *file);

typedef enum cli_model_default {
    CLI_MODEL_REQUIRED, /* without --model: a wrong command line */
    CLI_MODEL_SHIPPED,  /* without --model: the small bundled one */
    CLI_MODEL_RANDOM,   /* weights that are not on this machine are drawn, not downloaded */
} cli_model_default;

typedef struct cli_model {
    vrn_model *handle;
    vrn_model_info info;
    double load_ms;
    bool imagenet; /* its classes are ImageNet's */
} cli_model;

/* Loads the model, or makes one with random weights. */
bool cli_model_open(cli_model *model, const cli_options *options, cli_model_default otherwise);
void cli_model_close(cli_model *model);

/* Notes how to name a thousand unnamed classes, which may be ImageNet's, and what the value of a
 * single unnamed class means. */
void cli_model_note_names(const cli_model *model);

/* The name of a class, or NULL. */
const char *cli_model_class_name(const cli_model *model, uint32_t index);

/* The class of a WordNet id, "n01440764", if the model has ImageNet's classes. */
bool cli_find_imagenet_id(const cli_model *model, const char *id, uint32_t *found);

/* A class's name, or "class 17" (written to `buffer`) if it has none. */
const char *cli_model_label(const cli_model *model, uint32_t index, char buffer[32]);

#endif
