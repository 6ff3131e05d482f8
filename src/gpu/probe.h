/* The identity and capabilities of a physical device, queried once. */
#ifndef VRN_GPU_PROBE_H
#define VRN_GPU_PROBE_H

#include <vkresnet/vulkan.h>

#include "gpu/cores.h"
#include "gpu/instance.h"
#include "gpu/matrix.h"

/* A pipeline can be made with any power of two from size_min to size_max. */
typedef struct vrn_subgroup_info {
    uint32_t size_min, size_max;
    bool full; /* a pipeline can require that all subgroups are full */
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
    uint64_t timestamp_mask;          /* the bits that timestamps have on each queue */
    uint32_t max_array;               /* the longest array of storage buffers */
    bool host_query_reset;            /* the host can reset queries */
    bool image_formats;               /* shaderStorageImageExtendedFormats */
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

/* A family that vrn_probe_queue may choose. */
#define VRN_FAMILY_ANY          UINT32_MAX
#define VRN_FAMILY_COMPUTE_ONLY (UINT32_MAX - 1)

/* Chooses a queue family: `family`, which must be able to compute. VRN_FAMILY_ANY: the first one
 * that can compute, if any. VRN_FAMILY_COMPUTE_ONLY: the first one that can compute but not draw,
 * else as for VRN_FAMILY_ANY. *chosen, if not NULL, receives the family's properties. */
vrn_result vrn_probe_queue(vrn_probe *probe, const vrn_instance *instance,
                           VkPhysicalDevice physical, uint32_t family,
                           VkQueueFamilyProperties *chosen, const vrn_log *log);

/* The same for the families that an application lends: chooses the first one that can compute, of
 * which there must be one. `flags` [count] receives the flags of each family. The device has
 * timestamps if all families that can compute have them. */
vrn_result vrn_probe_queues(vrn_probe *probe, const vrn_instance *instance,
                            VkPhysicalDevice physical, const vrn_queue_family *families,
                            uint32_t count, VkQueueFlags *flags, const vrn_log *log);

#endif
