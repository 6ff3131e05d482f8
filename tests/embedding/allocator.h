/* An allocator of device memory as engines have one: few large blocks, divided among many buffers
 * and images. allocator_vma.cpp is the Vulkan Memory Allocator, where CMake finds it;
 * allocator_own.c is a small one for elsewhere. */
#ifndef VRN_TESTS_EMBEDDING_ALLOCATOR_H
#define VRN_TESTS_EMBEDDING_ALLOCATOR_H

#include <stdbool.h>

/* volk, or Vulkan's header with VK_NO_PROTOTYPES, comes first. */
#include <vkresnet/vulkan.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct allocator allocator;

typedef struct allocator_params {
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    PFN_vkGetInstanceProcAddr get_instance_proc_addr;
    PFN_vkGetDeviceProcAddr get_device_proc_addr;
} allocator_params;

/* NULL: it failed. */
allocator *allocator_create(const allocator_params *params);

/* The hooks of vrn_memory_hooks, whose user is the allocator. */
VkResult allocator_allocate(void *user, const vrn_memory_request *request, vrn_memory_block *block);
void allocator_release(void *user, const vrn_memory_block *block);

/* How many blocks the device has given, and how many parts of them are in use. */
void allocator_count(const allocator *a, uint32_t *blocks, uint32_t *parts);

void allocator_destroy(allocator *a);

#ifdef __cplusplus
}
#endif

#endif
