/* Times recordings on the device without waiting for it, by timestamps around spans of commands
 * that are read once they are available. */
#ifndef VRN_SESSION_METER_H
#define VRN_SESSION_METER_H

#include "session/pace.h"

typedef struct vrn_span {
    bool pending; /* recorded, not read */
    bool input;   /* the preparation of stretch.images images, not a stretch of the network */
    vrn_stretch stretch;
} vrn_span;

/* Spans that can be pending at once; others are not measured. */
#define VRN_METER_SPANS 32

/* The meter of one slot. Zero it before its first use. Without timestamps, or without
 * vkResetQueryPool, nothing is measured. */
typedef struct vrn_meter {
    VkQueryPool queries; /* two for each span */
    vrn_span spans[VRN_METER_SPANS];
    uint32_t next;
    bool measuring; /* between the beginning and the end of a span */
} vrn_meter;

vrn_result vrn_meter_create(vrn_meter *meter, vrn_device *device);
void vrn_meter_destroy(vrn_meter *meter, vrn_device *device); /* accepts zeros */

/* Records the beginning and the end of a span. */
void vrn_meter_begin(vrn_meter *meter, const vrn_device *device, VkCommandBuffer buffer);
void vrn_meter_end(vrn_meter *meter, const vrn_device *device, VkCommandBuffer buffer,
                   vrn_span span);

/* Drops what was not read: the recordings have ended, or will never run. */
void vrn_meter_forget(vrn_meter *meter);

/* Updates the pace with what was measured since the last call. */
void vrn_meter_read(vrn_meter *meter, const vrn_program *program, vrn_pace *pace, double guess);

#endif
