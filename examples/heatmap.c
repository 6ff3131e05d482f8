/* Where in a photo does a network see a class? The class activation map of Zhou et al. 2016, "Learning deep
 * features for discriminative localization": the last layer of the network applied at every position of its
 * last feature map. The library computes it on the device (the tap "class_map"); here it is only coloured and
 * laid over what the network saw of the photo.
 *
 *     example_heatmap MODEL PHOTO OUT.png [--class K]
 *
 * Left the photo as it was cropped, with the class and its probability; right the map over it in the colours of
 * "inferno": dark where the class gains nothing or loses, over red and orange to yellow where the network sees it
 * most. Without --class it is the most probable class. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/vkresnet.h>

#include "caption.h"
#include "picture.h"

enum { SIDE = 448, BAR = 28, MARGIN = 12, PAPER = 244 };

typedef struct heatmap {
    vrn_device *device;
    vrn_model *model;
    vrn_session *session;
    uint32_t classes;
    int width, height;    /* of the map */
    float *probabilities; /* [classes] */
    float *maps;          /* [classes][height][width] */
    picture photo;
} heatmap;

static void print_message(void *user, vrn_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "%s\n", text);
}

static bool create(heatmap *h, const char *model)
{
    static const char *const taps[] = {"class_map"};
    const vrn_log log = {.message = print_message};
    const vrn_session_params params = {.taps = taps, .tap_count = 1};
    uint32_t shape[3];
    if (vrn_device_create(&h->device, &(vrn_device_params){.log = log}) ||
        vrn_model_load(&h->model, model, &(vrn_model_params){.log = log}) ||
        vrn_session_create(&h->session, h->device, h->model, &params) ||
        vrn_session_tap_shape(h->session, 0, shape)) {
        return false;
    }
    h->classes = shape[0];
    h->height = (int)shape[1];
    h->width = (int)shape[2];
    h->probabilities = malloc(sizeof(float) * shape[0]);
    h->maps = malloc(sizeof(float) * shape[0] * shape[1] * shape[2]);
    return h->probabilities && h->maps;
}

static void destroy(heatmap *h)
{
    vrn_session_destroy(&h->session);
    vrn_model_destroy(&h->model);
    vrn_device_destroy(&h->device);
    picture_free(&h->photo);
    free(h->probabilities);
    free(h->maps);
}

static bool run(heatmap *h)
{
    const picture *p = &h->photo;
    const vrn_image image = {p->rgba, (uint32_t)p->width, (uint32_t)p->height, 0};
    const vrn_batch batch = {
        .count = 1, .images = &image, .probabilities = h->probabilities, .taps = &h->maps};
    return vrn_session_run(h->session, &batch) == VRN_OK;
}

/* What the network sees of the photo: the transform resizes the shorter side and cuts the centre out. */
static part seen_part(const heatmap *h)
{
    vrn_model_info info;
    vrn_model_get_info(h->model, &info);
    const vrn_transform *t = &info.transform;
    const float width = (float)h->photo.width, height = (float)h->photo.height;
    const float resize = t->resize ? (float)t->resize : fminf(width, height);
    const float crop = t->crop ? (float)t->crop : resize;
    const float side = fminf(width, height) * crop / resize;
    return (part){(width - side) / 2, (height - side) / 2, side, side};
}

/* A map's value between its positions, which stand for the middles of equal cells. (u, v) in 0 .. 1. */
static float sample(const heatmap *h, const float *map, float u, float v)
{
    const float x = fminf(fmaxf(u * (float)h->width - 0.5f, 0), (float)h->width - 1);
    const float y = fminf(fmaxf(v * (float)h->height - 0.5f, 0), (float)h->height - 1);
    const int x0 = (int)x, y0 = (int)y;
    const int x1 = x0 + 1 < h->width ? x0 + 1 : x0, y1 = y0 + 1 < h->height ? y0 + 1 : y0;
    const float fx = x - (float)x0, fy = y - (float)y0;
    const float upper = map[y0 * h->width + x0] * (1 - fx) + map[y0 * h->width + x1] * fx;
    const float lower = map[y1 * h->width + x0] * (1 - fx) + map[y1 * h->width + x1] * fx;
    return upper * (1 - fy) + lower * fy;
}

/* Between five colours of matplotlib's "inferno", which gets lighter all the way: black, purple, red, orange,
 * pale yellow. */
