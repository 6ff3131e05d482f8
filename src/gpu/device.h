/* The inside of vrn_device: a logical device, its queue, its function table and what lives as
 * long as it does. device.c makes one of the library's own, import.c one of what an application
 * lends. */
#ifndef VRN_GPU_DEVICE_H
#define VRN_GPU_DEVICE_H

#include <stdatomic.h>

#include <vkresnet/vkresnet.h>

#include "base/log.h"
#include "base/os.h"
#include "gpu/instance.h"
#include "gpu/probe.h"
#include "gpu/vk.h"

struct vrn_device {
    vrn_log log;
    vrn_instance instance;
    VkDevice handle;
    vrn_device_table vk;
    vrn_device_info info;
    VkPhysicalDeviceLimits limits;
    VkPhysicalDeviceMemoryProperties memory;
    VkDriverId driver_id;
    vrn_subgroup_info subgroup;
    vrn_matrix_list matrices;
    uint8_t cache_uuid[VK_UUID_SIZE]; /* which pipeline caches the driver understands */

    char *cache_directory;  /* for base/cache_file.h; NULL: nothing is kept on disk */
    bool no_pipeline_cache; /* the driver is better off without a VkPipelineCache */
    bool freezes_constants; /* .. and with specialization constants in the code (gpu/freeze.h) */

    uint32_t queue_family;
    uint32_t max_array;      /* the longest array of storage buffers */
    uint64_t timestamp_mask; /* the bits that the queue's timestamps have */
    bool portability_subset; /* VK_KHR_portability_subset, which must be enabled where it is */
    VkQueue queue;
    vrn_mutex *queue_lock;         /* among the library's own threads, see vrn_device_lock_queue */
    void (*lent_lock)(void *user); /* and among the application's; or NULL */
    void (*lent_unlock)(void *user);
    void *lent_lock_user;
    bool lent;             /* instance and device are an application's, who destroys them */
    atomic_bool lost;      /* once the driver said so, every later call fails at once */
    atomic_bool submitted; /* anything, ever */

    struct vrn_pipeline_store *pipelines; /* gpu/pipeline.h */

    /* What the layers above keep here (gpu/attachment.h). */
    vrn_mutex *attachments_lock;
    _Atomic(struct vrn_attachment *) attachments;
};

static inline bool vrn_device_has(const vrn_device *device, uint32_t capability)
{
    return (device->info.capabilities & capability) == capability;
}

/* Around every use of the queue. */
void vrn_device_lock_queue(const vrn_device *device);
void vrn_device_unlock_queue(const vrn_device *device);

/* How a device comes to be: empty with its locks; then an instance; then what was found out about
 * the physical device, less `without` and, but for `with`, what the driver does badly; then a
 * handle and its functions. vrn_device_destroy takes it back at any stage. */
vrn_result vrn_device_start(vrn_device **device, const vrn_log *log, const char *cache_directory);
void vrn_device_describe(vrn_device *device, const vrn_probe *probe, uint32_t without,
                         uint32_t with);
vrn_result vrn_device_load(vrn_device *device);

/* Turns a VkResult into the library's, logs what failed ("vkAllocateMemory"), and remembers a lost
 * device. VK_SUCCESS gives VRN_OK and no message. */
vrn_result vrn_device_check(vrn_device *device, VkResult result, const char *what);

/* The same where the caller goes on without what failed: the message is a warning, unless the
 * device is lost. */
vrn_result vrn_device_check_spared(vrn_device *device, VkResult result, const char *what);

/* VRN_ERROR_DEVICE_LOST, with a message, once the device is lost; else VRN_OK. */
vrn_result vrn_device_alive(const vrn_device *device);

/* Names a Vulkan object for debuggers and validation messages; nothing without
 * VK_EXT_debug_utils. */
void vrn_device_name(const vrn_device *device, VkObjectType type, uint64_t handle,
                     const char *format, ...) VRN_PRINTF(4, 5);

/* Milliseconds between two timestamps of the device's queue. */
double vrn_device_ticks_ms(const vrn_device *device, uint64_t begin, uint64_t end);

#endif
