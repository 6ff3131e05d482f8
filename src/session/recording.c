#include "session/recording.h"

#include "base/alloc.h"
#include "gpu/timestamps.h"

uint64_t vrn_recording_bytes(const vrn_recording *recording)
{
    return recording
               ? vrn_images_bytes(&recording->images) + recording->output.size + recording->top.size
               : 0;
}

void vrn_recording_destroy(vrn_recording *recording, vrn_device *device)
{
    if (!recording) return;
    vrn_images_destroy(&recording->images, device);
    vrn_buffer_destroy(&recording->output, device);
    vrn_buffer_destroy(&recording->top, device);
    vrn_descriptor_pool_destroy(&recording->pool, device);
    vrn_timestamps_destroy(recording->queries, device);
    vrn_meter_destroy(&recording->meter, device);
    vrn_free(recording);
}

vrn_result vrn_recording_reserve(vrn_recording *recording, vrn_session *session,
                                 const vrn_record_params *params, uint64_t top_bytes)
{
    vrn_device *device = session->device;
    vrn_result result = VRN_OK;
    if (!recording->output.handle) {
        result = vrn_buffer_create(&recording->output, device, VRN_BUFFER_DEVICE,
                                   session->program->output_bytes, "recorded output");
    }
    if (!result && params->keep_top) {
        result = vrn_buffer_reserve(&recording->top, device, VRN_BUFFER_READBACK, top_bytes,
                                    "recorded top");
    }
    if (!result && params->timed && !recording->queries) {
        result = vrn_timestamps_create(&recording->queries, device, 2);
    }
    if (!result && params->cursor && !session->pace.paces) {
        result = vrn_pace_create(&session->pace, session->program);
    }
    if (!result && params->cursor && !recording->meter.queries) {
        result = vrn_meter_create(&recording->meter, device);
    }
    return result;
}

static const vrn_recording *find(const vrn_session *session, uint32_t slot)
{
    return session && slot < VRN_MAX_RECORD_SLOTS ? session->recordings[slot] : NULL;
}

const vrn_top *vrn_session_get_top(const vrn_session *session, uint32_t slot)
{
    const vrn_recording *recording = find(session, slot);
    return recording ? recording->top.mapped : NULL;
}

bool vrn_session_get_recorded_ms(const vrn_session *session, uint32_t slot, double *ms)
{
    const vrn_recording *recording = find(session, slot);
    uint64_t ticks[2];
    if (ms) *ms = 0;
    if (!ms || !recording || !recording->timed ||
        vrn_timestamps_read(recording->queries, session->device, 0, 2, ticks) != VK_SUCCESS) {
        return false;
    }
    *ms = vrn_device_ticks_ms(session->device, ticks[0], ticks[1]);
    return true;
}
