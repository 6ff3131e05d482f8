/* Pictures that the program makes: scaled, drawn into, and written as PNG or JPEG. */
#ifndef VRN_CLI_PICTURE_H
#define VRN_CLI_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

typedef struct cli_picture {
    uint8_t *rgb; /* [height][width][3] */
    uint32_t width, height;
} cli_picture;

/* The whole image at another size: each pixel is the mean of the area that it covers. */
bool cli_picture_scale(cli_picture *picture, const vrn_image *image, uint32_t width,
                       uint32_t height);

/* Accepts a zeroed struct, and zeroes it. */
void cli_picture_free(cli_picture *picture);

/* True if the name ends in .png, .jpg or .jpeg, in any case. */
bool cli_picture_is_name(const char *path);

/* Writes PNG or JPEG, depending on the name's extension. */
bool cli_picture_write(const cli_picture *picture, const char *path);

/* A small picture inside a page, "data:TYPE;base64,...": a tiny image as PNG, any other scaled down
 * as JPEG. *tiny says which, so that a page can show a tiny image's pixels. Release with free.
 * NULL: out of memory, which is reported. */
char *cli_thumbnail_address(const vrn_image *image, bool *tiny);

#endif
