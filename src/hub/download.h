/* Getting a file that is not there: download.c, or absent.c in a build that cannot. They have
 * vrn_hub_can_download too. */
#ifndef VRN_HUB_DOWNLOAD_H
#define VRN_HUB_DOWNLOAD_H

#include <vkresnet/hub.h>

typedef struct vrn_download {
    const vrn_hub_entry *entry;
    const char *folder; /* made if need be */
    const char *path;   /* of the file to make, in `folder` */
    bool allow_http;
    uint32_t stall_seconds;
    bool (*progress)(void *user, const vrn_hub_progress *progress); /* may be NULL */
    void *progress_user;
    const vrn_log *log;
} vrn_download;

/* As vrn_hub_fetch, but for what is there already. */
vrn_result vrn_download_run(const vrn_download *download, uint64_t *bytes);

/* Logs why an entry cannot be got, with what a person can do, and returns VRN_ERROR_NETWORK.
 * `path`, which may be NULL, is where the file would be looked for. */
vrn_result vrn_download_fail(const vrn_hub_entry *entry, const char *path, const char *why,
                             const vrn_log *log);

#endif
