/* Devices that applications lend, and what applications should enable on them. */
#include <vkresnet/diagnostics.h>
#include <vkresnet/vulkan.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/util.h"
#include "gpu/additions.h"
#include "gpu/device.h"
#include "gpu/features.h"
#include "gpu/pipeline.h"

/* The API version that the application requested. Nothing newer may be used. */
static uint32_t version_of(uint32_t api_version)
{
    return api_version ? api_version : VK_API_VERSION_1_1;
}

static vrn_result check_version(uint32_t api_version, const vrn_log *log)
{
    if (version_of(api_version) >= VK_API_VERSION_1_1) return VRN_OK;
    return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                    "Vulkan 1.1 is needed, but VkApplicationInfo::apiVersion asks for %u.%u",
                    VK_API_VERSION_MAJOR(api_version), VK_API_VERSION_MINOR(api_version));
}

/* Finds the physical device's index in the instance's list; UINT32_MAX: it is not in the list. */
static vrn_result find_index(uint32_t *index, const vrn_instance *instance,
                             VkPhysicalDevice physical, const vrn_log *log)
{
    VkPhysicalDevice *devices;
    uint32_t count;
    *index = UINT32_MAX;
    vrn_result result = vrn_instance_devices(instance, &devices, &count, log);
    for (uint32_t i = 0; i < count; i++) {
        if (devices[i] == physical) *index = i;
    }
    vrn_free(devices);
    return result;
}

/* Probes a device for what the application's API version allows to use. */
static vrn_result probe_lent(vrn_probe *probe, const vrn_instance *instance,
                             VkPhysicalDevice physical, uint32_t api_version, const vrn_log *log)
{
    uint32_t index;
    vrn_result result = find_index(&index, instance, physical, log);
    if (!result) result = vrn_probe_device(probe, instance, physical, index, log);
    if (result) return result;
    if (probe->info.score == 0) {
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED, "%s: %s", probe->info.name, probe->info.reason);
    }
    probe->info.api_version = vrn_min_u32(probe->info.api_version, version_of(api_version));
    return VRN_OK;
}

static vrn_result find_requirements(vrn_device_requirements *requirements, const char *call,
                                    const vrn_device_requirements_params *params)
{
    const vrn_log *log = &params->log;
    if (!params->instance || !params->physical_device || !params->get_instance_proc_addr) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "%s: instance, physical_device or get_instance_proc_addr is NULL", call);
    }
    vrn_instance instance;
    vrn_probe probe;
    vrn_result result = check_version(params->api_version, log);
    if (result) return result;
    result =
        vrn_instance_lend(&instance, params->instance, params->get_instance_proc_addr, false, log);
    if (!result) {
        result = probe_lent(&probe, &instance, params->physical_device, params->api_version, log);
    }
    vrn_instance_destroy(&instance);
    if (result) return result;
    uint32_t without = params->without | vrn_quirks_find(&probe, log).without;
    if (!params->pipeline_statistics) without |= VRN_CAPABILITY_PIPELINE_STATISTICS;
    vrn_features_require(requirements, vrn_probe_features(&probe, without), probe.info.api_version,
                         probe.portability_subset);
    return VRN_OK;
}

vrn_result vrn_device_get_requirements(vrn_device_requirements *requirements,
                                       const vrn_device_requirements_params *params)
{
    static const char call[] = "vrn_device_get_requirements";
    if (requirements) *requirements = (vrn_device_requirements){0};
    if (requirements && params) return find_requirements(requirements, call, params);
    return vrn_fail(params ? &params->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                    "%s: requirements or params is NULL", call);
}

vrn_result vrn_device_additions_create(vrn_device_additions **additions, VkDeviceCreateInfo *info,
                                       const vrn_device_requirements_params *params)
{
    static const char call[] = "vrn_device_additions_create";
    if (additions) *additions = NULL;
    if (!additions || !info || !params) {
        return vrn_fail(params ? &params->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "%s: additions, info or params is NULL", call);
    }
    vrn_device_requirements requirements;
    vrn_result result = find_requirements(&requirements, call, params);
    return result ? result : vrn_additions_create(additions, info, &requirements, &params->log);
}

/* The number of queues of a family with which the device was created. */
static uint32_t queues_made(const VkDeviceCreateInfo *info, uint32_t family)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < info->queueCreateInfoCount; i++) {
        const VkDeviceQueueCreateInfo *queues = &info->pQueueCreateInfos[i];
        if (queues->queueFamilyIndex == family && !queues->flags) count += queues->queueCount;
    }
    return count;
}

