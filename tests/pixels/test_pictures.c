/* The parts between an image file and its pixels: what its first bytes say, which way up it is, and
 * that no file, however damaged, does worse than to be refused. tests/pixels/check_pixels.py has
 * the pixels themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pictures/decode.h"
#include "pictures/pictures.h"

typedef struct file {
    unsigned char *data;
    size_t size;
} file;

/* A copy without a byte to spare, so that sanitizers see who reads past it. */
static file copy_of(const void *data, size_t size)
{
    file f = {malloc(size ? size : 1), size};
    assert_non_null(f.data);
    if (size) memcpy(f.data, data, size);
    return f;
}

static file append(file f, const void *data, size_t size)
{
    f.data = realloc(f.data, f.size + size);
    assert_non_null(f.data);
    memcpy(f.data + f.size, data, size);
    f.size += size;
    return f;
}

static file read_sample(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, VRN_TEST_SOURCE_DIR "/%s", name);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    unsigned char buffer[65536];
    const size_t size = fread(buffer, 1, sizeof buffer, stream);
    fclose(stream);
    assert_true(size > 0 && size < sizeof buffer);
    return copy_of(buffer, size);
}

/* EXIF data with another entry before the orientation's. */
static size_t make_tiff(unsigned char tiff[38], bool little, unsigned value)
{
    static const unsigned char numbers[38 - 4] = {0, 0,   0,   8,   0, 2, 1,  15, 0, 2, 0, 0, 0,
                                                  4, 'a', 'b', 'c', 0, 1, 18, 0,  3, 0, 0, 0, 1};
    static const int widths[] = {4, 2, 2, 2, 4, -4, 2, 2, 4, 2, 2, 4};
    memcpy(tiff, little ? "II*\0" : "MM\0*", 4);
    memcpy(tiff + 4, numbers, sizeof numbers);
    tiff[31] = (unsigned char)value;
    for (size_t i = 0, at = 4; i < sizeof widths / sizeof widths[0]; i++) {
        const int width = abs(widths[i]);
        for (int k = 0; k < width / 2 && little && widths[i] > 0; k++) {
            const unsigned char swapped = tiff[at + (size_t)k];
            tiff[at + (size_t)k] = tiff[at + (size_t)(width - 1 - k)];
            tiff[at + (size_t)(width - 1 - k)] = swapped;
        }
        at += (size_t)width;
    }
    return 38;
}

static file jpeg_with(const unsigned char *tiff, size_t size)
{
    /* JFIF's segment, a byte of fill, and the segment in question. */
    file f = copy_of("\xff\xd8\xff\xe0\0\4xx\xff\xff\xe1\0", 12);
    const unsigned char length = (unsigned char)(size + 8);
    f = append(f, &length, 1);
    f = append(f, "Exif\0\0", 6);
    return append(f, tiff, size);
}

static file png_with(const unsigned char *tiff, size_t size)
{
    file f = copy_of("\x89PNG\r\n\x1a\n\0\0\0\2abcdxxCRC!\0\0\0", 8 + 14 + 3);
    const unsigned char length = (unsigned char)size;
    f = append(f, &length, 1);
    f = append(f, "eXIf", 4);
    f = append(f, tiff, size);
    return append(f, "CRC!", 4);
}

static file webp_with(const unsigned char *tiff, size_t size)
{
    /* A chunk of odd length, its padding, and EXIF named as in a JPEG. */
    file f = copy_of("RIFF\0\0\0\0WEBPVP8 \3\0\0\0abc\0EXIF", 8 + 4 + 8 + 4 + 4);
    const unsigned char length[4] = {(unsigned char)(size + 6)};
    f = append(f, length, 4);
    f = append(f, "Exif\0\0", 6);
    return append(f, tiff, size);
}

static file jxl_with(const unsigned char *tiff, size_t size)
{
    file f = copy_of("\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x0a"
                     "ftyp..\0\0\0",
                     12 + 10 + 3);
    const unsigned char length = (unsigned char)(size + 12);
    f = append(f, &length, 1);
    f = append(f, "Exif\0\0\0\0", 8);
    return append(f, tiff, size);
}

static file (*const forms[])(const unsigned char *tiff, size_t size) = {jpeg_with, png_with,
                                                                        webp_with, jxl_with};
enum { FORMS = sizeof forms / sizeof forms[0] };

