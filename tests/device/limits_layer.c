/* A Vulkan layer that offers a driver with the limits, features, extensions and memory of another
 * device: VRN_TEST_LIMITS names one of limits_devices.h. Below the validation layer
 * (VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation:VK_LAYER_VRN_limits) it makes validation report
 * what exceeds them. A limit is never higher than the driver's own, with the exception of counts of
 * descriptors and texels; the period of timestamps and limits of images stay. Instructions on
 * subgroups see the driver's size. */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "device/limits_devices.h"
#include "layer.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The driver's functions. */
static struct {
    PFN_vkGetPhysicalDeviceProperties2 properties;
    PFN_vkGetPhysicalDeviceFeatures2 features;
    PFN_vkGetPhysicalDeviceMemoryProperties memory;
    PFN_vkGetPhysicalDeviceQueueFamilyProperties families;
    PFN_vkEnumerateDeviceExtensionProperties extensions;
} driver;

typedef struct device_functions {
    PFN_vkAllocateMemory allocate;
    PFN_vkGetBufferMemoryRequirements2 of_buffer;
    PFN_vkGetImageMemoryRequirements2 of_image;
    PFN_vkGetDescriptorSetLayoutSupport set_support;
    uint32_t memory_type; /* the driver's, for all that are offered */
} device_functions;

static const described_device *described(void)
{
    const char *name = getenv("VRN_TEST_LIMITS");
    for (size_t i = 0; name && i < COUNT(described_devices); i++) {
        if (strcmp(described_devices[i].name, name) == 0) return &described_devices[i];
    }
    return NULL;
}

static void lower(uint32_t *limit, uint32_t value)
{
    if (*limit > value) *limit = value;
}

static void lower64(VkDeviceSize *limit, VkDeviceSize value)
{
    if (*limit > value) *limit = value;
}

static void raise(VkDeviceSize *limit, VkDeviceSize value)
{
    if (*limit < value) *limit = value;
}

/* ---- Properties ---- */

static void change_limits(VkPhysicalDeviceLimits *l)
{
    const described_device *d = described();
    lower(&l->maxComputeWorkGroupInvocations, d->invocations);
    lower(&l->maxComputeWorkGroupSize[0], d->invocations);
    lower(&l->maxComputeWorkGroupSize[1], d->invocations);
    lower(&l->maxComputeWorkGroupSize[2], 64);
    for (int i = 0; i < 3; i++) lower(&l->maxComputeWorkGroupCount[i], 65535);
    lower(&l->maxComputeSharedMemorySize, d->shared_bytes);
    lower(&l->maxPushConstantsSize, 128);
    lower(&l->maxStorageBufferRange, d->range);
    lower(&l->maxMemoryAllocationCount, d->allocations);
    lower(&l->maxBoundDescriptorSets, 4);
    raise(&l->bufferImageGranularity, d->granularity);
    raise(&l->nonCoherentAtomSize, d->atom_bytes);
    raise(&l->minStorageBufferOffsetAlignment, d->alignment);
    raise(&l->minUniformBufferOffsetAlignment, d->alignment);
    raise(&l->minTexelBufferOffsetAlignment, d->alignment);
    raise(&l->optimalBufferCopyOffsetAlignment, d->alignment);
    raise(&l->optimalBufferCopyRowPitchAlignment, d->alignment);
    l->maxTexelBufferElements = d->texel_elements;
    l->maxPerStageDescriptorStorageBuffers = d->buffers;
    l->maxPerStageDescriptorUniformBuffers = d->buffers;
    l->maxPerStageDescriptorSampledImages = d->images;
    l->maxPerStageDescriptorSamplers = d->images;
    l->maxPerStageDescriptorStorageImages = d->images / 4;
    l->maxDescriptorSetStorageBuffers = d->buffers;
    l->maxDescriptorSetUniformBuffers = d->buffers;
    l->maxDescriptorSetSampledImages = d->images;
    l->maxDescriptorSetSamplers = d->images;
    l->maxDescriptorSetStorageImages = d->images / 4;
    const uint64_t resources = (uint64_t)d->buffers + d->images;
    l->maxPerStageResources = resources < 128          ? 128
                              : resources > UINT32_MAX ? UINT32_MAX
                                                       : (uint32_t)resources;
    if (!d->timestamp_bits) {
        l->timestampComputeAndGraphics = VK_FALSE;
        l->timestampPeriod = 0;
    }
}

