#include "gpu/device.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/util.h"
#include "gpu/attachment.h"
#include "gpu/features.h"
#include "gpu/pipeline.h"
#include "gpu/quirks.h"

vrn_result vrn_device_list(vrn_device_info *infos, uint32_t capacity, uint32_t *count,
                           const vrn_log *log)
{
    if (!count || (!infos && capacity > 0)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, "vrn_device_list: %s is NULL",
                        count ? "infos" : "count");
    }
    *count = 0;
    vrn_instance instance;
    vrn_result result = vrn_instance_create(&instance, false, log);
    if (result) return result;
    VkPhysicalDevice *devices = NULL;
    uint32_t found = 0;
    result = vrn_instance_devices(&instance, &devices, &found, log);
    for (uint32_t i = 0; i < found && !result; i++) {
        vrn_probe probe;
        result = vrn_probe_device(&probe, &instance, devices[i], i, log);
        if (!result && i < capacity) infos[i] = probe.info;
    }
    if (!result) *count = found;
    vrn_free(devices);
    vrn_instance_destroy(&instance);
    return result;
}

static bool contains_ignoring_case(const char *text, const char *part)
{
    for (; *text; text++) {
        size_t i = 0;
        while (part[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i])) i++;
        if (!part[i]) return true;
    }
    return !*part;
}

/* "1" is an index; anything else is part of a name. */
static bool selected(const vrn_device_info *info, const char *select)
{
    if (!select || !*select) return true;
    char *end;
    unsigned long index = strtoul(select, &end, 10);
    if (!*end && isdigit((unsigned char)*select)) return index == info->index;
    return contains_ignoring_case(info->name, select);
}

/* The usable device with the highest score among those that `select` names. */
static vrn_result choose(vrn_probe *best, VkPhysicalDevice *physical, const vrn_instance *instance,
                         const char *select, const vrn_log *log)
{
    VkPhysicalDevice *devices = NULL;
    uint32_t count = 0, matches = 0;
    vrn_result result = vrn_instance_devices(instance, &devices, &count, log);
    *best = (vrn_probe){0};
    *physical = VK_NULL_HANDLE;
    for (uint32_t i = 0; i < count && !result; i++) {
        vrn_probe probe;
        result = vrn_probe_device(&probe, instance, devices[i], i, log);
        if (result || !selected(&probe.info, select)) continue;
        matches++;
        if (probe.info.score == 0) {
            vrn_log_write(log, select ? VRN_LOG_WARNING : VRN_LOG_INFO, "device %u, %s: %s", i,
                          probe.info.name, probe.info.reason);
        } else if (probe.info.score > best->info.score) {
            *best = probe;
            *physical = devices[i];
        }
    }
    vrn_free(devices);
    if (result || *physical) return result;
    if (count == 0)
        return vrn_fail(log, VRN_ERROR_NO_DEVICE,
                        "no Vulkan device: a GPU's driver brings one; where VK_DRIVER_FILES is set "
                        "it has to name a driver");
    if (matches == 0) {
        return vrn_fail(log, VRN_ERROR_NO_DEVICE, "no Vulkan device matches '%s' (of %u)", select,
                        count);
    }
    return vrn_fail(log, VRN_ERROR_UNSUPPORTED, "no usable Vulkan device%s%s (of %u)",
                    select ? " matches " : "", select ? select : "", count);
}

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
#undef VRN_NEED
#undef VRN_LOAD
    if (missing) {
        return vrn_fail(&device->log, VRN_ERROR_UNSUPPORTED, "%s: the driver lacks %s",
                        device->info.name, missing);
    }
    return VRN_OK;
}

static vrn_result create_handle(vrn_device *device, VkPhysicalDevice physical)
{
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = device->queue_family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    vrn_device_requirements requirements;
    vrn_features_require(
        &requirements,
        vrn_features_of(device->info.capabilities, &device->subgroup, &device->matrices),
        device->info.api_version, device->portability_subset);
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = requirements.chain,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = requirements.extension_count,
        .ppEnabledExtensionNames = requirements.extensions,
    };
    VkResult created = device->instance.vk.CreateDevice(physical, &info, NULL, &device->handle);
    if (created != VK_SUCCESS) {
        device->handle = VK_NULL_HANDLE;
        return vrn_device_check(device, created, "vkCreateDevice");
    }
    vrn_result result = vrn_device_load(device);
    if (result) return result;
    device->vk.GetDeviceQueue(device->handle, device->queue_family, 0, &device->queue);
    return VRN_OK;
}

vrn_result vrn_device_start(vrn_device **out, const vrn_log *log, const char *cache_directory)
{
    const bool cached = cache_directory && *cache_directory;
    vrn_device *device = vrn_alloc(1, sizeof *device);
    *out = NULL;
    if (!device) return vrn_fail_memory(log);
    device->log = *log;
    atomic_init(&device->lost, false);
    atomic_init(&device->submitted, false);
    atomic_init(&device->attachments, NULL);
    device->queue_lock = vrn_mutex_create();
    device->attachments_lock = vrn_mutex_create();
    if (cached) device->cache_directory = vrn_strndup(cache_directory, strlen(cache_directory));
    if (!device->queue_lock || !device->attachments_lock || !device->cache_directory != !cached) {
        vrn_device_destroy(&device);
        return vrn_fail_memory(log);
    }
    *out = device;
    return VRN_OK;
}

