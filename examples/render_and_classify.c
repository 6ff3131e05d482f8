/* An offscreen renderer draws simple models from turning cameras, and a network classifies every frame in
 * the same command buffer. The host reads ten numbers a frame, and never the picture, unless it is asked to
 * write pictures.
 *
 *     example_render_and_classify MODEL [--frames N] [--pictures FOLDER] [--validation]
 *
 * MODEL is one for CIFAR-10: models/resnet20-cifar10.safetensors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/vulkan.h>
#include <volk.h>

#include "caption.h"
#include "renderer.h"
#include "scene.h"

enum { CLASSES = 10 };

typedef struct application {
    renderer renderer;
    scene scenes[SCENE_COUNT];
    vrn_device *device;
    vrn_model *model;
    vrn_session *session;
    gpu_buffer verdicts[FRAMES_IN_FLIGHT]; /* ten probabilities */
    const char *pictures;                  /* where to write them, or NULL */
    uint64_t bytes_read;                   /* by the host, of the frames' verdicts and pictures */
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

/* The renderer's device, with what the library would like to have on it. */
static bool create(application *app, const char *model, bool validation)
{
    static vertex vertices[SCENE_VERTICES_MAX];
    const vrn_log log = {.message = print_message};
    renderer *r = &app->renderer;
    vrn_device_wishes wishes;
    renderer_start(r, validation);
    const vrn_device_wishes_params wishes_params = {
        .log = log,
        .instance = r->instance,
        .physical_device = r->physical,
        .get_instance_proc_addr = vkGetInstanceProcAddr,
        .api_version = VK_API_VERSION_1_2,
    };
    if (vrn_device_get_wishes(&wishes, &wishes_params)) exit(1);
    renderer_create(r, wishes.chain, wishes.extensions, wishes.extension_count, vertices,
                    scenes_build(app->scenes, vertices));
    const vrn_device_import_params import = {
        .log = log,
        .instance = r->instance,
        .physical_device = r->physical,
        .device = r->device,
        .get_instance_proc_addr = vkGetInstanceProcAddr,
        .api_version = VK_API_VERSION_1_2,
        .debug_utils = validation,
        .extensions = wishes.extensions,
        .extension_count = wishes.extension_count,
        .features = wishes.chain,
        .queue_family = r->family,
        .queue = r->queue,
    };
    if (vrn_device_import(&app->device, &import) ||
        vrn_model_load(&app->model, model, &(vrn_model_params){.log = log}) ||
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
    vkDeviceWaitIdle(app->renderer.device); /* the session's recordings are among what runs */
    vrn_session_destroy(&app->session);
    vrn_model_destroy(&app->model);
    vrn_device_destroy(&app->device);
    for (int i = 0; i < FRAMES_IN_FLIGHT; i++) {
        renderer_buffer_destroy(&app->renderer, &app->verdicts[i]);
    }
    renderer_destroy(&app->renderer);
}

/* Draws, classifies what was drawn, and submits both at once. */
static bool begin_frame(application *app, uint32_t number, uint32_t per_scene)
{
    const uint32_t slot = number % FRAMES_IN_FLIGHT;
    const scene *s = &app->scenes[number / per_scene];
    float camera[16], horizon;
    scene_camera(s, number % per_scene, per_scene, camera, &horizon);
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
    if (app->pictures) renderer_copy(&app->renderer, f);
    renderer_submit(&app->renderer, f);
    return true;
}

static void write_picture(application *app, const frame *f, uint32_t number, const char *name,
                          float probability, bool right)
{
    static uint8_t pixels[FRAME_SIDE * FRAME_SIDE * 4];
    static const uint8_t green[3] = {120, 230, 130}, red[3] = {255, 120, 100};
    char text[64], path[1024];
    read_back(app, pixels, &f->picture, sizeof pixels);
    snprintf(text, sizeof text, "%s %.0f%%", name, 100 * probability);
    snprintf(path, sizeof path, "%s/frame%03u.png", app->pictures, number);
    caption_draw(pixels, FRAME_SIDE, FRAME_SIDE, text, right ? green : red);
    if (!caption_save(path, pixels, FRAME_SIDE, FRAME_SIDE))
        fprintf(stderr, "%s: not written\n", path);
}

/* Waits for a frame and reads its verdict. */
static void end_frame(application *app, uint32_t number, uint32_t per_scene)
{
    const uint32_t slot = number % FRAMES_IN_FLIGHT;
    const frame *f = &app->renderer.frames[slot];
    const char *expected = app->scenes[number / per_scene].class_name;
    float probabilities[CLASSES];
    renderer_wait(&app->renderer, f);
    read_back(app, probabilities, &app->verdicts[slot], sizeof probabilities);
    uint32_t best = 0;
    for (uint32_t i = 1; i < CLASSES; i++) {
        if (probabilities[i] > probabilities[best]) best = i;
    }
    const char *name = vrn_model_class_name(app->model, best);
    const bool right = name && strcmp(name, expected) == 0;
    app->right += right;
    app->total++;
    printf("%3u  %-10s %s %-10s %5.1f %%\n", number, expected, right ? "=" : "!", name ? name : "?",
           100 * probabilities[best]);
    if (app->pictures) write_picture(app, f, number, name ? name : "", probabilities[best], right);
}

int main(int argc, char **argv)
{
    static application app;
    uint32_t per_scene = 24;
    bool validation = false;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--validation") == 0) validation = true;
        if (i + 1 < argc && strcmp(argv[i], "--frames") == 0) {
            per_scene = (uint32_t)strtoul(argv[++i], NULL, 10);
        }
        if (i + 1 < argc && strcmp(argv[i], "--pictures") == 0) app.pictures = argv[++i];
    }
    if (argc < 2 || per_scene == 0 || per_scene > 1000) {
        fprintf(stderr, "usage: %s MODEL [--frames N] [--pictures FOLDER] [--validation]\n",
                argv[0]);
        return 2;
    }
    bool good = create(&app, argv[1], validation);
    const uint32_t frames = per_scene * SCENE_COUNT;
    for (uint32_t i = 0; good && i < frames + FRAMES_IN_FLIGHT - 1; i++) {
        if (i < frames) good = begin_frame(&app, i, per_scene);
        if (good && i + 1 >= FRAMES_IN_FLIGHT) end_frame(&app, i + 1 - FRAMES_IN_FLIGHT, per_scene);
    }
    destroy(&app);
    printf("%u of %u right; the host read %.0f bytes a frame\n", app.right, app.total,
           app.total ? (double)app.bytes_read / app.total : 0);
    if (validation) printf("%u messages of the validation layer\n", app.renderer.complaints);
    return good && app.renderer.complaints == 0 ? 0 : 1;
}
