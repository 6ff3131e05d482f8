/* Cache files: results that were computed for a device and can be computed again. They may be
 * deleted at any time.
 *
 * A file consists of a header, a key and the payload, with lengths and a checksum. It is written
 * under a temporary name and then renamed, so that readers see either the old file or the new one,
 * and several processes may write at the same time. A file with a different key, length, checksum
 * or format version is ignored. Disk errors cost only time: they never fail the caller, and each
 * logs one line at VRN_LOG_DEBUG (reading) or VRN_LOG_INFO (writing).
 *
 * The checksum detects damage, not tampering: a cache directory belongs to the user who runs the
 * program. */
#ifndef VRN_BASE_CACHE_FILE_H
#define VRN_BASE_CACHE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <vkresnet/vkresnet.h>

/* The largest key and payload. */
#define VRN_CACHE_KEY_MAX_BYTES ((size_t)4096)
#define VRN_CACHE_MAX_BYTES     ((size_t)256 << 20)

/* Reads DIRECTORY/NAME if it was written with an identical key. Returns true with *size bytes in
 * *data, which the caller releases with vrn_free; or false, with both zero, if there is no usable
 * file. A directory of NULL or "" contains no files. The caller chooses the name and the key: files
 * that should exist side by side, such as those of two devices, need different names; a change that
 * makes the old file useless, such as a new driver, belongs in the key. Thread-safe. */
bool vrn_cache_read(const char *directory, const char *name, const void *key, size_t key_size,
                    void **data, size_t *size, const vrn_log *log);

/* Writes the file, and creates the directory if needed. False: no file was written (the disk is
 * full or read-only, there is no directory, the payload is too large), and any old file is
 * unchanged. Thread-safe. */
bool vrn_cache_write(const char *directory, const char *name, const void *key, size_t key_size,
                     const void *data, size_t size, const vrn_log *log);

/* The same format for callers that store it elsewhere. pack returns *packed_size bytes, to be
 * released with vrn_free; NULL: too large, or out of memory. unpack takes a file of *size bytes,
 * moves the payload to its front, sets *size to the payload's, and returns NULL; or it returns what
 * is wrong with the file. */
void *vrn_cache_pack(const void *key, size_t key_size, const void *data, size_t size,
                     size_t *packed_size);
const char *vrn_cache_unpack(void *file, size_t *size, const void *key, size_t key_size);

#endif
