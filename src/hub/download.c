#include "hub/download.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/os.h"
#include "hub/check.h"
#include "hub/fetch.h"
#include "hub/part.h"

enum { TRIES = 5 }; /* each must get further than the one before */

/* The rate covers only the last seconds, so that it shows when a transfer slows down. */
static const double report_every_ms = 200, remember_ms = 4000;

bool vrn_hub_can_download(void)
{
    return true;
}

/* A download in progress. */
typedef struct work {
    const vrn_download *download;
    vrn_partial *part;
    uint64_t size;    /* of the part */
    uint64_t total;   /* of the whole file, or the most it can be */
    vrn_result error; /* of a callback; already logged */
    double shown_ms;  /* when progress was last reported, 0: never */
    uint64_t shown_size;
    double rate; /* bytes a millisecond */
} work;

/* Reports progress. False: the caller cancels the download. */
static bool report(work *w, uint64_t size, bool waiting)
{
    const double now = vrn_time_ms(), passed = now - w->shown_ms;
    if (!w->download->progress) return true;
    if (w->shown_ms > 0 && passed < report_every_ms && size < w->total) return true;
    if (w->shown_ms > 0 && passed > 0 && size >= w->shown_size) {
        const double lately = (double)(size - w->shown_size) / passed;
        const double weight = w->rate > 0 ? 1 - exp(-passed / remember_ms) : 1;
        w->rate += (lately - w->rate) * weight;
    }
    w->shown_ms = now;
    w->shown_size = size;
    const uint64_t left = w->total > size ? w->total - size : 0;
    const vrn_hub_progress progress = {
        .entry = w->download->entry,
        .done = size,
        .total = w->total,
        .bytes_per_s = w->rate * 1e3,
        .seconds_left = w->rate > 0 ? (double)left / w->rate * 1e-3 : -1,
        .waiting = waiting,
    };
    if (!w->download->progress(w->download->progress_user, &progress)) return true;
    w->error = vrn_fail(w->download->log, VRN_ERROR_CANCELLED, "%s: the download was cancelled",
                        w->download->entry->name);
    return false;
}

static bool begin(void *user, uint64_t offset, uint64_t total)
{
    work *w = user;
    if (total > 0) w->total = total;
    if (offset == w->size) return true;
    w->error = vrn_partial_empty(w->part, w->download->log);
    w->size = w->shown_size = 0;
    return !w->error;
}

static bool write_piece(void *user, const void *data, size_t size)
{
    work *w = user;
    w->error = vrn_partial_write(w->part, data, size, w->download->log);
    if (w->error) return false;
    w->size += size;
    return true;
}

static bool pulse(void *user)
{
    work *w = user;
    return report(w, w->size, false);
}

/* Locks the partial file. VRN_OK without a partial file: another process has completed the download
 * in the meantime. */
static vrn_result take_part(work *w, uint64_t *bytes)
{
    const vrn_download *download = w->download;
    bool busy, said = false;
    for (;;) {
        bool right = false;
        vrn_result result =
            vrn_partial_open(&w->part, download->path, &busy, &w->size, download->log);
        if (result) return result;
        /* No log: the caller has already been warned about a wrong file. */
        result =
            vrn_hub_check(download->entry, download->path, download->folder, &right, bytes, NULL);
        if (result || right) vrn_partial_close(&w->part);
        if (result) return vrn_fail_memory(download->log);
        if (right) return VRN_OK;
        if (!busy) break;
        if (!said) {
            vrn_log_write(download->log, VRN_LOG_INFO,
                          "%s: another process is downloading it: waiting", download->entry->name);
        }
        said = true;
        if (!report(w, w->size, true)) return w->error;
        vrn_partial_wait();
    }
    w->shown_ms = 0;
    w->rate = 0;
    if (w->size <= download->entry->max_bytes) return VRN_OK;
    w->size = 0;
    return vrn_partial_empty(w->part, download->log);
}

/* *whole: the partial file is complete and correct. `digits` receives its SHA-256, or "" if its
 * size is wrong. */
static vrn_result look_at_part(const work *w, bool *whole, char digits[VRN_SHA256_DIGITS + 1])
{
    const vrn_hub_entry *entry = w->download->entry;
    const char *path = vrn_partial_path(w->part);
    const vrn_log *log = w->download->log;
    *whole = false;
    digits[0] = '\0';
    if (w->size < entry->min_bytes || w->size > entry->max_bytes) return VRN_OK;
    const vrn_result result = vrn_sha256_file(path, digits);
    if (result == VRN_ERROR_OUT_OF_MEMORY) return vrn_fail_memory(log);
    if (result)
        return vrn_fail(log, VRN_ERROR_FILE, "%s: cannot read this file after its download", path);
    *whole = vrn_hub_same_hash(entry, digits);
    return VRN_OK;
}

