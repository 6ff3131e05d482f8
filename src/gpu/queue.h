/* Command buffers: recording, submitting and waiting. */
#ifndef VRN_GPU_QUEUE_H
#define VRN_GPU_QUEUE_H

#include <vkresnet/vulkan.h>

#include "gpu/device.h"

/* A command pool with primary command buffers, each of which can be recorded again separately, and
 * a fence. Only one thread at a time may use it. */
typedef struct vrn_commands {
    const vrn_device_queue *queue; /* may be changed to another one of the same family */
    VkCommandPool pool;
    VkCommandBuffer buffers[3];
    VkFence fence;
    bool pending;     /* submitted, not waited for */
    bool signalled;   /* waited for; the fence is still to be reset */
    double driver_ms; /* in the last vkQueueSubmit; without waiting for the queue's lock */
    double wait_ms;   /* in the last vkWaitForFences */
} vrn_commands;

vrn_result vrn_commands_create(vrn_commands *commands, vrn_device *device,
                               const vrn_device_queue *queue);
void vrn_commands_destroy(vrn_commands *commands, vrn_device *device); /* waits; accepts zeros */

/* Resets and begins a command buffer, in any state that an earlier failure left. */
vrn_result vrn_commands_begin(VkCommandBuffer buffer, vrn_device *device, bool once);
vrn_result vrn_commands_end(VkCommandBuffer buffer, vrn_device *device);

/* Adds another command buffer to the pool, which frees it. */
vrn_result vrn_commands_add(vrn_commands *commands, vrn_device *device, VkCommandBuffer *buffer);

/* Submits `count` buffers one by one under the queue's lock, each as its own submission, the first
 * one together with `ahead` (or VK_NULL_HANDLE). `order`, or NULL, places them among other work; it
 * was checked (not too many points, and the device has timeline semaphores). If one fails, those
 * before it have ended. */
vrn_result vrn_commands_submit(vrn_commands *commands, vrn_device *device, VkCommandBuffer ahead,
                               const VkCommandBuffer *buffers, uint32_t count,
                               const vrn_submit_order *order);

/* Waits for the last submission if it is pending. It stays pending if the wait fails. A wait ends
 * when any thread learns that the device is lost, whatever the driver does. */
vrn_result vrn_commands_wait(vrn_commands *commands, vrn_device *device);

/* Submits one buffer and waits. Nothing is pending afterwards, as far as the driver reports: even
 * after a failure, everything that the buffer used may be destroyed or recorded again. */
vrn_result vrn_commands_run(vrn_commands *commands, vrn_device *device, VkCommandBuffer buffer);

/* Makes everything that earlier commands of the queue wrote, by kernel or copy, visible to later
 * ones, and with `to_host` also to the host. */
void vrn_commands_barrier(VkCommandBuffer buffer, const vrn_device *device, bool to_host);

/* The same between dispatches alone, which need not wait for copies. */
void vrn_commands_barrier_dispatches(VkCommandBuffer buffer, const vrn_device *device);

/* Give the commands between them a name for debuggers. Do nothing without VK_EXT_debug_utils. */
void vrn_commands_begin_label(VkCommandBuffer buffer, const vrn_device *device, const char *name);
void vrn_commands_end_label(VkCommandBuffer buffer, const vrn_device *device);

#endif
