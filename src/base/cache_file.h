/* Files that may be thrown away: what was worked out once for a device and can be worked out again.
 *
 * A file is a header, a key and the payload, with lengths and a checksum. It is written under a
 * name of its own and then moved, so that readers see an old file or a new one and processes may
 * write at once. What is not exactly right on reading (another key, another length, another
 * checksum, another version of this format) counts as absent. The disk's troubles cost time only:
 * none of this fails a caller, and what happened is one line at VRN_LOG_DEBUG (reading) or
 * VRN_LOG_INFO (writing).
 *
 * The checksum finds damage, not malice: a cache directory belongs to the user who runs the
 * program. */
#ifndef VRN_BASE_CACHE_FILE_H
#define VRN_BASE_CACHE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <vkresnet/vkresnet.h>

/* No key or payload is larger. */
#define VRN_CACHE_KEY_MAX_BYTES ((size_t)4096)
#define VRN_CACHE_MAX_BYTES     ((size_t)256 << 20)

/* Reads DIRECTORY/NAME if it was written with the same bytes of key. True: *data, of *size bytes,
 * is the caller's, who releases it with vrn_free; false: nothing of use is there, and both are
 * zero. A directory of NULL or "" has nothing. The file's name is the caller's affair: what lives
 * side by side (devices) belongs into the name; what replaces one another (versions of a driver)
 * into the key. Thread-safe. */
bool vrn_cache_read(const char *directory, const char *name, const void *key, size_t key_size,
                    void **data, size_t *size, const vrn_log *log);

/* Writes it, making the directory if need be. False: there is no new file (the disk is full or read
 * only, there is no directory, the payload is too large), and an old one stays as it was.
 * Thread-safe. */
bool vrn_cache_write(const char *directory, const char *name, const void *key, size_t key_size,
                     const void *data, size_t size, const vrn_log *log);

/* The same bytes for those who keep them elsewhere. pack returns memory for vrn_free, of
 * *packed_size bytes; NULL: too large, or out of memory. unpack moves the payload of `file` to its
 * front, sets *size, which is the file's before, and returns NULL; or what is wrong with it. */
void *vrn_cache_pack(const void *key, size_t key_size, const void *data, size_t size,
                     size_t *packed_size);
const char *vrn_cache_unpack(void *file, size_t *size, const void *key, size_t key_size);

#endif
