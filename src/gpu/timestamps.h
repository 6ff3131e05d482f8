/* Timestamps that the device's queue writes between commands. If the queue has none, the pool is
 * VK_NULL_HANDLE, and nothing is recorded. */
#ifndef VRN_GPU_TIMESTAMPS_H
#define VRN_GPU_TIMESTAMPS_H

#include "gpu/device.h"

vrn_result vrn_timestamps_create(VkQueryPool *queries, vrn_device *device, uint32_t count);
void vrn_timestamps_destroy(VkQueryPool queries, vrn_device *device);

/* Records a reset of `count` timestamps from `first` on. */
void vrn_timestamps_reset(VkQueryPool queries, const vrn_device *device, VkCommandBuffer buffer,
                          uint32_t first, uint32_t count);

/* Records the writing of a timestamp after all earlier commands have ended. */
void vrn_timestamps_write(VkQueryPool queries, const vrn_device *device, VkCommandBuffer buffer,
                          uint32_t index);

/* The timestamps of commands that have ended, for vrn_device_ticks_ms. */
VkResult vrn_timestamps_read(VkQueryPool queries, const vrn_device *device, uint32_t first,
                             uint32_t count, uint64_t *ticks);

/* Sets *ms to the time from a timestamp to the next one, for commands that have ended. Some drivers
 * have no timestamps even then, or write both at the end of the command buffer: *ms is then
 * unchanged, so set it to a time by the host's clock first. Errors are the driver's. */
vrn_result vrn_timestamps_ms(VkQueryPool queries, vrn_device *device, uint32_t first, double *ms);

#endif
