#include "pictures/decode.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The limit of one allocation by the decoder. stb_image enlarges the buffer for a PNG's
 * decompressed data as long as there is data, regardless of the image's size: a file of a megabyte
 * could allocate a gigabyte. */
static _Thread_local size_t allocation_limit;
static _Thread_local bool limit_reached;

static bool within_limit(size_t size)
{
    if (size > allocation_limit) limit_reached = true;
    return size <= allocation_limit;
}

static void *limited_malloc(size_t size)
{
    return within_limit(size) ? malloc(size) : NULL;
}

static void *limited_realloc(void *old, size_t size)
{
    return within_limit(size) ? realloc(old, size) : NULL;
}

#define STBI_MALLOC(size)       limited_malloc(size)
#define STBI_REALLOC(old, size) limited_realloc(old, size)
#define STBI_FREE(memory)       free(memory)
#define STBI_MAX_DIMENSIONS     65535
#define STBI_FAILURE_USERMSG
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_NO_PIC
#ifdef VRN_PIC_LIBJPEG /* defined by CMakeLists.txt */
#define STBI_NO_JPEG
#endif
#define STB_IMAGE_IMPLEMENTATION
/* stb_image converts floats outside a byte's range, which is undefined in C. That affects only the
 * pixels of broken files, so these checks are disabled for it. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#endif
#include <stb_image.h>
#ifdef __clang__
#pragma clang attribute pop
#endif

/* The file as stb_image reads it. stb_image reads zeros past the end, so `overrun` records that. It
 * requests exactly what it needs, or a whole buffer, which the end of a file need not fill. */
enum { STB_BUFFER = sizeof((stbi__context *)0)->buffer_start };
typedef struct source {
    const unsigned char *data;
    size_t size, at;
    size_t cleared; /* clear bit 0 of the byte at this offset; 0: none */
    bool overrun;
} source;

static int read_source(void *user, char *to, int wanted)
{
    source *s = user;
    size_t count = (size_t)wanted;
    if (count > s->size - s->at) count = s->size - s->at;
    if (count < (size_t)wanted && (count == 0 || wanted != STB_BUFFER)) s->overrun = true;
    memcpy(to, s->data + s->at, count);
    if (s->cleared >= s->at && s->cleared - s->at < count && s->cleared) {
        to[s->cleared - s->at] = (char)(to[s->cleared - s->at] & ~1);
    }
    s->at += count;
    return (int)count;
}

static void skip_source(void *user, int count)
{
    source *s = user;
    if (count <= 0) return; /* it never goes back this way */
    const bool beyond = (size_t)count > s->size - s->at;
    s->at = beyond ? s->size : s->at + (size_t)count;
    s->overrun = s->overrun || beyond;
}

static int source_ended(void *user)
{
    const source *s = user;
    return s->at == s->size;
}

static const stbi_io_callbacks callbacks = {read_source, skip_source, source_ended};

/* stb_image expands 5 and 6 bits to 8 by repeating the upper bits; PIL truncates v * 255 / 31. */
static void scale_16_bits(unsigned char *rgba, uint64_t pixels, unsigned green)
{
    const unsigned bits[3] = {5, green, 5};
    for (uint64_t i = 0; i < pixels * 4; i++) {
        if (i % 4 == 3) continue;
        const unsigned all = (1u << bits[i % 4]) - 1;
        rgba[i] = (unsigned char)(((unsigned)rgba[i] >> (8 - bits[i % 4])) * 255u / all);
    }
}

/* stb_image gives no reason for some broken files. */
static const char *failure_reason(void)
{
    const char *reason = stbi_failure_reason();
    return reason && *reason ? reason : "its data is damaged";
}

#ifndef VRN_PIC_LIBJPEG
/* Finds tables of more than 256 Huffman codes, which overflow stb_image's memory. Checks every
 * occurrence of their marker, in any segment. */
static bool has_large_table(const unsigned char *data, size_t size)
{
    enum { MARKER = 0xc4, LENGTHS = 16, CODES_MAX = 256 };
    for (size_t marker = 0; marker + 4 <= size; marker++) {
        if (data[marker] != 0xff || data[marker + 1] != MARKER) continue;
        size_t end = marker + 2 + ((size_t)data[marker + 2] << 8 | data[marker + 3]);
        if (end > size) end = size;
        for (size_t at = marker + 4; at + 1 + LENGTHS <= end;) {
            size_t codes = 0;
            for (size_t i = 1; i <= LENGTHS; i++) codes += data[at + i];
            if (codes > CODES_MAX) return true;
            at += 1 + LENGTHS + codes;
        }
    }
    return false;
}

static const char *jpeg_fault(const unsigned char *data, size_t size)
{
    return has_large_table(data, size) ? "its Huffman tables are damaged" : NULL;
}
#else
static const char *jpeg_fault(const unsigned char *data, size_t size)
{
    (void)data;
    (void)size;
    return NULL;
}
#endif

const char *pic_decode_stb(const unsigned char *data, size_t size, vrn_image *image)
{
    const char *fault = pic_pnm_fault(data, size);
    if (!fault && pic_is_jpeg(data, size)) fault = jpeg_fault(data, size);
    if (fault) return fault;
    int width = 0, height = 0, channels = 0;
    allocation_limit = 1 << 20;
    limit_reached = false;
    source s = {.data = data, .size = size};
    if (!stbi_info_from_callbacks(&callbacks, &s, &width, &height, &channels)) {
        return failure_reason();
    }
    fault = pic_admit((uint64_t)width, (uint64_t)height, size);
    if (fault) return fault;
    /* Room for up to four channels of 16 bits with a filter byte per row, rounded up to a JPEG's
     * blocks, and doubled as for a growing buffer. */
    allocation_limit = ((size_t)width + 64) * ((size_t)height + 64) * 16 + (1 << 20);
    /* stb_image would omit pixels of the transparent colour, but their colour is wanted. */
    s = (source){.data = data, .size = size, .cleared = pic_gif_transparency(data, size)};
    unsigned char *pixels = stbi_load_from_callbacks(&callbacks, &s, &width, &height, &channels, 4);
    if (pixels && !s.overrun) {
        const unsigned green = pic_bmp_green_bits(data, size);
        if (green) scale_16_bits(pixels, (uint64_t)width * (uint64_t)height, green);
        *image =
            (vrn_image){.pixels = pixels, .width = (uint32_t)width, .height = (uint32_t)height};
        return NULL;
    }
    stbi_image_free(pixels);
    if (s.overrun) return "the file is cut short";
    return limit_reached ? "its data is larger than the image" : failure_reason();
}
