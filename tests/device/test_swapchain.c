/* The network on an image of a swapchain, in the layout in which it is presented. Skipped without
 * VK_EXT_headless_surface, which gives a surface without a window. */
#include "application.h"

enum { SIDE = 40, CLASSES = 7, IMAGES_MAX = 8 };

#define FUNCTIONS(X)                                                                               \
    X(CreateHeadlessSurfaceEXT)                                                                    \
    X(DestroySurfaceKHR)                                                                           \
    X(GetPhysicalDeviceSurfaceCapabilitiesKHR)                                                     \
    X(GetPhysicalDeviceSurfaceFormatsKHR)                                                          \
    X(GetPhysicalDeviceSurfaceSupportKHR)                                                          \
    X(EnumerateDeviceExtensionProperties)                                                          \
    X(CreateSwapchainKHR)                                                                          \
    X(DestroySwapchainKHR)                                                                         \
    X(GetSwapchainImagesKHR)                                                                       \
    X(AcquireNextImageKHR)                                                                         \
    X(QueuePresentKHR)                                                                             \
    X(CreateFence)                                                                                 \
    X(WaitForFences)                                                                               \
    X(DestroyFence)

static struct {
    FUNCTIONS(APP_DECLARE)
} vk;

static application app;
static VkSurfaceKHR surface;
static VkSwapchainKHR swapchain;
static VkFormat format;
static vrn_device *device;
static vrn_model *model;
static vrn_session *session;

static void create_swapchain(void)
{
    const VkHeadlessSurfaceCreateInfoEXT headless = {
        .sType = VK_STRUCTURE_TYPE_HEADLESS_SURFACE_CREATE_INFO_EXT};
    assert_int_equal(vk.CreateHeadlessSurfaceEXT(app.instance, &headless, NULL, &surface),
                     VK_SUCCESS);
    VkBool32 supported = VK_FALSE;
    VkSurfaceCapabilitiesKHR capabilities;
    VkSurfaceFormatKHR formats[16];
    uint32_t count = 16;
    vk.GetPhysicalDeviceSurfaceSupportKHR(app.physical, app.family, surface, &supported);
    vk.GetPhysicalDeviceSurfaceCapabilitiesKHR(app.physical, surface, &capabilities);
    vk.GetPhysicalDeviceSurfaceFormatsKHR(app.physical, surface, &count, formats);
    assert_true(supported && count > 0);
    format = formats[0].format;
    const VkSwapchainCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR,
        .surface = surface,
        .minImageCount = capabilities.minImageCount,
        .imageFormat = format,
        .imageColorSpace = formats[0].colorSpace,
        .imageExtent = {SIDE, SIDE},
        .imageArrayLayers = 1,
        .imageUsage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT |
                      VK_IMAGE_USAGE_SAMPLED_BIT,
        .preTransform = capabilities.currentTransform,
        .compositeAlpha = VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR,
        .presentMode = VK_PRESENT_MODE_FIFO_KHR,
    };
    assert_int_equal(info.imageUsage & ~capabilities.supportedUsageFlags, 0);
    assert_int_equal(vk.CreateSwapchainKHR(app.device, &info, NULL, &swapchain), VK_SUCCESS);
}

/* The host knows when the image is there: nothing else has to be waited for. */
static uint32_t acquire(void)
{
    const VkFenceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkFence fence;
    uint32_t index = 0;
    assert_int_equal(vk.CreateFence(app.device, &info, NULL, &fence), VK_SUCCESS);
    assert_int_equal(
        vk.AcquireNextImageKHR(app.device, swapchain, UINT64_MAX, VK_NULL_HANDLE, fence, &index),
        VK_SUCCESS);
    assert_int_equal(vk.WaitForFences(app.device, 1, &fence, VK_TRUE, UINT64_MAX), VK_SUCCESS);
    vk.DestroyFence(app.device, fence, NULL);
    return index;
}

