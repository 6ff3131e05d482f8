/* The inside of vrn_device: a logical device, its queues, its function table, and what lives as
 * long as the device. create.c makes the library's own devices, import.c those that an application
 * lends. */
#ifndef VRN_GPU_DEVICE_H
#define VRN_GPU_DEVICE_H

#include <stdatomic.h>

#include <vkresnet/vulkan.h>

#include "base/log.h"
#include "base/os.h"
#include "gpu/instance.h"
#include "gpu/probe.h"
#include "gpu/queue_list.h"
#include "gpu/quirks.h"
#include "gpu/vk.h"

/* The application's own allocators and caches; zeros: the library's. */
typedef struct vrn_device_hooks {
    VkAllocationCallbacks host;
    vrn_memory_hooks memory;
    vrn_cache_hooks cache;
    VkPipelineCache pipeline_cache;
} vrn_device_hooks;

struct vrn_device {
    vrn_log log;
    vrn_instance instance;
    VkDevice handle;
    vrn_device_table vk;
    vrn_probe probe; /* capabilities: without those that were switched off */
    vrn_quirks quirks;
    vrn_queue_list queues;
    char *cache_directory; /* for base/cache_file.h; NULL: nothing is kept on disk */
    vrn_device_hooks hooks;
    const VkAllocationCallbacks *host; /* for every object of the device; NULL: the driver's own */
    bool lent;                         /* an application destroys instance and device */
    atomic_bool lost;      /* set when the driver says so: every later call fails at once */
    atomic_bool submitted; /* something was submitted at least once */
    vrn_mutex *attachments_lock;
    _Atomic(struct vrn_attachment *) attachments; /* a list that only grows */
};

static inline bool vrn_device_has(const vrn_device *device, uint32_t capability)
{
    return (device->probe.info.capabilities & capability) == capability;
}

/* ---- Making a device: vrn_device_destroy accepts it at any stage ---- */

/* Makes an empty device with its locks. The caller fills in the instance and the probe. `cache`, if
 * not NULL, is used instead of the directory. */
vrn_result vrn_device_start(vrn_device **device, const vrn_log *log, const char *cache_directory,
                            const vrn_cache_hooks *cache);

/* Called after the probe. Switches off the capabilities in `without`, and those that this driver
 * handles badly unless the diagnostics, which may be NULL, ask for them. */
void vrn_device_restrict(vrn_device *device, uint32_t without,
                         const vrn_device_diagnostics *diagnostics);

/* Finds the functions. Needs the handle. */
vrn_result vrn_device_load(vrn_device *device);

/* Makes the list of queues: `only`; or, if that is VK_NULL_HANDLE, those of the families, whose
 * handles it gets from the device. */
vrn_result vrn_device_take_queues(vrn_device *device, const vrn_queue_family *families,
                                  const VkQueueFlags *flags, uint32_t count, VkQueue only);

/* ---- Data of the layers above, opaque to the device ---- */

/* The first member of an attachment's struct. The rest of it is zeroed when it is created. */
typedef struct vrn_attachment {
    const struct vrn_attachment_kind *kind;
    struct vrn_attachment *next;
    vrn_mutex *lock; /* for the rest */
} vrn_attachment;

/* A device has at most one attachment of each kind; the kind's address tells them apart. */
typedef struct vrn_attachment_kind {
    size_t size; /* of the struct */
    /* Releases what the rest of the struct holds; NULL: nothing. */
    void (*destroy)(void *data, vrn_device *device);
} vrn_attachment_kind;

/* The attachment of a kind, which the first call creates; NULL: out of memory, which is logged. The
 * last one created is destroyed first, while the device's handle is valid. Thread-safe. */
void *vrn_device_attachment(vrn_device *device, const vrn_attachment_kind *kind);

/* The attachment if it exists already; else NULL. Takes no lock. Thread-safe. */
void *vrn_device_find_attachment(const vrn_device *device, const vrn_attachment_kind *kind);

/* For vrn_device_destroy. */
void vrn_device_destroy_attachments(vrn_device *device);

/* ---- The cache ---- */

/* True if the device has a cache, through hooks or in a folder. */
static inline bool vrn_device_keeps(const vrn_device *device)
{
    return device->hooks.cache.load || device->cache_directory;
}

enum { VRN_CACHE_NAME = 40, VRN_CACHE_KEY = 640 };

/* Writes the name and the key of a cache file for this device. The name begins with `prefix`. The
 * key contains `version` and the driver with its version, so that a file of another driver is
 * ignored and replaced. Returns the size of the key. */
size_t vrn_device_cache_names(const vrn_device *device, const char *prefix, const char *version,
                              char name[VRN_CACHE_NAME], char key[VRN_CACHE_KEY]);

/* vrn_cache_read and vrn_cache_write where the device keeps its cache. */
bool vrn_device_cache_read(const vrn_device *device, const char *name, const void *key,
                           size_t key_size, void **data, size_t *size);
bool vrn_device_cache_write(const vrn_device *device, const char *name, const void *key,
                            size_t key_size, const void *data, size_t size);

/* ---- Using it ---- */

/* Finds the queue with a number, among those that can compute. Errors:
 * VRN_ERROR_INVALID_ARGUMENT. */
vrn_result vrn_device_queue_at(const vrn_device_queue **queue, const vrn_device *device,
                               uint32_t number);

/* Turns a VkResult into the library's, logs what failed ("vkAllocateMemory"), and remembers a lost
 * device. VK_SUCCESS gives VRN_OK and no message. */
vrn_result vrn_device_check(vrn_device *device, VkResult result, const char *what);

/* Calls a function of the device, whose first argument is the device's handle, and checks it. */
#define VRN_CALL(device, name, ...)                                                                \
    vrn_device_check(device, (device)->vk.name((device)->handle, __VA_ARGS__), "vk" #name)

/* The same for callers that can continue after the failure: the message is a warning, unless the
 * device is lost. */
vrn_result vrn_device_check_spared(vrn_device *device, VkResult result, const char *what);

/* VRN_ERROR_DEVICE_LOST, with a message, once the device is lost; else VRN_OK. */
vrn_result vrn_device_alive(const vrn_device *device);

/* Names a Vulkan object for debuggers and validation messages. Does nothing without
 * VK_EXT_debug_utils. */
void vrn_device_name(const vrn_device *device, VkObjectType type, uint64_t handle,
                     const char *format, ...) VRN_PRINTF(4, 5);

/* Milliseconds between two timestamps of a queue of the device. */
double vrn_device_ticks_ms(const vrn_device *device, uint64_t begin, uint64_t end);

#endif
