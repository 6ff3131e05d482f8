#include "cli/images/feed.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/util.h"
#include "cli/answer.h"
#include "cli/images/image.h"
#include "cli/system/report.h"
#include "pictures/pictures.h"

enum { DECODERS_MAX = 8, BATCHES_AHEAD = 2 };

/* The limit for pixels in memory, decoded or being decoded. Above it, decoding waits for the
 * devices, and a batch of large photos runs in parts. A single picture may be larger if nothing
 * else can proceed. */
static const size_t pixel_bytes_max = (size_t)256 << 20;

/* The limit for outputs that wait to be delivered; those of one batch may exceed it. */
static const size_t output_bytes_max = (size_t)256 << 20;

typedef enum slot_state {
    SLOT_EMPTY,
    SLOT_AT_GATE, /* its decoder waits for memory */
    SLOT_DECODED,
    SLOT_UNREADABLE,
    SLOT_DONE,
} slot_state;

typedef struct slot {
    slot_state state;
    vrn_image image;
    char *fault;    /* the reason for SLOT_UNREADABLE; NULL: out of memory */
    float *outputs; /* [values] */
} slot;

/* Items pass three counters in order: `decoding` (the next item to decode), `running` (the next to
 * run on a device) and `delivered` (the next to deliver). delivered <= running <= decoding <=
 * delivered + window. Item i is in slot i mod window. `lock` guards everything, and every change
 * wakes its waiters. */
typedef struct pipeline {
    const cli_feed *feed;
    vrn_mutex *lock;
    slot *slots; /* [window] */
    float *outputs;
    size_t window, total, decoding, running, delivered;
    size_t pixel_bytes; /* of pictures admitted by the gate and not yet released */
    uint32_t batch;
    size_t values; /* of an image's outputs */
    bool stopped;  /* start nothing more */
    bool failed;   /* a run failed */
} pipeline;

static slot *slot_of(const pipeline *p, size_t item)
{
    return &p->slots[item % p->window];
}

static size_t size_of(const vrn_image *image)
{
    return (size_t)image->width * image->height * 4;
}

/* ---- Decoding -------------------------------------------------------------------------------- */

static bool may_decode(const pipeline *p)
{
    return p->decoding < p->total && p->decoding < p->delivered + p->window &&
           (p->pixel_bytes < pixel_bytes_max || p->decoding == p->running);
}

/* The picture that a thread decodes. */
typedef struct decoding {
    pipeline *pipeline;
    size_t item;
    size_t bytes; /* admitted by the gate */
} decoding;

/* The gate: waits until there is memory for a picture's pixels, or until the devices wait for this
 * picture. */
static void wait_for_room(void *user, size_t bytes)
{
    decoding *d = user;
    pipeline *p = d->pipeline;
    slot *s = slot_of(p, d->item);
    vrn_mutex_lock(p->lock);
    while (!p->stopped && p->pixel_bytes > 0 && d->item != p->running &&
           (bytes > pixel_bytes_max || p->pixel_bytes > pixel_bytes_max - bytes)) {
        if (s->state != SLOT_AT_GATE) vrn_mutex_wake_all(p->lock);
        s->state = SLOT_AT_GATE;
        vrn_mutex_wait(p->lock);
    }
    s->state = SLOT_EMPTY;
    p->pixel_bytes += bytes;
    d->bytes += bytes;
    vrn_mutex_unlock(p->lock);
}

static void decode_items(void *pointer)
{
    pipeline *p = pointer;
    vrn_mutex_lock(p->lock);
    while (!p->stopped && p->decoding < p->total) {
        if (!may_decode(p)) {
            vrn_mutex_wait(p->lock);
            continue;
        }
        decoding d = {.pipeline = p, .item = p->decoding++};
        vrn_mutex_unlock(p->lock);

        vrn_image image;
        char fault[CLI_LINE_BYTES] = "";
        cli_capture_errors(fault);
        pic_set_gate(wait_for_room, &d);
        bool good = cli_image_load(&image, p->feed->paths[cli_shard_item(&p->feed->shard, d.item)]);
        pic_set_gate(NULL, NULL);
        cli_capture_errors(NULL);
        char *kept = good ? NULL : cli_copy_text(fault);

        vrn_mutex_lock(p->lock);
        slot *s = slot_of(p, d.item);
        s->image = image;
        s->fault = kept;
        s->state = good ? SLOT_DECODED : SLOT_UNREADABLE;
        p->pixel_bytes += (good ? size_of(&image) : 0) - d.bytes;
        vrn_mutex_wake_all(p->lock);
    }
    vrn_mutex_unlock(p->lock);
}

/* ---- Running --------------------------------------------------------------------------------- */

typedef struct runner {
    pipeline *pipeline;
    vrn_session *session;
    vrn_image *images; /* [batch] */
    size_t *items;     /* [batch] */
    float *outputs;    /* [batch, values]; taps one after the other */
    float **taps;      /* the beginning of each tap */
    size_t *sizes;     /* values per image in each tap */
    uint32_t count;
    vrn_thread *thread;
} runner;

