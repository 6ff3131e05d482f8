/* A renderer draws simple models from rotating cameras, and a network classifies every frame in the
 * same command buffer. The host reads ten numbers per frame, and reads the picture only to write it
 * to a file.
 *
 * example_render_and_classify MODEL [--frames N] [--pictures FOLDER [--plain] | --window]
 * [--validation]
 *
 * MODEL is one for CIFAR-10: models/resnet20-cifar10.safetensors. N is the frames of each scene.
 * --pictures writes each frame, and labels.csv with what it shows; with --plain, without the
 * verdict in the picture. With --window the frames are shown, with N or until the window is closed
 * or Escape is pressed; what is written on a frame is the verdict on the last one that was done
 * when it was recorded, as nothing waits for its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/vulkan.h>
#include <volk.h>

#include "caption.h"
#include "integration.h"
#include "renderer.h"
#include "scene.h"
#include "window.h"

enum { CLASSES = 10 };

typedef struct application {
    renderer renderer;
    scene scenes[SCENE_COUNT];
    vrn_device *device;
    vrn_model *model;
    vrn_session *session;
    gpu_buffer verdicts[FRAMES_IN_FLIGHT]; /* ten probabilities */
    const char *pictures;                  /* where to write them, or NULL */
    FILE *labels;                          /* FOLDER/labels.csv */
    bool plain;                            /* nothing is written into the pictures */
    bool shown;                            /* in: */
    window window;
    uint32_t per_scene, frames; /* `frames`: of all scenes; 0: no end */
    char verdict[64];           /* for the last frame that was done */
    bool verdict_right;
    uint64_t bytes_read; /* by the host, of the frames' results and pictures */
    uint32_t right, total;
} application;

static void print_message(void *user, vrn_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "%s\n", text);
}

/* All that the host reads of what the device wrote goes through here. */
static void read_back(application *app, void *to, const gpu_buffer *from, size_t bytes)
{
    memcpy(to, from->mapped, bytes);
    app->bytes_read += bytes;
}

/* The instance, with a window where one is wanted. */
static void start(application *app, bool validation)
{
    const char *const *extensions = NULL;
    uint32_t count = 0;
    if (app->shown && !window_start(&extensions, &count)) exit(2);
    renderer_start(&app->renderer, validation, extensions, count);
    if (app->shown && !window_open(&app->window, &app->renderer)) exit(1);
}

