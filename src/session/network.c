#include "session/network.h"

#include "base/alloc.h"
#include "base/util.h"
#include "gpu/timestamps.h"

/* A network being recorded. */
typedef struct recorder {
    const vrn_passage *passage;
    VkCommandBuffer buffer; /* the present one */
    /* where further ones come from; NULL: there is one, which is not the recorder's */
    vrn_commands *commands;
    vrn_parts *parts;
    double ms; /* what the present buffer holds is expected to take */
} recorder;

/* Another command buffer, behind those there are. */
static vrn_result add_part(recorder *r)
{
    vrn_parts *parts = r->parts;
    vrn_device *device = r->passage->program->device;
    if (parts->count == parts->capacity) {
        const uint32_t capacity = parts->capacity + 1;
        VkCommandBuffer *grown = vrn_realloc(parts->buffers, capacity, sizeof(VkCommandBuffer));
        if (!grown) return vrn_fail_memory(&device->log);
        parts->buffers = grown;
        if (parts->capacity == 0) {
            grown[0] = r->commands->buffers[0];
        } else {
            vrn_result result = vrn_commands_add(r->commands, device, &grown[capacity - 1]);
            if (result) return result;
        }
        parts->capacity = capacity;
    }
    r->buffer = parts->buffers[parts->count++];
    return vrn_commands_begin(r->buffer, device, false);
}

/* Makes room for a dispatch of so many milliseconds: in a new part where the present one is
 * full. */
static vrn_result make_room(recorder *r, double ms)
{
    const vrn_program *program = r->passage->program;
    const bool full = r->parts && r->ms > 0 && r->ms + ms > program->limit_ms;
    r->ms = full ? ms : r->ms + ms;
    if (!full) return VRN_OK;
    vrn_result result = vrn_commands_end(r->buffer, program->device);
    if (!result) result = add_part(r);
    if (!result) vrn_commands_barrier(r->buffer, program->device, false);
    return result;
}

static vrn_result record_step(recorder *r, uint32_t index, uint32_t images)
{
    const vrn_program *program = r->passage->program;
    const vrn_device *device = program->device;
    const vrn_step *step = &program->steps[index];
    double ms;
    const uint32_t parts = vrn_split_parts(r->passage->split, program, index, images, &ms);
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; i < vrn_kernel_pass_count(step->choice.kernel) * parts && !result; i++) {
        const uint32_t pass = i / parts, part = i % parts;
        if (pass > 0 && part == 0) vrn_commands_barrier(r->buffer, device, false);
        result = make_room(r, ms);
        if (result) break;
        vrn_commands_begin_label(r->buffer, device, program->graph.nodes[index].name);
        vrn_prepared_kernel_record_part(&step->prepared, images, pass, part, parts, r->buffer,
                                        device);
        vrn_commands_end_label(r->buffer, device);
    }
    return result;
}

/* Images [first, first + count) through the network. */
static vrn_result record_slice(recorder *r, uint32_t first, uint32_t count)
{
    const vrn_passage *passage = r->passage;
    const vrn_program *program = passage->program;
    const vrn_device *device = program->device;
    VkBuffer arena = program->arena.handle;
    const uint64_t image_bytes = vrn_graph_bytes(&program->graph, 0);
    const VkBufferCopy in = {
        .srcOffset = first * image_bytes,
        .dstOffset = program->plan.offsets[0],
        .size = count * image_bytes,
    };
    device->vk.CmdCopyBuffer(r->buffer, passage->input, arena, 1, &in);
    for (uint32_t i = 0; i < program->graph.count; i++) {
        vrn_commands_barrier(r->buffer, device, false);
        vrn_timestamps_write(passage->each, device, r->buffer, i);
        vrn_result result = record_step(r, i, count);
        if (result) return result;
    }
    vrn_commands_barrier(r->buffer, device, false);
    vrn_timestamps_write(passage->each, device, r->buffer, program->graph.count);
    for (uint32_t i = 0; i < program->output_count; i++) {
        const vrn_output *out = &program->outputs[i];
        const VkBufferCopy region = {
            .srcOffset = program->plan.offsets[out->value],
            .dstOffset = out->offset + first * out->image_bytes,
            .size = count * out->image_bytes,
        };
        device->vk.CmdCopyBuffer(r->buffer, arena, passage->output, 1, &region);
    }
    return VRN_OK;
}

static vrn_result record(recorder *r)
{
    const vrn_passage *passage = r->passage;
    const vrn_program *program = passage->program;
    const vrn_device *device = program->device;
    const uint32_t images =
        passage->each ? program->info.slice : vrn_split_images(passage->split, program);
    vrn_timestamps_reset(passage->queries, device, r->buffer, 0, 2);
    vrn_timestamps_reset(passage->each, device, r->buffer, 0, program->graph.count + 1);
    /* The arena may still be in use by an earlier submission. */
    vrn_commands_barrier(r->buffer, device, false);
    vrn_timestamps_write(passage->queries, device, r->buffer, 0);
    for (uint32_t first = 0; first < passage->count; first += images) {
        if (first > 0) vrn_commands_barrier(r->buffer, device, false);
        vrn_result result = record_slice(r, first, vrn_min_u32(images, passage->count - first));
        if (result) return result;
    }
    vrn_timestamps_write(passage->queries, device, r->buffer, 1);
    return VRN_OK;
}

void vrn_network_record(const vrn_passage *passage, VkCommandBuffer buffer)
{
    recorder r = {.passage = passage, .buffer = buffer};
    record(&r); /* into one buffer: nothing fails */
}

vrn_result vrn_network_record_parts(const vrn_passage *passage, vrn_commands *commands,
                                    vrn_parts *parts)
{
    vrn_device *device = passage->program->device;
    recorder r = {.passage = passage, .commands = commands, .parts = parts};
    parts->count = 0;
    vrn_result result = add_part(&r);
    if (!result) result = record(&r);
    if (result) return result;
    vrn_commands_barrier(r.buffer, device, true);
    return vrn_commands_end(r.buffer, device);
}
