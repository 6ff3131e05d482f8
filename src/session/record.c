/* vrn_session_record: converts the application's input to the network's, records the network, and
 * copies the results to the application's buffers. */
#include <vkresnet/vulkan.h>

#include "base/alloc.h"
#include "base/util.h"
#include "gpu/timestamps.h"
#include "ops/transfer.h"
#include "session/image_layout.h"
#include "session/recording.h"

typedef struct recorder {
    vrn_session *session;
    vrn_device *device;
    vrn_recording *recording;
    const vrn_record_params *params;
    uint32_t count, top;
    double budget_ms;
    bool continued; /* an earlier recording has read the input */
    VkCommandBuffer buffer;
    vrn_transfer_target target;
} recorder;

/* ---- Checks ---- */

static vrn_result check_place(const vrn_place *place, const char *what, const vrn_log *log)
{
    if (!place->buffer || place->offset % 4 == 0) return VRN_OK;
    return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, "%s at offset %llu: not a multiple of 4", what,
                    (unsigned long long)place->offset);
}

static vrn_result check(const recorder *r)
{
    const vrn_record_params *p = r->params;
    const vrn_log *log = &r->device->log;
    const vrn_session_info *info = &r->session->program->info;
    int forms = (p->images != NULL) + (p->pixels != NULL) + (p->nchw.buffer != VK_NULL_HANDLE) +
                (p->nhwc.buffer != VK_NULL_HANDLE);
    if (forms != 1 && !r->continued) {
        return vrn_fail(
            log, VRN_ERROR_INVALID_ARGUMENT,
            "a recording: expected exactly one of images, pixels, nchw and nhwc, found %d", forms);
    }
    if (p->cursor && !(r->budget_ms > 0)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "a recording with a cursor needs a budget: budget_ms, or record_budget_ms "
                        "of the session");
    }
    if (r->count > info->batch) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "a recording of %u images: the session takes 1 to %u", r->count,
                        info->batch);
    }
    const bool top = p->top.buffer || p->keep_top;
    bool wanted = p->logits.buffer || p->probabilities.buffer || top;
    for (uint32_t i = 0; p->taps && i < r->session->program->tap_count; i++) {
        wanted = wanted || p->taps[i].buffer;
    }
    if (!wanted) {
        return vrn_fail(
            log, VRN_ERROR_INVALID_ARGUMENT,
            "a recording: expected a place for logits, probabilities, top or a tap, found none");
    }
    if ((info->classes == 0 && (p->logits.buffer || p->probabilities.buffer || top)) ||
        (r->session->program->graph.input.c != 3 && !p->images && !p->pixels) ||
        (r->session->program->graph.input.c != 3 && !r->session->framing.grey)) {
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        "a recording needs a network with three input channels, or with one for "
                        "photos, and with a head if it writes logits");
    }
    if (r->top > VRN_MAX_TOP || (top && r->top > info->classes)) {
        return vrn_fail(
            log, VRN_ERROR_INVALID_ARGUMENT,
            "the best %u of %u classes: expected at most %d, and no more than the model has",
            r->top, info->classes, VRN_MAX_TOP);
    }
    const struct {
        const vrn_place *place;
        const char *what;
    } places[] = {{&p->nchw, "nchw"},
                  {&p->nhwc, "nhwc"},
                  {&p->logits, "logits"},
                  {&p->probabilities, "probabilities"},
                  {&p->top, "top"}};
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; i < VRN_COUNT(places) && !result; i++) {
        result = check_place(places[i].place, places[i].what, log);
    }
    for (uint32_t i = 0; p->taps && i < r->session->program->tap_count && !result; i++) {
        result = check_place(&p->taps[i], "a tap", log);
    }
    return result;
}

/* ---- The slot ---- */

static vrn_result get_recording(recorder *r)
{
    const uint32_t slot = r->params->slot;
    if (slot >= VRN_MAX_RECORD_SLOTS) {
        return vrn_fail(&r->device->log, VRN_ERROR_INVALID_ARGUMENT, "slot %u: there are %d", slot,
                        VRN_MAX_RECORD_SLOTS);
    }
    vrn_recording **place = &r->session->recordings[slot];
    if (!*place) *place = vrn_alloc(1, sizeof **place);
    if (!*place) return vrn_fail_memory(&r->device->log);
    r->recording = *place;
    return vrn_recording_reserve(r->recording, r->session, r->params,
                                 (uint64_t)r->session->program->info.batch * r->top *
                                     sizeof(vrn_top));
}

