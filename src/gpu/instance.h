/* A Vulkan instance: the library's own, with the validation layer on request, or a lent one.
 *
 * Loaders up to Debian 12's (1.3.239) search their list of instances and devices without a lock
 * when an object is given a name. Code that changes that list, or causes a search, therefore holds
 * vrn_loader_lock. */
#ifndef VRN_GPU_INSTANCE_H
#define VRN_GPU_INSTANCE_H

#include <vkresnet/vkresnet.h>

#include "gpu/vk.h"

typedef struct vrn_instance {
    VkInstance handle; /* VK_NULL_HANDLE: there is no driver on this machine, and so no device */
    vrn_instance_table vk;
    VkDebugUtilsMessengerEXT messenger;
    bool debug_utils; /* objects can be named, commands labelled */
    bool lent;        /* it is the application's, which destroys it */
} vrn_instance;

/* `log` receives the validation messages and must outlive the instance.
 * Errors: VRN_ERROR_NO_DEVICE (no loader, or no Vulkan 1.1), VRN_ERROR_UNSUPPORTED (no validation
 * layer), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_instance_create(vrn_instance *instance, bool validation, const vrn_log *log);
/* Takes an application's instance: finds its functions through `get`. Errors: VRN_ERROR_UNSUPPORTED
 * (one is missing). */
vrn_result vrn_instance_lend(vrn_instance *instance, VkInstance handle,
                             PFN_vkGetInstanceProcAddr get, bool debug_utils, const vrn_log *log);

void vrn_instance_destroy(vrn_instance *instance); /* accepts a zeroed struct */

/* Writes what a message about a failed creation says about layers: their names, and how to switch
 * them off. Empty if there are none. */
void vrn_instance_describe_layers(char *text, size_t capacity);

/* All physical devices in the loader's order; release the array with vrn_free. */
vrn_result vrn_instance_devices(const vrn_instance *instance, VkPhysicalDevice **devices,
                                uint32_t *count, const vrn_log *log);

#endif
