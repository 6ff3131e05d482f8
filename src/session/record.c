/* vrn_session_record: converts the application's input to the network's, records the network, and
 * copies the results to the application's buffers. */
#include <vkresnet/vulkan.h>

#include "base/alloc.h"
#include "base/log.h"
#include "gpu/timestamps.h"
#include "session/recorder.h"
#include "session/recording.h"

typedef struct recorder {
    vrn_recorder base;
    vrn_recording *recording;
    double budget_ms;
} recorder;

/* ---- The slot ---- */

static vrn_result get_recording(recorder *r)
{
    vrn_recorder *base = &r->base;
    const vrn_log *log = &base->device->log;
    const uint32_t slot = base->params->slot;
    if (slot >= VRN_MAX_RECORD_SLOTS) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, "slot %u: expected a number below %d",
                        slot, VRN_MAX_RECORD_SLOTS);
    }
    vrn_recording **place = &base->session->recordings[slot];
    if (!*place) *place = vrn_alloc(1, sizeof **place);
    if (!*place) return vrn_fail_memory(log);
    r->recording = *place;
    const uint32_t batch = base->session->program->info.batch;
    vrn_result result = vrn_recording_reserve(r->recording, base->session, base->params,
                                              (uint64_t)batch * base->top * sizeof(vrn_top));
    base->images = &r->recording->images;
    base->pool = &r->recording->pool;
    base->output = r->recording->output.handle;
    if (base->params->keep_top) base->kept_top = r->recording->top.handle;
    return result;
}

/* Checks that the cursor belongs to a network of this slot that nothing has overwritten. */
static vrn_result check_cursor(const recorder *r)
{
    const vrn_recording *recording = r->recording;
    const vrn_log *log = &r->base.device->log;
    const vrn_record_cursor *cursor = r->base.params->cursor;
    if (cursor && !(r->budget_ms > 0)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "a recording with a cursor needs a budget: budget_ms, or record_budget_ms "
                        "of the session");
    }
    if (!cursor || !r->base.continued) return VRN_OK;
    if (cursor->done) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "the network of this cursor is done: zero the cursor to begin another");
    }
    if (cursor->token != r->base.session->uses || !recording->at.images) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "the session was used for something else after this cursor's last "
                        "recording: zero the cursor to begin again");
    }
    if (recording->count != r->base.count) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "a recording with a cursor: expected %u image%s, as in the cursor's "
                        "earlier recordings, found %u",
                        recording->count, recording->count == 1 ? "" : "s", r->base.count);
    }
    return VRN_OK;
}

/* ---- All of it ---- */

static vrn_passage passage(const vrn_recorder *r)
{
    return (vrn_passage){
        .program = r->session->program,
        .split = &r->session->split,
        .input = r->images->tensor.handle,
        .output = r->output,
        .count = r->count,
    };
}

static vrn_result record_whole(const vrn_recorder *r)
{
    vrn_result result = vrn_recorder_input(r);
    if (result) return result;
    const vrn_passage all = passage(r);
    vrn_network_record(&all, r->buffer);
    return vrn_recorder_results(r);
}

/* Records as much as the budget allows. The input of a session's first network is recorded alone,
 * because its time is not known yet. */
static vrn_result record_part(const recorder *whole)
{
    const vrn_recorder *r = &whole->base;
    vrn_session *session = r->session;
    vrn_recording *recording = whole->recording;
    vrn_record_cursor *cursor = r->params->cursor;
    vrn_piece piece = {
        .budget_ms = whole->budget_ms, .pace = &session->pace, .meter = &recording->meter};
    vrn_meter_read(&recording->meter, session->program, &session->pace, session->split.pace);
    if (!r->continued) {
        const vrn_span input = {.input = true, .stretch.images = r->count};
        vrn_meter_forget(&recording->meter);
        recording->at = (vrn_position){0};
        recording->count = r->count;
        vrn_meter_begin(&recording->meter, r->device, r->buffer);
        vrn_result result = vrn_recorder_input(r);
        if (result) return result;
        vrn_meter_end(&recording->meter, r->device, r->buffer, input);
        piece.expected_ms = session->pace.input_ms * r->count;
        if (recording->meter.queries && !(piece.expected_ms > 0)) {
            piece.expected_ms = whole->budget_ms;
        }
    }
    const vrn_passage all = passage(r);
    const bool done = vrn_network_record_piece(&all, &recording->at, &piece, r->buffer);
    const vrn_result result = done ? vrn_recorder_results(r) : VRN_OK;
    if (result) return result;
    *cursor = (vrn_record_cursor){
        .done = done, .recordings = cursor->recordings + 1, .token = session->uses};
    return VRN_OK;
}

