/* A small graphics application for the tests: its own loader of Vulkan's functions, instance with
 * validation, device, queue, buffers, images and command buffers. It uses nothing of the
 * library. */
#ifndef VRN_TESTS_DEVICE_APPLICATION_H
#define VRN_TESTS_DEVICE_APPLICATION_H

#include "fixture.h"

#include <dlfcn.h>
#include <stdatomic.h>

#include <vkresnet/vulkan.h>

/* clang-format off */
#define APP_INSTANCE_FUNCTIONS(X)                                                                  \
    X(DestroyInstance) X(EnumeratePhysicalDevices) X(GetPhysicalDeviceMemoryProperties)            \
    X(GetPhysicalDeviceProperties) X(GetPhysicalDeviceQueueFamilyProperties) X(CreateDevice)       \
    X(CreateDebugUtilsMessengerEXT) X(DestroyDebugUtilsMessengerEXT)                               \
    X(GetPhysicalDeviceFormatProperties) X(GetDeviceProcAddr)
#define APP_DEVICE_FUNCTIONS(X)                                                                    \
    X(DestroyDevice) X(GetDeviceQueue) X(QueueSubmit) X(QueueWaitIdle) X(CreateBuffer)             \
    X(DestroyBuffer) X(GetBufferMemoryRequirements) X(AllocateMemory) X(FreeMemory)                \
    X(BindBufferMemory) X(MapMemory) X(CreateImage) X(DestroyImage)                                \
    X(GetImageMemoryRequirements) X(BindImageMemory) X(CreateImageView) X(DestroyImageView)        \
    X(CreateCommandPool) X(DestroyCommandPool) X(AllocateCommandBuffers) X(BeginCommandBuffer)     \
    X(EndCommandBuffer) X(CmdPipelineBarrier) X(CmdCopyBufferToImage) X(CmdCopyBuffer)             \
    X(CmdExecuteCommands) X(CreateSemaphore) X(DestroySemaphore)
/* clang-format on */

#define APP_DECLARE(name) PFN_vk##name name;

typedef struct application {
    void *loader;
    PFN_vkGetInstanceProcAddr get;
    APP_INSTANCE_FUNCTIONS(APP_DECLARE)
    APP_DEVICE_FUNCTIONS(APP_DECLARE)
    VkInstance instance;
    VkDebugUtilsMessengerEXT messenger;
    atomic_int complaints; /* of the validation layer */
    VkPhysicalDevice physical;
    VkPhysicalDeviceMemoryProperties memory;
    uint32_t family;
    VkDevice device;
    VkQueue queue;
    VkCommandPool pool;
    VkDeviceCreateInfo info;
    VkDeviceQueueCreateInfo queue_info;
    vrn_device_additions *additions; /* to `info`; NULL: none */
    vrn_device_import_params import; /* ready for vrn_device_import */
    fixture_log log;                 /* what the import says */
    const char *layer; /* set before: one of the tests' own, below the validation; or NULL */
    bool presents;     /* set before: the instance can have surfaces, or the test is skipped */
} application;

static VKAPI_ATTR VkBool32 VKAPI_CALL app_complain(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                   VkDebugUtilsMessageTypeFlagsEXT types,
                                                   const VkDebugUtilsMessengerCallbackDataEXT *data,
                                                   void *user)
{
    (void)severity, (void)types;
    atomic_fetch_add((atomic_int *)user, 1);
    fprintf(stderr, "  validation: %s\n", data->pMessage);
    return VK_FALSE;
}

