/* Turns pictures into input tensors on the device: the buffers and commands of one submission. */
#ifndef VRN_SESSION_IMAGES_H
#define VRN_SESSION_IMAGES_H

#include <vkresnet/vkresnet.h>

#include "gpu/descriptor.h"
#include "session/picture.h"

/* Buffers that grow as needed. */
enum {
    VRN_IMAGES_PIXELS,  /* from the host: RGBA8, the parts of the images that matter */
    VRN_IMAGES_FETCHED, /* the same from pictures on the device */
    VRN_IMAGES_FILTERS, /* from the host: the filters' tables */
    VRN_IMAGES_SCRATCH, /* images after each direction of the resize */
    VRN_IMAGES_BUFFERS,
};

/* Zero it before its first use. */
typedef struct vrn_images {
    vrn_buffer buffers[VRN_IMAGES_BUFFERS];
    vrn_buffer tensor; /* the result: [batch, height, width, 1] vec4 */
    vrn_descriptor_pool pool;
} vrn_images;

/* How a picture becomes the network's input. */
typedef struct vrn_framing {
    uint32_t batch, height, width; /* of its input */
    const vrn_transform *transform;
    bool grey; /* one channel */
} vrn_framing;

/* Copies pictures from the host, and records the preparation of `count` pictures into `buffer`,
 * which is being recorded. The result is in images->tensor; a barrier makes it visible to later
 * commands of the queue. The recording begins with its own barrier, which orders pictures on the
 * device only after earlier work of the library. The device must not be using `images`. Errors:
 * VRN_ERROR_INVALID_ARGUMENT (an empty picture, an unknown format), VRN_ERROR_UNSUPPORTED (one too
 * large for the device), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_images_record(vrn_images *images, vrn_device *device, const vrn_picture *pictures,
                             uint32_t count, const vrn_framing *framing, VkCommandBuffer buffer);

/* Makes the tensor if it does not exist yet. */
vrn_result vrn_images_reserve(vrn_images *images, vrn_device *device, const vrn_framing *framing);

/* The memory of the buffers, in bytes. */
uint64_t vrn_images_bytes(const vrn_images *images);

void vrn_images_destroy(vrn_images *images, vrn_device *device);

#endif
