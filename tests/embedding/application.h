/* What the small applications here have in common: volk, an instance with validation, a picture
 * drawn by dynamic rendering, and the check of a verdict on it. One file of each program defines
 * VOLK_IMPLEMENTATION before it includes this. */
#ifndef VRN_TESTS_EMBEDDING_APPLICATION_H
#define VRN_TESTS_EMBEDDING_APPLICATION_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volk.h>
/* After volk, which has Vulkan's header in it. */
#include <vkresnet/vulkan.h>

enum { WIDTH = 90, HEIGHT = 70, CLASSES = 10, FRAMES = 4, SKIPPED = 77 };

#define FORMAT VK_FORMAT_R8G8B8A8_SRGB

/* Ends the program, and says where, unless the condition holds. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)
#define CHECK(call) EXPECT((call) == VK_SUCCESS)

static inline void skip(const char *why)
{
    printf("skipped: %s\n", why);
    exit(getenv("VRN_TEST_REQUIRE_DEVICE") ? 1 : SKIPPED);
}

/* Counts what the validation layer says. */
static VKAPI_ATTR VkBool32 VKAPI_CALL complain(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                               VkDebugUtilsMessageTypeFlagsEXT types,
                                               const VkDebugUtilsMessengerCallbackDataEXT *data,
                                               void *user)
{
    (void)severity, (void)types;
    ++*(int *)user;
    fprintf(stderr, "validation: %s\n", data->pMessage);
    return VK_FALSE;
}

typedef struct host {
    VkInstance instance;
    VkDebugUtilsMessengerEXT messenger;
    VkPhysicalDevice physical;
    uint32_t family; /* draws and computes */
    int complaints;
} host;

static inline void host_create(host *h)
{
    const char *no = getenv("VRN_TEST_NO_VALIDATION");
    const bool validation = !(no && *no);
    const char *const layer = "VK_LAYER_KHRONOS_validation";
    const char *const extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME,
                                      VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME};
    const VkValidationFeatureEnableEXT enable =
        VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    const VkValidationFeaturesEXT features = {
        .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
        .enabledValidationFeatureCount = 1,
        .pEnabledValidationFeatures = &enable,
    };
    const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                           .apiVersion = VK_API_VERSION_1_3};
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pNext = validation ? &features : NULL,
        .pApplicationInfo = &application,
        .enabledLayerCount = validation,
        .ppEnabledLayerNames = &layer,
        .enabledExtensionCount = validation ? 2 : 1,
        .ppEnabledExtensionNames = extensions,
    };
    *h = (host){0};
    if (volkInitialize() || vkCreateInstance(&info, NULL, &h->instance)) skip("no Vulkan");
    volkLoadInstance(h->instance);
    const VkDebugUtilsMessengerCreateInfoEXT messenger = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                       VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
        .pfnUserCallback = complain,
        .pUserData = &h->complaints,
    };
    CHECK(vkCreateDebugUtilsMessengerEXT(h->instance, &messenger, NULL, &h->messenger));
    uint32_t count = 1;
    if (vkEnumeratePhysicalDevices(h->instance, &count, &h->physical) < 0 || !count)
        skip("no device");
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(h->physical, &properties);
    if (properties.apiVersion < VK_API_VERSION_1_3) skip("no device of Vulkan 1.3");
    VkQueueFamilyProperties families[16];
    count = 16;
    vkGetPhysicalDeviceQueueFamilyProperties(h->physical, &count, families);
    const VkQueueFlags wanted = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
    while (h->family < count && (families[h->family].queueFlags & wanted) != wanted) h->family++;
    if (h->family == count) skip("no queue that draws and computes");
}

/* Returns the number of messages. */
static inline int host_destroy(host *h)
{
    vkDestroyDebugUtilsMessengerEXT(h->instance, h->messenger, NULL);
    vkDestroyInstance(h->instance, NULL);
    return h->complaints;
}

/* An image and its contents for the host. Where its memory is from is the application's affair. */
typedef struct canvas {
    VkImage image;
    VkImageView view;
    VkBuffer pixels; /* RGBA8 [HEIGHT, WIDTH] */
} canvas;

/* Without memory. */
static inline canvas canvas_create(VkDevice device)
{
    canvas c = {0};
    const VkImageCreateInfo image = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = FORMAT,
        .extent = {WIDTH, HEIGHT, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .usage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_SAMPLED_BIT |
                 VK_IMAGE_USAGE_TRANSFER_SRC_BIT,
    };
    const VkBufferCreateInfo buffer = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                       .size = WIDTH * HEIGHT * 4,
                                       .usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT};
    CHECK(vkCreateImage(device, &image, NULL, &c.image));
    CHECK(vkCreateBuffer(device, &buffer, NULL, &c.pixels));
    return c;
}

