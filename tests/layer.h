/* What the tests' Vulkan layers have in common: a layer keeps its instances and devices in two
 * lists, passes on what it does not change, and has tables of the functions that it does. */
#ifndef VRN_TESTS_LAYER_H
#define VRN_TESTS_LAYER_H

#include <vulkan/vk_layer.h>
#include <vulkan/vulkan_core.h>

typedef struct layer_instance {
    void *key;
    VkInstance handle;
    PFN_vkGetInstanceProcAddr get; /* of what lies below */
    PFN_vkDestroyInstance destroy;
    void *data; /* the layer's own */
    struct layer_instance *next;
} layer_instance;

typedef struct layer_device {
    void *key;
    VkDevice handle;
    PFN_vkGetDeviceProcAddr get; /* of what lies below */
    PFN_vkDestroyDevice destroy;
    void *data; /* the layer's own */
    struct layer_device *next;
} layer_device;

typedef struct layer_function {
    const char *name;
    PFN_vkVoidFunction function;
} layer_function;

/* ---- What a layer defines ---- */

/* Its functions, up to one without a name. Those that create and destroy instances and devices call
 * the functions below. */
extern const layer_function layer_instance_functions[];
extern const layer_function layer_device_functions[];

/* ---- What it may call ---- */

/* Those of a handle: of an instance or a physical device; of a device, a queue or a command
 * buffer. */
layer_instance *layer_find_instance(const void *handle);
layer_device *layer_find_device(const void *handle);

/* vkCreateInstance and so on. The functions of what lies below must be taken from `get` at once:
 * asked for later, the loader gives the first layer's. */
VKAPI_ATTR VkResult VKAPI_CALL layer_create_instance(const VkInstanceCreateInfo *info,
                                                     const VkAllocationCallbacks *allocator,
                                                     VkInstance *handle);
VKAPI_ATTR void VKAPI_CALL layer_destroy_instance(VkInstance handle,
                                                  const VkAllocationCallbacks *allocator);
VKAPI_ATTR VkResult VKAPI_CALL layer_create_device(VkPhysicalDevice physical,
                                                   const VkDeviceCreateInfo *info,
                                                   const VkAllocationCallbacks *allocator,
                                                   VkDevice *handle);
VKAPI_ATTR void VKAPI_CALL layer_destroy_device(VkDevice handle,
                                                const VkAllocationCallbacks *allocator);

#endif
