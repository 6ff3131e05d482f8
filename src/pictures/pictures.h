/* Image files to RGBA pixels, as PIL's Image.open(..).convert("RGB") gives them (alpha is left out,
 * not blended; colour profiles are ignored), and upright: EXIF's orientation is honoured. The
 * program and the Python package use it. Threads may decode at the same time. */
#ifndef VRN_PICTURES_PICTURES_H
#define VRN_PICTURES_PICTURES_H

#include <stdbool.h>
#include <stddef.h>

#include <vkresnet/vkresnet.h>

/* Decodes a file in memory. Returns NULL, or what is wrong (valid until this thread's next call).
 * decoders.c has the table of formats. Of animations the first frame, of deeper channels the upper
 * 8 bits. */
const char *pic_decode(const unsigned char *data, size_t size, vrn_image *image);

/* Frees the pixels of a decoded image. Accepts a zeroed struct, and zeroes it. */
void pic_free(vrn_image *image);

/* Until NULL is given, `gate` is called by this thread's decoding when the size of a picture is
 * known, before memory is taken for its pixels, which are `bytes` as RGBA. It may wait until there
 * is room for them. */
typedef void (*pic_gate)(void *user, size_t bytes);
void pic_set_gate(pic_gate gate, void *user);

/* Whether a file with these first bytes, PIC_HEAD or the whole of a shorter file, is an image of a
 * format that is known, whether or not it can be read. */
enum { PIC_HEAD = 32 };
bool pic_begins_as_image(const unsigned char *data, size_t size);

#endif
