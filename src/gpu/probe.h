/* What a physical device is and can do, asked once. */
#ifndef VRN_GPU_PROBE_H
#define VRN_GPU_PROBE_H

#include <vkresnet/vkresnet.h>

#include "gpu/instance.h"

/* A cooperative matrix product: halves, m x k times k x n, added to floats, by a subgroup. */
typedef struct vrn_matrix_shape {
    uint32_t m, n, k;
} vrn_matrix_shape;

enum { VRN_MATRIX_SHAPES_MAX = 16 };

/* What a device can do with subgroups and matrices. */
typedef struct vrn_subgroup_info {
    uint32_t size_min, size_max; /* a pipeline can be made with any power of two between them */
    vrn_matrix_shape matrices[VRN_MATRIX_SHAPES_MAX];
    uint32_t matrix_count;
} vrn_subgroup_info;

typedef struct vrn_probe {
    vrn_device_info info; /* the capability bits are the device's, none switched off */
    VkPhysicalDeviceLimits limits;
    VkPhysicalDeviceMemoryProperties memory;
    VkDriverId driver_id;
    vrn_subgroup_info subgroup;
    uint8_t cache_uuid[VK_UUID_SIZE]; /* which pipeline caches the driver understands */
    uint32_t queue_family;            /* one that can compute */
    uint64_t timestamp_mask;          /* the bits that its timestamps have */
    uint32_t max_array;               /* the longest array of storage buffers */
    bool portability_subset;          /* the device has VK_KHR_portability_subset */
} vrn_probe;

/* Fills everything; a device that cannot be used gets a score of 0 and a reason. */
vrn_result vrn_probe_device(vrn_probe *probe, const vrn_instance *instance,
                            VkPhysicalDevice physical, uint32_t index, const vrn_log *log);

/* Takes this queue family, which can compute. */
void vrn_probe_queue(vrn_probe *probe, uint32_t index, const VkQueueFamilyProperties *family);

#endif
