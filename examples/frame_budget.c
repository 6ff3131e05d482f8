/* A renderer with a few milliseconds to spare in each frame classifies what it draws: the network
 * is spread over as many frames as it needs, and no frame waits for it.
 *
 * example_frame_budget [MODEL] [--budget MS] [--frames N] [--validation]
 *
 * Without MODEL it is a resnet18 with random weights. Frames with a part of the network and frames
 * without alternate. Afterwards it prints how long both kinds took, from the submission to the end:
 * the median, and what 99 of 100 frames did not exceed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <vkresnet/vulkan.h>
#include <volk.h>

#include "integration.h"
#include "renderer.h"
#include "scene.h"

enum { FRAMES_MOST = 100000, BEFORE = 2 };

typedef struct demo {
    renderer renderer;
    scene scenes[SCENE_COUNT];
    vrn_device *device;
    vrn_model *model;
    vrn_session *session;
    gpu_buffer top; /* the best class of the last picture that was classified */
    double budget_ms;
    uint32_t frames;
    bool validation;
    const char *model_file;
    double *ms[2]; /* of the frames without and with a part of the network */
} demo;

static double now_ms(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static bool create(demo *app)
{
    static vertex vertices[SCENE_VERTICES_MAX];
    renderer_start(&app->renderer, app->validation, NULL, 0);
    const uint32_t count = scenes_build(app->scenes, vertices);
    app->device = integrate(&app->renderer, NULL, app->validation, vertices, count);
    if (!app->device) return false;
    vrn_arch arch;
    vrn_result result = app->model_file ? vrn_model_load(&app->model, app->model_file, NULL)
                                        : vrn_arch_parse(&arch, "resnet18", NULL);
    if (!result && !app->model_file) result = vrn_model_create_random(&app->model, &arch, 1, NULL);
    const vrn_session_params params = {.record_budget_ms = app->budget_ms};
    if (!result) result = vrn_session_create(&app->session, app->device, app->model, &params);
    if (result) fprintf(stderr, "the model cannot be loaded (%s)\n", vrn_result_string(result));
    app->top = renderer_buffer(&app->renderer, sizeof(vrn_top), VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
    for (int i = 0; i < 2; i++) app->ms[i] = calloc(app->frames, sizeof *app->ms[i]);
    return !result && app->ms[0] && app->ms[1];
}

static void destroy(demo *app)
{
    if (app->renderer.device) vkDeviceWaitIdle(app->renderer.device);
    vrn_session_destroy(&app->session);
    vrn_model_destroy(&app->model);
    vrn_device_destroy(&app->device);
    renderer_buffer_destroy(&app->renderer, &app->top);
    renderer_destroy(&app->renderer);
    for (int i = 0; i < 2; i++) free(app->ms[i]);
}

/* Draws a frame, with the next part of the network or without; returns how long it took, or a
 * negative number if it failed. */
static double draw(demo *app, uint32_t number, vrn_record_cursor *cursor)
{
    float camera[16], horizon;
    const scene *s = &app->scenes[number / 64 % SCENE_COUNT];
    scene_camera(s, number % 64, 64, camera, &horizon);
    frame *f = renderer_draw(&app->renderer, 0, s, camera, horizon);
    const vrn_record_image image = {
        .view = f->colour.view,
        .format = VK_FORMAT_R8G8B8A8_SRGB,
        .width = FRAME_SIDE,
        .height = FRAME_SIDE,
        .layout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
    };
    const vrn_record_params record = {
        .images = &image, .top = {.buffer = app->top.handle}, .cursor = cursor};
    if (cursor && vrn_session_record(app->session, f->commands, &record)) return -1;
    const double begin = now_ms();
    renderer_submit(&app->renderer, f, VK_NULL_HANDLE, VK_NULL_HANDLE);
    renderer_wait(&app->renderer, f);
    return now_ms() - begin;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool run(demo *app)
{
    uint32_t counts[2] = {0}, networks = 0, recordings = 0;
    vrn_record_cursor cursor = {0};
    /* The pace is learned first. */
    for (uint32_t number = 0; networks < BEFORE + 1 || counts[1] < app->frames; number++) {
        const uint32_t with = number % 2;
        const double ms = draw(app, number, with ? &cursor : NULL);
        if (ms < 0) return false;
        if (networks >= BEFORE && counts[with] < app->frames) app->ms[with][counts[with]++] = ms;
        if (!cursor.done) continue;
        if (networks >= BEFORE) recordings = cursor.recordings;
        networks++;
        cursor = (vrn_record_cursor){0};
    }
    const vrn_top *top = app->top.mapped;
    const char *name = vrn_model_get_class_name(app->model, top->index);
    double at[2][2];
    for (int i = 0; i < 2; i++) {
        qsort(app->ms[i], counts[i], sizeof *app->ms[i], compare);
        at[i][0] = app->ms[i][counts[i] / 2];
        at[i][1] = app->ms[i][counts[i] * 99 / 100];
        printf("%-16s median %6.2f ms, 99 %% within %6.2f ms\n", i ? "with a part" : "without",
               at[i][0], at[i][1]);
    }
    printf("budget %.1f ms a frame: the part adds %.2f ms (median) and %.2f ms (99 %%)\n",
           app->budget_ms, at[1][0] - at[0][0], at[1][1] - at[0][1]);
    printf("%u networks, the last one in %u frames; class %u%s%s\n", networks, recordings,
           top->index, name ? ", " : "", name ? name : "");
    return true;
}

static bool read_arguments(demo *app, int argc, char **argv)
{
    app->budget_ms = 2;
    app->frames = 200;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--validation") == 0) {
            app->validation = true;
        } else if (i + 1 < argc && strcmp(argv[i], "--budget") == 0) {
            app->budget_ms = strtod(argv[++i], NULL);
        } else if (i + 1 < argc && strcmp(argv[i], "--frames") == 0) {
            app->frames = (uint32_t)strtoul(argv[++i], NULL, 10);
        } else if (*argv[i] != '-' && !app->model_file) {
            app->model_file = argv[i];
        } else {
            return false;
        }
    }
    return app->budget_ms > 0 && app->frames > 0 && app->frames <= FRAMES_MOST;
}

int main(int argc, char **argv)
{
    static demo app;
    if (!read_arguments(&app, argc, argv)) {
        fprintf(stderr, "usage: %s [MODEL] [--budget MS] [--frames N] [--validation]\n", argv[0]);
        return 2;
    }
    const bool good = create(&app) && run(&app);
    destroy(&app);
    if (app.validation) printf("%u messages of the validation layer\n", app.renderer.complaints);
    return good && app.renderer.complaints == 0 ? 0 : 1;
}
