/* The identity and capabilities of a physical device, queried once. */
#ifndef VRN_GPU_PROBE_H
#define VRN_GPU_PROBE_H

#include <vkresnet/vkresnet.h>

#include "gpu/cores.h"
#include "gpu/instance.h"
#include "gpu/matrix.h"

/* A pipeline can be made with any power of two from size_min to size_max. */
typedef struct vrn_subgroup_info {
    uint32_t size_min, size_max;
} vrn_subgroup_info;

typedef struct vrn_probe {
    vrn_device_info info;
    VkPhysicalDeviceLimits limits;
    VkPhysicalDeviceMemoryProperties memory;
    VkDriverId driver_id;
    vrn_subgroup_info subgroup;
    vrn_matrix_list matrices;
    vrn_cores cores;
    uint8_t cache_uuid[VK_UUID_SIZE]; /* identifies the pipeline caches that the driver can read */
    uint32_t queue_family;            /* one that can compute */
    uint64_t timestamp_mask;          /* the bits that its timestamps have */
    uint32_t max_array;               /* the longest array of storage buffers */
    bool host_query_reset;            /* the host can reset queries */
    bool portability_subset;          /* the device has VK_KHR_portability_subset */
    bool mixed_dot_product; /* of signed and unsigned bytes, by an instruction of the device */
} vrn_probe;

/* Fills in everything. A device that cannot be used gets a score of 0 and a reason. */
vrn_result vrn_probe_device(vrn_probe *probe, const vrn_instance *instance,
                            VkPhysicalDevice physical, uint32_t index, const vrn_log *log);

/* The device's capabilities and the other bits of gpu/features.h, except those in `without`. */
uint32_t vrn_probe_features(const vrn_probe *probe, uint32_t without);

/* Removes capabilities and other bits of gpu/features.h. */
void vrn_probe_drop(vrn_probe *probe, uint32_t features);

/* Chooses a queue family: `family`, which must be able to compute, or for VK_QUEUE_FAMILY_IGNORED
 * the first one that can, if any. */
vrn_result vrn_probe_queue(vrn_probe *probe, const vrn_instance *instance,
                           VkPhysicalDevice physical, uint32_t family, const vrn_log *log);

#endif
