/* Names of VkResult, for messages. */
#ifndef VRN_GPU_RESULT_H
#define VRN_GPU_RESULT_H

#include <vulkan/vulkan_core.h>

/* Room for a name, or for the number of an unknown result. */
typedef struct vrn_vk_result_text {
    char text[48];
} vrn_vk_result_text;

/* "VK_ERROR_DEVICE_LOST", or "VkResult -1000012345". `room` holds the text of a number. */
const char *vrn_vk_result_name(VkResult result, vrn_vk_result_text *room);

#endif
