/* Image files through a session: batches are filled across files that can be read, in order. */
#ifndef VRN_CLI_FEED_H
#define VRN_CLI_FEED_H

#include <stdbool.h>
#include <stddef.h>

#include <vkresnet/vkresnet.h>

/* Called for each image that was read and run, in order; `index` is the file's place in the list.
 * `outputs` are as asked for in cli_feed. Returns false to stop. */
typedef bool (*cli_feed_result)(void *user, size_t index, const float *outputs);

typedef struct cli_feed {
    vrn_session *session;
    char *const *paths;
    size_t count;
    bool logits;   /* outputs are logits [classes]; else probabilities */
    bool progress; /* shown on standard error when the work is long */
    cli_feed_result result;
    void *user;
} cli_feed;

/* An image that cannot be read is reported and left out; *failed receives how many. Returns false
 * when the run itself fails, which is reported. */
bool cli_feed_run(const cli_feed *feed, size_t *failed);

#endif