/* Checks that the cursor belongs to a network of this slot that nothing has overwritten. */
static vrn_result check_cursor(const recorder *r)
{
    const vrn_recording *recording = r->recording;
    const vrn_log *log = &r->device->log;
    if (!r->continued) return VRN_OK;
    if (r->params->cursor->done) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "the network of this cursor is done: zero the cursor to begin another");
    }
    if (r->params->cursor->token != r->session->uses || !recording->at.images) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "the session was used for something else after this cursor's last "
                        "recording: zero the cursor to begin again");
    }
    if (recording->count != r->count) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "a recording of %u images continues a network of %u", r->count,
                        recording->count);
    }
    return VRN_OK;
}

/* How many images of `image_bytes` bytes can be bound at once; 0: not even one. */
static uint32_t images_at_once(const recorder *r, uint64_t image_bytes)
{
    const uint64_t limit = r->device->probe.limits.maxStorageBufferRange;
    const uint64_t usable = limit - vrn_min_u64(limit, vrn_buffer_alignment(r->device));
    return (uint32_t)vrn_min_u64(usable / image_bytes, r->count);
}

/* Reserves descriptor sets for packing floats and for each result, enough for all their parts. */
static vrn_result reset_pool(recorder *r)
{
    vrn_device *device = r->device;
    uint64_t most = vrn_graph_bytes(&r->session->program->graph, 0);
    for (uint32_t i = 0; i < r->session->program->output_count; i++) {
        const vrn_shape s = r->session->program->outputs[i].shape;
        most = vrn_max_u64(most, (uint64_t)vrn_c4(s.c) * 16 * s.h * s.w);
    }
    const uint32_t at_once = images_at_once(r, most);
    if (at_once == 0) {
        return vrn_fail(&device->log, VRN_ERROR_UNSUPPORTED,
                        "an input or result of %llu MiB is more than %s can bind",
                        (unsigned long long)(most >> 20), device->probe.info.name);
    }
    /* One set for the input, one for each output and two for the best classes. A recording that
     * continues a network uses the sets that the first one reserved. */
    const uint32_t sets = vrn_div_up(r->count, at_once) * (r->session->program->output_count + 3);
    vrn_result result = VRN_OK;
    if (!r->continued) {
        result = vrn_descriptor_pool_reserve(
            &r->recording->pool, device,
            (vrn_descriptor_counts){.sets = sets, .storage_buffers = sets * 2});
    }
    r->target = (vrn_transfer_target){device, r->recording->pool.handle, r->buffer};
    return result;
}

/* Records one dispatch that reads one range and writes another. */
static vrn_result dispatch(const recorder *r, vrn_transfer kernel, uint32_t constant, vrn_range x,
                           vrn_range y, const void *push, uint64_t invocations)
{
    vrn_binding bindings[] = {{.range = x}, {.range = y}};
    return vrn_transfer_record(&r->target, kernel, constant, bindings, push, invocations);
}

/* ---- Barriers ---- */

static void barrier(const recorder *r, VkPipelineStageFlags from, VkAccessFlags written,
                    VkPipelineStageFlags to, VkAccessFlags access)
{
    const VkMemoryBarrier memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = written,
        .dstAccessMask = access,
    };
    r->device->vk.CmdPipelineBarrier(r->buffer, from, to, 0, 1, &memory, 0, NULL, 0, NULL);
}

static void change_layouts(const recorder *r, bool back)
{
    const vrn_record_params *p = r->params;
    const bool chained = back ? p->no_output_barrier : p->no_input_barrier;
    if (p->images) {
        vrn_image_layouts_change(p->images, r->count, back, chained, r->device, r->buffer);
    }
}

/* ---- Input ---- */

static vrn_result record_pictures(const recorder *r)
{
    const vrn_record_params *p = r->params;
    const vrn_log *log = &r->device->log;
    vrn_framing framing = r->session->framing;
    vrn_transform boxed = *framing.transform;
    boxed.mode = VRN_RESIZE_LETTERBOX;
    if (p->fit == VRN_FIT_LETTERBOX) framing.transform = &boxed;
    vrn_picture *pictures = vrn_alloc(r->count, sizeof *pictures);
    vrn_result result = pictures ? VRN_OK : vrn_fail_memory(log);
    for (uint32_t i = 0; i < r->count && !result; i++) {
        result = p->images ? vrn_picture_of_image(&pictures[i], &p->images[i], log)
                           : vrn_picture_of_pixels(&pictures[i], &p->pixels[i], log);
    }
    if (!result) {
        change_layouts(r, false);
        result = vrn_images_record(&r->recording->images, r->device, pictures, r->count, &framing,
                                   r->buffer);
    }
    vrn_free(pictures);
    return result;
}

