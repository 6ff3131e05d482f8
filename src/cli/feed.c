#include "feed.h"

#include <stdlib.h>

#include "image.h"
#include "report.h"

/* Pixels that wait for a run: a batch of large photos is run in parts rather than held. */
static const size_t pending_bytes_max = (size_t)256 << 20;

typedef struct pending_run {
    vrn_image *images; /* [batch] */
    size_t *indices;   /* [batch]: their files' places */
    uint32_t count;
    size_t bytes;
    float *outputs; /* [batch, classes] */
    uint32_t classes;
} pending_run;

static bool run_pending(pending_run *pending, const cli_feed *feed)
{
    if (pending->count == 0) return true;
    vrn_batch batch = {.count = pending->count, .images = pending->images};
    *(feed->logits ? &batch.logits : &batch.probabilities) = pending->outputs;
    bool good = vrn_session_run(feed->session, &batch) == VRN_OK;
    for (uint32_t i = 0; i < pending->count; i++) {
        good = good && feed->result(feed->user, pending->indices[i],
                                    pending->outputs + (size_t)i * pending->classes);
        cli_image_free(&pending->images[i]);
    }
    pending->count = 0;
    pending->bytes = 0;
    return good;
}

bool cli_feed_run(const cli_feed *feed, size_t *failed)
{
    vrn_session_info info;
    vrn_session_get_info(feed->session, &info);
    pending_run waiting = {.classes = info.classes};
    waiting.images = cli_alloc(info.batch, sizeof *waiting.images);
    waiting.indices = cli_alloc(info.batch, sizeof *waiting.indices);
    waiting.outputs = cli_alloc((size_t)info.batch * info.classes, sizeof *waiting.outputs);
    bool good = waiting.images && waiting.indices && waiting.outputs;

    *failed = 0;
    for (size_t i = 0; i < feed->count && good; i++) {
        if (feed->progress) cli_progress(i, feed->count);
        vrn_image *image = &waiting.images[waiting.count];
        if (!cli_image_load(image, feed->paths[i])) {
            ++*failed;
            continue;
        }
        waiting.indices[waiting.count++] = i;
        waiting.bytes += cli_image_size(image);
        if (waiting.count == info.batch || waiting.bytes > pending_bytes_max) {
            good = run_pending(&waiting, feed);
        }
    }
    if (feed->progress) cli_progress(feed->count, feed->count);
    good = good && run_pending(&waiting, feed);

    for (uint32_t i = 0; i < waiting.count; i++) cli_image_free(&waiting.images[i]);
    free(waiting.images);
    free(waiting.indices);
    free(waiting.outputs);
    return good;
}
