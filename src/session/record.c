#include "base/util.h"
#include "session/session.h"

/* Images [first, first + count) through the network. */
static void record_slice(const vrn_session *session, VkCommandBuffer buffer, VkBuffer input,
                         VkBuffer output, uint32_t first, uint32_t count, VkQueryPool each)
{
    const vrn_device *device = session->device;
    const uint64_t image_bytes = vrn_graph_bytes(&session->graph, 0);
    const VkBufferCopy in = {
        .srcOffset = first * image_bytes,
        .dstOffset = session->plan.offsets[0],
        .size = count * image_bytes,
    };
    device->vk.CmdCopyBuffer(buffer, input, session->arena.handle, 1, &in);
    for (uint32_t i = 0; i < session->graph.count; i++) {
        const vrn_step *step = &session->steps[i];
        vrn_commands_barrier(buffer, device, false);
        if (each) {
            device->vk.CmdWriteTimestamp(buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, each, i);
        }
        vrn_commands_begin_label(buffer, device, session->graph.nodes[i].name);
        vrn_kernel_record(step->kernel, &session->graph.nodes[i].desc, count, step->bound, buffer,
                          device);
        vrn_commands_end_label(buffer, device);
    }
    vrn_commands_barrier(buffer, device, false);
    if (each) {
        device->vk.CmdWriteTimestamp(buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, each,
                                     session->graph.count);
    }
    for (uint32_t i = 0; i < session->output_count; i++) {
        const vrn_output *out = &session->outputs[i];
        const VkBufferCopy region = {
            .srcOffset = session->plan.offsets[out->value],
            .dstOffset = out->offset + first * out->image_bytes,
            .size = count * out->image_bytes,
        };
        device->vk.CmdCopyBuffer(buffer, session->arena.handle, output, 1, &region);
    }
}

void vrn_network_record(const vrn_session *session, VkCommandBuffer buffer, VkBuffer input,
                        VkBuffer output, uint32_t count, VkQueryPool queries, bool each)
{
    const vrn_device *device = session->device;
    if (queries) {
        device->vk.CmdResetQueryPool(buffer, queries, 0, each ? session->graph.count + 1 : 2);
    }
    /* The arena may still be in use by an earlier submission. */
    vrn_commands_barrier(buffer, device, false);
    if (queries && !each) {
        device->vk.CmdWriteTimestamp(buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries, 0);
    }
    for (uint32_t first = 0; first < count; first += session->info.slice) {
        uint32_t images = vrn_min_u32(session->info.slice, count - first);
        if (first > 0) vrn_commands_barrier(buffer, device, false);
        record_slice(session, buffer, input, output, first, images,
                     each ? queries : VK_NULL_HANDLE);
    }
    if (queries && !each) {
        device->vk.CmdWriteTimestamp(buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries, 1);
    }
}

vrn_result vrn_network_record_whole(const vrn_session *session, VkCommandBuffer buffer,
                                    VkBuffer input, VkBuffer output, uint32_t count,
                                    VkQueryPool queries, bool each)
{
    vrn_device *device = session->device;
    vrn_result result = vrn_commands_begin(buffer, device, false);
    if (result) return result;
    vrn_network_record(session, buffer, input, output, count, queries, each);
    vrn_commands_barrier(buffer, device, true);
    return vrn_commands_end(buffer, device);
}
