#include "cli/weights.h"

#include <stdlib.h>

#include "cli/system/os.h"
#include "cli/system/report.h"

char *cli_cache_directory(void)
{
    const size_t length = vrn_hub_get_cache_directory(NULL, 0);
    char *path = length > 0 ? cli_alloc(length + 1, 1) : NULL;
    if (path) vrn_hub_get_cache_directory(path, length + 1);
    return path;
}

vrn_hub *cli_hub_open(const cli_options *options)
{
    vrn_hub *hub = NULL;
    vrn_hub_create(&hub, &(vrn_hub_params){
                             .log = *cli_log(),
                             .cache_directory = options->no_cache ? "" : NULL,
                         });
    return hub;
}

static bool show(void *user, const vrn_hub_progress *progress)
{
    (void)user;
    cli_progress_bytes(progress->entry->file, progress->done, progress->total,
                       progress->bytes_per_s, progress->seconds_left);
    return false;
}

int cli_hub_get(const vrn_hub *hub, const vrn_hub_entry *entry, vrn_hub_file *file)
{
    vrn_result result = vrn_hub_fetch(hub, entry, &(vrn_hub_fetch_params){.progress = show}, file);
    cli_progress_hide();
    if (result != VRN_OK) return CLI_FAILURE;
    if (file->place == VRN_HUB_DOWNLOAD) {
        cli_note("%s: downloaded to %s", entry->name, file->path);
    }
    return CLI_SUCCESS;
}
