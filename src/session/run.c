/* The host's side of a submission: has its inputs prepared, submits, and copies results out. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/util.h"
#include "gpu/timestamps.h"
#include "net/format.h"
#include "session/floats.h"
#include "session/recorder.h"

/* Converts [count, H, W, C padded] to [count, C, H, W] floats. */
static void unpack(float *to, const void *from, vrn_format format, uint32_t count, vrn_shape shape)
{
    const size_t pixels = (size_t)shape.h * shape.w, padded = (size_t)vrn_c4(shape.c) * 4;
    for (size_t n = 0; n < count; n++) {
        for (uint32_t c = 0; c < shape.c; c++) {
            for (size_t i = 0; i < pixels; i++) {
                *to++ = vrn_format_load(format, from, (n * pixels + i) * padded + c);
            }
        }
    }
}

static void unpack_output(const vrn_session *session, const vrn_slot *slot, uint32_t index,
                          float *to)
{
    const vrn_output *output = &session->program->outputs[index];
    const char *from = (const char *)slot->output.mapped + output->offset;
    if (to) unpack(to, from, output->format, slot->count, output->shape);
}

static double network_ms(const vrn_session *session, const vrn_slot *slot)
{
    uint64_t ticks[2];
    const vrn_device *device = session->device;
    if (!slot->queries || vrn_timestamps_read(slot->queries, device, 0, 2, ticks) != VK_SUCCESS) {
        return 0;
    }
    return vrn_device_ticks_ms(device, ticks[0], ticks[1]);
}

/* Learns the time of a run if none was measured before, or if it is long. Without timestamps this
 * is the time since the submission, which is too long if other work ran in between. */
static void learn(vrn_session *session, const vrn_slot *slot, double now)
{
    const double limit = session->program->limit_ms;
    if (isinf(limit)) return;
    if (session->split.measured && now - slot->submitted < limit / 4) return;
    const double ms = network_ms(session, slot);
    vrn_split_learn(&session->split, session->program, slot->count,
                    ms > 0 ? ms : now - slot->submitted);
}

/* Detects drivers that compute nothing or wrong results: the probabilities of finite logits must
 * sum to 1. */
static vrn_result check_sums(const vrn_session *session, const vrn_slot *slot)
{
    const vrn_program *program = session->program;
    const vrn_output *out = &program->outputs[VRN_OUTPUT_PROBABILITIES];
    const vrn_output *logits = &program->outputs[VRN_OUTPUT_LOGITS];
    if (program->graph.nodes[out->value - 1].desc.op != VRN_OP_SOFTMAX) return VRN_OK;
    const size_t padded = (size_t)vrn_c4(out->shape.c) * 4;
    const char *base = slot->output.mapped;
    for (uint32_t n = 0; n < slot->count; n++) {
        double sum = 0;
        bool finite = true;
        for (uint32_t c = 0; c < out->shape.c; c++) {
            sum += vrn_format_load(out->format, base + out->offset, n * padded + c);
            const float logit =
                vrn_format_load(logits->format, base + logits->offset, n * padded + c);
            finite = finite && vrn_floats_are_finite(&logit, 1);
        }
        if (finite && !(fabs(sum - 1) < 0.01)) {
            return vrn_fail(&session->device->log, VRN_ERROR_UNSUPPORTED,
                            "%s: the probabilities of image %u sum to %g, not to 1: the driver "
                            "computes wrong results (to check it, run vkresnet selftest)",
                            session->device->probe.info.name, n, sum);
        }
    }
    return VRN_OK;
}

/* Waits for a slot's submission and writes its results. If waiting fails, the slot stays busy and
 * its ticket can be waited for again; a lost device fails every time. A refused answer stays
 * refused until the slot takes another submission. */
static vrn_result deliver(vrn_session *session, vrn_slot *slot)
{
    vrn_result result = vrn_device_alive(session->device);
    if (!result && slot->state == VRN_SLOT_REFUSED) result = VRN_ERROR_UNSUPPORTED;
    if (result || slot->state == VRN_SLOT_FREE) return result;
    double begin = vrn_time_ms();
    result = vrn_commands_wait(&slot->commands, session->device);
    if (result) return result;
    slot->state = VRN_SLOT_FREE;
    const double waited = vrn_time_ms();
    learn(session, slot, waited);
    slot->timing.replay_ms += waited - begin - slot->commands.wait_ms;
    result = check_sums(session, slot);
    if (result) slot->state = VRN_SLOT_REFUSED;
    if (result) return result;
    unpack_output(session, slot, VRN_OUTPUT_LOGITS, slot->outputs.logits);
    unpack_output(session, slot, VRN_OUTPUT_PROBABILITIES, slot->outputs.probabilities);
    for (uint32_t i = 0; i < session->program->tap_count; i++) {
        unpack_output(session, slot, VRN_OUTPUT_TAPS + i, slot->taps[i]);
    }
    begin = vrn_time_ms();
    slot->timing.output_ms = begin - waited;
    if (slot->outputs.timing) slot->timing.gpu_ms = network_ms(session, slot);
    slot->timing.replay_ms += vrn_time_ms() - begin;
    if (slot->outputs.timing) *slot->outputs.timing = slot->timing;
    return VRN_OK;
}

