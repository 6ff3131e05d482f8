#include "session/session.h"

#include "base/alloc.h"
#include "gpu/timestamps.h"
#include "ops/preprocess.h"

enum { BATCH_MAX = 1 << 16 };

static vrn_result create_slot(vrn_session *session, vrn_slot *slot)
{
    vrn_device *device = session->device;
    slot->taps = vrn_alloc(session->program->tap_count, sizeof *slot->taps);
    if (!slot->taps) return vrn_fail_memory(&device->log);
    vrn_result result = vrn_commands_create(&slot->commands, device, session->queue);
    if (!result) {
        result = vrn_buffer_create(&slot->output, device, VRN_BUFFER_READBACK,
                                   session->program->output_bytes, "output");
    }
    return result ? result : vrn_timestamps_create(&slot->queries, device, 2);
}

static void destroy_slot(vrn_session *session, vrn_slot *slot)
{
    vrn_device *device = session->device;
    vrn_commands_destroy(&slot->commands, device);
    vrn_buffer_destroy(&slot->input, device);
    vrn_buffer_destroy(&slot->output, device);
    vrn_images_destroy(&slot->images, device);
    vrn_descriptor_pool_destroy(&slot->pool, device);
    vrn_timestamps_destroy(slot->queries, device);
    vrn_free(slot->taps);
    vrn_free(slot->parts.buffers);
}

vrn_result vrn_session_params_check(const vrn_session_params *params, const vrn_log *log)
{
    if (!vrn_precision_name(params->precision)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "precision: expected a value of vrn_precision, found %d",
                        (int)params->precision);
    }
    if (params->fp32_layer_count > 0 && !params->fp32_layers) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "fp32_layer_count is %u, but fp32_layers is NULL",
                        params->fp32_layer_count);
    }
    if (params->batch > BATCH_MAX) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "a batch of %u images: expected at most %d", params->batch, BATCH_MAX);
    }
    if (params->in_flight > 64) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "%u submissions in flight: expected at most 64", params->in_flight);
    }
    if (!(params->submission_limit_ms >= 0)) {
        return vrn_fail(
            log, VRN_ERROR_INVALID_ARGUMENT,
            "submission_limit_ms: expected a positive time, or 0 for the default, found %g",
            params->submission_limit_ms);
    }
    if (!(params->record_budget_ms >= 0)) {
        return vrn_fail(
            log, VRN_ERROR_INVALID_ARGUMENT,
            "record_budget_ms: expected a positive time, or 0 for whole networks, found %g",
            params->record_budget_ms);
    }
    if (params->tap_count > 0 && !params->taps) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, "tap_count is %u, but taps is NULL",
                        params->tap_count);
    }
    return vrn_kernel_prefix_check(vrn_choice_preferred(params), log);
}

static vrn_result create_slots(vrn_session *session, uint32_t count)
{
    session->slots = vrn_alloc(count, sizeof *session->slots);
    if (!session->slots) return vrn_fail_memory(&session->device->log);
    session->slot_count = count;
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; i < count && !result; i++) {
        result = create_slot(session, &session->slots[i]);
    }
    return result;
}

vrn_result vrn_session_make(vrn_session **out, vrn_device *device, const vrn_model *model,
                            const vrn_session_params *params, vrn_tuned *tuned, bool observe)
{
    vrn_session *session = *out = vrn_alloc(1, sizeof *session);
    if (!session) return vrn_fail_memory(&device->log);
    session->device = device;
    session->split = vrn_split_guess(device);
    session->next_ticket = 1; /* 0 is not a valid ticket */
    session->record_budget_ms = params->record_budget_ms;
    vrn_result result = vrn_device_queue_at(&session->queue, device, params->queue);
    if (!result) {
        result = vrn_program_compile(&session->program, device, model, params, tuned, observe);
    }
    if (!result) result = create_slots(session, params->in_flight ? params->in_flight : 2);
    if (!result) {
        const vrn_session_info *info = &session->program->info;
        session->framing = (vrn_framing){.batch = info->batch,
                                         .grey = session->program->graph.input.c == 1,
                                         .height = info->height,
                                         .width = info->width,
                                         .transform = &session->program->transform};
    }
    if (result) vrn_session_destroy(out);
    return result;
}