static vrn_result check_queues(const vrn_device_import_params *p)
{
    const vrn_lent_queues *q = p->queues;
    if (p->queue || p->queue_family || p->lock) {
        return vrn_fail(&p->log, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_device_import: expected either queues, or queue, queue_family and "
                        "lock, found both");
    }
    if (q->family_count > VRN_MAX_QUEUE_FAMILIES) {
        return vrn_fail(&p->log, VRN_ERROR_INVALID_ARGUMENT,
                        "queues: %u families: expected at most %d", q->family_count,
                        VRN_MAX_QUEUE_FAMILIES);
    }
    for (uint32_t i = 0; i < q->family_count; i++) {
        const uint32_t index = q->families[i].index, count = vrn_max_u32(q->families[i].count, 1);
        for (uint32_t k = 0; k < i; k++) {
            if (q->families[k].index != index) continue;
            return vrn_fail(&p->log, VRN_ERROR_INVALID_ARGUMENT,
                            "queues: family %u is listed twice", index);
        }
        if (p->created_with && p->created_with->queueCreateInfoCount &&
            queues_made(p->created_with, index) < count) {
            return vrn_fail(&p->log, VRN_ERROR_INVALID_ARGUMENT,
                            "queues: %u lent from family %u, but the device was created with %u",
                            count, index, queues_made(p->created_with, index));
        }
    }
    return VRN_OK;
}

static vrn_result check_params(const vrn_device_import_params *p)
{
    const struct {
        bool missing;
        const char *name;
    } needs[] = {
        {!p->instance, "instance"},
        {!p->physical_device, "physical_device"},
        {!p->device, "device"},
        {!p->get_instance_proc_addr, "get_instance_proc_addr"},
        {!p->queue && !p->queues, "queue (or queues)"},
        {p->queue_family == VK_QUEUE_FAMILY_IGNORED, "queue_family"},
        {p->queues && (!p->queues->families || !p->queues->family_count), "queues: families"},
        {p->queues && p->queues->unlock && !p->queues->lock, "queues: unlock is given, but lock"},
        {p->queues && p->queues->lock && !p->queues->unlock, "queues: lock is given, but unlock"},
        {p->created_with && p->created_with->enabledExtensionCount &&
             !p->created_with->ppEnabledExtensionNames,
         "created_with: ppEnabledExtensionNames"},
        {p->unlock && !p->lock, "unlock is given, but lock"},
        {p->lock && !p->unlock, "lock is given, but unlock"},
        {p->memory && (!p->memory->allocate || !p->memory->release), "memory: allocate or release"},
    };
    for (uint32_t i = 0; i < VRN_COUNT(needs); i++) {
        if (!needs[i].missing) continue;
        return vrn_fail(&p->log, VRN_ERROR_INVALID_ARGUMENT, "vrn_device_import: %s is missing",
                        needs[i].name);
    }
    vrn_result result = p->queues ? check_queues(p) : VRN_OK;
    return result ? result : check_version(p->api_version, &p->log);
}

/* Without device masks, memory and submissions are those of all physical devices of a group. */
static vrn_result check_group(const VkDeviceCreateInfo *info, const vrn_log *log)
{
    for (const VkBaseInStructure *at = info->pNext; at; at = at->pNext) {
        if (at->sType != VK_STRUCTURE_TYPE_DEVICE_GROUP_DEVICE_CREATE_INFO) continue;
        const VkDeviceGroupDeviceCreateInfo *group = (const void *)at;
        if (group->physicalDeviceCount <= 1) continue;
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        "expected a VkDevice of one physical device, found a VkDevice of %u: "
                        "make one for each physical device of the group",
                        group->physicalDeviceCount);
    }
    return VRN_OK;
}

/* Refuses a device without a mandatory requirement, and keeps the capabilities that were
 * enabled. */
