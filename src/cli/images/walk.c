#include "cli/images/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

enum { DEPTH_MAX = 32 };

/* What the names of images end in, without the dot. */
static const char *const image_extensions[] = {"png", "jpg", "jpeg", "bmp", "gif",
                                               "tga", "ppm", "pgm",  "pnm", "psd"};

static bool has_image_extension(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot) return false;
    for (size_t i = 0; i < sizeof image_extensions / sizeof image_extensions[0]; i++) {
        if (vrn_same_text(dot + 1, image_extensions[i])) return true;
    }
    return false;
}

/* Recurses DEPTH_MAX deep at most. NOLINTNEXTLINE(misc-no-recursion) */
static bool walk(cli_paths *paths, const char *folder, unsigned depth)
{
    if (depth == DEPTH_MAX) {
        return cli_error("%s: more than %d folders inside each other", folder, DEPTH_MAX);
    }
    cli_paths found;
    if (!cli_list_folder(&found, folder)) return false;
    bool complete = true;
    for (size_t i = 0; i < found.count; i++) {
        char *path = found.items[i];
        vrn_path_kind kind = cli_path_get_entry_kind(path);
        if (kind == VRN_PATH_DIRECTORY) {
            complete = walk(paths, path, depth + 1) && complete;
            free(path);
        } else if (kind != VRN_PATH_OTHER && has_image_extension(path)) {
            /* Also a link to nowhere, which is reported when it is its turn. */
            complete = cli_paths_push(paths, path) && complete;
        } else {
            free(path);
        }
    }
    free(found.items);
    return complete;
}

bool cli_paths_add_folder(cli_paths *paths, const char *folder)
{
    return walk(paths, folder, 0);
}

bool cli_paths_add(cli_paths *paths, const char *argument)
{
    if (vrn_path_get_kind(argument) != VRN_PATH_DIRECTORY) {
        return cli_paths_push(paths, cli_copy_text(argument));
    }
    size_t before = paths->count;
    bool complete = cli_paths_add_folder(paths, argument);
    if (complete && paths->count == before) {
        return cli_error("%s: no images in this folder", argument);
    }
    return complete;
}
