/* The image files that arguments of the command line mean, and which of them are this process's. */
#ifndef VRN_CLI_WALK_H
#define VRN_CLI_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"
#include "cli/system/os.h"

/* Adds a file as it is, or the images below a folder in byte order of their paths' parts, known by
 * their extensions or by how they begin. Hidden files and folders are passed over, links to folders
 * are not followed. Says what was left out. Reports and returns false if a part could not be read,
 * or if a folder has no images; what was found stays. */
bool cli_paths_add(cli_paths *paths, const char *argument);
/* The same for a folder, which may have none. cli_paths_note_left_out says what was left out, for
 * several folders at once. */
bool cli_paths_add_folder(cli_paths *paths, const char *folder);
void cli_paths_note_left_out(cli_paths *paths);

/* Whether it is what systems and programs keep beside people's files: thumbnails, notes. */
bool cli_is_hidden(const char *path);

/* One of several equal parts of the work, each for a process or a machine of its own. */
enum { CLI_SHARD_MOST = 1000000 };

typedef struct cli_shard {
    uint32_t index, count; /* index < count; the whole work: 0 of 1 */
} cli_shard;

/* Reads --shard I/N, else SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT as a Slurm job array sets
 * them. --shard's numbers may begin at 0 or at 1: part N of N is part 0; an array's begin at
 * SLURM_ARRAY_TASK_MIN, or where that is not set are taken in the same way. */
bool cli_shard_read(cli_shard *shard, const cli_options *options);

/* How many of `total` items are this shard's, and the n-th of them: every count-th from its index,
 * so that a list sorted by class is spread over all. */
size_t cli_shard_size(const cli_shard *shard, size_t total);
size_t cli_shard_item(const cli_shard *shard, size_t n);

#endif
