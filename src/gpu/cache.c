/* The cache of a device, in a folder or in the application's hooks. */
#include "base/alloc.h"
#include "base/cache_file.h"
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
        vrn_log_write(&device->log, VRN_LOG_DEBUG, "cache: %s: %s: ignored", name, wrong);
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
