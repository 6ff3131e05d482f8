/* Finds the pictures of a folder that are most similar to a given one. A network without its last
 * layer describes a picture by the output of its average pool; pictures are similar if these
 * vectors point in the same direction (cosine). Prints the nearest, and draws them on a sheet: the
 * given picture, then the others, with the cosine under each.
 *
 *     example_feature_search MODEL QUERY FOLDER SHEET.png [--count N]
 *
 * Every file in FOLDER that stb_image reads counts, but QUERY itself and copies of it. */
#define _POSIX_C_SOURCE 200809L /* dirent.h and strdup in C11 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/vkresnet.h>

#include "caption.h"
#include "picture.h"

enum { BATCH = 32, COLUMNS = 5, SIDE = 192, BAR = 28, MARGIN = 12, PAPER = 244 };

typedef struct neighbour {
    char *path;
    float cosine;
} neighbour;

typedef struct search {
    vrn_device *device;
    vrn_model *model;
    vrn_session *session;
    uint32_t length; /* of a feature vector */
    float *features; /* [BATCH][length] */
    float *wanted;   /* [length]: the query's */
    picture query;
    picture pictures[BATCH]; /* read and not yet run */
    uint32_t waiting;
    neighbour *found;
    uint32_t count, capacity;
} search;

static void print_message(void *user, vrn_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "%s\n", text);
}

static bool create(search *s, const char *model)
{
    static const char *const taps[] = {"avgpool"};
    const vrn_log log = {.message = print_message};
    const vrn_session_params params = {.batch = BATCH, .taps = taps, .tap_count = 1};
    uint32_t shape[3];
    if (vrn_device_create(&s->device, &(vrn_device_params){.log = log}) ||
        vrn_model_load(&s->model, model, &(vrn_model_params){.log = log}) ||
        vrn_session_create(&s->session, s->device, s->model, &params) ||
        vrn_session_get_tap_shape(s->session, 0, shape)) {
        return false;
    }
    s->length = shape[0];
    s->features = malloc(sizeof(float) * BATCH * s->length);
    s->wanted = malloc(sizeof(float) * s->length);
    return s->features && s->wanted;
}

static void destroy(search *s)
{
    vrn_session_destroy(&s->session);
    vrn_model_destroy(&s->model);
    vrn_device_destroy(&s->device);
    picture_free(&s->query);
    for (uint32_t i = 0; i < s->waiting; i++) picture_free(&s->pictures[i]);
    for (uint32_t i = 0; i < s->count; i++) free(s->found[i].path);
    free(s->found);
    free(s->features);
    free(s->wanted);
}

/* Feature vectors of length 1, so that a product of two is their cosine. */
static bool describe(search *s, const picture *pictures, uint32_t count)
{
    vrn_image images[BATCH];
    for (uint32_t i = 0; i < count; i++) {
        const picture *p = &pictures[i];
        images[i] = (vrn_image){
            .pixels = p->rgba, .width = (uint32_t)p->width, .height = (uint32_t)p->height};
    }
    const vrn_inputs inputs = {.count = count, .images = images};
    const vrn_outputs outputs = {.taps = &s->features};
    if (vrn_session_run(s->session, &inputs, &outputs)) return false;
    for (uint32_t i = 0; i < count; i++) {
        float *vector = s->features + (size_t)i * s->length;
        double square = 0;
        for (uint32_t k = 0; k < s->length; k++) square += (double)vector[k] * vector[k];
        const float scale = square > 0 ? (float)(1 / sqrt(square)) : 0;
        for (uint32_t k = 0; k < s->length; k++) vector[k] *= scale;
    }
    return true;
}

/* Compares the pictures that wait, which are the last of `found`. */
static bool compare_waiting(search *s)
{
    if (s->waiting == 0) return true;
    const bool good = describe(s, s->pictures, s->waiting);
    for (uint32_t i = 0; i < s->waiting; i++) {
        float cosine = 0;
        for (uint32_t k = 0; good && k < s->length; k++) {
            cosine += s->wanted[k] * s->features[(size_t)i * s->length + k];
        }
        s->found[s->count - s->waiting + i].cosine = cosine;
        picture_free(&s->pictures[i]);
    }
    s->waiting = 0;
    return good;
}

/* The query may be named by another path than the folder's: its pixels tell. */
static bool is_query(const search *s, const picture *p)
{
    return p->width == s->query.width && p->height == s->query.height &&
           memcmp(p->rgba, s->query.rgba, (size_t)p->width * (size_t)p->height * 4) == 0;
}

