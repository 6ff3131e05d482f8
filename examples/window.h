/* A window that shows the renderer's frames: GLFW, a surface and a swapchain. It knows nothing of
 * networks. window.c is built where CMake finds GLFW, window_absent.c elsewhere. As in the
 * renderer, every function ends the program when Vulkan fails. */
#ifndef EXAMPLES_WINDOW_H
#define EXAMPLES_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "caption.h"
#include "renderer.h"

enum { WINDOW_IMAGES_MAX = 16 };

typedef struct window {
    renderer *renderer;
    void *handle; /* GLFW's */
    VkSurfaceKHR surface;
    VkSwapchainKHR swapchain;
    VkExtent2D extent;
    int width, height;           /* that GLFW told when the swapchain was made */
    bool stale;                  /* the swapchain is to be made anew */
    uint32_t image_count, image; /* `image`: the one that was acquired */
    VkImage images[WINDOW_IMAGES_MAX];
    /* of an image: until it is acquired again, its presentation may still wait */
    VkSemaphore drawn[WINDOW_IMAGES_MAX];
    VkSemaphore acquired[FRAMES_IN_FLIGHT]; /* of a frame */
    gpu_buffer captions[FRAMES_IN_FLIGHT];  /* [CAPTION_HEIGHT, FRAME_SIDE] RGBA */
} window;

/* First: whether there can be windows, and the extensions that the renderer's instance needs then.
 * Says why not. */
bool window_start(const char *const **extensions, uint32_t *count);

/* After renderer_start: false, and says so, where the renderer's queue cannot present. */
bool window_open(window *w, renderer *r);

/* After renderer_create, whose device has VK_KHR_swapchain. */
void window_create(window *w);

/* Accepts a window that is not open. Before renderer_destroy. */
void window_destroy(window *w);

/* Once a frame, when the slot's frame before is done: takes events, and acquires the image to draw
 * into. False: closed, or Escape was pressed. */
bool window_acquire(window *w, uint32_t slot);

/* Records: a line of text onto the frame's colour image, and that into the window, as large as it
 * allows. The colour image is in VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL before, and of no use
 * after. */
void window_draw(window *w, frame *f, uint32_t slot, const char *text, const uint8_t colour[3]);

/* Instead of renderer_submit. */
void window_submit(window *w, frame *f, uint32_t slot);

#endif
