/* JPEG by libjpeg, for builds that have it. */
#ifndef VRN_CLI_JPEG_H
#define VRN_CLI_JPEG_H

#include <stddef.h>

#include <vkresnet/vkresnet.h>

/* As cli_decode, for a JPEG, with the same pixels as Pillow, which uses this library too. A text is
 * valid until the next call of this thread. */
const char *cli_jpeg_decode(const unsigned char *data, size_t size, vrn_image *image);

#endif