/* Takes decoded images in order, up to a batch. Takes fewer if the next ones must wait for this
 * batch, or if there are no more. Sets count to 0 if there is nothing to run now. */
static void take_batch(runner *r)
{
    pipeline *p = r->pipeline;
    size_t end = p->running, images = 0;
    while (end < p->decoding && images < p->batch && slot_of(p, end)->state > SLOT_AT_GATE) {
        images += slot_of(p, end++)->state == SLOT_DECODED;
    }
    bool full = images == p->batch;
    bool last = end == p->total;
    bool stuck = end < p->decoding ? slot_of(p, end)->state == SLOT_AT_GATE : !may_decode(p);
    r->count = 0;
    if ((!full && !last && !stuck) || end == p->running) return;
    for (; p->running < end; p->running++) {
        slot *s = slot_of(p, p->running);
        if (s->state != SLOT_DECODED) continue;
        r->items[r->count] = p->running;
        r->images[r->count++] = s->image;
    }
    vrn_mutex_wake_all(p->lock);
}

/* Copies the outputs of the i-th image of a batch. */
static void copy_outputs(float *to, const runner *r, uint32_t i)
{
    const pipeline *p = r->pipeline;
    if (p->feed->taps == 0) memcpy(to, r->outputs + i * p->values, p->values * sizeof *to);
    for (uint32_t tap = 0; tap < p->feed->taps; tap++) {
        const size_t size = r->sizes[tap];
        memcpy(to, r->taps[tap] + i * size, size * sizeof *to);
        to += size;
    }
}

static void run_batch(runner *r)
{
    pipeline *p = r->pipeline;
    const vrn_inputs inputs = {.count = r->count, .images = r->images};
    vrn_outputs outputs = {0};
    if (p->feed->taps) {
        outputs.taps = r->taps;
    } else {
        *(p->feed->logits ? &outputs.logits : &outputs.probabilities) = r->outputs;
    }
    bool good = vrn_session_run(r->session, &inputs, &outputs) == VRN_OK;
    vrn_mutex_lock(p->lock);
    for (uint32_t i = 0; i < r->count; i++) {
        slot *s = slot_of(p, r->items[i]);
        p->pixel_bytes -= size_of(&s->image);
        pic_free(&s->image);
        copy_outputs(s->outputs, r, i);
        s->state = SLOT_DONE;
    }
    if (!good) p->failed = p->stopped = true;
    vrn_mutex_wake_all(p->lock);
    vrn_mutex_unlock(p->lock);
}

static void run_batches(void *pointer)
{
    runner *r = pointer;
    pipeline *p = r->pipeline;
    while (true) {
        vrn_mutex_lock(p->lock);
        r->count = 0;
        while (!p->stopped && p->running < p->total) {
            take_batch(r);
            if (r->count > 0) break;
            if (p->running < p->total) vrn_mutex_wait(p->lock);
        }
        vrn_mutex_unlock(p->lock);
        if (r->count == 0) return;
        run_batch(r);
    }
}

/* ---- Delivery -------------------------------------------------------------------------------- */

/* Reports an image without a result. `fault` is the error message, or NULL if memory ran out. */
static bool deliver_failure(const cli_feed *feed, size_t index, const char *fault)
{
    const char *path = feed->paths[index], *error = fault ? fault : "out of memory";
    const size_t length = strlen(path);
    if (fault) cli_error("%s", fault);
    if (strncmp(error, path, length) == 0 && strncmp(error + length, ": ", 2) == 0) {
        error += length + 2;
    }
    return !feed->failure || feed->failure(feed->user, index, error);
}

/* Waits for the next item and delivers it. False: there are no more. */
static bool deliver_next(pipeline *p, size_t *failed)
{
    const cli_feed *feed = p->feed;
    slot *s = slot_of(p, p->delivered);
    vrn_mutex_lock(p->lock);
    while (!p->failed && s->state != SLOT_DONE &&
           !(s->state == SLOT_UNREADABLE && p->delivered < p->running)) {
        vrn_mutex_wait(p->lock);
    }
    bool good = !p->failed, run = s->state == SLOT_DONE;
    vrn_mutex_unlock(p->lock);
    const size_t index = cli_shard_item(&feed->shard, p->delivered);
    char fault[CLI_LINE_BYTES] = "";
    cli_capture_errors(fault);
    if (run) run = cli_check_outputs(feed->paths[index], s->outputs, p->values);
    cli_capture_errors(NULL);
    if (good && run) {
        good = feed->result(feed->user, index, s->outputs);
    } else if (good) {
        ++*failed;
        good = deliver_failure(feed, index, *fault ? fault : s->fault);
    }
    vrn_mutex_lock(p->lock);
    free(s->fault);
    s->fault = NULL;
    s->state = SLOT_EMPTY;
    p->delivered++;
    if (!good) p->failed = p->stopped = true;
    vrn_mutex_wake_all(p->lock);
    vrn_mutex_unlock(p->lock);
    return good;
}

