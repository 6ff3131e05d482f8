/* Runs image files through one session or several. Threads decode ahead of the devices, batches are
 * filled with the files that can be read, and results come in the files' order. */
#ifndef VRN_CLI_FEED_H
#define VRN_CLI_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/engine.h"
#include "cli/shard.h"

/* Called in order for each image that has no result, after this has been reported; `error` does not
 * name the file. Returns false to stop. */
typedef bool (*cli_feed_failure)(void *user, size_t index, const char *error);

/* Called for each image that was read and run, in order and by the thread that called cli_feed_run;
 * `index` is the file's place in the list. `outputs` are as asked for in cli_feed. Returns false to
 * stop. */
typedef bool (*cli_feed_result)(void *user, size_t index, const float *outputs);

typedef struct cli_feed {
    const cli_crew *crew; /* compiled for the same batch; each takes a batch when it is free */
    char *const *paths;
    size_t count;
    cli_shard shard; /* which of the paths */
    bool logits;     /* outputs are logits [classes]; else probabilities */
    uint32_t taps;   /* if not 0, outputs are this many taps, each [C, H, W], in a row */
    cli_feed_result result;
    cli_feed_failure failure; /* may be NULL */
    void *user;
} cli_feed;

/* Shows its progress when the work is long. Images that cannot be read, or for which the network
 * overflows, are reported and left out; *failed receives their number. Returns false when the run
 * itself fails. */
bool cli_feed_run(const cli_feed *feed, size_t *failed);

/* The values of a session's tap for one image. */
size_t cli_tap_size(const vrn_session *session, uint32_t tap);

#endif