/* An idle slot, or the one with the oldest submission. */
static vrn_slot *next_slot(vrn_session *session)
{
    vrn_slot *best = &session->slots[0];
    for (uint32_t i = 0; i < session->slot_count; i++) {
        vrn_slot *slot = &session->slots[i];
        if (slot->state != VRN_SLOT_BUSY) return slot;
        if (slot->ticket < best->ticket) best = slot;
    }
    return best;
}

static vrn_result check_outputs(const vrn_session *session, const vrn_outputs *outputs)
{
    if (session->program->info.classes == 0 && outputs &&
        (outputs->logits || outputs->probabilities)) {
        return vrn_fail(
            &session->device->log, VRN_ERROR_UNSUPPORTED,
            "the network has no head and gives no logits: the tap avgpool gives its features");
    }
    return VRN_OK;
}

static vrn_result check_inputs(const vrn_session *session, const vrn_inputs *inputs,
                               const vrn_outputs *outputs)
{
    const vrn_log *log = &session->device->log;
    const uint32_t batch = session->program->info.batch;
    int forms = (inputs->nchw != NULL) + (inputs->nhwc != NULL) + (inputs->images != NULL);
    if (inputs->count == 0 || inputs->count > batch) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "a run: expected %s%u image%s (the session's batch), found %u",
                        batch > 1 ? "1 to " : "", batch, batch == 1 ? "" : "s", inputs->count);
    }
    if (forms != 1) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "a run: expected exactly one of nchw, nhwc and images, found %d", forms);
    }
    const uint32_t channels = session->program->graph.input.c;
    if (inputs->images && channels != 3 && channels != 1) {
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        "a network with %u input channels cannot take photos: give nchw or nhwc",
                        channels);
    }
    return check_outputs(session, outputs);
}

static vrn_result check_device(vrn_recorder *r, vrn_session *session,
                               const vrn_record_params *params, const vrn_outputs *outputs)
{
    const vrn_log *log = &session->device->log;
    const vrn_device_queue *named;
    if (params->slot || params->cursor || params->keep_top || params->timed) {
        return vrn_fail(
            log, VRN_ERROR_INVALID_ARGUMENT,
            "vrn_submit_order.record: expected zero in slot, cursor, keep_top and timed");
    }
    vrn_result result = vrn_device_queue_at(&named, session->device, params->queue);
    if (!result && params->transfer_images && named->family != session->queue->family) {
        result = vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                          "vrn_submit_order.record: expected a queue of the same family as the "
                          "session's queue, found queue %u",
                          params->queue);
    }
    *r = vrn_recorder_of(session, params, session->queue);
    if (!result) result = vrn_recorder_check(r, false);
    return result ? result : check_outputs(session, outputs);
}

/* Records the network for this buffer and number of inputs, unless it is recorded already. */
static vrn_result record_network(vrn_session *session, vrn_slot *slot, VkBuffer input,
                                 uint32_t count)
{
    const vrn_recorded_network wanted = {input, count, session->split.version};
    const vrn_recorded_network *have = &slot->recorded;
    if (have->input == input && have->count == count && have->version == wanted.version) {
        return VRN_OK;
    }
    slot->recorded = (vrn_recorded_network){0};
    const vrn_passage passage = {
        .program = session->program,
        .split = &session->split,
        .input = input,
        .output = slot->output.handle,
        .count = count,
        .queries = slot->queries,
    };
    vrn_result result = vrn_network_record_parts(&passage, &slot->commands, &slot->parts);
    if (result) return result;
    slot->recorded = wanted;
    return VRN_OK;
}

static vrn_result record_images(vrn_session *session, vrn_slot *slot, const vrn_inputs *inputs)
{
    vrn_device *device = session->device;
    VkCommandBuffer buffer = slot->commands.buffers[1];
    vrn_picture *pictures = vrn_alloc(inputs->count, sizeof *pictures);
    if (!pictures) return vrn_fail_memory(&device->log);
    for (uint32_t i = 0; i < inputs->count; i++) pictures[i] = vrn_picture_of(&inputs->images[i]);
    vrn_result result = vrn_commands_begin(buffer, device, true);
    if (!result) {
        result = vrn_images_record(&slot->images, device, pictures, inputs->count,
                                   &session->framing, buffer);
    }
    if (!result) result = vrn_commands_end(buffer, device);
    vrn_free(pictures);
    return result;
}

