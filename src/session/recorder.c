/* The common parts of recording and submitting an application's images and buffers: checks,
 * conversion of the input, and copies of the results to the application's buffers. */
#include "session/recorder.h"

#include "base/alloc.h"
#include "base/util.h"
#include "ops/transfer.h"
#include "session/image_layout.h"

/* ---- Checks ---- */

static vrn_result check_place(const vrn_place *place, const char *what, const vrn_log *log)
{
    if (!place->buffer || place->offset % 4 == 0) return VRN_OK;
    return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                    "%s: expected an offset that is a multiple of 4, found %llu", what,
                    (unsigned long long)place->offset);
}

vrn_result vrn_recorder_check_transfer(const vrn_record_params *p, const vrn_log *log)
{
    const uint32_t count = p->images && p->transfer_images ? (p->count ? p->count : 1) : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (p->images[i].image) continue;
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "transfer_images: expected the VkImage of image %u, found NULL", i);
    }
    return VRN_OK;
}

vrn_recorder vrn_recorder_of(vrn_session *session, const vrn_record_params *params,
                             const vrn_device_queue *queue)
{
    return (vrn_recorder){
        .session = session,
        .device = session->device,
        .params = params,
        .queue = queue,
        .count = params->count ? params->count : 1,
        .top = params->top_count ? params->top_count : 1,
    };
}

vrn_result vrn_recorder_check(const vrn_recorder *r, bool results)
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
    if (r->count > info->batch) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "a recording of %u images: the session's batch is %u", r->count,
                        info->batch);
    }
    const bool top = p->top.buffer || p->keep_top;
    bool wanted = p->logits.buffer || p->probabilities.buffer || top;
    for (uint32_t i = 0; p->taps && i < r->session->program->tap_count; i++) {
        wanted = wanted || p->taps[i].buffer;
    }
    if (!wanted && results) {
        return vrn_fail(
            log, VRN_ERROR_INVALID_ARGUMENT,
            "a recording: expected a place for logits, probabilities, top or a tap, found none");
    }
    if (info->classes == 0 && (p->logits.buffer || p->probabilities.buffer || top)) {
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        "a recording: the network has no head, so it has no logits, probabilities "
                        "or best classes; the tap avgpool gives its features");
    }
    const uint32_t channels = r->session->program->graph.input.c;
    if (!r->continued && channels != 3 && !(r->session->framing.grey && (p->images || p->pixels))) {
        return vrn_fail(
            log, VRN_ERROR_UNSUPPORTED,
            "a recording: expected a network with 3 input channels, or with 1 for images "
            "or pixels, found one with %u",
            channels);
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
    vrn_result result = vrn_recorder_check_transfer(p, log);
    for (uint32_t i = 0; i < VRN_COUNT(places) && !result; i++) {
        result = check_place(places[i].place, places[i].what, log);
    }
    for (uint32_t i = 0; p->taps && i < r->session->program->tap_count && !result; i++) {
        result = check_place(&p->taps[i], "a tap", log);
    }
    return result;
}

/* ---- Descriptors ---- */

/* How many images of `image_bytes` bytes can be bound at once; 0: not even one. */
static uint32_t images_at_once(const vrn_recorder *r, uint64_t image_bytes)
{
    const uint64_t limit = r->device->probe.limits.maxStorageBufferRange;
    const uint64_t usable = limit - vrn_min_u64(limit, vrn_buffer_alignment(r->device));
    return (uint32_t)vrn_min_u64(usable / image_bytes, r->count);
}

/* Reserves `sets` descriptor sets for each part of a batch whose images take up to `image_bytes`. A
 * recording that continues a network uses those that the first one reserved. */
static vrn_result reserve(const vrn_recorder *r, uint64_t image_bytes, uint32_t sets)
{
    const uint32_t at_once = images_at_once(r, image_bytes);
    if (at_once == 0) {
        return vrn_fail(&r->device->log, VRN_ERROR_UNSUPPORTED,
                        "an input or result of %llu MiB is too large for one buffer binding of %s",
                        (unsigned long long)(image_bytes >> 20), r->device->probe.info.name);
    }
    if (r->continued) return VRN_OK;
    sets *= vrn_div_up(r->count, at_once);
    return vrn_descriptor_pool_reserve(
        r->pool, r->device, (vrn_descriptor_counts){.sets = sets, .storage_buffers = sets * 2});
}

vrn_result vrn_recorder_reserve(const vrn_recorder *r)
{
    uint64_t most = vrn_graph_bytes(&r->session->program->graph, 0);
    for (uint32_t i = 0; i < r->session->program->output_count; i++) {
        const vrn_shape s = r->session->program->outputs[i].shape;
        most = vrn_max_u64(most, (uint64_t)vrn_c4(s.c) * 16 * s.h * s.w);
    }
    /* one for packing floats, one for each output and two for the best classes */
    return reserve(r, most, r->session->program->output_count + 3);
}

vrn_result vrn_recorder_reserve_input(const vrn_recorder *r)
{
    return reserve(r, vrn_graph_bytes(&r->session->program->graph, 0), 1);
}

/* Records one dispatch that reads one range and writes another. */
static vrn_result dispatch(const vrn_recorder *r, vrn_transfer kernel, uint32_t constant,
                           vrn_range x, vrn_range y, const void *push, uint64_t invocations)
{
    const vrn_transfer_target target = {r->device, r->pool->handle, r->buffer};
    vrn_binding bindings[] = {{.range = x}, {.range = y}};
    return vrn_transfer_record(&target, kernel, constant, bindings, push, invocations);
}

