/* The layouts of an application's images around a recording that reads them. */
#ifndef VRN_SESSION_IMAGE_LAYOUT_H
#define VRN_SESSION_IMAGE_LAYOUT_H

#include <vkresnet/vulkan.h>

#include "gpu/device.h"

/* Whether a recording can read an image in this layout directly. */
bool vrn_image_layout_readable(VkImageLayout layout);

/* Changes the layout of images that cannot be read in the application's layout to a readable one,
 * or back. The barrier covers all of the application's stages and accesses, or, if `chained` to the
 * application's own barrier, those that vrn_session_record names. */
void vrn_image_layouts_change(const vrn_record_image *images, uint32_t count, bool back,
                              bool chained, const vrn_device *device, VkCommandBuffer buffer);

#endif
