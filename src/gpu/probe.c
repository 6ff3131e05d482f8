#include "gpu/probe.h"

#include <stdio.h>
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/util.h"

static const char *const capability_names[VRN_CAPABILITY_COUNT] = {
    "direct mapping",      "texel buffers", "timestamps",           "timeline semaphores",
    "16-bit storage",      "int8",          "integer dot product",  "cooperative matrix",
    "pipeline statistics", "buffer arrays", "cooperative matrix 2",
};

const char *vrn_capability_name(uint32_t bit)
{
    for (uint32_t i = 0; i < VRN_CAPABILITY_COUNT; i++) {
        if (bit == 1u << i) return capability_names[i];
    }
    return NULL;
}

uint32_t vrn_build_capabilities(void)
{
    uint32_t built = (UINT32_C(1) << VRN_CAPABILITY_COUNT) - 1;
#ifndef VRN_COOPERATIVE_MATRIX
    built &= ~(uint32_t)VRN_CAPABILITY_COOPERATIVE_MATRIX;
#endif
#ifndef VRN_COOPERATIVE_MATRIX_2
    built &= ~(uint32_t)VRN_CAPABILITY_COOPERATIVE_MATRIX_2;
#endif
    return built;
}

/* Extensions of the device, by name. */
typedef struct extension_list {
    VkExtensionProperties *items;
    uint32_t count;
    VkResult failed; /* why they are not known */
} extension_list;

static bool has_extension(const extension_list *list, const char *name)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].extensionName, name) == 0) return true;
    }
    return false;
}

static vrn_result list_extensions(extension_list *list, const vrn_instance *instance,
                                  VkPhysicalDevice physical, const vrn_log *log)
{
    *list = (extension_list){0};
    uint32_t count = 0;
    VkResult result = instance->vk.EnumerateDeviceExtensionProperties(physical, NULL, &count, NULL);
    if (result == VK_SUCCESS && count > 0) {
        list->items = vrn_alloc(count, sizeof *list->items);
        if (!list->items) return vrn_fail_memory(log);
        result =
            instance->vk.EnumerateDeviceExtensionProperties(physical, NULL, &count, list->items);
    }
    if (result >= 0) {
        list->count = list->items ? count : 0;
        return VRN_OK;
    }
    vrn_free(list->items);
    list->items = NULL;
    if (result == VK_ERROR_OUT_OF_HOST_MEMORY || result == VK_ERROR_OUT_OF_DEVICE_MEMORY) {
        return vrn_fail_memory(log);
    }
    list->failed = result;
    return VRN_OK;
}

static void probe_properties(vrn_probe *probe, const vrn_instance *instance,
                             VkPhysicalDevice physical, const extension_list *extensions)
{
    VkPhysicalDeviceDriverProperties driver = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
    };
    VkPhysicalDeviceMaintenance3Properties maintenance = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES,
    };
    VkPhysicalDeviceDescriptorIndexingProperties indexing = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DESCRIPTOR_INDEXING_PROPERTIES,
    };
    VkPhysicalDeviceSubgroupProperties subgroup = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
        .pNext = &maintenance,
    };
    VkPhysicalDeviceIDProperties id = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
        .pNext = &subgroup,
    };
    VkPhysicalDeviceSubgroupSizeControlProperties sizes = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES,
    };
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
        .pNext = &id,
    };
    if (has_extension(extensions, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME)) {
        maintenance.pNext = &driver;
    }
    if (has_extension(extensions, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) {
        sizes.pNext = properties.pNext;
        properties.pNext = &sizes;
    }
    if (has_extension(extensions, VK_EXT_DESCRIPTOR_INDEXING_EXTENSION_NAME)) {
        indexing.pNext = properties.pNext;
        properties.pNext = &indexing;
    }
    instance->vk.GetPhysicalDeviceProperties2(physical, &properties);

    static const vrn_device_type types[] = {
        [VK_PHYSICAL_DEVICE_TYPE_OTHER] = VRN_DEVICE_OTHER,
        [VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU] = VRN_DEVICE_INTEGRATED,
        [VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU] = VRN_DEVICE_DISCRETE,
        [VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU] = VRN_DEVICE_VIRTUAL,
        [VK_PHYSICAL_DEVICE_TYPE_CPU] = VRN_DEVICE_CPU,
    };
    const VkPhysicalDeviceProperties *p = &properties.properties;
    vrn_device_info *info = &probe->info;
    probe->limits = p->limits;
    probe->driver_id = driver.driverID;
    const uint32_t longest =
        vrn_min_u32(indexing.maxPerStageUpdateAfterBindResources,
                    vrn_min_u32(indexing.maxPerStageDescriptorUpdateAfterBindStorageBuffers,
                                indexing.maxDescriptorSetUpdateAfterBindStorageBuffers));
    probe->max_array = longest > 64 ? longest - 64 : 0; /* what a set has besides */
    memcpy(probe->cache_uuid, p->pipelineCacheUUID, sizeof probe->cache_uuid);
    snprintf(info->name, sizeof info->name, "%s", p->deviceName);
    snprintf(info->driver, sizeof info->driver, "%s%s%s", driver.driverName,
             driver.driverInfo[0] ? ", " : "", driver.driverInfo);
    if ((size_t)p->deviceType < VRN_COUNT(types)) info->type = types[p->deviceType];
    info->api_version = p->apiVersion;
    info->vendor_id = p->vendorID;
    info->device_id = p->deviceID;
    info->driver_version = p->driverVersion;
    memcpy(info->uuid, id.deviceUUID, sizeof info->uuid);
    info->max_buffer_range = p->limits.maxStorageBufferRange;
    info->max_allocation = maintenance.maxMemoryAllocationSize;
    info->subgroup_size = subgroup.subgroupSize;
    probe->subgroup.size_min = probe->subgroup.size_max = subgroup.subgroupSize;
    if ((sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) && sizes.minSubgroupSize) {
        probe->subgroup.size_min = sizes.minSubgroupSize;
        probe->subgroup.size_max = sizes.maxSubgroupSize;
    }
    info->shared_memory_bytes = p->limits.maxComputeSharedMemorySize;
    info->max_workgroup_invocations = p->limits.maxComputeWorkGroupInvocations;

    if (p->limits.maxTexelBufferElements >= 1u << 24) {
        info->capabilities |= VRN_CAPABILITY_TEXEL_BUFFERS;
    }
}

