#include "layer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lists = PTHREAD_MUTEX_INITIALIZER;
static layer_instance *instances;
static layer_device *devices;

/* What all handles of a device, or of an instance, have in common. */
static void *key_of(const void *handle)
{
    void *key;
    memcpy(&key, handle, sizeof key);
    return key;
}

layer_instance *layer_find_instance(const void *handle)
{
    pthread_mutex_lock(&lists);
    layer_instance *i = instances;
    while (i && i->key != key_of(handle)) i = i->next;
    pthread_mutex_unlock(&lists);
    return i;
}

layer_device *layer_find_device(const void *handle)
{
    pthread_mutex_lock(&lists);
    layer_device *d = devices;
    while (d && d->key != key_of(handle)) d = d->next;
    pthread_mutex_unlock(&lists);
    return d;
}

/* ---- Instances ---- */

/* The loader's list of what lies below, of which each layer takes its own link. */
static VkLayerInstanceCreateInfo *instance_link(const VkInstanceCreateInfo *info)
{
    VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)info->pNext;
    while (link && (link->sType != VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO ||
                    link->function != VK_LAYER_LINK_INFO)) {
        link = (VkLayerInstanceCreateInfo *)link->pNext;
    }
    return link;
}

VKAPI_ATTR VkResult VKAPI_CALL layer_create_instance(const VkInstanceCreateInfo *info,
                                                     const VkAllocationCallbacks *allocator,
                                                     VkInstance *handle)
{
    VkLayerInstanceCreateInfo *link = instance_link(info);
    layer_instance *i = calloc(1, sizeof *i);
    if (!link || !i) {
        free(i);
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    i->get = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    PFN_vkCreateInstance create = (PFN_vkCreateInstance)i->get(VK_NULL_HANDLE, "vkCreateInstance");
    VkResult result = create(info, allocator, handle);
    if (result != VK_SUCCESS) {
        free(i);
        return result;
    }
    i->key = key_of(*handle);
    i->handle = *handle;
    i->destroy = (PFN_vkDestroyInstance)i->get(*handle, "vkDestroyInstance");
    pthread_mutex_lock(&lists);
    i->next = instances;
    instances = i;
    pthread_mutex_unlock(&lists);
    return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL layer_destroy_instance(VkInstance handle,
                                                  const VkAllocationCallbacks *allocator)
{
    layer_instance *i = handle ? layer_find_instance(handle) : NULL;
    if (!i) return;
    pthread_mutex_lock(&lists);
    layer_instance **link = &instances;
    while (*link != i) link = &(*link)->next;
    *link = i->next;
    pthread_mutex_unlock(&lists);
    i->destroy(handle, allocator);
    free(i);
}

/* ---- Devices ---- */

static VkLayerDeviceCreateInfo *device_link(const VkDeviceCreateInfo *info)
{
    VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)info->pNext;
    while (link && (link->sType != VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO ||
                    link->function != VK_LAYER_LINK_INFO)) {
        link = (VkLayerDeviceCreateInfo *)link->pNext;
    }
    return link;
}

VKAPI_ATTR VkResult VKAPI_CALL layer_create_device(VkPhysicalDevice physical,
                                                   const VkDeviceCreateInfo *info,
                                                   const VkAllocationCallbacks *allocator,
                                                   VkDevice *handle)
{
    VkLayerDeviceCreateInfo *link = device_link(info);
    layer_device *d = calloc(1, sizeof *d);
    if (!link || !d) {
        free(d);
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    d->get = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    PFN_vkCreateDevice create = (PFN_vkCreateDevice)link->u.pLayerInfo->pfnNextGetInstanceProcAddr(
        layer_find_instance(physical)->handle, "vkCreateDevice");
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    VkResult result = create(physical, info, allocator, handle);
    if (result != VK_SUCCESS) {
        free(d);
        return result;
    }
    d->key = key_of(*handle);
    d->handle = *handle;
    d->destroy = (PFN_vkDestroyDevice)d->get(*handle, "vkDestroyDevice");
    pthread_mutex_lock(&lists);
    d->next = devices;
    devices = d;
    pthread_mutex_unlock(&lists);
    return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL layer_destroy_device(VkDevice handle,
                                                const VkAllocationCallbacks *allocator)
{
    layer_device *d = handle ? layer_find_device(handle) : NULL;
    if (!d) return;
    pthread_mutex_lock(&lists);
    layer_device **link = &devices;
    while (*link != d) link = &(*link)->next;
    *link = d->next;
    pthread_mutex_unlock(&lists);
    d->destroy(handle, allocator);
    free(d);
}

/* ---- Names of functions ---- */

static PFN_vkVoidFunction find(const layer_function *list, const char *name)
{
    while (list->name && strcmp(list->name, name) != 0) list++;
    return list->function;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device(VkDevice handle, const char *name);
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance(VkInstance handle, const char *name);

static const layer_function shared_of_devices[] = {
    {"vkGetDeviceProcAddr", (PFN_vkVoidFunction)get_device},
    {"vkDestroyDevice", (PFN_vkVoidFunction)layer_destroy_device},
    {0},
};

static const layer_function shared_of_instances[] = {
    {"vkGetInstanceProcAddr", (PFN_vkVoidFunction)get_instance},
    {"vkCreateInstance", (PFN_vkVoidFunction)layer_create_instance},
    {"vkDestroyInstance", (PFN_vkVoidFunction)layer_destroy_instance},
    {"vkCreateDevice", (PFN_vkVoidFunction)layer_create_device},
    {0},
};

static PFN_vkVoidFunction find_of_device(const char *name)
{
    PFN_vkVoidFunction own = find(layer_device_functions, name);
    return own ? own : find(shared_of_devices, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device(VkDevice handle, const char *name)
{
    const layer_device *d = layer_find_device(handle);
    PFN_vkVoidFunction below = d ? d->get(handle, name) : NULL;
    PFN_vkVoidFunction own = find_of_device(name);
    return own && (below || !d) ? own : below;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance(VkInstance handle, const char *name)
{
    PFN_vkVoidFunction own = find(layer_instance_functions, name);
    if (!own) own = find(shared_of_instances, name);
    if (!own) own = find_of_device(name);
    if (own) return own;
    layer_instance *i = handle ? layer_find_instance(handle) : NULL;
    return i ? i->get(handle, name) : NULL;
}

#define EXPORT __attribute__((visibility("default")))

EXPORT VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *interface);

VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *interface)
{
    if (interface->loaderLayerInterfaceVersion < 2) return VK_ERROR_INITIALIZATION_FAILED;
    interface->loaderLayerInterfaceVersion = 2;
    interface->pfnGetInstanceProcAddr = get_instance;
    interface->pfnGetDeviceProcAddr = get_device;
    interface->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
