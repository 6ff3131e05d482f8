#include "base/cache_file.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/os.h"
#include "base/text.h"

/* The start of a file; the key and the payload follow. It is in the machine's byte order: on a
 * machine with the other order the version does not match. */
typedef struct header {
    char magic[8];
    uint32_t version, key_bytes;
    uint64_t payload_bytes;
    uint64_t checksum; /* of the two lengths, the key and the payload */
} header;

static const char magic[] = "VRNCACHE"; /* the first eight bytes are used */
static const uint32_t version = 1;

static header make_header(const void *key, size_t key_size, const void *data, size_t size)
{
    header h = {.version = version, .key_bytes = (uint32_t)key_size, .payload_bytes = size};
    memcpy(h.magic, magic, sizeof h.magic);
    h.checksum = vrn_hash64(VRN_HASH_START, &h.key_bytes, sizeof h.key_bytes);
    h.checksum = vrn_hash64(h.checksum, &h.payload_bytes, sizeof h.payload_bytes);
    h.checksum = vrn_hash64(h.checksum, key, key_size);
    h.checksum = vrn_hash64(h.checksum, data, size);
    return h;
}

/* Passes errors on at a lower level, because the functions in os_file.c log a missing file as an
 * error. */
typedef struct demoted_log {
    const vrn_log *log;
    vrn_log_level level;
} demoted_log;

static void demote(void *user, vrn_log_level level, const char *text)
{
    const demoted_log *demoted = user;
    (void)level;
    vrn_log_write(demoted->log, demoted->level, "cache: %s", text);
}

/* The fault of a file, or NULL. */
static const char *fault(const char *file, size_t file_size, const void *key, size_t key_size)
{
    header h;
    if (file_size < sizeof h) return "it is too short";
    memcpy(&h, file, sizeof h);
    if (memcmp(h.magic, magic, sizeof h.magic) != 0) return "it is a file of another kind";
    if (h.version != version) return "its format has another version";
    const size_t rest = file_size - sizeof h;
    if (h.key_bytes > rest || h.payload_bytes != rest - h.key_bytes) return "its length is wrong";
    if (h.key_bytes != key_size || memcmp(file + sizeof h, key, key_size) != 0) {
        return "it is for another device, driver or version of this library";
    }
    const char *payload = file + sizeof h + key_size;
    if (make_header(key, key_size, payload, rest - key_size).checksum != h.checksum) {
        return "it is damaged";
    }
    return NULL;
}

const char *vrn_cache_unpack(void *file, size_t *size, const void *key, size_t key_size)
{
    const char *wrong = fault(file, *size, key, key_size);
    if (wrong) return wrong;
    *size -= sizeof(header) + key_size;
    memmove(file, (char *)file + sizeof(header) + key_size, *size);
    return NULL;
}

void *vrn_cache_pack(const void *key, size_t key_size, const void *data, size_t size,
                     size_t *packed_size)
{
    if (key_size > VRN_CACHE_KEY_MAX_BYTES || size > VRN_CACHE_MAX_BYTES) return NULL;
    const header h = make_header(key, key_size, data, size);
    *packed_size = sizeof h + key_size + size;
    char *file = vrn_alloc(*packed_size, 1);
    if (!file) return NULL;
    memcpy(file, &h, sizeof h);
    memcpy(file + sizeof h, key, key_size);
    if (size > 0) memcpy(file + sizeof h + key_size, data, size);
    return file;
}

bool vrn_cache_read(const char *directory, const char *name, const void *key, size_t key_size,
                    void **data, size_t *size, const vrn_log *log)
{
    *data = NULL;
    *size = 0;
    if (!directory || !*directory) return false;
    demoted_log demoted = {.log = log, .level = VRN_LOG_DEBUG};
    const vrn_log quiet = {.message = demote, .user = &demoted};
    char *path = vrn_join(directory, "/", name);
    if (!path) return false;
    void *file;
    size_t file_size;
    if (vrn_file_read(&file, &file_size, path,
                      VRN_CACHE_MAX_BYTES + VRN_CACHE_KEY_MAX_BYTES + sizeof(header),
                      &quiet) == VRN_OK) {
        const char *wrong = vrn_cache_unpack(file, &file_size, key, key_size);
        if (wrong) {
            vrn_free(file);
            vrn_log_write(log, VRN_LOG_DEBUG, "cache: %s: ignored: %s", path, wrong);
        } else {
            *size = file_size;
            *data = file;
            vrn_log_write(log, VRN_LOG_DEBUG, "cache: %s: %zu bytes read", path, *size);
        }
    }
    vrn_free(path);
    return *data != NULL;
}

bool vrn_cache_write(const char *directory, const char *name, const void *key, size_t key_size,
                     const void *data, size_t size, const vrn_log *log)
{
    if (!directory || !*directory) return false;
    demoted_log demoted = {.log = log, .level = VRN_LOG_INFO};
    const vrn_log quiet = {.message = demote, .user = &demoted};
    if (key_size > VRN_CACHE_KEY_MAX_BYTES || size > VRN_CACHE_MAX_BYTES) {
        const bool large = size > VRN_CACHE_MAX_BYTES;
        vrn_log_write(log, VRN_LOG_INFO,
                      "cache: %s/%s: not written: expected at most %zu bytes, found %zu", directory,
                      name, (size_t)(large ? VRN_CACHE_MAX_BYTES : VRN_CACHE_KEY_MAX_BYTES),
                      large ? size : key_size);
        return false;
    }
    if (vrn_make_directories(directory, &quiet) != VRN_OK) return false;
    char *path = vrn_join(directory, "/", name);
    vrn_file_writer *writer = NULL;
    bool written = false;
    /* No need to wait for the disk: a file cut short by a power failure fails the checksum. */
    const vrn_file_params params = {.hurry = true};
    if (path && vrn_file_begin(&writer, path, &params, &quiet) == VRN_OK) {
        const header h = make_header(key, key_size, data, size);
        vrn_file_write(writer, &h, sizeof h);
        vrn_file_write(writer, key, key_size);
        vrn_file_write(writer, data, size);
        written = vrn_file_end(&writer, true, &quiet) == VRN_OK;
    }
    if (written) vrn_log_write(log, VRN_LOG_DEBUG, "cache: %s: %zu bytes written", path, size);
    vrn_free(path);
    return written;
}
