/* Image files to pixels. */
#ifndef VRN_CLI_IMAGE_H
#define VRN_CLI_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <vkresnet/vkresnet.h>

/* Decodes a file. Reports and returns false when that is not possible. */
bool cli_image_load(vrn_image *image, const char *path);

/* Accepts a zeroed struct, and zeroes it. */
void cli_image_free(vrn_image *image);

/* The bytes of its pixels. */
size_t cli_image_size(const vrn_image *image);

#endif