static void finds_orientations(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2 * FORMS * 10; i++) {
        unsigned char tiff[38];
        const unsigned value = i / (2 * FORMS);
        const size_t size = make_tiff(tiff, i & 1, value);
        file f = forms[i / 2 % FORMS](tiff, size);
        assert_int_equal(pic_orientation(f.data, f.size), value >= 1 && value <= 8 ? value : 1);
        free(f.data);
    }
    assert_int_equal(pic_orientation((const unsigned char *)"", 0), 1);
    assert_int_equal(pic_orientation((const unsigned char *)"GIF89a..............", 20), 1);
}

/* Every truncation of each form, and every byte changed to some others. */
static void survives_broken_orientations(void **state)
{
    (void)state;
    static const unsigned char others[] = {0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff};
    for (int form = 0; form < 2 * FORMS; form++) {
        unsigned char tiff[38];
        const size_t size = make_tiff(tiff, form & 1, 6);
        file whole = forms[form / 2](tiff, size);
        for (size_t i = 0; i < whole.size; i++) {
            file cut = copy_of(whole.data, i);
            assert_in_range(pic_orientation(cut.data, cut.size), 1, 8);
            free(cut.data);
            for (size_t k = 0; k < sizeof others; k++) {
                file changed = copy_of(whole.data, whole.size);
                changed.data[i] = others[k];
                assert_in_range(pic_orientation(changed.data, changed.size), 1, 8);
                free(changed.data);
            }
        }
        free(whole.data);
    }
}

static void turns_upright(void **state)
{
    (void)state;
    /* ab     What each orientation makes of these three rows. */
    /* cd */
    /* ef */
    static const char *const upright[9] = {"",       "abcdef", "badcfe", "fedcba", "efcdab",
                                           "acebdf", "ecafdb", "fdbeca", "bdface"};
    for (unsigned orientation = 1; orientation <= 8; orientation++) {
        uint8_t *pixels = malloc(24);
        assert_non_null(pixels);
        for (int i = 0; i < 24; i++) pixels[i] = (uint8_t)("abcdef"[i / 4] + i % 4 * 32);
        vrn_image image = {.pixels = pixels, .width = 2, .height = 3};
        assert_true(pic_orient(&image, orientation));
        assert_int_equal(image.width, orientation > 4 ? 3 : 2);
        assert_int_equal(image.height, orientation > 4 ? 2 : 3);
        for (int i = 0; i < 24; i++) {
            assert_int_equal(image.pixels[i], (uint8_t)(upright[orientation][i / 4] + i % 4 * 32));
        }
        pic_free(&image);
    }
    /* More than a tile, there and back. */
    enum { WIDTH = 77, HEIGHT = 45, BYTES = WIDTH * HEIGHT * 4 };
    uint8_t *pixels = malloc(BYTES), *before = malloc(BYTES);
    assert_true(pixels && before);
    for (int i = 0; i < BYTES; i++) pixels[i] = (uint8_t)(i * 7 + i / 256);
    memcpy(before, pixels, BYTES);
    vrn_image image = {.pixels = pixels, .width = WIDTH, .height = HEIGHT};
    assert_true(pic_orient(&image, 6) && pic_orient(&image, 8));
    assert_memory_equal(image.pixels, before, BYTES);
    assert_true(pic_orient(&image, 7) && pic_orient(&image, 5) && pic_orient(&image, 3));
    assert_memory_equal(image.pixels, before, BYTES);
    pic_free(&image);
    free(before);
}

