/* Photos to input tensors, on the device: the buffers and commands of one submission. */
#ifndef VRN_SESSION_IMAGES_H
#define VRN_SESSION_IMAGES_H

#include <vkresnet/vkresnet.h>

#include "gpu/memory.h"

/* Zero it; grows with what it is given. */
typedef struct vrn_images {
    vrn_buffer pixels;  /* from the host: RGBA8, the parts of the images that matter */
    vrn_buffer filters; /* from the host: the filters' tables */
    vrn_buffer scratch; /* images after each direction of the resize */
    vrn_buffer tensor;  /* the result: [batch, height, width, 1] vec4 */
    VkDescriptorPool pool;
    uint32_t pool_sets;
} vrn_images;

/* Copies `count` images and records their preparation into `buffer` (begun and ended here); the result
 * is in images->tensor, for later commands of the queue. What `images` holds must not be in use by the
 * device. Errors: VRN_ERROR_INVALID_ARGUMENT (an empty image), VRN_ERROR_UNSUPPORTED (one too large for
 * the device), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_images_record(vrn_images *images, vrn_device *device, const vrn_image *photos,
                             uint32_t count, uint32_t batch, uint32_t height, uint32_t width,
                             const vrn_transform *transform, VkCommandBuffer buffer);

void vrn_images_destroy(vrn_images *images, vrn_device *device);

#endif
