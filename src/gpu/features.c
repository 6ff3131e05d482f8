#include "gpu/features.h"

static void add(vrn_features *features, const char *extension, void *structure)
{
    features->extensions[features->extension_count++] = extension;
    if (!structure) return;
    ((VkBaseOutStructure *)structure)->pNext = features->chain;
    features->chain = structure;
}

void vrn_features_collect(vrn_features *f, const vrn_device *device)
{
    *f = (vrn_features){
        .statistics =
            {
                .sType =
                    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
                .pipelineExecutableInfo = VK_TRUE,
            },
        .dot_product =
            {
                .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES,
                .shaderIntegerDotProduct = VK_TRUE,
            },
        .subgroup_sizes =
            {
                .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
                .subgroupSizeControl = VK_TRUE,
            },
#ifdef VRN_COOPERATIVE_MATRIX
        .float16 =
            {
                .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
                .shaderFloat16 = VK_TRUE,
            },
        .memory_model =
            {
                .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES,
                .vulkanMemoryModel = VK_TRUE,
            },
        .matrix =
            {
                .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR,
                .cooperativeMatrix = VK_TRUE,
            },
#endif
    };
    if (device->portability_subset) add(f, "VK_KHR_portability_subset", NULL);
    if (vrn_device_has(device, VRN_CAPABILITY_PIPELINE_STATISTICS)) {
        add(f, VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME, &f->statistics);
    }
    if (vrn_device_has(device, VRN_CAPABILITY_INTEGER_DOT_PRODUCT)) {
        add(f, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME, &f->dot_product);
    }
    if (device->subgroup.size_min != device->subgroup.size_max) {
        add(f, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME, &f->subgroup_sizes);
    }
#ifdef VRN_COOPERATIVE_MATRIX
    if (vrn_device_has(device, VRN_CAPABILITY_COOPERATIVE_MATRIX)) {
        add(f, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME, &f->float16);
        add(f, VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME, &f->memory_model);
        add(f, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME, &f->matrix);
    }
#endif
}
