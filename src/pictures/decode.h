/* The parts of image decoding: decoders.c has the table of formats, file_header.c and orientation.c
 * read properties of files, and each decoder has its own file. No function reads past the data. */
#ifndef VRN_PICTURES_DECODE_H
#define VRN_PICTURES_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

/* ---- decoders.c ------------------------------------------------------------------------------ */

/* Each decoder calls this when it knows the size, before it allocates memory for pixels. Returns
 * the fault that pic_pixels_fault finds; if there is none, calls the gate (pictures.h), which may
 * wait, and returns NULL. */
const char *pic_admit(uint64_t width, uint64_t height, size_t file_bytes);

/* ---- decode_*.c ------------------------------------------------------------------------------ */

/* Like pic_decode (pictures.h): each decodes a file that begins like its format to the same pixels
 * as Pillow, from malloc. All except stb's exist only in builds with their libraries
 * (CMakeLists.txt). Those for JPEG, PNG and WebP leave the image as stored; the others turn it
 * upright. */
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

/* Why stb_image cannot read a PGM or PPM (a static text), or NULL. NULL for other formats. */
const char *pic_pnm_fault(const unsigned char *data, size_t size);

enum { PIC_PIXELS_MAX = 1 << 27 };

/* Why this many pixels are too many, for any file or for a file of `file_bytes` (a static text), or
 * NULL. */
const char *pic_pixels_fault(uint64_t width, uint64_t height, size_t file_bytes);

/* The offset of the byte whose bit 0 says that a GIF's first picture has a transparent colour; 0:
 * there is none. */
size_t pic_gif_transparency(const unsigned char *data, size_t size);

/* The bits of green, 5 or 6, in a BMP with 16 bits per pixel, where red and blue have 5; 0 for
 * other files. */
unsigned pic_bmp_green_bits(const unsigned char *data, size_t size);

/* The red, green or blue that remains under `ink` (0 to 255) if black leaves `white`. */
uint8_t pic_ink_to_rgb(uint32_t ink, uint32_t white);

/* ---- orientation.c --------------------------------------------------------------------------- */

/* A photo's orientation, by EXIF in a JPEG's APP1 segment, a PNG's eXIf or a WebP's EXIF chunk, or
 * a JPEG XL's box. 1 to 8 as in EXIF; 1 is upright, and is also returned for files without a valid
 * orientation. */
unsigned pic_orientation(const unsigned char *data, size_t size);

/* Turns and mirrors an image upright. Its pixels are from malloc, and so are the new ones. False:
 * out of memory, and the image is unchanged. */
bool pic_orient(vrn_image *image, unsigned orientation);

#endif
