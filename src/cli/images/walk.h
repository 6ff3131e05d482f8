/* The image files that arguments of the command line mean. */
#ifndef VRN_CLI_WALK_H
#define VRN_CLI_WALK_H

#include <stdbool.h>

#include "cli/system/os.h"

/* Adds a file as it is, or the images below a folder in byte order of their paths' parts, known by
 * their extensions. Links to folders inside are not followed. Reports and returns false if a part
 * could not be read, or if a folder has no images; what was found stays. */
bool cli_paths_add(cli_paths *paths, const char *argument);
/* The same for a folder, which may have none. */
bool cli_paths_add_folder(cli_paths *paths, const char *folder);

#endif
