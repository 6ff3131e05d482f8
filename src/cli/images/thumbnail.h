/* Small pictures inside a page. */
#ifndef VRN_CLI_THUMBNAIL_H
#define VRN_CLI_THUMBNAIL_H

#include <stdbool.h>
#include <stdio.h>

#include <vkresnet/vkresnet.h>

/* Writes the value of <img>'s src: as PNG an image that is tiny, else scaled down as JPEG. *tiny
 * says which, so that a page can show its pixels. Returns false when there is no memory, with
 * nothing written. */
bool cli_thumbnail_write(FILE *out, const vrn_image *image, bool *tiny);

#endif