static vrn_result record_floats(const recorder *r)
{
    const vrn_record_params *p = r->params;
    const vrn_session_info *info = &r->session->program->info;
    const bool planar = p->nchw.buffer != VK_NULL_HANDLE;
    const vrn_place *from = planar ? &p->nchw : &p->nhwc;
    const uint32_t pixels = info->height * info->width;
    vrn_result result = vrn_images_reserve(&r->recording->images, r->device, &r->session->framing);
    vrn_commands_barrier(r->buffer, r->device, false); /* the tensor may still be in use */
    const uint32_t at_once = images_at_once(r, (uint64_t)pixels * 16);
    for (uint32_t first = 0; first < r->count && !result; first += at_once) {
        const uint32_t images = vrn_min_u32(at_once, r->count - first);
        const uint64_t x_bytes = (uint64_t)pixels * 12, y_bytes = (uint64_t)pixels * 16;
        uint64_t x_skipped, y_skipped;
        const vrn_range x = vrn_transfer_range(
            r->device, from->buffer, from->offset + first * x_bytes, images * x_bytes, &x_skipped);
        const vrn_range y = vrn_transfer_range(r->device, r->recording->images.tensor.handle,
                                               first * y_bytes, images * y_bytes, &y_skipped);
        const struct vrn_pack_push push = {
            .total = images * pixels,
            .pixels = pixels,
            .first = (uint32_t)(x_skipped / 4),
            .y_first = (uint32_t)(y_skipped / 16),
        };
        result = dispatch(r, VRN_TRANSFER_PACK, planar, x, y, &push, push.total);
    }
    return result;
}

/* ---- Output ---- */

/* Images [first, first + images) of a result as the network writes it. */
static vrn_range stored_range(const recorder *r, const vrn_output *out, uint32_t first,
                              uint32_t images, uint64_t *skipped)
{
    return vrn_transfer_range(r->device, r->recording->output.handle,
                              out->offset + first * out->image_bytes, images * out->image_bytes,
                              skipped);
}

static vrn_result record_output(const recorder *r, uint32_t index, const vrn_place *place)
{
    const vrn_output *out = &r->session->program->outputs[index];
    const vrn_shape s = out->shape;
    const uint32_t numbers = s.c * s.h * s.w;
    const uint32_t at_once = images_at_once(r, (uint64_t)vrn_c4(s.c) * 16 * s.h * s.w);
    vrn_result result = VRN_OK;
    if (!place->buffer) return VRN_OK;
    for (uint32_t first = 0; first < r->count && !result; first += at_once) {
        const uint32_t images = vrn_min_u32(at_once, r->count - first);
        const uint64_t bytes = (uint64_t)numbers * sizeof(float);
        uint64_t x_skipped, y_skipped;
        const vrn_range x = stored_range(r, out, first, images, &x_skipped);
        const vrn_range y = vrn_transfer_range(
            r->device, place->buffer, place->offset + first * bytes, images * bytes, &y_skipped);
        const struct vrn_unpack_push push = {
            .total = images * numbers,
            .channels = s.c,
            .pixels = s.h * s.w,
            .x_first = (uint32_t)(x_skipped / vrn_type_bytes4(out->format.type)),
            .y_first = (uint32_t)(y_skipped / sizeof(float)),
            .scale = out->format.scale,
        };
        result = dispatch(r, VRN_TRANSFER_UNPACK, out->format.type, x, y, &push, push.total);
    }
    return result;
}

static vrn_result record_top(const recorder *r, const vrn_place *place)
{
    const vrn_output *out = &r->session->program->outputs[VRN_OUTPUT_PROBABILITIES];
    enum { WORK_GROUP = 64 };
    if (!place->buffer) return VRN_OK;
    uint64_t x_skipped, y_skipped;
    const vrn_range x = stored_range(r, out, 0, r->count, &x_skipped);
    const vrn_range y =
        vrn_transfer_range(r->device, place->buffer, place->offset,
                           (uint64_t)r->count * r->top * sizeof(vrn_top), &y_skipped);
    if (vrn_max_u64(x.bytes, y.bytes) > r->device->probe.limits.maxStorageBufferRange) {
        return vrn_fail(&r->device->log, VRN_ERROR_UNSUPPORTED,
                        "the best classes of %u images are more than %s can bind at once", r->count,
                        r->device->probe.info.name);
    }
    const struct vrn_top_push push = {
        .images = r->count,
        .classes = r->session->program->info.classes,
        .top = r->top,
        .x_first = (uint32_t)(x_skipped / sizeof(float)),
        .y_first = (uint32_t)(y_skipped / 4),
    };
    return dispatch(r, VRN_TRANSFER_TOP, 0, x, y, &push, (uint64_t)r->count * WORK_GROUP);
}

