/* A small network, run again and again: the part of the self-test that looks at recorded
 * commands. */
#ifndef VRN_TOOLS_REPLAY_H
#define VRN_TOOLS_REPLAY_H

#include <vkresnet/diagnostics.h>

typedef struct vrn_replay {
    uint32_t runs,
        differ;          /* after the first run: how many, and how many of them gave other bytes */
    vrn_mismatch first;  /* where differ > 0; the name says nothing */
    double fusion_error; /* of the logits, with and without fusion: relative L2 */
    double replay_ms, fusion_ms;
} vrn_replay;

/* The largest relative L2 error between a network and its unfused form. */
#define VRN_REPLAY_TOLERANCE 1e-5

/* Makes sessions on the device as others would be made now. Errors are those of making and running
 * them. */
vrn_result vrn_replay_run(vrn_replay *replay, vrn_device *device, uint32_t runs);

#endif
