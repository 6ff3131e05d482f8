#include "session/floats.h"

#include <string.h>

#include "base/util.h"
#include "session/recorder.h"

/* By the bits of a value, because a compiler may have been told that all numbers are finite. */
static bool is_finite(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (bits & 0x7f800000u) != 0x7f800000u;
}

bool vrn_floats_are_finite(const float *values, size_t count)
{
    bool finite = true;
    for (size_t i = 0; i < count; i++) finite &= is_finite(values[i]);
    return finite;
}

/* Copies values and returns true if all of them are finite. Goes through them once. */
static bool copy_finite(float *to, const float *from, size_t count)
{
    bool finite = true;
    for (size_t i = 0; i < count; i++) {
        finite &= is_finite(from[i]);
        to[i] = from[i];
    }
    return finite;
}

/* Converts [3, H, W] to [H, W, 4]. */
static void pack_nchw(float *to, const float *from, size_t pixels)
{
    for (size_t i = 0; i < pixels; i++, to += 4) {
        to[0] = from[i];
        to[1] = from[pixels + i];
        to[2] = from[2 * pixels + i];
        to[3] = 0;
    }
}

/* Converts [C, H, W] or [H, W, C] to [H, W, C padded]. */
static void pack(float *to, const float *from, size_t pixels, uint32_t channels, bool planar)
{
    const size_t padded = (size_t)vrn_c4(channels) * 4;
    const size_t row = planar ? 1 : channels, step = planar ? pixels : 1;
    for (size_t i = 0; i < pixels; i++) {
        for (size_t c = 0; c < padded; c++) {
            *to++ = c < channels ? from[i * row + c * step] : 0;
        }
    }
}

bool vrn_floats_packed_on_device(const vrn_session *session)
{
    return session->program->graph.input.c == 3 &&
           session->device->probe.info.type != VRN_DEVICE_CPU;
}

/* Writes floats as they are, or as [count, H, W, C padded]. */
static vrn_result write_floats(vrn_session *session, vrn_slot *slot, const vrn_inputs *inputs)
{
    const vrn_program *program = session->program;
    const size_t pixels = (size_t)program->info.height * program->info.width;
    const uint32_t channels = program->graph.input.c;
    const bool raw = vrn_floats_packed_on_device(session);
    const size_t each = channels * pixels;
    const size_t step = raw ? each : vrn_graph_bytes(&program->graph, 0) / sizeof(float);
    if (!slot->input.handle) {
        const uint64_t bytes = (uint64_t)step * sizeof(float) * program->info.batch;
        vrn_result result =
            vrn_buffer_create(&slot->input, session->device, VRN_BUFFER_UPLOAD, bytes, "input");
        if (result) return result;
    }
    const float *from = inputs->nchw ? inputs->nchw : inputs->nhwc;
    float *to = slot->input.mapped;
    for (uint32_t i = 0; i < inputs->count; i++, from += each, to += step) {
        if (!(raw ? copy_finite(to, from, each) : vrn_floats_are_finite(from, each))) {
            return vrn_fail(&session->device->log, VRN_ERROR_INVALID_ARGUMENT,
                            "image %u of %u: expected finite numbers, found NaN or infinity", i + 1,
                            inputs->count);
        }
        if (raw) continue;
        if (inputs->nchw && channels == 3) {
            pack_nchw(to, from, pixels);
        } else {
            pack(to, from, pixels, channels, inputs->nchw != NULL);
        }
    }
    return VRN_OK;
}

/* Records the packing of slot->input into buffers[1], unless it is recorded already. */
static vrn_result record_packing(vrn_session *session, vrn_slot *slot, const vrn_inputs *inputs)
{
    const vrn_recorded_input wanted = {inputs->count, inputs->nchw != NULL};
    if (slot->packed.count == wanted.count && slot->packed.planar == wanted.planar) return VRN_OK;
    slot->packed = (vrn_recorded_input){0};
    const vrn_place from = {.buffer = slot->input.handle}, none = {0};
    const vrn_record_params params = {
        .count = inputs->count,
        .nchw = wanted.planar ? from : none,
        .nhwc = wanted.planar ? none : from,
    };
    vrn_recorder r = vrn_recorder_of(session, &params, session->queue);
    r.images = &slot->images;
    r.pool = &slot->pool;
    r.buffer = slot->commands.buffers[1];
    vrn_result result = vrn_recorder_reserve_input(&r);
    if (!result) result = vrn_commands_begin(r.buffer, r.device, false);
    if (!result) result = vrn_recorder_input(&r);
    if (!result) result = vrn_commands_end(r.buffer, r.device);
    if (!result) slot->packed = wanted;
    return result;
}

vrn_result vrn_floats_write(vrn_session *session, vrn_slot *slot, const vrn_inputs *inputs)
{
    vrn_result result = write_floats(session, slot, inputs);
    if (result || !vrn_floats_packed_on_device(session)) return result;
    return record_packing(session, slot, inputs);
}
