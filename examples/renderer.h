/* A small offscreen renderer with its own Vulkan device and without networks or windows: the code
 * that an application already has before it embeds a network. Every function ends the program when
 * Vulkan fails. */
#ifndef EXAMPLES_RENDERER_H
#define EXAMPLES_RENDERER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vulkan/vulkan_core.h>

#include "scene.h"

enum { FRAME_SIDE = 256, FRAMES_IN_FLIGHT = 2 };

typedef struct gpu_buffer {
    VkBuffer handle;
    VkDeviceMemory memory;
    void *mapped;
} gpu_buffer;

typedef struct gpu_image {
    VkImage handle;
    VkDeviceMemory memory;
    VkImageView view;
} gpu_image;

/* One of the frames in flight. */
typedef struct frame {
    VkCommandBuffer commands;
    VkFence done;
    /* colour is VK_FORMAT_R8G8B8A8_SRGB, to be sampled and copied from and to */
    gpu_image colour, depth;
    VkFramebuffer framebuffer;
    gpu_buffer picture; /* for the host, where pictures are wanted */
} frame;

typedef struct renderer {
    VkInstance instance;
    VkDebugUtilsMessengerEXT messenger;
    uint32_t complaints; /* of the validation layer */
    VkPhysicalDevice physical;
    VkPhysicalDeviceMemoryProperties memory;
    uint32_t family;
    VkDevice device;
    VkQueue queue;
    VkCommandPool pool;
    VkRenderPass pass;
    VkPipelineLayout layout;
    VkPipeline pipeline;
    gpu_buffer vertices;
    frame frames[FRAMES_IN_FLIGHT];
} renderer;

/* The instance and the choice of a physical device and a queue family come first, so that others
 * can add to `info` what they would like to have enabled on the device. The extensions are the
 * instance's. */
void renderer_start(renderer *r, bool validation, const char *const *extensions,
                    uint32_t extension_count);
void renderer_create(renderer *r, const VkDeviceCreateInfo *info, const vertex *vertices,
                     uint32_t vertex_count);
void renderer_destroy(renderer *r);

gpu_buffer renderer_buffer(renderer *r, VkDeviceSize bytes, VkBufferUsageFlags usage);
void renderer_buffer_destroy(renderer *r, gpu_buffer *buffer);

/* Waits until the frame is free, begins its commands and draws a scene into its colour image, which
 * is then in VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL, without a barrier after it. */
frame *renderer_draw(renderer *r, uint32_t slot, const scene *s, const float camera[16],
                     float horizon);

/* Copies the colour image for the host: only for pictures on the disk. */
void renderer_copy(renderer *r, frame *f);

/* `wait` holds back the commands' transfers; either semaphore may be VK_NULL_HANDLE. */
void renderer_submit(renderer *r, frame *f, VkSemaphore wait, VkSemaphore signal);
void renderer_wait(renderer *r, const frame *f);

/* Ends the program, and says where, unless the result is VK_SUCCESS. */
void renderer_check(VkResult result, const char *what);

#endif
