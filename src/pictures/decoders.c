#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "pictures/decode.h"
#include "pictures/pictures.h"

/* Decoders that the build lacks. CMakeLists.txt defines which libraries it has. */
#ifndef VRN_PIC_LIBJPEG
#define pic_decode_jpeg pic_decode_stb
#endif
#ifndef VRN_PIC_LIBWEBP
#define pic_decode_webp NULL
#endif
#ifndef VRN_PIC_LIBAVIF
#define pic_decode_avif NULL
#endif
#ifndef VRN_PIC_LIBHEIF
#define pic_decode_heif NULL
#endif
#ifndef VRN_PIC_LIBTIFF
#define pic_decode_tiff NULL
#endif
#ifndef VRN_PIC_LIBJXL
#define pic_decode_jxl NULL
#endif

#define BUILT_WITHOUT(format, library, package)                                                    \
    format " needs " library ", which this build of vkresnet lacks; install Debian's " package     \
           " and build vkresnet again"
#define UNSUPPORTED                                                                                \
    " is not supported; expected PNG, JPEG, WebP, AVIF, HEIC, TIFF, JPEG XL, BMP, GIF, TGA, PSD, " \
    "or binary PGM or PPM"

/* How a format begins. Two bytes are too few to recognise an image, so `certain` checks more of the
 * file, if it can. */
typedef struct signature {
    unsigned offset, length;
    const char *bytes;
    bool (*certain)(const unsigned char *data, size_t size);
} signature;

enum { SIGNATURES = 3 };
static const struct format {
    signature signatures[SIGNATURES];
    bool (*begins)(const unsigned char *data, size_t size); /* instead of signatures */
    /* Decodes to an upright image, or with `exif` to one with pic_orientation's orientation. NULL:
     * `fault` is the error. */
    const char *(*decode)(const unsigned char *data, size_t size, vrn_image *image);
    const char *fault;
    bool exif;
} formats[] = {
    {{{0, 3, "\xff\xd8\xff"}}, .decode = pic_decode_jpeg, .exif = true},
    {{{0, 8, "\x89PNG\r\n\x1a\n"}}, .decode = pic_decode_stb, .exif = true},
    {{{8, 4, "WEBP"}},
     .decode = pic_decode_webp,
     .fault = BUILT_WITHOUT("WebP", "libwebp", "libwebp-dev"),
     .exif = true},
    {.begins = pic_is_avif,
     .decode = pic_decode_avif,
     .fault = BUILT_WITHOUT("AVIF", "libavif", "libavif-dev")},
    {.begins = pic_is_heif,
     .decode = pic_decode_heif,
     .fault = BUILT_WITHOUT("HEIC", "libheif", "libheif-dev")},
    {{{0, 4, "II*\0"}, {0, 4, "MM\0*"}},
     .decode = pic_decode_tiff,
     .fault = BUILT_WITHOUT("TIFF", "libtiff 4.5", "libtiff-dev")},
    {{{0, 4, "II+\0"}, {0, 4, "MM\0+"}},
     .decode = pic_decode_tiff,
     .fault = BUILT_WITHOUT("BigTIFF", "libtiff 4.5", "libtiff-dev")},
    {{{0, 12, "\0\0\0\x0cJXL \r\n\x87\n"}, {0, 2, "\xff\x0a"}},
     .decode = pic_decode_jxl,
     .fault = BUILT_WITHOUT("JPEG XL", "libjxl", "libjxl-dev")},
    {{{0, 6, "GIF87a"}, {0, 6, "GIF89a"}}, .decode = pic_decode_stb},
    {{{0, 4, "8BPS"}}, .decode = pic_decode_stb},
    {{{0, 2, "BM", pic_is_bmp}}, .decode = pic_decode_stb},
    {{{0, 2, "P5", pic_is_pnm}, {0, 2, "P6", pic_is_pnm}}, .decode = pic_decode_stb},
    {{{4, 8, "jP  \r\n\x87\n"}, {0, 4, "\xff\x4f\xff\x51"}}, .fault = "JPEG 2000" UNSUPPORTED},
    {{{0, 2, "P1", pic_is_pnm}, {0, 2, "P4", pic_is_pnm}}, .fault = "PBM" UNSUPPORTED},
    {{{0, 2, "P2", pic_is_pnm}}, .fault = "PGM as text" UNSUPPORTED},
    {{{0, 2, "P3", pic_is_pnm}}, .fault = "PPM as text" UNSUPPORTED},
    {{{0, 2, "P7", pic_is_pnm}}, .fault = "PAM" UNSUPPORTED},
    /* Among photos it is not taken for an image: two bytes are not certain. */
    {{{0, 2, "%P"}}, .fault = "PDF" UNSUPPORTED},
};
/* TGA has no signature: everything else is tried as TGA. */
static const struct format other = {.decode = pic_decode_stb};

static bool begins_so(const signature *s, const unsigned char *data, size_t size)
{
    return s->length > 0 && size >= s->offset + s->length &&
           memcmp(data + s->offset, s->bytes, s->length) == 0;
}

static const struct format *find_format(const unsigned char *data, size_t size, bool certain)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const struct format *f = &formats[i];
        if (f->begins && f->begins(data, size)) return f;
        for (size_t k = 0; k < SIGNATURES; k++) {
            const signature *s = &f->signatures[k];
            if (begins_so(s, data, size) &&
                (!certain || s->length > 2 || (s->certain && s->certain(data, size)))) {
                return f;
            }
        }
    }
    return certain ? NULL : &other;
}

bool pic_begins_as_image(const unsigned char *data, size_t size)
{
    return find_format(data, size, true);
}

void pic_free(vrn_image *image)
{
    free((void *)(uintptr_t)image->pixels);
    *image = (vrn_image){0};
}

static _Thread_local struct {
    pic_gate function;
    void *user;
} gate;

void pic_set_gate(pic_gate function, void *user)
{
    gate.function = function;
    gate.user = user;
}

const char *pic_admit(uint64_t width, uint64_t height, size_t file_bytes)
{
    const char *fault = pic_pixels_fault(width, height, file_bytes);
    if (!fault && gate.function) gate.function(gate.user, (size_t)(width * height * 4));
    return fault;
}

const char *pic_decode(const unsigned char *data, size_t size, vrn_image *image)
{
    *image = (vrn_image){0};
    if (size > INT_MAX) return "the file is too large";
    const struct format *format = find_format(data, size, false);
    if (!format->decode) return format->fault;
    const char *fault = format->decode(data, size, image);
    if (!fault && format->exif && !pic_orient(image, pic_orientation(data, size))) {
        pic_free(image);
        fault = "out of memory";
    }
    return fault;
}
