/* Finds the image files that the command line's arguments name. */
#ifndef VRN_CLI_WALK_H
#define VRN_CLI_WALK_H

#include <stdbool.h>

#include "cli/options.h"
#include "cli/system/os.h"

/* Adds a file as it is, or the images below a folder in byte order of their paths' parts. Images
 * are recognised by their extensions or first bytes. Hidden files and folders are skipped, links to
 * folders are not followed. A note says what was left out. Reports and returns false if a part
 * could not be read, or if a folder has no images; what was found stays. */
bool cli_paths_add(cli_paths *paths, const char *argument);
/* The same for a folder, which may have no images. cli_paths_note_left_out notes what was left out,
 * for several folders at once. */
bool cli_paths_add_folder(cli_paths *paths, const char *folder);
void cli_paths_note_left_out(cli_paths *paths);

/* Adds everything that a command is given: its arguments, then each line of --files-from. Reports
 * and returns false if something cannot be read or nothing is given; what was found stays. */
bool cli_paths_add_all(cli_paths *paths, const cli_options *options);

/* True if systems or programs put the file beside the user's files: thumbnails, notes. */
bool cli_is_hidden(const char *path);

#endif