static bool create(application *app, const char *model, bool validation)
{
    static vertex vertices[SCENE_VERTICES_MAX];
    const vrn_log log = {.message = print_message};
    renderer *r = &app->renderer;
    start(app, validation);
    const uint32_t count = scenes_build(app->scenes, vertices);
    app->device = integrate(r, app->shown ? VK_KHR_SWAPCHAIN_EXTENSION_NAME : NULL, validation,
                            vertices, count);
    if (!app->device) return false;
    if (app->shown) window_create(&app->window);
    if (vrn_model_load(&app->model, model, &(vrn_model_params){.log = log}) ||
        vrn_session_create(&app->session, app->device, app->model, NULL)) {
        return false;
    }
    vrn_session_info info;
    vrn_session_get_info(app->session, &info);
    if (info.classes != CLASSES) fprintf(stderr, "%s has not ten classes\n", model);
    for (int i = 0; i < FRAMES_IN_FLIGHT; i++) {
        app->verdicts[i] =
            renderer_buffer(r, CLASSES * sizeof(float), VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
    }
    return info.classes == CLASSES;
}

static void destroy(application *app)
{
    if (!app->renderer.instance) return;
    /* The session's recordings are among what runs. */
    if (app->renderer.device) vkDeviceWaitIdle(app->renderer.device);
    vrn_session_destroy(&app->session);
    vrn_model_destroy(&app->model);
    vrn_device_destroy(&app->device);
    for (int i = 0; i < FRAMES_IN_FLIGHT; i++) {
        renderer_buffer_destroy(&app->renderer, &app->verdicts[i]);
    }
    window_destroy(&app->window);
    renderer_destroy(&app->renderer);
}

static const scene *scene_of(const application *app, uint32_t number)
{
    return &app->scenes[number / app->per_scene % SCENE_COUNT];
}

static const uint8_t *verdict_colour(bool right)
{
    static const uint8_t green[3] = {120, 230, 130}, red[3] = {255, 120, 100};
    return right ? green : red;
}

/* Draws, classifies what was drawn, shows it, and submits all at once. The slot's frame before is
 * done. */
static bool begin_frame(application *app, uint32_t number)
{
    const uint32_t slot = number % FRAMES_IN_FLIGHT;
    const scene *s = scene_of(app, number);
    float camera[16], horizon;
    scene_camera(s, number % app->per_scene, app->per_scene, camera, &horizon);
    frame *f = renderer_draw(&app->renderer, slot, s, camera, horizon);
    const vrn_record_image image = {
        .view = f->colour.view,
        .format = VK_FORMAT_R8G8B8A8_SRGB,
        .width = FRAME_SIDE,
        .height = FRAME_SIDE,
        .layout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
    };
    const vrn_record_params record = {
        .slot = slot,
        .images = &image,
        .probabilities = {.buffer = app->verdicts[slot].handle},
    };
    if (vrn_session_record(app->session, f->commands, &record)) return false;
    if (app->shown) {
        window_draw(&app->window, f, slot, app->verdict, verdict_colour(app->verdict_right));
        window_submit(&app->window, f, slot);
        return true;
    }
    if (app->pictures) renderer_copy(&app->renderer, f);
    renderer_submit(&app->renderer, f, VK_NULL_HANDLE, VK_NULL_HANDLE);
    return true;
}

static void write_picture(application *app, const frame *f, uint32_t number)
{
    static uint8_t pixels[FRAME_SIDE * FRAME_SIDE * 4];
    char path[1024];
    read_back(app, pixels, &f->picture, sizeof pixels);
    snprintf(path, sizeof path, "%s/frame%03u.png", app->pictures, number);
    if (!app->plain) {
        caption_draw(pixels, FRAME_SIDE, FRAME_SIDE, app->verdict,
                     verdict_colour(app->verdict_right));
    }
    fprintf(app->labels, "frame%03u.png,%s\n", number, scene_of(app, number)->class_name);
    if (!caption_save(path, pixels, FRAME_SIDE, FRAME_SIDE))
        fprintf(stderr, "%s: not written\n", path);
}

/* Waits for a frame and reads its result. */
static void end_frame(application *app, uint32_t number)
{
    const uint32_t slot = number % FRAMES_IN_FLIGHT;
    const frame *f = &app->renderer.frames[slot];
    const char *expected = scene_of(app, number)->class_name;
    float probabilities[CLASSES];
    renderer_wait(&app->renderer, f);
    read_back(app, probabilities, &app->verdicts[slot], sizeof probabilities);
    uint32_t best = 0;
    for (uint32_t i = 1; i < CLASSES; i++) {
        if (probabilities[i] > probabilities[best]) best = i;
    }
    const char *name = vrn_model_get_class_name(app->model, best);
    const bool right = name && strcmp(name, expected) == 0;
    app->right += right;
    app->total++;
    app->verdict_right = right;
    snprintf(app->verdict, sizeof app->verdict, "%s %.0f%%", name ? name : "",
             100 * probabilities[best]);
    if (app->frames) { /* those without an end are read in the window */
        printf("%3u  %-10s %s %-10s %5.1f %%\n", number, expected, right ? "=" : "!",
               name ? name : "?", 100 * probabilities[best]);
    }
    if (app->pictures) write_picture(app, f, number);
}

/* All frames, two in flight: one is recorded while the one before it runs. */
static bool run(application *app)
{
    uint32_t begun = 0, ended = 0;
    while (app->frames == 0 || begun < app->frames) {
        if (app->shown && !window_acquire(&app->window, begun % FRAMES_IN_FLIGHT)) break;
        if (!begin_frame(app, begun++)) return false;
        if (begun - ended == FRAMES_IN_FLIGHT) end_frame(app, ended++);
    }
    while (ended < begun) end_frame(app, ended++);
    return true;
}

/* False: they make no sense. */
static bool read_arguments(application *app, int argc, char **argv, bool *validation)
{
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--validation") == 0) *validation = true;
        if (strcmp(argv[i], "--window") == 0) app->shown = true;
        if (strcmp(argv[i], "--plain") == 0) app->plain = true;
        if (i + 1 < argc && strcmp(argv[i], "--frames") == 0) {
            app->per_scene = (uint32_t)strtoul(argv[++i], NULL, 10);
            app->frames = app->per_scene * SCENE_COUNT;
            if (app->per_scene == 0 || app->per_scene > 1000) return false;
        }
        if (i + 1 < argc && strcmp(argv[i], "--pictures") == 0) app->pictures = argv[++i];
    }
    if (app->per_scene == 0) {
        app->per_scene = app->shown ? 360 : 24;
        app->frames = app->shown ? 0 : app->per_scene * SCENE_COUNT;
    }
    return argc >= 2 && !(app->shown && app->pictures);
}

/* False: the folder of the pictures is not there. */
static bool open_labels(application *app)
{
    char path[1024];
    if (!app->pictures) return true;
    snprintf(path, sizeof path, "%s/labels.csv", app->pictures);
    app->labels = fopen(path, "w");
    if (!app->labels) {
        fprintf(stderr, "%s: cannot be written\n", path);
        return false;
    }
    fputs("file,label\n", app->labels);
    return true;
}

int main(int argc, char **argv)
{
    static application app;
    bool validation = false;
    if (!read_arguments(&app, argc, argv, &validation)) {
        fprintf(stderr,
                "usage: %s MODEL [--frames N] [--pictures FOLDER [--plain] | --window] "
                "[--validation]\n",
                argv[0]);
        return 2;
    }
    const bool good = open_labels(&app) && create(&app, argv[1], validation) && run(&app);
    destroy(&app);
    const bool written = !app.labels || fclose(app.labels) == 0;
    if (app.total > 0) {
        printf("%u of %u right; the host read %.0f bytes a frame\n", app.right, app.total,
               (double)app.bytes_read / app.total);
    }
    if (validation) printf("%u messages of the validation layer\n", app.renderer.complaints);
    return good && written && app.renderer.complaints == 0 ? 0 : 1;
}
