#define VOLK_IMPLEMENTATION
#include "owner.h"

void owner_lock_queue(void *user, uint32_t family, uint32_t index)
{
    owner *o = user;
    EXPECT(family == o->family && index == 0);
    pthread_mutex_lock(&o->lock);
}

void owner_unlock_queue(void *user, uint32_t family, uint32_t index)
{
    owner *o = user;
    EXPECT(family == o->family && index == 0);
    pthread_mutex_unlock(&o->lock);
}

/* Renders frames of its own until the end: empty ones are enough to use the queue. */
static void *render(void *user)
{
    owner *o = user;
    const VkCommandPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = o->family,
    };
    VkCommandPool pool;
    VkCommandBuffer commands;
    VkFence done;
    const VkFenceCreateInfo fence_info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    CHECK(vkCreateCommandPool(o->device, &pool_info, NULL, &pool));
    const VkCommandBufferAllocateInfo buffer_info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = pool,
        .commandBufferCount = 1,
    };
    CHECK(vkAllocateCommandBuffers(o->device, &buffer_info, &commands));
    CHECK(vkCreateFence(o->device, &fence_info, NULL, &done));
    while (!atomic_load(&o->ends)) {
        const VkCommandBufferBeginInfo begin = {.sType =
                                                    VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
        const VkSubmitInfo submit = {
            .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
            .commandBufferCount = 1,
            .pCommandBuffers = &commands,
        };
        CHECK(vkBeginCommandBuffer(commands, &begin));
        CHECK(vkEndCommandBuffer(commands));
        owner_lock_queue(o, o->family, 0);
        CHECK(vkQueueSubmit(o->queue, 1, &submit, done));
        owner_unlock_queue(o, o->family, 0);
        CHECK(vkWaitForFences(o->device, 1, &done, VK_TRUE, UINT64_MAX));
        CHECK(vkResetFences(o->device, 1, &done));
        atomic_fetch_add(&o->frames, 1);
    }
    vkDestroyFence(o->device, done, NULL);
    vkDestroyCommandPool(o->device, pool, NULL);
    return NULL;
}

void owner_create(owner *o, const owner_params *p)
{
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = p->family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = p->features,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = p->extension_count,
        .ppEnabledExtensionNames = p->extensions,
    };
    o->family = p->family;
    pthread_mutex_init(&o->lock, NULL);
    CHECK(vkCreateDevice(p->physical, &info, NULL, &o->device));
    volkLoadDevice(o->device);
    vkGetDeviceQueue(o->device, o->family, 0, &o->queue);
    EXPECT(pthread_create(&o->thread, NULL, render, o) == 0);
}

void owner_destroy(owner *o)
{
    atomic_store(&o->ends, true);
    EXPECT(pthread_join(o->thread, NULL) == 0);
    vkDestroyDevice(o->device, NULL);
    pthread_mutex_destroy(&o->lock);
}