/* After the image has memory. */
static inline void canvas_view(canvas *c, VkDevice device)
{
    const VkImageViewCreateInfo view = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = c->image,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = FORMAT,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    CHECK(vkCreateImageView(device, &view, NULL, &c->view));
}

static inline void canvas_destroy(canvas *c, VkDevice device)
{
    vkDestroyImageView(device, c->view, NULL);
    vkDestroyImage(device, c->image, NULL);
    vkDestroyBuffer(device, c->pixels, NULL);
}

static inline void canvas_change(const canvas *c, VkCommandBuffer commands, VkImageLayout from,
                                 VkImageLayout to)
{
    const VkImageMemoryBarrier2 barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2,
        .srcStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
        .srcAccessMask = VK_ACCESS_2_MEMORY_WRITE_BIT,
        .dstStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
        .dstAccessMask = VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_MEMORY_WRITE_BIT,
        .oldLayout = from,
        .newLayout = to,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = c->image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    const VkDependencyInfo info = {.sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO,
                                   .imageMemoryBarrierCount = 1,
                                   .pImageMemoryBarriers = &barrier};
    vkCmdPipelineBarrier2(commands, &info);
}

/* Draws rectangles; the image is in COLOR_ATTACHMENT_OPTIMAL afterwards. */
static inline void canvas_draw(const canvas *c, VkCommandBuffer commands, uint32_t number)
{
    canvas_change(c, commands, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
    const VkRenderingAttachmentInfo colour = {
        .sType = VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO,
        .imageView = c->view,
        .imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
        .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
        .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
        .clearValue = {.color = {{0.1f, 0.3f, 0.6f, 1}}},
    };
    const VkRenderingInfo info = {
        .sType = VK_STRUCTURE_TYPE_RENDERING_INFO,
        .renderArea = {{0, 0}, {WIDTH, HEIGHT}},
        .layerCount = 1,
        .colorAttachmentCount = 1,
        .pColorAttachments = &colour,
    };
    vkCmdBeginRendering(commands, &info);
    for (uint32_t i = 0; i < 12; i++) {
        const float shade = (float)((i * 7 + number * 5) % 12) / 12;
        const VkClearAttachment clear = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT,
                                         .clearValue = {.color = {{shade, 1 - shade, 0.5f, 1}}}};
        const VkClearRect rectangle = {
            .rect = {{(int32_t)(i * 6), (int32_t)(i * 13 % 50)}, {10 + i, 20 - i}},
            .layerCount = 1,
        };
        vkCmdClearAttachments(commands, 1, &clear, 1, &rectangle);
    }
    vkCmdEndRendering(commands);
}

/* Copies what was drawn for the host. */
static inline void canvas_copy(const canvas *c, VkCommandBuffer commands)
{
    const VkImageLayout copied = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
    canvas_change(c, commands, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL, copied);
    const VkBufferImageCopy region = {.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                      .imageExtent = {WIDTH, HEIGHT, 1}};
    vkCmdCopyImageToBuffer(commands, c->image, copied, c->pixels, 1, &region);
    const VkMemoryBarrier2 barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2,
        .srcStageMask = VK_PIPELINE_STAGE_2_COPY_BIT,
        .srcAccessMask = VK_ACCESS_2_TRANSFER_WRITE_BIT,
        .dstStageMask = VK_PIPELINE_STAGE_2_HOST_BIT,
        .dstAccessMask = VK_ACCESS_2_HOST_READ_BIT,
    };
    const VkDependencyInfo info = {.sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO,
                                   .memoryBarrierCount = 1,
                                   .pMemoryBarriers = &barrier};
    vkCmdPipelineBarrier2(commands, &info);
}

/* The verdict on a frame is that of a run of the library with the same pixels, to the byte. */
static inline void expect_verdict(vrn_session *session, const void *pixels,
                                  const vrn_top best[CLASSES])
{
    float probabilities[CLASSES];
    const vrn_image photo = {.pixels = pixels, .width = WIDTH, .height = HEIGHT};
    const vrn_inputs inputs = {.count = 1, .images = &photo};
    const vrn_outputs outputs = {.probabilities = probabilities};
    EXPECT(vrn_session_run(session, &inputs, &outputs) == VRN_OK);
    for (uint32_t i = 0; i < CLASSES; i++) {
        EXPECT(memcmp(&best[i].probability, &probabilities[best[i].index], sizeof(float)) == 0);
        EXPECT(i == 0 || best[i].probability <= best[i - 1].probability);
    }
}

#endif
