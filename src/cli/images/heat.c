#include "cli/images/heat.h"

#include <math.h>
#include <stdlib.h>

#include "cli/system/report.h"

/* The search for a region uses this many points per position of the map, in each direction. */
enum { FINENESS = 8 };

static const double region_share = 0.5;
static const double dimmed = 0.35;     /* brightness of what the network does not see */
static const double colour_kept = 0.3; /* share of the photo's own colours under the map */
static const double faintest = 0.12, strongest = 0.72; /* the map's share of a pixel */

static double value_at(const cli_heat *heat, uint32_t x, uint32_t y)
{
    const float value = heat->values[(size_t)y * heat->width + x];
    return isfinite(value) && value > 0 ? (double)value : 0;
}

/* Interpolates between positions, which are the centres of equal cells. u and v are from 0 to 1. */
static double sample(const cli_heat *heat, double u, double v)
{
    const double x = fmin(fmax(u * heat->width - 0.5, 0), heat->width - 1.0);
    const double y = fmin(fmax(v * heat->height - 0.5, 0), heat->height - 1.0);
    const uint32_t x0 = (uint32_t)x, y0 = (uint32_t)y;
    const uint32_t x1 = x0 + 1 < heat->width ? x0 + 1 : x0;
    const uint32_t y1 = y0 + 1 < heat->height ? y0 + 1 : y0;
    const double fx = x - x0, fy = y - y0;
    const double upper = value_at(heat, x0, y0) * (1 - fx) + value_at(heat, x1, y0) * fx;
    const double lower = value_at(heat, x0, y1) * (1 - fx) + value_at(heat, x1, y1) * fx;
    return upper * (1 - fy) + lower * fy;
}

static double largest(const cli_heat *heat)
{
    double most = 0;
    for (uint32_t y = 0; y < heat->height; y++) {
        for (uint32_t x = 0; x < heat->width; x++) most = fmax(most, value_at(heat, x, y));
    }
    return most;
}

/* A finer grid of points over the map, in which a region grows. */
typedef struct grid {
    uint32_t width, height;
    double *values;  /* [height][width]; negative: taken */
    size_t *waiting; /* [height * width] */
    size_t count;    /* of the waiting points */
} grid;

static bool fill_grid(grid *g, const cli_heat *heat)
{
    g->width = heat->width * FINENESS;
    g->height = heat->height * FINENESS;
    const size_t points = (size_t)g->width * g->height;
    g->values = cli_alloc(points, sizeof *g->values);
    g->waiting = cli_alloc(points, sizeof *g->waiting);
    if (!g->values || !g->waiting) return false;
    for (size_t i = 0; i < points; i++) {
        g->values[i] = sample(heat, ((double)(i % g->width) + 0.5) / g->width,
                              ((double)(i / g->width) + 0.5) / g->height);
    }
    return true;
}

static void take(grid *g, size_t point, double least)
{
    if (g->values[point] < least) return;
    g->values[point] = -1;
    g->waiting[g->count++] = point;
}

/* Grows the region from `point`. Returns its box in points. */
static vrn_rect grow(grid *g, size_t point, double least)
{
    vrn_rect box = {g->width, g->height, 0, 0};
    take(g, point, least);
    while (g->count > 0) {
        const size_t i = g->waiting[--g->count];
        const size_t x = i % g->width, y = i / g->width;
        box.left = fmin(box.left, (double)x);
        box.right = fmax(box.right, (double)x + 1);
        box.top = fmin(box.top, (double)y);
        box.bottom = fmax(box.bottom, (double)y + 1);
        if (x > 0) take(g, i - 1, least);
        if (x + 1 < g->width) take(g, i + 1, least);
        if (y > 0) take(g, i - g->width, least);
        if (y + 1 < g->height) take(g, i + g->width, least);
    }
    return box;
}

static double between(double value, double least, double most)
{
    return fmin(fmax(value, least), most);
}

