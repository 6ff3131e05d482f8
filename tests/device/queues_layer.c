/* A Vulkan layer that offers a driver's only queue as four, of three families: one that draws, two
 * that compute, and one that only copies. The validation layer above it sees them as those of a
 * GPU. The driver gets their submissions one at a time, in the order in which they come: one that
 * waits for a semaphore must come after the one that signals it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "layer_chain.h"

static const struct {
    VkQueueFlags flags;
    uint32_t count;
} families[] = {
    {VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT | VK_QUEUE_TRANSFER_BIT, 1},
    {VK_QUEUE_COMPUTE_BIT | VK_QUEUE_TRANSFER_BIT, 2},
    {VK_QUEUE_TRANSFER_BIT, 1},
};

enum { FAMILIES = sizeof families / sizeof families[0], QUEUES = 2 };

/* A queue as applications see it. The loader writes to its first word. */
typedef struct offered_queue {
    void *dispatch;
    struct device *device;
} offered_queue;

typedef struct device {
    void *key;
    PFN_vkGetDeviceProcAddr get;
    PFN_vkDestroyDevice DestroyDevice;
    PFN_vkDeviceWaitIdle DeviceWaitIdle;
    PFN_vkQueueSubmit QueueSubmit;
    PFN_vkQueueSubmit2 QueueSubmit2;
    PFN_vkQueueWaitIdle QueueWaitIdle;
    PFN_vkCreateCommandPool CreateCommandPool;
    VkQueue queue; /* the driver's */
    pthread_mutex_t lock;
    offered_queue offered[FAMILIES][QUEUES];
    struct device *next;
} device;

typedef struct instance {
    void *key;
    VkInstance handle;
    PFN_vkGetInstanceProcAddr get;
    PFN_vkDestroyInstance Destroy;
    PFN_vkGetPhysicalDeviceQueueFamilyProperties GetQueueFamilies;
    struct instance *next;
} instance;

static pthread_mutex_t lists = PTHREAD_MUTEX_INITIALIZER;
static device *devices;
static instance *instances;

/* What all handles of a device, or of an instance, have in common. */
static void *key_of(const void *handle)
{
    void *key;
    memcpy(&key, handle, sizeof key);
    return key;
}

static device *find_device(const void *handle)
{
    pthread_mutex_lock(&lists);
    device *d = devices;
    while (d && d->key != key_of(handle)) d = d->next;
    pthread_mutex_unlock(&lists);
    return d;
}

static instance *find_instance(const void *handle)
{
    pthread_mutex_lock(&lists);
    instance *i = instances;
    while (i && i->key != key_of(handle)) i = i->next;
    pthread_mutex_unlock(&lists);
    return i;
}

