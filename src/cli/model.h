/* Which model the command line means, its weights by name (the hub). */
#ifndef VRN_CLI_MODEL_H
#define VRN_CLI_MODEL_H

#include <stdbool.h>

#include <vkresnet/hub.h>

#include "cli/formats/json.h"
#include "cli/options.h"

/* Where this program may keep what it can make or get again, or NULL: nowhere. Release it with
 * free. */
char *cli_cache_directory(void);

/* NULL on failure, which is reported. */
vrn_hub *cli_hub_open(const cli_options *options);

/* An entry's file, downloaded with a bar where it is not on this machine. */
bool cli_hub_get(const vrn_hub *hub, const vrn_hub_entry *entry, vrn_hub_file *file);

typedef enum cli_model_default {
    CLI_MODEL_REQUIRED, /* without --model: a wrong command line */
    CLI_MODEL_SHIPPED,  /* without --model: the small one that comes with the program */
    CLI_MODEL_RANDOM,   /* weights that are not on this machine are drawn, not downloaded */
} cli_model_default;

typedef struct cli_model {
    vrn_model *handle;
    vrn_model_info info;
    double load_ms;
    bool imagenet; /* its classes are ImageNet's */
} cli_model;

/* Loads or draws the model. */
bool cli_model_open(cli_model *model, const cli_options *options, cli_model_default otherwise);
void cli_model_close(cli_model *model);

/* Says how to name a thousand classes, which may be ImageNet's, where nothing does; and what the
 * value of a single one without a name is. */
void cli_model_note_names(const cli_model *model);

/* The name of a class, or NULL. */
const char *cli_model_class_name(const cli_model *model, uint32_t index);

/* The class of a WordNet id, "n01440764", where the model has ImageNet's classes. */
bool cli_find_imagenet_id(const cli_model *model, const char *id, uint32_t *found);

/* A class's name, or "class 17" (written to `buffer`) where there is none. */
const char *cli_model_label(const cli_model *model, uint32_t index, char buffer[32]);

#endif
