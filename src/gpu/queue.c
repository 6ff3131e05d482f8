#include "gpu/queue.h"

#include "base/util.h"

static vrn_result allocate(const vrn_commands *commands, vrn_device *device,
                           VkCommandBuffer *buffers, uint32_t count)
{
    const VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = commands->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = count,
    };
    return VRN_CALL(device, AllocateCommandBuffers, &info, buffers);
}

vrn_result vrn_commands_create(vrn_commands *commands, vrn_device *device,
                               const vrn_device_queue *queue)
{
    *commands = (vrn_commands){.queue = queue};
    const VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = queue->family,
    };
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    vrn_result result = VRN_CALL(device, CreateCommandPool, &pool, device->host, &commands->pool);
    if (!result) {
        result = allocate(commands, device, commands->buffers, VRN_COUNT(commands->buffers));
    }
    if (!result) result = VRN_CALL(device, CreateFence, &fence, device->host, &commands->fence);
    if (result) vrn_commands_destroy(commands, device);
    return result;
}

/* The polling interval, in which a wait notices that the device was lost, and the longest wait for
 * a lost device, whose fences a driver need not signal soon. */
static const uint64_t look_ns = UINT64_C(250000000), lost_ns = UINT64_C(2000000000);

/* Also returns VK_ERROR_DEVICE_LOST if only another thread has learned of the loss. */
static VkResult wait(const vrn_commands *commands, const vrn_device *device)
{
    VkResult waited;
    do {
        waited = device->vk.WaitForFences(device->handle, 1, &commands->fence, VK_TRUE, look_ns);
    } while (waited == VK_TIMEOUT && !atomic_load(&device->lost));
    return waited == VK_TIMEOUT ? VK_ERROR_DEVICE_LOST : waited;
}

/* Waits for a pending submission, whose resources will be destroyed. */
static void finish(vrn_commands *commands, vrn_device *device)
{
    if (!commands->pending) return;
    if (atomic_load(&device->lost)) {
        device->vk.WaitForFences(device->handle, 1, &commands->fence, VK_TRUE, lost_ns);
    } else if (wait(commands, device) != VK_SUCCESS && !atomic_load(&device->lost)) {
        vrn_queue_lock(&device->queues, commands->queue);
        device->vk.QueueWaitIdle(commands->queue->handle);
        vrn_queue_unlock(&device->queues, commands->queue);
    }
    commands->pending = false;
    commands->signalled = true;
}

void vrn_commands_destroy(vrn_commands *commands, vrn_device *device)
{
    finish(commands, device);
    if (commands->fence) {
        device->vk.DestroyFence(device->handle, commands->fence, device->host);
    }
    if (commands->pool) device->vk.DestroyCommandPool(device->handle, commands->pool, device->host);
    *commands = (vrn_commands){0};
}

vrn_result vrn_commands_add(vrn_commands *commands, vrn_device *device, VkCommandBuffer *buffer)
{
    return allocate(commands, device, buffer, 1);
}

vrn_result vrn_commands_begin(VkCommandBuffer buffer, vrn_device *device, bool once)
{
    const VkCommandBufferBeginInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = once ? VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT : 0,
    };
    vrn_result result =
        vrn_device_check(device, device->vk.ResetCommandBuffer(buffer, 0), "vkResetCommandBuffer");
    if (result) return result;
    return vrn_device_check(device, device->vk.BeginCommandBuffer(buffer, &info),
                            "vkBeginCommandBuffer");
}

vrn_result vrn_commands_end(VkCommandBuffer buffer, vrn_device *device)
{
    return vrn_device_check(device, device->vk.EndCommandBuffer(buffer), "vkEndCommandBuffer");
}

/* Resets a fence that was waited for. A failure does not affect the results, and the next
 * submission tries again. */
static vrn_result reset_fence(vrn_commands *commands, vrn_device *device)
{
    if (!commands->signalled) return VRN_OK;
    VkResult reset = device->vk.ResetFences(device->handle, 1, &commands->fence);
    commands->signalled = reset != VK_SUCCESS;
    return vrn_device_check(device, reset, "vkResetFences");
}

static void split(const vrn_timeline_point *points, uint32_t count, VkSemaphore *semaphores,
                  uint64_t *values)
{
    for (uint32_t i = 0; i < count; i++) {
        semaphores[i] = points[i].semaphore;
        values[i] = points[i].value;
    }
}

/* Submits once. The first submission waits for the points in order->waits. The last one has the
 * fence, and signals order->signals. */
