/* Small pictures inside a page. */
#ifndef VRN_CLI_THUMBNAIL_H
#define VRN_CLI_THUMBNAIL_H

#include <stdbool.h>

#include <vkresnet/vkresnet.h>

/* "data:TYPE;base64,..": as PNG an image that is tiny, else scaled down as JPEG. *tiny says which,
 * so that a page can show its pixels. NULL: no memory, which is reported. Release with free. */
char *cli_thumbnail_address(const vrn_image *image, bool *tiny);

#endif
