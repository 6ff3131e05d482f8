#include "base/alloc.h"
#include "base/util.h"
#include "session/session.h"

/* A network being recorded. */
typedef struct recorder {
    const vrn_session *session;
    VkCommandBuffer buffer; /* the present one */
    /* whose parts they are; NULL: there is one buffer, which is not the recorder's */
    vrn_slot *slot;
    VkBuffer input, output;
    VkQueryPool each; /* a timestamp before every dispatch, or VK_NULL_HANDLE */
    double ms;        /* what the present buffer holds is expected to take */
} recorder;

/* Another command buffer of a slot, behind those it has. */
static vrn_result add_part(vrn_slot *slot, vrn_device *device)
{
    if (slot->part_count == slot->part_capacity) {
        const uint32_t capacity = slot->part_capacity + 1;
        VkCommandBuffer *grown = vrn_realloc(slot->parts, capacity, sizeof(VkCommandBuffer));
        if (!grown) return vrn_fail_memory(&device->log);
        slot->parts = grown;
        if (slot->part_capacity == 0) {
            grown[0] = slot->commands.buffers[0];
        } else {
            vrn_result result = vrn_commands_add(&slot->commands, device, &grown[capacity - 1]);
            if (result) return result;
        }
        slot->part_capacity = capacity;
    }
    slot->part_count++;
    return VRN_OK;
}

/* Makes room for a dispatch of so many milliseconds: in a new part where the present one is
 * full. */
static vrn_result reserve(recorder *r, double ms)
{
    vrn_device *device = r->session->device;
    const bool full = r->slot && r->ms > 0 && r->ms + ms > r->session->split.limit_ms;
    r->ms = full ? ms : r->ms + ms;
    if (!full) return VRN_OK;
    vrn_result result = vrn_commands_end(r->buffer, device);
    if (!result) result = add_part(r->slot, device);
    if (result) return result;
    r->buffer = r->slot->parts[r->slot->part_count - 1];
    result = vrn_commands_begin(r->buffer, device, false);
    if (!result) vrn_commands_barrier(r->buffer, device, false);
    return result;
}

static vrn_result record_step(recorder *r, uint32_t index, uint32_t images)
{
    const vrn_session *session = r->session;
    const vrn_device *device = session->device;
    const vrn_step *step = &session->steps[index];
    double ms;
    const uint32_t parts = vrn_split_parts(session, index, images, &ms);
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; i < vrn_kernel_pass_count(step->kernel) * parts && !result; i++) {
        const uint32_t pass = i / parts, part = i % parts;
        if (pass > 0 && part == 0) vrn_commands_barrier(r->buffer, device, false);
        result = reserve(r, ms);
        if (result) break;
        vrn_commands_begin_label(r->buffer, device, session->graph.nodes[index].name);
        vrn_prepared_kernel_record_part(&step->prepared, images, pass, part, parts, r->buffer,
                                        device);
        vrn_commands_end_label(r->buffer, device);
    }
    return result;
}

/* Images [first, first + count) through the network. */
static vrn_result record_slice(recorder *r, uint32_t first, uint32_t count)
{
    const vrn_session *session = r->session;
    const vrn_device *device = session->device;
    const uint64_t image_bytes = vrn_graph_bytes(&session->graph, 0);
    const VkBufferCopy in = {
        .srcOffset = first * image_bytes,
        .dstOffset = session->plan.offsets[0],
        .size = count * image_bytes,
    };
    device->vk.CmdCopyBuffer(r->buffer, r->input, session->arena.handle, 1, &in);
    for (uint32_t i = 0; i < session->graph.count; i++) {
        vrn_commands_barrier(r->buffer, device, false);
        if (r->each) {
            device->vk.CmdWriteTimestamp(r->buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, r->each,
                                         i);
        }
        vrn_result result = record_step(r, i, count);
        if (result) return result;
    }
    vrn_commands_barrier(r->buffer, device, false);
    if (r->each) {
        device->vk.CmdWriteTimestamp(r->buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, r->each,
                                     session->graph.count);
    }
    for (uint32_t i = 0; i < session->output_count; i++) {
        const vrn_output *out = &session->outputs[i];
        const VkBufferCopy region = {
            .srcOffset = session->plan.offsets[out->value],
            .dstOffset = out->offset + first * out->image_bytes,
            .size = count * out->image_bytes,
        };
        device->vk.CmdCopyBuffer(r->buffer, session->arena.handle, r->output, 1, &region);
    }
    return VRN_OK;
}

static vrn_result record_network(recorder *r, uint32_t count, VkQueryPool queries)
{
    const vrn_session *session = r->session;
    const vrn_device *device = session->device;
    const uint32_t images = r->each ? session->info.slice : vrn_split_images(session);
    if (queries) {
        device->vk.CmdResetQueryPool(r->buffer, queries, 0, r->each ? session->graph.count + 1 : 2);
    }
    /* The arena may still be in use by an earlier submission. */
    vrn_commands_barrier(r->buffer, device, false);
    if (queries && !r->each) {
        device->vk.CmdWriteTimestamp(r->buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries, 0);
    }
    for (uint32_t first = 0; first < count; first += images) {
        if (first > 0) vrn_commands_barrier(r->buffer, device, false);
        vrn_result result = record_slice(r, first, vrn_min_u32(images, count - first));
        if (result) return result;
    }
    if (queries && !r->each) {
        device->vk.CmdWriteTimestamp(r->buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries, 1);
    }
    return VRN_OK;
}

void vrn_network_record(const vrn_session *session, VkCommandBuffer buffer, VkBuffer input,
                        VkBuffer output, uint32_t count, VkQueryPool queries, bool each)
{
    recorder r = {
        .session = session,
        .buffer = buffer,
        .input = input,
        .output = output,
        .each = each ? queries : VK_NULL_HANDLE,
    };
    record_network(&r, count, queries); /* into one buffer: nothing fails */
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

vrn_result vrn_network_record_parts(const vrn_session *session, vrn_slot *slot, VkBuffer input,
                                    uint32_t count)
{
    vrn_device *device = session->device;
    recorder r = {
        .session = session,
        .buffer = slot->commands.buffers[0],
        .slot = slot,
        .input = input,
        .output = slot->output.handle,
    };
    slot->part_count = 0;
    vrn_result result = add_part(slot, device);
    if (!result) result = vrn_commands_begin(r.buffer, device, false);
    if (!result) result = record_network(&r, count, slot->queries);
    if (result) return result;
    vrn_commands_barrier(r.buffer, device, true);
    return vrn_commands_end(r.buffer, device);
}
