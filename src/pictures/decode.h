/* The parts of image decoding: decoders.c has the table of formats, file_header.c and orientation.c
 * look into files, and each decoder has its own file. Nothing here reads past the data. */
#ifndef VRN_PICTURES_DECODE_H
#define VRN_PICTURES_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

/* ---- decoders.c ------------------------------------------------------------------------------ */

/* Each decoder calls it once it knows the size, before it takes memory for pixels: refuses sizes as
 * pic_pixels_fault does, and waits at the gate (pictures.h) for the others. */
const char *pic_admit(uint64_t width, uint64_t height, size_t file_bytes);

/* ---- decode_*.c ------------------------------------------------------------------------------ */

/* As pic_decode (pictures.h): each gives Pillow's pixels, from malloc, of a file that begins as its
 * format does. All but stb's are there only in builds with their libraries (CMakeLists.txt). Those
 * of JPEG, PNG and WebP leave the image as it lies in the file; the others turn it upright. */
const char *pic_decode_stb(const unsigned char *data, size_t size, vrn_image *image);
const char *pic_decode_jpeg(const unsigned char *data, size_t size, vrn_image *image);
const char *pic_decode_webp(const unsigned char *data, size_t size, vrn_image *image);
const char *pic_decode_avif(const unsigned char *data, size_t size, vrn_image *image);
const char *pic_decode_heif(const unsigned char *data, size_t size, vrn_image *image);
const char *pic_decode_tiff(const unsigned char *data, size_t size, vrn_image *image);
const char *pic_decode_jxl(const unsigned char *data, size_t size, vrn_image *image);

/* ---- file_header.c: what a file's bytes show before it is decoded ---------------------------- */

bool pic_is_jpeg(const unsigned char *data, size_t size);
bool pic_is_bmp(const unsigned char *data, size_t size);
bool pic_is_pnm(const unsigned char *data, size_t size); /* PBM, PGM, PPM, PAM */
bool pic_is_avif(const unsigned char *data, size_t size);
bool pic_is_heif(const unsigned char *data, size_t size);

/* NULL, or why stb_image cannot read a PGM or PPM (a static text); NULL for all else. */
const char *pic_pnm_fault(const unsigned char *data, size_t size);

enum { PIC_PIXELS_MAX = 1 << 27 };

/* NULL, or why so many pixels are too many, for any file or for one of `file_bytes` (a static
 * text). */
const char *pic_pixels_fault(uint64_t width, uint64_t height, size_t file_bytes);

/* The offset at which a GIF says (in bit 0) that the first picture has a transparent colour; 0 if
 * it says nothing. */
size_t pic_gif_transparency(const unsigned char *data, size_t size);

/* The bits of green, 5 or 6, of a BMP with 16 bits a pixel, where red and blue have 5; 0 for all
 * else. */
unsigned pic_bmp_green_bits(const unsigned char *data, size_t size);

/* The red, green or blue that remains under `ink` (0 to 255) if black leaves `white`. */
uint8_t pic_ink_to_rgb(uint32_t ink, uint32_t white);

/* ---- orientation.c --------------------------------------------------------------------------- */

/* Which way up a photo is, by EXIF in a JPEG's APP1 segment, a PNG's eXIf or a WebP's EXIF chunk,
 * or a JPEG XL's box. 1 to 8 as EXIF numbers them; 1 is upright, and also the answer for files that
 * say nothing, or nonsense. */
unsigned pic_orientation(const unsigned char *data, size_t size);

/* Turns and mirrors an image upright; its pixels come from malloc, and so do those that take their
 * place. False, with the image as it was: out of memory. */
bool pic_orient(vrn_image *image, unsigned orientation);

#endif
