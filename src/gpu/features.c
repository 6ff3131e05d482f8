#include "gpu/features.h"

#include <assert.h>
#include <string.h>

#include "base/util.h"
#include "gpu/feature_chain.h"

/* A feature structure. */
typedef struct structure {
    const char *name; /* of the structure in which an application finds the members */
    VkStructureType type;
    size_t size;
    /* the extension that adds it; from API version 1.promoted on, VkPhysicalDeviceVulkan1?Features
     * has the same members */
    const char *extension;
    uint32_t promoted; /* 0: never */
    uint32_t since;    /* the lowest API version with which it is used; 0: any */
} structure;

#define STRUCTURE(type_, structure_)                                                               \
    "VkPhysicalDevice" #structure_, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_##type_,                     \
        sizeof(VkPhysicalDevice##structure_)

enum {
    CORE,
    TIMELINE,
    QUERY_RESET,
    INDEXING,
    ADDRESSES,
    DOT,
    SUBGROUPS,
    EXECUTABLES,
    ARITHMETIC,
    STORAGE_16,
    STORAGE_8,
    MEMORY_MODEL,
    MATRIX,
    MATRIX_2,
    MAINTENANCE,
};

static const structure structures[] = {
    [CORE] = {"VkPhysicalDeviceFeatures", VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
              sizeof(VkPhysicalDeviceFeatures2)},
    [TIMELINE] = {STRUCTURE(TIMELINE_SEMAPHORE_FEATURES, TimelineSemaphoreFeatures),
                  VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME, 2},
    [QUERY_RESET] = {STRUCTURE(HOST_QUERY_RESET_FEATURES, HostQueryResetFeatures),
                     VK_EXT_HOST_QUERY_RESET_EXTENSION_NAME, 2},
    [INDEXING] = {STRUCTURE(DESCRIPTOR_INDEXING_FEATURES, DescriptorIndexingFeatures),
                  VK_EXT_DESCRIPTOR_INDEXING_EXTENSION_NAME, 2},
    [ADDRESSES] = {STRUCTURE(BUFFER_DEVICE_ADDRESS_FEATURES, BufferDeviceAddressFeatures),
                   VK_KHR_BUFFER_DEVICE_ADDRESS_EXTENSION_NAME, 2},
    [DOT] = {STRUCTURE(SHADER_INTEGER_DOT_PRODUCT_FEATURES, ShaderIntegerDotProductFeatures),
             VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME, 3},
    [SUBGROUPS] = {STRUCTURE(SUBGROUP_SIZE_CONTROL_FEATURES, SubgroupSizeControlFeatures),
                   VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME, 3},
    [EXECUTABLES] = {STRUCTURE(PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
                               PipelineExecutablePropertiesFeaturesKHR),
                     VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME},
    [ARITHMETIC] = {STRUCTURE(SHADER_FLOAT16_INT8_FEATURES, ShaderFloat16Int8Features),
                    VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME, 2},
    [STORAGE_16] = {STRUCTURE(16BIT_STORAGE_FEATURES, 16BitStorageFeatures), NULL, 1},
    [STORAGE_8] = {STRUCTURE(8BIT_STORAGE_FEATURES, 8BitStorageFeatures),
                   VK_KHR_8BIT_STORAGE_EXTENSION_NAME, 2},
    [MEMORY_MODEL] = {STRUCTURE(VULKAN_MEMORY_MODEL_FEATURES, VulkanMemoryModelFeatures),
                      VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME, 2},
    [MATRIX] = {STRUCTURE(COOPERATIVE_MATRIX_FEATURES_KHR, CooperativeMatrixFeaturesKHR),
                VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME},
    [MATRIX_2] = {STRUCTURE(COOPERATIVE_MATRIX_2_FEATURES_NV, CooperativeMatrix2FeaturesNV),
                  VK_NV_COOPERATIVE_MATRIX_2_EXTENSION_NAME, .since = VK_API_VERSION_1_3},
    [MAINTENANCE] = {STRUCTURE(MAINTENANCE_4_FEATURES, Maintenance4Features), NULL, 3,
                     .since = VK_API_VERSION_1_3},
};

/* A member of a structure. A capability needs all rows that name it. */
typedef struct feature {
    uint32_t capability; /* or VRN_FEATURE_.. */
    uint32_t structure;
    const char *name;
    size_t offset;
    size_t promoted_offset; /* in the structure of the version to which it was promoted */
} feature;

#define NAMED(structure_, member)  #member, offsetof(VkPhysicalDevice##structure_, member)
#define MEMBER(structure_, member) NAMED(structure_, member), 0
#define PROMOTED(version, structure_, member)                                                      \
    NAMED(structure_, member), offsetof(VkPhysicalDeviceVulkan1##version##Features, member)

static const feature features[] = {
    /* First, because applications look for VkPhysicalDeviceFeatures2 there. */
    {VRN_CAPABILITY_BUFFER_ARRAYS, CORE, "shaderStorageBufferArrayDynamicIndexing",
     offsetof(VkPhysicalDeviceFeatures2, features.shaderStorageBufferArrayDynamicIndexing), 0},
    {VRN_FEATURE_IMAGE_FORMATS, CORE, "shaderStorageImageExtendedFormats",
     offsetof(VkPhysicalDeviceFeatures2, features.shaderStorageImageExtendedFormats), 0},
    {VRN_CAPABILITY_BUFFER_ADDRESSES, CORE, "shaderInt64",
     offsetof(VkPhysicalDeviceFeatures2, features.shaderInt64), 0},
    {VRN_CAPABILITY_BUFFER_ADDRESSES, ADDRESSES,
     PROMOTED(2, BufferDeviceAddressFeatures, bufferDeviceAddress)},
    {VRN_CAPABILITY_TIMELINE_SEMAPHORES, TIMELINE,
     PROMOTED(2, TimelineSemaphoreFeatures, timelineSemaphore)},
    {VRN_FEATURE_HOST_QUERY_RESET, QUERY_RESET,
     PROMOTED(2, HostQueryResetFeatures, hostQueryReset)},
    {VRN_CAPABILITY_BUFFER_ARRAYS, INDEXING,
     PROMOTED(2, DescriptorIndexingFeatures, runtimeDescriptorArray)},
    {VRN_CAPABILITY_BUFFER_ARRAYS, INDEXING,
     PROMOTED(2, DescriptorIndexingFeatures, descriptorBindingVariableDescriptorCount)},
    {VRN_CAPABILITY_INTEGER_DOT_PRODUCT, DOT,
     PROMOTED(3, ShaderIntegerDotProductFeatures, shaderIntegerDotProduct)},
    {VRN_FEATURE_SUBGROUP_SIZES, SUBGROUPS,
     PROMOTED(3, SubgroupSizeControlFeatures, subgroupSizeControl)},
    {VRN_FEATURE_FULL_SUBGROUPS, SUBGROUPS,
     PROMOTED(3, SubgroupSizeControlFeatures, computeFullSubgroups)},
    {VRN_CAPABILITY_PIPELINE_STATISTICS, EXECUTABLES,
     MEMBER(PipelineExecutablePropertiesFeaturesKHR, pipelineExecutableInfo)},
    {VRN_CAPABILITY_COOPERATIVE_MATRIX, ARITHMETIC,
     PROMOTED(2, ShaderFloat16Int8Features, shaderFloat16)},
    {VRN_CAPABILITY_COOPERATIVE_MATRIX, MEMORY_MODEL,
     PROMOTED(2, VulkanMemoryModelFeatures, vulkanMemoryModel)},
    {VRN_CAPABILITY_COOPERATIVE_MATRIX, MATRIX,
     MEMBER(CooperativeMatrixFeaturesKHR, cooperativeMatrix)},
    {VRN_CAPABILITY_COOPERATIVE_MATRIX_2, MATRIX_2,
     MEMBER(CooperativeMatrix2FeaturesNV, cooperativeMatrixFlexibleDimensions)},
    {VRN_CAPABILITY_COOPERATIVE_MATRIX_2, MATRIX_2,
     MEMBER(CooperativeMatrix2FeaturesNV, cooperativeMatrixPerElementOperations)},
    {VRN_FEATURE_WORK_GROUP_MATRICES, MATRIX_2,
     MEMBER(CooperativeMatrix2FeaturesNV, cooperativeMatrixWorkgroupScope)},
    /* The module is SPIR-V 1.6, whose LocalSizeId needs this. */
    {VRN_CAPABILITY_COOPERATIVE_MATRIX_2, MAINTENANCE,
     PROMOTED(3, Maintenance4Features, maintenance4)},
    {VRN_CAPABILITY_STORAGE_16BIT, STORAGE_16,
     PROMOTED(1, 16BitStorageFeatures, storageBuffer16BitAccess)},
    {VRN_CAPABILITY_INT8, ARITHMETIC, PROMOTED(2, ShaderFloat16Int8Features, shaderInt8)},
    {VRN_CAPABILITY_INT8, STORAGE_8, PROMOTED(2, 8BitStorageFeatures, storageBuffer8BitAccess)},
};

bool vrn_extensions_have(vrn_extensions extensions, const char *name)
{
    for (uint32_t i = 0; i < extensions.count; i++) {
        if (strcmp(extensions.names[i], name) == 0) return true;
    }
    return false;
}

/* True if an API of this version contains the structure's features. */
static bool contained(const structure *s, uint32_t api_version)
{
    return !s->extension ||
           (s->promoted && api_version >= VK_MAKE_API_VERSION(0, 1, s->promoted, 0));
}

static bool is_on(const void *at, size_t offset)
{
    VkBool32 on;
    memcpy(&on, (const char *)at + offset, sizeof on);
    return on;
}

/* The structures with all features of Vulkan 1.x. */
static const VkStructureType versions[] = {
    [1] = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
    [2] = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
    [3] = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
};

static bool is_enabled(const feature *f, const void *first, const VkPhysicalDeviceFeatures *core)
{
    const structure *s = &structures[f->structure];
    if (f->structure == CORE && core &&
        is_on(core, f->offset - offsetof(VkPhysicalDeviceFeatures2, features))) {
        return true;
    }
    for (const VkBaseInStructure *at = first; at; at = at->pNext) {
        if (at->sType == s->type && is_on(at, f->offset)) return true;
        if (s->promoted && at->sType == versions[s->promoted] && is_on(at, f->promoted_offset)) {
            return true;
        }
    }
    return false;
}

uint32_t vrn_features_missing(vrn_extensions extensions, const void *first,
                              const VkPhysicalDeviceFeatures *core, uint32_t api_version)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < VRN_COUNT(features); i++) {
        const feature *f = &features[i];
        const structure *s = &structures[f->structure];
        const bool there =
            api_version >= s->since &&
            (contained(s, api_version) || vrn_extensions_have(extensions, s->extension));
        if (!there || !is_enabled(f, first, core)) missing |= f->capability;
    }
    return missing;
}

