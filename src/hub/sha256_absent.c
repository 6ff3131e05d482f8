#include "hub/sha256.h"

bool vrn_sha256_available(void)
{
    return false;
}

vrn_result vrn_sha256_file(const char *path, char digits[VRN_SHA256_DIGITS + 1])
{
    (void)path;
    digits[0] = '\0';
    return VRN_ERROR_FILE;
}
