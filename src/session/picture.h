/* A picture to prepare: a photo on the host, or an application's image or buffer. */
#ifndef VRN_SESSION_PICTURE_H
#define VRN_SESSION_PICTURE_H

#include <vkresnet/vulkan.h>

#include "session/image_format.h"
#include "session/ycbcr.h"

/* A picture, in exactly one of three places. */
typedef struct vrn_picture {
    uint32_t width, height;
    const uint8_t *host;     /* copied at once */
    size_t stride;           /* of host and buffer: bytes from a row to the next */
    vrn_pixel_format format; /* of host and buffer; a buffer's has 4 bytes a pixel */
    VkBuffer buffer;         /* read by the device, from `offset` on */
    uint64_t offset;
    VkImageView view; /* sampled by the device, from (left, top) on */
    VkImageLayout layout;
    uint32_t left, top;
    vrn_image_reading reading; /* of a view */
    float exposure;
    VkImageView chroma; /* of YCbCr, whose luma is in `view`; or VK_NULL_HANDLE */
    vrn_ycbcr_form ycbcr;
} vrn_picture;

/* A photo on the host. */
vrn_picture vrn_picture_of(const vrn_image *photo);

/* An application's image (a storage image, or a sampled one) or buffer on the device. Errors:
 * VRN_ERROR_INVALID_ARGUMENT, and VRN_ERROR_UNSUPPORTED (a format that cannot be read). */
vrn_result vrn_picture_of_image(vrn_picture *picture, const vrn_record_image *image, bool storage,
                                const vrn_device *device);
vrn_result vrn_picture_of_pixels(vrn_picture *picture, const vrn_record_pixels *pixels,
                                 const vrn_log *log);

/* Checks that a picture has pixels and, on the host, a format and rows that do not overlap. */
vrn_result vrn_picture_check(const vrn_picture *photo, const vrn_log *log);

/* Copies pixels [left, left + width) of row `top` of a photo on the host as RGBA8. */
void vrn_picture_copy_row(uint8_t *to, const vrn_picture *photo, uint32_t left, uint32_t top,
                          uint32_t width);

#endif