static inline void app_create_instance(application *app, uint32_t api_version)
{
    const char *no = getenv("VRN_TEST_NO_VALIDATION");
    const bool validation = !(no && *no);
    app->loader = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    if (app->loader) {
        /* ISO C has no conversion from what dlsym gives to a function. */
        void *symbol = dlsym(app->loader, "vkGetInstanceProcAddr");
        memcpy(&app->get, &symbol, sizeof symbol);
    }
    if (!app->get) exit(fixture_required() ? 1 : 77);
    PFN_vkCreateInstance create = (PFN_vkCreateInstance)app->get(NULL, "vkCreateInstance");
    const char *layers[2];
    uint32_t layer_count = 0;
    if (validation) layers[layer_count++] = "VK_LAYER_KHRONOS_validation";
    if (app->layer) layers[layer_count++] = app->layer;
    const char *extensions[4] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
    uint32_t extension_count = 1;
    if (validation) extensions[extension_count++] = VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME;
    if (app->presents) {
        extensions[extension_count++] = VK_KHR_SURFACE_EXTENSION_NAME;
        extensions[extension_count++] = VK_EXT_HEADLESS_SURFACE_EXTENSION_NAME;
    }
    const VkValidationFeatureEnableEXT enable =
        VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    const VkValidationFeaturesEXT features = {
        .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
        .enabledValidationFeatureCount = 1,
        .pEnabledValidationFeatures = &enable,
    };
    const VkApplicationInfo application_info = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                                .apiVersion = api_version};
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pNext = validation ? &features : NULL,
        .pApplicationInfo = &application_info,
        .enabledLayerCount = layer_count,
        .ppEnabledLayerNames = layers,
        .enabledExtensionCount = extension_count,
        .ppEnabledExtensionNames = extensions,
    };
    VkResult created = create(&info, NULL, &app->instance);
    if (app->presents && created == VK_ERROR_EXTENSION_NOT_PRESENT) exit(77);
    if (created != VK_SUCCESS) exit(fixture_required() ? 1 : 77);
#define APP_LOAD(name) app->name = (PFN_vk##name)app->get(app->instance, "vk" #name);
    APP_INSTANCE_FUNCTIONS(APP_LOAD)
#undef APP_LOAD
    const VkDebugUtilsMessengerCreateInfoEXT messenger = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                       VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
        .pfnUserCallback = app_complain,
        .pUserData = &app->complaints,
    };
    assert_int_equal(
        app->CreateDebugUtilsMessengerEXT(app->instance, &messenger, NULL, &app->messenger),
        VK_SUCCESS);
    uint32_t count = 1;
    if (app->EnumeratePhysicalDevices(app->instance, &count, &app->physical) < 0 || !count) {
        exit(fixture_required() ? 1 : 77);
    }
    app->GetPhysicalDeviceMemoryProperties(app->physical, &app->memory);
    app->import = (vrn_device_import_params){
        .log = {.message = fixture_message, .user = &app->log},
        .instance = app->instance,
        .physical_device = app->physical,
        .get_instance_proc_addr = app->get,
        .api_version = api_version,
        .debug_utils = true,
    };
}

/* Of an application without features and extensions. */
static inline void app_describe_device(application *app)
{
    static const float priority = 1;
    uint32_t count = 0;
    VkQueueFamilyProperties families[16];
    app->GetPhysicalDeviceQueueFamilyProperties(app->physical, &count, NULL);
    count = count < 16 ? count : 16;
    app->GetPhysicalDeviceQueueFamilyProperties(app->physical, &count, families);
    const VkQueueFlags wanted = VK_QUEUE_COMPUTE_BIT | VK_QUEUE_GRAPHICS_BIT;
    while (app->family < count && (families[app->family].queueFlags & wanted) != wanted) {
        app->family++;
    }
    app->queue_info = (VkDeviceQueueCreateInfo){
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = app->family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    app->info = (VkDeviceCreateInfo){
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &app->queue_info,
    };
}

/* Makes the device as `info` says, which the import is told about. */
static inline void app_create_device(application *app)
{
    assert_int_equal(app->CreateDevice(app->physical, &app->info, NULL, &app->device), VK_SUCCESS);
#define APP_LOAD(name) app->name = (PFN_vk##name)app->GetDeviceProcAddr(app->device, "vk" #name);
    APP_DEVICE_FUNCTIONS(APP_LOAD)
#undef APP_LOAD
    app->GetDeviceQueue(app->device, app->family, 0, &app->queue);
    const VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = app->family,
    };
    assert_int_equal(app->CreateCommandPool(app->device, &pool, NULL, &app->pool), VK_SUCCESS);
    app->import.device = app->device;
    app->import.created_with = &app->info;
    app->import.queue_family = app->family;
    app->import.queue = app->queue;
}

