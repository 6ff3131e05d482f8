#include "gpu/features.h"

#include <assert.h>
#include <string.h>

#include "base/util.h"

/* A feature: what it is a part of, and where its bit is. */
typedef struct feature {
    uint32_t capability;   /* or VRN_FEATURE_..; it takes all rows that name it */
    bool used;             /* something in the library uses it */
    const char *extension; /* that it comes with, .. */
    uint32_t core;         /* .. unless the API has this version; 0: never a part of it */
    uint32_t since;        /* of no use with an API below this version; 0: of use with any */
    const char *structure, *name;
    VkStructureType type; /* its own structure .. */
    size_t size, offset;
    VkStructureType version_type; /* .. or that of a whole version; 0: none */
    size_t version_offset;
} feature;

#define FEATURE(structure_, member)                                                                \
    .structure = #structure_, .name = #member, .size = sizeof(structure_),                         \
    .offset = offsetof(structure_, member)
#define VERSION(version, member)                                                                   \
    .version_type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_##version##_FEATURES,               \
    .version_offset = offsetof(VkPhysicalDeviceVulkan1##version##Features, member)

/* Kernels with cooperative matrices use these besides. */
#ifdef VRN_COOPERATIVE_MATRIX
#define USED_WITH_MATRICES true
#else
#define USED_WITH_MATRICES false
#endif
#ifdef VRN_COOPERATIVE_MATRIX_2
#define USED_WITH_MATRICES_2 true
#else
#define USED_WITH_MATRICES_2 false
#endif

static const feature features[] = {
    /* First, for so it is where applications look for it. */
    {.capability = VRN_CAPABILITY_BUFFER_ARRAYS,
     .used = true,
     .core = VK_API_VERSION_1_0,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
     .structure = "VkPhysicalDeviceFeatures",
     .name = "shaderStorageBufferArrayDynamicIndexing",
     .size = sizeof(VkPhysicalDeviceFeatures2),
     .offset = offsetof(VkPhysicalDeviceFeatures2, features) +
               offsetof(VkPhysicalDeviceFeatures, shaderStorageBufferArrayDynamicIndexing)},
    {.capability = VRN_CAPABILITY_TIMELINE_SEMAPHORES,
     .used = true,
     .extension = VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME,
     .core = VK_API_VERSION_1_2,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
     FEATURE(VkPhysicalDeviceTimelineSemaphoreFeatures, timelineSemaphore),
     VERSION(2, timelineSemaphore)},
    {.capability = VRN_CAPABILITY_BUFFER_ARRAYS,
     .used = true,
     .extension = VK_EXT_DESCRIPTOR_INDEXING_EXTENSION_NAME,
     .core = VK_API_VERSION_1_2,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DESCRIPTOR_INDEXING_FEATURES,
     FEATURE(VkPhysicalDeviceDescriptorIndexingFeatures, runtimeDescriptorArray),
     VERSION(2, runtimeDescriptorArray)},
    {.capability = VRN_CAPABILITY_BUFFER_ARRAYS,
     .used = true,
     .extension = VK_EXT_DESCRIPTOR_INDEXING_EXTENSION_NAME,
     .core = VK_API_VERSION_1_2,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DESCRIPTOR_INDEXING_FEATURES,
     FEATURE(VkPhysicalDeviceDescriptorIndexingFeatures, descriptorBindingVariableDescriptorCount),
     VERSION(2, descriptorBindingVariableDescriptorCount)},
    {.capability = VRN_CAPABILITY_INTEGER_DOT_PRODUCT,
     .used = true,
     .extension = VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME,
     .core = VK_API_VERSION_1_3,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
     FEATURE(VkPhysicalDeviceShaderIntegerDotProductFeatures, shaderIntegerDotProduct),
     VERSION(3, shaderIntegerDotProduct)},
    {.capability = VRN_FEATURE_SUBGROUP_SIZES,
     .used = true,
     .extension = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME,
     .core = VK_API_VERSION_1_3,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
     FEATURE(VkPhysicalDeviceSubgroupSizeControlFeatures, subgroupSizeControl),
     VERSION(3, subgroupSizeControl)},
    {.capability = VRN_CAPABILITY_PIPELINE_STATISTICS,
     .used = true,
     .extension = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
     FEATURE(VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR, pipelineExecutableInfo)},
#ifdef VRN_COOPERATIVE_MATRIX
    {.capability = VRN_CAPABILITY_COOPERATIVE_MATRIX,
     .used = true,
     .extension = VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME,
     .core = VK_API_VERSION_1_2,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
     FEATURE(VkPhysicalDeviceShaderFloat16Int8Features, shaderFloat16),
     VERSION(2, shaderFloat16)},
    {.capability = VRN_CAPABILITY_COOPERATIVE_MATRIX,
     .used = true,
     .extension = VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME,
     .core = VK_API_VERSION_1_2,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES,
     FEATURE(VkPhysicalDeviceVulkanMemoryModelFeatures, vulkanMemoryModel),
     VERSION(2, vulkanMemoryModel)},
    {.capability = VRN_CAPABILITY_COOPERATIVE_MATRIX,
     .used = true,
     .extension = VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR,
     FEATURE(VkPhysicalDeviceCooperativeMatrixFeaturesKHR, cooperativeMatrix)},
#endif
#ifdef VRN_COOPERATIVE_MATRIX_2
    {.capability = VRN_CAPABILITY_COOPERATIVE_MATRIX_2,
     .used = true,
     .extension = VK_NV_COOPERATIVE_MATRIX_2_EXTENSION_NAME,
     .since = VK_API_VERSION_1_3,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_2_FEATURES_NV,
     FEATURE(VkPhysicalDeviceCooperativeMatrix2FeaturesNV, cooperativeMatrixFlexibleDimensions)},
    {.capability = VRN_CAPABILITY_COOPERATIVE_MATRIX_2,
     .used = true,
     .extension = VK_NV_COOPERATIVE_MATRIX_2_EXTENSION_NAME,
     .since = VK_API_VERSION_1_3,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_2_FEATURES_NV,
     FEATURE(VkPhysicalDeviceCooperativeMatrix2FeaturesNV, cooperativeMatrixPerElementOperations)},
    {.capability = VRN_FEATURE_WORK_GROUP_MATRICES,
     .used = true,
     .extension = VK_NV_COOPERATIVE_MATRIX_2_EXTENSION_NAME,
     .since = VK_API_VERSION_1_3,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_2_FEATURES_NV,
     FEATURE(VkPhysicalDeviceCooperativeMatrix2FeaturesNV, cooperativeMatrixWorkgroupScope)},
    {.capability = VRN_CAPABILITY_COOPERATIVE_MATRIX_2,
     .used = true,
     .extension = VK_KHR_MAINTENANCE_4_EXTENSION_NAME,
     .core = VK_API_VERSION_1_3,
     .since = VK_API_VERSION_1_3,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_FEATURES,
     FEATURE(VkPhysicalDeviceMaintenance4Features, maintenance4),
     VERSION(3, maintenance4)},
#endif
    {.capability = VRN_CAPABILITY_STORAGE_16BIT,
     .used = USED_WITH_MATRICES_2,
     .core = VK_API_VERSION_1_1,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
     FEATURE(VkPhysicalDevice16BitStorageFeatures, storageBuffer16BitAccess),
     VERSION(1, storageBuffer16BitAccess)},
    {.capability = VRN_CAPABILITY_INT8,
     .used = USED_WITH_MATRICES,
     .extension = VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME,
     .core = VK_API_VERSION_1_2,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
     FEATURE(VkPhysicalDeviceShaderFloat16Int8Features, shaderInt8),
     VERSION(2, shaderInt8)},
    {.capability = VRN_CAPABILITY_INT8,
     .used = USED_WITH_MATRICES,
     .extension = VK_KHR_8BIT_STORAGE_EXTENSION_NAME,
     .core = VK_API_VERSION_1_2,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES,
     FEATURE(VkPhysicalDevice8BitStorageFeatures, storageBuffer8BitAccess),
     VERSION(2, storageBuffer8BitAccess)},
};

uint32_t vrn_features_of(uint32_t capabilities, const vrn_subgroup_info *subgroup,
                         const vrn_matrix_list *matrices)
{
    uint32_t all = capabilities;
    if (subgroup->size_min != subgroup->size_max) all |= VRN_FEATURE_SUBGROUP_SIZES;
    if ((capabilities & VRN_CAPABILITY_COOPERATIVE_MATRIX_2) &&
        vrn_matrices_of_work_groups(matrices)) {
        all |= VRN_FEATURE_WORK_GROUP_MATRICES;
    }
    return all;
}

/* Switches a feature on in its structure, which is in the chain already or comes to its end:
 * structures lie in `requirements` one behind the other. Returns how many bytes of them there are
 * then. */
static size_t switch_on(vrn_device_requirements *requirements, const feature *f, size_t used)
{
    const VkBool32 on = VK_TRUE;
    VkBaseOutStructure *s = requirements->chain, *last = NULL;
    while (s && s->sType != f->type) {
        last = s;
        s = s->pNext;
    }
    if (!s) {
        s = (void *)((char *)requirements->structures + used);
        used += vrn_round_up(f->size, sizeof requirements->structures[0]);
        assert(used <= sizeof requirements->structures);
        s->sType = f->type;
        if (last) {
            last->pNext = s;
        } else {
            requirements->chain = s;
        }
    }
    memcpy((char *)s + f->offset, &on, sizeof on);
    return used;
}

static void add(vrn_device_requirements *requirements, vrn_requirement requirement)
{
    assert(requirements->count < VRN_MAX_REQUIREMENTS);
    requirements->items[requirements->count++] = requirement;
    if (requirement.extension &&
        !vrn_features_has_extension(requirements->extensions, requirements->extension_count,
                                    requirement.extension)) {
        requirements->extensions[requirements->extension_count++] = requirement.extension;
    }
}

void vrn_features_require(vrn_device_requirements *requirements, uint32_t wanted,
                          uint32_t api_version, bool portability_subset)
{
    size_t used = 0;
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
        if (!f->used || !(wanted & f->capability) || api_version < f->since) continue;
        add(requirements, (vrn_requirement){
                              .extension = f->core && api_version >= f->core ? NULL : f->extension,
                              .structure = f->structure,
                              .feature = f->name,
                              .capability = f->capability & ((1u << VRN_CAPABILITY_COUNT) - 1),
                          });
        used = switch_on(requirements, f, used);
    }
}

