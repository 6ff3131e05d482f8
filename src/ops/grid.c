#include "ops/grid.h"

#include "base/util.h"

vrn_grid vrn_grid_flat(uint32_t threads, uint64_t elements)
{
    return (vrn_grid){.x = (elements + threads - 1) / threads, .z = 1};
}

void vrn_grid_dispatch(vrn_grid grid, VkCommandBuffer buffer, const vrn_device *device)
{
    uint64_t limit = device->probe.limits.maxComputeWorkGroupCount[0];
    uint64_t y = (grid.x + limit - 1) / limit;
    uint64_t x = y ? (grid.x + y - 1) / y : 0;
    device->vk.CmdDispatch(buffer, (uint32_t)x, (uint32_t)y, grid.z);
}

/* Whether parts are layers along z: there are too few work groups along x. */
static bool by_layers(vrn_grid grid, uint32_t parts)
{
    return grid.x < parts && grid.z > grid.x;
}

uint32_t vrn_grid_parts(vrn_grid grid, uint32_t wanted)
{
    if (by_layers(grid, wanted)) return vrn_min_u32(wanted, grid.z);
    if (grid.x <= wanted) return vrn_max_u32((uint32_t)grid.x, 1);
    const uint64_t width = grid.x / vrn_max_u32(wanted, 1);
    return (uint32_t)((grid.x + width - 1) / width);
}

/* A part of a grid: layers along z, or rows of `width` work groups along y. */
typedef struct part_range {
    bool layers;
    uint32_t first, count;
    uint32_t width, rows; /* of a layer that is not divided */
    double share;         /* of the grid's work groups */
} part_range;

static part_range find_part(vrn_grid grid, uint32_t part, uint32_t parts, uint64_t limit)
{
    part_range p = {.layers = by_layers(grid, parts)};
    uint64_t width = p.layers ? grid.x : (grid.x + parts - 1) / parts;
    const uint64_t rows = width ? (width + limit - 1) / limit : 0;
    if (rows == 0 || grid.z == 0) return p;
    width = (width + rows - 1) / rows;
    p.width = (uint32_t)width;
    p.rows = (uint32_t)rows;
    if (p.layers) {
        p.first = (uint32_t)((uint64_t)grid.z * part / parts);
        p.count = (uint32_t)((uint64_t)grid.z * (part + 1) / parts) - p.first;
        p.share = (double)p.count / grid.z;
        return p;
    }
    /* A shader counts by the number of groups along x, which is that of the dispatch: the same for
     * all. */
    const uint64_t all = (grid.x + width - 1) / width, first = rows * part;
    if (first >= all) return p;
    p.first = (uint32_t)first;
    p.count = (uint32_t)vrn_min_u64(rows, all - first);
    p.share = (double)vrn_min_u64(p.count * width, grid.x - first * width) / (double)grid.x;
    return p;
}

double vrn_grid_share(vrn_grid grid, uint32_t part, uint32_t parts, const vrn_device *device)
{
    const uint64_t limit = device->probe.limits.maxComputeWorkGroupCount[0];
    return parts > 1 ? find_part(grid, part, parts, limit).share : 1;
}

void vrn_grid_dispatch_part(vrn_grid grid, uint32_t part, uint32_t parts, VkCommandBuffer buffer,
                            const vrn_device *device)
{
    const uint64_t limit = device->probe.limits.maxComputeWorkGroupCount[0];
    const part_range p = find_part(grid, part, parts, limit);
    if (p.count == 0) return;
    if (p.layers) {
        device->vk.CmdDispatchBase(buffer, 0, 0, p.first, p.width, p.rows, p.count);
    } else {
        device->vk.CmdDispatchBase(buffer, 0, p.first, 0, p.width, p.count, grid.z);
    }
}
