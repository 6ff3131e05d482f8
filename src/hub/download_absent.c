#include "hub/download.h"

bool vrn_download_available(void)
{
    return false;
}

vrn_result vrn_download_run(const vrn_download *download, uint64_t *bytes)
{
    *bytes = 0;
    return vrn_download_fail(download->entry, download->path, "this build cannot download",
                             download->log);
}