void vrn_device_describe(vrn_device *device, const vrn_probe *probe, uint32_t without,
                         uint32_t with)
{
    device->info = probe->info;
    device->info.capabilities &= ~(without | (vrn_quirks_without(probe, &device->log) & ~with));
    device->limits = probe->limits;
    device->memory = probe->memory;
    device->driver_id = probe->driver_id;
    device->subgroup = probe->subgroup;
    device->matrices = probe->matrices;
    memcpy(device->cache_uuid, probe->cache_uuid, sizeof device->cache_uuid);
    device->no_pipeline_cache = vrn_quirks_no_pipeline_cache(probe, &device->log);
    device->freezes_constants = vrn_quirks_freeze_constants(probe, &device->log);
    device->queue_family = probe->queue_family;
    device->max_array = probe->max_array;
    device->timestamp_mask = probe->timestamp_mask;
    device->portability_subset = probe->portability_subset;
}

vrn_result vrn_device_create(vrn_device **out, const vrn_device_params *params)
{
    static const vrn_device_params defaults = {0};
    if (!params) params = &defaults;
    if (!out) return vrn_fail(&params->log, VRN_ERROR_INVALID_ARGUMENT, "device is NULL");
    *out = NULL;

    vrn_device *device;
    vrn_result result = vrn_device_start(&device, &params->log, params->cache_directory);
    if (result) return result;
    vrn_probe probe;
    VkPhysicalDevice physical;
    result = vrn_instance_create(&device->instance, params->validation, &device->log);
    if (result) goto error;
    result = choose(&probe, &physical, &device->instance, params->select, &device->log);
    if (result) goto error;
    vrn_device_describe(device, &probe, params->without,
                        params->diagnostics ? params->diagnostics->with : 0);
    result = create_handle(device, physical);
    if (result) goto error;
    result = vrn_pipeline_store_create(device);
    if (result) goto error;
    vrn_log_write(&device->log, VRN_LOG_INFO, "device %u: %s (%s)", device->info.index,
                  device->info.name, device->info.driver);
    *out = device;
    return VRN_OK;

error:
    vrn_device_destroy(&device);
    return result;
}

void vrn_device_destroy(vrn_device **pointer)
{
    if (!pointer || !*pointer) return;
    vrn_device *device = *pointer;
    *pointer = NULL;
    if (device->handle) {
        /* Drivers that only compile have a device, but nothing that could be waited for. A lent
         * device has queues that others use: only its owner may wait for all of it. One that is
         * lost has been waited for as long as that may take (vrn_commands_destroy). */
        if (atomic_load(&device->submitted) && !device->lent && !atomic_load(&device->lost)) {
            device->vk.DeviceWaitIdle(device->handle);
        }
        vrn_device_destroy_attachments(device);
        vrn_pipeline_store_destroy(device);
        if (device->vk.DestroyDevice && !device->lent) {
            device->vk.DestroyDevice(device->handle, NULL);
        }
    }
    vrn_mutex_destroy(&device->attachments_lock);
    vrn_mutex_destroy(&device->queue_lock);
    vrn_instance_destroy(&device->instance);
    vrn_free(device->cache_directory);
    vrn_free(device);
}

void vrn_device_lock_queue(const vrn_device *device)
{
    vrn_mutex_lock(device->queue_lock);
    if (device->lent_lock) device->lent_lock(device->lent_lock_user);
}

void vrn_device_unlock_queue(const vrn_device *device)
{
    if (device->lent_unlock) device->lent_unlock(device->lent_lock_user);
    vrn_mutex_unlock(device->queue_lock);
}

void vrn_device_get_info(const vrn_device *device, vrn_device_info *info)
{
    *info = device->info;
}

static vrn_result check(vrn_device *device, VkResult result, const char *what, vrn_log_level level)
{
    const char *name = device->info.name;
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
    vrn_log_write(&device->log, level, "%s: %s failed with VkResult %d", name, what, (int)result);
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
    return vrn_fail(&device->log, VRN_ERROR_DEVICE_LOST, "%s: the device was lost earlier",
                    device->info.name);
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
    device->vk.SetDebugUtilsObjectNameEXT(
        device->handle, &(VkDebugUtilsObjectNameInfoEXT){
                            .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
                            .objectType = type,
                            .objectHandle = handle,
                            .pObjectName = name,
                        });
}

double vrn_device_ticks_ms(const vrn_device *device, uint64_t begin, uint64_t end)
{
    /* The difference is right even where the counter has few bits and has wrapped in between. */
    uint64_t ticks = (end - begin) & device->timestamp_mask;
    return (double)ticks * device->limits.timestampPeriod * 1e-6;
}
