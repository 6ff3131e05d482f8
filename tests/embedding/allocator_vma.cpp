/* See allocator.h: the Vulkan Memory Allocator of Debian 13's libvulkan-memory-allocator-dev. */
#include <vulkan/vulkan_core.h>

#define VMA_STATIC_VULKAN_FUNCTIONS  0
#define VMA_DYNAMIC_VULKAN_FUNCTIONS 1
#define VMA_IMPLEMENTATION
#include <vk_mem_alloc.h>

#include "allocator.h"

struct allocator {
    VmaAllocator vma;
};

allocator *allocator_create(const allocator_params *params)
{
    VmaVulkanFunctions functions = {};
    functions.vkGetInstanceProcAddr = params->get_instance_proc_addr;
    functions.vkGetDeviceProcAddr = params->get_device_proc_addr;
    VmaAllocatorCreateInfo info = {};
    info.flags = VMA_ALLOCATOR_CREATE_BUFFER_DEVICE_ADDRESS_BIT;
    info.physicalDevice = params->physical;
    info.device = params->device;
    info.instance = params->instance;
    info.vulkanApiVersion = VK_API_VERSION_1_3;
    info.pVulkanFunctions = &functions;
    allocator *a = new allocator();
    if (vmaCreateAllocator(&info, &a->vma) == VK_SUCCESS) return a;
    delete a;
    return nullptr;
}

/* What docs/embedding.md says of VMA. */
VkResult allocator_allocate(void *user, const vrn_memory_request *request, vrn_memory_block *block)
{
    VmaAllocationCreateInfo info = {};
    info.flags = request->map ? VMA_ALLOCATION_CREATE_MAPPED_BIT : 0;
    info.memoryTypeBits = 1u << request->memory_type;
    VmaAllocation allocation;
    VmaAllocationInfo made;
    const VkResult result = vmaAllocateMemory(static_cast<allocator *>(user)->vma,
                                              &request->requirements, &info, &allocation, &made);
    if (result != VK_SUCCESS) return result;
    block->memory = made.deviceMemory;
    block->offset = made.offset;
    block->mapped = made.pMappedData;
    block->user = allocation;
    return VK_SUCCESS;
}

void allocator_release(void *user, const vrn_memory_block *block)
{
    vmaFreeMemory(static_cast<allocator *>(user)->vma, static_cast<VmaAllocation>(block->user));
}

void allocator_count(const allocator *a, uint32_t *blocks, uint32_t *parts)
{
    VmaTotalStatistics statistics;
    vmaCalculateStatistics(a->vma, &statistics);
    *blocks = statistics.total.statistics.blockCount;
    *parts = statistics.total.statistics.allocationCount;
}

void allocator_destroy(allocator *a)
{
    vmaDestroyAllocator(a->vma);
    delete a;
}
