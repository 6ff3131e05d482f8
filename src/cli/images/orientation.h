/* Which way up a photo is: EXIF's orientation, in a JPEG's APP1 segment or a PNG's eXIf chunk. */
#ifndef VRN_CLI_ORIENTATION_H
#define VRN_CLI_ORIENTATION_H

#include <stdbool.h>
#include <stddef.h>

#include <vkresnet/vkresnet.h>

/* 1 to 8 as EXIF numbers them: 1 is upright, and what a file says that says nothing, or
 * nonsense. */
unsigned cli_orientation(const unsigned char *data, size_t size);

/* Turns and mirrors an image upright; its pixels come from malloc, and so do those that take their
 * place. False, with the image as it was: out of memory. */
bool cli_orient(vrn_image *image, unsigned orientation);

#endif
