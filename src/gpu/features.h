/* What of a device's capabilities is switched on when its Vulkan device is made. */
#ifndef VRN_GPU_FEATURES_H
#define VRN_GPU_FEATURES_H

#include "gpu/device.h"

enum { VRN_FEATURE_EXTENSIONS_MAX = 8 };

/* The chain points into the struct: it must not move. */
typedef struct vrn_features {
    void *chain; /* of VkDeviceCreateInfo::pNext */
    const char *extensions[VRN_FEATURE_EXTENSIONS_MAX];
    uint32_t extension_count;
    VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR statistics;
    VkPhysicalDeviceShaderIntegerDotProductFeatures dot_product;
    VkPhysicalDeviceSubgroupSizeControlFeatures subgroup_sizes;
#ifdef VRN_COOPERATIVE_MATRIX
    VkPhysicalDeviceShaderFloat16Int8Features float16;
    VkPhysicalDeviceVulkanMemoryModelFeatures memory_model;
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrix;
#endif
} vrn_features;

/* Collects what the kernels need for the device's capabilities, and the extensions that must be enabled
 * where they are offered. */
void vrn_features_collect(vrn_features *features, const vrn_device *device);

#endif
