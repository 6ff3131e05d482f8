#include "hub/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cache_file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/os.h"
#include "hub/sha256.h"

enum { KEY_MAX = VRN_CACHE_KEY_MAX_BYTES };

/* The SHA-256 of a file as a cache file remembers it: its key is the file's path, size and time. */
typedef struct memory {
    char name[40];
    char key[KEY_MAX];
    size_t key_size; /* 0: the path is too long to be remembered */
} memory;

static void address(memory *place, const char *path, uint64_t size, int64_t changed)
{
    const uint64_t hash = vrn_hash64(VRN_HASH_START, path, strlen(path));
    snprintf(place->name, sizeof place->name, "sha256-%016" PRIx64, hash);
    int length =
        snprintf(place->key, sizeof place->key, "%" PRIu64 " %" PRId64 " %s", size, changed, path);
    place->key_size = length > 0 && length < KEY_MAX ? (size_t)length : 0;
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
    memory *place = vrn_alloc(1, sizeof *place);
    if (place && folder && vrn_file_look(path, &size, &changed)) {
        address(place, path, size, changed);
        if (place->key_size) {
            vrn_cache_write(folder, place->name, place->key, place->key_size, digits,
                            VRN_SHA256_DIGITS, log);
        }
    }
    vrn_free(place);
}

bool vrn_hub_same_hash(const vrn_hub_entry *entry, const char *digits)
{
    return strncmp(digits, entry->sha256, strlen(entry->sha256)) == 0;
}

const char *vrn_hub_describe_size(const vrn_hub_entry *entry, char text[64])
{
    if (entry->min_bytes == entry->max_bytes) {
        snprintf(text, 64, "%" PRIu64, entry->min_bytes);
    } else {
        snprintf(text, 64, "%" PRIu64 " to %" PRIu64, entry->min_bytes, entry->max_bytes);
    }
    return text;
}

/* The SHA-256 of a file of that size, as it is remembered or as it is read. */
static vrn_result find_hash(const char *path, const char *folder, uint64_t size, int64_t changed,
                            char digits[VRN_SHA256_DIGITS + 1], const vrn_log *log)
{
    memory *place = vrn_alloc(1, sizeof *place);
    if (!place) return VRN_ERROR_OUT_OF_MEMORY;
    address(place, path, size, changed);
    const bool known = recall(place, folder, digits, log);
    vrn_free(place);
    if (known) return VRN_OK;
    const vrn_result result = vrn_sha256_file(path, digits);
    if (!result) vrn_hub_remember(path, folder, digits, log);
    return result;
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
                      "%s: not used: it has %" PRIu64 " bytes, %s should have %s", path, size,
                      entry->name, vrn_hub_describe_size(entry, wanted));
        return VRN_OK;
    }
    *bytes = size;
    *right = !vrn_sha256_available();
    if (*right) return VRN_OK;
    const vrn_result result = find_hash(path, folder, size, changed, digits, log);
    if (result == VRN_ERROR_OUT_OF_MEMORY) return vrn_fail_memory(log);
    *right = !result && vrn_hub_same_hash(entry, digits);
    if (result) {
        vrn_log_write(log, VRN_LOG_WARNING, "%s: not used: it cannot be read", path);
    } else if (!*right) {
        vrn_log_write(log, VRN_LOG_WARNING,
                      "%s: not used: its SHA-256 is %s, that of %s begins with %s", path, digits,
                      entry->name, entry->sha256);
    }
    return VRN_OK;
}
