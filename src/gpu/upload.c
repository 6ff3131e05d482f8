#include "gpu/upload.h"

#include "base/util.h"

static vrn_result flush(vrn_upload *upload)
{
    if (!upload->recording) return VRN_OK;
    upload->recording = false;
    upload->used = 0;
    VkCommandBuffer buffer = upload->commands.buffers[0];
    /* A queue that can only copy has no stage for shaders. The wait makes the copies available, and
     * the barrier with which every other submission begins makes them visible. */
    if (upload->commands.queue->flags & VK_QUEUE_COMPUTE_BIT) {
        vrn_commands_barrier(buffer, upload->device, false);
    }
    vrn_result result = vrn_commands_end(buffer, upload->device);
    if (!result) result = vrn_commands_run(&upload->commands, upload->device, buffer);
    return result;
}

vrn_result vrn_upload_reserve(vrn_upload *upload, const vrn_buffer *buffer, uint64_t offset,
                              uint64_t size, void **memory, bool *cached)
{
    *memory = NULL;
    *cached = buffer->cached;
    if (buffer->mapped) {
        *memory = (char *)buffer->mapped + offset;
        return VRN_OK;
    }
    vrn_device *device = upload->device;
    vrn_result result;
    if (upload->used + size > upload->staging.size) {
        result = flush(upload);
        if (result) return result;
    }
    if (size > upload->staging.size) {
        result = vrn_buffer_reserve(&upload->staging, device, VRN_BUFFER_UPLOAD,
                                    vrn_max_u64(size, VRN_UPLOAD_PIECE_BYTES), "upload staging");
        if (result) return result;
    }
    if (!upload->commands.pool) {
        result =
            vrn_commands_create(&upload->commands, device, vrn_queue_list_uploads(&device->queues));
        if (result) return result;
    }
    if (!upload->recording) {
        result = vrn_commands_begin(upload->commands.buffers[0], device, true);
        if (result) return result;
        upload->recording = true;
    }
    const VkBufferCopy region = {.srcOffset = upload->used, .dstOffset = offset, .size = size};
    device->vk.CmdCopyBuffer(upload->commands.buffers[0], upload->staging.handle, buffer->handle, 1,
                             &region);
    *memory = (char *)upload->staging.mapped + upload->used;
    *cached = upload->staging.cached;
    upload->used = vrn_round_up(upload->used + size, 16);
    return VRN_OK;
}

vrn_result vrn_upload_end(vrn_upload *upload, vrn_result result)
{
    const vrn_result flushed = flush(upload);
    vrn_commands_destroy(&upload->commands, upload->device);
    vrn_buffer_destroy(&upload->staging, upload->device);
    *upload = (vrn_upload){.device = upload->device};
    return result ? result : flushed;
}