vrn_image_changes vrn_recorder_image_changes(const vrn_record_params *p,
                                             const vrn_device_queue *queue)
{
    return (vrn_image_changes){
        .images = p->images,
        .count = p->images ? (p->count ? p->count : 1) : 0,
        .input_chained = p->no_input_barrier,
        .output_chained = p->no_output_barrier,
        .transfer = p->transfer_images && p->owner_family != queue->family,
        .storage = p->storage_images,
        .owner = p->owner_family,
        .user = queue->family,
    };
}

/* ---- Barriers ---- */

static void barrier(const vrn_recorder *r, VkPipelineStageFlags from, VkAccessFlags written,
                    VkPipelineStageFlags to, VkAccessFlags access)
{
    const VkMemoryBarrier memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = written,
        .dstAccessMask = access,
    };
    r->device->vk.CmdPipelineBarrier(r->buffer, from, to, 0, 1, &memory, 0, NULL, 0, NULL);
}

void vrn_recorder_begin(const vrn_recorder *r)
{
    if (r->params->no_input_barrier) return;
    barrier(r, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_ACCESS_MEMORY_WRITE_BIT,
            VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
            VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT);
}

void vrn_recorder_end(const vrn_recorder *r)
{
    if (r->params->no_output_barrier) return;
    barrier(r, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_WRITE_BIT,
            VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_HOST_BIT,
            VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT | VK_ACCESS_HOST_READ_BIT);
}

/* ---- Input ---- */

/* An image has one layout while it is read. */
static vrn_result check_layout(const vrn_record_image *images, uint32_t index, const vrn_log *log)
{
    const vrn_record_image *image = &images[index];
    for (uint32_t i = 0; i < index; i++) {
        const vrn_record_image *other = &images[i];
        if (!image->image || other->image != image->image || other->level != image->level ||
            other->layer != image->layer || other->layout == image->layout) {
            continue;
        }
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "images %u and %u are the same level and layer of one VkImage, but in "
                        "VkImageLayout %d and %d: expected the same layout",
                        i, index, (int)other->layout, (int)image->layout);
    }
    return VRN_OK;
}

static vrn_result record_pictures(const vrn_recorder *r)
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
        result = p->images ? vrn_picture_of_image(&pictures[i], &p->images[i], p->storage_images,
                                                  r->device)
                           : vrn_picture_of_pixels(&pictures[i], &p->pixels[i], log);
        if (!result && p->images) result = check_layout(p->images, i, log);
    }
    if (!result) {
        const vrn_image_changes changes = vrn_recorder_image_changes(p, r->queue);
        vrn_image_changes_record(&changes, false, r->device, r->buffer);
        result = vrn_images_record(r->images, r->device, pictures, r->count, &framing, r->buffer);
        if (!result) vrn_image_changes_record(&changes, true, r->device, r->buffer);
    }
    vrn_free(pictures);
    return result;
}

static vrn_result record_floats(const vrn_recorder *r)
{
    const vrn_record_params *p = r->params;
    const vrn_session_info *info = &r->session->program->info;
    const bool planar = p->nchw.buffer != VK_NULL_HANDLE;
    const vrn_place *from = planar ? &p->nchw : &p->nhwc;
    const uint32_t pixels = info->height * info->width;
    vrn_result result = vrn_images_reserve(r->images, r->device, &r->session->framing);
    vrn_commands_barrier(r->buffer, r->device, false); /* the tensor may still be in use */
    const uint32_t at_once = images_at_once(r, (uint64_t)pixels * 16);
    for (uint32_t first = 0; first < r->count && !result; first += at_once) {
        const uint32_t images = vrn_min_u32(at_once, r->count - first);
        const uint64_t x_bytes = (uint64_t)pixels * 12, y_bytes = (uint64_t)pixels * 16;
        uint64_t x_skipped, y_skipped;
        const vrn_range x = vrn_transfer_range(
            r->device, from->buffer, from->offset + first * x_bytes, images * x_bytes, &x_skipped);
        const vrn_range y = vrn_transfer_range(r->device, r->images->tensor.handle, first * y_bytes,
                                               images * y_bytes, &y_skipped);
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
static vrn_range stored_range(const vrn_recorder *r, const vrn_output *out, uint32_t first,
                              uint32_t images, uint64_t *skipped)
{
    return vrn_transfer_range(r->device, r->output, out->offset + first * out->image_bytes,
                              images * out->image_bytes, skipped);
}

static vrn_result record_output(const vrn_recorder *r, uint32_t index, const vrn_place *place)
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

static vrn_result record_top(const vrn_recorder *r, const vrn_place *place)
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
                        "the best classes of %u image%s are too large for one buffer binding of %s",
                        r->count, r->count == 1 ? "" : "s", r->device->probe.info.name);
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

vrn_result vrn_recorder_results(const vrn_recorder *r)
{
    const vrn_record_params *p = r->params;
    vrn_commands_barrier(r->buffer, r->device, false);
    vrn_result result = record_output(r, VRN_OUTPUT_LOGITS, &p->logits);
    if (!result) result = record_output(r, VRN_OUTPUT_PROBABILITIES, &p->probabilities);
    for (uint32_t i = 0; p->taps && i < r->session->program->tap_count && !result; i++) {
        result = record_output(r, VRN_OUTPUT_TAPS + i, &p->taps[i]);
    }
    if (!result) result = record_top(r, &p->top);
    const vrn_place kept = {.buffer = r->kept_top};
    return result ? result : record_top(r, &kept);
}

vrn_result vrn_recorder_input(const vrn_recorder *r)
{
    return r->params->images || r->params->pixels ? record_pictures(r) : record_floats(r);
}
