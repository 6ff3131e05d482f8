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
    };
    if (device->portability_subset) add(f, "VK_KHR_portability_subset", NULL);
    if (vrn_device_has(device, VRN_CAPABILITY_PIPELINE_STATISTICS)) {
        add(f, VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME, &f->statistics);
    }
    if (vrn_device_has(device, VRN_CAPABILITY_INTEGER_DOT_PRODUCT)) {
        add(f, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME, &f->dot_product);
    }
}
