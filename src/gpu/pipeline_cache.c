#include "gpu/pipeline_cache.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

/* The file's name identifies the device's model. The key holds the versions, so that a new driver's
 * file replaces the old one's. It is written as bytes, without padding. */
typedef struct place {
    char name[64];
    struct {
        uint32_t vendor, device, driver, driver_version;
        uint8_t uuid[VK_UUID_SIZE];
    } key;
} place;

typedef struct blob {
    void *data;
    size_t size;
} blob;

static place place_of(const vrn_device *device)
{
    const vrn_probe *probe = &device->probe;
    place p = {.key = {.vendor = probe->info.vendor_id,
                       .device = probe->info.device_id,
                       .driver = probe->driver_id,
                       .driver_version = probe->info.driver_version}};
    memcpy(p.key.uuid, probe->cache_uuid, sizeof p.key.uuid);
    snprintf(p.name, sizeof p.name, "pipelines-%04x-%04x-%u.bin", p.key.vendor, p.key.device,
             p.key.driver);
    return p;
}

/* Checks Vulkan's own header too, because some drivers crash on data that they should reject. */
static bool header_fits(const blob *b, const vrn_device *device)
{
    VkPipelineCacheHeaderVersionOne header;
    if (b->size < sizeof header) return false;
    memcpy(&header, b->data, sizeof header);
    return header.headerSize >= sizeof header && header.headerSize <= b->size &&
           header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
           header.vendorID == device->probe.info.vendor_id &&
           header.deviceID == device->probe.info.device_id &&
           memcmp(header.pipelineCacheUUID, device->probe.cache_uuid, VK_UUID_SIZE) == 0;
}

static uint64_t hash_of(const blob *b)
{
    return vrn_hash64(VRN_HASH_START, b->data, b->size);
}

static bool read_file(blob *b, const vrn_device *device)
{
    const place p = place_of(device);
    if (!vrn_device_cache_read(device, p.name, &p.key, sizeof p.key, &b->data, &b->size)) {
        return false;
    }
    if (header_fits(b, device)) return true;
    vrn_log_write(&device->log, VRN_LOG_DEBUG, "cache: %s: ignored: another driver wrote it",
                  p.name);
    vrn_free(b->data);
    *b = (blob){0};
    return false;
}

static VkResult create(VkPipelineCache *handle, vrn_device *device, const blob *b)
{
    const VkPipelineCacheCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
        .initialDataSize = b->size,
        .pInitialData = b->data,
    };
    VkResult result = device->vk.CreatePipelineCache(device->handle, &info, device->host, handle);
    if (result != VK_SUCCESS) *handle = VK_NULL_HANDLE;
    return result;
}

vrn_result vrn_pipeline_cache_create(vrn_pipeline_cache *cache, vrn_device *device)
{
    *cache = (vrn_pipeline_cache){0};
    if (device->quirks.no_pipeline_cache) return VRN_OK;
    if (device->hooks.pipeline_cache) {
        *cache = (vrn_pipeline_cache){.handle = device->hooks.pipeline_cache, .lent = true};
        return VRN_OK;
    }
    blob b;
    VkResult created = VK_ERROR_UNKNOWN;
    if (read_file(&b, device)) {
        cache->loaded = hash_of(&b);
        created = create(&cache->handle, device, &b);
        vrn_free(b.data);
    }
    /* Retry without the data, which the driver may have rejected. */
    if (created != VK_SUCCESS) created = create(&cache->handle, device, &(blob){0});
    return vrn_device_check(device, created, "vkCreatePipelineCache");
}

/* Gets the driver's data, or nothing. */
static bool get_data(blob *b, VkPipelineCache handle, vrn_device *device)
{
    *b = (blob){0};
    if (device->vk.GetPipelineCacheData(device->handle, handle, &b->size, NULL) != VK_SUCCESS) {
        return false;
    }
    b->data = vrn_alloc(b->size, 1);
    if (b->data &&
        device->vk.GetPipelineCacheData(device->handle, handle, &b->size, b->data) == VK_SUCCESS) {
        return true;
    }
    vrn_free(b->data);
    *b = (blob){0};
    return false;
}

/* Merges what another process has written since this one read the file. */
static void merge_file(vrn_pipeline_cache *cache, vrn_device *device)
{
    blob b;
    VkPipelineCache other;
    if (!read_file(&b, device)) return;
    if (hash_of(&b) != cache->loaded && create(&other, device, &b) == VK_SUCCESS) {
        device->vk.MergePipelineCaches(device->handle, cache->handle, 1, &other);
        device->vk.DestroyPipelineCache(device->handle, other, device->host);
    }
    vrn_free(b.data);
}

static void save(vrn_pipeline_cache *cache, vrn_device *device)
{
    blob b;
    if (!get_data(&b, cache->handle, device)) return;
    /* Some drivers return only a header and cache their results elsewhere. */
    const bool empty = b.size <= sizeof(VkPipelineCacheHeaderVersionOne);
    bool worth = !empty && header_fits(&b, device) && hash_of(&b) != cache->loaded;
    vrn_free(b.data);
    if (!worth) return;
    merge_file(cache, device);
    if (!get_data(&b, cache->handle, device)) return;
    const place p = place_of(device);
    vrn_device_cache_write(device, p.name, &p.key, sizeof p.key, b.data, b.size);
    vrn_free(b.data);
}

void vrn_pipeline_cache_destroy(vrn_pipeline_cache *cache, vrn_device *device, bool grown)
{
    if (!cache->handle) return;
    if (cache->lent) {
        *cache = (vrn_pipeline_cache){0};
        return;
    }
    if (grown && vrn_device_keeps(device) && !atomic_load(&device->lost)) save(cache, device);
    device->vk.DestroyPipelineCache(device->handle, cache->handle, device->host);
    *cache = (vrn_pipeline_cache){0};
}