static vrn_result apply_enabled(vrn_probe *probe, const vrn_device_import_params *p)
{
    static const VkDeviceCreateInfo nothing = {0};
    const VkDeviceCreateInfo *info = p->created_with ? p->created_with : &nothing;
    const vrn_extensions enabled = {info->ppEnabledExtensionNames, info->enabledExtensionCount};
    vrn_device_requirements requirements;
    vrn_result result = check_group(info, &p->log);
    if (result) return result;
    vrn_features_require(&requirements, 0, probe->info.api_version, probe->portability_subset);
    for (uint32_t i = 0; i < requirements.count; i++) {
        const vrn_requirement *requirement = &requirements.items[i];
        if (!requirement->mandatory || vrn_extensions_have(enabled, requirement->extension)) {
            continue;
        }
        return vrn_fail(&p->log, VRN_ERROR_UNSUPPORTED, "%s: the extension %s must be enabled",
                        probe->info.name, requirement->extension);
    }
    vrn_probe_drop(probe, vrn_features_missing(enabled, info->pNext, info->pEnabledFeatures,
                                               probe->info.api_version));
    return VRN_OK;
}

static void lend_hooks(vrn_device *device, const vrn_device_import_params *p)
{
    if (p->allocation_callbacks) {
        device->hooks.host = *p->allocation_callbacks;
        device->host = &device->hooks.host;
    }
    if (p->memory) device->hooks.memory = *p->memory;
    device->hooks.pipeline_cache = p->pipeline_cache;
}

/* The queues that an application lends: one, or several. */
typedef struct lent_families {
    vrn_queue_family items[VRN_MAX_QUEUE_FAMILIES]; /* [count] */
    VkQueueFlags flags[VRN_MAX_QUEUE_FAMILIES];
    uint32_t count;
} lent_families;

static vrn_result probe_queues(lent_families *families, vrn_device *device,
                               const vrn_device_import_params *p)
{
    const vrn_lent_queues *q = p->queues;
    if (!q) {
        VkQueueFamilyProperties family;
        vrn_result result = vrn_probe_queue(&device->probe, &device->instance, p->physical_device,
                                            p->queue_family, &family, &device->log);
        *families = (lent_families){.items = {{.index = p->queue_family, .count = 1}}, .count = 1};
        if (!result) families->flags[0] = family.queueFlags;
        return result;
    }
    families->count = q->family_count;
    for (uint32_t i = 0; i < q->family_count; i++) {
        families->items[i] = q->families[i];
        if (!families->items[i].count) families->items[i].count = 1;
    }
    return vrn_probe_queues(&device->probe, &device->instance, p->physical_device, families->items,
                            families->count, families->flags, &device->log);
}

static vrn_result take_queues(vrn_device *device, const lent_families *families,
                              const vrn_device_import_params *p)
{
    const vrn_lent_queues *q = p->queues;
    vrn_result result = vrn_device_take_queues(device, families->items, families->flags,
                                               families->count, q ? VK_NULL_HANDLE : p->queue);
    if (result) return result;
    if (q) {
        device->queues.locks =
            (vrn_queue_locks){.lock = q->lock, .unlock = q->unlock, .user = q->user};
    } else {
        device->queues.locks =
            (vrn_queue_locks){.lock_one = p->lock, .unlock_one = p->unlock, .user = p->lock_user};
    }
    return VRN_OK;
}

vrn_result vrn_device_import(vrn_device **out, const vrn_device_import_params *params)
{
    if (out) *out = NULL;
    if (!out || !params) {
        return vrn_fail(params ? &params->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_device_import: device or params is NULL");
    }
    vrn_result result = check_params(params);
    if (result) return result;
    result = vrn_device_start(out, &params->log, params->cache_directory, params->cache);
    if (result) return result;
    vrn_device *device = *out;
    vrn_probe *probe = &device->probe;
    device->lent = true;
    lend_hooks(device, params);
    result = vrn_instance_lend(&device->instance, params->instance, params->get_instance_proc_addr,
                               params->debug_utils, &device->log);
    if (!result) {
        result = probe_lent(probe, &device->instance, params->physical_device, params->api_version,
                            &device->log);
    }
    lent_families families;
    if (!result) result = probe_queues(&families, device, params);
    if (!result) result = apply_enabled(probe, params);
    if (!result) {
        vrn_device_restrict(device, params->without, params->diagnostics);
        device->handle = params->device;
        result = vrn_device_load(device);
    }
    if (!result) result = take_queues(device, &families, params);
    if (!result) result = vrn_pipeline_store_create(device);
    if (result) {
        vrn_device_destroy(out);
        return result;
    }
    vrn_log_write(&device->log, VRN_LOG_INFO, "device lent by the application: %s (%s)",
                  device->probe.info.name, device->probe.info.driver);
    return VRN_OK;
}
