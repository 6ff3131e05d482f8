/* What a recording into an application's command buffers owns; record.c records. */
#ifndef VRN_SESSION_RECORDING_H
#define VRN_SESSION_RECORDING_H

#include <stdint.h>

#include "gpu/memory.h"
#include "session/images.h"

typedef struct vrn_recording {
    vrn_images images; /* the prepared input is images.tensor */
    vrn_buffer output; /* results as they leave the network */
    VkDescriptorPool pool;
    uint32_t pool_sets;
} vrn_recording;

/* Both accept NULL. */
uint64_t vrn_recording_bytes(const vrn_recording *recording);
void vrn_recording_destroy(vrn_recording **recording, vrn_device *device);

#endif