vrn_result vrn_session_create(vrn_session **out, vrn_device *device, const vrn_model *model,
                              const vrn_session_params *params)
{
    static const vrn_session_params defaults = {0};
    if (!params) params = &defaults;
    if (out) *out = NULL;
    if (!out || !device || !model) {
        return vrn_fail(device ? &device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_session_create: session, device or model is NULL");
    }
    const double start = vrn_time_ms();
    vrn_tuned tuned = {0};
    vrn_result result = vrn_device_alive(device);
    if (!result) result = vrn_session_params_check(params, &device->log);
    if (!result && !vrn_choice_preferred(params)) result = vrn_tuned_get(&tuned, device);
    if (!result) result = vrn_session_make(out, device, model, params, &tuned, false);
    vrn_tuned_free(&tuned);
    if (result) return result;

    const vrn_session_info *info = &(*out)->program->info;
    vrn_model_info model_info;
    vrn_model_get_info(model, &model_info);
    (*out)->compile_ms = vrn_time_ms() - start;
    vrn_log_write(&device->log, VRN_LOG_INFO,
                  "%s: %u dispatches, slices of %u image%s, compiled in %.0f ms", model_info.name,
                  info->dispatches, info->slice, info->slice == 1 ? "" : "s", (*out)->compile_ms);
    return VRN_OK;
}

void vrn_session_destroy(vrn_session **pointer)
{
    if (!pointer || !*pointer) return;
    vrn_session *session = *pointer;
    vrn_device *device = session->device;
    *pointer = NULL;
    for (uint32_t i = 0; i < session->slot_count; i++) destroy_slot(session, &session->slots[i]);
    for (uint32_t i = 0; i < VRN_MAX_RECORD_SLOTS; i++) {
        vrn_recording_destroy(session->recordings[i], device);
    }
    vrn_pace_destroy(&session->pace);
    vrn_program_destroy(&session->program);
    vrn_free(session->slots);
    vrn_free(session);
}

void vrn_session_get_info(const vrn_session *session, vrn_session_info *info)
{
    *info = session->program->info;
    info->compile_ms = session->compile_ms;
    info->device_bytes = info->activation_bytes + info->weight_bytes;
    for (uint32_t i = 0; i < session->slot_count; i++) {
        const vrn_slot *slot = &session->slots[i];
        info->device_bytes +=
            slot->input.size + slot->output.size + vrn_images_bytes(&slot->images);
    }
    for (uint32_t i = 0; i < VRN_MAX_RECORD_SLOTS; i++) {
        info->device_bytes += vrn_recording_bytes(session->recordings[i]);
    }
}

vrn_result vrn_session_get_tap_shape(const vrn_session *session, uint32_t index, uint32_t shape[3])
{
    if (index >= session->program->tap_count) {
        return vrn_fail(&session->device->log, VRN_ERROR_INVALID_ARGUMENT,
                        "tap %u: the session has %u tap%s, numbered from 0", index,
                        session->program->tap_count, session->program->tap_count == 1 ? "" : "s");
    }
    vrn_shape s = session->program->outputs[VRN_OUTPUT_TAPS + index].shape;
    shape[0] = s.c;
    shape[1] = s.h;
    shape[2] = s.w;
    return VRN_OK;
}

vrn_result vrn_session_get_crop_rect(const vrn_session *session, uint32_t width, uint32_t height,
                                     vrn_rect *part)
{
    const vrn_program *program = session->program;
    vrn_resize resize;
    const vrn_log *log = &session->device->log;
    if (width == 0 || height == 0) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "a photo of %u x %u pixels: expected at least 1 x 1", width, height);
    }
    if (!vrn_resize_for(&resize, width, height, &program->transform, program->info.width,
                        program->info.height)) {
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        "a photo of %u x %u pixels is too thin to be resized to %u", width, height,
                        program->transform.resize);
    }
    const double x = (double)width / resize.width, y = (double)height / resize.height;
    *part = (vrn_rect){
        .left = resize.left * x,
        .top = resize.top * y,
        .right = (resize.left + (double)program->info.width) * x,
        .bottom = (resize.top + (double)program->info.height) * y,
    };
    return VRN_OK;
}
