/* libtiff: decodes the first page, with samples interpreted as in Pillow. Of 16 bits the upper 8
 * are used, also for greys, where Pillow differs. */
#include "pictures/decode.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

#include "base/log.h"
#include "base/util.h"

typedef struct reader {
    const unsigned char *data;
    size_t size, at;
    TIFF *tiff;
    uint32_t width, height;
    uint16_t bits, samples, photometric, planar, compression, orientation;
    uint16_t extra;       /* the meaning of the first sample beyond the colours; 0: unknown */
    uint16_t colours;     /* samples that are colours: 1, 3 or 4 */
    uint16_t *palette[3]; /* of the file */
    uint8_t *pixels;      /* [height][width][4] */
} reader;

static _Thread_local char message[256];

/* ---- The file -------------------------------------------------------------------------------- */

static tmsize_t read_bytes(thandle_t handle, void *to, tmsize_t count)
{
    reader *r = handle;
    if (count < 0) return 0;
    const size_t taken = (size_t)vrn_min_u64((uint64_t)count, r->size - r->at);
    memcpy(to, r->data + r->at, taken);
    r->at += taken;
    return (tmsize_t)taken;
}

static tmsize_t write_nothing(thandle_t handle, void *from, tmsize_t count)
{
    (void)handle;
    (void)from;
    (void)count;
    return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int from)
{
    reader *r = handle;
    const toff_t start = from == SEEK_CUR ? r->at : from == SEEK_END ? r->size : 0;
    const toff_t to = start + offset;
    r->at = to < r->size ? (size_t)to : r->size;
    return to;
}

static int close_nothing(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t get_size(thandle_t handle)
{
    const reader *r = handle;
    return r->size;
}

static int map_whole(thandle_t handle, void **base, toff_t *size)
{
    reader *r = handle;
    *base = (void *)(uintptr_t)r->data;
    *size = r->size;
    return 1;
}

static void unmap_nothing(thandle_t handle, void *base, toff_t size)
{
    (void)handle;
    (void)base;
    (void)size;
}

/* Keeps the first error, which says what is wrong. */
static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list values)
    VRN_PRINTF(4, 0);

static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list values)
{
    (void)tiff;
    (void)user;
    (void)module;
    if (!*message) vsnprintf(message, sizeof message, format, values);
    return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format,
                      va_list values)
{
    (void)tiff;
    (void)user;
    (void)module;
    (void)format;
    (void)values;
    return 1;
}

static TIFF *open_file(reader *r)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options) return NULL;
    /* Directories are in the file, and a strip is no larger than the largest image; read_image has
     * a tighter limit. */
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)PIC_PIXELS_MAX * 4);
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, NULL);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, NULL);
    TIFF *tiff = TIFFClientOpenExt("image", "rO", r, read_bytes, write_nothing, seek, close_nothing,
                                   get_size, map_whole, unmap_nothing, options);
    TIFFOpenOptionsFree(options);
    return tiff;
}

/* ---- Samples to pixels ----------------------------------------------------------------------- */

/* The sample at `index` of a row, as 8 bits; palette indices are unchanged. */
static uint8_t take_sample(const reader *r, const uint8_t *row, size_t index)
{
    if (r->bits == 8) return row[index];
    if (r->bits == 16) { /* in the machine's byte order */
        uint16_t value;
        memcpy(&value, row + 2 * index, sizeof value);
        return (uint8_t)(value >> 8);
    }
    const unsigned all = (1u << r->bits) - 1;
    const size_t bit = index * r->bits;
    const unsigned value = row[bit / 8] >> (8 - r->bits - bit % 8) & all;
    return (uint8_t)(r->photometric == PHOTOMETRIC_PALETTE ? value : value * 255 / all);
}

/* Undoes the multiplication of a colour by alpha. */
static uint8_t divide(uint8_t colour, uint8_t alpha)
{
    if (alpha == 255) return colour;
    const unsigned value = alpha ? 255u * colour / alpha : 0;
    return value > 255 ? 255 : (uint8_t)value;
}

/* Writes one pixel from its samples `s`. */
static void put_pixel(const reader *r, uint8_t *to, const uint8_t s[5])
{
    for (int c = 0; c < 3; c++) {
        switch (r->photometric) {
        case PHOTOMETRIC_PALETTE: to[c] = (uint8_t)(r->palette[c][s[0]] >> 8); break;
        case PHOTOMETRIC_MINISWHITE: to[c] = 255 - s[0]; break;
        case PHOTOMETRIC_SEPARATED: to[c] = pic_ink_to_rgb(s[c], 255u - s[3]); break;
        default: to[c] = s[r->colours == 1 ? 0 : c];
        }
        if (r->extra == EXTRASAMPLE_ASSOCALPHA && r->photometric == PHOTOMETRIC_RGB) {
            to[c] = divide(to[c], s[3]);
        }
    }
    to[3] = 255;
}

