#include "cli/images/thumbnail.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "cli/images/picture.h"
#include "cli/pages/html.h"
#include "cli/system/report.h"

enum { TINY_SIDE = 64, SIDE = 160 };

typedef struct encoded {
    unsigned char *bytes;
    size_t size, capacity;
    bool failed;
} encoded;

static void append(void *user, void *data, int size)
{
    encoded *file = user;
    const unsigned char *bytes = data;
    for (int i = 0; i < size && !file->failed; i++) {
        unsigned char *grown = cli_grow(file->bytes, file->size, &file->capacity, 1);
        file->failed = !grown;
        if (!grown) return;
        file->bytes = grown;
        file->bytes[file->size++] = bytes[i];
    }
}

/* A side of the smaller image; at least 1. */
static uint32_t scale_side(uint32_t side, uint32_t longer)
{
    if (longer <= SIDE) return side;
    uint32_t scaled = (uint32_t)((uint64_t)side * SIDE / longer);
    return scaled > 0 ? scaled : 1;
}

bool cli_thumbnail_write(FILE *out, const vrn_image *image, bool *tiny)
{
    uint32_t longer = image->width > image->height ? image->width : image->height;
    uint32_t width = scale_side(image->width, longer), height = scale_side(image->height, longer);
    encoded file = {0};
    cli_picture picture;
    *tiny = longer <= TINY_SIDE;
    bool good = cli_picture_scale(&picture, image, width, height) &&
                cli_picture_encode(&picture, !*tiny, append, &file) && !file.failed;
    if (good) cli_html_data(out, *tiny ? "image/png" : "image/jpeg", file.bytes, file.size);
    cli_picture_free(&picture);
    free(file.bytes);
    return good;
}