bool vrn_features_has_extension(const char *const *extensions, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(extensions[i], name) == 0) return true;
    }
    return false;
}

static bool is_on(const void *structure, size_t offset)
{
    VkBool32 on;
    memcpy(&on, (const char *)structure + offset, sizeof on);
    return on;
}

static bool switched_on(const feature *f, const void *chain, const VkPhysicalDeviceFeatures *core)
{
    if (f->type == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2 && core &&
        is_on(core, f->offset - offsetof(VkPhysicalDeviceFeatures2, features))) {
        return true;
    }
    for (const VkBaseInStructure *s = chain; s; s = s->pNext) {
        if (s->sType == f->type && is_on(s, f->offset)) return true;
        if (f->version_type && s->sType == f->version_type && is_on(s, f->version_offset)) {
            return true;
        }
    }
    return false;
}

uint32_t vrn_features_missing(const char *const *extensions, uint32_t count, const void *chain,
                              const VkPhysicalDeviceFeatures *core, uint32_t api_version)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < VRN_COUNT(features); i++) {
        const feature *f = &features[i];
        bool there = (f->core && api_version >= f->core) ||
                     vrn_features_has_extension(extensions, count, f->extension);
        if (!there || api_version < f->since || !switched_on(f, chain, core)) {
            missing |= f->capability;
        }
    }
    return missing;
}