/* Records the input from the application's images or buffers into buffers[1], and the results for
 * it into buffers[2]. */
static vrn_result record_device(vrn_slot *slot, vrn_recorder *r)
{
    r->images = &slot->images;
    r->pool = &slot->pool;
    r->output = slot->output.handle;
    r->buffer = slot->commands.buffers[1];
    vrn_result result = vrn_recorder_reserve(r);
    if (!result) result = vrn_commands_begin(r->buffer, r->device, true);
    if (result) return result;
    vrn_recorder_begin(r);
    result = vrn_recorder_input(r);
    if (!result) result = vrn_commands_end(r->buffer, r->device);
    r->buffer = slot->commands.buffers[2];
    if (!result) result = vrn_commands_begin(r->buffer, r->device, true);
    if (!result) result = vrn_recorder_results(r);
    if (result) return result;
    vrn_recorder_end(r);
    return vrn_commands_end(r->buffer, r->device);
}

/* The source of a submission's input. */
typedef struct source {
    const vrn_inputs *inputs; /* on the host; or NULL */
    vrn_recorder recorder;    /* on the device */
} source;

static uint32_t count_of(const source *s)
{
    return s->inputs ? s->inputs->count : s->recorder.count;
}

static vrn_result prepare(vrn_session *session, vrn_slot *slot, source *s)
{
    const double begin = vrn_time_ms();
    const bool floats = s->inputs && !s->inputs->images;
    const bool raw = floats && vrn_floats_packed_on_device(session);
    if (!raw) slot->packed = (vrn_recorded_input){0};
    vrn_result result = !s->inputs ? record_device(slot, &s->recorder)
                        : floats   ? vrn_floats_write(session, slot, s->inputs)
                                   : record_images(session, slot, s->inputs);
    slot->timing = (vrn_timing){.input_ms = vrn_time_ms() - begin};
    if (result) return result;
    const vrn_buffer *input = floats && !raw ? &slot->input : &slot->images.tensor;
    return record_network(session, slot, input->handle, count_of(s));
}

/* After the network, submits the commands that write results on the device, if any. */
static vrn_result submit(vrn_session *session, vrn_slot *slot, const source *s,
                         const vrn_submit_order *order)
{
    const vrn_parts *parts = &slot->parts;
    const bool ready = s->inputs && !s->inputs->images && !vrn_floats_packed_on_device(session);
    VkCommandBuffer ahead = ready ? VK_NULL_HANDLE : slot->commands.buffers[1];
    if (s->inputs) {
        return vrn_commands_submit(&slot->commands, session->device, ahead, parts->buffers,
                                   parts->count, order);
    }
    VkCommandBuffer *all = vrn_alloc(parts->count + 1, sizeof(VkCommandBuffer));
    if (!all) return vrn_fail_memory(&session->device->log);
    memcpy(all, parts->buffers, parts->count * sizeof(VkCommandBuffer));
    all[parts->count] = slot->commands.buffers[2];
    vrn_result result =
        vrn_commands_submit(&slot->commands, session->device, ahead, all, parts->count + 1, order);
    vrn_free(all);
    return result;
}

/* ---- Queues ---- */

vrn_result vrn_session_set_queue(vrn_session *session, uint32_t queue)
{
    if (!session) return VRN_ERROR_INVALID_ARGUMENT;
    const vrn_device_queue *found;
    vrn_result result = vrn_device_queue_at(&found, session->device, queue);
    if (!result) session->queue = found;
    return result;
}

/* Gives an idle slot command buffers for the session's queue. */
static vrn_result move_slot(vrn_session *session, vrn_slot *slot)
{
    const uint32_t family = slot->commands.queue->family;
    if (family == session->queue->family) {
        slot->commands.queue = session->queue;
        return VRN_OK;
    }
    vrn_commands moved;
    vrn_result result = vrn_commands_create(&moved, session->device, session->queue);
    if (result) return result;
    vrn_commands_destroy(&slot->commands, session->device);
    vrn_free(slot->parts.buffers);
    slot->commands = moved;
    slot->parts = (vrn_parts){0};
    slot->recorded = (vrn_recorded_network){0};
    slot->packed = (vrn_recorded_input){0};
    return VRN_OK;
}

