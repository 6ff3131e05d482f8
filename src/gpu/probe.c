#include "gpu/probe.h"

#include <stdio.h>
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/util.h"
#include "gpu/features.h"
#include "gpu/result.h"

static const char *const capability_names[VRN_CAPABILITY_COUNT] = {
    "direct mapping",      "texel buffers", "timestamps",           "timeline semaphores",
    "16-bit storage",      "int8",          "integer dot product",  "cooperative matrix",
    "pipeline statistics", "buffer arrays", "cooperative matrix 2", "buffer addresses",
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
    return (UINT32_C(1) << VRN_CAPABILITY_COUNT) - 1;
}

/* Extensions that a device offers. */
typedef struct extension_list {
    VkExtensionProperties *items;
    const char **names; /* pointers into the items */
    uint32_t count;
    VkResult failed; /* why they could not be listed */
} extension_list;

/* Release the list even if this fails. */
static vrn_result list_extensions(extension_list *list, const vrn_instance *instance,
                                  VkPhysicalDevice physical, const vrn_log *log)
{
    *list = (extension_list){0};
    uint32_t count = 0;
    VkResult result = instance->vk.EnumerateDeviceExtensionProperties(physical, NULL, &count, NULL);
    if (result == VK_SUCCESS && count > 0) {
        list->items = vrn_alloc(count, sizeof *list->items);
        list->names = vrn_alloc(count, sizeof *list->names);
        if (!list->items || !list->names) return vrn_fail_memory(log);
        result =
            instance->vk.EnumerateDeviceExtensionProperties(physical, NULL, &count, list->items);
    }
    if (result == VK_ERROR_OUT_OF_HOST_MEMORY || result == VK_ERROR_OUT_OF_DEVICE_MEMORY) {
        return vrn_fail_memory(log);
    }
    if (result < 0) {
        list->failed = result;
    } else if (list->items) {
        list->count = count;
    }
    for (uint32_t i = 0; i < list->count; i++) list->names[i] = list->items[i].extensionName;
    return VRN_OK;
}

static void take_properties(vrn_probe *probe, const VkPhysicalDeviceProperties *p)
{
    static const vrn_device_type types[] = {
        [VK_PHYSICAL_DEVICE_TYPE_OTHER] = VRN_DEVICE_OTHER,
        [VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU] = VRN_DEVICE_INTEGRATED,
        [VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU] = VRN_DEVICE_DISCRETE,
        [VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU] = VRN_DEVICE_VIRTUAL,
        [VK_PHYSICAL_DEVICE_TYPE_CPU] = VRN_DEVICE_CPU,
    };
    vrn_device_info *info = &probe->info;
    probe->limits = p->limits;
    memcpy(probe->cache_uuid, p->pipelineCacheUUID, sizeof probe->cache_uuid);
    snprintf(info->name, sizeof info->name, "%s", p->deviceName);
    if ((size_t)p->deviceType < VRN_COUNT(types)) info->type = types[p->deviceType];
    info->api_version = p->apiVersion;
    info->vendor_id = p->vendorID;
    info->device_id = p->deviceID;
    info->driver_version = p->driverVersion;
    info->max_buffer_range = p->limits.maxStorageBufferRange;
    info->shared_memory_bytes = p->limits.maxComputeSharedMemorySize;
    info->max_workgroup_invocations = p->limits.maxComputeWorkGroupInvocations;
    if (p->limits.maxTexelBufferElements >= 1u << 24) {
        info->capabilities |= VRN_CAPABILITY_TEXEL_BUFFERS;
    }
}

/* A property structure, which may be queried only if the extension exists. */
typedef struct extension_properties {
    const char *extension;
    void *structure;
} extension_properties;

static void chain_offered(VkPhysicalDeviceProperties2 *properties, const extension_properties *list,
                          uint32_t count, vrn_extensions extensions)
{
    for (uint32_t i = 0; i < count; i++) {
        VkBaseOutStructure *s = list[i].structure;
        if (!vrn_extensions_have(extensions, list[i].extension)) continue;
        s->pNext = properties->pNext;
        properties->pNext = s;
    }
}