static VkResult submit(const vrn_device *device, VkQueue queue, const VkCommandBuffer *buffers,
                       uint32_t count, const vrn_submit_order *order, bool first, VkFence fence)
{
    const uint32_t wait_count = first ? order->wait_count : 0;
    const uint32_t signal_count = fence ? order->signal_count : 0;
    VkSemaphore waits[VRN_MAX_TIMELINE_POINTS], signals[VRN_MAX_TIMELINE_POINTS];
    uint64_t wait_values[VRN_MAX_TIMELINE_POINTS], signal_values[VRN_MAX_TIMELINE_POINTS];
    VkPipelineStageFlags stages[VRN_MAX_TIMELINE_POINTS];
    split(order->waits, wait_count, waits, wait_values);
    split(order->signals, signal_count, signals, signal_values);
    for (uint32_t i = 0; i < wait_count; i++) stages[i] = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkTimelineSemaphoreSubmitInfo timeline = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .waitSemaphoreValueCount = wait_count,
        .pWaitSemaphoreValues = wait_values,
        .signalSemaphoreValueCount = signal_count,
        .pSignalSemaphoreValues = signal_values,
    };
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = wait_count || signal_count ? &timeline : NULL,
        .waitSemaphoreCount = wait_count,
        .pWaitSemaphores = waits,
        .pWaitDstStageMask = stages,
        .commandBufferCount = count,
        .pCommandBuffers = buffers,
        .signalSemaphoreCount = signal_count,
        .pSignalSemaphores = signals,
    };
    return device->vk.QueueSubmit(queue, 1, &info, fence);
}

/* Submits the fence after the parts that were submitted, when a later part failed. If that fails
 * too, waits for the queue, although an application's thread may need the lock held here to let the
 * queue proceed. */
static bool fence_the_rest(vrn_commands *commands, vrn_device *device)
{
    VkQueue queue = commands->queue->handle;
    const bool fenced = device->vk.QueueSubmit(queue, 0, NULL, commands->fence) == VK_SUCCESS;
    if (!fenced) device->vk.QueueWaitIdle(queue);
    return fenced;
}

vrn_result vrn_commands_submit(vrn_commands *commands, vrn_device *device, VkCommandBuffer ahead,
                               const VkCommandBuffer *buffers, uint32_t count,
                               const vrn_submit_order *order)
{
    static const vrn_submit_order none = {0};
    const VkCommandBuffer both[] = {ahead, buffers[0]};
    if (!order) order = &none;
    vrn_result result = vrn_device_alive(device);
    if (!result) result = reset_fence(commands, device);
    if (result) return result;
    VkResult submitted = VK_SUCCESS;
    bool under_way = false; /* some parts run although a later one failed */
    vrn_queue_lock(&device->queues, commands->queue);
    atomic_store(&device->submitted, true);
    const double begin = vrn_time_ms();
    /* Drivers may merge the submissions of one call, so each buffer gets its own call. */
    for (uint32_t i = 0; i < count && submitted == VK_SUCCESS; i++) {
        const bool last = i + 1 == count, behind = i == 0 && ahead;
        submitted = submit(device, commands->queue->handle, behind ? both : buffers + i,
                           behind ? 2 : 1, order, i == 0, last ? commands->fence : VK_NULL_HANDLE);
        if (submitted != VK_SUCCESS && i > 0) under_way = fence_the_rest(commands, device);
    }
    commands->driver_ms = vrn_time_ms() - begin;
    vrn_queue_unlock(&device->queues, commands->queue);
    commands->pending = submitted == VK_SUCCESS || under_way;
    result = vrn_device_check(device, submitted, "vkQueueSubmit");
    if (under_way) finish(commands, device); /* the work must not outlive its buffers */
    return result;
}

vrn_result vrn_commands_wait(vrn_commands *commands, vrn_device *device)
{
    if (!commands->pending) return VRN_OK;
    const double begin = vrn_time_ms();
    VkResult waited = wait(commands, device);
    commands->wait_ms = vrn_time_ms() - begin;
    commands->pending = waited != VK_SUCCESS;
    commands->signalled = waited == VK_SUCCESS;
    vrn_result result = vrn_device_check(device, waited, "vkWaitForFences");
    return result ? result : reset_fence(commands, device);
}

vrn_result vrn_commands_run(vrn_commands *commands, vrn_device *device, VkCommandBuffer buffer)
{
    vrn_result result = vrn_commands_submit(commands, device, VK_NULL_HANDLE, &buffer, 1, NULL);
    if (!result) result = vrn_commands_wait(commands, device);
    finish(commands, device);
    return result;
}

void vrn_commands_barrier(VkCommandBuffer buffer, const vrn_device *device, bool to_host)
{
    const VkPipelineStageFlags work =
        VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT;
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT |
                         VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT |
                         (to_host ? VK_ACCESS_HOST_READ_BIT : 0),
    };
    device->vk.CmdPipelineBarrier(buffer, work, work | (to_host ? VK_PIPELINE_STAGE_HOST_BIT : 0),
                                  0, 1, &barrier, 0, NULL, 0, NULL);
}

void vrn_commands_barrier_dispatches(VkCommandBuffer buffer, const vrn_device *device)
{
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT,
    };
    device->vk.CmdPipelineBarrier(buffer, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                                  VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &barrier, 0, NULL, 0,
                                  NULL);
}

void vrn_commands_begin_label(VkCommandBuffer buffer, const vrn_device *device, const char *name)
{
    if (!device->vk.CmdBeginDebugUtilsLabelEXT) return;
    const VkDebugUtilsLabelEXT label = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT,
        .pLabelName = name,
    };
    device->vk.CmdBeginDebugUtilsLabelEXT(buffer, &label);
}

void vrn_commands_end_label(VkCommandBuffer buffer, const vrn_device *device)
{
    if (device->vk.CmdEndDebugUtilsLabelEXT) device->vk.CmdEndDebugUtilsLabelEXT(buffer);
}
