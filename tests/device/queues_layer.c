/* A Vulkan layer that offers a driver's only queue as four, of three families: one that draws, two
 * that compute, and one that only copies. The validation layer above it sees them as those of a
 * GPU. The driver gets their submissions one at a time, in the order in which they come: one that
 * waits for a semaphore must come after the one that signals it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"

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

static PFN_vkGetPhysicalDeviceQueueFamilyProperties get_driver_families;

typedef struct device {
    void *key;
    PFN_vkDeviceWaitIdle DeviceWaitIdle;
    PFN_vkQueueSubmit QueueSubmit;
    PFN_vkQueueSubmit2 QueueSubmit2;
    PFN_vkQueueWaitIdle QueueWaitIdle;
    PFN_vkCreateCommandPool CreateCommandPool;
    VkQueue queue; /* the driver's */
    pthread_mutex_t lock;
    offered_queue offered[FAMILIES][QUEUES];
} device;

static device *find_device(const void *handle)
{
    return layer_find_device(handle)->data;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *allocator,
                                                      VkInstance *handle)
{
    VkResult result = layer_create_instance(info, allocator, handle);
    if (result == VK_SUCCESS) {
        layer_instance *i = layer_find_instance(*handle);
        get_driver_families = (PFN_vkGetPhysicalDeviceQueueFamilyProperties)i->get(
            *handle, "vkGetPhysicalDeviceQueueFamilyProperties");
    }
    return result;
}

/* ---- Families ---- */

static VkQueueFamilyProperties offered_family(VkPhysicalDevice physical, uint32_t index)
{
    uint32_t one = 1;
    VkQueueFamilyProperties family = {0};
    get_driver_families(physical, &one, &family);
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
    const VkDeviceQueueCreateInfo only = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    VkDeviceCreateInfo changed = *info;
    changed.queueCreateInfoCount = 1;
    changed.pQueueCreateInfos = &only;
    device *d = calloc(1, sizeof *d);
    if (!d) return VK_ERROR_OUT_OF_HOST_MEMORY;
    VkResult result = layer_create_device(physical, &changed, allocator, handle);
    if (result != VK_SUCCESS) {
        free(d);
        return result;
    }
    layer_device *below = layer_find_device(*handle);
#define LOAD(name) d->name = (PFN_vk##name)below->get(*handle, "vk" #name)
    LOAD(DeviceWaitIdle);
    LOAD(QueueSubmit);
    LOAD(QueueSubmit2);
    LOAD(QueueWaitIdle);
    LOAD(CreateCommandPool);
#undef LOAD
    PFN_vkGetDeviceQueue get_queue = (PFN_vkGetDeviceQueue)below->get(*handle, "vkGetDeviceQueue");
    get_queue(*handle, 0, 0, &d->queue);
    d->key = below->key;
    memcpy(d->queue, &d->key, sizeof d->key); /* as the loader does, for a layer below this one */
    pthread_mutex_init(&d->lock, NULL);
    below->data = d;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL destroy_device(VkDevice handle,
                                                 const VkAllocationCallbacks *allocator)
{
    if (!handle) return;
    device *d = find_device(handle);
    layer_destroy_device(handle, allocator);
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

const layer_function layer_instance_functions[] = {
    {"vkCreateInstance", (PFN_vkVoidFunction)create_instance},
    {"vkCreateDevice", (PFN_vkVoidFunction)create_device},
    {"vkGetPhysicalDeviceQueueFamilyProperties", (PFN_vkVoidFunction)get_families},
    {"vkGetPhysicalDeviceQueueFamilyProperties2", (PFN_vkVoidFunction)get_families2},
    {"vkGetPhysicalDeviceQueueFamilyProperties2KHR", (PFN_vkVoidFunction)get_families2},
    {0},
};

const layer_function layer_device_functions[] = {
    {"vkDestroyDevice", (PFN_vkVoidFunction)destroy_device},
    {"vkDeviceWaitIdle", (PFN_vkVoidFunction)device_idle},
    {"vkGetDeviceQueue", (PFN_vkVoidFunction)get_queue},
    {"vkGetDeviceQueue2", (PFN_vkVoidFunction)get_queue2},
    {"vkCreateCommandPool", (PFN_vkVoidFunction)create_pool},
    {"vkQueueSubmit", (PFN_vkVoidFunction)submit},
    {"vkQueueSubmit2", (PFN_vkVoidFunction)submit2},
    {"vkQueueSubmit2KHR", (PFN_vkVoidFunction)submit2},
    {"vkQueueWaitIdle", (PFN_vkVoidFunction)queue_idle},
    {0},
};