static void probe_cores(vrn_probe *probe, const vrn_instance *instance, VkPhysicalDevice physical,
                        vrn_extensions extensions)
{
    VkPhysicalDeviceShaderSMBuiltinsPropertiesNV sms = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV,
    };
    VkPhysicalDeviceShaderCorePropertiesAMD amd = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD,
    };
    VkPhysicalDeviceShaderCoreProperties2AMD amd2 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_2_AMD,
    };
    VkPhysicalDeviceShaderCoreBuiltinsPropertiesARM arm = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_BUILTINS_PROPERTIES_ARM,
    };
    VkPhysicalDeviceShaderIntegerDotProductProperties dot = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES,
        .integerDotProduct4x8BitPackedSignedAccelerated = VK_TRUE,
    };
    const extension_properties optional[] = {
        {VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME, &sms},
        {VK_AMD_SHADER_CORE_PROPERTIES_EXTENSION_NAME, &amd},
        {VK_AMD_SHADER_CORE_PROPERTIES_2_EXTENSION_NAME, &amd2},
        {VK_ARM_SHADER_CORE_BUILTINS_EXTENSION_NAME, &arm},
        {VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME, &dot},
    };
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
    };
    chain_offered(&properties, optional, VRN_COUNT(optional), extensions);
    instance->vk.GetPhysicalDeviceProperties2(physical, &properties);
    const uint32_t units =
        amd.shaderEngineCount * amd.shaderArraysPerEngineCount * amd.computeUnitsPerShaderArray;
    const vrn_core_facts told = {
        .nv_sms = sms.shaderSMCount,
        .nv_warps = sms.shaderWarpsPerSM,
        .amd_units = amd2.activeComputeUnitCount ? amd2.activeComputeUnitCount : units,
        .amd_simds = amd.simdPerComputeUnit,
        .amd_waves = amd.wavefrontsPerSimd,
        .amd_registers = amd.vgprsPerSimd,
        .amd_wave_size = amd.wavefrontSize,
        .arm_cores = arm.shaderCoreCount,
        .arm_warps = arm.shaderWarpsPerCore,
        .emulates_dot = !dot.integerDotProduct4x8BitPackedSignedAccelerated,
        .vectors = vrn_host_vectors(),
    };
    probe->cores = vrn_cores_find(&probe->info, &told);
}

static void probe_properties(vrn_probe *probe, const vrn_instance *instance,
                             VkPhysicalDevice physical, vrn_extensions extensions)
{
    VkPhysicalDeviceMaintenance3Properties maintenance = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES,
    };
    VkPhysicalDeviceSubgroupProperties subgroup = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
        .pNext = &maintenance,
    };
    VkPhysicalDeviceIDProperties id = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
        .pNext = &subgroup,
    };
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
        .pNext = &id,
    };
    VkPhysicalDeviceDriverProperties driver = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
    };
    VkPhysicalDeviceDescriptorIndexingProperties indexing = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DESCRIPTOR_INDEXING_PROPERTIES,
    };
    VkPhysicalDeviceSubgroupSizeControlProperties sizes = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES,
    };
    VkPhysicalDeviceShaderIntegerDotProductProperties dot = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES,
    };
    const extension_properties optional[] = {
        {VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME, &driver},
        {VK_EXT_DESCRIPTOR_INDEXING_EXTENSION_NAME, &indexing},
        {VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME, &sizes},
        {VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME, &dot},
    };
    chain_offered(&properties, optional, VRN_COUNT(optional), extensions);
    instance->vk.GetPhysicalDeviceProperties2(physical, &properties);

    vrn_device_info *info = &probe->info;
    take_properties(probe, &properties.properties);
    probe->driver_id = driver.driverID;
    probe->mixed_dot_product = dot.integerDotProduct4x8BitPackedMixedSignednessAccelerated;
    snprintf(info->driver, sizeof info->driver, "%s%s%s", driver.driverName,
             driver.driverInfo[0] ? ", " : "", driver.driverInfo);
    memcpy(info->uuid, id.deviceUUID, sizeof info->uuid);
    info->max_allocation = maintenance.maxMemoryAllocationSize;
    info->subgroup_size = subgroup.subgroupSize;
    probe->subgroup.size_min = probe->subgroup.size_max = subgroup.subgroupSize;
    if ((sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) && sizes.minSubgroupSize) {
        probe->subgroup.size_min = sizes.minSubgroupSize;
        probe->subgroup.size_max = sizes.maxSubgroupSize;
    }
    const uint32_t longest =
        vrn_min_u32(indexing.maxPerStageUpdateAfterBindResources,
                    vrn_min_u32(indexing.maxPerStageDescriptorUpdateAfterBindStorageBuffers,
                                indexing.maxDescriptorSetUpdateAfterBindStorageBuffers));
    probe->max_array = longest > 64 ? longest - 64 : 0; /* leave room for the set's other buffers */
}