uint32_t vrn_features_probe(const vrn_instance *instance, VkPhysicalDevice physical,
                            vrn_extensions extensions, uint32_t api_version)
{
    vrn_feature_chain chain = {0};
    uint32_t all = 0;
    /* A structure may be queried only if its extension exists. */
    for (uint32_t i = 0; i < VRN_COUNT(features); i++) {
        const structure *s = &structures[features[i].structure];
        all |= features[i].capability;
        if (features[i].structure != CORE && api_version >= s->since &&
            (!s->extension || vrn_extensions_have(extensions, s->extension))) {
            vrn_feature_chain_get(&chain, s->type, s->size);
        }
    }
    VkPhysicalDeviceFeatures2 core = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .pNext = (void *)(uintptr_t)chain.first,
    };
    instance->vk.GetPhysicalDeviceFeatures2(physical, &core);
    return all & ~vrn_features_missing(extensions, &core, NULL, api_version);
}

static void add(vrn_device_requirements *requirements, vrn_requirement item)
{
    assert(requirements->count < VRN_MAX_REQUIREMENTS);
    requirements->items[requirements->count++] = item;
    const vrn_extensions listed = {requirements->extensions, requirements->extension_count};
    if (item.extension && !vrn_extensions_have(listed, item.extension)) {
        requirements->extensions[requirements->extension_count++] = item.extension;
    }
}

