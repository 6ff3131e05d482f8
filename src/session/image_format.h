/* Formats of an application's images, and the meaning of their numbers. */
#ifndef VRN_SESSION_IMAGE_FORMAT_H
#define VRN_SESSION_IMAGE_FORMAT_H

#include <vkresnet/vulkan.h>

/* How shaders/fetch.comp reads the image, for VRN_FETCH_READING. Errors: VRN_ERROR_UNSUPPORTED (the
 * format cannot be read), VRN_ERROR_INVALID_ARGUMENT (the format does not allow this encoding, or
 * the exposure is invalid); the log names the format. */
vrn_result vrn_image_format_read(uint32_t *reading, const vrn_record_image *image,
                                 const vrn_log *log);

#endif
