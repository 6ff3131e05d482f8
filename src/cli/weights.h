/* Weights by name: the hub, as the program uses it. */
#ifndef VRN_CLI_WEIGHTS_H
#define VRN_CLI_WEIGHTS_H

#include <vkresnet/hub.h>

#include "cli/options.h"

/* Where this program may keep what it can make or get again, or NULL: nowhere. Release it with
 * free. */
char *cli_cache_directory(void);

/* Reports and returns NULL on failure. */
vrn_hub *cli_hub_open(const cli_options *options);

/* An entry's file, downloaded with a bar where it is not on this machine. Returns an exit status;
 * what went wrong is reported. */
int cli_hub_get(const vrn_hub *hub, const vrn_hub_entry *entry, vrn_hub_file *file);

#endif
