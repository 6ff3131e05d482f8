/* Encoded images in memory to RGBA pixels, by stb_image. */
#ifndef VRN_CLI_DECODE_H
#define VRN_CLI_DECODE_H

#include <stddef.h>

#include <vkresnet/vkresnet.h>

/* Returns NULL, or what is wrong (a static text). PNG, JPEG, BMP, GIF (its first frame), TGA, PNM
 * and PSD; deeper channels are cut to 8 bits. */
const char *cli_decode(const unsigned char *data, size_t size, vrn_image *image);
void cli_decode_free(vrn_image *image);

#endif
