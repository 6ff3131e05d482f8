/* SHA-256 of a file: OpenSSL's, or none in a build without it. */
#ifndef VRN_HUB_SHA256_H
#define VRN_HUB_SHA256_H

#include <stdbool.h>

#include <vkresnet/vkresnet.h>

enum { VRN_SHA256_DIGITS = 64 };

/* Whether this build has it. */
bool vrn_sha256_available(void);

/* Writes lower case hexadecimal and a NUL; or nothing but the NUL: VRN_ERROR_FILE (it cannot be
 * read, or there is no SHA-256), VRN_ERROR_OUT_OF_MEMORY. Says nothing of it. */
vrn_result vrn_sha256_file(const char *path, char digits[VRN_SHA256_DIGITS + 1]);

#endif