static void an_image_to_be_presented(void **state)
{
    (void)state;
    create_swapchain();
    VkImage images[IMAGES_MAX];
    uint32_t count = IMAGES_MAX;
    assert_int_equal(vk.GetSwapchainImagesKHR(app.device, swapchain, &count, images), VK_SUCCESS);
    const uint32_t index = acquire();

    /* What it shows: noise, in the order of the format's bytes. */
    const bool bgra = format == VK_FORMAT_B8G8R8A8_UNORM || format == VK_FORMAT_B8G8R8A8_SRGB;
    app_buffer texels = app_buffer_create(&app, SIDE * SIDE * 4);
    uint8_t rgba[SIDE * SIDE * 4], *stored = texels.mapped;
    uint64_t seed = 11;
    for (int i = 0; i < SIDE * SIDE * 4; i++) {
        rgba[i] = (uint8_t)(128 + 127 * fixture_random(&seed));
        stored[bgra && i % 4 < 3 ? i - i % 4 + 2 - i % 4 : i] = rgba[i];
    }
    float expected[CLASSES];
    const vrn_image photo = {.pixels = rgba, .width = SIDE, .height = SIDE};
    const vrn_inputs inputs = {.count = 1, .images = &photo};
    const vrn_outputs outputs = {.logits = expected};
    assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);

    const VkImageViewCreateInfo view_info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = images[index],
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = format,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    VkImageView view;
    assert_int_equal(app.CreateImageView(app.device, &view_info, NULL, &view), VK_SUCCESS);
    app_buffer out = app_buffer_create(&app, sizeof expected);
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    const VkImageLayout copied = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
    const VkImageLayout presented = VK_IMAGE_LAYOUT_PRESENT_SRC_KHR;
    const VkBufferImageCopy region = {.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                      .imageExtent = {SIDE, SIDE, 1}};
    app_image_barrier(&app, commands, images[index], VK_IMAGE_LAYOUT_UNDEFINED, copied);
    app.CmdCopyBufferToImage(commands, texels.handle, images[index], copied, 1, &region);
    app_image_barrier(&app, commands, images[index], copied, presented);
    const vrn_record_image input = {.view = view,
                                    .format = format,
                                    .width = SIDE,
                                    .height = SIDE,
                                    .layout = presented,
                                    .image = images[index]};
    const vrn_record_params params = {.images = &input, .logits = {out.handle, 0}};
    assert_int_equal(vrn_session_record(session, commands, &params), VRN_OK);
    app_finish(&app, commands);
    assert_memory_equal(out.mapped, expected, sizeof expected);
    const VkPresentInfoKHR present = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
        .swapchainCount = 1,
        .pSwapchains = &swapchain,
        .pImageIndices = &index,
    };
    assert_int_equal(vk.QueuePresentKHR(app.queue, &present), VK_SUCCESS);
    assert_int_equal(app.QueueWaitIdle(app.queue), VK_SUCCESS);
    app.DestroyImageView(app.device, view, NULL);
    app_buffer_destroy(&app, &texels);
    app_buffer_destroy(&app, &out);
    vk.DestroySwapchainKHR(app.device, swapchain, NULL);
    vk.DestroySurfaceKHR(app.instance, surface, NULL);
}

int main(void)
{
    const char *const extension = VK_KHR_SWAPCHAIN_EXTENSION_NAME;
    app.presents = true;
    app_create_instance(&app, VK_API_VERSION_1_2);
    app_describe_device(&app);
    app.info.enabledExtensionCount = 1;
    app.info.ppEnabledExtensionNames = &extension;
    app_create_device(&app);
#define LOAD(name) vk.name = (PFN_vk##name)app.get(app.instance, "vk" #name);
    FUNCTIONS(LOAD)
#undef LOAD
    vrn_arch arch;
    if (vrn_device_import(&device, &app.import) != VRN_OK ||
        vrn_arch_parse(&arch, "resnet,block=basic,layers=1:1,planes=8:12,stem=cifar,num_classes=7",
                       NULL) ||
        vrn_model_create_random(&model, &arch, 3, NULL) ||
        vrn_session_create(&session, device, model, NULL)) {
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_image_to_be_presented)};
    int failed = cmocka_run_group_tests_name("swapchain", tests, NULL, NULL);
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
    vrn_device_destroy(&device);
    const int complaints = app_destroy(&app);
    return failed || complaints || app.log.errors || app.log.warnings;
}
