/* Checks a file against its registry entry: size and SHA-256. */
#ifndef VRN_HUB_CHECK_H
#define VRN_HUB_CHECK_H

#include <vkresnet/hub.h>

enum { VRN_SHA256_DIGITS = 64 };

/* Defined in sha256_openssl.c, or in absent.c if the build cannot download. Writes lower-case
 * hexadecimal digits and a NUL. On failure writes only the NUL and logs nothing. Errors:
 * VRN_ERROR_FILE (the file cannot be read, or the build has no SHA-256),
 * VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_sha256_file(const char *path, char digits[VRN_SHA256_DIGITS + 1]);

/* Checks size and SHA-256. The SHA-256 is cached in `folder` (NULL: nowhere) until the file
 * changes; failing to write the cache costs only time. In a build without SHA-256, only the size is
 * checked. *right: the file exists and matches; *bytes is then its size. A file that does not match
 * logs a warning with its size or SHA-256. Errors: VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_hub_check(const vrn_hub_entry *entry, const char *path, const char *folder,
                         bool *right, uint64_t *bytes, const vrn_log *log);

/* Caches a file's SHA-256 for vrn_hub_check. */
void vrn_hub_remember(const char *path, const char *folder, const char *digits, const vrn_log *log);

/* True if a file's SHA-256 matches the entry, which may hold only the first digits. */
bool vrn_hub_same_hash(const vrn_hub_entry *entry, const char *digits);

#endif
