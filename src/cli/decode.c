#include "decode.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* The most that one allocation of the decoder may have. stb_image grows the buffer of a PNG's
 * decompressed data for as long as there is data, whatever the image's size: a file of a megabyte
 * could ask for a gigabyte. */
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
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

static const uint64_t pixels_max = UINT64_C(1) << 27;    /* 134 million; 512 MiB as RGBA */
static const uint64_t pixels_always = UINT64_C(1) << 24; /* allowed to any file */
static const uint64_t pixels_per_byte = 8300;            /* deflate's 1032 times 8 pixels a byte */

const char *cli_decode(const unsigned char *data, size_t size, vrn_image *image)
{
    int width = 0, height = 0, channels = 0;
    if (size > INT_MAX) return "the file is too large";
    allocation_limit = 1 << 20;
    limit_reached = false;
    if (!stbi_info_from_memory(data, (int)size, &width, &height, &channels)) {
        return stbi_failure_reason();
    }
    if (width <= 0 || height <= 0) return "it has no pixels";
    uint64_t pixels = (uint64_t)width * (uint64_t)height;
    if (pixels > pixels_max) return "it has more than 134 million pixels";
    if (pixels > pixels_always && pixels / pixels_per_byte > size) {
        return "it claims more pixels than the file can hold";
    }
    /* Up to four channels of 16 bits, with a filter byte a row, rounded to a JPEG's blocks, and
     * doubled as a growing buffer is. */
    allocation_limit = ((size_t)width + 64) * ((size_t)height + 64) * 16 + (1 << 20);
    image->pixels = stbi_load_from_memory(data, (int)size, &width, &height, &channels, 4);
    if (!image->pixels) {
        return limit_reached ? "its data is larger than the image" : stbi_failure_reason();
    }
    image->width = (uint32_t)width;
    image->height = (uint32_t)height;
    return NULL;
}

void cli_decode_free(vrn_image *image)
{
    stbi_image_free((void *)(uintptr_t)image->pixels);
    *image = (vrn_image){0};
}
