#include "cli/images/image.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/system/os.h"
#include "cli/system/report.h"
#include "pictures/pictures.h"

enum { FILE_MAX_BYTES = 1 << 30 };

/* Reads a stream of unknown size, such as a pipe, to its end. NULL: reported. */
static unsigned char *read_stream(FILE *stream, const char *path, size_t *size)
{
    unsigned char *data = NULL;
    size_t capacity = 0, count = 0;
    for (size_t got = 1; got > 0; count += got) {
        if (count == capacity) {
            capacity = capacity ? 2 * capacity : 1 << 16;
            unsigned char *more = capacity <= FILE_MAX_BYTES ? realloc(data, capacity) : NULL;
            if (!more) {
                cli_error(capacity > FILE_MAX_BYTES
                              ? "%s: too large for an image file (more than 1024 MiB)"
                              : "%s: out of memory",
                          path);
                free(data);
                return NULL;
            }
            data = more;
        }
        got = fread(data + count, 1, capacity - count, stream);
    }
    *size = count;
    if (count > 0 && !ferror(stream)) return data;
    if (ferror(stream)) {
        cli_error("%s: cannot read: %s", path, strerror(errno));
    } else {
        cli_error("%s: not an image: it is empty", path);
    }
    free(data);
    return NULL;
}

static unsigned char *read_regular(FILE *stream, const char *path, uint64_t bytes)
{
    if (bytes == 0) {
        cli_error("%s: not an image: the file is empty", path);
        return NULL;
    }
    if (bytes > FILE_MAX_BYTES) {
        cli_error("%s: too large for an image file (%.1f MiB; at most 1024)", path,
                  (double)bytes / 1048576);
        return NULL;
    }
    unsigned char *data = cli_alloc((size_t)bytes, 1);
    if (data && fread(data, 1, (size_t)bytes, stream) != bytes) {
        cli_error("%s: cannot read: %s", path,
                  ferror(stream) ? strerror(errno) : "the file became shorter");
        free(data);
        data = NULL;
    }
    return data;
}

/* Reads a whole file; "-" is standard input. NULL: reported. */
static unsigned char *read_file(const char *path, size_t *size)
{
    if (strcmp(path, "-") == 0) return read_stream(stdin, "standard input", size);
    const bool stream_alone = vrn_path_get_kind(path) == VRN_PATH_OTHER;
    uint64_t bytes = 0;
    FILE *stream = stream_alone ? fopen(path, "rb") : cli_open_file(path, &bytes);
    if (!stream) {
        if (stream_alone) cli_error("%s: cannot open: %s", path, strerror(errno));
        return NULL;
    }
    unsigned char *data =
        stream_alone ? read_stream(stream, path, size) : read_regular(stream, path, bytes);
    if (!stream_alone) *size = (size_t)bytes;
    fclose(stream);
    return data;
}

bool cli_image_load(vrn_image *image, const char *path)
{
    *image = (vrn_image){0};
    size_t size;
    unsigned char *data = read_file(path, &size);
    if (!data) return false;
    const char *fault = pic_decode(data, size, image);
    free(data);
    if (!fault) return true;
    const bool memory = strcmp(fault, "out of memory") == 0;
    return cli_error("%s: %s%s", path, memory ? "" : "not an image that can be read: ", fault);
}
