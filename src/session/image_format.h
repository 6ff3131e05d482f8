/* Formats of an application's images, and what the numbers in them mean. */
#ifndef VRN_SESSION_IMAGE_FORMAT_H
#define VRN_SESSION_IMAGE_FORMAT_H

#include <vkresnet/vulkan.h>

/* How shaders/fetch.comp reads the image, for VRN_FETCH_READING. Errors: VRN_ERROR_UNSUPPORTED (the
 * format cannot be read), VRN_ERROR_INVALID_ARGUMENT (the format cannot have such an encoding, or
 * an exposure that is impossible); the log names the format. */
vrn_result vrn_image_format_read(uint32_t *reading, const vrn_record_image *image,
                                 const vrn_log *log);

#endif
