#include "session/network.h"

#include <math.h>

#include "base/alloc.h"
#include "base/util.h"
#include "gpu/timestamps.h"

/* A network being recorded. */
typedef struct recorder {
    const vrn_passage *passage;
    VkCommandBuffer buffer; /* the current one */
    /* allocates further buffers; NULL: there is only one, which the caller owns */
    vrn_commands *commands;
    vrn_parts *parts;
    const vrn_piece *piece; /* NULL: the whole network is recorded */
    double limit_ms;        /* of a buffer */
    double ms;              /* the expected time of the current buffer */
    vrn_position at;
    vrn_stretch stretch; /* what was recorded */
    bool stopped;        /* the piece is full */
} recorder;

/* Appends another command buffer. */
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

/* Makes room for a dispatch of `ms` milliseconds. If the current buffer is full, begins a new part,
 * or stops if a piece is recorded. */
static vrn_result make_room(recorder *r, double ms)
{
    vrn_device *device = r->passage->program->device;
    const bool full = (r->parts || r->piece) && r->ms > 0 && r->ms + ms > r->limit_ms;
    r->stopped = full && r->piece;
    if (r->stopped) return VRN_OK;
    r->ms = full ? ms : r->ms + ms;
    if (!full) return VRN_OK;
    vrn_result result = vrn_commands_end(r->buffer, device);
    if (!result) result = add_part(r);
    if (!result) vrn_commands_barrier(r->buffer, device, false);
    return result;
}

/* The expected time of the current pass. */
static double pass_ms(const recorder *r, uint32_t images, uint32_t passes)
{
    const vrn_program *program = r->passage->program;
    const vrn_split *split = r->passage->split;
    if (!r->piece) return vrn_split_ms(split, program, r->at.step, images) / passes;
    return vrn_pace_ms(r->piece->pace, program, vrn_pace_pass(r->at.step, r->at.pass), images,
                       split->pace);
}

/* Records the current pass of a step, or the rest of it. */
static vrn_result record_pass(recorder *r, const vrn_step *step, uint32_t images, uint32_t passes)
{
    const vrn_program *program = r->passage->program;
    const vrn_device *device = program->device;
    vrn_position *at = &r->at;
    const double ms = pass_ms(r, images, passes);
    if (at->part == 0) {
        at->parts = vrn_prepared_kernel_parts(&step->prepared, images, at->pass,
                                              vrn_split_parts(step, ms, r->limit_ms));
    }
    for (; at->part < at->parts; at->part++) {
        const double share = vrn_prepared_kernel_share(&step->prepared, images, at->pass, at->part,
                                                       at->parts, device);
        vrn_result result = make_room(r, ms * share);
        if (result || r->stopped) return result;
        if (at->pass > 0 && at->part == 0) vrn_commands_barrier_dispatches(r->buffer, device);
        vrn_commands_begin_label(r->buffer, device, program->graph.nodes[at->step].name);
        vrn_prepared_kernel_record_part(&step->prepared, images, at->pass, at->part, at->parts,
                                        r->buffer, device);
        vrn_commands_end_label(r->buffer, device);
        vrn_stretch_add(&r->stretch, vrn_pace_pass(at->step, at->pass), share);
    }
    at->part = 0;
    return VRN_OK;
}

/* Records the current step, or the rest of it. */
static vrn_result record_step(recorder *r, uint32_t images)
{
    const vrn_step *step = &r->passage->program->steps[r->at.step];
    const uint32_t passes = vrn_kernel_pass_count(step->choice.kernel);
    for (; r->at.pass < passes; r->at.pass++) {
        vrn_result result = record_pass(r, step, images, passes);
        if (result || r->stopped) return result;
    }
    r->at.pass = 0;
    return VRN_OK;
}

static void copy_in(recorder *r, uint32_t images)
{
    const vrn_passage *passage = r->passage;
    const vrn_program *program = passage->program;
    const uint64_t image_bytes = vrn_graph_bytes(&program->graph, 0);
    const VkBufferCopy in = {
        .srcOffset = r->at.first * image_bytes,
        .dstOffset = program->plan.offsets[0],
        .size = images * image_bytes,
    };
    if (r->at.first > 0) vrn_commands_barrier(r->buffer, program->device, false);
    program->device->vk.CmdCopyBuffer(r->buffer, passage->input, program->arena.handle, 1, &in);
    r->at.copied = true;
}

