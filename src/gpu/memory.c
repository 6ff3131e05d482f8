#include "gpu/memory.h"

#include "base/util.h"

enum {
    LOCAL = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
    HOST = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    MAPPED_DEVICE = VRN_BUFFER_READBACK + 1, /* VRN_BUFFER_DEVICE with direct mapping */
    MAPPED_CPU,                              /* the same for a driver that runs on the CPU */
    DEVICE_USAGE = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
                   VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
};

/* The properties that memory for each use must have, and those that it should or should not
 * have. */
typedef struct memory_rule {
    VkMemoryPropertyFlags needed, wanted, unwanted;
    VkBufferUsageFlags usage;
} memory_rule;

static const memory_rule rules[] = {
    [VRN_BUFFER_DEVICE] = {LOCAL, 0, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, DEVICE_USAGE},
    /* The host writes it in order and never reads it. If the host's caches cannot hold it, a GPU
     * need not search them. */
    [MAPPED_DEVICE] = {LOCAL | HOST, 0, VK_MEMORY_PROPERTY_HOST_CACHED_BIT, DEVICE_USAGE},
    [MAPPED_CPU] = {LOCAL | HOST, VK_MEMORY_PROPERTY_HOST_CACHED_BIT, 0, DEVICE_USAGE},
    /* On a discrete device, host-visible local memory is often a small window, and scarce. */
    [VRN_BUFFER_UPLOAD] = {HOST, 0, LOCAL,
                           VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT},
    [VRN_BUFFER_READBACK] = {HOST, VK_MEMORY_PROPERTY_HOST_CACHED_BIT, 0,
                             VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT},
};

/* Memory types of VK_AMD_device_coherent_memory, which may be used only if it is enabled. */
enum { AMD_COHERENT = 0x40, AMD_UNCACHED = 0x80 };

/* Finds the allowed type with all needed and the most wanted properties; UINT32_MAX: none. */
static uint32_t find_type(const vrn_device *device, uint32_t allowed, const memory_rule *rule)
{
    uint32_t best = UINT32_MAX;
    uint32_t best_score = 0;
    for (uint32_t i = 0; i < device->probe.memory.memoryTypeCount; i++) {
        VkMemoryPropertyFlags flags = device->probe.memory.memoryTypes[i].propertyFlags;
        if (!(allowed & (1u << i)) || (flags & rule->needed) != rule->needed ||
            (flags & (AMD_COHERENT | AMD_UNCACHED))) {
            continue;
        }
        const uint32_t score =
            1 + vrn_count_bits(flags & rule->wanted) + vrn_count_bits(rule->unwanted & ~flags);
        if (score > best_score) {
            best_score = score;
            best = i;
        }
    }
    return best;
}

/* Asks the application's hooks for memory, and checks the answer as far as possible. */
static vrn_result ask_for_memory(vrn_memory_block *block, vrn_device *device,
                                 const vrn_memory_request *request)
{
    const vrn_memory_hooks *hooks = &device->hooks.memory;
    const VkResult given = hooks->allocate(hooks->user, request, block);
    if (given != VK_SUCCESS) {
        *block = (vrn_memory_block){0};
        return vrn_device_check(device, given, "vrn_memory_hooks.allocate");
    }
    if (block->memory && block->offset % request->requirements.alignment == 0 &&
        (block->mapped || !request->map)) {
        return VRN_OK;
    }
    return vrn_fail(&device->log, VRN_ERROR_INVALID_ARGUMENT,
                    "vrn_memory_hooks.allocate: %s: expected %smemory at an offset that is a "
                    "multiple of %llu, found %s at offset %llu",
                    request->name, request->map ? "mapped " : "",
                    (unsigned long long)request->requirements.alignment,
                    !block->memory  ? "none"
                    : !request->map ? "memory"
                    : block->mapped ? "mapped memory"
                                    : "unmapped memory",
                    (unsigned long long)block->offset);
}

static vrn_result get_memory(vrn_memory_block *block, vrn_device *device,
                             const vrn_memory_request *request)
{
    if (device->hooks.memory.allocate) return ask_for_memory(block, device, request);
    const VkMemoryAllocateFlagsInfo flags = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
        .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT,
    };
    const VkMemoryAllocateInfo allocation = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = request->device_address ? &flags : NULL,
        .allocationSize = request->requirements.size,
        .memoryTypeIndex = request->memory_type,
    };
    vrn_result result = VRN_CALL(device, AllocateMemory, &allocation, device->host, &block->memory);
    if (result) {
        block->memory = VK_NULL_HANDLE;
    } else if (request->map) {
        result = VRN_CALL(device, MapMemory, block->memory, 0, VK_WHOLE_SIZE, 0, &block->mapped);
    }
    return result;
}

