#include "gpu/device.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "base/alloc.h"
#include "base/os.h"
#include "gpu/result.h"

vrn_result vrn_device_load(vrn_device *device)
{
    const char *missing = NULL;
    PFN_vkGetDeviceProcAddr get = device->instance.vk.GetDeviceProcAddr;
#define VRN_LOAD(name) device->vk.name = (PFN_vk##name)get(device->handle, "vk" #name);
#define VRN_NEED(name)                                                                             \
    VRN_LOAD(name)                                                                                 \
    if (!device->vk.name) missing = "vk" #name;
    VRN_DEVICE_FUNCTIONS(VRN_NEED)
    if (device->instance.debug_utils) {
        VRN_DEVICE_FUNCTIONS_OPTIONAL(VRN_LOAD)
    }
    if (vrn_device_has(device, VRN_CAPABILITY_PIPELINE_STATISTICS)) {
        VRN_DEVICE_FUNCTIONS_STATISTICS(VRN_LOAD)
    }
    const bool core = device->probe.info.api_version >= VK_API_VERSION_1_2;
    if (device->probe.host_query_reset) {
        device->vk.ResetQueryPool = (PFN_vkResetQueryPool)get(
            device->handle, core ? "vkResetQueryPool" : "vkResetQueryPoolEXT");
    }
    if (vrn_device_has(device, VRN_CAPABILITY_BUFFER_ADDRESSES)) {
        device->vk.GetBufferDeviceAddress = (PFN_vkGetBufferDeviceAddress)get(
            device->handle, core ? "vkGetBufferDeviceAddress" : "vkGetBufferDeviceAddressKHR");
        if (!device->vk.GetBufferDeviceAddress) missing = "vkGetBufferDeviceAddress";
    }
#undef VRN_NEED
#undef VRN_LOAD
    if (missing) {
        return vrn_fail(&device->log, VRN_ERROR_UNSUPPORTED, "%s: the driver lacks %s",
                        device->probe.info.name, missing);
    }
    return VRN_OK;
}

vrn_result vrn_device_start(vrn_device **out, const vrn_log *log, const char *cache_directory,
                            const vrn_cache_hooks *cache)
{
    const bool cached = !cache && cache_directory && *cache_directory;
    *out = NULL;
    if (cache && (!cache->load || !cache->store)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, "vrn_cache_hooks: load or store is NULL");
    }
    vrn_device *device = vrn_alloc(1, sizeof *device);
    if (!device) return vrn_fail_memory(log);
    device->log = *log;
    if (cache) device->hooks.cache = *cache;
    atomic_init(&device->lost, false);
    atomic_init(&device->submitted, false);
    atomic_init(&device->attachments, NULL);
    device->attachments_lock = vrn_mutex_create();
    if (cached) device->cache_directory = vrn_strndup(cache_directory, strlen(cache_directory));
    if (!device->attachments_lock || !device->cache_directory != !cached) {
        vrn_device_destroy(&device);
        return vrn_fail_memory(log);
    }
    *out = device;
    return VRN_OK;
}

void vrn_device_restrict(vrn_device *device, uint32_t without,
                         const vrn_device_diagnostics *diagnostics)
{
    const uint32_t with = diagnostics ? diagnostics->with : 0;
    device->quirks = vrn_quirks_find(&device->probe, &device->log);
    device->probe.info.capabilities &= ~(without | (device->quirks.without & ~with));
}

void vrn_device_destroy(vrn_device **pointer)
{
    if (!pointer || !*pointer) return;
    vrn_device *device = *pointer;
    *pointer = NULL;
    if (device->handle) {
        /* Does not wait if nothing was submitted (some drivers can only compile), if the device is
         * lent (only its owner may wait for all queues), or if it is lost (vrn_commands_destroy has
         * waited long enough). */
        if (atomic_load(&device->submitted) && !device->lent && !atomic_load(&device->lost)) {
            device->vk.DeviceWaitIdle(device->handle);
        }
        vrn_device_destroy_attachments(device);
        if (device->vk.DestroyDevice && !device->lent) {
            vrn_loader_lock();
            device->vk.DestroyDevice(device->handle, NULL);
            vrn_loader_unlock();
        }
    }
    vrn_mutex_destroy(&device->attachments_lock);
    vrn_queue_list_destroy(&device->queues);
    vrn_instance_destroy(&device->instance);
    vrn_free(device->cache_directory);
    vrn_free(device);
}

void *vrn_device_find_attachment(const vrn_device *device, const vrn_attachment_kind *kind)
{
    vrn_attachment *a = atomic_load(&device->attachments);
    while (a && a->kind != kind) a = a->next;
    return a;
}

void *vrn_device_attachment(vrn_device *device, const vrn_attachment_kind *kind)
{
    vrn_mutex_lock(device->attachments_lock);
    vrn_attachment *a = vrn_device_find_attachment(device, kind);
    if (!a) {
        a = vrn_alloc(1, kind->size);
        if (a) a->lock = vrn_mutex_create();
        if (a && a->lock) {
            a->kind = kind;
            a->next = atomic_load(&device->attachments);
            atomic_store(&device->attachments, a);
        } else {
            vrn_free(a);
            a = NULL;
            vrn_fail_memory(&device->log);
        }
    }
    vrn_mutex_unlock(device->attachments_lock);
    return a;
}