static void knows_formats(void **state)
{
    (void)state;
#define FAULT(text) pic_decode((const unsigned char *)(text), sizeof(text) - 1, &image)
    vrn_image image;
    assert_non_null(strstr(FAULT("....jP  \r\n\x87\n"), "JPEG 2000 is not supported"));
    assert_non_null(strstr(FAULT("P4\n1 1\n"), "PBM is not supported"));
    assert_non_null(FAULT("RIFF....WAVE"));
    assert_non_null(FAULT(""));
#undef FAULT
#define BEGINS(text) pic_begins_as_image((const unsigned char *)(text), sizeof(text) - 1)
    assert_true(BEGINS("RIFF....WEBPVP8 ") && BEGINS("MM\0*....") && BEGINS("II+\0....") &&
                BEGINS("....ftypavif") &&
                BEGINS("\0\0\0\x18"
                       "ftypmif1....miafavif") &&
                BEGINS("....ftypheic") && BEGINS("\0\0\0\x0cJXL \r\n\x87\n"));
    assert_false(BEGINS("RIFF....WAVE") || BEGINS("") || BEGINS("\xff\x0a") || BEGINS("%PDF-1.7") ||
                 BEGINS("....ftypisom") || BEGINS("P1 is no bitmap"));
#undef BEGINS
#define IS(kind, text) pic_is_##kind((const unsigned char *)(text), sizeof(text) - 1)
    assert_true(IS(avif, "\0\0\0\x18"
                         "ftypmif1....miafavif"));
    assert_false(IS(avif, "\0\0\0\x14"
                          "ftypmif1....miafavif")); /* behind the box */
    assert_false(IS(avif, "\0\0\0\x18"
                          "ftypheic....miafavif"));
    assert_true(IS(heif, "\0\0\0\x18"
                         "ftypheic....miafavif"));
#undef IS
#define FAULT(text) pic_pnm_fault((const unsigned char *)(text), sizeof(text) - 1)
    assert_null(FAULT("P5"));
    assert_null(FAULT("P6 3 2 255\n"));
    assert_null(FAULT("P6\n# 1 2 3\n3 # 4\n2\n255\n"));
    assert_non_null(strstr(FAULT("P5 3 2 99999999999999999999\n"), "too large"));
    assert_non_null(FAULT("P5 3 2 65535\n"));
    assert_non_null(FAULT("P6#\n3 2\n15\n"));
    assert_non_null(FAULT("P6 3 2 15"));

    assert_null(pic_pixels_fault(4096, 4096, 100));
    assert_null(pic_pixels_fault(8192, 8192, 8192));
    assert_non_null(pic_pixels_fault(8192, 8192, 8000));
    assert_non_null(pic_pixels_fault(0, 1, 100));
    assert_non_null(pic_pixels_fault(1 << 14, (1 << 13) + 1, SIZE_MAX));
    assert_non_null(pic_pixels_fault(UINT64_MAX, UINT64_MAX, SIZE_MAX));

    file bmp = copy_of("BM..................\0\0\0\0\0\0\0\0\20\0\3\0\0\0", 34);
    bmp.data[14] = 40;
    bmp = append(bmp, "....................\0\xf8\0\0\xe0\7\0\0\x1f\0\0\0", 32);
    assert_int_equal(pic_bmp_green_bits(bmp.data, bmp.size), 6);
    assert_int_equal(pic_bmp_green_bits(bmp.data, bmp.size - 1), 0);
    bmp.data[58] ^= 1;
    assert_int_equal(pic_bmp_green_bits(bmp.data, bmp.size),
                     0); /* other masks are taken as they are */
    bmp.data[30] = 0;
    assert_int_equal(pic_bmp_green_bits(bmp.data, bmp.size), 5);
    bmp.data[28] = 24;
    assert_int_equal(pic_bmp_green_bits(bmp.data, bmp.size), 0);
    free(bmp.data);

    static const unsigned char gif[] =
        "GIF89a\1\0\1\0\x80\0\0rgbRGB\x21\xfe\2hi\0\x21\xf9\4\1\0\0\5\0,";
    assert_int_equal(pic_gif_transparency(gif, sizeof gif - 1), 28);
    for (size_t i = 0; i < sizeof gif; i++) {
        file cut = copy_of(gif, i);
        assert_true(pic_gif_transparency(cut.data, cut.size) < sizeof gif);
        free(cut.data);
    }
}

/* Files that are cut short are refused, and changed ones either refused or as large as they say. */
static void survives_damage(void **state)
{
    (void)state;
    static const char *const names[] = {
        "tests/data/pictures/progressive.jpg", "samples/ship.png",
#ifdef VRN_PIC_LIBAVIF
        "tests/data/pictures/alpha.avif",
#endif
#ifdef VRN_PIC_LIBHEIF
        "tests/data/pictures/upright-6.heic",
#endif
#ifdef VRN_PIC_LIBJXL
        "tests/data/pictures/photo.jxl",
#endif
    };
    uint32_t random = 1;
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        file whole = read_sample(names[n]);
        vrn_image image;
        assert_null(pic_decode(whole.data, whole.size, &image));
        pic_free(&image);
        for (size_t i = 0; i < 100; i++) {
            file cut = copy_of(whole.data, i * (whole.size - 8) / 100);
            assert_non_null(pic_decode(cut.data, cut.size, &image));
            assert_null(image.pixels);
            free(cut.data);
        }
        for (int i = 0; i < 400; i++) {
            file changed = copy_of(whole.data, whole.size);
            for (int k = 0; k < 1 + i % 4; k++) {
                random = random * 1664525u + 1013904223u;
                changed.data[(random >> 8) % changed.size] = (unsigned char)random;
            }
            if (!pic_decode(changed.data, changed.size, &image)) {
                assert_true(image.width > 0 && image.height > 0);
                const volatile uint8_t last =
                    image.pixels[(size_t)image.width * image.height * 4 - 1];
                (void)last;
                pic_free(&image);
            }
            free(changed.data);
        }
        free(whole.data);
    }
}