static void release_memory(const vrn_memory_block *block, vrn_device *device)
{
    const vrn_memory_hooks *hooks = &device->hooks.memory;
    if (hooks->allocate) {
        hooks->release(hooks->user, block);
    } else {
        device->vk.FreeMemory(device->handle, block->memory, device->host);
    }
}

vrn_result vrn_buffer_create(vrn_buffer *buffer, vrn_device *device, vrn_buffer_use use,
                             uint64_t size, const char *name)
{
    *buffer = (vrn_buffer){.size = size};
    vrn_result result = vrn_device_alive(device);
    if (result) return result;
    const bool mapped =
        use == VRN_BUFFER_DEVICE && vrn_device_has(device, VRN_CAPABILITY_DIRECT_MAPPING);
    const bool cpu = device->probe.info.type == VRN_DEVICE_CPU;
    const memory_rule *rule = &rules[mapped ? (cpu ? MAPPED_CPU : MAPPED_DEVICE) : (int)use];
    const bool addressed =
        use == VRN_BUFFER_DEVICE && vrn_device_has(device, VRN_CAPABILITY_BUFFER_ADDRESSES);
    const uint32_t families = device->queues.family_count;
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = size,
        .usage = rule->usage | (addressed ? VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT : 0),
        /* Sessions on all queues share weights, and a session may move between them. */
        .sharingMode = families > 1 ? VK_SHARING_MODE_CONCURRENT : VK_SHARING_MODE_EXCLUSIVE,
        .queueFamilyIndexCount = families > 1 ? families : 0,
        .pQueueFamilyIndices = device->queues.families,
    };
    result = VRN_CALL(device, CreateBuffer, &info, device->host, &buffer->handle);
    if (result) {
        buffer->handle = VK_NULL_HANDLE;
        goto error;
    }
    VkMemoryRequirements needs;
    device->vk.GetBufferMemoryRequirements(device->handle, buffer->handle, &needs);
    if (needs.size > device->probe.info.max_allocation) {
        result = vrn_fail(
            &device->log, VRN_ERROR_OUT_OF_MEMORY,
            "%s: %s needs %llu MiB, but the driver allocates at most %llu MiB at once; a "
            "smaller batch or size needs less",
            device->probe.info.name, name, (unsigned long long)((needs.size + (1 << 20) - 1) >> 20),
            (unsigned long long)(device->probe.info.max_allocation >> 20));
        goto error;
    }
    uint32_t type = find_type(device, needs.memoryTypeBits, rule);
    if (type == UINT32_MAX) {
        result =
            vrn_fail(&device->log, VRN_ERROR_UNSUPPORTED,
                     "%s: the driver has no memory type for %s", device->probe.info.name, name);
        goto error;
    }
    const vrn_memory_request request = {
        .buffer = buffer->handle,
        .requirements = needs,
        .memory_type = type,
        .map = rule->needed & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT,
        .device_address = addressed,
        .name = name,
    };
    result = get_memory(&buffer->block, device, &request);
    if (result) goto error;
    result = VRN_CALL(device, BindBufferMemory, buffer->handle, buffer->block.memory,
                      buffer->block.offset);
    if (result) goto error;
    buffer->mapped = request.map ? buffer->block.mapped : NULL;
    buffer->cached = request.map && device->probe.memory.memoryTypes[type].propertyFlags &
                                        VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    vrn_device_name(device, VK_OBJECT_TYPE_BUFFER, (uint64_t)buffer->handle, "%s", name);
    return VRN_OK;

error:
    vrn_buffer_destroy(buffer, device);
    return result;
}

vrn_result vrn_buffer_reserve(vrn_buffer *buffer, vrn_device *device, vrn_buffer_use use,
                              uint64_t size, const char *name)
{
    if (size <= buffer->size) return VRN_OK;
    vrn_buffer_destroy(buffer, device);
    return vrn_buffer_create(buffer, device, use, size, name);
}

void vrn_buffer_destroy(vrn_buffer *buffer, vrn_device *device)
{
    if (buffer->handle) device->vk.DestroyBuffer(device->handle, buffer->handle, device->host);
    if (buffer->block.memory) release_memory(&buffer->block, device);
    *buffer = (vrn_buffer){0};
}

uint64_t vrn_buffer_address(VkBuffer buffer, const vrn_device *device)
{
    const VkBufferDeviceAddressInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO,
        .buffer = buffer,
    };
    return device->vk.GetBufferDeviceAddress(device->handle, &info);
}

uint64_t vrn_buffer_alignment(const vrn_device *device)
{
    uint64_t alignment = 64; /* a cache line */
    alignment = vrn_max_u64(alignment, device->probe.limits.minStorageBufferOffsetAlignment);
    alignment = vrn_max_u64(alignment, device->probe.limits.minTexelBufferOffsetAlignment);
    return alignment;
}
