/* The layouts and owners of an application's images around a recording that reads them. */
#ifndef VRN_SESSION_IMAGE_LAYOUT_H
#define VRN_SESSION_IMAGE_LAYOUT_H

#include <vkresnet/vulkan.h>

#include "gpu/device.h"

/* The layout in which a recording reads an image, as a storage image or by sampling: its own, if
 * shaders can read it. */
VkImageLayout vrn_image_layout_read(const vrn_record_image *image, bool storage);

/* The changes to images before a recording reads them, and back afterwards: layouts that cannot be
 * read become one that can and, with `transfer`, the images move from one queue family to
 * another. */
typedef struct vrn_image_changes {
    const vrn_record_image *images; /* [count] */
    uint32_t count;
    /* the application's own barrier comes before or after the recording, for the stages and
     * accesses that vrn_session_record names; else the change covers all stages and accesses */
    bool input_chained, output_chained;
    bool transfer;
    bool storage;         /* they are read as storage images */
    uint32_t owner, user; /* families: of the application, and of the recording */
} vrn_image_changes;

/* Records the changes into the commands that read the images: a transfer's acquisition and, with
 * `back`, its release. */
void vrn_image_changes_record(const vrn_image_changes *changes, bool back, const vrn_device *device,
                              VkCommandBuffer buffer);

/* Records the other half of a transfer into commands of the owner's family: the release and, with
 * `back`, the acquisition. Does nothing without a transfer. */
void vrn_image_changes_hand_over(const vrn_image_changes *changes, bool back,
                                 const vrn_device *device, VkCommandBuffer buffer);

#endif