/* The capabilities that are made of cooperative matrices. */
static uint32_t probe_matrices(vrn_probe *probe, const vrn_instance *instance,
                               VkPhysicalDevice physical, const extension_list *extensions)
{
    if (!has_extension(extensions, "VK_KHR_cooperative_matrix") ||
        !has_extension(extensions, VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME)) {
        return 0;
    }
    return vrn_matrices_probe(&probe->matrices, instance, physical,
                              has_extension(extensions, "VK_NV_cooperative_matrix2"));
}

static void probe_features(vrn_probe *probe, const vrn_instance *instance,
                           VkPhysicalDevice physical, const extension_list *extensions)
{
    VkPhysicalDeviceShaderIntegerDotProductFeatures dot = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
    };
    VkPhysicalDeviceDescriptorIndexingFeatures indexing = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DESCRIPTOR_INDEXING_FEATURES,
    };
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
    };
    VkPhysicalDevice8BitStorageFeatures storage8 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES,
    };
    VkPhysicalDeviceShaderFloat16Int8Features arithmetic = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
    };
    VkPhysicalDevice16BitStorageFeatures storage16 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
    };
    VkPhysicalDeviceFeatures2 features = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .pNext = &storage16,
    };
    /* A structure may be asked for only where the extension is there. */
    const struct {
        const char *extension;
        void *structure;
        void **next;
    } optional[] = {
        {VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME, &dot, &dot.pNext},
        {VK_EXT_DESCRIPTOR_INDEXING_EXTENSION_NAME, &indexing, &indexing.pNext},
        {VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME, &timeline, &timeline.pNext},
        {VK_KHR_8BIT_STORAGE_EXTENSION_NAME, &storage8, &storage8.pNext},
        {VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME, &arithmetic, &arithmetic.pNext},
    };
    void **tail = &storage16.pNext;
    for (uint32_t i = 0; i < VRN_COUNT(optional); i++) {
        if (!has_extension(extensions, optional[i].extension)) continue;
        *tail = optional[i].structure;
        tail = optional[i].next;
    }
    instance->vk.GetPhysicalDeviceFeatures2(physical, &features);

    const struct {
        bool there;
        vrn_capability bit;
    } found[] = {
        {timeline.timelineSemaphore, VRN_CAPABILITY_TIMELINE_SEMAPHORES},
        {storage16.storageBuffer16BitAccess, VRN_CAPABILITY_STORAGE_16BIT},
        {arithmetic.shaderInt8 && storage8.storageBuffer8BitAccess, VRN_CAPABILITY_INT8},
        {dot.shaderIntegerDotProduct, VRN_CAPABILITY_INTEGER_DOT_PRODUCT},
        {has_extension(extensions, VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME),
         VRN_CAPABILITY_PIPELINE_STATISTICS},
        {features.features.shaderStorageBufferArrayDynamicIndexing &&
             indexing.runtimeDescriptorArray && indexing.descriptorBindingVariableDescriptorCount &&
             probe->max_array >= 1u << 16,
         VRN_CAPABILITY_BUFFER_ARRAYS},
    };
    for (uint32_t i = 0; i < VRN_COUNT(found); i++) {
        if (found[i].there) probe->info.capabilities |= found[i].bit;
    }
    if (arithmetic.shaderFloat16) {
        probe->info.capabilities |= probe_matrices(probe, instance, physical, extensions);
    }
}

