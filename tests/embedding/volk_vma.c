/* An application of Vulkan 1.3 with volk, features of its own (dynamic rendering, bindless
 * descriptors, buffer addresses) in Vulkan's structures for whole versions, and an allocator that
 * divides device memory (the Vulkan Memory Allocator, where CMake finds it). It draws frames, two
 * in flight, and the network sees each of them in the same command buffer.
 *
 * The lines behind "The network:" are all that the library needs (tests/tree counts them). */
#define VOLK_IMPLEMENTATION
#include "application.h"

#include "allocator.h"

enum { IN_FLIGHT = 2 };

static host app;
static VkDevice device;
static VkQueue queue;
static VkCommandPool pool;
static allocator *memory;
static vrn_model *model;

static VkPhysicalDeviceVulkan13Features features13 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
    .dynamicRendering = VK_TRUE,
    .synchronization2 = VK_TRUE,
};
static VkPhysicalDeviceVulkan12Features features12 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
    .pNext = &features13,
};

/* Bindless descriptors only where the device has them. */
static void choose_features(void)
{
    VkPhysicalDeviceVulkan12Features has = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
    VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                     .pNext = &has};
    vkGetPhysicalDeviceFeatures2(app.physical, &all);
    features12.descriptorBindingPartiallyBound = has.descriptorBindingPartiallyBound;
    features12.shaderSampledImageArrayNonUniformIndexing =
        has.shaderSampledImageArrayNonUniformIndexing;
    features12.bufferDeviceAddress = has.bufferDeviceAddress;
    if (!has.bufferDeviceAddress) skip("no buffer addresses, which the allocator is made for");
}

/* Memory for the application's own, from the allocator. */
static vrn_memory_block take(VkMemoryRequirements needs, VkMemoryPropertyFlags flags)
{
    VkPhysicalDeviceMemoryProperties types;
    vkGetPhysicalDeviceMemoryProperties(app.physical, &types);
    vrn_memory_request request = {.requirements = needs,
                                  .map = flags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT};
    while (!(needs.memoryTypeBits & 1u << request.memory_type) ||
           (types.memoryTypes[request.memory_type].propertyFlags & flags) != flags) {
        request.memory_type++;
    }
    vrn_memory_block block = {0};
    CHECK(allocator_allocate(memory, &request, &block));
    return block;
}

/* One of the frames in flight. */
typedef struct frame {
    canvas canvas;
    vrn_memory_block image, pixels;
    VkCommandBuffer commands;
    VkFence done;
} frame;

static frame frame_create(void)
{
    frame f = {.canvas = canvas_create(device)};
    VkMemoryRequirements needs;
    vkGetImageMemoryRequirements(device, f.canvas.image, &needs);
    f.image = take(needs, 0);
    CHECK(vkBindImageMemory(device, f.canvas.image, f.image.memory, f.image.offset));
    vkGetBufferMemoryRequirements(device, f.canvas.pixels, &needs);
    f.pixels =
        take(needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
    CHECK(vkBindBufferMemory(device, f.canvas.pixels, f.pixels.memory, f.pixels.offset));
    canvas_view(&f.canvas, device);
    const VkCommandBufferAllocateInfo commands = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = pool,
        .commandBufferCount = 1,
    };
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    CHECK(vkAllocateCommandBuffers(device, &commands, &f.commands));
    CHECK(vkCreateFence(device, &fence, NULL, &f.done));
    return f;
}

static void frame_destroy(frame *f)
{
    vkDestroyFence(device, f->done, NULL);
    canvas_destroy(&f->canvas, device);
    allocator_release(memory, &f->image);
    allocator_release(memory, &f->pixels);
}

/* Draws and submits a frame, whose slot is free. */
static void begin_frame(frame *f, vrn_session *session, uint32_t number)
{
    const uint32_t slot = number % IN_FLIGHT;
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    CHECK(vkBeginCommandBuffer(f->commands, &begin));
    canvas_draw(&f->canvas, f->commands, number);
    /* The network: what it sees, and the commands. */
    /* clang-format off */
    EXPECT(!vrn_session_record(session, f->commands, &(vrn_record_params){
        .slot = slot, .keep_top = true, .top_count = CLASSES,
        .images = &(vrn_record_image){.view = f->canvas.view, .image = f->canvas.image,
                                      .format = FORMAT, .width = WIDTH, .height = HEIGHT,
                                      .layout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL}}));
    /* clang-format on */
    /* The application's own again. */
    canvas_copy(&f->canvas, f->commands);
    CHECK(vkEndCommandBuffer(f->commands));
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &f->commands,
    };
    CHECK(vkQueueSubmit(queue, 1, &submit, f->done));
}