static vrn_result record_all(const recorder *whole)
{
    const vrn_recorder *r = &whole->base;
    vrn_commands_begin_label(r->buffer, r->device, "vkresnet");
    vrn_recorder_begin(r);
    VkQueryPool queries = r->params->timed ? whole->recording->queries : VK_NULL_HANDLE;
    whole->recording->timed = queries != VK_NULL_HANDLE;
    vrn_timestamps_reset(queries, r->device, r->buffer, 0, 2);
    vrn_timestamps_write(queries, r->device, r->buffer, 0);
    r->session->uses++;
    vrn_result result = r->params->cursor ? record_part(whole) : record_whole(r);
    if (result) return result;
    vrn_timestamps_write(queries, r->device, r->buffer, 1);
    vrn_recorder_end(r);
    vrn_commands_end_label(r->buffer, r->device);
    return VRN_OK;
}

vrn_result vrn_session_record(vrn_session *session, VkCommandBuffer commands,
                              const vrn_record_params *params)
{
    if (!session || !commands || !params) {
        return vrn_fail(session ? &session->device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_session_record: session, commands or params is NULL");
    }
    const vrn_device_queue *queue;
    recorder r = {
        .budget_ms = params->budget_ms != 0 ? params->budget_ms : session->record_budget_ms,
    };
    vrn_result result = vrn_device_alive(session->device);
    if (!result) result = vrn_device_queue_at(&queue, session->device, params->queue);
    if (!result) {
        r.base = vrn_recorder_of(session, params, queue);
        r.base.continued = params->cursor && params->cursor->token;
        r.base.buffer = commands;
        result = vrn_recorder_check(&r.base, true);
    }
    if (!result) result = get_recording(&r);
    if (!result) result = check_cursor(&r);
    if (!result) result = vrn_recorder_reserve(&r.base);
    if (!result) result = record_all(&r);
    if (result && params->cursor) *params->cursor = (vrn_record_cursor){0};
    return result;
}

/* ---- The application's part of a transfer of ownership ---- */

static vrn_result hand_over(vrn_session *session, VkCommandBuffer commands,
                            const vrn_record_params *params, bool back, const char *call)
{
    if (!session || !commands || !params || !params->images) {
        return vrn_fail(session ? &session->device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "%s: session, commands, params or params->images is NULL", call);
    }
    const vrn_device_queue *queue;
    const vrn_log *log = &session->device->log;
    vrn_result result = vrn_device_queue_at(&queue, session->device, params->queue);
    if (!result && !params->transfer_images) {
        result = vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, "%s: transfer_images is not set", call);
    }
    if (!result) result = vrn_recorder_check_transfer(params, log);
    if (result) return result;
    const vrn_image_changes changes = vrn_recorder_image_changes(params, queue);
    vrn_image_changes_hand_over(&changes, back, session->device, commands);
    return VRN_OK;
}

vrn_result vrn_session_release_images(vrn_session *session, VkCommandBuffer commands,
                                      const vrn_record_params *params)
{
    return hand_over(session, commands, params, false, "vrn_session_release_images");
}

vrn_result vrn_session_acquire_images(vrn_session *session, VkCommandBuffer commands,
                                      const vrn_record_params *params)
{
    return hand_over(session, commands, params, true, "vrn_session_acquire_images");
}
