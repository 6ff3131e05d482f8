/* A Vulkan driver that starts but cannot list its devices. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <vulkan/vk_icd.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT VKAPI_ATTR VkResult VKAPI_CALL vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version);
EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vk_icdGetInstanceProcAddr(VkInstance instance,
                                                                          const char *name);

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *allocator,
                                                      VkInstance *instance)
{
    (void)info, (void)allocator;
    VK_LOADER_DATA *data = calloc(1, sizeof *data);
    if (!data) return VK_ERROR_OUT_OF_HOST_MEMORY;
    set_loader_magic_value(data);
    *instance = (VkInstance)data;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL destroy_instance(VkInstance instance,
                                                   const VkAllocationCallbacks *allocator)
{
    (void)allocator;
    free(instance);
}

static VKAPI_ATTR VkResult VKAPI_CALL list_devices(VkInstance instance, uint32_t *count,
                                                   VkPhysicalDevice *devices)
{
    (void)instance, (void)count, (void)devices;
    return VK_ERROR_INITIALIZATION_FAILED;
}

static VKAPI_ATTR VkResult VKAPI_CALL list_extensions(const char *layer, uint32_t *count,
                                                      VkExtensionProperties *extensions)
{
    (void)layer, (void)extensions;
    *count = 0;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL never_called(void)
{
}

EXPORT VKAPI_ATTR VkResult VKAPI_CALL vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version)
{
    if (*version > 5) *version = 5;
    return VK_SUCCESS;
}

EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL vk_icdGetInstanceProcAddr(VkInstance instance,
                                                                          const char *name)
{
    static const struct {
        const char *name;
        PFN_vkVoidFunction function;
    } functions[] = {
        {"vkCreateInstance", (PFN_vkVoidFunction)create_instance},
        {"vkDestroyInstance", (PFN_vkVoidFunction)destroy_instance},
        {"vkEnumeratePhysicalDevices", (PFN_vkVoidFunction)list_devices},
        {"vkEnumerateInstanceExtensionProperties", (PFN_vkVoidFunction)list_extensions},
    };
    (void)instance;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (strcmp(functions[i].name, name) == 0) return functions[i].function;
    }
    /* The loader wants all functions of Vulkan 1.0 to be there. */
    const bool core = !strstr(name, "KHR") && !strstr(name, "EXT") && !strstr(name, "NV");
    return core ? never_called : NULL;
}
