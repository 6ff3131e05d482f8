/* What decoding an image consists of, beside stb_image. Nothing here reads past the data. */
#ifndef VRN_CLI_DECODE_H
#define VRN_CLI_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

/* file_header.c: what the first bytes tell before a file is decoded. */
bool cli_is_jpeg(const unsigned char *data, size_t size);

/* Whether a file with these first bytes, CLI_IMAGE_HEAD or the whole of a shorter file, is an image
 * of a format that is known, whether or not it can be read. */
enum { CLI_IMAGE_HEAD = 32 };
bool cli_begins_as_image(const unsigned char *data, size_t size);

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

/* orientation.c: which way up a photo is, by EXIF in a JPEG's APP1 segment or a PNG's eXIf chunk.
 * 1 to 8 as EXIF numbers them: 1 is upright, and what a file says that says nothing, or
 * nonsense. */
unsigned cli_orientation(const unsigned char *data, size_t size);

/* Turns and mirrors an image upright; its pixels come from malloc, and so do those that take their
 * place. False, with the image as it was: out of memory. */
bool cli_orient(vrn_image *image, unsigned orientation);

/* jpeg.c, in builds that have libjpeg: as cli_decode, for a JPEG, with the same pixels as Pillow,
 * which uses this library too. `sized` is called when the size is known, before memory is taken for
 * pixels. A text is valid until the next call of this thread. */
const char *cli_jpeg_decode(const unsigned char *data, size_t size,
                            void (*sized)(uint64_t width, uint64_t height), vrn_image *image);

#endif
