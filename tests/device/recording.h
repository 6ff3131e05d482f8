/* Fixture of the tests of recordings: an application, a picture as a buffer and as images, a small
 * network, and a recording's comparison with a run. */
#ifndef VRN_TESTS_DEVICE_RECORDING_H
#define VRN_TESTS_DEVICE_RECORDING_H

#include "application.h"

enum { WIDTH = 45, HEIGHT = 37, CLASSES = 7, BATCH = 3, TAPS = 2 };

static application app;
static bool has_synchronization2;
static vrn_device *device;
static vrn_model *model;
static uint8_t *picture; /* RGBA8 [HEIGHT, WIDTH] */

static const char *const taps[TAPS] = {"layer1", "avgpool"};

static inline void make_picture(void)
{
    picture = malloc((size_t)WIDTH * HEIGHT * 4);
    assert_non_null(picture);
    uint32_t state = 99;
    for (int i = 0; i < WIDTH * HEIGHT * 4; i++) {
        state = state * 1664525u + 1013904223u;
        /* Every byte value, and some structure. */
        picture[i] = i < 1024 ? (uint8_t)(i / 4) : (uint8_t)((state >> 26) + i / 40);
    }
}

static inline vrn_session *make_session(const vrn_session_params *params)
{
    vrn_session *session = NULL;
    assert_int_equal(vrn_session_create(&session, device, model, params), VRN_OK);
    return session;
}

typedef struct results {
    float logits[BATCH * CLASSES], probabilities[BATCH * CLASSES];
    float *taps[TAPS];
    size_t tap_numbers[TAPS]; /* of one image */
} results;

static inline void results_create(results *r, vrn_session *session)
{
    memset(r, 0, sizeof *r);
    for (uint32_t i = 0; i < TAPS; i++) {
        uint32_t shape[3];
        assert_int_equal(vrn_session_get_tap_shape(session, i, shape), VRN_OK);
        r->tap_numbers[i] = (size_t)shape[0] * shape[1] * shape[2];
        r->taps[i] = calloc(BATCH * r->tap_numbers[i], sizeof(float));
    }
}

static inline void results_free(results *r)
{
    for (int i = 0; i < TAPS; i++) free(r->taps[i]);
}

static inline void run_photo(vrn_session *session, const uint8_t *pixels, uint32_t width,
                             uint32_t height, float logits[CLASSES])
{
    const vrn_image photo = {.pixels = pixels, .width = width, .height = height};
    const vrn_inputs inputs = {.count = 1, .images = &photo};
    const vrn_outputs outputs = {.logits = logits};
    assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
}

/* Records, submits, waits, and compares the logits with what a run gave. */
static inline void expect(vrn_session *session, vrn_record_params params, const float *expected,
                          const char *what)
{
    app_buffer out = app_buffer_create(&app, CLASSES * sizeof(float));
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    params.logits.buffer = out.handle;
    assert_int_equal(vrn_session_record(session, commands, &params), VRN_OK);
    app_finish(&app, commands);
    if (memcmp(out.mapped, expected, out.bytes) != 0) fprintf(stderr, "differs: %s\n", what);
    assert_memory_equal(out.mapped, expected, out.bytes);
    app_buffer_destroy(&app, &out);
}

/* ---- Images ---- */

/* Stores a pixel of the picture in a format: writes a texel and returns how many bytes it has, and
 * changes `rgba` to what can be read from it. */
typedef size_t store_pixel(uint8_t *to, uint8_t rgba[4]);

static inline size_t store_rgba(uint8_t *to, uint8_t rgba[4])
{
    memcpy(to, rgba, 4);
    return 4;
}

static inline size_t store_bgra(uint8_t *to, uint8_t rgba[4])
{
    to[0] = rgba[2], to[1] = rgba[1], to[2] = rgba[0], to[3] = rgba[3];
    return 4;
}

/* readable: NULL, or where to write the pixels that can be read from the image. */
static inline app_image make_image_for(VkImageUsageFlags use, VkFormat format, store_pixel *store,
                                       VkImageLayout layout, uint8_t *readable)
{
    app_buffer texels = app_buffer_create(&app, (size_t)WIDTH * HEIGHT * 16);
    uint8_t *to = texels.mapped;
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) {
        uint8_t rgba[4];
        memcpy(rgba, picture + i * 4, 4);
        to += store(to, rgba);
        if (readable) memcpy(readable + i * 4, rgba, 4);
    }
    app_image image = app_image_create_for(&app, use, format, WIDTH, HEIGHT, &texels, layout);
    app_buffer_destroy(&app, &texels);
    return image;
}

static inline app_image make_image(VkFormat format, store_pixel *store, VkImageLayout layout,
                                   uint8_t *readable)
{
    return make_image_for(VK_IMAGE_USAGE_SAMPLED_BIT, format, store, layout, readable);
}

static inline vrn_record_image record_image(const app_image *image, VkImageLayout layout)
{
    return (vrn_record_image){
        .view = image->view,
        .format = image->format,
        .width = image->width,
        .height = image->height,
        .layout = layout,
        .image = image->handle,
    };
}

/* ---- Beginning and end ---- */

/* The application's device, with what READ_ONLY_OPTIMAL needs where it is there. */
static inline void create_application(void)
{
    static VkPhysicalDeviceSynchronization2Features feature = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SYNCHRONIZATION_2_FEATURES,
        .synchronization2 = VK_TRUE,
    };
    app_create_instance(&app, VK_API_VERSION_1_3);
    app_describe_device(&app);
    VkPhysicalDeviceProperties properties;
    app.GetPhysicalDeviceProperties(app.physical, &properties);
    has_synchronization2 = properties.apiVersion >= VK_API_VERSION_1_3;
    if (has_synchronization2) app.info.pNext = &feature;
    app_create_with_additions(&app);
}

/* The library's device in the application, and a small network. */
static inline bool setup_device(void)
{
    vrn_arch arch;
    if (vrn_device_import(&device, &app.import) != VRN_OK ||
        vrn_arch_parse(&arch, "resnet,block=basic,layers=1:1,planes=8:12,stem=cifar,num_classes=7",
                       NULL) ||
        vrn_model_create_random(&model, &arch, 3, NULL)) {
        return false;
    }
    make_picture();
    return true;
}

static inline bool setup(void)
{
    create_application();
    return setup_device();
}

/* Returns whether the library or the validation layer said anything. */
static inline bool teardown(void)
{
    free(picture);
    vrn_model_destroy(&model);
    vrn_device_destroy(&device);
    const int complaints = app_destroy(&app);
    return complaints || app.log.errors || app.log.warnings;
}

#endif
