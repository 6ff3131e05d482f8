/* Reads and writes NumPy's .npy files of float32 and float16, in C order
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). */
#ifndef VRN_CLI_NPY_H
#define VRN_CLI_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/system/os.h"

enum { CLI_NPY_MAX_RANK = 8 };

typedef enum cli_npy_type {
    CLI_NPY_FLOAT = 0,
    CLI_NPY_HALF = 1,
} cli_npy_type;

typedef struct cli_npy {
    FILE *stream; /* positioned at the first value */
    const char *path;
    cli_npy_type type;
    uint32_t rank;
    uint64_t shape[CLI_NPY_MAX_RANK];
} cli_npy;

/* Writes the shape, for messages: "[8, 3, 224, 224]". */
enum { CLI_NPY_SHAPE_TEXT = CLI_NPY_MAX_RANK * 24 };
const char *cli_npy_show_shape(const cli_npy *npy, char text[CLI_NPY_SHAPE_TEXT]);

/* Opens a file and checks that it has all its values, as float32. `path` must outlive it. Reports
 * and returns false when something is wrong. */
bool cli_npy_open(cli_npy *npy, const char *path);

/* The same; the values may also be float16. */
bool cli_npy_open_any(cli_npy *npy, const char *path);

/* Reads the next values, which become float32. */
bool cli_npy_read(cli_npy *npy, float *values, size_t count);
void cli_npy_close(cli_npy *npy); /* accepts a zeroed struct */

/* Begins a file of float32 with the given shape. Write its values next, then call cli_file_end. */
bool cli_npy_begin(cli_file *file, const char *path, uint32_t rank, const uint64_t *shape);

/* A file whose number of rows is known only at the end. Zeroed: none. */
typedef struct cli_npy_writer {
    cli_file file;
    cli_npy_type type;
    uint32_t rank;
    uint64_t shape[CLI_NPY_MAX_RANK];
    int header_bytes;
} cli_npy_writer;

/* `shape[0]` is the maximum number of rows. The path must be one that can be replaced. */
bool cli_npy_writer_begin(cli_npy_writer *writer, const char *path, cli_npy_type type,
                          uint32_t rank, const uint64_t *shape);
void cli_npy_writer_put(cli_npy_writer *writer, const float *values, size_t count);

/* Like cli_file_end, for a file of `rows` rows. */
bool cli_npy_writer_end(cli_npy_writer *writer, uint64_t rows, bool commit);

#endif
