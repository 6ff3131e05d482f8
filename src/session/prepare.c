/* vrn_session_prepare: makes recordings into command buffers that never run. */
#include <vkresnet/vulkan.h>

#include "base/log.h"
#include "gpu/queue.h"
#include "session/session.h"

/* Prepares one slot, also for recordings with a cursor if one is given. */
static vrn_result prepare_slot(vrn_session *session, VkCommandBuffer commands,
                               vrn_record_params params, uint32_t slot)
{
    vrn_record_cursor cursor = {0};
    const bool parts = params.cursor != NULL;
    params.slot = slot;
    params.cursor = NULL;
    vrn_result result = vrn_commands_begin(commands, session->device, true);
    if (!result) result = vrn_session_record(session, commands, &params);
    if (result || !parts) return result;
    params.cursor = &cursor;
    result = vrn_commands_begin(commands, session->device, true);
    return result ? result : vrn_session_record(session, commands, &params);
}

vrn_result vrn_session_prepare(vrn_session *session, uint32_t slots,
                               const vrn_record_params *params)
{
    const vrn_log *log = session ? &session->device->log : NULL;
    if (!session || !params) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_session_prepare: session or params is NULL");
    }
    if (slots > VRN_MAX_RECORD_SLOTS) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_session_prepare: expected at most %d slots, found %u",
                        VRN_MAX_RECORD_SLOTS, slots);
    }
    const vrn_device_queue *queue;
    vrn_commands commands = {0};
    vrn_result result = vrn_device_queue_at(&queue, session->device, params->queue);
    if (!result) result = vrn_commands_create(&commands, session->device, queue);
    for (uint32_t slot = 0; slot < slots && !result; slot++) {
        result = prepare_slot(session, commands.buffers[0], *params, slot);
    }
    vrn_commands_destroy(&commands, session->device);
    return result;
}
