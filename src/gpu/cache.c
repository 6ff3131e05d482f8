/* The cache of a device, in a folder or in the application's hooks. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cache_file.h"
#include "base/hash.h"
#include "gpu/device.h"

/* Loads a complete entry through the hooks; NULL: there is none. */
static void *load(const vrn_cache_hooks *hooks, const char *name, size_t *size)
{
    *size = 0;
    if (!hooks->load(hooks->user, name, NULL, size) || *size == 0) return NULL;
    if (*size > VRN_CACHE_MAX_BYTES + VRN_CACHE_KEY_MAX_BYTES) return NULL;
    void *data = vrn_alloc(*size, 1);
    const size_t expected = *size;
    if (data && (!hooks->load(hooks->user, name, data, size) || *size != expected)) {
        vrn_free(data);
        data = NULL;
    }
    return data;
}

bool vrn_device_cache_read(const vrn_device *device, const char *name, const void *key,
                           size_t key_size, void **data, size_t *size)
{
    const vrn_cache_hooks *hooks = &device->hooks.cache;
    if (!hooks->load) {
        return vrn_cache_read(device->cache_directory, name, key, key_size, data, size,
                              &device->log);
    }
    *data = load(hooks, name, size);
    const char *wrong = *data ? vrn_cache_unpack(*data, size, key, key_size) : NULL;
    if (wrong) {
        vrn_log_write(&device->log, VRN_LOG_DEBUG, "cache: %s: ignored: %s", name, wrong);
        vrn_free(*data);
        *data = NULL;
    }
    if (!*data) *size = 0;
    return *data != NULL;
}

bool vrn_device_cache_write(const vrn_device *device, const char *name, const void *key,
                            size_t key_size, const void *data, size_t size)
{
    const vrn_cache_hooks *hooks = &device->hooks.cache;
    if (!hooks->load) {
        return vrn_cache_write(device->cache_directory, name, key, key_size, data, size,
                               &device->log);
    }
    size_t packed_size;
    void *packed = vrn_cache_pack(key, key_size, data, size, &packed_size);
    const bool kept = packed && hooks->store(hooks->user, name, packed, packed_size);
    vrn_log_write(&device->log, VRN_LOG_DEBUG, "cache: %s: %s", name,
                  kept ? "given to the application" : "not kept");
    vrn_free(packed);
    return kept;
}

size_t vrn_device_cache_names(const vrn_device *device, const char *prefix, const char *version,
                              char name[VRN_CACHE_NAME], char key[VRN_CACHE_KEY])
{
    const vrn_device_info *info = &device->probe.info;
    uint64_t hash = vrn_hash64(VRN_HASH_START, info->uuid, sizeof info->uuid);
    hash = vrn_hash_word(hash, (uint64_t)info->vendor_id << 32 | info->device_id);
    hash = vrn_hash64(hash, info->name, strlen(info->name) + 1);
    snprintf(name, VRN_CACHE_NAME, "%s-%016" PRIx64, prefix, hash);
    return (size_t)snprintf(key, VRN_CACHE_KEY, "%s, driver %08" PRIx32 " %s", version,
                            info->driver_version, info->driver);
}