static void probe_features(vrn_probe *probe, const vrn_instance *instance,
                           VkPhysicalDevice physical, vrn_extensions extensions)
{
    uint32_t features = vrn_features_probe(instance, physical, extensions, probe->info.api_version);
    features = vrn_matrices_probe(&probe->matrices, instance, physical, features);
    if (probe->max_array < 1u << 16) features &= ~(uint32_t)VRN_CAPABILITY_BUFFER_ARRAYS;
    /* No kernel for GPUs uses addresses or arrays, and some GPU drivers report limits for arrays
     * that are far too high. */
    if (probe->info.type != VRN_DEVICE_CPU) {
        features &= ~(uint32_t)(VRN_CAPABILITY_BUFFER_ADDRESSES | VRN_CAPABILITY_BUFFER_ARRAYS);
    }
    probe->info.capabilities |= features & ((1u << VRN_CAPABILITY_COUNT) - 1);
    probe->host_query_reset = features & VRN_FEATURE_HOST_QUERY_RESET;
    probe->subgroup.full = features & VRN_FEATURE_FULL_SUBGROUPS;
    probe->image_formats = features & VRN_FEATURE_IMAGE_FORMATS;
    vrn_probe_drop(probe, ~features & VRN_FEATURE_SUBGROUP_SIZES);
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
    /* On a discrete device the host accesses memory over the bus, so staging is faster. */
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

uint32_t vrn_probe_features(const vrn_probe *probe, uint32_t without)
{
    uint32_t all = probe->info.capabilities & ~without;
    if (probe->subgroup.size_min != probe->subgroup.size_max) all |= VRN_FEATURE_SUBGROUP_SIZES;
    if (probe->subgroup.full) all |= VRN_FEATURE_FULL_SUBGROUPS;
    if (probe->host_query_reset && (all & VRN_CAPABILITY_TIMESTAMPS)) {
        all |= VRN_FEATURE_HOST_QUERY_RESET;
    }
    if (probe->image_formats) all |= VRN_FEATURE_IMAGE_FORMATS;
    if ((all & VRN_CAPABILITY_COOPERATIVE_MATRIX_2) &&
        vrn_matrices_of_work_groups(&probe->matrices)) {
        all |= VRN_FEATURE_WORK_GROUP_MATRICES;
    }
    return all;
}

void vrn_probe_drop(vrn_probe *probe, uint32_t features)
{
    probe->info.capabilities &= ~features;
    if (features & VRN_FEATURE_SUBGROUP_SIZES) {
        probe->subgroup.size_min = probe->subgroup.size_max = probe->info.subgroup_size;
    }
    if (features & VRN_FEATURE_FULL_SUBGROUPS) probe->subgroup.full = false;
    if (features & VRN_FEATURE_HOST_QUERY_RESET) probe->host_query_reset = false;
    if (features & VRN_FEATURE_IMAGE_FORMATS) probe->image_formats = false;
    if (features & VRN_FEATURE_WORK_GROUP_MATRICES) {
        vrn_matrices_drop_work_groups(&probe->matrices);
    }
}

/* Chooses the family for queues with this many bits in their timestamps. */
static void take_family(vrn_probe *probe, uint32_t index, uint32_t bits)
{
    probe->queue_family = index;
    probe->timestamp_mask = bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
    probe->info.capabilities &= ~(uint32_t)VRN_CAPABILITY_TIMESTAMPS;
    if (bits > 0 && probe->limits.timestampPeriod > 0) {
        probe->info.capabilities |= VRN_CAPABILITY_TIMESTAMPS;
    }
}

static vrn_result list_families(VkQueueFamilyProperties **families, uint32_t *count,
                                const vrn_instance *instance, VkPhysicalDevice physical,
                                const vrn_log *log)
{
    *count = 0;
    instance->vk.GetPhysicalDeviceQueueFamilyProperties(physical, count, NULL);
    *families = vrn_alloc(*count, sizeof **families);
    if (!*families) return vrn_fail_memory(log);
    instance->vk.GetPhysicalDeviceQueueFamilyProperties(physical, count, *families);
    return VRN_OK;
}

/* The first family that has one flag and lacks the other; `count`: none. */
static uint32_t find_family(const VkQueueFamilyProperties *families, uint32_t count,
                            VkQueueFlags with, VkQueueFlags without)
{
    uint32_t i = 0;
    while (i < count && (!(families[i].queueFlags & with) || (families[i].queueFlags & without))) {
        i++;
    }
    return i;
}

static vrn_result no_such_family(const vrn_probe *probe, uint32_t index, uint32_t count,
                                 const vrn_log *log)
{
    return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                    "queue family %u: %s has %u queue famil%s, numbered from 0", index,
                    probe->info.name, count, count == 1 ? "y" : "ies");
}