bool cli_heat_find(const cli_heat *heat, const vrn_rect *seen, double width, double height,
                   cli_heat_region *region)
{
    grid g = {0};
    *region = (cli_heat_region){0};
    const double most = largest(heat);
    bool good = most <= 0 || fill_grid(&g, heat);
    if (good && most > 0) {
        size_t peak = 0;
        for (size_t i = 1; i < (size_t)g.width * g.height; i++) {
            if (g.values[i] > g.values[peak]) peak = i;
        }
        const double x = (seen->right - seen->left) / g.width;
        const double y = (seen->bottom - seen->top) / g.height;
        const double column = (double)(peak % g.width) + 0.5, row = (double)(peak / g.width) + 0.5;
        const vrn_rect box = grow(&g, peak, g.values[peak] * region_share);
        *region = (cli_heat_region){
            .box = {between(seen->left + box.left * x, 0, width),
                    between(seen->top + box.top * y, 0, height),
                    between(seen->left + box.right * x, 0, width),
                    between(seen->top + box.bottom * y, 0, height)},
            .x = between(seen->left + column * x, 0, width),
            .y = between(seen->top + row * y, 0, height),
            .found = true,
        };
    }
    free(g.values);
    free(g.waiting);
    return good;
}

/* Interpolates between six colours of matplotlib's "plasma", whose lightness increases steadily:
 * blue, violet, magenta, coral, orange, yellow. */
static double colour_of(double heat, int channel)
{
    enum { LAST = 5 };
    static const double colours[LAST + 1][3] = {
        {13, 8, 135}, {106, 0, 168}, {177, 42, 144}, {225, 100, 98}, {252, 166, 54}, {240, 249, 33},
    };
    const double place = heat * (double)LAST;
    const int i = place < (double)LAST ? (int)place : LAST - 1;
    return colours[i][channel] + (colours[i + 1][channel] - colours[i][channel]) * (place - i);
}

/* Colours a pixel. `heat` is from 0 to 1; negative: not seen. */
static void paint(uint8_t rgb[3], double heat)
{
    const double grey = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    const double share = heat < 0 ? 0 : faintest + (strongest - faintest) * heat;
    for (int c = 0; c < 3; c++) {
        const double pale = grey + (rgb[c] - grey) * colour_kept;
        const double value = heat < 0 ? pale * dimmed : pale + (colour_of(heat, c) - pale) * share;
        rgb[c] = (uint8_t)(value + 0.5);
    }
}

/* True if a pixel is on the line along the inside of a rectangle. */
static bool on_edge(const vrn_rect *r, double x, double y, double line)
{
    const bool inside = x > r->left && x < r->right && y > r->top && y < r->bottom;
    return inside && !(x > r->left + line && x < r->right - line && y > r->top + line &&
                       y < r->bottom - line);
}

/* A white line with a dark one inside it is visible on any background. */
static void draw_box(cli_picture *picture, const vrn_rect *box)
{
    const double side = fmax(picture->width, picture->height), line = fmax(1, round(side / 400));
    for (uint32_t y = 0; y < picture->height; y++) {
        for (uint32_t x = 0; x < picture->width; x++) {
            const double px = x + 0.5, py = y + 0.5;
            if (!on_edge(box, px, py, 2 * line)) continue;
            uint8_t *rgb = picture->rgb + ((size_t)y * picture->width + x) * 3;
            const uint8_t value = on_edge(box, px, py, line) ? 255 : 0;
            for (int c = 0; c < 3; c++) rgb[c] = value;
        }
    }
}

void cli_heat_draw(const cli_heat *heat, cli_picture *picture, const vrn_rect *seen,
                   const vrn_rect *box)
{
    const double most = largest(heat);
    for (uint32_t y = 0; y < picture->height; y++) {
        const double v = (y + 0.5 - seen->top) / (seen->bottom - seen->top);
        for (uint32_t x = 0; x < picture->width; x++) {
            const double u = (x + 0.5 - seen->left) / (seen->right - seen->left);
            const bool is_seen = u >= 0 && u < 1 && v >= 0 && v < 1;
            double value = is_seen ? 0 : -1;
            if (is_seen && most > 0) value = sample(heat, u, v) / most;
            paint(picture->rgb + ((size_t)y * picture->width + x) * 3, value);
        }
    }
    if (box) draw_box(picture, box);
}