#ifdef VRN_PIC_LIBJXL
/* A JPEG XL whose codestream and whose EXIF data ask for the same turn is turned once. */
static void turns_once(void **state)
{
    (void)state;
    /* cjxl -j 0 -d 0, of a JPEG of 16 x 8 pixels with orientation 6: red on the left, blue on the
     * right. */
    static const unsigned char data[] = {
        0x00, 0x00, 0x00, 0x0c, 0x4a, 0x58, 0x4c, 0x20, 0x0d, 0x0a, 0x87, 0x0a, 0x00, 0x00, 0x00,
        0x14, 0x66, 0x74, 0x79, 0x70, 0x6a, 0x78, 0x6c, 0x20, 0x00, 0x00, 0x00, 0x00, 0x6a, 0x78,
        0x6c, 0x20, 0x00, 0x00, 0x00, 0x32, 0x45, 0x78, 0x69, 0x66, 0x00, 0x00, 0x00, 0x00, 0x49,
        0x49, 0x2a, 0x00, 0x08, 0x00, 0x00, 0x00, 0x02, 0x00, 0x0f, 0x01, 0x02, 0x00, 0x04, 0x00,
        0x00, 0x00, 0x61, 0x62, 0x63, 0x00, 0x12, 0x01, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, 0x06,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x35, 0x6a, 0x78, 0x6c, 0x63,
        0xff, 0x0a, 0xc1, 0x2d, 0x10, 0x50, 0x5c, 0x12, 0x08, 0x02, 0x01, 0x00, 0x7c, 0x00, 0x4b,
        0x18, 0x8b, 0x15, 0x00, 0x1c, 0x44, 0xc6, 0x18, 0x63, 0xa4, 0x78, 0x81, 0x10, 0x00, 0xa2,
        0xdb, 0x66, 0x10, 0xf8, 0x2b, 0x89, 0xb2, 0xa1, 0x8a, 0x3e, 0x02, 0x5a, 0x80, 0xbc, 0x00,
    };
    vrn_image image;
    assert_null(pic_decode(data, sizeof data, &image));
    assert_int_equal(image.width, 8);
    assert_int_equal(image.height, 16);
    assert_true(image.pixels[0] > 250 && image.pixels[2] < 5);
    const size_t last = (size_t)8 * 16 * 4 - 4;
    assert_true(image.pixels[last] < 5 && image.pixels[last + 2] > 250);
    pic_free(&image);
}
#endif

#ifdef VRN_PIC_LIBJPEG
/* A progressive JPEG whose last scan comes again and again. */
static void refuses_endless_scans(void **state)
{
    (void)state;
    file f = read_sample("tests/data/pictures/progressive.jpg");
    size_t last = f.size - 2;
    while (memcmp(f.data + last, "\xff\xda", 2) != 0) last--;
    const size_t length = f.size - 2 - last;
    file scan = copy_of(f.data + last, length);
    file many = copy_of(f.data, f.size - 2);
    for (int i = 0; i < 600; i++) many = append(many, scan.data, length);
    many = append(many, "\xff\xd9", 2);
    vrn_image image;
    const char *fault = pic_decode(many.data, many.size, &image);
    assert_non_null(fault);
    assert_string_equal(fault, "it has too many scans");
    free(f.data);
    free(scan.data);
    free(many.data);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_orientations),
        cmocka_unit_test(survives_broken_orientations),
        cmocka_unit_test(turns_upright),
        cmocka_unit_test(knows_formats),
        cmocka_unit_test(survives_damage),
#ifdef VRN_PIC_LIBJXL
        cmocka_unit_test(turns_once),
#endif
#ifdef VRN_PIC_LIBJPEG
        cmocka_unit_test(refuses_endless_scans),
#endif
    };
    return cmocka_run_group_tests_name("pictures", tests, NULL, NULL);
}
