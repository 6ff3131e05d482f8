#include "pictures/decode.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { UPRIGHT = 1, LAST = 8, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY_BYTES = 12 };

/* A part of the file. */
typedef struct bytes {
    const unsigned char *at;
    size_t size;
} bytes;

static uint32_t number(const unsigned char *at, int count, bool little)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++) value = value << 8 | at[little ? count - 1 - i : i];
    return value;
}

static bool has_name(bytes exif)
{
    return exif.size >= 6 && !memcmp(exif.at, "Exif\0", 6);
}

static bytes skip_name(bytes exif)
{
    return has_name(exif) ? (bytes){exif.at + 6, exif.size - 6} : exif;
}

/* The EXIF data of a JPEG: the APP1 segment that begins with "Exif", before the first scan. */
static bytes find_in_jpeg(bytes file)
{
    for (size_t at = 2; file.size - at >= 4 && file.at[at] == 0xff;) {
        const unsigned marker = file.at[at + 1];
        if (marker == 0xff) { /* fill bytes */
            at++;
            continue;
        }
        const size_t length = number(file.at + at + 2, 2, false);
        if (marker == 0xda || marker == 0xd9 || length < 2 || length > file.size - at - 2) break;
        const bytes body = {file.at + at + 4, length - 2};
        if (marker == 0xe1 && has_name(body)) return skip_name(body);
        at += 2 + length;
    }
    return (bytes){0};
}

/* The eXIf chunk of a PNG. */
static bytes find_in_png(bytes file)
{
    for (size_t at = 8; file.size - at >= 12;) {
        const size_t length = number(file.at + at, 4, false);
        const unsigned char *type = file.at + at + 4;
        if (length > file.size - at - 12 || !memcmp(type, "IEND", 4)) break;
        if (!memcmp(type, "eXIf", 4)) return (bytes){type + 4, length};
        at += 12 + length;
    }
    return (bytes){0};
}

/* The EXIF chunk of a WebP. Some begin with "Exif", as in a JPEG. */
static bytes find_in_webp(bytes file)
{
    for (size_t at = 12; file.size - at >= 8;) {
        const size_t length = number(file.at + at + 4, 4, true);
        const bytes body = {file.at + at + 8, length};
        if (length > file.size - at - 8) break;
        if (!memcmp(file.at + at, "EXIF", 4)) return skip_name(body);
        at += 8 + length + (length & 1);
        if (at > file.size) break;
    }
    return (bytes){0};
}

/* The Exif box of a JPEG XL. Its data begins with an offset, which some writers omit. Nothing
 * relevant follows boxes of more than 4 GiB, or boxes that extend to the end of the file. */
static bytes find_in_jxl(bytes file)
{
    for (size_t at = 0; file.size - at >= 12;) {
        const size_t length = number(file.at + at, 4, false);
        if (length < 8 || length > file.size - at) break;
        if (!memcmp(file.at + at + 4, "Exif", 4) && length >= 16) {
            const bytes body = {file.at + at + 8, length - 8};
            const bool forgotten = !memcmp(body.at, "II*\0", 4) || !memcmp(body.at, "MM\0*", 4);
            return skip_name(forgotten ? body : (bytes){body.at + 4, body.size - 4});
        }
        at += length;
    }
    return (bytes){0};
}

/* EXIF data is a TIFF file, whose first directory has the entry. */
static unsigned read_tiff(bytes tiff)
{
    if (tiff.size < 8) return UPRIGHT;
    const bool little = !memcmp(tiff.at, "II*\0", 4);
    if (!little && memcmp(tiff.at, "MM\0*", 4) != 0) return UPRIGHT;
    const size_t directory = number(tiff.at + 4, 4, little);
    if (directory > tiff.size - 2) return UPRIGHT;
    const uint32_t entries = number(tiff.at + directory, 2, little);
    size_t at = directory + 2;
    for (uint32_t i = 0; i < entries && tiff.size - at >= ENTRY_BYTES; i++, at += ENTRY_BYTES) {
        const unsigned char *entry = tiff.at + at;
        if (number(entry, 2, little) != TAG_ORIENTATION) continue;
        const uint32_t value = number(entry + 8, 2, little);
        const bool good = number(entry + 2, 2, little) == TYPE_SHORT &&
                          number(entry + 4, 4, little) == 1 && value >= UPRIGHT && value <= LAST;
        return good ? value : UPRIGHT;
    }
    return UPRIGHT;
}

unsigned pic_orientation(const unsigned char *data, size_t size)
{
    const bytes file = {data, size};
    if (size >= 4 && pic_is_jpeg(data, size)) return read_tiff(find_in_jpeg(file));
    if (size >= 8 && !memcmp(data, "\x89PNG\r\n\x1a\n", 8)) return read_tiff(find_in_png(file));
    if (size >= 12 && !memcmp(data, "RIFF", 4) && !memcmp(data + 8, "WEBP", 4)) {
        return read_tiff(find_in_webp(file));
    }
    if (size >= 12 && !memcmp(data, "\0\0\0\x0cJXL ", 8)) return read_tiff(find_in_jxl(file));
    return UPRIGHT;
}

/* Pixel (x, y) of the upright image is at (x, y) of the stored one, or at (y, x) if `swap`. It is
 * then counted from the right edge if `left`, and from the bottom if `up`. */
static const struct {
    bool swap, left, up;
} ways[LAST + 1] = {
    [2] = {false, true, false}, [3] = {false, true, true}, [4] = {false, false, true},
    [5] = {true, false, false}, [6] = {true, false, true}, [7] = {true, true, true},
    [8] = {true, true, false},
};

/* Copies pixel by pixel, in tiles; otherwise each pixel of a rotated photo would miss the cache. */
static void turn(const vrn_image *from, unsigned way, uint32_t width, uint32_t height, uint8_t *to)
{
    enum { TILE = 32 };
    for (uint64_t tile = 0, tiles = ((uint64_t)width + TILE - 1) / TILE;
         tile < tiles * (((uint64_t)height + TILE - 1) / TILE); tile++) {
        const uint32_t left = (uint32_t)(tile % tiles) * TILE,
                       top = (uint32_t)(tile / tiles) * TILE;
        for (uint32_t y = top; y < height && y < top + TILE; y++) {
            for (uint32_t x = left; x < width && x < left + TILE; x++) {
                uint32_t u = ways[way].swap ? y : x, v = ways[way].swap ? x : y;
                if (ways[way].left) u = from->width - 1 - u;
                if (ways[way].up) v = from->height - 1 - v;
                memcpy(to + ((size_t)y * width + x) * 4,
                       from->pixels + ((size_t)v * from->width + u) * 4, 4);
            }
        }
    }
}

bool pic_orient(vrn_image *image, unsigned orientation)
{
    if (orientation <= UPRIGHT || orientation > LAST) return true;
    const bool swap = ways[orientation].swap;
    const uint32_t width = swap ? image->height : image->width;
    const uint32_t height = swap ? image->width : image->height;
    uint8_t *pixels = malloc((size_t)width * height * 4);
    if (!pixels) return false;
    turn(image, orientation, width, height, pixels);
    free((void *)(uintptr_t)image->pixels);
    *image = (vrn_image){.pixels = pixels, .width = width, .height = height};
    return true;
}
