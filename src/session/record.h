/* Recordings into an application's command buffers: what each owns. */
#ifndef VRN_SESSION_RECORD_H
#define VRN_SESSION_RECORD_H

#include <stdint.h>

#include "gpu/device.h"

struct vrn_recording;

/* Both accept NULL. */
uint64_t vrn_recording_bytes(const struct vrn_recording *recording);
void vrn_recording_destroy(struct vrn_recording **recording, vrn_device *device);

#endif