/* Waits for submissions on other queues. Their results remain to be delivered. */
static vrn_result leave_other_queues(vrn_session *session)
{
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; i < session->slot_count && !result; i++) {
        vrn_slot *slot = &session->slots[i];
        if (slot->state != VRN_SLOT_BUSY || slot->commands.queue == session->queue) continue;
        result = vrn_commands_wait(&slot->commands, session->device);
    }
    return result;
}

/* ---- Submitting ---- */

/* NULL and an order without points are valid. */
static vrn_result check_order(const vrn_device *device, const vrn_submit_order *order)
{
    if (!order || (!order->wait_count && !order->signal_count)) return VRN_OK;
    if (order->wait_count > VRN_MAX_TIMELINE_POINTS ||
        order->signal_count > VRN_MAX_TIMELINE_POINTS || (order->wait_count && !order->waits) ||
        (order->signal_count && !order->signals)) {
        return vrn_fail(&device->log, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_submit_order: %u waits and %u signals: expected at most %d of each, "
                        "and no NULL array",
                        order->wait_count, order->signal_count, VRN_MAX_TIMELINE_POINTS);
    }
    if (!vrn_device_has(device, VRN_CAPABILITY_TIMELINE_SEMAPHORES)) {
        return vrn_fail(&device->log, VRN_ERROR_UNSUPPORTED,
                        "%s: the device lacks the feature timelineSemaphore, or it was not enabled",
                        device->probe.info.name);
    }
    return VRN_OK;
}

vrn_result vrn_session_submit_ordered(vrn_session *session, const vrn_inputs *inputs,
                                      const vrn_outputs *outputs, const vrn_submit_order *order,
                                      vrn_ticket *ticket)
{
    const vrn_record_params *record = order ? order->record : NULL;
    const vrn_log *log = session ? &session->device->log : NULL;
    if (!session || !ticket || (!inputs && !record)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_session_submit: session, inputs or ticket is NULL");
    }
    if (inputs && record) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_session_submit_ordered: expected either inputs or "
                        "vrn_submit_order.record, found both");
    }
    *ticket = 0;
    vrn_slot *slot = next_slot(session);
    source s = {.inputs = inputs};
    vrn_result result = check_order(session->device, order);
    if (!result) {
        result = inputs ? check_inputs(session, inputs, outputs)
                        : check_device(&s.recorder, session, record, outputs);
    }
    if (!result && slot->state == VRN_SLOT_BUSY) result = deliver(session, slot);
    if (!result) result = vrn_device_alive(session->device);
    if (!result && !(order && order->wait_count)) result = leave_other_queues(session);
    const double begin = vrn_time_ms();
    if (!result) result = move_slot(session, slot);
    if (!result) result = prepare(session, slot, &s);
    if (result) return result;

    session->uses++;
    result = submit(session, slot, &s, order);
    if (result) return result;
    slot->count = count_of(&s);
    slot->outputs = outputs ? *outputs : (vrn_outputs){0};
    for (uint32_t i = 0; i < session->program->tap_count; i++) {
        slot->taps[i] = slot->outputs.taps ? slot->outputs.taps[i] : NULL;
    }
    slot->state = VRN_SLOT_BUSY;
    slot->submitted = vrn_time_ms();
    slot->ticket = *ticket = session->next_ticket++;
    slot->timing.submit_ms = slot->commands.driver_ms;
    slot->timing.replay_ms = vrn_time_ms() - begin - slot->timing.input_ms - slot->timing.submit_ms;
    return VRN_OK;
}

vrn_result vrn_session_submit(vrn_session *session, const vrn_inputs *inputs,
                              const vrn_outputs *outputs, vrn_ticket *ticket)
{
    return vrn_session_submit_ordered(session, inputs, outputs, NULL, ticket);
}

vrn_result vrn_session_wait(vrn_session *session, vrn_ticket ticket)
{
    if (!session) return VRN_ERROR_INVALID_ARGUMENT;
    if (ticket == 0 || ticket >= session->next_ticket) {
        return vrn_fail(&session->device->log, VRN_ERROR_INVALID_ARGUMENT,
                        "ticket %llu: expected one that a submission to this session returned",
                        (unsigned long long)ticket);
    }
    for (uint32_t i = 0; i < session->slot_count; i++) {
        if (session->slots[i].ticket == ticket) return deliver(session, &session->slots[i]);
    }
    return vrn_device_alive(session->device); /* it was completed when its slot was reused */
}

vrn_result vrn_session_run(vrn_session *session, const vrn_inputs *inputs,
                           const vrn_outputs *outputs)
{
    vrn_ticket ticket;
    vrn_result result = vrn_session_submit(session, inputs, outputs, &ticket);
    return result ? result : vrn_session_wait(session, ticket);
}
