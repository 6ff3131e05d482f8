/* The memory plan: the offset of each value in one arena. Values that are not alive at the same
 * time share memory. */
#ifndef VRN_PLAN_MEMORY_PLAN_H
#define VRN_PLAN_MEMORY_PLAN_H

#include "net/graph.h"

typedef struct vrn_plan {
    uint64_t *offsets; /* [graph.count + 1], of each value */
    uint64_t *scratch; /* [graph.count], of each node's scratch memory */
    uint64_t bytes;    /* of the arena */
} vrn_plan;

/* Plans for `images` images at once, with scratch[i] bytes of scratch memory for node i. A value
 * lives from the node that writes it to the last node that reads it; `kept` values and the graph's
 * outputs live to the end. Offsets are multiples of `alignment`. The memory depends on the widest
 * point of the network, not on its depth. */
vrn_result vrn_plan_create(vrn_plan *plan, const vrn_graph *graph, uint32_t images,
                           const uint64_t *scratch, const vrn_value *kept, uint32_t kept_count,
                           uint64_t alignment, const vrn_log *log);
void vrn_plan_free(vrn_plan *plan); /* accepts a zeroed struct */

#endif
