/* The number of work groups of a dispatch. */
#ifndef VRN_OPS_GRID_H
#define VRN_OPS_GRID_H

#include "gpu/device.h"

/* Any number along x (folded into x and y if it exceeds the limit of a dimension), few along z.
 * Drivers run x first: convolutions put pixels there and output channels along z, so that work
 * groups that follow each other read the same weights. */
typedef struct vrn_grid {
    uint64_t x;
    uint32_t z;
} vrn_grid;

/* One invocation for each of `elements`, in work groups of `threads`. */
vrn_grid vrn_grid_flat(uint32_t threads, uint64_t elements);

/* Dispatches a grid, with x folded into x and y. */
void vrn_grid_dispatch(vrn_grid grid, VkCommandBuffer buffer, const vrn_device *device);

/* Dispatches one part of several. Parts are about equal and may run in any order; a part may be
 * empty. Needs a pipeline whose key is `based`. */
void vrn_grid_dispatch_part(vrn_grid grid, uint32_t part, uint32_t parts, VkCommandBuffer buffer,
                            const vrn_device *device);

#endif