/* Writes a block of pixels at (left, top) of the image. Each row of `stride` bytes holds `across`
 * pixels; those beyond the edges are skipped. Samples in separate planes are collected in `pixels`
 * at index `plane`, and the last plane converts them to pixels. */
static void put_block(const reader *r, const uint8_t *block, size_t stride, uint32_t left,
                      uint32_t top, uint32_t across, uint32_t down, uint16_t plane)
{
    const uint32_t right = vrn_min_u32(across, r->width - left);
    const uint32_t bottom = vrn_min_u32(down, r->height - top);
    const bool separate = r->planar == PLANARCONFIG_SEPARATE;
    const uint16_t used = (uint16_t)vrn_min_u32(r->samples, 4);
    for (uint32_t y = 0; y < bottom; y++) {
        const uint8_t *row = block + y * stride;
        uint8_t *to = r->pixels + ((size_t)(top + y) * r->width + left) * 4;
        for (uint32_t x = 0; x < right; x++, to += 4) {
            uint8_t s[5] = {0};
            if (separate) {
                to[plane] = take_sample(r, row, x);
                memcpy(s, to, 4);
                if (plane + 1 == used) put_pixel(r, to, s);
                continue;
            }
            for (uint16_t i = 0; i < used; i++) {
                s[i] = take_sample(r, row, (size_t)x * r->samples + i);
            }
            put_pixel(r, to, s);
        }
    }
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

typedef struct blocks {
    uint32_t across, down; /* the size of a block in pixels */
    uint64_t stride, bytes;
} blocks;

static const char *measure(const reader *r, blocks *b)
{
    const bool tiled = TIFFIsTiled(r->tiff);
    b->across = r->width;
    b->down = r->height;
    if (tiled) {
        TIFFGetField(r->tiff, TIFFTAG_TILEWIDTH, &b->across);
        TIFFGetField(r->tiff, TIFFTAG_TILELENGTH, &b->down);
    } else {
        uint32_t rows = r->height;
        TIFFGetFieldDefaulted(r->tiff, TIFFTAG_ROWSPERSTRIP, &rows);
        b->down = vrn_min_u32(rows, r->height);
    }
    const uint64_t samples = r->planar == PLANARCONFIG_SEPARATE ? 1 : r->samples;
    b->stride = ((uint64_t)b->across * samples * r->bits + 7) / 8;
    b->bytes = tiled ? TIFFTileSize64(r->tiff) : TIFFVStripSize64(r->tiff, b->down);
    /* A tile may be larger than a small image, but not by much. */
    const uint64_t most = ((uint64_t)r->width * r->height + (1 << 22)) * 8;
    const bool good = b->across > 0 && b->down > 0 && b->stride <= most &&
                      b->stride * b->down <= b->bytes && b->bytes <= most;
    return good ? NULL : "its tiles or strips cannot be used";
}

static const char *read_plane(const reader *r, const blocks *b, uint8_t *block, uint16_t plane)
{
    const bool tiled = TIFFIsTiled(r->tiff);
    for (uint64_t top = 0; top < r->height; top += b->down) {
        for (uint64_t left = 0; left < r->width; left += b->across) {
            const uint32_t x = (uint32_t)left, y = (uint32_t)top;
            const uint32_t down = tiled ? b->down : vrn_min_u32(b->down, r->height - y);
            const tmsize_t wanted = (tmsize_t)(b->stride * down);
            const tmsize_t got =
                tiled ? TIFFReadEncodedTile(r->tiff, TIFFComputeTile(r->tiff, x, y, 0, plane),
                                            block, (tmsize_t)b->bytes)
                      : TIFFReadEncodedStrip(r->tiff, TIFFComputeStrip(r->tiff, y, plane), block,
                                             wanted);
            if (got < wanted) return *message ? message : "its data is damaged";
            put_block(r, block, (size_t)b->stride, x, y, b->across, down, plane);
        }
    }
    return NULL;
}

static const char *read_blocks(const reader *r)
{
    blocks b;
    const char *fault = measure(r, &b);
    if (fault) return fault;
    uint8_t *block = calloc((size_t)b.bytes, 1);
    if (!block) return "out of memory";
    const uint16_t planes =
        r->planar == PLANARCONFIG_SEPARATE ? (uint16_t)vrn_min_u32(r->samples, 4) : 1;
    for (uint16_t plane = 0; plane < planes && !fault; plane++) {
        fault = read_plane(r, &b, block, plane);
    }
    free(block);
    return fault;
}

/* Reads luminance and colour differences, which libtiff converts to pixels. */
static const char *read_converted(const reader *r)
{
    TIFFSetField(r->tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    uint32_t *raster = (uint32_t *)(void *)r->pixels;
    if (!TIFFReadRGBAImageOriented(r->tiff, r->width, r->height, raster, ORIENTATION_TOPLEFT, 1)) {
        return *message ? message : "its data is damaged";
    }
    for (uint64_t i = 0; i < (uint64_t)r->width * r->height; i++) {
        const uint32_t packed = raster[i];
        const uint8_t rgba[4] = {(uint8_t)TIFFGetR(packed), (uint8_t)TIFFGetG(packed),
                                 (uint8_t)TIFFGetB(packed), 255};
        memcpy(r->pixels + i * 4, rgba, 4);
    }
    return NULL;
}

/* ---- The image ------------------------------------------------------------------------------- */

static const char *read_header(reader *r)
{
    static const uint16_t colours[] = {
        [PHOTOMETRIC_MINISWHITE] = 1, [PHOTOMETRIC_MINISBLACK] = 1, [PHOTOMETRIC_RGB] = 3,
        [PHOTOMETRIC_PALETTE] = 1,    [PHOTOMETRIC_SEPARATED] = 4,  [PHOTOMETRIC_YCBCR] = 3,
    };
    uint16_t format = SAMPLEFORMAT_UINT, extras = 0, *kinds = NULL, inks = INKSET_CMYK;
    TIFF *t = r->tiff;
    if (!TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &r->width) ||
        !TIFFGetField(t, TIFFTAG_IMAGELENGTH, &r->height) ||
        !TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &r->photometric)) {
        return "its size or its kind of colours is missing";
    }
    TIFFGetFieldDefaulted(t, TIFFTAG_BITSPERSAMPLE, &r->bits);
    TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLESPERPIXEL, &r->samples);
    TIFFGetFieldDefaulted(t, TIFFTAG_PLANARCONFIG, &r->planar);
    TIFFGetFieldDefaulted(t, TIFFTAG_COMPRESSION, &r->compression);
    TIFFGetFieldDefaulted(t, TIFFTAG_ORIENTATION, &r->orientation);
    TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetFieldDefaulted(t, TIFFTAG_EXTRASAMPLES, &extras, &kinds);
    TIFFGetFieldDefaulted(t, TIFFTAG_INKSET, &inks);
    r->extra = extras > 0 ? kinds[0] : 0;
    const bool known = r->photometric < sizeof colours / sizeof colours[0];
    r->colours = known ? colours[r->photometric] : 0;
    if (r->colours == 0 || (r->photometric == PHOTOMETRIC_SEPARATED && inks != INKSET_CMYK)) {
        return "its kind of colours is not supported; expected grey, a palette, RGB, CMYK or YCbCr";
    }
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID) {
        return "its samples are signed or floating-point numbers, which do not define a brightness";
    }
    const bool bits = r->bits == 8 || r->bits == 16 ||
                      (r->colours == 1 && (r->bits == 1 || r->bits == 2 || r->bits == 4));
    if (!bits) {
        return r->colours == 1 ? "its samples do not have 1, 2, 4, 8 or 16 bits"
                               : "its samples do not have 8 or 16 bits";
    }
    if (r->samples < r->colours || r->samples > 64) return "it has the wrong number of samples";
    if (r->samples == r->colours) r->extra = 0; /* regardless of the file */
    if (r->photometric != PHOTOMETRIC_PALETTE) return NULL;
    const bool map = r->bits <= 8 && TIFFGetField(t, TIFFTAG_COLORMAP, &r->palette[0],
                                                  &r->palette[1], &r->palette[2]);
    return map ? NULL : "its palette is missing";
}

