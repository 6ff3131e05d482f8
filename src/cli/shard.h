/* The part of the work that this process does. */
#ifndef VRN_CLI_SHARD_H
#define VRN_CLI_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"

/* A shard is one of several equal parts of the work, each for its own process or machine. This is
 * the largest number of them. */
enum { CLI_SHARD_MOST = 1000000 };

typedef struct cli_shard {
    uint32_t index, count; /* index < count; the whole work: 0 of 1 */
} cli_shard;

/* Reads --shard I/N, else SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT, which a Slurm job array
 * sets. --shard may count from 0 or from 1: part N of N is part 0. Array tasks count from
 * SLURM_ARRAY_TASK_MIN; if that is not set, from 0 or from 1 too. */
bool cli_shard_read(cli_shard *shard, const cli_options *options);

/* The number of this shard's items among `total`, and its n-th item. A shard has every count-th
 * item from its index on, so that all shards get a similar mix of a list sorted by class. */
size_t cli_shard_size(const cli_shard *shard, size_t total);
size_t cli_shard_item(const cli_shard *shard, size_t n);

#endif
