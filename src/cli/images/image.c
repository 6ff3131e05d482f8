#include "cli/images/image.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/images/decode.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

enum { FILE_MAX_BYTES = 1 << 30 };

/* The whole file, or NULL, which is reported. */
static unsigned char *read_file(const char *path, size_t *size)
{
    uint64_t bytes;
    FILE *stream = cli_open_file(path, &bytes);
    if (!stream) return NULL;
    unsigned char *data = NULL;
    if (bytes == 0) {
        cli_error("%s: not an image: the file is empty", path);
    } else if (bytes > FILE_MAX_BYTES) {
        cli_error("%s: too large for an image file (%.0f MiB; at most 1024)", path,
                  (double)bytes / 1048576);
    } else {
        data = cli_alloc((size_t)bytes, 1);
        if (data && fread(data, 1, (size_t)bytes, stream) != bytes) {
            cli_error("%s: cannot read", path);
            free(data);
            data = NULL;
        }
    }
    fclose(stream);
    *size = (size_t)bytes;
    return data;
}

bool cli_image_load(vrn_image *image, const char *path)
{
    *image = (vrn_image){0};
    size_t size;
    unsigned char *data = read_file(path, &size);
    if (!data) return false;
    const char *fault = cli_decode(data, size, image);
    free(data);
    if (fault) cli_error("%s: not an image that can be read: %s", path, fault);
    return !fault;
}

void cli_image_free(vrn_image *image)
{
    cli_decode_free(image);
}

size_t cli_image_size(const vrn_image *image)
{
    return (size_t)image->width * image->height * 4;
}