static void probe_memory(vrn_probe *probe, const vrn_instance *instance, VkPhysicalDevice physical)
{
    instance->vk.GetPhysicalDeviceMemoryProperties(physical, &probe->memory);
    const VkPhysicalDeviceMemoryProperties *memory = &probe->memory;
    uint32_t largest = UINT32_MAX;
    for (uint32_t i = 0; i < memory->memoryHeapCount; i++) {
        const VkMemoryHeap *heap = &memory->memoryHeaps[i];
        if ((heap->flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) &&
            heap->size > probe->info.memory_bytes) {
            probe->info.memory_bytes = heap->size;
            largest = i;
        }
    }
    /* On a discrete device the host reaches its memory over the bus: staging is faster there. */
    bool shared = probe->info.type == VRN_DEVICE_CPU || probe->info.type == VRN_DEVICE_INTEGRATED;
    const VkMemoryPropertyFlags wanted = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT |
                                         VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                         VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    for (uint32_t i = 0; i < memory->memoryTypeCount && shared; i++) {
        if ((memory->memoryTypes[i].propertyFlags & wanted) == wanted &&
            memory->memoryTypes[i].heapIndex == largest) {
            probe->info.capabilities |= VRN_CAPABILITY_DIRECT_MAPPING;
        }
    }
}

void vrn_probe_queue(vrn_probe *probe, uint32_t index, const VkQueueFamilyProperties *family)
{
    const uint32_t bits = family->timestampValidBits;
    probe->queue_family = index;
    probe->timestamp_mask = bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
    if (bits > 0 && probe->limits.timestampPeriod > 0) {
        probe->info.capabilities |= VRN_CAPABILITY_TIMESTAMPS;
    } else {
        probe->info.capabilities &= ~(uint32_t)VRN_CAPABILITY_TIMESTAMPS;
    }
}

static vrn_result probe_queues(vrn_probe *probe, const vrn_instance *instance,
                               VkPhysicalDevice physical, const vrn_log *log)
{
    uint32_t count = 0;
    instance->vk.GetPhysicalDeviceQueueFamilyProperties(physical, &count, NULL);
    VkQueueFamilyProperties *families = vrn_alloc(count, sizeof *families);
    if (!families) return vrn_fail_memory(log);
    instance->vk.GetPhysicalDeviceQueueFamilyProperties(physical, &count, families);

    probe->queue_family = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        if (!(families[i].queueFlags & VK_QUEUE_COMPUTE_BIT)) continue;
        /* The first family that computes; a graphics queue is no better, nor worse. */
        vrn_probe_queue(probe, i, &families[i]);
        break;
    }
    vrn_free(families);
    return VRN_OK;
}

static void judge(vrn_probe *probe)
{
    static const int by_type[] = {
        [VRN_DEVICE_OTHER] = 500,    [VRN_DEVICE_INTEGRATED] = 3000, [VRN_DEVICE_DISCRETE] = 4000,
        [VRN_DEVICE_VIRTUAL] = 2000, [VRN_DEVICE_CPU] = 1000,
    };
    vrn_device_info *info = &probe->info;
    if (info->api_version < VK_API_VERSION_1_1) {
        snprintf(info->reason, sizeof info->reason, "Vulkan 1.1 is needed, the driver has %u.%u",
                 VK_API_VERSION_MAJOR(info->api_version), VK_API_VERSION_MINOR(info->api_version));
        return;
    }
    if (probe->queue_family == UINT32_MAX) {
        snprintf(info->reason, sizeof info->reason, "no queue that can compute");
        return;
    }
    if (info->type == VRN_DEVICE_CPU) {
        snprintf(info->reason, sizeof info->reason,
                 "runs on the processor: taken where there is no GPU");
    }
    uint64_t gib = info->memory_bytes >> 30;
    info->score = by_type[info->type] + (int)vrn_min_u64(gib, 400);
    /* Of two such drivers the one with large texel buffers, Mesa's, is ten times faster. */
    if (info->type == VRN_DEVICE_CPU && (info->capabilities & VRN_CAPABILITY_TEXEL_BUFFERS)) {
        info->score += 400;
    }
}

vrn_result vrn_probe_device(vrn_probe *probe, const vrn_instance *instance,
                            VkPhysicalDevice physical, uint32_t index, const vrn_log *log)
{
    *probe = (vrn_probe){.info.index = index, .queue_family = UINT32_MAX};
    VkPhysicalDeviceProperties properties;
    instance->vk.GetPhysicalDeviceProperties(physical, &properties);
    if (properties.apiVersion < VK_API_VERSION_1_1) { /* what follows may not be called then */
        snprintf(probe->info.name, sizeof probe->info.name, "%s", properties.deviceName);
        probe->info.api_version = properties.apiVersion;
        judge(probe);
        return VRN_OK;
    }
    extension_list extensions;
    vrn_result result = list_extensions(&extensions, instance, physical, log);
    if (result) return result;
    probe->portability_subset = has_extension(&extensions, "VK_KHR_portability_subset");
    probe_properties(probe, instance, physical, &extensions);
    probe_features(probe, instance, physical, &extensions);
    probe_memory(probe, instance, physical);
    result = probe_queues(probe, instance, physical, log);
    if (!result) judge(probe);
    if (extensions.failed) {
        probe->info.score = 0;
        snprintf(probe->info.reason, sizeof probe->info.reason,
                 "its extensions cannot be listed (VkResult %d)", (int)extensions.failed);
    }
    vrn_free(extensions.items);
    return result;
}
