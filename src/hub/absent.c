/* For builds without libcurl and OpenSSL: no downloads and no SHA-256. */
#include "hub/check.h"
#include "hub/download.h"

bool vrn_hub_can_download(void)
{
    return false;
}

vrn_result vrn_download_run(const vrn_download *download, uint64_t *bytes)
{
    *bytes = 0;
    return vrn_download_fail(download->entry, download->path,
                             "this build of the library contains no downloader", download->log);
}

vrn_result vrn_sha256_file(const char *path, char digits[VRN_SHA256_DIGITS + 1])
{
    (void)path;
    digits[0] = '\0';
    return VRN_ERROR_FILE;
}
