/* Downloads a file. Defined in download.c, or in absent.c if the build cannot download; so is
 * vrn_hub_can_download. */
#ifndef VRN_HUB_DOWNLOAD_H
#define VRN_HUB_DOWNLOAD_H

#include <vkresnet/hub.h>

typedef struct vrn_download {
    const vrn_hub_entry *entry;
    const char *folder; /* created if needed */
    const char *path;   /* the file to create, in `folder` */
    bool allow_http;
    uint32_t stall_seconds;
    bool (*progress)(void *user, const vrn_hub_progress *progress); /* may be NULL */
    void *progress_user;
    const vrn_log *log;
} vrn_download;

/* Like vrn_hub_fetch, for a file that is not on this machine. */
vrn_result vrn_download_run(const vrn_download *download, uint64_t *bytes);

/* Logs why an entry cannot be downloaded and what the user can do, and returns VRN_ERROR_NETWORK.
 * `path` is where the file is looked for; it may be NULL. */
vrn_result vrn_download_fail(const vrn_hub_entry *entry, const char *path, const char *why,
                             const vrn_log *log);

#endif
