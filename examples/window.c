#include "window.h"

#include <stdio.h>
#include <string.h>

#include <volk.h>
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#define CHECK(call) renderer_check(call, #call)

enum { FIRST_SIDE = 512 };

static void print_error(int code, const char *text)
{
    fprintf(stderr, "GLFW: %s (%#x)\n", text, (unsigned)code);
}

bool window_start(const char *const **extensions, uint32_t *count)
{
    glfwSetErrorCallback(print_error);
    *count = 0;
    if (!glfwInit()) return false;
    const char **needed = glfwVulkanSupported() ? glfwGetRequiredInstanceExtensions(count) : NULL;
    *extensions = (const char *const *)needed;
    if (!needed) fprintf(stderr, "no window: Vulkan cannot draw into windows here\n");
    return needed != NULL;
}

bool window_open(window *w, renderer *r)
{
    *w = (window){.renderer = r};
    glfwWindowHint(GLFW_CLIENT_API, GLFW_NO_API);
    w->handle = glfwCreateWindow(FIRST_SIDE, FIRST_SIDE, "VkResNet", NULL, NULL);
    if (!w->handle) return false;
    glfwSetInputMode(w->handle, GLFW_STICKY_KEYS, GLFW_TRUE); /* for Escape between two frames */
    CHECK(glfwCreateWindowSurface(r->instance, w->handle, NULL, &w->surface));
    VkBool32 presents = VK_FALSE;
    CHECK(vkGetPhysicalDeviceSurfaceSupportKHR(r->physical, r->family, w->surface, &presents));
    if (!presents) fprintf(stderr, "no window: the device cannot draw into this one\n");
    return presents;
}

/* ---- Swapchain ---- */

/* The frame holds sRGB's bytes, and blits convert: into an sRGB format they arrive unchanged. */
static VkSurfaceFormatKHR choose_format(const window *w)
{
    VkSurfaceFormatKHR formats[64];
    uint32_t count = 64;
    const VkResult result =
        vkGetPhysicalDeviceSurfaceFormatsKHR(w->renderer->physical, w->surface, &count, formats);
    if (result != VK_INCOMPLETE) renderer_check(result, "formats of the surface");
    for (uint32_t i = 0; i < count; i++) {
        VkFormatProperties properties;
        vkGetPhysicalDeviceFormatProperties(w->renderer->physical, formats[i].format, &properties);
        if ((formats[i].format == VK_FORMAT_B8G8R8A8_SRGB ||
             formats[i].format == VK_FORMAT_R8G8B8A8_SRGB) &&
            formats[i].colorSpace == VK_COLOR_SPACE_SRGB_NONLINEAR_KHR &&
            properties.optimalTilingFeatures & VK_FORMAT_FEATURE_BLIT_DST_BIT) {
            return formats[i];
        }
    }
    renderer_check(VK_ERROR_FORMAT_NOT_SUPPORTED, "the window has no sRGB format");
    return (VkSurfaceFormatKHR){0};
}

static uint32_t clamped(uint32_t value, uint32_t low, uint32_t high)
{
    return value < low ? low : value > high ? high : value;
}

static void destroy_swapchain(window *w)
{
    VkDevice device = w->renderer->device;
    for (uint32_t i = 0; i < w->image_count; i++) {
        vkDestroySemaphore(device, w->drawn[i], NULL);
    }
    w->image_count = 0;
    vkDestroySwapchainKHR(device, w->swapchain, NULL);
    w->swapchain = VK_NULL_HANDLE;
}

