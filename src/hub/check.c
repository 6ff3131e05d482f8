#include "hub/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cache_file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/os.h"

enum { KEY_MAX = VRN_CACHE_KEY_MAX_BYTES };

/* The cache file that stores a file's SHA-256. Its key holds the file's path, size and time. */
typedef struct memory {
    char name[40];
    char key[KEY_MAX];
    size_t key_size; /* 0: the path is too long to cache */
} memory;

static memory address(const char *path, uint64_t size, int64_t changed)
{
    memory place;
    const uint64_t hash = vrn_hash64(VRN_HASH_START, path, strlen(path));
    snprintf(place.name, sizeof place.name, "sha256-%016" PRIx64, hash);
    int length =
        snprintf(place.key, sizeof place.key, "%" PRIu64 " %" PRId64 " %s", size, changed, path);
    place.key_size = length > 0 && length < KEY_MAX ? (size_t)length : 0;
    return place;
}

static bool recall(const memory *place, const char *folder, char digits[VRN_SHA256_DIGITS + 1],
                   const vrn_log *log)
{
    void *data;
    size_t size;
    if (!place->key_size ||
        !vrn_cache_read(folder, place->name, place->key, place->key_size, &data, &size, log)) {
        return false;
    }
    bool good = size == VRN_SHA256_DIGITS;
    if (good) {
        memcpy(digits, data, VRN_SHA256_DIGITS);
        digits[VRN_SHA256_DIGITS] = '\0';
    }
    vrn_free(data);
    return good;
}

void vrn_hub_remember(const char *path, const char *folder, const char *digits, const vrn_log *log)
{
    uint64_t size;
    int64_t changed;
    if (!folder || !vrn_file_look(path, &size, &changed)) return;
    const memory place = address(path, size, changed);
    if (!place.key_size) return;
    vrn_cache_write(folder, place.name, place.key, place.key_size, digits, VRN_SHA256_DIGITS, log);
}

bool vrn_hub_same_hash(const vrn_hub_entry *entry, const char *digits)
{
    return strncmp(digits, entry->sha256, strlen(entry->sha256)) == 0;
}

static const char *describe_size(const vrn_hub_entry *entry, char text[64])
{
    if (entry->min_bytes == entry->max_bytes) {
        snprintf(text, 64, "%" PRIu64, entry->min_bytes);
    } else {
        snprintf(text, 64, "%" PRIu64 " to %" PRIu64, entry->min_bytes, entry->max_bytes);
    }
    return text;
}

vrn_result vrn_hub_check(const vrn_hub_entry *entry, const char *path, const char *folder,
                         bool *right, uint64_t *bytes, const vrn_log *log)
{
    uint64_t size;
    int64_t changed;
    char wanted[64], digits[VRN_SHA256_DIGITS + 1];
    *right = false;
    if (!vrn_file_look(path, &size, &changed)) return VRN_OK;
    if (size < entry->min_bytes || size > entry->max_bytes) {
        vrn_log_write(log, VRN_LOG_WARNING,
                      "%s: not used: it has %" PRIu64 " bytes, but %s should have %s", path, size,
                      entry->name, describe_size(entry, wanted));
        return VRN_OK;
    }
    *bytes = size;
    *right = !vrn_hub_can_download();
    if (*right) return VRN_OK;
    const memory place = address(path, size, changed);
    vrn_result result = VRN_OK;
    if (!recall(&place, folder, digits, log)) {
        result = vrn_sha256_file(path, digits);
        if (!result) vrn_hub_remember(path, folder, digits, log);
    }
    if (result == VRN_ERROR_OUT_OF_MEMORY) return vrn_fail_memory(log);
    *right = !result && vrn_hub_same_hash(entry, digits);
    if (result) {
        vrn_log_write(log, VRN_LOG_WARNING, "%s: not used: it cannot be read", path);
    } else if (!*right) {
        vrn_log_write(log, VRN_LOG_WARNING,
                      "%s: not used: its SHA-256 is %s, but that of %s begins with %s", path,
                      digits, entry->name, entry->sha256);
    }
    return VRN_OK;
}
