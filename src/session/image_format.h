/* The formats of an application's images, and how shaders read them. */
#ifndef VRN_SESSION_IMAGE_FORMAT_H
#define VRN_SESSION_IMAGE_FORMAT_H

#include <vkresnet/vulkan.h>

#include "gpu/device.h"
#include "ops/transfer.h"

/* How shaders/fetch.comp reads an image. */
typedef struct vrn_image_reading {
    vrn_transfer kernel; /* VRN_TRANSFER_FETCH_IMAGE, or that of a storage image's format */
    uint32_t numbers;    /* VRN_FETCH_READING */
} vrn_image_reading;

/* Errors: VRN_ERROR_UNSUPPORTED (the format cannot be read), VRN_ERROR_INVALID_ARGUMENT (the format
 * does not allow this encoding, or the exposure is invalid); the log names the format. */
vrn_result vrn_image_format_read(vrn_image_reading *reading, const vrn_record_image *image,
                                 bool storage, const vrn_device *device);

#endif