/* False: the window has no area at the moment. */
static bool create_swapchain(window *w)
{
    const renderer *r = w->renderer;
    CHECK(vkDeviceWaitIdle(r->device)); /* the old one's images are in use until then */
    destroy_swapchain(w);
    VkSurfaceCapabilitiesKHR can;
    CHECK(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(r->physical, w->surface, &can));
    if (!(can.supportedUsageFlags & VK_IMAGE_USAGE_TRANSFER_DST_BIT)) {
        renderer_check(VK_ERROR_FEATURE_NOT_PRESENT, "images of the window cannot be copied to");
    }
    glfwGetFramebufferSize(w->handle, &w->width, &w->height);
    w->extent = can.currentExtent;
    if (w->extent.width == UINT32_MAX) { /* the swapchain decides, as on Wayland */
        w->extent.width =
            clamped((uint32_t)w->width, can.minImageExtent.width, can.maxImageExtent.width);
        w->extent.height =
            clamped((uint32_t)w->height, can.minImageExtent.height, can.maxImageExtent.height);
    }
    if (w->width == 0 || w->height == 0 || w->extent.width == 0 || w->extent.height == 0) {
        return false;
    }
    const VkSurfaceFormatKHR format = choose_format(w);
    const VkCompositeAlphaFlagsKHR alpha = can.supportedCompositeAlpha;
    const VkSwapchainCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR,
        .surface = w->surface,
        .minImageCount =
            clamped(can.minImageCount + 1, 0, can.maxImageCount ? can.maxImageCount : UINT32_MAX),
        .imageFormat = format.format,
        .imageColorSpace = format.colorSpace,
        .imageExtent = w->extent,
        .imageArrayLayers = 1,
        .imageUsage = VK_IMAGE_USAGE_TRANSFER_DST_BIT,
        .preTransform = can.currentTransform,
        .compositeAlpha = alpha & VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR
                              ? VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR
                              : (VkCompositeAlphaFlagBitsKHR)(alpha & (~alpha + 1)),
        .presentMode = VK_PRESENT_MODE_FIFO_KHR,
        .clipped = VK_TRUE,
    };
    CHECK(vkCreateSwapchainKHR(r->device, &info, NULL, &w->swapchain));
    uint32_t count = WINDOW_IMAGES_MAX;
    CHECK(vkGetSwapchainImagesKHR(r->device, w->swapchain, &count, w->images));
    const VkSemaphoreCreateInfo semaphore = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    for (; w->image_count < count; w->image_count++) {
        CHECK(vkCreateSemaphore(r->device, &semaphore, NULL, &w->drawn[w->image_count]));
    }
    w->stale = false;
    return true;
}

