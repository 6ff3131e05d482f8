/* Device features that must be enabled. The library uses one table to probe a physical device, to
 * enable features on its own device, to tell an application what to enable, and to read what an
 * application enabled. */
#ifndef VRN_GPU_FEATURES_H
#define VRN_GPU_FEATURES_H

#include <vkresnet/vulkan.h>

#include "gpu/instance.h"

/* A bit beside the capability bits: pipelines can be made for one of several subgroup sizes. */
#define VRN_FEATURE_SUBGROUP_SIZES (UINT32_C(1) << 31)
/* Another bit: a work group can hold matrices. */
#define VRN_FEATURE_WORK_GROUP_MATRICES (UINT32_C(1) << 30)

/* Another bit: the host can reset queries. */
#define VRN_FEATURE_HOST_QUERY_RESET (UINT32_C(1) << 29)
/* Another bit: pipelines can be made whose subgroups are all full. */
#define VRN_FEATURE_FULL_SUBGROUPS (UINT32_C(1) << 28)

/* Another bit: storage images of more formats can be read. */
#define VRN_FEATURE_IMAGE_FORMATS (UINT32_C(1) << 27)

/* Names of extensions: those that a device offers, or those that an application enabled. */
typedef struct vrn_extensions {
    const char *const *names;
    uint32_t count;
} vrn_extensions;

bool vrn_extensions_have(vrn_extensions extensions, const char *name);

/* The bits above, and the capabilities that depend on features, that a physical device with these
 * extensions supports. */
uint32_t vrn_features_probe(const vrn_instance *instance, VkPhysicalDevice physical,
                            vrn_extensions extensions, uint32_t api_version);

/* Lists what must be enabled to use `features` with this API version, and the extensions that must
 * be enabled if the device offers them. */
void vrn_features_require(vrn_device_requirements *requirements, uint32_t features,
                          uint32_t api_version, bool portability_subset);

/* The size of a structure that items of the list name. */
size_t vrn_features_structure_bytes(VkStructureType type);

/* The bits that depend on features, without those whose features are enabled by these extensions, a
 * chain of feature structures and VkDeviceCreateInfo::pEnabledFeatures, which may both be NULL. */
uint32_t vrn_features_missing(vrn_extensions extensions, const void *chain,
                              const VkPhysicalDeviceFeatures *core, uint32_t api_version);

#endif
