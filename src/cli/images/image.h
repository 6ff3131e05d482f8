/* Image files by path: src/pictures decodes them. */
#ifndef VRN_CLI_IMAGE_H
#define VRN_CLI_IMAGE_H

#include <stdbool.h>

#include <vkresnet/vkresnet.h>

/* Reads and decodes a file, or standard input ("-"). False: reported. pic_free frees the pixels. */
bool cli_image_load(vrn_image *image, const char *path);

#endif
