#include "gpu/features.h"

#include <string.h>

#include "base/util.h"

/* A feature: the capability that it is a part of, and where its bit is. */
typedef struct feature {
    uint32_t capability;
    bool wished;           /* something in the library uses it */
    const char *extension; /* that it comes with, .. */
    uint32_t core;         /* .. unless the API has this version; 0: never a part of it */
    const char *structure, *name;
    VkStructureType type; /* its own structure .. */
    size_t offset;
    VkStructureType version_type; /* .. or that of a whole version; 0: none */
    size_t version_offset;
} feature;

#define FEATURE(structure_, member)                                                                \
    .structure = #structure_, .name = #member, .offset = offsetof(structure_, member)
#define VERSION(version, member)                                                                   \
    .version_type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_##version##_FEATURES,               \
    .version_offset = offsetof(VkPhysicalDeviceVulkan1##version##Features, member)

static const feature features[] = {
    {.capability = VRN_CAPABILITY_TIMELINE_SEMAPHORES,
     .wished = true,
     .extension = VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME,
     .core = VK_API_VERSION_1_2,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
     FEATURE(VkPhysicalDeviceTimelineSemaphoreFeatures, timelineSemaphore),
     VERSION(2, timelineSemaphore)},
    {.capability = VRN_CAPABILITY_INTEGER_DOT_PRODUCT,
     .wished = true,
     .extension = VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME,
     .core = VK_API_VERSION_1_3,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
     FEATURE(VkPhysicalDeviceShaderIntegerDotProductFeatures, shaderIntegerDotProduct),
     VERSION(3, shaderIntegerDotProduct)},
    {.capability = VRN_CAPABILITY_PIPELINE_STATISTICS,
     .wished = true,
     .extension = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
     FEATURE(VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR, pipelineExecutableInfo)},
    {.capability = VRN_CAPABILITY_STORAGE_16BIT,
     .extension = VK_KHR_16BIT_STORAGE_EXTENSION_NAME,
     .core = VK_API_VERSION_1_1,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
     FEATURE(VkPhysicalDevice16BitStorageFeatures, storageBuffer16BitAccess),
     VERSION(1, storageBuffer16BitAccess)},
    {.capability = VRN_CAPABILITY_FLOAT16,
     .extension = VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME,
     .core = VK_API_VERSION_1_2,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
     FEATURE(VkPhysicalDeviceShaderFloat16Int8Features, shaderFloat16),
     VERSION(2, shaderFloat16)},
    {.capability = VRN_CAPABILITY_INT8,
     .extension = VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME,
     .core = VK_API_VERSION_1_2,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
     FEATURE(VkPhysicalDeviceShaderFloat16Int8Features, shaderInt8),
     VERSION(2, shaderInt8)},
    {.capability = VRN_CAPABILITY_INT8,
     .extension = VK_KHR_8BIT_STORAGE_EXTENSION_NAME,
     .core = VK_API_VERSION_1_2,
     .type = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES,
     FEATURE(VkPhysicalDevice8BitStorageFeatures, storageBuffer8BitAccess),
     VERSION(2, storageBuffer8BitAccess)},
    {.capability = VRN_CAPABILITY_COOPERATIVE_MATRIX, .extension = "VK_KHR_cooperative_matrix"},
};

uint32_t vrn_features_switched(void)
{
    uint32_t all = 0;
    for (uint32_t i = 0; i < VRN_COUNT(features); i++) all |= features[i].capability;
    return all;
}

/* Switches a feature on in its structure, which lies in `wishes`, and chains that. */
static void chain(vrn_device_wishes *wishes, const feature *f)
{
    void *const structures[] = {&wishes->timeline_semaphore, &wishes->integer_dot_product,
                                &wishes->pipeline_statistics};
    for (uint32_t i = 0; i < VRN_COUNT(structures); i++) {
        VkBaseOutStructure *base = structures[i];
        if (base->sType != f->type) continue;
        const VkBool32 on = VK_TRUE;
        memcpy((char *)base + f->offset, &on, sizeof on);
        base->pNext = wishes->chain;
        wishes->chain = base;
    }
}

static void add(vrn_device_wishes *wishes, vrn_wish wish)
{
    wishes->wishes[wishes->count++] = wish;
    if (wish.extension) wishes->extensions[wishes->extension_count++] = wish.extension;
}

void vrn_features_wish(vrn_device_wishes *wishes, uint32_t capabilities, uint32_t api_version,
                       bool portability_subset)
{
    *wishes = (vrn_device_wishes){
        .api_version = VK_API_VERSION_1_1,
        .queue_flags = VK_QUEUE_COMPUTE_BIT,
        .timeline_semaphore.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
        .integer_dot_product.sType =
            VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
        .pipeline_statistics.sType =
            VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
    };
    if (portability_subset) {
        add(wishes, (vrn_wish){.needed = true, .extension = "VK_KHR_portability_subset"});
    }
    for (uint32_t i = 0; i < VRN_COUNT(features); i++) {
        const feature *f = &features[i];
        if (!f->wished || !(capabilities & f->capability)) continue;
        add(wishes, (vrn_wish){
                        .extension = f->core && api_version >= f->core ? NULL : f->extension,
                        .structure = f->structure,
                        .feature = f->name,
                        .capability = f->capability,
                    });
        chain(wishes, f);
    }
}

bool vrn_features_has_extension(const char *const *extensions, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(extensions[i], name) == 0) return true;
    }
    return false;
}

static bool switched_on(const feature *f, const void *chain)
{
    if (!f->structure) return true; /* an extension alone */
    for (const VkBaseInStructure *s = chain; s; s = s->pNext) {
        VkBool32 on = VK_FALSE;
        if (s->sType == f->type) {
            memcpy(&on, (const char *)s + f->offset, sizeof on);
        } else if (f->version_type && s->sType == f->version_type) {
            memcpy(&on, (const char *)s + f->version_offset, sizeof on);
        }
        if (on) return true;
    }
    return false;
}

uint32_t vrn_features_enabled(const char *const *extensions, uint32_t count, const void *chain,
                              uint32_t api_version)
{
    uint32_t enabled = vrn_features_switched();
    for (uint32_t i = 0; i < VRN_COUNT(features); i++) {
        const feature *f = &features[i];
        bool there = (f->core && api_version >= f->core) ||
                     vrn_features_has_extension(extensions, count, f->extension);
        if (!there || !switched_on(f, chain)) enabled &= ~f->capability;
    }
    return enabled;
}