static const char *read_image(reader *r, vrn_image *image)
{
    const char *fault = read_header(r);
    if (!fault) fault = pic_admit(r->width, r->height, r->size);
    if (fault) return fault;
    /* libjpeg converts colour differences in a JPEG; libtiff converts all others. */
    const bool differences = r->photometric == PHOTOMETRIC_YCBCR;
    const bool jpeg = differences && r->compression == COMPRESSION_JPEG &&
                      r->planar == PLANARCONFIG_CONTIG && r->bits == 8;
    if (jpeg) TIFFSetField(r->tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    r->pixels = malloc((size_t)r->width * r->height * 4);
    if (!r->pixels) return "out of memory";
    *image = (vrn_image){.pixels = r->pixels, .width = r->width, .height = r->height};
    fault = differences && !jpeg ? read_converted(r) : read_blocks(r);
    if (!fault && !pic_orient(image, r->orientation)) fault = "out of memory";
    return fault;
}

const char *pic_decode_tiff(const unsigned char *data, size_t size, vrn_image *image)
{
    reader r = {.data = data, .size = size};
    *message = 0;
    r.tiff = open_file(&r);
    if (!r.tiff) return *message ? message : "its data is damaged";
    const char *fault = read_image(&r, image);
    TIFFClose(r.tiff);
    if (fault) {
        free((void *)(uintptr_t)image->pixels);
        *image = (vrn_image){0};
    }
    return fault;
}
