/* The layouts of an application's images around a recording that reads them. */
#ifndef VRN_SESSION_IMAGE_LAYOUT_H
#define VRN_SESSION_IMAGE_LAYOUT_H

#include <vkresnet/vulkan.h>

#include "gpu/device.h"

/* Whether a recording reads an image in this layout as it is. */
bool vrn_image_layout_readable(VkImageLayout layout);

/* Images that cannot be read in the application's layout: to one in which they can, or back. The
 * stages and accesses on the application's side are all there are, or, if its own barrier is
 * chained, those that vrn_session_record names. */
void vrn_image_layouts_change(const vrn_record_image *images, uint32_t count, bool back,
                              bool chained, const vrn_device *device, VkCommandBuffer buffer);

#endif
