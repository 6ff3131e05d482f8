/* Decodes image files to RGBA pixels, like PIL's Image.open(..).convert("RGB") (alpha is dropped,
 * not blended; colour profiles are ignored), and turns them upright by EXIF's orientation. Used by
 * the program and the Python package. Threads may decode at the same time. */
#ifndef VRN_PICTURES_PICTURES_H
#define VRN_PICTURES_PICTURES_H

#include <stdbool.h>
#include <stddef.h>

#include <vkresnet/vkresnet.h>

/* Decodes a file in memory. Returns NULL, or what is wrong (valid until this thread's next call).
 * Takes the first frame of animations, and the upper 8 bits of deeper channels. decoders.c has the
 * table of formats. */
const char *pic_decode(const unsigned char *data, size_t size, vrn_image *image);

/* Frees the pixels of a decoded image. Accepts a zeroed struct, and zeroes it. */
void pic_free(vrn_image *image);

/* Sets the gate of this thread; NULL removes it. Decoding calls `gate` when it knows a picture's
 * size, before it allocates memory for the pixels, which take `bytes` as RGBA. The gate may wait
 * until there is room. */
typedef void (*pic_gate)(void *user, size_t bytes);
void pic_set_gate(pic_gate gate, void *user);

/* True if a file with these first bytes (PIC_HEAD, or all of a shorter file) is an image of a known
 * format, even one that cannot be read. */
enum { PIC_HEAD = 32 };
bool pic_begins_as_image(const unsigned char *data, size_t size);

#endif