static void end_frame(frame *f, vrn_session *session, uint32_t number)
{
    CHECK(vkWaitForFences(device, 1, &f->done, VK_TRUE, UINT64_MAX));
    CHECK(vkResetFences(device, 1, &f->done));
    /* The network: its verdict. */
    const vrn_top *best = vrn_session_get_top(session, number % IN_FLIGHT);
    /* The application's own again. */
    expect_verdict(session, f->pixels.mapped, best);
}

static void draw_frames(vrn_session *session)
{
    frame frames[IN_FLIGHT];
    for (uint32_t i = 0; i < IN_FLIGHT; i++) frames[i] = frame_create();
    uint32_t blocks, parts, before = 0;
    for (uint32_t number = 0; number < FRAMES + IN_FLIGHT; number++) {
        frame *f = &frames[number % IN_FLIGHT];
        if (number >= IN_FLIGHT) end_frame(f, session, number - IN_FLIGHT);
        if (number < FRAMES) begin_frame(f, session, number);
        allocator_count(memory, &blocks, &parts);
        if (number == 2 * IN_FLIGHT - 1) before = parts;
    }
    /* Everything is the allocator's, few blocks for many parts, and no frame adds one. */
    printf("%u blocks of device memory, %u parts\n", blocks, parts);
    EXPECT(blocks > 0 && parts > blocks && parts == before);
    for (uint32_t i = 0; i < IN_FLIGHT; i++) frame_destroy(&frames[i]);
}

static void run(void)
{
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue_info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = app.family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = &features12,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue_info,
    };
    vrn_device *network = NULL;
    vrn_session *session = NULL;
    /* The network: what it needs on the device. */
    vrn_device_additions *additions;
    /* clang-format off */
    EXPECT(!vrn_device_additions_create(&additions, &info, &(vrn_device_requirements_params){
        .instance = app.instance, .physical_device = app.physical,
        .get_instance_proc_addr = vkGetInstanceProcAddr, .api_version = VK_API_VERSION_1_3}));
    /* clang-format on */
    /* The application's own again. */
    CHECK(vkCreateDevice(app.physical, &info, NULL, &device));
    volkLoadDevice(device);
    vkGetDeviceQueue(device, app.family, 0, &queue);
    const VkCommandPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = app.family,
    };
    CHECK(vkCreateCommandPool(device, &pool_info, NULL, &pool));
    memory = allocator_create(&(allocator_params){
        .instance = app.instance,
        .physical = app.physical,
        .device = device,
        .get_instance_proc_addr = vkGetInstanceProcAddr,
        .get_device_proc_addr = vkGetDeviceProcAddr,
    });
    EXPECT(memory);
    const vrn_memory_hooks hooks = {allocator_allocate, allocator_release, memory, {0}};
    /* The network: its device, its session. */
    /* clang-format off */
    EXPECT(!vrn_device_import(&network, &(vrn_device_import_params){
        .instance = app.instance, .physical_device = app.physical, .device = device,
        .get_instance_proc_addr = vkGetInstanceProcAddr, .api_version = VK_API_VERSION_1_3,
        .created_with = &info, .queue_family = app.family, .queue = queue, .memory = &hooks}));
    /* clang-format on */
    vrn_device_additions_destroy(&additions);
    EXPECT(!vrn_session_create(&session, network, model, NULL));
    /* The application's own again. */
    draw_frames(session);
    /* The network: its end. */
    vrn_session_destroy(&session);
    vrn_device_destroy(&network);
    /* The application's own again. */
    uint32_t blocks, parts;
    allocator_count(memory, &blocks, &parts);
    EXPECT(parts == 0);
    allocator_destroy(memory);
    vkDestroyCommandPool(device, pool, NULL);
    vkDestroyDevice(device, NULL);
}

int main(int argc, char **argv)
{
    EXPECT(argc == 2);
    host_create(&app);
    choose_features();
    /* The network: its weights. */
    EXPECT(!vrn_model_load(&model, argv[1], NULL));
    /* The application's own again. */
    run();
    /* The network: the end of its weights. */
    vrn_model_destroy(&model);
    /* The application's own again. */
    const int complaints = host_destroy(&app);
    printf("%d messages of the validation layer\n", complaints);
    return complaints != 0;
}
