/* The objects of a slot of recordings into an application's command buffers. */
#ifndef VRN_SESSION_RECORDING_H
#define VRN_SESSION_RECORDING_H

#include "gpu/descriptor.h"
#include "session/images.h"
#include "session/network.h"
#include "session/session.h"

struct vrn_recording {
    vrn_images images; /* the prepared input is images.tensor */
    vrn_buffer output; /* results as they leave the network */
    vrn_buffer top;    /* for vrn_session_get_top; made when first needed */
    vrn_descriptor_pool pool;
    VkQueryPool queries; /* two, around a recording that is timed; made when first needed */
    bool timed;          /* the last recording is */
    /* of a network that is spread over several recordings */
    vrn_position at;
    uint32_t count; /* images */
    vrn_meter meter;
};

/* Makes what a recording like `params` needs and the slot does not have yet. */
vrn_result vrn_recording_reserve(vrn_recording *recording, vrn_session *session,
                                 const vrn_record_params *params, uint64_t top_bytes);

#endif
