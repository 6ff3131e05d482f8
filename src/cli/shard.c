#include "cli/shard.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

/* Parses "2/8". */
static bool parse(cli_shard *shard, const char *text)
{
    const size_t slash = strcspn(text, "/");
    uint64_t index, count;
    if (!text[slash] ||
        !vrn_parse_number(text + slash + 1, strlen(text + slash + 1), CLI_SHARD_MOST, &count) ||
        count == 0 || !vrn_parse_number(text, slash, count, &index)) {
        return false;
    }
    *shard = (cli_shard){.index = (uint32_t)(index % count), .count = (uint32_t)count};
    return true;
}

/* Reads a number from an environment variable. False: it is not set. */
static bool read_variable(const char *name, uint64_t *value, bool *good)
{
    char *text = cli_environment(name);
    if (!text) return false;
    if (!vrn_parse_number(text, strlen(text), UINT32_MAX, value)) {
        *good = cli_error("%s: expected a number, found '%s'", name, text);
    }
    free(text);
    return true;
}

/* Parts are the tasks of a job array in order: --array=0-7, 1-8, or 10-80:10. */
static bool read_slurm(cli_shard *shard)
{
    uint64_t id, count, first = 0, step = 1;
    bool good = true;
    if (!read_variable("SLURM_ARRAY_TASK_ID", &id, &good) ||
        !read_variable("SLURM_ARRAY_TASK_COUNT", &count, &good) || !good) {
        return good;
    }
    if (count == 0 || count > CLI_SHARD_MOST) {
        return cli_error("SLURM_ARRAY_TASK_COUNT: expected a number from 1 to %d, found %llu",
                         CLI_SHARD_MOST, (unsigned long long)count);
    }
    read_variable("SLURM_ARRAY_TASK_MIN", &first, &good);
    read_variable("SLURM_ARRAY_TASK_STEP", &step, &good);
    if (!good) return false;
    uint64_t index = id >= first && step > 0 ? (id - first) / step : count;
    bool aligned = index < count && (id - first) % step == 0;
    if (first == 0 && step == 1 && id == count) { /* counted from 1, without _MIN */
        index = 0;
        aligned = true;
    }
    if (!aligned) {
        return cli_error("SLURM_ARRAY_TASK_ID: %u is not the number of a task in an array of %u "
                         "evenly spaced task%s; give this part with --shard I/N",
                         (unsigned)id, (unsigned)count, count == 1 ? "" : "s");
    }
    *shard = (cli_shard){.index = (uint32_t)index, .count = (uint32_t)count};
    cli_note("task %u of a Slurm array: part %u of %u", (unsigned)id, (unsigned)index,
             (unsigned)count);
    return true;
}

bool cli_shard_read(cli_shard *shard, const cli_options *options)
{
    *shard = (cli_shard){.count = 1};
    if (!options->shard) return read_slurm(shard);
    return parse(shard, options->shard) ||
           cli_usage("--shard: expected I/N, such as 2/8, found '%s'", options->shard);
}

size_t cli_shard_size(const cli_shard *shard, size_t total)
{
    return total / shard->count + (shard->index < total % shard->count);
}

size_t cli_shard_item(const cli_shard *shard, size_t n)
{
    return n * shard->count + shard->index;
}