vrn_result vrn_probe_queue(vrn_probe *probe, const vrn_instance *instance,
                           VkPhysicalDevice physical, uint32_t family,
                           VkQueueFamilyProperties *chosen, const vrn_log *log)
{
    VkQueueFamilyProperties *families;
    uint32_t count;
    vrn_result result = list_families(&families, &count, instance, physical, log);
    if (result) return result;
    const bool any = family == VRN_FAMILY_ANY || family == VRN_FAMILY_COMPUTE_ONLY;
    uint32_t i = any ? count : family;
    if (family == VRN_FAMILY_COMPUTE_ONLY) {
        i = find_family(families, count, VK_QUEUE_COMPUTE_BIT, VK_QUEUE_GRAPHICS_BIT);
    }
    /* Otherwise a family with graphics is neither better nor worse. */
    if (any && i == count) i = find_family(families, count, VK_QUEUE_COMPUTE_BIT, 0);
    if (i < count && (families[i].queueFlags & VK_QUEUE_COMPUTE_BIT)) {
        take_family(probe, i, families[i].timestampValidBits);
        if (chosen) *chosen = families[i];
    } else if (i < count) {
        result = vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                          "queue family %u of %s lacks VK_QUEUE_COMPUTE_BIT", i, probe->info.name);
    } else if (!any) {
        result = no_such_family(probe, i, count, log);
    }
    vrn_free(families);
    return result;
}

vrn_result vrn_probe_queues(vrn_probe *probe, const vrn_instance *instance,
                            VkPhysicalDevice physical, const vrn_queue_family *wanted,
                            uint32_t wanted_count, VkQueueFlags *flags, const vrn_log *log)
{
    VkQueueFamilyProperties *families;
    uint32_t count, chosen = UINT32_MAX, bits = 64;
    vrn_result result = list_families(&families, &count, instance, physical, log);
    if (result) return result;
    for (uint32_t i = 0; i < wanted_count && !result; i++) {
        const vrn_queue_family *w = &wanted[i];
        if (w->index >= count) {
            result = no_such_family(probe, w->index, count, log);
        } else if (w->count > families[w->index].queueCount) {
            result = vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                              "queues: %u lent from family %u, but this family of %s has only %u",
                              w->count, w->index, probe->info.name, families[w->index].queueCount);
        }
        if (result) break;
        flags[i] = families[w->index].queueFlags;
        if (!(flags[i] & VK_QUEUE_COMPUTE_BIT)) continue;
        if (chosen == UINT32_MAX) chosen = w->index;
        bits = vrn_min_u32(bits, families[w->index].timestampValidBits);
    }
    if (!result && chosen == UINT32_MAX) {
        result = vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                          "no lent queue family has VK_QUEUE_COMPUTE_BIT (families lent: %u)",
                          wanted_count);
    }
    if (!result) take_family(probe, chosen, bits);
    vrn_free(families);
    return result;
}

static void judge(vrn_probe *probe)
{
    static const int by_type[] = {
        [VRN_DEVICE_OTHER] = 500,    [VRN_DEVICE_INTEGRATED] = 3000, [VRN_DEVICE_DISCRETE] = 4000,
        [VRN_DEVICE_VIRTUAL] = 2000, [VRN_DEVICE_CPU] = 1000,
    };
    vrn_device_info *info = &probe->info;
    if (info->api_version < VK_API_VERSION_1_1) {
        snprintf(info->reason, sizeof info->reason,
                 "Vulkan 1.1 is needed, but the driver has %u.%u",
                 VK_API_VERSION_MAJOR(info->api_version), VK_API_VERSION_MINOR(info->api_version));
        return;
    }
    if (probe->queue_family == UINT32_MAX) {
        snprintf(info->reason, sizeof info->reason, "no queue that can compute");
        return;
    }
    if (info->type == VRN_DEVICE_CPU) {
        snprintf(info->reason, sizeof info->reason,
                 "runs on the processor: used only if there is no GPU");
    }
    uint64_t gib = info->memory_bytes >> 30;
    info->score = by_type[info->type] + (int)vrn_min_u64(gib, 400);
    /* The CPU driver with large texel buffers, Mesa's, is ten times as fast as the other. */
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
    if (properties.apiVersion < VK_API_VERSION_1_1) { /* then the functions below do not exist */
        snprintf(probe->info.name, sizeof probe->info.name, "%s", properties.deviceName);
        probe->info.api_version = properties.apiVersion;
        judge(probe);
        return VRN_OK;
    }
    extension_list list;
    vrn_result result = list_extensions(&list, instance, physical, log);
    if (result) goto done;
    const vrn_extensions extensions = {list.names, list.count};
    probe->portability_subset = vrn_extensions_have(extensions, "VK_KHR_portability_subset");
    probe_properties(probe, instance, physical, extensions);
    probe_cores(probe, instance, physical, extensions);
    probe_features(probe, instance, physical, extensions);
    probe_memory(probe, instance, physical);
    result = vrn_probe_queue(probe, instance, physical, VRN_FAMILY_ANY, NULL, log);
    if (!result) judge(probe);
    if (list.failed) {
        probe->info.score = 0;
        vrn_vk_result_text room;
        snprintf(probe->info.reason, sizeof probe->info.reason,
                 "its extensions cannot be listed (%s)", vrn_vk_result_name(list.failed, &room));
    }
done:
    vrn_free(list.names);
    vrn_free(list.items);
    return result;
}
