/* What of a device's capabilities has to be switched on when its Vulkan device is made: the same
 * table for devices of the library's own, for telling an application, and for reading what an
 * application did. */
#ifndef VRN_GPU_FEATURES_H
#define VRN_GPU_FEATURES_H

#include <vkresnet/vulkan.h>

#include "gpu/probe.h"

/* Beside the capability bits: pipelines can be made for one of several subgroup sizes. */
#define VRN_FEATURE_SUBGROUP_SIZES (UINT32_C(1) << 31)
/* .. and matrices be held by a work group. */
#define VRN_FEATURE_WORK_GROUP_MATRICES (UINT32_C(1) << 30)

/* What a device has: its capabilities, and the bits above. */
uint32_t vrn_features_of(uint32_t capabilities, const vrn_subgroup_info *subgroup,
                         const vrn_matrix_list *matrices);

/* Lists what must be enabled for `features` to be used with an API of this version, and extensions
 * that must be enabled where they are offered. The chain points into `requirements`, which must not
 * move. */
void vrn_features_require(vrn_device_requirements *requirements, uint32_t features,
                          uint32_t api_version, bool portability_subset);

/* Of all that exists only where it is enabled: what these extensions and features do not switch
 * on. */
uint32_t vrn_features_missing(const char *const *extensions, uint32_t count, const void *chain,
                              const VkPhysicalDeviceFeatures *core, uint32_t api_version);

bool vrn_features_has_extension(const char *const *extensions, uint32_t count, const char *name);

#endif
