/* Photos that the network sees at their own sizes: one at a time, by a session for each size. */
#ifndef VRN_CLI_OWN_SIZE_H
#define VRN_CLI_OWN_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/engine.h"

enum { CLI_SIZES_KEPT = 4 };

/* A camera has a few sizes: the sessions of the last ones are kept. */
typedef struct cli_sizes {
    const cli_engine *engine; /* its device and model */
    const cli_options *options;
    const char *const *taps; /* [tap_count] */
    uint32_t tap_count;
    cli_engine kept[CLI_SIZES_KEPT]; /* the newest first; of each the session alone is its own */
    float *values;                   /* of the last photo: its taps one after the other */
    size_t capacity;
    uint32_t (*shapes)[3]; /* [tap_count]: of these */
} cli_sizes;

/* Whether the options leave a photo its own size. */
bool cli_sizes_check(const cli_options *options);

/* A zeroed struct but for the first four members. Fills `values` and `shapes`. */
bool cli_sizes_run(cli_sizes *sizes, const vrn_image *image);
void cli_sizes_free(cli_sizes *sizes);

/* Runs photos in order. As cli_feed_run: what cannot be read, or run at its size, is reported and
 * counted; `result` and `failure` return false to stop. */
typedef struct cli_sizes_feed {
    cli_sizes *sizes;
    char *const *paths;
    size_t count;
    bool (*result)(void *user, size_t index);
    bool (*failure)(void *user, size_t index, const char *error); /* may be NULL */
    void *user;
} cli_sizes_feed;

bool cli_sizes_feed_run(const cli_sizes_feed *feed, size_t *failed);

#endif