static vrn_thread *start_thread(void (*function)(void *user), void *user)
{
    vrn_thread *thread = vrn_thread_start(function, user);
    if (!thread) cli_error("cannot start a thread");
    return thread;
}

static bool start_runners(pipeline *p, runner *runners)
{
    for (uint32_t i = 0; i < p->feed->crew->count; i++) {
        runner *r = &runners[i];
        r->pipeline = p;
        r->session = p->feed->crew->engines[i].session;
        r->images = cli_alloc(p->batch, sizeof *r->images);
        r->items = cli_alloc(p->batch, sizeof *r->items);
        r->outputs = cli_alloc(p->values, p->batch * sizeof *r->outputs);
        r->taps = cli_alloc(p->feed->taps, sizeof *r->taps);
        r->sizes = cli_alloc(p->feed->taps, sizeof *r->sizes);
        if (!r->images || !r->items || !r->outputs || !r->taps || !r->sizes) return false;
        float *at = r->outputs;
        for (uint32_t tap = 0; tap < p->feed->taps; tap++) {
            r->taps[tap] = at;
            r->sizes[tap] = cli_tap_size(r->session, tap);
            at += p->batch * r->sizes[tap];
        }
        r->thread = start_thread(run_batches, r);
        if (!r->thread) return false;
    }
    return true;
}

static bool run_threads(pipeline *p, runner *runners, size_t *failed)
{
    vrn_thread *decoders[DECODERS_MAX] = {0};
    const uint32_t wanted = vrn_min_u32(vrn_core_count(), DECODERS_MAX);
    bool good = start_runners(p, runners);
    for (uint32_t i = 0; i < wanted && i < p->total && good; i++) {
        decoders[i] = start_thread(decode_items, p);
        good = decoders[i];
    }
    while (good && p->delivered < p->total) {
        cli_progress(p->delivered, p->total);
        good = deliver_next(p, failed);
    }
    cli_progress(p->total, p->total);
    vrn_mutex_lock(p->lock);
    p->stopped = true;
    vrn_mutex_wake_all(p->lock);
    vrn_mutex_unlock(p->lock);
    for (uint32_t i = 0; i < DECODERS_MAX; i++) vrn_thread_join(&decoders[i]);
    for (uint32_t i = 0; i < p->feed->crew->count; i++) {
        vrn_thread_join(&runners[i].thread);
        free(runners[i].images);
        free(runners[i].items);
        free(runners[i].outputs);
        free(runners[i].taps);
        free(runners[i].sizes);
    }
    return good;
}

size_t cli_tap_size(const vrn_session *session, uint32_t tap)
{
    uint32_t shape[3] = {0};
    vrn_session_get_tap_shape(session, tap, shape);
    return (size_t)shape[0] * shape[1] * shape[2];
}

/* How many images may be in the pipeline: enough to keep the devices busy, within the limit of
 * memory. */
static size_t choose_window(const pipeline *p)
{
    const size_t wanted = (size_t)p->batch * BATCHES_AHEAD * (p->feed->crew->count + 1);
    const size_t most = output_bytes_max / sizeof(float) / (p->values ? p->values : 1);
    const size_t window = wanted < most ? wanted : most;
    return window > p->batch ? window : p->batch;
}

bool cli_feed_run(const cli_feed *feed, size_t *failed)
{
    const vrn_session_info *info = &feed->crew->engines[0].info;
    *failed = 0;
    pipeline p = {
        .feed = feed,
        .total = cli_shard_size(&feed->shard, feed->count),
        .batch = info->batch,
        .values = feed->taps ? 0 : info->classes,
    };
    if (p.total == 0) return true;
    for (uint32_t tap = 0; tap < feed->taps; tap++) {
        p.values += cli_tap_size(feed->crew->engines[0].session, tap);
    }
    p.window = choose_window(&p);
    if (p.window > p.total) p.window = p.total;
    p.slots = cli_alloc(p.window, sizeof *p.slots);
    p.outputs = cli_alloc(p.values, p.window * sizeof *p.outputs);
    runner *runners = cli_alloc(feed->crew->count, sizeof *runners);
    p.lock = vrn_mutex_create();
    bool good = p.slots && p.outputs && runners && (p.lock || cli_error("out of memory"));
    if (good) {
        for (size_t i = 0; i < p.window; i++) p.slots[i].outputs = p.outputs + i * p.values;
        good = run_threads(&p, runners, failed);
    }
    vrn_mutex_destroy(&p.lock);
    for (size_t i = 0; p.slots && i < p.window; i++) {
        pic_free(&p.slots[i].image);
        free(p.slots[i].fault);
    }
    free(p.slots);
    free(p.outputs);
    free(runners);
    return good;
}
