/* A program's commands: what a run's slot, a recording and the profile record. */
#ifndef VRN_SESSION_NETWORK_H
#define VRN_SESSION_NETWORK_H

#include "gpu/queue.h"
#include "plan/program.h"
#include "session/split.h"

/* One passage of images through a network. */
typedef struct vrn_passage {
    const vrn_program *program;
    const vrn_split *split;
    VkBuffer input;      /* [count, H, W, 1] vec4 */
    VkBuffer output;     /* where results go, by program->outputs */
    uint32_t count;      /* images */
    VkQueryPool queries; /* timestamps at both ends, or VK_NULL_HANDLE */
    VkQueryPool each;    /* one before each of a slice's steps, and at the end; likewise */
} vrn_passage;

/* The command buffers of a network, each to be submitted by itself (split.h); zero it. The first is
 * buffers[0] of the commands that they are recorded with, whose pool has the others. */
typedef struct vrn_parts {
    VkCommandBuffer *buffers;
    uint32_t count, capacity;
} vrn_parts;

/* Records the whole network, slice by slice, behind a barrier: copies in, dispatches, copies
 * out. */
void vrn_network_record(const vrn_passage *passage, VkCommandBuffer buffer);

/* The same into parts, which begin and end, and hold nothing else; the host may read the results
 * behind the last. */
vrn_result vrn_network_record_parts(const vrn_passage *passage, vrn_commands *commands,
                                    vrn_parts *parts);

#endif
