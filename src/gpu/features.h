/* Features of devices that have to be enabled: one table, by which the library probes a physical
 * device, enables features on a device of its own, tells an application what to enable, and reads
 * what an application enabled. */
#ifndef VRN_GPU_FEATURES_H
#define VRN_GPU_FEATURES_H

#include <vkresnet/vulkan.h>

#include "gpu/instance.h"

/* Beside the capability bits: pipelines can be made for one of several subgroup sizes. */
#define VRN_FEATURE_SUBGROUP_SIZES (UINT32_C(1) << 31)
/* .. and a work group can hold matrices. */
#define VRN_FEATURE_WORK_GROUP_MATRICES (UINT32_C(1) << 30)

/* .. and the host can reset queries. */
#define VRN_FEATURE_HOST_QUERY_RESET (UINT32_C(1) << 29)

/* Names of extensions: those that a device offers, or those that an application enabled. */
typedef struct vrn_extensions {
    const char *const *names;
    uint32_t count;
} vrn_extensions;

bool vrn_extensions_have(vrn_extensions extensions, const char *name);

/* Those of the bits above, and of the capabilities that depend on features, whose features a
 * physical device with these extensions supports. */
uint32_t vrn_features_probe(const vrn_instance *instance, VkPhysicalDevice physical,
                            vrn_extensions extensions, uint32_t api_version);

/* Lists what must be enabled for `features` to be used with an API of this version, and extensions
 * that must be enabled where they are offered. */
void vrn_features_require(vrn_device_requirements *requirements, uint32_t features,
                          uint32_t api_version, bool portability_subset);

/* Of a structure that items of the list name. */
size_t vrn_features_structure_bytes(VkStructureType type);

/* The bits that depend on features, less those whose features are enabled: by these extensions, a
 * chain of feature structures and VkDeviceCreateInfo::pEnabledFeatures, which may both be NULL. */
uint32_t vrn_features_missing(vrn_extensions extensions, const void *chain,
                              const VkPhysicalDeviceFeatures *core, uint32_t api_version);

#endif
