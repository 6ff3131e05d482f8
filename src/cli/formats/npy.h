/* NumPy's .npy files of float32 in C order
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
#ifndef VRN_CLI_NPY_H
#define VRN_CLI_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/system/os.h"

enum { CLI_NPY_MAX_RANK = 8 };

typedef struct cli_npy {
    FILE *stream; /* stands at the first value */
    const char *path;
    uint32_t rank;
    uint64_t shape[CLI_NPY_MAX_RANK];
} cli_npy;

/* Opens a file whose values are known to be all there, and to be float32. `path` must outlive it.
 * Reports and returns false when something is wrong. */
bool cli_npy_open(cli_npy *npy, const char *path);

/* Reads the next values. */
bool cli_npy_read(cli_npy *npy, float *values, size_t count);
void cli_npy_close(cli_npy *npy); /* accepts a zeroed struct */

/* Begins a file of float32 with the given shape, whose values follow, and cli_file_end. */
bool cli_npy_begin(cli_file *file, const char *path, uint32_t rank, const uint64_t *shape);

#endif
