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

/* The number of parts to divide a grid into, so that none is larger than a share of 1 / wanted,
 * if work groups allow it, and none is empty. */
uint32_t vrn_grid_parts(vrn_grid grid, uint32_t wanted);

/* The share of a part in the grid's work groups, between 0 and 1. */
double vrn_grid_share(vrn_grid grid, uint32_t part, uint32_t parts, const vrn_device *device);

/* Dispatches one part of several. Parts may run in any order; a part is empty if there are more
 * parts than vrn_grid_parts gives. Needs a pipeline whose key is `based`. */
void vrn_grid_dispatch_part(vrn_grid grid, uint32_t part, uint32_t parts, VkCommandBuffer buffer,
                            const vrn_device *device);

#endif
