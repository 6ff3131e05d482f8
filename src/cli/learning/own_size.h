/* Runs photos at their own sizes, one at a time, with a session for each size. */
#ifndef VRN_CLI_OWN_SIZE_H
#define VRN_CLI_OWN_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/engine.h"

enum { CLI_SIZES_KEPT = 4 };

/* Keeps the sessions for the last few sizes, because photos of one camera have few sizes. */
typedef struct cli_sizes {
    const cli_engine *engine; /* its device and model */
    const cli_options *options;
    const char *const *taps; /* [tap_count] */
    uint32_t tap_count;
    cli_engine kept[CLI_SIZES_KEPT]; /* the newest first; each owns only its session */
    float *values;                   /* the taps of the last photo, one after the other */
    size_t capacity;
    uint32_t (*shapes)[3]; /* [tap_count]: the shapes of these */
} cli_sizes;

/* True if the options leave a photo its own size. */
bool cli_sizes_check(const cli_options *options);

/* Runs a photo and fills in `values` and `shapes`. Before the first run, set the first four members
 * of the struct and zero the others. */
bool cli_sizes_run(cli_sizes *sizes, const vrn_image *image);
void cli_sizes_free(cli_sizes *sizes);

/* Runs photos in order. As for cli_feed_run, photos that cannot be read, or run at their size, are
 * reported and counted; `result` and `failure` return false to stop. */
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