/* ---- Instances ---- */

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *allocator,
                                                      VkInstance *handle)
{
    VkLayerInstanceCreateInfo *link = instance_link(info);
    instance *i = calloc(1, sizeof *i);
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
    /* Asked for later, the loader gives the first layer's functions. */
    i->Destroy = (PFN_vkDestroyInstance)i->get(*handle, "vkDestroyInstance");
    i->GetQueueFamilies = (PFN_vkGetPhysicalDeviceQueueFamilyProperties)i->get(
        *handle, "vkGetPhysicalDeviceQueueFamilyProperties");
    pthread_mutex_lock(&lists);
    i->next = instances;
    instances = i;
    pthread_mutex_unlock(&lists);
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL destroy_instance(VkInstance handle,
                                                   const VkAllocationCallbacks *allocator)
{
    instance *i = handle ? find_instance(handle) : NULL;
    if (!i) return;
    pthread_mutex_lock(&lists);
    instance **link = &instances;
    while (*link != i) link = &(*link)->next;
    *link = i->next;
    pthread_mutex_unlock(&lists);
    i->Destroy(handle, allocator);
    free(i);
}

/* ---- Families ---- */

static VkQueueFamilyProperties offered_family(VkPhysicalDevice physical, uint32_t index)
{
    uint32_t one = 1;
    VkQueueFamilyProperties family = {0};
    find_instance(physical)->GetQueueFamilies(physical, &one, &family);
    family.queueFlags = families[index].flags;
    family.queueCount = families[index].count;
    return family;
}

static uint32_t families_to_write(uint32_t *count, const void *to)
{
    if (!to || *count > FAMILIES) *count = FAMILIES;
    return to ? *count : 0;
}

static VKAPI_ATTR void VKAPI_CALL get_families(VkPhysicalDevice physical, uint32_t *count,
                                               VkQueueFamilyProperties *to)
{
    const uint32_t written = families_to_write(count, to);
    for (uint32_t i = 0; i < written; i++) to[i] = offered_family(physical, i);
}

static VKAPI_ATTR void VKAPI_CALL get_families2(VkPhysicalDevice physical, uint32_t *count,
                                                VkQueueFamilyProperties2 *to)
{
    const uint32_t written = families_to_write(count, to);
    for (uint32_t i = 0; i < written; i++) {
        to[i].queueFamilyProperties = offered_family(physical, i);
    }
}

/* ---- Devices ---- */

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical,
                                                    const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator,
                                                    VkDevice *handle)
{
    static const float priority = 1;
    VkLayerDeviceCreateInfo *link = device_link(info);
    device *d = calloc(1, sizeof *d);
    if (!link || !d) {
        free(d);
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    d->get = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    PFN_vkCreateDevice create = (PFN_vkCreateDevice)link->u.pLayerInfo->pfnNextGetInstanceProcAddr(
        find_instance(physical)->handle, "vkCreateDevice");
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    const VkDeviceQueueCreateInfo only = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    VkDeviceCreateInfo changed = *info;
    changed.queueCreateInfoCount = 1;
    changed.pQueueCreateInfos = &only;
    VkResult result = create(physical, &changed, allocator, handle);
    if (result != VK_SUCCESS) {
        free(d);
        return result;
    }
    d->key = key_of(*handle);
#define LOAD(name) d->name = (PFN_vk##name)d->get(*handle, "vk" #name)
    LOAD(DestroyDevice);
    LOAD(DeviceWaitIdle);
    LOAD(QueueSubmit);
    LOAD(QueueSubmit2);
    LOAD(QueueWaitIdle);
    LOAD(CreateCommandPool);
#undef LOAD
    PFN_vkGetDeviceQueue get_queue = (PFN_vkGetDeviceQueue)d->get(*handle, "vkGetDeviceQueue");
    get_queue(*handle, 0, 0, &d->queue);
    memcpy(d->queue, &d->key, sizeof d->key); /* as the loader does, for a layer below this one */
    pthread_mutex_init(&d->lock, NULL);
    pthread_mutex_lock(&lists);
    d->next = devices;
    devices = d;
    pthread_mutex_unlock(&lists);
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL destroy_device(VkDevice handle,
                                                 const VkAllocationCallbacks *allocator)
{
    device *d = handle ? find_device(handle) : NULL;
    if (!d) return;
    pthread_mutex_lock(&lists);
    device **link = &devices;
    while (*link != d) link = &(*link)->next;
    *link = d->next;
    pthread_mutex_unlock(&lists);
    d->DestroyDevice(handle, allocator);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

static VKAPI_ATTR void VKAPI_CALL get_queue(VkDevice handle, uint32_t family, uint32_t index,
                                            VkQueue *queue)
{
    device *d = find_device(handle);
    offered_queue *offered = &d->offered[family][index];
    offered->dispatch = d->key;
    offered->device = d;
    *queue = (VkQueue)offered;
}

static VKAPI_ATTR void VKAPI_CALL get_queue2(VkDevice handle, const VkDeviceQueueInfo2 *info,
                                             VkQueue *queue)
{
    get_queue(handle, info->queueFamilyIndex, info->queueIndex, queue);
}

static VKAPI_ATTR VkResult VKAPI_CALL create_pool(VkDevice handle,
                                                  const VkCommandPoolCreateInfo *info,
                                                  const VkAllocationCallbacks *allocator,
                                                  VkCommandPool *pool)
{
    VkCommandPoolCreateInfo changed = *info;
    changed.queueFamilyIndex = 0;
    return find_device(handle)->CreateCommandPool(handle, &changed, allocator, pool);
}

/* ---- Submissions ---- */

static device *of_queue(VkQueue queue)
{
    return ((offered_queue *)queue)->device;
}

static VKAPI_ATTR VkResult VKAPI_CALL submit(VkQueue queue, uint32_t count,
                                             const VkSubmitInfo *infos, VkFence fence)
{
    device *d = of_queue(queue);
    pthread_mutex_lock(&d->lock);
    VkResult result = d->QueueSubmit(d->queue, count, infos, fence);
    pthread_mutex_unlock(&d->lock);
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL submit2(VkQueue queue, uint32_t count,
                                              const VkSubmitInfo2 *infos, VkFence fence)
{
    device *d = of_queue(queue);
    pthread_mutex_lock(&d->lock);
    VkResult result = d->QueueSubmit2(d->queue, count, infos, fence);
    pthread_mutex_unlock(&d->lock);
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL queue_idle(VkQueue queue)
{
    device *d = of_queue(queue);
    pthread_mutex_lock(&d->lock);
    VkResult result = d->QueueWaitIdle(d->queue);
    pthread_mutex_unlock(&d->lock);
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL device_idle(VkDevice handle)
{
    device *d = find_device(handle);
    pthread_mutex_lock(&d->lock);
    VkResult result = d->DeviceWaitIdle(handle);
    pthread_mutex_unlock(&d->lock);
    return result;
}

/* ---- The layer's functions ---- */

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device(VkDevice handle, const char *name);
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance(VkInstance handle, const char *name);

typedef struct function {
    const char *name;
    PFN_vkVoidFunction function;
} function;

static const function of_instances[] = {
    {"vkGetInstanceProcAddr", (PFN_vkVoidFunction)get_instance},
    {"vkCreateInstance", (PFN_vkVoidFunction)create_instance},
    {"vkDestroyInstance", (PFN_vkVoidFunction)destroy_instance},
    {"vkCreateDevice", (PFN_vkVoidFunction)create_device},
    {"vkGetPhysicalDeviceQueueFamilyProperties", (PFN_vkVoidFunction)get_families},
    {"vkGetPhysicalDeviceQueueFamilyProperties2", (PFN_vkVoidFunction)get_families2},
    {"vkGetPhysicalDeviceQueueFamilyProperties2KHR", (PFN_vkVoidFunction)get_families2},
};

static const function of_devices[] = {
    {"vkGetDeviceProcAddr", (PFN_vkVoidFunction)get_device},
    {"vkDestroyDevice", (PFN_vkVoidFunction)destroy_device},
    {"vkDeviceWaitIdle", (PFN_vkVoidFunction)device_idle},
    {"vkGetDeviceQueue", (PFN_vkVoidFunction)get_queue},
    {"vkGetDeviceQueue2", (PFN_vkVoidFunction)get_queue2},
    {"vkCreateCommandPool", (PFN_vkVoidFunction)create_pool},
    {"vkQueueSubmit", (PFN_vkVoidFunction)submit},
    {"vkQueueSubmit2", (PFN_vkVoidFunction)submit2},
    {"vkQueueSubmit2KHR", (PFN_vkVoidFunction)submit2},
    {"vkQueueWaitIdle", (PFN_vkVoidFunction)queue_idle},
};

static PFN_vkVoidFunction find(const function *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, name) == 0) return list[i].function;
    }
    return NULL;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device(VkDevice handle, const char *name)
{
    PFN_vkVoidFunction own = find(of_devices, sizeof of_devices / sizeof of_devices[0], name);
    return own ? own : find_device(handle)->get(handle, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance(VkInstance handle, const char *name)
{
    PFN_vkVoidFunction own = find(of_instances, sizeof of_instances / sizeof of_instances[0], name);
    if (!own) own = find(of_devices, sizeof of_devices / sizeof of_devices[0], name);
    if (own) return own;
    instance *i = handle ? find_instance(handle) : NULL;
    return i ? i->get(handle, name) : NULL;
}

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