void vrn_device_destroy_attachments(vrn_device *device)
{
    vrn_attachment *a = atomic_load(&device->attachments);
    atomic_store(&device->attachments, NULL);
    while (a) {
        vrn_attachment *next = a->next;
        if (a->kind->destroy) a->kind->destroy(a, device);
        vrn_mutex_destroy(&a->lock);
        vrn_free(a);
        a = next;
    }
}

vrn_result vrn_device_take_queues(vrn_device *device, const vrn_queue_family *families,
                                  const VkQueueFlags *flags, uint32_t count, VkQueue only)
{
    vrn_queue_list *list = &device->queues;
    vrn_result result = vrn_queue_list_create(list, families, flags, count, &device->log);
    if (result) return result;
    for (uint32_t i = 0; i < list->count; i++) {
        vrn_device_queue *queue = &list->items[i];
        queue->handle = only;
        if (only) continue;
        device->vk.GetDeviceQueue(device->handle, queue->family, queue->index, &queue->handle);
    }
    device->probe.info.queue_count = list->compute_count;
    return VRN_OK;
}

vrn_result vrn_device_queue_at(const vrn_device_queue **queue, const vrn_device *device,
                               uint32_t number)
{
    const vrn_queue_list *list = &device->queues;
    *queue = NULL;
    if (number >= list->compute_count) {
        return vrn_fail(&device->log, VRN_ERROR_INVALID_ARGUMENT,
                        "queue %u: the device has %u queue%s that can compute, numbered from 0",
                        number, list->compute_count, list->compute_count == 1 ? "" : "s");
    }
    *queue = &list->items[number];
    return VRN_OK;
}

void vrn_device_get_info(const vrn_device *device, vrn_device_info *info)
{
    *info = device->probe.info;
}

static vrn_result check(vrn_device *device, VkResult result, const char *what, vrn_log_level level)
{
    const char *name = device->probe.info.name;
    switch ((int)result) {
    case VK_SUCCESS: return VRN_OK;
    case VK_ERROR_OUT_OF_HOST_MEMORY:
        vrn_log_write(&device->log, level, "%s: out of host memory (%s)", name, what);
        return VRN_ERROR_OUT_OF_MEMORY;
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    case VK_ERROR_OUT_OF_POOL_MEMORY:
    case VK_ERROR_FRAGMENTED_POOL:
    case VK_ERROR_TOO_MANY_OBJECTS:
    case VK_ERROR_MEMORY_MAP_FAILED:
        vrn_log_write(&device->log, level,
                      "%s: out of device memory (%s); a smaller batch or size needs less", name,
                      what);
        return VRN_ERROR_OUT_OF_MEMORY;
    case VK_ERROR_DEVICE_LOST:
        atomic_store(&device->lost, true);
        vrn_log_write(&device->log, level, "%s: the device is lost (%s)", name, what);
        return VRN_ERROR_DEVICE_LOST;
    }
    vrn_vk_result_text room;
    vrn_log_write(&device->log, level, "%s: %s: %s", name, what, vrn_vk_result_name(result, &room));
    return VRN_ERROR_UNSUPPORTED;
}

vrn_result vrn_device_check(vrn_device *device, VkResult result, const char *what)
{
    return check(device, result, what, VRN_LOG_ERROR);
}

vrn_result vrn_device_check_spared(vrn_device *device, VkResult result, const char *what)
{
    return check(device, result, what,
                 result == VK_ERROR_DEVICE_LOST ? VRN_LOG_ERROR : VRN_LOG_WARNING);
}

vrn_result vrn_device_alive(const vrn_device *device)
{
    if (!atomic_load(&device->lost)) return VRN_OK;
    return vrn_fail(&device->log, VRN_ERROR_DEVICE_LOST,
                    "%s: the device was lost earlier: destroy it and create it again",
                    device->probe.info.name);
}

void vrn_device_name(const vrn_device *device, VkObjectType type, uint64_t handle,
                     const char *format, ...)
{
    if (!device->vk.SetDebugUtilsObjectNameEXT) return;
    char name[96];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    vrn_loader_lock();
    device->vk.SetDebugUtilsObjectNameEXT(
        device->handle, &(VkDebugUtilsObjectNameInfoEXT){
                            .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
                            .objectType = type,
                            .objectHandle = handle,
                            .pObjectName = name,
                        });
    vrn_loader_unlock();
}

double vrn_device_ticks_ms(const vrn_device *device, uint64_t begin, uint64_t end)
{
    /* The mask keeps the difference correct if a counter with fewer bits has wrapped. */
    uint64_t ticks = (end - begin) & device->probe.timestamp_mask;
    return (double)ticks * device->probe.limits.timestampPeriod * 1e-6;
}
