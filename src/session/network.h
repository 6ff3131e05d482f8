/* Records a program's commands, for a run's slot, a recording and the profile. */
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
    VkQueryPool each;    /* one before each of a slice's steps, and at the end; or VK_NULL_HANDLE */
} vrn_passage;

/* How far a network was recorded; zeros: nothing yet. */
typedef struct vrn_position {
    uint32_t images; /* of a slice */
    uint32_t first;  /* the first image of the present slice */
    bool copied;     /* its input is in the arena */
    uint32_t step;   /* of the next dispatch */
    uint32_t pass;   /* of the next dispatch, in its step */
    uint32_t part;   /* of the pass: what the next dispatch computes */
    uint32_t parts;  /* into which the pass is divided */
} vrn_position;

/* A piece of a network. */
typedef struct vrn_piece {
    double budget_ms;     /* the time it may take; it has at least one dispatch */
    double expected_ms;   /* in: of the command buffer so far; out: with the piece */
    const vrn_pace *pace; /* instead of the split's */
    vrn_meter *meter;
} vrn_piece;

/* The command buffers of a network, each to be submitted by itself (session/split.h). Zero it
 * before its first use. The first is buffers[0] of the commands that they are recorded with, whose
 * pool has the others. */
typedef struct vrn_parts {
    VkCommandBuffer *buffers;
    uint32_t count, capacity;
} vrn_parts;

/* Records a barrier, then the whole network slice by slice: copies in, dispatches, copies out. */
void vrn_network_record(const vrn_passage *passage, VkCommandBuffer buffer);

/* Records a piece of the network from `at` on, and moves `at` to its end. Returns true at the end
 * of the network, whose results are then in the output. Nothing else may use the arena between the
 * pieces of a network. */
bool vrn_network_record_piece(const vrn_passage *passage, vrn_position *at, vrn_piece *piece,
                              VkCommandBuffer buffer);

/* Records the whole network into parts, which it begins and ends and which hold nothing else. The
 * host may read the results after the last one. */
vrn_result vrn_network_record_parts(const vrn_passage *passage, vrn_commands *commands,
                                    vrn_parts *parts);

#endif
