/* Buffers. Each has its own memory, from Vulkan or from the application's hooks: a session needs
 * only a few buffers. */
#ifndef VRN_GPU_MEMORY_H
#define VRN_GPU_MEMORY_H

#include "gpu/device.h"

typedef enum vrn_buffer_use {
    VRN_BUFFER_DEVICE, /* read and written by kernels; mapped with VRN_CAPABILITY_DIRECT_MAPPING */
    VRN_BUFFER_UPLOAD, /* written by the host, mapped; read by kernels a few times, or copied */
    VRN_BUFFER_READBACK, /* read by the host, mapped and cached; written by kernels, or by copies */
} vrn_buffer_use;

typedef struct vrn_buffer {
    VkBuffer handle;
    vrn_memory_block block; /* its own allocation, or the block from the application's hooks */
    uint64_t size;
    void *mapped; /* host-coherent, for the buffer's life; NULL where the host cannot see it */
    bool cached;  /* mapped memory that behaves like any other; else: write in order, do not read */
} vrn_buffer;

/* A part of a buffer. */
typedef struct vrn_range {
    VkBuffer buffer;
    uint64_t offset, bytes;
} vrn_range;

/* `name` is for debuggers. Errors, after which *buffer is zeroed: VRN_ERROR_OUT_OF_MEMORY (also if
 * `size` exceeds the limit for one allocation), VRN_ERROR_DEVICE_LOST. */
vrn_result vrn_buffer_create(vrn_buffer *buffer, vrn_device *device, vrn_buffer_use use,
                             uint64_t size, const char *name);

/* Makes a buffer of at least `size` bytes, which may be 0; its contents are lost if it grows. */
vrn_result vrn_buffer_reserve(vrn_buffer *buffer, vrn_device *device, vrn_buffer_use use,
                              uint64_t size, const char *name);
void vrn_buffer_destroy(vrn_buffer *buffer, vrn_device *device); /* accepts a zeroed struct */

/* The address of a VRN_BUFFER_DEVICE, for kernels that read through addresses. Needs
 * VRN_CAPABILITY_BUFFER_ADDRESSES. */
uint64_t vrn_buffer_address(VkBuffer buffer, const vrn_device *device);

/* The alignment of every tensor in a buffer; it suits storage and texel bindings, and copies. */
uint64_t vrn_buffer_alignment(const vrn_device *device);

#endif
