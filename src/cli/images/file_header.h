/* What the first bytes of an image file tell before it is decoded. Nothing here reads past the
 * data. */
#ifndef VRN_CLI_FILE_HEADER_H
#define VRN_CLI_FILE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool cli_is_jpeg(const unsigned char *data, size_t size);

/* NULL, or why a file cannot be read whose format is known (a static text). */
const char *cli_format_fault(const unsigned char *data, size_t size);

/* NULL, or why so many pixels are too many, for any file or for one of `file_bytes` (a static
 * text). */
const char *cli_pixels_fault(uint64_t width, uint64_t height, size_t file_bytes);

/* Where a GIF says (in bit 0) that the first picture has a transparent colour; 0 where it does
 * not. */
size_t cli_gif_transparency(const unsigned char *data, size_t size);

/* The bits of green, 5 or 6, of a BMP with 16 bits a pixel, where red and blue have 5; 0 for all
 * else. */
unsigned cli_bmp_green_bits(const unsigned char *data, size_t size);

#endif
