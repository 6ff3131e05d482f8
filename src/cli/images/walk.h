/* The image files that arguments of the command line mean. */
#ifndef VRN_CLI_WALK_H
#define VRN_CLI_WALK_H

#include <stdbool.h>
#include <stddef.h>

typedef struct cli_paths {
    char **items;
    size_t count, capacity;
} cli_paths;

/* Adds a file as it is, or the images below a folder in byte order of their paths' parts, known by
 * their extensions. Links to folders inside are not followed. Reports and returns false if a part
 * could not be read, or if a folder has no images; what was found stays. */
bool cli_paths_add(cli_paths *paths, const char *argument);
/* The same for a folder, which may have none; and for a path from malloc, which is taken over. */
bool cli_paths_add_folder(cli_paths *paths, const char *folder);
bool cli_paths_push(cli_paths *paths, char *path);

void cli_paths_free(cli_paths *paths);

/* folder + "/" + name, or NULL (reported). Release with free. */
char *cli_join(const char *folder, const char *name);

#endif
