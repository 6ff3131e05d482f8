/* Pictures as RGBA: read from files, scaled into one another. */
#ifndef EXAMPLES_PICTURE_H
#define EXAMPLES_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct picture {
    uint8_t *rgba;
    int width, height;
} picture;

/* A part of a picture, in pixels, which need not be whole ones. */
typedef struct part {
    float x, y, width, height;
} part;

/* False, and an empty picture, where stb_image cannot read the file. */
bool picture_load(picture *p, const char *path);

/* All of one colour. Exits when out of memory. */
picture picture_blank(int width, int height, uint8_t grey);

void picture_free(picture *p);

/* The four bytes of a pixel. */
uint8_t *picture_at(const picture *p, int x, int y);

/* Scales a part of `from` into a rectangle of `to`: bilinear, and where it shrinks over all pixels
 * that a new one covers, as the library's own transform. The rectangle must lie in `to`; what the
 * part has outside of `from` is its nearest pixel. */
void picture_scale(picture *to, int x, int y, int width, int height, const picture *from,
                   part what);

/* Copies `from` as it is; it must lie in `to`. */
void picture_paste(picture *to, int x, int y, const picture *from);

#endif
