/* A program's commands: what a run's slot, a recording and the profile record. */
#ifndef VRN_SESSION_NETWORK_H
#define VRN_SESSION_NETWORK_H

#include "gpu/queue.h"
#include "plan/program.h"
#include "session/meter.h"
#include "session/pace.h"
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

/* How far a network was recorded; zeros: not at all. */
typedef struct vrn_position {
    uint32_t images;   /* of a slice */
    uint32_t first;    /* the first image of the present slice */
    bool copied;       /* its input is in the arena */
    uint32_t step;     /* the next one */
    uint32_t dispatch; /* of the step: the next part of a pass .. */
    uint32_t parts;    /* .. of which each pass has so many */
} vrn_position;

/* A piece of a network. */
typedef struct vrn_piece {
    double budget_ms;     /* what it may take; it has one dispatch at least */
    double expected_ms;   /* before: what the command buffer takes already; then: with the piece */
    const vrn_pace *pace; /* instead of the split's */
    vrn_meter *meter;
} vrn_piece;

/* The command buffers of a network, each to be submitted by itself (split.h); zero it. The first is
 * buffers[0] of the commands that they are recorded with, whose pool has the others. */
typedef struct vrn_parts {
    VkCommandBuffer *buffers;
    uint32_t count, capacity;
} vrn_parts;

/* Records the whole network, slice by slice, behind a barrier: copies in, dispatches, copies
 * out. */
void vrn_network_record(const vrn_passage *passage, VkCommandBuffer buffer);

/* Records a piece of the network from `at` on, and moves `at` behind it. Returns whether that is
 * the network's end: the results are in the output then. Nothing else may use the arena between the
 * pieces of a network. */
bool vrn_network_record_piece(const vrn_passage *passage, vrn_position *at, vrn_piece *piece,
                              VkCommandBuffer buffer);

/* The whole network into parts, which begin and end, and hold nothing else; the host may read the
 * results behind the last. */
vrn_result vrn_network_record_parts(const vrn_passage *passage, vrn_commands *commands,
                                    vrn_parts *parts);

#endif