static vrn_result give_up(const work *w, const char *why)
{
    return vrn_download_fail(w->download->entry, w->download->path, why, w->download->log);
}

/* Keeps the bytes received so far. *again: this transfer made progress, so another one may complete
 * the file. */
static vrn_result interrupted(const work *w, uint64_t before, const char *why, bool *again)
{
    *again = w->size > before;
    if (!*again) return give_up(w, why);
    vrn_log_write(w->download->log, VRN_LOG_WARNING,
                  "%s: interrupted after %" PRIu64 " bytes (%s): resuming", w->download->entry->url,
                  w->size, why);
    return VRN_OK;
}

/* Runs one transfer. *again: another one may complete the file. */
static vrn_result transfer(work *w, bool *again)
{
    const vrn_hub_entry *entry = w->download->entry;
    const vrn_log *log = w->download->log;
    const uint64_t before = w->size;
    vrn_fetch fetch = {
        .url = entry->url,
        .offset = before,
        .min_bytes = entry->min_bytes,
        .max_bytes = entry->max_bytes,
        .allow_http = w->download->allow_http,
        .stall_seconds = w->download->stall_seconds,
        .begin = begin,
        .write = write_piece,
        .pulse = pulse,
        .user = w,
    };
    *again = false;
    w->error = VRN_OK;
    switch (vrn_fetch_run(&fetch)) {
    case VRN_FETCH_DONE:
        /* If the server gave no length, a broken connection looks like the end of the file. */
        if (w->size >= entry->min_bytes) return VRN_OK;
        return interrupted(w, before, "the server's response ended too early", again);
    case VRN_FETCH_INTERRUPTED: return interrupted(w, before, fetch.message, again);
    case VRN_FETCH_ABORTED: return w->error ? w->error : VRN_ERROR_CANCELLED;
    case VRN_FETCH_NO_MEMORY: return vrn_fail_memory(log);
    case VRN_FETCH_REFUSED: return give_up(w, fetch.message);
    case VRN_FETCH_RANGE:
        *again = true;
        w->size = 0;
        return vrn_partial_empty(w->part, log);
    }
    return VRN_ERROR_NETWORK;
}

/* Transfers until the partial file is complete, and gives its SHA-256. A part that an earlier
 * process left may belong to another file or be damaged: if the complete file is wrong, all of it
 * is downloaded again, once. */
static vrn_result complete_part(work *w, char digits[VRN_SHA256_DIGITS + 1])
{
    const vrn_hub_entry *entry = w->download->entry;
    bool inherited = w->size > 0, again = false, whole = false;
    vrn_result result = look_at_part(w, &whole, digits);
    for (int i = 0; i < TRIES && !result && !whole; i++) {
        result = transfer(w, &again);
        if (!result && again) continue;
        if (!result) result = look_at_part(w, &whole, digits);
        if (result || whole) return result;
        result = vrn_partial_empty(w->part, w->download->log);
        w->size = 0;
        if (result) return result;
        if (!inherited) {
            char why[256];
            snprintf(why, sizeof why,
                     "the server's file has the SHA-256 %s, but it should begin with %s", digits,
                     entry->sha256);
            return give_up(w, why);
        }
        vrn_log_write(
            w->download->log, VRN_LOG_WARNING,
            "%s: the rest does not match the part downloaded earlier: downloading all of it",
            entry->url);
        inherited = false;
    }
    return result || whole ? result : give_up(w, "the download was interrupted too often");
}

static vrn_result run(work *w, uint64_t *bytes)
{
    const vrn_download *download = w->download;
    vrn_result result = vrn_make_directories(download->folder, download->log);
    if (!result) result = take_part(w, bytes);
    if (result || !w->part) return result;
    char digits[VRN_SHA256_DIGITS + 1];
    result = complete_part(w, digits);
    if (!result) result = vrn_partial_commit(w->part, download->log);
    if (!result) vrn_hub_remember(download->path, download->folder, digits, download->log);
    *bytes = w->size;
    return result;
}

vrn_result vrn_download_run(const vrn_download *download, uint64_t *bytes)
{
    work w = {.download = download, .total = download->entry->max_bytes};
    *bytes = 0;
    vrn_result result = run(&w, bytes);
    vrn_partial_close(&w.part);
    return result;
}