static void heat_colour(float heat, float rgb[3])
{
    static const float colours[5][3] = {
        {0, 0, 4}, {87, 16, 110}, {188, 55, 84}, {249, 142, 9}, {252, 255, 164}};
    const float place = 4 * fminf(heat, 1);
    const int i = place < 4 ? (int)place : 3;
    const float f = place - (float)i;
    for (int c = 0; c < 3; c++) rgb[c] = colours[i][c] * (1 - f) + colours[i + 1][c] * f;
}

/* Lays a map over a picture, whose light shows through as grey. Below zero a position speaks against
 * the class, and stays dark as one that says nothing; the largest value is the palest, whatever it is. */
static void overlay(const heatmap *h, const float *map, picture *over)
{
    float most = 0;
    for (int i = 0; i < h->width * h->height; i++) most = fmaxf(most, map[i]);
    for (int i = 0; i < SIDE * SIDE; i++) {
        const float u = ((float)(i % SIDE) + 0.5f) / SIDE, v = ((float)(i / SIDE) + 0.5f) / SIDE;
        const float value = sample(h, map, u, v), heat = most > 0 ? fmaxf(value, 0) / most : 0;
        uint8_t *rgba = picture_at(over, i % SIDE, i / SIDE);
        const float grey = 0.299f * rgba[0] + 0.587f * rgba[1] + 0.114f * rgba[2];
        float colour[3];
        heat_colour(heat, colour);
        for (int c = 0; c < 3; c++) rgba[c] = (uint8_t)(0.4f * grey + 0.6f * colour[c] + 0.5f);
    }
}

static bool write_picture(const heatmap *h, uint32_t index, const char *path)
{
    static const uint8_t white[3] = {255, 255, 255};
    const char *name = vrn_model_class_name(h->model, index);
    const part seen = seen_part(h);
    char text[2][64];
    snprintf(text[0], sizeof text[0], "%.20s %.1f%%", name ? name : "class",
             100 * h->probabilities[index]);
    snprintf(text[1], sizeof text[1], "class activation map");
    picture sheet = picture_blank(MARGIN + 2 * (SIDE + MARGIN), SIDE + BAR + 2 * MARGIN, PAPER);
    for (int i = 0; i < 2; i++) {
        picture cell = picture_blank(SIDE, SIDE + BAR, 0);
        picture_scale(&cell, 0, 0, SIDE, SIDE, &h->photo, seen);
        if (i == 1) overlay(h, h->maps + (size_t)index * (size_t)(h->width * h->height), &cell);
        caption_draw(cell.rgba, cell.width, cell.height, text[i], white);
        picture_paste(&sheet, MARGIN + i * (SIDE + MARGIN), MARGIN, &cell);
        picture_free(&cell);
    }
    const bool good = caption_save(path, sheet.rgba, sheet.width, sheet.height);
    if (!good) fprintf(stderr, "%s: not written\n", path);
    picture_free(&sheet);
    return good;
}

int main(int argc, char **argv)
{
    static heatmap h;
    const bool named = argc == 6 && strcmp(argv[4], "--class") == 0;
    if (argc != 4 && !named) {
        fprintf(stderr, "usage: %s MODEL PHOTO OUT.png [--class K]\n", argv[0]);
        return 2;
    }
    bool good = create(&h, argv[1]) && picture_load(&h.photo, argv[2]) && run(&h);
    if (h.maps && !h.photo.rgba) fprintf(stderr, "%s: no picture\n", argv[2]);
    unsigned long index = named ? strtoul(argv[5], NULL, 10) : 0;
    for (uint32_t i = 1; good && !named && i < h.classes; i++) {
        if (h.probabilities[i] > h.probabilities[index]) index = i;
    }
    if (good && index >= h.classes) {
        fprintf(stderr, "class %lu: the model has classes 0 to %u\n", index, h.classes - 1);
        good = false;
    }
    if (good) {
        const char *name = vrn_model_class_name(h.model, (uint32_t)index);
        printf("%lu %s %.1f %%, a map of %dx%d\n", index, name ? name : "",
               100 * h.probabilities[index], h.width, h.height);
        good = write_picture(&h, (uint32_t)index, argv[3]);
    }
    destroy(&h);
    return good ? 0 : 1;
}
