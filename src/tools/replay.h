/* Runs a small network many times: the part of the self-test that checks recorded commands. */
#ifndef VRN_TOOLS_REPLAY_H
#define VRN_TOOLS_REPLAY_H

#include <vkresnet/diagnostics.h>

typedef struct vrn_replay {
    uint32_t runs, differ; /* runs after the first, and how many of them gave different bytes */
    vrn_mismatch first;    /* if differ > 0; without a meaningful name */
    double fusion_error;   /* of the logits, with and without fusion: relative L2 */
    double replay_ms, fusion_ms;
} vrn_replay;

/* The largest relative L2 error between a network and its unfused form. */
#define VRN_REPLAY_TOLERANCE 1e-5

/* Creates sessions on the device with the current choice of kernels. Errors are those of creating
 * and running them. */
vrn_result vrn_replay_run(vrn_replay *replay, vrn_device *device, uint32_t runs);

#endif
