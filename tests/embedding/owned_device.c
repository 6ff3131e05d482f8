/* An application on a library that owns device, queues and locks, and uses the only queue on a
 * thread of its own all the while (owner.h). The network needs the same queue: for recordings,
 * which the application submits under the owner's lock, and for runs, whose submissions the library
 * makes under it. */
#include "owner.h"

typedef struct application {
    host host;
    owner owner;
    vrn_device *network;
    vrn_model *model;
    vrn_session *session;
} application;

/* The device that the application asks the owner for: features of its own, and what the network
 * needs. What it describes is what the owner will pass to vkCreateDevice. */
static void create_device(application *app)
{
    VkPhysicalDeviceVulkan13Features features13 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
        .dynamicRendering = VK_TRUE,
        .synchronization2 = VK_TRUE,
    };
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                          .pNext = &features13};
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .pNext = &features};
    const vrn_device_requirements_params needs = {
        .instance = app->host.instance,
        .physical_device = app->host.physical,
        .get_instance_proc_addr = vkGetInstanceProcAddr,
        .api_version = VK_API_VERSION_1_3,
    };
    vrn_device_additions *additions;
    EXPECT(!vrn_device_additions_create(&additions, &info, &needs));

    /* The owner wants a VkPhysicalDeviceFeatures2 with a chain: put the rest behind it. */
    VkBaseOutStructure *chain = (VkBaseOutStructure *)(uintptr_t)info.pNext, *last = chain;
    if (chain != (VkBaseOutStructure *)(void *)&features) {
        while (last->pNext != (VkBaseOutStructure *)(void *)&features) last = last->pNext;
        last->pNext = features.pNext;
        features.pNext = chain;
        info.pNext = &features;
    }
    owner_create(&app->owner, &(owner_params){
                                  .instance = app->host.instance,
                                  .physical = app->host.physical,
                                  .family = app->host.family,
                                  .features = &features,
                                  .extensions = info.ppEnabledExtensionNames,
                                  .extension_count = info.enabledExtensionCount,
                              });
    const vrn_queue_family family = {.index = app->host.family};
    const vrn_lent_queues queues = {
        .families = &family,
        .family_count = 1,
        .lock = owner_lock_queue,
        .unlock = owner_unlock_queue,
        .user = &app->owner,
    };
    const vrn_device_import_params import = {
        .instance = app->host.instance,
        .physical_device = app->host.physical,
        .device = app->owner.device,
        .get_instance_proc_addr = vkGetInstanceProcAddr,
        .api_version = VK_API_VERSION_1_3,
        .created_with = &info,
        .queues = &queues,
    };
    EXPECT(!vrn_device_import(&app->network, &import));
    vrn_device_additions_destroy(&additions);
    vrn_device_info found;
    vrn_device_get_info(app->network, &found);
    EXPECT(found.capabilities & VRN_CAPABILITY_TIMELINE_SEMAPHORES); /* the additions arrived */
}

static VkDeviceMemory allocate(const application *app, VkMemoryRequirements needs,
                               VkMemoryPropertyFlags flags)
{
    VkPhysicalDeviceMemoryProperties types;
    vkGetPhysicalDeviceMemoryProperties(app->host.physical, &types);
    VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                 .allocationSize = needs.size};
    while (!(needs.memoryTypeBits & 1u << info.memoryTypeIndex) ||
           (types.memoryTypes[info.memoryTypeIndex].propertyFlags & flags) != flags) {
        info.memoryTypeIndex++;
    }
    VkDeviceMemory memory;
    CHECK(vkAllocateMemory(app->owner.device, &info, NULL, &memory));
    return memory;
}

/* Draws a frame, with the network behind it, and submits it under the owner's lock. */
static void draw(application *app, const canvas *c, VkCommandBuffer commands, VkFence done,
                 uint32_t number)
{
    const vrn_record_image image = {
        .view = c->view,
        .image = c->image,
        .format = FORMAT,
        .width = WIDTH,
        .height = HEIGHT,
        .layout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
    };
    const vrn_record_params record = {.images = &image, .keep_top = true, .top_count = CLASSES};
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
    };
    CHECK(vkBeginCommandBuffer(commands, &begin));
    canvas_draw(c, commands, number);
    EXPECT(!vrn_session_record(app->session, commands, &record));
    canvas_copy(c, commands);
    CHECK(vkEndCommandBuffer(commands));
    owner_lock_queue(&app->owner, app->owner.family, 0);
    CHECK(vkQueueSubmit(app->owner.queue, 1, &submit, done));
    owner_unlock_queue(&app->owner, app->owner.family, 0);
    CHECK(vkWaitForFences(app->owner.device, 1, &done, VK_TRUE, UINT64_MAX));
    CHECK(vkResetFences(app->owner.device, 1, &done));
}

static void draw_frames(application *app)
{
    VkDevice device = app->owner.device;
    canvas c = canvas_create(device);
    VkMemoryRequirements needs;
    vkGetImageMemoryRequirements(device, c.image, &needs);
    VkDeviceMemory image = allocate(app, needs, 0);
    CHECK(vkBindImageMemory(device, c.image, image, 0));
    vkGetBufferMemoryRequirements(device, c.pixels, &needs);
    VkDeviceMemory buffer = allocate(
        app, needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
    CHECK(vkBindBufferMemory(device, c.pixels, buffer, 0));
    void *pixels;
    CHECK(vkMapMemory(device, buffer, 0, VK_WHOLE_SIZE, 0, &pixels));
    canvas_view(&c, device);
    VkCommandPool pool;
    VkCommandBuffer commands;
    VkFence done;
    const VkCommandPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = app->owner.family,
    };
    const VkFenceCreateInfo fence_info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    CHECK(vkCreateCommandPool(device, &pool_info, NULL, &pool));
    const VkCommandBufferAllocateInfo buffer_info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = pool,
        .commandBufferCount = 1,
    };
    CHECK(vkAllocateCommandBuffers(device, &buffer_info, &commands));
    CHECK(vkCreateFence(device, &fence_info, NULL, &done));
    for (uint32_t number = 0; number < FRAMES; number++) {
        draw(app, &c, commands, done, number);
        expect_verdict(app->session, pixels, vrn_session_get_top(app->session, 0));
    }
    vkDestroyFence(device, done, NULL);
    vkDestroyCommandPool(device, pool, NULL);
    canvas_destroy(&c, device);
    vkFreeMemory(device, image, NULL);
    vkFreeMemory(device, buffer, NULL);
}

int main(int argc, char **argv)
{
    static application app;
    EXPECT(argc == 2);
    host_create(&app.host);
    create_device(&app);
    EXPECT(!vrn_model_load(&app.model, argv[1], NULL));
    EXPECT(!vrn_session_create(&app.session, app.network, app.model, NULL));
    draw_frames(&app);
    printf("the owner rendered %u frames meanwhile\n", atomic_load(&app.owner.frames));
    EXPECT(atomic_load(&app.owner.frames) > FRAMES);
    vrn_session_destroy(&app.session);
    vrn_model_destroy(&app.model);
    vrn_device_destroy(&app.network);
    owner_destroy(&app.owner);
    const int complaints = host_destroy(&app.host);
    printf("%d messages of the validation layer\n", complaints);
    return complaints != 0;
}
