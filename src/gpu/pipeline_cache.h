/* The driver's cache of compiled pipelines, kept on disk between processes. */
#ifndef VRN_GPU_PIPELINE_CACHE_H
#define VRN_GPU_PIPELINE_CACHE_H

#include "gpu/device.h"

typedef struct vrn_pipeline_cache {
    VkPipelineCache handle; /* VK_NULL_HANDLE: the driver is better off without one */
    bool lent;              /* the application's: neither read, written nor destroyed */
    uint64_t loaded;        /* the hash of what came from the disk */
} vrn_pipeline_cache;

/* Makes the cache from the file that the device's cache directory has for exactly this device and
 * driver. No contents of that file make this fail. */
vrn_result vrn_pipeline_cache_create(vrn_pipeline_cache *cache, vrn_device *device);

/* Writes the cache to the disk, merged with what other processes have written there since, and
 * destroys it. grown: pipelines were made. Accepts a zeroed struct. */
void vrn_pipeline_cache_destroy(vrn_pipeline_cache *cache, vrn_device *device, bool grown);

#endif
