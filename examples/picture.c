#include "picture.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

static void out_of_memory(void)
{
    fprintf(stderr, "out of memory\n");
    exit(1);
}

uint8_t *picture_at(const picture *p, int x, int y)
{
    return p->rgba + ((ptrdiff_t)y * p->width + x) * 4;
}

bool picture_load(picture *p, const char *path)
{
    *p = (picture){0};
    p->rgba = stbi_load(path, &p->width, &p->height, NULL, 4);
    return p->rgba != NULL;
}

picture picture_blank(int width, int height, uint8_t grey)
{
    const size_t count = (size_t)width * (size_t)height;
    picture p = {malloc(count * 4), width, height};
    if (!p.rgba) out_of_memory();
    memset(p.rgba, grey, count * 4);
    for (size_t i = 0; i < count; i++) p.rgba[i * 4 + 3] = 255;
    return p;
}

void picture_free(picture *p)
{
    free(p->rgba); /* stb_image's own pixels come from malloc, too */
    *p = (picture){0};
}

static int clamp(int value, int count)
{
    return value < 0 ? 0 : value >= count ? count - 1 : value;
}

/* A tent over pixels that a new pixel is the mean of, by its weights. */
typedef struct tent {
    float centre, support; /* half the width */
    int first, last;
} tent;

/* Of new pixel `i` of `count`, which share the pixels from `start` on, `size` of them. */
static tent tent_of(int i, int count, float start, float size)
{
    const float step = size / (float)count;
    tent t = {.centre = start + ((float)i + 0.5f) * step - 0.5f, .support = fmaxf(step, 1)};
    t.first = (int)ceilf(t.centre - t.support);
    t.last = (int)floorf(t.centre + t.support);
    return t;
}

static float tent_weight(const tent *t, int i)
{
    return t->support - fabsf((float)i - t->centre);
}

/* A row of new height, still of the old width. */
static void blend_rows(float *line, const picture *from, const tent *t)
{
    const int values = from->width * 4;
    float sum = 0;
    for (int k = 0; k < values; k++) line[k] = 0;
    for (int i = t->first; i <= t->last; i++) {
        const uint8_t *row = from->rgba + (ptrdiff_t)clamp(i, from->height) * values;
        const float weight = tent_weight(t, i);
        for (int k = 0; k < values; k++) line[k] += weight * row[k];
        sum += weight;
    }
    for (int k = 0; k < values; k++) line[k] /= sum;
}

static void blend_columns(uint8_t rgba[4], const float *line, int width, const tent *t)
{
    float values[4] = {0}, sum = 0;
    for (int i = t->first; i <= t->last; i++) {
        const float weight = tent_weight(t, i);
        for (int c = 0; c < 4; c++) values[c] += weight * line[clamp(i, width) * 4 + c];
        sum += weight;
    }
    for (int c = 0; c < 4; c++) rgba[c] = (uint8_t)(values[c] / sum + 0.5f);
}

void picture_scale(picture *to, int x, int y, int width, int height, const picture *from, part what)
{
    float *line = malloc((size_t)from->width * 4 * sizeof *line);
    if (!line) out_of_memory();
    for (int row = 0; row < height; row++) {
        const tent rows = tent_of(row, height, what.y, what.height);
        blend_rows(line, from, &rows);
        for (int column = 0; column < width; column++) {
            const tent columns = tent_of(column, width, what.x, what.width);
            blend_columns(picture_at(to, x + column, y + row), line, from->width, &columns);
        }
    }
    free(line);
}

void picture_paste(picture *to, int x, int y, const picture *from)
{
    for (int row = 0; row < from->height; row++) {
        memcpy(picture_at(to, x, y + row), picture_at(from, 0, row), (size_t)from->width * 4);
    }
}