void vrn_features_require(vrn_device_requirements *requirements, uint32_t wanted,
                          uint32_t api_version, bool portability_subset)
{
    *requirements = (vrn_device_requirements){
        .api_version = VK_API_VERSION_1_1,
        .queue_flags = VK_QUEUE_COMPUTE_BIT,
    };
    if (portability_subset) {
        add(requirements,
            (vrn_requirement){.mandatory = true, .extension = "VK_KHR_portability_subset"});
    }
    for (uint32_t i = 0; i < VRN_COUNT(features); i++) {
        const feature *f = &features[i];
        const structure *s = &structures[f->structure];
        if (!(wanted & f->capability) || api_version < s->since) continue;
        add(requirements, (vrn_requirement){
                              .extension = contained(s, api_version) ? NULL : s->extension,
                              .structure = s->name,
                              .feature = f->name,
                              .capability = f->capability & ((1u << VRN_CAPABILITY_COUNT) - 1),
                              .type = s->type,
                              .offset = (uint32_t)f->offset,
                              .version_type = s->promoted ? versions[s->promoted] : 0,
                              .version_offset = (uint32_t)f->promoted_offset,
                          });
    }
}

size_t vrn_features_structure_bytes(VkStructureType type)
{
    for (uint32_t i = 0; i < VRN_COUNT(structures); i++) {
        if (structures[i].type == type) return structures[i].size;
    }
    return 0;
}
