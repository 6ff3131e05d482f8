/* What the layers above keep with a device for as long as it lives: the device does not know what
 * it is. */
#ifndef VRN_GPU_ATTACHMENT_H
#define VRN_GPU_ATTACHMENT_H

#include "gpu/device.h"

/* A device has at most one attachment of each kind, which is told apart by its address. */
typedef struct vrn_attachment_kind {
    void *(*create)(vrn_device *device); /* zeroed memory of vrn_alloc's, or NULL: out of memory */
    void (*destroy)(void *data, vrn_device *device);
} vrn_attachment_kind;

/* The attachment of a kind, which is made at the first call; NULL: out of memory, which is logged.
 * A kind's `create` must not ask for attachments. Thread-safe. */
void *vrn_device_attachment(vrn_device *device, const vrn_attachment_kind *kind);

/* The same where it was made already; else NULL. Takes no lock. Thread-safe. */
void *vrn_device_find_attachment(const vrn_device *device, const vrn_attachment_kind *kind);

/* For vrn_device_destroy, while the device's handle is valid. */
void vrn_device_destroy_attachments(vrn_device *device);

#endif
