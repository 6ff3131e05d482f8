/* Image files to RGBA pixels, as PIL's Image.open(..).convert("RGB") gives them (alpha is left out,
 * not blended; colour profiles are ignored), and upright: EXIF's orientation is honoured. */
#ifndef VRN_CLI_IMAGE_H
#define VRN_CLI_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <vkresnet/vkresnet.h>

/* Decodes a file. */
bool cli_image_load(vrn_image *image, const char *path);

/* Decodes a file in memory. Returns NULL, or what is wrong (valid until this thread's next call).
 * decoders.c has the table of formats. Of animations the first frame, of deeper channels the upper
 * 8 bits. Threads may decode at the same time. */
const char *cli_decode(const unsigned char *data, size_t size, vrn_image *image);

/* Until NULL is given, `gate` is called by this thread's decoding when the size of a picture is
 * known, before memory is taken for its pixels, which are `bytes` as RGBA. It may wait until there
 * is room for them. */
typedef void (*cli_decode_gate)(void *user, size_t bytes);
void cli_decode_set_gate(cli_decode_gate gate, void *user);

/* Accepts a zeroed struct, and zeroes it. */
void cli_image_free(vrn_image *image);

#endif
