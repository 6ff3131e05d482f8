/* A Vulkan layer that makes any driver a faulty one: dispatches of exactly one work group are not
 * run. With VRN_FAULTY_LAYER=instance or =device it lets none of these be created. To be named in
 * VK_INSTANCE_LAYERS, for tests of what the program does about that; a process has one device. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"

static PFN_vkCmdDispatch dispatch;

static bool refuses(const char *what)
{
    const char *refused = getenv("VRN_FAULTY_LAYER");
    return refused && strcmp(refused, what) == 0;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *allocator,
                                                      VkInstance *instance)
{
    if (refuses("instance")) return VK_ERROR_INITIALIZATION_FAILED;
    return layer_create_instance(info, allocator, instance);
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical,
                                                    const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator,
                                                    VkDevice *device)
{
    if (refuses("device")) return VK_ERROR_EXTENSION_NOT_PRESENT;
    VkResult result = layer_create_device(physical, info, allocator, device);
    if (result == VK_SUCCESS) {
        dispatch = (PFN_vkCmdDispatch)layer_find_device(*device)->get(*device, "vkCmdDispatch");
    }
    return result;
}

static VKAPI_ATTR void VKAPI_CALL faulty_dispatch(VkCommandBuffer buffer, uint32_t x, uint32_t y,
                                                  uint32_t z)
{
    if (x * y * z > 1) dispatch(buffer, x, y, z);
}

const layer_function layer_instance_functions[] = {
    {"vkCreateInstance", (PFN_vkVoidFunction)create_instance},
    {"vkCreateDevice", (PFN_vkVoidFunction)create_device},
    {0},
};

const layer_function layer_device_functions[] = {
    {"vkCmdDispatch", (PFN_vkVoidFunction)faulty_dispatch},
    {0},
};
