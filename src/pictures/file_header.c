#include "pictures/decode.h"

#include <string.h>

static const uint64_t pixels_max = PIC_PIXELS_MAX;       /* 134 million; 512 MiB as RGBA */
static const uint64_t pixels_always = UINT64_C(1) << 24; /* allowed to any file */
static const uint64_t pixels_per_byte = 8300;            /* 1032 (deflate) * 8 */

static bool has_bytes(const unsigned char *data, size_t size, size_t offset, const char *bytes,
                      size_t length)
{
    return size >= offset + length && memcmp(data + offset, bytes, length) == 0;
}

bool pic_is_bmp(const unsigned char *data, size_t size)
{
    return has_bytes(data, size, 0, "BM", 2) && has_bytes(data, size, 6, "\0\0\0\0", 4);
}

bool pic_is_pnm(const unsigned char *data, size_t size)
{
    return size > 2 && data[0] == 'P' && data[1] >= '1' && data[1] <= '7' && data[2] == '\n';
}

/* True if a file has ISO's base format (a box "ftyp" with brands, the major one first) and one of
 * these brands: as the major one or, if that is general ("mif1", or "msf1" for sequences), as
 * another. */
static bool has_brand(const unsigned char *data, size_t size, const char *const *brands)
{
    enum { MAJOR = 8, OTHERS = 16 };
    if (!has_bytes(data, size, 4, "ftyp", 4)) return false;
    size_t end = (size_t)data[2] << 8 | data[3];
    if (data[0] || data[1] || end > size) end = size;
    const bool general =
        has_bytes(data, size, MAJOR, "mif1", 4) || has_bytes(data, size, MAJOR, "msf1", 4);
    for (size_t at = MAJOR; at + 4 <= end; at = at == MAJOR ? OTHERS : at + 4) {
        for (size_t i = 0; brands[i]; i++) {
            if (has_bytes(data, size, at, brands[i], 4)) return true;
        }
        if (!general) break;
    }
    return false;
}

bool pic_is_avif(const unsigned char *data, size_t size)
{
    static const char *const brands[] = {"avif", "avis", NULL};
    return has_brand(data, size, brands);
}

bool pic_is_heif(const unsigned char *data, size_t size)
{
    static const char *const brands[] = {"heic", "heix", "heim", "heis", "hevc", "hevx",
                                         "hevm", "hevs", "mif1", "msf1", NULL};
    return has_brand(data, size, brands);
}

bool pic_is_jpeg(const unsigned char *data, size_t size)
{
    return size >= 3 && !memcmp(data, "\xff\xd8\xff", 3);
}

/* PGM and PPM: "P5", the width, the height and the maximum value, with comments in between.
 * stb_image does not scale values, reads two-byte values from outside its memory, and overflows for
 * long numbers. */
const char *pic_pnm_fault(const unsigned char *data, size_t size)
{
    if (size < 2 || data[0] != 'P' || (data[1] != '5' && data[1] != '6')) return NULL;
    unsigned long number = 0;
    bool inside = false, comment = false;
    int numbers = 0;
    for (size_t at = 2; at < size && numbers < 3; at++) {
        const unsigned char c = data[at];
        if (comment) {
            comment = c != '\n' && c != '\r';
        } else if (c >= '0' && c <= '9') {
            number = inside ? number * 10 + (c - '0') : (unsigned long)(c - '0');
            if (number > 65535) return "a number in its header is too large";
            inside = true;
        } else {
            numbers += inside;
            inside = false;
            comment = c == '#';
        }
    }
    numbers += inside && numbers < 3; /* at the end of the file */
    return numbers == 3 && number != 255 ? "PGM and PPM are read only with a maximum value of 255"
                                         : NULL;
}

uint8_t pic_ink_to_rgb(uint32_t ink, uint32_t white)
{
    const uint32_t product = ink * white + 128; /* Pillow's MULDIV255 */
    const uint32_t part = ((product >> 8) + product) >> 8;
    return (uint8_t)(white - part);
}

const char *pic_pixels_fault(uint64_t width, uint64_t height, size_t file_bytes)
{
    if (width == 0 || height == 0) return "it has no pixels";
    if (width > pixels_max || width * height > pixels_max) {
        return "it has more than 134 million pixels";
    }
    if (width * height > pixels_always && width * height / pixels_per_byte > file_bytes) {
        return "it claims more pixels than the file can hold";
    }
    return NULL;
}

size_t pic_gif_transparency(const unsigned char *data, size_t size)
{
    enum { HEAD = 13, EXTENSION = 0x21, GRAPHIC_CONTROL = 0xf9 };
    if (size < HEAD || memcmp(data, "GIF8", 4) != 0) return 0;
    /* The size of the colour table after the header, given by the flags. */
    const size_t colours = data[10] & 0x80 ? (size_t)6 << (data[10] & 7) : 0;
    size_t found = 0;
    /* Extensions: two bytes for the kind, then blocks that begin with their length, ended by an
     * empty block. */
    for (size_t at = HEAD + colours; at + 4 <= size && data[at] == EXTENSION;) {
        if (data[at + 1] == GRAPHIC_CONTROL)
            found = data[at + 2] == 4 && data[at + 3] & 1 ? at + 3 : 0;
        for (at += 2; at < size && data[at] != 0;) at += (size_t)data[at] + 1;
        at++;
    }
    return found;
}

unsigned pic_bmp_green_bits(const unsigned char *data, size_t size)
{
    enum { BITS = 28, COMPRESSION = 30, MASKS = 54, BIT_FIELDS = 3 };
    static const unsigned char masks_565[12] = {0, 0xf8, 0, 0, 0xe0, 7, 0, 0, 0x1f, 0, 0, 0};
    static const unsigned char masks_555[12] = {0, 0x7c, 0, 0, 0xe0, 3, 0, 0, 0x1f, 0, 0, 0};
    if (size < MASKS + sizeof masks_565 || memcmp(data, "BM", 2) != 0) return 0;
    if (data[14] < 40 || data[BITS] != 16 || data[BITS + 1] != 0) return 0;
    if (data[COMPRESSION] == 0) return 5;
    if (data[COMPRESSION] != BIT_FIELDS) return 0;
    if (!memcmp(data + MASKS, masks_565, sizeof masks_565)) return 6;
    return memcmp(data + MASKS, masks_555, sizeof masks_555) ? 0 : 5;
}
