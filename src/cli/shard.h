/* The part of the work that this process does. */
#ifndef VRN_CLI_SHARD_H
#define VRN_CLI_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"

/* One of several equal parts of the work, each for its own process or machine. */
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
