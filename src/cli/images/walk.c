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

char *cli_join(const char *folder, const char *name)
{
    size_t length = strlen(folder), capacity = length + strlen(name) + 2;
    char *path = cli_alloc(capacity, 1);
    const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    if (path) snprintf(path, capacity, "%s%s%s", folder, slash, name);
    return path;
}

bool cli_paths_push(cli_paths *paths, char *path)
{
    if (!cli_grow(&paths->items, paths->count, &paths->capacity, sizeof path)) {
        free(path);
        return false;
    }
    paths->items[paths->count++] = path;
    return true;
}

/* Recurses DEPTH_MAX deep at most. NOLINTNEXTLINE(misc-no-recursion) */
static bool walk(cli_paths *paths, const char *folder, unsigned depth)
{
    if (depth == DEPTH_MAX) {
        cli_error("%s: more than %d folders inside each other", folder, DEPTH_MAX);
        return false;
    }
    char **names;
    size_t count;
    if (!cli_list_names(folder, &names, &count)) return false;
    bool complete = true;
    for (size_t i = 0; i < count; i++) {
        char *path = cli_join(folder, names[i]);
        vrn_path_kind kind = path ? cli_path_get_entry_kind(path) : VRN_PATH_MISSING;
        if (kind == VRN_PATH_DIRECTORY) {
            complete = walk(paths, path, depth + 1) && complete;
            free(path);
        } else if (path && kind != VRN_PATH_OTHER && has_image_extension(names[i])) {
            /* Also a link to nowhere, which is reported when it is its turn. */
            complete = cli_paths_push(paths, path) && complete;
        } else {
            complete = complete && path;
            free(path);
        }
        free(names[i]);
    }
    free(names);
    return complete;
}

bool cli_paths_add_folder(cli_paths *paths, const char *folder)
{
    return walk(paths, folder, 0);
}

bool cli_paths_add(cli_paths *paths, const char *argument)
{
    if (vrn_path_get_kind(argument) != VRN_PATH_DIRECTORY) {
        char *path = cli_copy_text(argument);
        return path && cli_paths_push(paths, path);
    }
    size_t before = paths->count;
    bool complete = cli_paths_add_folder(paths, argument);
    if (complete && paths->count == before) {
        cli_error("%s: no images in this folder", argument);
        return false;
    }
    return complete;
}

void cli_paths_free(cli_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) free(paths->items[i]);
    free(paths->items);
    *paths = (cli_paths){0};
}
