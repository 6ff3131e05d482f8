/* One transfer by http: libcurl's part of a download. */
#ifndef VRN_HUB_FETCH_H
#define VRN_HUB_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum vrn_fetch_outcome {
    VRN_FETCH_DONE, /* the server says that this is all */
    /* what has come is good as far as anyone knows; the rest may come another time */
    VRN_FETCH_INTERRUPTED,
    VRN_FETCH_RANGE, /* there is nothing behind `offset` */
    /* it makes no sense to go on: no such file, another size, no certificate, .. */
    VRN_FETCH_REFUSED,
    VRN_FETCH_NO_MEMORY,
    VRN_FETCH_ABORTED, /* a callback said so */
} vrn_fetch_outcome;

typedef struct vrn_fetch {
    const char *url;
    uint64_t offset; /* begin here */
    uint64_t min_bytes,
        max_bytes;   /* of the whole file: what says that it has another size is refused */
    bool allow_http; /* else https alone; a redirection from https to http is never followed */
    uint32_t stall_seconds;
    /* Called before the first byte: where it belongs (0 if the server does not continue), and how
     * many there will be in all (0: unknown). False: abort. */
    bool (*begin)(void *user, uint64_t offset, uint64_t total);
    bool (*write)(void *user, const void *data, size_t size); /* false: abort */
    bool (*pulse)(void *user);                                /* now and then; false: abort */
    void *user;
    char message[256]; /* out: what happened, of all but VRN_FETCH_DONE and VRN_FETCH_ABORTED */
} vrn_fetch;

vrn_fetch_outcome vrn_fetch_run(vrn_fetch *fetch);

#endif
