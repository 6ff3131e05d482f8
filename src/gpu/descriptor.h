/* Descriptor pools, and descriptor sets of buffers and images. */
#ifndef VRN_GPU_DESCRIPTOR_H
#define VRN_GPU_DESCRIPTOR_H

#include "gpu/memory.h"
#include "gpu/pipeline.h"

enum { VRN_BEFORE_MAX = 2 };

/* One binding of a set: a range of a buffer, whole or split into an array; a view of a texel
 * buffer; or an image. */
typedef struct vrn_binding {
    uint32_t binding;
    vrn_range range;
    VkBufferView view; /* VK_NULL_HANDLE: no texel buffer */
    VkImageView image; /* VK_NULL_HANDLE: no image */
    VkImageLayout layout;
    bool storage; /* a storage image; false: a sampled one */
    /* the size of each array element (vrn_pipeline_key.arrays) except the last; 0: no array */
    uint32_t block_bytes;
    /* whole ranges that are the array's first elements */
    vrn_range before[VRN_BEFORE_MAX];
    uint32_t before_count;
} vrn_binding;

/* The total number of descriptors in the sets of a pool. */
typedef struct vrn_descriptor_counts {
    uint32_t sets, storage_buffers, texel_buffers;
    uint32_t array_buffers; /* storage buffers in arrays */
    uint32_t sampled_images, storage_images;
} vrn_descriptor_counts;

/* A pool of sets. Zero it before its first use. */
typedef struct vrn_descriptor_pool {
    VkDescriptorPool handle;
    vrn_descriptor_counts counts;
} vrn_descriptor_pool;

/* Empties a pool and makes room for `counts`, in a new pool if the old one is too small. */
vrn_result vrn_descriptor_pool_reserve(vrn_descriptor_pool *pool, vrn_device *device,
                                       vrn_descriptor_counts counts);
void vrn_descriptor_pool_destroy(vrn_descriptor_pool *pool, vrn_device *device);

/* Allocates a set for a pipeline and writes it. The set is freed with the pool. */
vrn_result vrn_descriptor_set_create(VkDescriptorSet *set, vrn_device *device,
                                     VkDescriptorPool pool, const vrn_pipeline *pipeline,
                                     const vrn_binding *bindings, uint32_t count);

/* A view of a range as vec4s of floats. */
vrn_result vrn_texel_view_create(VkBufferView *view, vrn_device *device, vrn_range range,
                                 VkFormat format);

#endif
