/* A line of text on a picture, and the picture as PNG. */
#ifndef EXAMPLES_CAPTION_H
#define EXAMPLES_CAPTION_H

#include <stdbool.h>
#include <stdint.h>

enum { CAPTION_SCALE = 4, CAPTION_HEIGHT = 7 * CAPTION_SCALE }; /* pixels of a dot and of the bar */

/* Draws capitals, digits, '%' and '.' (others as blanks) in a dark bar at the lower edge. */
void caption_draw(uint8_t *rgba, int width, int height, const char *text, const uint8_t colour[3]);

bool caption_save(const char *path, const uint8_t *rgba, int width, int height);

#endif
