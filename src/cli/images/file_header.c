#include "cli/images/decode.h"

#include <string.h>

static const uint64_t pixels_max = UINT64_C(1) << 27;    /* 134 million; 512 MiB as RGBA */
static const uint64_t pixels_always = UINT64_C(1) << 24; /* allowed to any file */
static const uint64_t pixels_per_byte = 8300;            /* deflate's 1032 times 8 pixels a byte */

#define READABLE " is not supported; expected PNG, JPEG, BMP, GIF, TGA, PSD, or binary PGM or PPM"

static const struct {
    unsigned offset, length;
    const char *bytes, *fault;
} foreign[] = {
    {8, 4, "WEBP", "WebP" READABLE},
    {0, 4, "II*\0", "TIFF" READABLE},
    {0, 4, "MM\0*", "TIFF" READABLE},
    {4, 8, "ftypavif", "AVIF" READABLE},
    {4, 8, "ftypavis", "AVIF" READABLE},
    {4, 8, "ftypheic", "HEIC" READABLE},
    {4, 8, "ftypheix", "HEIC" READABLE},
    {4, 8, "ftypmif1", "HEIF" READABLE},
    {4, 8, "jP  \r\n\x87\n", "JPEG 2000" READABLE},
    {0, 4, "\xff\x4f\xff\x51", "JPEG 2000" READABLE},
    {4, 8, "JXL \r\n\x87\n", "JPEG XL" READABLE},
    {0, 2, "\xff\x0a", "JPEG XL" READABLE},
    {0, 2, "P1", "PBM" READABLE},
    {0, 2, "P2", "PGM as text" READABLE},
    {0, 2, "P3", "PPM as text" READABLE},
    {0, 2, "P4", "PBM" READABLE},
    {0, 2, "P7", "PAM" READABLE},
    {0, 4, "%PDF", "PDF" READABLE},
};

static bool has_bytes(const unsigned char *data, size_t size, size_t offset, const char *bytes,
                      size_t length)
{
    return size >= offset + length && memcmp(data + offset, bytes, length) == 0;
}

bool cli_begins_as_image(const unsigned char *data, size_t size)
{
    static const char *const magics[] = {"\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "GIF87a", "GIF89a",
                                         "8BPS"};
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        if (has_bytes(data, size, 0, magics[i], strlen(magics[i]))) return true;
    }
    /* Two letters are too few: a text may begin so. */
    if (has_bytes(data, size, 0, "BM", 2)) return has_bytes(data, size, 6, "\0\0\0\0", 4);
    if (size > 2 && data[0] == 'P' && data[1] >= '1' && data[1] <= '7') return data[2] == '\n';
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (foreign[i].length > 2 &&
            has_bytes(data, size, foreign[i].offset, foreign[i].bytes, foreign[i].length)) {
            return foreign[i].bytes[0] != '%';
        }
    }
    return false;
}

bool cli_is_jpeg(const unsigned char *data, size_t size)
{
    return size >= 3 && !memcmp(data, "\xff\xd8\xff", 3);
}

/* PGM and PPM: "P5", the width, the height, the greatest value, and comments between them.
 * stb_image takes values as they are, and those of two bytes from outside its memory; long numbers
 * overflow there. */
static const char *pnm_fault(const unsigned char *data, size_t size)
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
    return numbers == 3 && number != 255 ? "PGM and PPM are read with a greatest value of 255 alone"
                                         : NULL;
}

const char *cli_format_fault(const unsigned char *data, size_t size)
{
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (has_bytes(data, size, foreign[i].offset, foreign[i].bytes, foreign[i].length))
            return foreign[i].fault;
    }
    return pnm_fault(data, size);
}

const char *cli_pixels_fault(uint64_t width, uint64_t height, size_t file_bytes)
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

size_t cli_gif_transparency(const unsigned char *data, size_t size)
{
    enum { HEAD = 13, EXTENSION = 0x21, GRAPHIC_CONTROL = 0xf9 };
    if (size < HEAD || memcmp(data, "GIF8", 4) != 0) return 0;
    /* The bytes of the colour table behind the head, whose length the flags tell. */
    const size_t colours = data[10] & 0x80 ? (size_t)6 << (data[10] & 7) : 0;
    size_t found = 0;
    /* Extensions: two bytes of kind, then blocks that begin with their length, the last of which is
     * empty. */
    for (size_t at = HEAD + colours; at + 4 <= size && data[at] == EXTENSION;) {
        if (data[at + 1] == GRAPHIC_CONTROL)
            found = data[at + 2] == 4 && data[at + 3] & 1 ? at + 3 : 0;
        for (at += 2; at < size && data[at] != 0;) at += (size_t)data[at] + 1;
        at++;
    }
    return found;
}

unsigned cli_bmp_green_bits(const unsigned char *data, size_t size)
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