void window_create(window *w)
{
    renderer *r = w->renderer;
    const VkSemaphoreCreateInfo semaphore = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    for (int i = 0; i < FRAMES_IN_FLIGHT; i++) {
        CHECK(vkCreateSemaphore(r->device, &semaphore, NULL, &w->acquired[i]));
        w->captions[i] =
            renderer_buffer(r, CAPTION_HEIGHT * FRAME_SIDE * 4, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
    }
    w->stale = true;
}

void window_destroy(window *w)
{
    renderer *r = w->renderer;
    if (!r) return;
    CHECK(vkDeviceWaitIdle(r->device));
    destroy_swapchain(w);
    for (int i = 0; i < FRAMES_IN_FLIGHT; i++) {
        vkDestroySemaphore(r->device, w->acquired[i], NULL);
        renderer_buffer_destroy(r, &w->captions[i]);
    }
    vkDestroySurfaceKHR(r->instance, w->surface, NULL);
    glfwDestroyWindow(w->handle);
    glfwTerminate();
    *w = (window){0};
}

/* ---- A frame ---- */

static bool is_closed(const window *w)
{
    return glfwWindowShouldClose(w->handle) || glfwGetKey(w->handle, GLFW_KEY_ESCAPE) == GLFW_PRESS;
}

bool window_acquire(window *w, uint32_t slot)
{
    glfwPollEvents();
    for (; !is_closed(w); glfwPollEvents()) {
        if (glfwGetWindowAttrib(w->handle, GLFW_ICONIFIED)) {
            glfwWaitEvents(); /* minimised: nobody sees a frame */
            continue;
        }
        int width, height;
        glfwGetFramebufferSize(w->handle, &width, &height);
        /* Not every system tells through the swapchain that the size is another. */
        if (w->stale || width != w->width || height != w->height) {
            w->stale = true;
            if (!create_swapchain(w)) {
                glfwWaitEvents(); /* minimised, on other systems */
                continue;
            }
        }
        const VkResult result = vkAcquireNextImageKHR(w->renderer->device, w->swapchain, UINT64_MAX,
                                                      w->acquired[slot], VK_NULL_HANDLE, &w->image);
        w->stale = result == VK_SUBOPTIMAL_KHR || result == VK_ERROR_OUT_OF_DATE_KHR;
        if (result == VK_ERROR_OUT_OF_DATE_KHR) continue;
        if (result != VK_SUBOPTIMAL_KHR) renderer_check(result, "vkAcquireNextImageKHR");
        return true; /* a suboptimal image was acquired all the same, and is shown */
    }
    return false;
}

typedef struct use {
    VkImageLayout layout;
    VkPipelineStageFlags stages;
    VkAccessFlags access;
} use;

static const use copied_to = {VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_PIPELINE_STAGE_TRANSFER_BIT,
                              VK_ACCESS_TRANSFER_WRITE_BIT};
static const use copied_from = {VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                                VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_READ_BIT};

static void change(VkCommandBuffer commands, VkImage image, use from, use to)
{
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = from.access,
        .dstAccessMask = to.access,
        .oldLayout = from.layout,
        .newLayout = to.layout,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    vkCmdPipelineBarrier(commands, from.stages, to.stages, 0, 0, NULL, 0, NULL, 1, &barrier);
}

static void draw_caption(window *w, frame *f, uint32_t slot, const char *text,
                         const uint8_t colour[3])
{
    const gpu_buffer *caption = &w->captions[slot];
    memset(caption->mapped, 0, CAPTION_HEIGHT * FRAME_SIDE * 4);
    caption_draw(caption->mapped, FRAME_SIDE, CAPTION_HEIGHT, text, colour);
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageOffset = {0, FRAME_SIDE - CAPTION_HEIGHT, 0},
        .imageExtent = {FRAME_SIDE, CAPTION_HEIGHT, 1},
    };
    vkCmdCopyBufferToImage(f->commands, caption->handle, f->colour.handle,
                           VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
}

void window_draw(window *w, frame *f, uint32_t slot, const char *text, const uint8_t colour[3])
{
    const use read_by_network = {VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
                                 VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT |
                                     VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                                 VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT};
    change(f->commands, f->colour.handle, read_by_network, copied_to);
    draw_caption(w, f, slot, text, colour);
    change(f->commands, f->colour.handle, copied_to, copied_from);

    const VkImage image = w->images[w->image];
    /* The stage is that which waits for `acquired`. */
    const use acquired = {VK_IMAGE_LAYOUT_UNDEFINED, VK_PIPELINE_STAGE_TRANSFER_BIT, 0};
    const use presented = {VK_IMAGE_LAYOUT_PRESENT_SRC_KHR, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
                           0};
    const VkClearColorValue black = {{0, 0, 0, 1}};
    const VkImageSubresourceRange all = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    change(f->commands, image, acquired, copied_to);
    vkCmdClearColorImage(f->commands, image, copied_to.layout, &black, 1, &all);
    change(f->commands, image, copied_to, copied_to); /* one write after another */
    const int32_t width = (int32_t)w->extent.width, height = (int32_t)w->extent.height;
    const int32_t side = width < height ? width : height;
    const int32_t x = (width - side) / 2, y = (height - side) / 2;
    const VkImageBlit blit = {
        .srcSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .srcOffsets = {{0, 0, 0}, {FRAME_SIDE, FRAME_SIDE, 1}},
        .dstSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .dstOffsets = {{x, y, 0}, {x + side, y + side, 1}},
    };
    vkCmdBlitImage(f->commands, f->colour.handle, copied_from.layout, image, copied_to.layout, 1,
                   &blit, VK_FILTER_LINEAR);
    change(f->commands, image, copied_to, presented);
}

void window_submit(window *w, frame *f, uint32_t slot)
{
    renderer *r = w->renderer;
    renderer_submit(r, f, w->acquired[slot], w->drawn[w->image]);
    const VkPresentInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &w->drawn[w->image],
        .swapchainCount = 1,
        .pSwapchains = &w->swapchain,
        .pImageIndices = &w->image,
    };
    const VkResult result = vkQueuePresentKHR(r->queue, &info);
    if (result == VK_SUBOPTIMAL_KHR || result == VK_ERROR_OUT_OF_DATE_KHR) {
        w->stale = true;
    } else {
        renderer_check(result, "vkQueuePresentKHR");
    }
}
