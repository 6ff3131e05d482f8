/* Whether a file is the one that the registry means: its size, and its SHA-256. */
#ifndef VRN_HUB_CHECK_H
#define VRN_HUB_CHECK_H

#include <vkresnet/hub.h>

enum { VRN_SHA256_DIGITS = 64 };

/* sha256_openssl.c, or absent.c in a build that cannot download. Writes lower case hexadecimal and
 * a NUL; or nothing but the NUL: VRN_ERROR_FILE (it cannot be read, or there is no SHA-256),
 * VRN_ERROR_OUT_OF_MEMORY. Says nothing of it. */
vrn_result vrn_sha256_file(const char *path, char digits[VRN_SHA256_DIGITS + 1]);

/* Looks at size and SHA-256. What came out is kept in `folder` (NULL: nowhere) until the file
 * changes, so that the next time costs nothing; a file that cannot be written there costs time
 * only. Without SHA-256 in this build the size alone counts. *right: it is there and right, and
 * `bytes` has its size; one that is there and wrong is a warning, with its SHA-256. Errors:
 * VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_hub_check(const vrn_hub_entry *entry, const char *path, const char *folder,
                         bool *right, uint64_t *bytes, const vrn_log *log);

/* Keeps what vrn_hub_check would find out of this file. */
void vrn_hub_remember(const char *path, const char *folder, const char *digits, const vrn_log *log);

/* Whether a file with these digits is meant: the registry may know the first ones alone. */
bool vrn_hub_same_hash(const vrn_hub_entry *entry, const char *digits);

#endif