static vrn_result record_outputs(const recorder *r)
{
    const vrn_record_params *p = r->params;
    vrn_commands_barrier(r->buffer, r->device, false);
    vrn_result result = record_output(r, VRN_OUTPUT_LOGITS, &p->logits);
    if (!result) result = record_output(r, VRN_OUTPUT_PROBABILITIES, &p->probabilities);
    for (uint32_t i = 0; p->taps && i < r->session->program->tap_count && !result; i++) {
        result = record_output(r, VRN_OUTPUT_TAPS + i, &p->taps[i]);
    }
    if (!result) result = record_top(r, &p->top);
    const vrn_place kept = {.buffer = p->keep_top ? r->recording->top.handle : VK_NULL_HANDLE};
    return result ? result : record_top(r, &kept);
}

/* ---- All of it ---- */

static vrn_result record_input(const recorder *r)
{
    const vrn_record_params *p = r->params;
    vrn_result result = p->images || p->pixels ? record_pictures(r) : record_floats(r);
    if (!result) change_layouts(r, true);
    return result;
}

static vrn_passage passage(const recorder *r)
{
    return (vrn_passage){
        .program = r->session->program,
        .split = &r->session->split,
        .input = r->recording->images.tensor.handle,
        .output = r->recording->output.handle,
        .count = r->count,
    };
}

static vrn_result record_whole(const recorder *r)
{
    vrn_result result = record_input(r);
    if (result) return result;
    const vrn_passage all = passage(r);
    vrn_network_record(&all, r->buffer);
    return record_outputs(r);
}

/* Records as much as the budget allows. The input of a session's first network is recorded alone,
 * because its time is not known yet. */
static vrn_result record_part(const recorder *r)
{
    vrn_session *session = r->session;
    vrn_recording *recording = r->recording;
    vrn_record_cursor *cursor = r->params->cursor;
    vrn_piece piece = {
        .budget_ms = r->budget_ms, .pace = &session->pace, .meter = &recording->meter};
    vrn_meter_read(&recording->meter, session->program, &session->pace, session->split.pace);
    if (!r->continued) {
        const vrn_span input = {.first = VRN_METER_INPUT, .images = r->count};
        vrn_meter_forget(&recording->meter);
        recording->at = (vrn_position){0};
        recording->count = r->count;
        vrn_meter_begin(&recording->meter, r->device, r->buffer);
        vrn_result result = record_input(r);
        if (result) return result;
        vrn_meter_end(&recording->meter, r->device, r->buffer, input);
        piece.expected_ms = session->pace.input_ms * r->count;
        if (recording->meter.queries && !(piece.expected_ms > 0)) piece.expected_ms = r->budget_ms;
    }
    const vrn_passage all = passage(r);
    const bool done = vrn_network_record_piece(&all, &recording->at, &piece, r->buffer);
    const vrn_result result = done ? record_outputs(r) : VRN_OK;
    if (result) return result;
    *cursor = (vrn_record_cursor){
        .done = done, .recordings = cursor->recordings + 1, .token = session->uses};
    return VRN_OK;
}

static vrn_result record_all(const recorder *r)
{
    const vrn_record_params *p = r->params;
    const VkPipelineStageFlags shader = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
    const VkPipelineStageFlags all = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    vrn_commands_begin_label(r->buffer, r->device, "vkresnet");
    if (!p->no_input_barrier) {
        barrier(r, all, VK_ACCESS_MEMORY_WRITE_BIT, shader,
                VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
    }
    VkQueryPool queries = p->timed ? r->recording->queries : VK_NULL_HANDLE;
    r->recording->timed = queries != VK_NULL_HANDLE;
    vrn_timestamps_reset(queries, r->device, r->buffer, 0, 2);
    vrn_timestamps_write(queries, r->device, r->buffer, 0);
    r->session->uses++;
    vrn_result result = p->cursor ? record_part(r) : record_whole(r);
    if (result) return result;
    vrn_timestamps_write(queries, r->device, r->buffer, 1);
    if (!p->no_output_barrier) {
        barrier(r, shader, VK_ACCESS_SHADER_WRITE_BIT, all | VK_PIPELINE_STAGE_HOST_BIT,
                VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT | VK_ACCESS_HOST_READ_BIT);
    }
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
    recorder r = {
        .session = session,
        .device = session->device,
        .params = params,
        .count = params->count ? params->count : 1,
        .top = params->top_count ? params->top_count : 1,
        .budget_ms = params->budget_ms != 0 ? params->budget_ms : session->record_budget_ms,
        .continued = params->cursor && params->cursor->token,
        .buffer = commands,
    };
    vrn_result result = vrn_device_alive(r.device);
    if (!result) result = check(&r);
    if (!result) result = get_recording(&r);
    if (!result) result = check_cursor(&r);
    if (!result) result = reset_pool(&r);
    if (!result) result = record_all(&r);
    if (result && params->cursor) *params->cursor = (vrn_record_cursor){0};
    return result;
}
