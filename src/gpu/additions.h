/* The extensions and features that the library adds to a VkDeviceCreateInfo: an application's, or
 * its own. */
#ifndef VRN_GPU_ADDITIONS_H
#define VRN_GPU_ADDITIONS_H

#include <vkresnet/vulkan.h>

/* Like vrn_device_additions_create, for known requirements. */
vrn_result vrn_additions_create(vrn_device_additions **additions, VkDeviceCreateInfo *info,
                                const vrn_device_requirements *requirements, const vrn_log *log);

#endif
