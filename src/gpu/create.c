/* The library's own devices: listing, choosing and creating them. */
#include <ctype.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/os.h"
#include "base/util.h"
#include "gpu/additions.h"
#include "gpu/device.h"
#include "gpu/features.h"
#include "gpu/pipeline.h"
#include "gpu/result.h"

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
        vrn_probe_drop(&probe, vrn_quirks_find(&probe, NULL).without);
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
                        "no Vulkan device: install the GPU's driver; if VK_DRIVER_FILES is set, it "
                        "must name a driver");
    if (matches == 0) {
        return vrn_fail(
            log, VRN_ERROR_NO_DEVICE,
            "no Vulkan device matches '%s' (devices found: %u); vkresnet info lists them", select,
            count);
    }
    return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                    "no usable Vulkan device%s%s%s (devices found: %u); vkresnet info says why",
                    select ? " matches '" : "", select ? select : "", select ? "'" : "", count);
}

/* The library requests only what the driver reported, so a layer is the likely cause. */
static vrn_result creation_failed(vrn_device *device, VkResult result)
{
    if (result != VK_ERROR_EXTENSION_NOT_PRESENT && result != VK_ERROR_FEATURE_NOT_PRESENT &&
        result != VK_ERROR_INITIALIZATION_FAILED) {
        return vrn_device_check(device, result, "vkCreateDevice");
    }
    vrn_vk_result_text room;
    char layers[1024];
    vrn_instance_describe_layers(layers, sizeof layers);
    return vrn_fail(&device->log, VRN_ERROR_UNSUPPORTED, "%s: vkCreateDevice: %s%s",
                    device->probe.info.name, vrn_vk_result_name(result, &room), layers);
}

enum { QUEUES_MAX = 16 };

/* Chooses the family of the device's queues, and their number. */
static vrn_result choose_queues(vrn_queue_family *queues, VkQueueFlags *flags, vrn_device *device,
                                VkPhysicalDevice physical, const vrn_device_params *params)
{
    VkQueueFamilyProperties family;
    if (!(params->queue_priority >= 0 && params->queue_priority <= 1)) {
        return vrn_fail(&device->log, VRN_ERROR_INVALID_ARGUMENT,
                        "queue_priority: expected a number above 0 up to 1, or 0 for 1, found %g",
                        (double)params->queue_priority);
    }
    vrn_result result =
        vrn_probe_queue(&device->probe, &device->instance, physical,
                        params->compute_only_family ? VRN_FAMILY_COMPUTE_ONLY : VRN_FAMILY_ANY,
                        &family, &device->log);
    if (result) return result;
    const uint32_t wanted = params->queue_count ? params->queue_count : 1;
    *flags = family.queueFlags;
    *queues = (vrn_queue_family){
        .index = device->probe.queue_family,
        .count = vrn_min_u32(wanted, vrn_min_u32(family.queueCount, QUEUES_MAX)),
    };
    if (queues->count < wanted || (params->compute_only_family && *flags & VK_QUEUE_GRAPHICS_BIT)) {
        vrn_log_write(&device->log, VRN_LOG_INFO,
                      "%s: got %u of the %u wanted queues, in a family that %s",
                      device->probe.info.name, queues->count, wanted,
                      *flags & VK_QUEUE_GRAPHICS_BIT ? "also has graphics" : "has no graphics");
    }
    return VRN_OK;
}

static vrn_result create_handle(vrn_device *device, VkPhysicalDevice physical,
                                const vrn_queue_family *queues, float priority)
{
    float priorities[QUEUES_MAX];
    for (uint32_t i = 0; i < QUEUES_MAX; i++) priorities[i] = priority > 0 ? priority : 1;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = queues->index,
        .queueCount = queues->count,
        .pQueuePriorities = priorities,
    };
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
    };
    vrn_device_requirements requirements;
    vrn_device_additions *additions;
    vrn_features_require(&requirements, vrn_probe_features(&device->probe, 0),
                         device->probe.info.api_version, device->probe.portability_subset);
    vrn_result result = vrn_additions_create(&additions, &info, &requirements, &device->log);
    if (result) return result;
    vrn_loader_lock();
    VkResult created = device->instance.vk.CreateDevice(physical, &info, NULL, &device->handle);
    vrn_loader_unlock();
    vrn_device_additions_destroy(&additions);
    if (created != VK_SUCCESS) {
        device->handle = VK_NULL_HANDLE;
        return creation_failed(device, created);
    }
    return vrn_device_load(device);
}

vrn_result vrn_device_create(vrn_device **out, const vrn_device_params *params)
{
    static const vrn_device_params defaults = {0};
    if (!params) params = &defaults;
    if (!out)
        return vrn_fail(&params->log, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_device_create: device is NULL");
    vrn_result result = vrn_device_start(out, &params->log, params->cache_directory, params->cache);
    if (result) return result;
    vrn_device *device = *out;
    VkPhysicalDevice physical;
    result = vrn_instance_create(&device->instance, params->validation, &device->log);
    if (!result) {
        result = choose(&device->probe, &physical, &device->instance, params->select, &device->log);
    }
    vrn_queue_family queues;
    VkQueueFlags flags;
    if (!result) result = choose_queues(&queues, &flags, device, physical, params);
    if (!result) {
        vrn_device_restrict(device, params->without, params->diagnostics);
        result = create_handle(device, physical, &queues, params->queue_priority);
    }
    if (!result) result = vrn_device_take_queues(device, &queues, &flags, 1, VK_NULL_HANDLE);
    if (!result) result = vrn_pipeline_store_create(device);
    if (result) {
        vrn_device_destroy(out);
        return result;
    }
    vrn_log_write(&device->log, VRN_LOG_INFO, "device %u: %s (%s)", device->probe.info.index,
                  device->probe.info.name, device->probe.info.driver);
    return VRN_OK;
}
