/* One HTTP transfer, by libcurl. */
#ifndef VRN_HUB_FETCH_H
#define VRN_HUB_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum vrn_fetch_outcome {
    VRN_FETCH_DONE, /* the response is complete */
    /* the bytes received are probably good, and another transfer may bring the rest */
    VRN_FETCH_INTERRUPTED,
    VRN_FETCH_RANGE, /* the file has no bytes after `offset` */
    /* retrying is pointless: no such file, wrong size, invalid certificate, ... */
    VRN_FETCH_REFUSED,
    VRN_FETCH_NO_MEMORY,
    VRN_FETCH_ABORTED, /* a callback returned false */
} vrn_fetch_outcome;

typedef struct vrn_fetch {
    const char *url;
    uint64_t offset;               /* the first byte to request */
    uint64_t min_bytes, max_bytes; /* of the whole file; other sizes are refused */
    bool allow_http; /* else only https; redirects from https to http are never followed */
    uint32_t stall_seconds;
    /* Called before the first byte, with its offset (0 if the server does not resume) and the size
     * of the whole file (0: unknown). Returns false to abort. */
    bool (*begin)(void *user, uint64_t offset, uint64_t total);
    bool (*write)(void *user, const void *data, size_t size); /* false: abort */
    bool (*pulse)(void *user);                                /* called regularly; false: abort */
    void *user;
    char message[256]; /* out: what happened, except for VRN_FETCH_DONE and VRN_FETCH_ABORTED */
} vrn_fetch;

vrn_fetch_outcome vrn_fetch_run(vrn_fetch *fetch);

#endif
