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

/* Divides rows of work groups along y, or layers along z if there are few rows. */
void vrn_grid_dispatch_part(vrn_grid grid, uint32_t part, uint32_t parts, VkCommandBuffer buffer,
                            const vrn_device *device)
{
    const uint64_t limit = device->probe.limits.maxComputeWorkGroupCount[0];
    const bool layers = grid.x < parts && grid.z > grid.x;
    uint64_t width = layers ? grid.x : (grid.x + parts - 1) / parts;
    const uint64_t rows = width ? (width + limit - 1) / limit : 0;
    if (rows == 0) return;
    width = (width + rows - 1) / rows;
    if (layers) {
        const uint32_t first = (uint32_t)((uint64_t)grid.z * part / parts);
        const uint32_t end = (uint32_t)((uint64_t)grid.z * (part + 1) / parts);
        if (first == end) return;
        device->vk.CmdDispatchBase(buffer, 0, 0, first, (uint32_t)width, (uint32_t)rows,
                                   end - first);
        return;
    }
    /* A shader counts by the number of groups along x, which is that of the dispatch: the same for
     * all. */
    const uint64_t all = (grid.x + width - 1) / width, first = rows * part;
    if (first >= all) return;
    device->vk.CmdDispatchBase(buffer, 0, (uint32_t)first, 0, (uint32_t)width,
                               (uint32_t)vrn_min_u64(rows, all - first), grid.z);
}