/* Takes the path. What is no picture is passed over. */
static bool add_file(search *s, char *path)
{
    picture *p = &s->pictures[s->waiting];
    if (!picture_load(p, path) || is_query(s, p)) {
        picture_free(p);
        free(path);
        return true;
    }
    if (s->count == s->capacity) {
        const uint32_t capacity = s->capacity ? 2 * s->capacity : 256;
        neighbour *grown = realloc(s->found, capacity * sizeof *grown);
        if (!grown) {
            picture_free(p);
            free(path);
            return false;
        }
        s->found = grown;
        s->capacity = capacity;
    }
    s->found[s->count++] = (neighbour){.path = path};
    s->waiting++;
    return s->waiting < BATCH || compare_waiting(s);
}

static int nearest_first(const void *a, const void *b)
{
    const neighbour *x = a, *y = b;
    if (x->cosine != y->cosine) return x->cosine < y->cosine ? 1 : -1;
    return strcmp(x->path, y->path); /* a folder has no order */
}

static bool search_folder(search *s, const char *query, const char *folder)
{
    if (!picture_load(&s->query, query)) {
        fprintf(stderr, "%s: no picture\n", query);
        return false;
    }
    if (!describe(s, &s->query, 1)) return false;
    memcpy(s->wanted, s->features, s->length * sizeof *s->wanted);
    DIR *directory = opendir(folder);
    if (!directory) {
        fprintf(stderr, "%s: no folder\n", folder);
        return false;
    }
    bool good = true;
    for (struct dirent *entry; good && (entry = readdir(directory));) {
        const size_t bytes = strlen(folder) + strlen(entry->d_name) + 2;
        char *path = malloc(bytes);
        good = path != NULL;
        if (!good) break;
        snprintf(path, bytes, "%s/%s", folder, entry->d_name);
        good = add_file(s, path);
    }
    closedir(directory);
    good = good && compare_waiting(s);
    if (good && s->count) qsort(s->found, s->count, sizeof *s->found, nearest_first);
    return good;
}

/* Draws a picture as large as a cell allows, and a caption under it. */
static void draw_cell(picture *sheet, int index, const picture *p, const char *text)
{
    static const uint8_t white[3] = {255, 255, 255}, yellow[3] = {255, 210, 90};
    const float scale = SIDE / (float)(p->width > p->height ? p->width : p->height);
    const int width = (int)fmaxf(1, roundf((float)p->width * scale));
    const int height = (int)fmaxf(1, roundf((float)p->height * scale));
    picture cell = picture_blank(SIDE, SIDE + BAR, PAPER - 20);
    picture_scale(&cell, (SIDE - width) / 2, (SIDE - height) / 2, width, height, p,
                  (part){0, 0, (float)p->width, (float)p->height});
    caption_draw(cell.rgba, cell.width, cell.height, text, index == 0 ? yellow : white);
    picture_paste(sheet, MARGIN + index % COLUMNS * (SIDE + MARGIN),
                  MARGIN + index / COLUMNS * (SIDE + BAR + MARGIN), &cell);
    picture_free(&cell);
}

static bool write_sheet(const search *s, uint32_t count, const char *path)
{
    const int cells = (int)count + 1, rows = (cells + COLUMNS - 1) / COLUMNS;
    const int columns = cells < COLUMNS ? cells : COLUMNS;
    picture sheet = picture_blank(MARGIN + columns * (SIDE + MARGIN),
                                  MARGIN + rows * (SIDE + BAR + MARGIN), PAPER);
    draw_cell(&sheet, 0, &s->query, "query");
    for (uint32_t i = 0; i < count; i++) {
        char text[32];
        picture p;
        if (!picture_load(&p, s->found[i].path)) continue; /* gone meanwhile */
        snprintf(text, sizeof text, "%.3f", s->found[i].cosine);
        draw_cell(&sheet, (int)i + 1, &p, text);
        picture_free(&p);
    }
    const bool good = caption_save(path, sheet.rgba, sheet.width, sheet.height);
    if (!good) fprintf(stderr, "%s: not written\n", path);
    picture_free(&sheet);
    return good;
}

int main(int argc, char **argv)
{
    static search s;
    unsigned long count = 9;
    if (argc == 7 && strcmp(argv[5], "--count") == 0) count = strtoul(argv[6], NULL, 10);
    if ((argc != 5 && argc != 7) || count < 1 || count > 999) {
        fprintf(stderr, "usage: %s MODEL QUERY FOLDER SHEET.png [--count N]\n", argv[0]);
        return 2;
    }
    bool good = create(&s, argv[1]) && search_folder(&s, argv[2], argv[3]);
    if (count > s.count) count = s.count;
    for (uint32_t i = 0; good && i < count; i++) {
        printf("%.4f  %s\n", s.found[i].cosine, s.found[i].path);
    }
    if (good) printf("%u of %u pictures\n", (uint32_t)count, s.count);
    good = good && write_sheet(&s, (uint32_t)count, argv[4]);
    destroy(&s);
    return good ? 0 : 1;
}
