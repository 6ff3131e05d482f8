#include "cli/images/thumbnail.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/images/picture.h"
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
        file->failed = !cli_grow(&file->bytes, file->size, &file->capacity, 1);
        if (!file->failed) file->bytes[file->size++] = bytes[i];
    }
}

/* A side of the smaller image; at least 1. */
static uint32_t scale_side(uint32_t side, uint32_t longer)
{
    if (longer <= SIDE) return side;
    uint32_t scaled = (uint32_t)((uint64_t)side * SIDE / longer);
    return scaled > 0 ? scaled : 1;
}

/* "data:TYPE;base64,.." */
static char *write_address(const char *type, const encoded *file)
{
    enum { PADDING = 64 };
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    char *text = cli_alloc(strlen(type) + (file->size + 2) / 3 * 4 + 1, 1);
    if (!text) return NULL;
    char *to = text + strlen(type);
    memcpy(text, type, strlen(type));
    for (size_t i = 0; i < file->size; i += 3) {
        const size_t count = file->size - i < 3 ? file->size - i : 3;
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++) group = group << 8 | (k < count ? file->bytes[i + k] : 0u);
        for (size_t k = 0; k < 4; k++) {
            *to++ = digits[k <= count ? group >> (18 - 6 * k) & 63 : PADDING];
        }
    }
    return text;
}

char *cli_thumbnail_address(const vrn_image *image, bool *tiny)
{
    uint32_t longer = image->width > image->height ? image->width : image->height;
    uint32_t width = scale_side(image->width, longer), height = scale_side(image->height, longer);
    encoded file = {0};
    cli_picture picture;
    char *text = NULL;
    *tiny = longer <= TINY_SIDE;
    if (cli_picture_scale(&picture, image, width, height) &&
        cli_picture_encode(&picture, !*tiny, append, &file) && !file.failed) {
        text = write_address(*tiny ? "data:image/png;base64," : "data:image/jpeg;base64,", &file);
    }
    cli_picture_free(&picture);
    free(file.bytes);
    return text;
}