static void copy_out(recorder *r, uint32_t images)
{
    const vrn_passage *passage = r->passage;
    const vrn_program *program = passage->program;
    for (uint32_t i = 0; i < program->output_count; i++) {
        const vrn_output *out = &program->outputs[i];
        const VkBufferCopy region = {
            .srcOffset = program->plan.offsets[out->value],
            .dstOffset = out->offset + r->at.first * out->image_bytes,
            .size = images * out->image_bytes,
        };
        program->device->vk.CmdCopyBuffer(r->buffer, program->arena.handle, passage->output, 1,
                                          &region);
    }
}

/* Records the current slice, or the rest of it. */
static vrn_result record_slice(recorder *r)
{
    const vrn_passage *passage = r->passage;
    const vrn_program *program = passage->program;
    const vrn_device *device = program->device;
    vrn_position *at = &r->at;
    const uint32_t images = vrn_min_u32(at->images, passage->count - at->first);
    if (!at->copied) copy_in(r, images);
    for (; at->step < program->graph.count; at->step++) {
        if (at->pass == 0 && at->part == 0) {
            if (at->step == 0) { /* after a copy */
                vrn_commands_barrier(r->buffer, device, false);
            } else {
                vrn_commands_barrier_dispatches(r->buffer, device);
            }
            vrn_timestamps_write(passage->each, device, r->buffer, at->step);
        }
        vrn_result result = record_step(r, images);
        if (result || r->stopped) return result;
    }
    vrn_commands_barrier(r->buffer, device, false);
    vrn_timestamps_write(passage->each, device, r->buffer, program->graph.count);
    copy_out(r, images);
    at->first += images;
    at->step = 0;
    at->copied = false;
    return VRN_OK;
}

static vrn_result record(recorder *r)
{
    const vrn_passage *passage = r->passage;
    const vrn_program *program = passage->program;
    const vrn_device *device = program->device;
    vrn_timestamps_reset(passage->queries, device, r->buffer, 0, 2);
    vrn_timestamps_reset(passage->each, device, r->buffer, 0, program->graph.count + 1);
    /* The arena may still be in use by an earlier submission. */
    vrn_commands_barrier(r->buffer, device, false);
    vrn_timestamps_write(passage->queries, device, r->buffer, 0);
    if (!r->at.images) {
        r->at.images =
            passage->each ? program->info.slice : vrn_split_images(passage->split, program);
    }
    while (r->at.first < passage->count && !r->stopped) {
        vrn_result result = record_slice(r);
        if (result) return result;
    }
    vrn_timestamps_write(passage->queries, device, r->buffer, 1);
    return VRN_OK;
}

void vrn_network_record(const vrn_passage *passage, VkCommandBuffer buffer)
{
    recorder r = {.passage = passage, .buffer = buffer, .limit_ms = passage->program->limit_ms};
    record(&r); /* with one buffer it cannot fail */
}

bool vrn_network_record_piece(const vrn_passage *passage, vrn_position *at, vrn_piece *piece,
                              VkCommandBuffer buffer)
{
    const vrn_program *program = passage->program;
    recorder r = {.passage = passage,
                  .buffer = buffer,
                  .piece = piece,
                  .limit_ms = fmin(piece->budget_ms, program->limit_ms),
                  .ms = piece->expected_ms,
                  .at = *at};
    vrn_meter_begin(piece->meter, program->device, buffer);
    record(&r);
    const bool ended = r.at.first >= passage->count;
    r.stretch.images = vrn_min_u32(r.at.images, passage->count - at->first);
    vrn_meter_end(piece->meter, program->device, buffer, (vrn_span){.stretch = r.stretch});
    piece->expected_ms = r.ms;
    *at = r.at;
    return ended;
}

vrn_result vrn_network_record_parts(const vrn_passage *passage, vrn_commands *commands,
                                    vrn_parts *parts)
{
    vrn_device *device = passage->program->device;
    recorder r = {.passage = passage,
                  .commands = commands,
                  .parts = parts,
                  .limit_ms = passage->program->limit_ms};
    parts->count = 0;
    vrn_result result = add_part(&r);
    if (!result) result = record(&r);
    if (result) return result;
    vrn_commands_barrier(r.buffer, device, true);
    return vrn_commands_end(r.buffer, device);
}