static void change_core(VkPhysicalDeviceProperties *p)
{
    const described_device *d = described();
    if (p->apiVersion > d->api_version) p->apiVersion = d->api_version;
    p->vendorID = d->vendor;
    p->deviceID = d->device;
    p->deviceType = d->type;
    strncpy(p->deviceName, d->title, sizeof p->deviceName - 1);
    change_limits(&p->limits);
}

static void change_driver(VkDriverId *id, char *name, char *info)
{
    const described_device *d = described();
    *id = d->driver;
    strncpy(name, d->driver_name, VK_MAX_DRIVER_NAME_SIZE - 1);
    info[0] = '\0';
}

static void change_sizes(uint32_t *least, uint32_t *most, VkShaderStageFlags *stages)
{
    const described_device *d = described();
    if (!(d->features & SUBGROUP_SIZES)) {
        *least = *most = d->subgroup;
        *stages = 0;
    } else {
        *least = d->subgroup_min;
        *most = d->subgroup_max;
    }
}

static void change_properties(VkBaseOutStructure *s)
{
    const described_device *d = described();
    switch ((int)s->sType) { /* not all values of the enumeration */
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2:
        change_core(&((VkPhysicalDeviceProperties2 *)s)->properties);
        break;
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES: {
        VkPhysicalDeviceMaintenance3Properties *p = (VkPhysicalDeviceMaintenance3Properties *)s;
        p->maxPerSetDescriptors = d->set_descriptors;
        lower64(&p->maxMemoryAllocationSize, d->allocation_bytes);
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES: {
        VkPhysicalDeviceSubgroupProperties *p = (VkPhysicalDeviceSubgroupProperties *)s;
        p->subgroupSize = d->subgroup;
        p->supportedStages = VK_SHADER_STAGE_COMPUTE_BIT;
        p->supportedOperations &= d->subgroup_operations;
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES: {
        VkPhysicalDeviceVulkan11Properties *p = (VkPhysicalDeviceVulkan11Properties *)s;
        p->maxPerSetDescriptors = d->set_descriptors;
        lower64(&p->maxMemoryAllocationSize, d->allocation_bytes);
        p->subgroupSize = d->subgroup;
        p->subgroupSupportedStages = VK_SHADER_STAGE_COMPUTE_BIT;
        p->subgroupSupportedOperations &= d->subgroup_operations;
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES: {
        VkPhysicalDeviceDriverProperties *p = (VkPhysicalDeviceDriverProperties *)s;
        change_driver(&p->driverID, p->driverName, p->driverInfo);
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES: {
        VkPhysicalDeviceVulkan12Properties *p = (VkPhysicalDeviceVulkan12Properties *)s;
        change_driver(&p->driverID, p->driverName, p->driverInfo);
        p->maxPerStageDescriptorUpdateAfterBindStorageBuffers = d->buffers;
        p->maxDescriptorSetUpdateAfterBindStorageBuffers = d->buffers;
        p->maxPerStageUpdateAfterBindResources = d->buffers;
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DESCRIPTOR_INDEXING_PROPERTIES: {
        VkPhysicalDeviceDescriptorIndexingProperties *p =
            (VkPhysicalDeviceDescriptorIndexingProperties *)s;
        p->maxPerStageDescriptorUpdateAfterBindStorageBuffers = d->buffers;
        p->maxDescriptorSetUpdateAfterBindStorageBuffers = d->buffers;
        p->maxPerStageUpdateAfterBindResources = d->buffers;
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES: {
        VkPhysicalDeviceSubgroupSizeControlProperties *p =
            (VkPhysicalDeviceSubgroupSizeControlProperties *)s;
        change_sizes(&p->minSubgroupSize, &p->maxSubgroupSize, &p->requiredSubgroupSizeStages);
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_PROPERTIES: {
        VkPhysicalDeviceVulkan13Properties *p = (VkPhysicalDeviceVulkan13Properties *)s;
        change_sizes(&p->minSubgroupSize, &p->maxSubgroupSize, &p->requiredSubgroupSizeStages);
        lower64(&p->maxBufferSize, d->allocation_bytes);
        break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES:
        lower64(&((VkPhysicalDeviceMaintenance4Properties *)s)->maxBufferSize, d->allocation_bytes);
        break;
    default: break;
    }
}

static VKAPI_ATTR void VKAPI_CALL get_properties2(VkPhysicalDevice physical,
                                                  VkPhysicalDeviceProperties2 *properties)
{
    driver.properties(physical, properties);
    for (VkBaseOutStructure *s = (VkBaseOutStructure *)properties; s; s = s->pNext) {
        change_properties(s);
    }
}

static VKAPI_ATTR void VKAPI_CALL get_properties(VkPhysicalDevice physical,
                                                 VkPhysicalDeviceProperties *properties)
{
    VkPhysicalDeviceProperties2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    get_properties2(physical, &all);
    *properties = all.properties;
}

/* ---- Features ---- */

#define STRUCTURE(type, name) VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_##type, sizeof(name)

/* The structures of which a device has only the members in the next table. */
static const struct {
    VkStructureType type;
    size_t size;
} structures[] = {
    {STRUCTURE(FEATURES_2, VkPhysicalDeviceFeatures2)},
    {STRUCTURE(16BIT_STORAGE_FEATURES, VkPhysicalDevice16BitStorageFeatures)},
    {STRUCTURE(SAMPLER_YCBCR_CONVERSION_FEATURES, VkPhysicalDeviceSamplerYcbcrConversionFeatures)},
    {STRUCTURE(SHADER_FLOAT16_INT8_FEATURES, VkPhysicalDeviceShaderFloat16Int8Features)},
    {STRUCTURE(8BIT_STORAGE_FEATURES, VkPhysicalDevice8BitStorageFeatures)},
    {STRUCTURE(TIMELINE_SEMAPHORE_FEATURES, VkPhysicalDeviceTimelineSemaphoreFeatures)},
    {STRUCTURE(HOST_QUERY_RESET_FEATURES, VkPhysicalDeviceHostQueryResetFeatures)},
    {STRUCTURE(BUFFER_DEVICE_ADDRESS_FEATURES, VkPhysicalDeviceBufferDeviceAddressFeatures)},
    {STRUCTURE(DESCRIPTOR_INDEXING_FEATURES, VkPhysicalDeviceDescriptorIndexingFeatures)},
    {STRUCTURE(VULKAN_MEMORY_MODEL_FEATURES, VkPhysicalDeviceVulkanMemoryModelFeatures)},
    {STRUCTURE(SHADER_INTEGER_DOT_PRODUCT_FEATURES,
               VkPhysicalDeviceShaderIntegerDotProductFeatures)},
    {STRUCTURE(SUBGROUP_SIZE_CONTROL_FEATURES, VkPhysicalDeviceSubgroupSizeControlFeatures)},
    {STRUCTURE(VULKAN_1_1_FEATURES, VkPhysicalDeviceVulkan11Features)},
    {STRUCTURE(VULKAN_1_2_FEATURES, VkPhysicalDeviceVulkan12Features)},
    {STRUCTURE(VULKAN_1_3_FEATURES, VkPhysicalDeviceVulkan13Features)},
};

#define MEMBER(type, name, member)                                                                 \
    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_##type, offsetof(VkPhysicalDevice##name, member)

static const struct {
    uint32_t feature; /* 0: every device has it */
    VkStructureType type;
    size_t offset;
} members[] = {
    {0, MEMBER(FEATURES_2, Features2, features.robustBufferAccess)},
    {ADDRESSES, MEMBER(FEATURES_2, Features2, features.shaderInt64)},
    {INDEXING, MEMBER(FEATURES_2, Features2, features.shaderStorageBufferArrayDynamicIndexing)},
    {STORAGE_16, MEMBER(16BIT_STORAGE_FEATURES, 16BitStorageFeatures, storageBuffer16BitAccess)},
    {STORAGE_16, MEMBER(VULKAN_1_1_FEATURES, Vulkan11Features, storageBuffer16BitAccess)},
    {YCBCR, MEMBER(SAMPLER_YCBCR_CONVERSION_FEATURES, SamplerYcbcrConversionFeatures,
                   samplerYcbcrConversion)},
    {YCBCR, MEMBER(VULKAN_1_1_FEATURES, Vulkan11Features, samplerYcbcrConversion)},
    {FLOAT_16, MEMBER(SHADER_FLOAT16_INT8_FEATURES, ShaderFloat16Int8Features, shaderFloat16)},
    {FLOAT_16, MEMBER(VULKAN_1_2_FEATURES, Vulkan12Features, shaderFloat16)},
    {INT_8, MEMBER(SHADER_FLOAT16_INT8_FEATURES, ShaderFloat16Int8Features, shaderInt8)},
    {INT_8, MEMBER(VULKAN_1_2_FEATURES, Vulkan12Features, shaderInt8)},
    {STORAGE_8, MEMBER(8BIT_STORAGE_FEATURES, 8BitStorageFeatures, storageBuffer8BitAccess)},
    {STORAGE_8, MEMBER(VULKAN_1_2_FEATURES, Vulkan12Features, storageBuffer8BitAccess)},
    {TIMELINE, MEMBER(TIMELINE_SEMAPHORE_FEATURES, TimelineSemaphoreFeatures, timelineSemaphore)},
    {TIMELINE, MEMBER(VULKAN_1_2_FEATURES, Vulkan12Features, timelineSemaphore)},
    {QUERY_RESET, MEMBER(HOST_QUERY_RESET_FEATURES, HostQueryResetFeatures, hostQueryReset)},
    {QUERY_RESET, MEMBER(VULKAN_1_2_FEATURES, Vulkan12Features, hostQueryReset)},
    {ADDRESSES,
     MEMBER(BUFFER_DEVICE_ADDRESS_FEATURES, BufferDeviceAddressFeatures, bufferDeviceAddress)},
    {ADDRESSES, MEMBER(VULKAN_1_2_FEATURES, Vulkan12Features, bufferDeviceAddress)},
    {INDEXING,
     MEMBER(DESCRIPTOR_INDEXING_FEATURES, DescriptorIndexingFeatures, runtimeDescriptorArray)},
    {INDEXING, MEMBER(DESCRIPTOR_INDEXING_FEATURES, DescriptorIndexingFeatures,
                      descriptorBindingVariableDescriptorCount)},
    {INDEXING, MEMBER(VULKAN_1_2_FEATURES, Vulkan12Features, descriptorIndexing)},
    {INDEXING, MEMBER(VULKAN_1_2_FEATURES, Vulkan12Features, runtimeDescriptorArray)},
    {INDEXING,
     MEMBER(VULKAN_1_2_FEATURES, Vulkan12Features, descriptorBindingVariableDescriptorCount)},
    {MEMORY_MODEL,
     MEMBER(VULKAN_MEMORY_MODEL_FEATURES, VulkanMemoryModelFeatures, vulkanMemoryModel)},
    {MEMORY_MODEL, MEMBER(VULKAN_1_2_FEATURES, Vulkan12Features, vulkanMemoryModel)},
    {DOT, MEMBER(SHADER_INTEGER_DOT_PRODUCT_FEATURES, ShaderIntegerDotProductFeatures,
                 shaderIntegerDotProduct)},
    {DOT, MEMBER(VULKAN_1_3_FEATURES, Vulkan13Features, shaderIntegerDotProduct)},
    {SUBGROUP_SIZES,
     MEMBER(SUBGROUP_SIZE_CONTROL_FEATURES, SubgroupSizeControlFeatures, subgroupSizeControl)},
    {SUBGROUP_SIZES, MEMBER(VULKAN_1_3_FEATURES, Vulkan13Features, subgroupSizeControl)},
    {SUBGROUP_SIZES,
     MEMBER(SUBGROUP_SIZE_CONTROL_FEATURES, SubgroupSizeControlFeatures, computeFullSubgroups)},
    {SUBGROUP_SIZES, MEMBER(VULKAN_1_3_FEATURES, Vulkan13Features, computeFullSubgroups)},
    {VULKAN_1_3, MEMBER(VULKAN_1_3_FEATURES, Vulkan13Features, synchronization2)},
    {VULKAN_1_3, MEMBER(VULKAN_1_3_FEATURES, Vulkan13Features, maintenance4)},
};

static void change_features(VkBaseOutStructure *s)
{
    enum { WORDS = 128 };
    VkBool32 driver_has[WORDS];
    size_t size = 0;
    for (size_t i = 0; i < COUNT(structures); i++) {
        if (structures[i].type == s->sType) size = structures[i].size;
    }
    if (!size || size > sizeof driver_has) return;
    memcpy(driver_has, s, size);
    memset((char *)s + sizeof *s, 0, size - sizeof *s);
    for (size_t i = 0; i < COUNT(members); i++) {
        const uint32_t feature = members[i].feature;
        if (members[i].type != s->sType || (feature & ~described()->features)) continue;
        memcpy((char *)s + members[i].offset, (char *)driver_has + members[i].offset,
               sizeof *driver_has);
    }
}

static VKAPI_ATTR void VKAPI_CALL get_features2(VkPhysicalDevice physical,
                                                VkPhysicalDeviceFeatures2 *features)
{
    driver.features(physical, features);
    for (VkBaseOutStructure *s = (VkBaseOutStructure *)features; s; s = s->pNext) {
        change_features(s);
    }
}

static VKAPI_ATTR void VKAPI_CALL get_features(VkPhysicalDevice physical,
                                               VkPhysicalDeviceFeatures *features)
{
    VkPhysicalDeviceFeatures2 all = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
    get_features2(physical, &all);
    *features = all.features;
}

/* ---- Extensions ---- */

static const char portability[] = "VK_KHR_portability_subset";

static const struct {
    uint32_t feature; /* 0: every device has it */
    const char *name;
} offered[] = {
    {0, VK_KHR_SWAPCHAIN_EXTENSION_NAME},
    {DRIVER, VK_KHR_DRIVER_PROPERTIES_EXTENSION_NAME},
    {TIMELINE, VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME},
    {QUERY_RESET, VK_EXT_HOST_QUERY_RESET_EXTENSION_NAME},
    {FLOAT_16, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME},
    {STORAGE_8, VK_KHR_8BIT_STORAGE_EXTENSION_NAME},
    {ADDRESSES, VK_KHR_BUFFER_DEVICE_ADDRESS_EXTENSION_NAME},
    {INDEXING, VK_EXT_DESCRIPTOR_INDEXING_EXTENSION_NAME},
    {MEMORY_MODEL, VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME},
    {DOT, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME},
    {SUBGROUP_SIZES, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME},
    {EXECUTABLES, VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME},
    {VULKAN_1_3, VK_KHR_SYNCHRONIZATION_2_EXTENSION_NAME},
    {VULKAN_1_3, VK_KHR_MAINTENANCE_4_EXTENSION_NAME},
};

static bool is_offered(const char *name)
{
    for (size_t i = 0; i < COUNT(offered); i++) {
        if (strcmp(offered[i].name, name) == 0) {
            return !(offered[i].feature & ~described()->features);
        }
    }
    return false;
}

static VKAPI_ATTR VkResult VKAPI_CALL list_extensions(VkPhysicalDevice physical, const char *layer,
                                                      uint32_t *count, VkExtensionProperties *to)
{
    uint32_t all = 0, kept = 0;
    if (layer) return driver.extensions(physical, layer, count, to);
    VkResult result = driver.extensions(physical, NULL, &all, NULL);
    if (result != VK_SUCCESS) return result;
    VkExtensionProperties *list = calloc(all + 1, sizeof *list);
    if (!list) return VK_ERROR_OUT_OF_HOST_MEMORY;
    result = driver.extensions(physical, NULL, &all, list);
    for (uint32_t i = 0; i < all; i++) {
        if (is_offered(list[i].extensionName)) list[kept++] = list[i];
    }
    if (described()->features & PORTABILITY) {
        list[kept] = (VkExtensionProperties){.specVersion = 1};
        memcpy(list[kept++].extensionName, portability, sizeof portability);
    }
    if (to && *count < kept) result = VK_INCOMPLETE;
    if (!to || *count > kept) *count = kept;
    if (to) memcpy(to, list, *count * sizeof *list);
    free(list);
    return result;
}

/* ---- Memory ---- */

static VKAPI_ATTR void VKAPI_CALL get_memory(VkPhysicalDevice physical,
                                             VkPhysicalDeviceMemoryProperties *memory)
{
    const described_device *d = described();
    VkPhysicalDeviceMemoryProperties own;
    driver.memory(physical, &own);
    *memory = (VkPhysicalDeviceMemoryProperties){0};
    while (memory->memoryTypeCount < COUNT(d->types) &&
           d->types[memory->memoryTypeCount].propertyFlags) {
        memory->memoryTypes[memory->memoryTypeCount] = d->types[memory->memoryTypeCount];
        memory->memoryTypeCount++;
    }
    while (memory->memoryHeapCount < COUNT(d->heap_mib) && d->heap_mib[memory->memoryHeapCount]) {
        const uint32_t i = memory->memoryHeapCount++;
        VkMemoryHeap *heap = &memory->memoryHeaps[i];
        heap->size = (VkDeviceSize)d->heap_mib[i] * MIB;
        lower64(&heap->size, own.memoryHeaps[0].size);
        heap->flags = d->local_heaps & (1u << i) ? VK_MEMORY_HEAP_DEVICE_LOCAL_BIT : 0;
    }
}

static VKAPI_ATTR void VKAPI_CALL get_memory2(VkPhysicalDevice physical,
                                              VkPhysicalDeviceMemoryProperties2 *memory)
{
    get_memory(physical, &memory->memoryProperties);
}

static device_functions *functions_of(VkDevice device)
{
    return layer_find_device(device)->data;
}

/* The layer itself enforces what validation does not look at. */
static VKAPI_ATTR VkResult VKAPI_CALL allocate(VkDevice device, const VkMemoryAllocateInfo *info,
                                               const VkAllocationCallbacks *allocator,
                                               VkDeviceMemory *memory)
{
    const described_device *d = described();
    const uint32_t heap = d->types[info->memoryTypeIndex].heapIndex;
    VkMemoryAllocateInfo changed = *info;
    if (info->allocationSize > d->allocation_bytes ||
        info->allocationSize > (VkDeviceSize)d->heap_mib[heap] * MIB) {
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    }
    changed.memoryTypeIndex = functions_of(device)->memory_type;
    return functions_of(device)->allocate(device, &changed, allocator, memory);
}

/* Everything may lie in memory of any type; buffers as they are aligned, too. */
static void change_requirements(VkMemoryRequirements *needs)
{
    const described_device *d = described();
    needs->memoryTypeBits = 0;
    for (uint32_t i = 0; i < COUNT(d->types) && d->types[i].propertyFlags; i++) {
        needs->memoryTypeBits |= 1u << i;
    }
    raise(&needs->alignment, d->alignment);
    needs->size = (needs->size + needs->alignment - 1) / needs->alignment * needs->alignment;
}

static VKAPI_ATTR void VKAPI_CALL of_buffer2(VkDevice device,
                                             const VkBufferMemoryRequirementsInfo2 *info,
                                             VkMemoryRequirements2 *needs)
{
    functions_of(device)->of_buffer(device, info, needs);
    change_requirements(&needs->memoryRequirements);
}

static VKAPI_ATTR void VKAPI_CALL of_buffer(VkDevice device, VkBuffer buffer,
                                            VkMemoryRequirements *needs)
{
    const VkBufferMemoryRequirementsInfo2 info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_REQUIREMENTS_INFO_2, .buffer = buffer};
    VkMemoryRequirements2 all = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
    of_buffer2(device, &info, &all);
    *needs = all.memoryRequirements;
}

static VKAPI_ATTR void VKAPI_CALL of_image2(VkDevice device,
                                            const VkImageMemoryRequirementsInfo2 *info,
                                            VkMemoryRequirements2 *needs)
{
    functions_of(device)->of_image(device, info, needs);
    change_requirements(&needs->memoryRequirements);
}

static VKAPI_ATTR void VKAPI_CALL of_image(VkDevice device, VkImage image,
                                           VkMemoryRequirements *needs)
{
    const VkImageMemoryRequirementsInfo2 info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2, .image = image};
    VkMemoryRequirements2 all = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
    of_image2(device, &info, &all);
    *needs = all.memoryRequirements;
}

static VKAPI_ATTR void VKAPI_CALL get_set_support(VkDevice device,
                                                  const VkDescriptorSetLayoutCreateInfo *info,
                                                  VkDescriptorSetLayoutSupport *support)
{
    uint64_t descriptors = 0;
    for (uint32_t i = 0; i < info->bindingCount; i++) {
        descriptors += info->pBindings[i].descriptorCount;
    }
    functions_of(device)->set_support(device, info, support);
    if (descriptors > described()->set_descriptors) support->supported = VK_FALSE;
}

/* ---- Queues ---- */

static VKAPI_ATTR void VKAPI_CALL get_families(VkPhysicalDevice physical, uint32_t *count,
                                               VkQueueFamilyProperties *to)
{
    driver.families(physical, count, to);
    for (uint32_t i = 0; to && i < *count; i++) {
        lower(&to[i].timestampValidBits, described()->timestamp_bits);
    }
}

static VKAPI_ATTR void VKAPI_CALL get_families2(VkPhysicalDevice physical, uint32_t *count,
                                                VkQueueFamilyProperties2 *to)
{
    VkQueueFamilyProperties all[8];
    if (to && *count > COUNT(all)) *count = COUNT(all);
    get_families(physical, count, to ? all : NULL);
    for (uint32_t i = 0; to && i < *count; i++) to[i].queueFamilyProperties = all[i];
}

/* ---- Instances and devices ---- */

static VKAPI_ATTR VkResult VKAPI_CALL create_instance(const VkInstanceCreateInfo *info,
                                                      const VkAllocationCallbacks *allocator,
                                                      VkInstance *handle)
{
    if (!described()) return VK_ERROR_INITIALIZATION_FAILED;
    VkResult result = layer_create_instance(info, allocator, handle);
    if (result != VK_SUCCESS) return result;
    PFN_vkGetInstanceProcAddr get = layer_find_instance(*handle)->get;
#define LOAD(to, name) to = (PFN_vk##name)get(*handle, "vk" #name)
    LOAD(driver.properties, GetPhysicalDeviceProperties2);
    LOAD(driver.features, GetPhysicalDeviceFeatures2);
    LOAD(driver.memory, GetPhysicalDeviceMemoryProperties);
    LOAD(driver.families, GetPhysicalDeviceQueueFamilyProperties);
    LOAD(driver.extensions, EnumerateDeviceExtensionProperties);
    return VK_SUCCESS;
}

/* The driver's type that can do what all offered types can. */
static uint32_t find_type(VkPhysicalDevice physical)
{
    VkPhysicalDeviceMemoryProperties own;
    driver.memory(physical, &own);
    const VkMemoryPropertyFlags wanted = LOCAL | COHERENT | CACHED;
    for (uint32_t i = 0; i < own.memoryTypeCount; i++) {
        if ((own.memoryTypes[i].propertyFlags & wanted) == wanted) return i;
    }
    return 0;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_device(VkPhysicalDevice physical,
                                                    const VkDeviceCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator,
                                                    VkDevice *handle)
{
    VkDeviceCreateInfo changed = *info;
    device_functions *f = calloc(1, sizeof *f);
    const char **names = calloc(info->enabledExtensionCount + 1, sizeof *names);
    VkResult result = f && names ? VK_SUCCESS : VK_ERROR_OUT_OF_HOST_MEMORY;
    if (!result) {
        changed.enabledExtensionCount = 0;
        changed.ppEnabledExtensionNames = names;
        for (uint32_t i = 0; i < info->enabledExtensionCount; i++) {
            const char *name = info->ppEnabledExtensionNames[i];
            if (strcmp(name, portability) != 0) names[changed.enabledExtensionCount++] = name;
        }
        result = layer_create_device(physical, &changed, allocator, handle);
    }
    free(names);
    if (result) {
        free(f);
        return result;
    }
    layer_device *device = layer_find_device(*handle);
    PFN_vkGetDeviceProcAddr get = device->get;
    LOAD(f->allocate, AllocateMemory);
    LOAD(f->of_buffer, GetBufferMemoryRequirements2);
    LOAD(f->of_image, GetImageMemoryRequirements2);
    LOAD(f->set_support, GetDescriptorSetLayoutSupport);
#undef LOAD
    f->memory_type = find_type(physical);
    device->data = f;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL destroy_device(VkDevice handle,
                                                 const VkAllocationCallbacks *allocator)
{
    if (!handle) return;
    device_functions *f = functions_of(handle);
    layer_destroy_device(handle, allocator);
    free(f);
}

#define FUNCTION(name, function)                                                                   \
    {                                                                                              \
        "vk" name, (PFN_vkVoidFunction)function                                                    \
    }

const layer_function layer_instance_functions[] = {
    FUNCTION("CreateInstance", create_instance),
    FUNCTION("CreateDevice", create_device),
    FUNCTION("GetPhysicalDeviceProperties", get_properties),
    FUNCTION("GetPhysicalDeviceProperties2", get_properties2),
    FUNCTION("GetPhysicalDeviceProperties2KHR", get_properties2),
    FUNCTION("GetPhysicalDeviceFeatures", get_features),
    FUNCTION("GetPhysicalDeviceFeatures2", get_features2),
    FUNCTION("GetPhysicalDeviceFeatures2KHR", get_features2),
    FUNCTION("GetPhysicalDeviceMemoryProperties", get_memory),
    FUNCTION("GetPhysicalDeviceMemoryProperties2", get_memory2),
    FUNCTION("GetPhysicalDeviceMemoryProperties2KHR", get_memory2),
    FUNCTION("GetPhysicalDeviceQueueFamilyProperties", get_families),
    FUNCTION("GetPhysicalDeviceQueueFamilyProperties2", get_families2),
    FUNCTION("GetPhysicalDeviceQueueFamilyProperties2KHR", get_families2),
    FUNCTION("EnumerateDeviceExtensionProperties", list_extensions),
    {0},
};

const layer_function layer_device_functions[] = {
    FUNCTION("DestroyDevice", destroy_device),
    FUNCTION("AllocateMemory", allocate),
    FUNCTION("GetBufferMemoryRequirements", of_buffer),
    FUNCTION("GetBufferMemoryRequirements2", of_buffer2),
    FUNCTION("GetBufferMemoryRequirements2KHR", of_buffer2),
    FUNCTION("GetImageMemoryRequirements", of_image),
    FUNCTION("GetImageMemoryRequirements2", of_image2),
    FUNCTION("GetImageMemoryRequirements2KHR", of_image2),
    FUNCTION("GetDescriptorSetLayoutSupport", get_set_support),
    FUNCTION("GetDescriptorSetLayoutSupportKHR", get_set_support),
    {0},
};
