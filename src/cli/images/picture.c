#include "cli/images/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STBI_WRITE_NO_STDIO
#if !defined(__clang_analyzer__) /* the analyzer assumes that a row can have no pixels */
#define STB_IMAGE_WRITE_IMPLEMENTATION
#endif
#include <stb_image_write.h>

#include "base/text.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

enum { JPEG_QUALITY = 92, TINY_SIDE = 64, THUMBNAIL_SIDE = 160 };

/* The part of `size` input pixels that output pixel `i` of `count` covers. */
typedef struct span {
    double begin, end;
    uint32_t first, last;
} span;

static span span_of(uint32_t i, uint32_t count, uint32_t size)
{
    span s = {(double)i * size / count, (double)(i + 1) * size / count, 0, 0};
    s.first = (uint32_t)s.begin;
    s.last = (uint32_t)ceil(s.end) - 1;
    if (s.last >= size) s.last = size - 1;
    return s;
}

static double overlap(const span *s, uint32_t i)
{
    return fmin(s->end, (double)i + 1) - fmax(s->begin, i);
}

static void mean_of(uint8_t rgb[3], const vrn_image *image, const span *rows, const span *columns)
{
    const size_t stride = image->stride ? image->stride : (size_t)image->width * 4;
    double sums[3] = {0}, area = 0;
    for (uint32_t y = rows->first; y <= rows->last; y++) {
        const uint8_t *row = image->pixels + y * stride;
        const double high = overlap(rows, y);
        for (uint32_t x = columns->first; x <= columns->last; x++) {
            const double weight = high * overlap(columns, x);
            for (int c = 0; c < 3; c++) sums[c] += weight * row[(size_t)x * 4 + (size_t)c];
            area += weight;
        }
    }
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(sums[c] / area + 0.5);
}

bool cli_picture_scale(cli_picture *picture, const vrn_image *image, uint32_t width,
                       uint32_t height)
{
    *picture = (cli_picture){.width = width, .height = height};
    picture->rgb = cli_alloc((size_t)width * height, 3);
    if (!picture->rgb) return false;
    for (uint32_t y = 0; y < height; y++) {
        const span rows = span_of(y, height, image->height);
        for (uint32_t x = 0; x < width; x++) {
            const span columns = span_of(x, width, image->width);
            mean_of(picture->rgb + ((size_t)y * width + x) * 3, image, &rows, &columns);
        }
    }
    return true;
}

void cli_picture_free(cli_picture *picture)
{
    free(picture->rgb);
    *picture = (cli_picture){0};
}

static const char *ending(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot : "";
}

static bool is_jpeg(const char *path)
{
    return vrn_same_text(ending(path), ".jpg") || vrn_same_text(ending(path), ".jpeg");
}

bool cli_picture_is_name(const char *path)
{
    return vrn_same_text(ending(path), ".png") || is_jpeg(path);
}

/* cli_file_end reports failed writes. */
static void write_bytes(void *stream, void *bytes, int size)
{
    fwrite(bytes, 1, (size_t)size, stream);
}

/* Encodes a picture; `write` receives the file's bytes in parts. False: out of memory. */
static bool encode(const cli_picture *picture, bool as_jpeg,
                   void (*write)(void *user, void *bytes, int size), void *user)
{
    const int width = (int)picture->width, height = (int)picture->height;
    if (as_jpeg) {
        return stbi_write_jpg_to_func(write, user, width, height, 3, picture->rgb, JPEG_QUALITY);
    }
    return stbi_write_png_to_func(write, user, width, height, 3, picture->rgb, width * 3);
}

bool cli_picture_write(const cli_picture *picture, const char *path)
{
    cli_file file;
    if (!cli_file_begin(&file, path)) return false;
    bool done = encode(picture, is_jpeg(path), write_bytes, file.stream);
    if (!done) cli_error("%s: out of memory", path);
    return cli_file_end(&file, done) && done;
}

/* ---- Thumbnails ------------------------------------------------------------------------------ */

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

/* A side of the scaled image, at least 1. */
static uint32_t scale_side(uint32_t side, uint32_t longer)
{
    if (longer <= THUMBNAIL_SIDE) return side;
    uint32_t scaled = (uint32_t)((uint64_t)side * THUMBNAIL_SIDE / longer);
    return scaled > 0 ? scaled : 1;
}

/* Returns "data:TYPE;base64,...". */
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
        encode(&picture, !*tiny, append, &file) && !file.failed) {
        text = write_address(*tiny ? "data:image/png;base64," : "data:image/jpeg;base64,", &file);
    }
    cli_picture_free(&picture);
    free(file.bytes);
    return text;
}
