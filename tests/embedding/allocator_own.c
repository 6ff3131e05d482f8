/* See allocator.h: parts of a block lie behind each other, and a block is free again when all of
 * its parts are. */
#include <pthread.h>
#include <stdlib.h>

#include "allocator.h"

enum { BLOCKS = 64 };
#define BLOCK_BYTES (UINT64_C(32) << 20)

typedef struct block {
    VkDeviceMemory memory;
    uint32_t type, parts;
    VkDeviceSize size, used;
    char *mapped;
} block;

struct allocator {
    VkDevice device;
    VkPhysicalDeviceMemoryProperties memory;
    VkDeviceSize granularity; /* between buffers and images */
    PFN_vkAllocateMemory AllocateMemory;
    PFN_vkFreeMemory FreeMemory;
    PFN_vkMapMemory MapMemory;
    pthread_mutex_t lock;
    block blocks[BLOCKS];
};

allocator *allocator_create(const allocator_params *p)
{
    allocator *a = calloc(1, sizeof *a);
    if (!a) return NULL;
    VkPhysicalDeviceProperties properties;
    PFN_vkGetPhysicalDeviceProperties get_properties =
        (PFN_vkGetPhysicalDeviceProperties)p->get_instance_proc_addr(
            p->instance, "vkGetPhysicalDeviceProperties");
    PFN_vkGetPhysicalDeviceMemoryProperties get_memory =
        (PFN_vkGetPhysicalDeviceMemoryProperties)p->get_instance_proc_addr(
            p->instance, "vkGetPhysicalDeviceMemoryProperties");
    get_properties(p->physical, &properties);
    get_memory(p->physical, &a->memory);
    a->granularity = properties.limits.bufferImageGranularity;
    a->device = p->device;
    a->AllocateMemory =
        (PFN_vkAllocateMemory)p->get_device_proc_addr(p->device, "vkAllocateMemory");
    a->FreeMemory = (PFN_vkFreeMemory)p->get_device_proc_addr(p->device, "vkFreeMemory");
    a->MapMemory = (PFN_vkMapMemory)p->get_device_proc_addr(p->device, "vkMapMemory");
    pthread_mutex_init(&a->lock, NULL);
    return a;
}

static VkResult create_block(allocator *a, block *b, uint32_t type, VkDeviceSize bytes)
{
    const VkMemoryAllocateFlagsInfo flags = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
                                             .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT};
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = &flags,
        .allocationSize = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES,
        .memoryTypeIndex = type,
    };
    *b = (block){.type = type, .size = info.allocationSize};
    VkResult result = a->AllocateMemory(a->device, &info, NULL, &b->memory);
    void *mapped = NULL;
    const VkMemoryPropertyFlags mappable = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
    if (result == VK_SUCCESS && a->memory.memoryTypes[type].propertyFlags & mappable) {
        result = a->MapMemory(a->device, b->memory, 0, VK_WHOLE_SIZE, 0, &mapped);
    }
    if (result != VK_SUCCESS) {
        a->FreeMemory(a->device, b->memory, NULL);
        *b = (block){0};
        return result;
    }
    b->mapped = mapped;
    return VK_SUCCESS;
}

static VkDeviceSize round_up(VkDeviceSize value, VkDeviceSize alignment)
{
    return (value + alignment - 1) / alignment * alignment;
}

static VkResult allocate(allocator *a, const vrn_memory_request *request, vrn_memory_block *out)
{
    const VkMemoryRequirements *needs = &request->requirements;
    const VkDeviceSize alignment =
        needs->alignment > a->granularity ? needs->alignment : a->granularity;
    block *free_one = NULL, *found = NULL;
    for (uint32_t i = 0; i < BLOCKS && !found; i++) {
        block *b = &a->blocks[i];
        if (!b->memory) {
            if (!free_one) free_one = b;
        } else if (b->type == request->memory_type &&
                   round_up(b->used, alignment) + needs->size <= b->size) {
            found = b;
        }
    }
    if (!found) {
        if (!free_one) return VK_ERROR_TOO_MANY_OBJECTS;
        const VkResult result = create_block(a, free_one, request->memory_type, needs->size);
        if (result != VK_SUCCESS) return result;
        found = free_one;
    }
    out->memory = found->memory;
    out->offset = round_up(found->used, alignment);
    out->mapped = found->mapped ? found->mapped + out->offset : NULL;
    out->user = found;
    found->used = out->offset + needs->size;
    found->parts++;
    return VK_SUCCESS;
}

VkResult allocator_allocate(void *user, const vrn_memory_request *request, vrn_memory_block *out)
{
    allocator *a = user;
    pthread_mutex_lock(&a->lock);
    const VkResult result = allocate(a, request, out);
    pthread_mutex_unlock(&a->lock);
    return result;
}

static void free_block(allocator *a, block *b)
{
    a->FreeMemory(a->device, b->memory, NULL);
    *b = (block){0};
}

void allocator_release(void *user, const vrn_memory_block *part)
{
    allocator *a = user;
    block *b = part->user;
    pthread_mutex_lock(&a->lock);
    if (--b->parts == 0) free_block(a, b);
    pthread_mutex_unlock(&a->lock);
}

void allocator_count(const allocator *a, uint32_t *blocks, uint32_t *parts)
{
    *blocks = *parts = 0;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        *blocks += a->blocks[i].memory != VK_NULL_HANDLE;
        *parts += a->blocks[i].parts;
    }
}

void allocator_destroy(allocator *a)
{
    for (uint32_t i = 0; i < BLOCKS; i++) {
        if (a->blocks[i].memory) free_block(a, &a->blocks[i]);
    }
    pthread_mutex_destroy(&a->lock);
    free(a);
}