static inline vrn_device_requirements_params app_requirements_params(const application *app)
{
    return (vrn_device_requirements_params){
        .log = app->import.log,
        .instance = app->instance,
        .physical_device = app->physical,
        .get_instance_proc_addr = app->get,
        .api_version = app->import.api_version,
    };
}

/* Adds what the library would like to `info` and makes the device. */
static inline void app_create_with_additions(application *app)
{
    const vrn_device_requirements_params params = app_requirements_params(app);
    assert_int_equal(vrn_device_additions_create(&app->additions, &app->info, &params), VRN_OK);
    app_create_device(app);
}

/* An application that enables all that the library would like, and nothing of its own. */
static inline void app_create(application *app, uint32_t api_version)
{
    *app = (application){0};
    app_create_instance(app, api_version);
    app_describe_device(app);
    app_create_with_additions(app);
}

/* Returns how often the validation layer complained; it reports what is left on the device, too. */
static inline int app_destroy(application *app)
{
    if (app->device) {
        app->DestroyCommandPool(app->device, app->pool, NULL);
        app->DestroyDevice(app->device, NULL);
    }
    vrn_device_additions_destroy(&app->additions);
    const int complaints = atomic_load(&app->complaints);
    app->DestroyDebugUtilsMessengerEXT(app->instance, app->messenger, NULL);
    app->DestroyInstance(app->instance, NULL);
    dlclose(app->loader);
    return complaints;
}

static inline VkDeviceMemory app_allocate(application *app, VkMemoryRequirements needs,
                                          VkMemoryPropertyFlags flags)
{
    uint32_t type = 0;
    while (!(needs.memoryTypeBits & 1u << type) ||
           (app->memory.memoryTypes[type].propertyFlags & flags) != flags) {
        type++;
        assert_true(type < app->memory.memoryTypeCount);
    }
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = needs.size,
        .memoryTypeIndex = type,
    };
    VkDeviceMemory memory;
    assert_int_equal(app->AllocateMemory(app->device, &info, NULL, &memory), VK_SUCCESS);
    return memory;
}

typedef struct app_buffer {
    VkBuffer handle;
    VkDeviceMemory memory;
    void *mapped;
    size_t bytes;
} app_buffer;

/* A buffer that host and device share, full of 0xab. */
static inline app_buffer app_buffer_create(application *app, size_t bytes)
{
    app_buffer buffer = {.bytes = bytes};
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = bytes,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                 VK_BUFFER_USAGE_TRANSFER_DST_BIT,
    };
    assert_int_equal(app->CreateBuffer(app->device, &info, NULL, &buffer.handle), VK_SUCCESS);
    VkMemoryRequirements needs;
    app->GetBufferMemoryRequirements(app->device, buffer.handle, &needs);
    buffer.memory = app_allocate(
        app, needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
    app->BindBufferMemory(app->device, buffer.handle, buffer.memory, 0);
    app->MapMemory(app->device, buffer.memory, 0, VK_WHOLE_SIZE, 0, &buffer.mapped);
    memset(buffer.mapped, 0xab, bytes);
    return buffer;
}

static inline void app_buffer_destroy(application *app, app_buffer *buffer)
{
    app->DestroyBuffer(app->device, buffer->handle, NULL);
    app->FreeMemory(app->device, buffer->memory, NULL);
}

