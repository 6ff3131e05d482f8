/* JPEG by libjpeg, for builds that have it. */
#ifndef VRN_CLI_JPEG_H
#define VRN_CLI_JPEG_H

#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

/* As cli_decode, for a JPEG, with the same pixels as Pillow, which uses this library too. `sized`
 * is called when the size is known, before memory is taken for pixels. A text is valid until the
 * next call of this thread. */
const char *cli_jpeg_decode(const unsigned char *data, size_t size,
                            void (*sized)(uint64_t width, uint64_t height), vrn_image *image);

#endif
