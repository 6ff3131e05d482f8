#include "gpu/timestamps.h"

vrn_result vrn_timestamps_create(VkQueryPool *queries, vrn_device *device, uint32_t count)
{
    *queries = VK_NULL_HANDLE;
    if (!vrn_device_has(device, VRN_CAPABILITY_TIMESTAMPS)) return VRN_OK;
    const VkQueryPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
        .queryType = VK_QUERY_TYPE_TIMESTAMP,
        .queryCount = count,
    };
    return VRN_CALL(device, CreateQueryPool, &info, device->host, queries);
}

void vrn_timestamps_destroy(VkQueryPool queries, vrn_device *device)
{
    if (queries) device->vk.DestroyQueryPool(device->handle, queries, device->host);
}

void vrn_timestamps_reset(VkQueryPool queries, const vrn_device *device, VkCommandBuffer buffer,
                          uint32_t first, uint32_t count)
{
    if (queries) device->vk.CmdResetQueryPool(buffer, queries, first, count);
}

void vrn_timestamps_write(VkQueryPool queries, const vrn_device *device, VkCommandBuffer buffer,
                          uint32_t index)
{
    if (!queries) return;
    device->vk.CmdWriteTimestamp(buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries, index);
}

VkResult vrn_timestamps_read(VkQueryPool queries, const vrn_device *device, uint32_t first,
                             uint32_t count, uint64_t *ticks)
{
    return device->vk.GetQueryPoolResults(device->handle, queries, first, count,
                                          count * sizeof *ticks, ticks, sizeof *ticks,
                                          VK_QUERY_RESULT_64_BIT);
}

vrn_result vrn_timestamps_ms(VkQueryPool queries, vrn_device *device, uint32_t first, double *ms)
{
    uint64_t ticks[2] = {0};
    VkResult read = vrn_timestamps_read(queries, device, first, 2, ticks);
    if (read == VK_NOT_READY) return VRN_OK;
    const double told = vrn_device_ticks_ms(device, ticks[0], ticks[1]);
    if (read == VK_SUCCESS && told > 0) *ms = told;
    return vrn_device_check(device, read, "vkGetQueryPoolResults");
}
