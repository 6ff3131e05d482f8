/* What the library adds to a VkDeviceCreateInfo: an application's, or that of its own device. */
#ifndef VRN_GPU_ADDITIONS_H
#define VRN_GPU_ADDITIONS_H

#include <vkresnet/vulkan.h>

/* As vrn_device_additions_create, for requirements that are known. */
vrn_result vrn_additions_create(vrn_device_additions **additions, VkDeviceCreateInfo *info,
                                const vrn_device_requirements *requirements, const vrn_log *log);

#endif
