/* What of a device's capabilities has to be switched on when its Vulkan device is made: the same table for
 * devices of the library's own, for telling an application, and for reading what an application did. */
#ifndef VRN_GPU_FEATURES_H
#define VRN_GPU_FEATURES_H

#include <vkresnet/vulkan.h>

/* The capabilities that exist only where they were enabled. */
uint32_t vrn_features_switched(void);

/* Lists what kernels and submissions use of `capabilities`, for an API of this version, and extensions that
 * must be enabled where they are offered. The chain points into `wishes`: it must not move. */
void vrn_features_wish(vrn_device_wishes *wishes, uint32_t capabilities, uint32_t api_version,
                       bool portability_subset);

/* The capabilities that these extensions and this chain of feature structures switch on. */
uint32_t vrn_features_enabled(const char *const *extensions, uint32_t count, const void *chain,
                              uint32_t api_version);

bool vrn_features_has_extension(const char *const *extensions, uint32_t count, const char *name);

#endif