static inline VkCommandBuffer app_begin(application *app, VkCommandBufferLevel level)
{
    const VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = app->pool,
        .level = level,
        .commandBufferCount = 1,
    };
    VkCommandBuffer commands;
    assert_int_equal(app->AllocateCommandBuffers(app->device, &info, &commands), VK_SUCCESS);
    const VkCommandBufferInheritanceInfo inheritance = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_INHERITANCE_INFO};
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .pInheritanceInfo = &inheritance,
    };
    assert_int_equal(app->BeginCommandBuffer(commands, &begin), VK_SUCCESS);
    return commands;
}

static inline void app_submit(application *app, VkCommandBuffer commands)
{
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
    };
    assert_int_equal(app->QueueSubmit(app->queue, 1, &info, VK_NULL_HANDLE), VK_SUCCESS);
}

/* Ends, submits, waits. The buffer goes with its pool. */
static inline void app_finish(application *app, VkCommandBuffer commands)
{
    assert_int_equal(app->EndCommandBuffer(commands), VK_SUCCESS);
    app_submit(app, commands);
    assert_int_equal(app->QueueWaitIdle(app->queue), VK_SUCCESS);
}

typedef struct app_image {
    VkImage handle;
    VkDeviceMemory memory;
    VkImageView view;
    VkFormat format;
    uint32_t width, height;
} app_image;

static inline void app_image_barrier(application *app, VkCommandBuffer commands, VkImage image,
                                     VkImageLayout from, VkImageLayout to)
{
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
        .oldLayout = from,
        .newLayout = to,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    app->CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                            VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}

/* An image of what `texels` holds, in a layout. `use` is how shaders may read it. */
static inline app_image app_image_create_for(application *app, VkImageUsageFlags use,
                                             VkFormat format, uint32_t width, uint32_t height,
                                             const app_buffer *texels, VkImageLayout layout)
{
    app_image image = {.format = format, .width = width, .height = height};
    VkFormatProperties properties;
    app->GetPhysicalDeviceFormatProperties(app->physical, format, &properties);
    const VkFormatFeatureFlags features = properties.optimalTilingFeatures;
    VkImageUsageFlags usage = use | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
    if (features & VK_FORMAT_FEATURE_TRANSFER_SRC_BIT) usage |= VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
    if (features & VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT) {
        usage |= VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT;
    }
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = format,
        .extent = {width, height, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .usage = usage,
    };
    assert_int_equal(app->CreateImage(app->device, &info, NULL, &image.handle), VK_SUCCESS);
    VkMemoryRequirements needs;
    app->GetImageMemoryRequirements(app->device, image.handle, &needs);
    image.memory = app_allocate(app, needs, 0);
    app->BindImageMemory(app->device, image.handle, image.memory, 0);
    const VkImageViewCreateInfo view = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = image.handle,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = format,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    assert_int_equal(app->CreateImageView(app->device, &view, NULL, &image.view), VK_SUCCESS);
    VkCommandBuffer commands = app_begin(app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    const VkImageLayout copied = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
    app_image_barrier(app, commands, image.handle, VK_IMAGE_LAYOUT_UNDEFINED, copied);
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {width, height, 1},
    };
    app->CmdCopyBufferToImage(commands, texels->handle, image.handle, copied, 1, &region);
    app_image_barrier(app, commands, image.handle, copied, layout);
    app_finish(app, commands);
    return image;
}

static inline app_image app_image_create(application *app, VkFormat format, uint32_t width,
                                         uint32_t height, const app_buffer *texels,
                                         VkImageLayout layout)
{
    return app_image_create_for(app, VK_IMAGE_USAGE_SAMPLED_BIT, format, width, height, texels,
                                layout);
}

static inline void app_image_destroy(application *app, app_image *image)
{
    app->DestroyImageView(app->device, image->view, NULL);
    app->DestroyImage(app->device, image->handle, NULL);
    app->FreeMemory(app->device, image->memory, NULL);
}

#endif
