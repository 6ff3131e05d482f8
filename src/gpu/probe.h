/* What a physical device is and can do, asked once. */
#ifndef VRN_GPU_PROBE_H
#define VRN_GPU_PROBE_H

#include <vkresnet/vkresnet.h>

#include "gpu/cores.h"
#include "gpu/instance.h"
#include "gpu/matrix.h"

/* A pipeline can be made with any power of two between them. */
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
    uint8_t cache_uuid[VK_UUID_SIZE]; /* which pipeline caches the driver understands */
    uint32_t queue_family;            /* one that can compute */
    uint64_t timestamp_mask;          /* the bits that its timestamps have */
    uint32_t max_array;               /* the longest array of storage buffers */
    bool host_query_reset;            /* the host can reset queries */
    bool portability_subset;          /* the device has VK_KHR_portability_subset */
    bool mixed_dot_product; /* of signed and unsigned bytes, by an instruction of the device */
} vrn_probe;

/* Fills everything; a device that cannot be used gets a score of 0 and a reason. */
vrn_result vrn_probe_device(vrn_probe *probe, const vrn_instance *instance,
                            VkPhysicalDevice physical, uint32_t index, const vrn_log *log);

/* Its capabilities without these, and the bits of gpu/features.h beside them. */
uint32_t vrn_probe_features(const vrn_probe *probe, uint32_t without);

/* Takes capabilities, and such bits, away. */
void vrn_probe_drop(vrn_probe *probe, uint32_t features);

/* Takes a queue family: this one, which must be able to compute, or, of VK_QUEUE_FAMILY_IGNORED,
 * the first that can, if there is one. */
vrn_result vrn_probe_queue(vrn_probe *probe, const vrn_instance *instance,
                           VkPhysicalDevice physical, uint32_t family, const vrn_log *log);

#endif
