/* Resize and crop on the device against torchvision's, byte for byte (tests/data/preprocess). */
#include "fixture.h"

#include <math.h>

#include "base/os.h"
#include "base/util.h"
#include "gpu/queue.h"
#include "preprocess_reference.h"
#include "ops/preprocess.h"
#include "session/images.h"

static vrn_device *device;
static fixture_log messages;

/* The generator of make_expected.py, as RGBA with a noisy alpha that must not matter. */
static uint8_t *picture(uint32_t width, uint32_t height)
{
    size_t count = (size_t)width * height * 3;
    uint8_t *pixels = malloc((size_t)width * height * 4);
    assert_non_null(pixels);
    uint32_t state = 12345;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i / 3 * 4 + i % 3] = (uint8_t)((state >> 24) / 2 + i * 128 / count);
        if (i % 3 == 0) pixels[i / 3 * 4 + 3] = (uint8_t)state;
    }
    return pixels;
}

/* Runs the images through the device; the result is read from a buffer of the test's own. */
static float *prepare(const vrn_image *photos, uint32_t count, uint32_t height, uint32_t width,
                      const vrn_transform *transform)
{
    const size_t bytes = (size_t)count * height * width * 4 * sizeof(float);
    vrn_images images = {0};
    vrn_commands commands;
    vrn_buffer readback;
    assert_int_equal(vrn_commands_create(&commands, device, device->queues.items), VRN_OK);
    assert_int_equal(vrn_buffer_create(&readback, device, VRN_BUFFER_READBACK, bytes, "readback"),
                     VRN_OK);
    vrn_picture pictures[2];
    const vrn_framing framing = {
        .batch = count, .height = height, .width = width, .transform = transform};
    for (uint32_t i = 0; i < count; i++) pictures[i] = vrn_picture_of(&photos[i]);
    assert_int_equal(vrn_commands_begin(commands.buffers[0], device, true), VRN_OK);
    assert_int_equal(
        vrn_images_record(&images, device, pictures, count, &framing, commands.buffers[0]), VRN_OK);
    assert_int_equal(vrn_commands_end(commands.buffers[0], device), VRN_OK);
    VkCommandBuffer copy = commands.buffers[1];
    assert_int_equal(vrn_commands_begin(copy, device, true), VRN_OK);
    vrn_commands_barrier(copy, device, false);
    const VkBufferCopy region = {.size = bytes};
    device->vk.CmdCopyBuffer(copy, images.tensor.handle, readback.handle, 1, &region);
    vrn_commands_barrier(copy, device, true);
    assert_int_equal(vrn_commands_end(copy, device), VRN_OK);
    assert_int_equal(
        vrn_commands_submit(&commands, device, VK_NULL_HANDLE, commands.buffers, 2, NULL), VRN_OK);
    assert_int_equal(vrn_commands_wait(&commands, device), VRN_OK);
    float *result = malloc(bytes);
    assert_non_null(result);
    memcpy(result, readback.mapped, bytes);
    vrn_commands_destroy(&commands, device);
    vrn_buffer_destroy(&readback, device);
    vrn_images_destroy(&images, device);
    return result;
}

static void equals_torchvision(void **state)
{
    (void)state;
    vrn_mapping file;
    assert_int_equal(
        vrn_map_file(&file, VRN_TEST_SOURCE_DIR "/tests/data/preprocess/expected.bin", NULL),
        VRN_OK);
    int cases = 0;
    for (size_t at = 0; at + 24 <= file.size; cases++) {
        uint32_t head[6];
        memcpy(head, file.data + at, sizeof head);
        at += sizeof head;
        const uint32_t height = head[3], width = head[4];
        uint8_t *pixels = picture(head[0], head[1]);
        /* Mean 0 and std 1: the result is the byte / 255. Twice, so that a second image follows. */
        const vrn_transform transform = {
            .resize = head[2], .interpolation = (vrn_interpolation)head[5], .std = {1, 1, 1}};
        const vrn_image photos[2] = {{.pixels = pixels, .width = head[0], .height = head[1]},
                                     {.pixels = pixels, .width = head[0], .height = head[1]}};
        float *tensor = prepare(photos, 2, height, width, &transform);
        int wrong = 0;
        for (size_t i = 0; i < (size_t)2 * height * width * 3; i++) {
            uint8_t expected = file.data[at + i % ((size_t)height * width * 3)];
            float found = tensor[i / 3 * 4 + i % 3] * 255;
            if (fabsf(found - expected) > 1e-3f && wrong++ < 4) {
                fprintf(stderr, "%ux%u to %u, crop %ux%u, %s: byte %zu: expected %u, found %g\n",
                        head[0], head[1], head[2], height, width,
                        vrn_interpolation_name(transform.interpolation), i, expected, found);
            }
        }
        assert_int_equal(wrong, 0);
        free(tensor);
        free(pixels);
        at += (size_t)height * width * 3;
    }
    assert_int_equal(cases, 35);
    vrn_unmap_file(&file);
}

/* The other ways to resize, to fill and to order, with statistics of 0 to 255: the bytes
 * themselves, to the bit. */
static void modes_equal_pillow(void **state)
{
    (void)state;
    vrn_mapping file;
    assert_int_equal(
        vrn_map_file(&file, VRN_TEST_SOURCE_DIR "/tests/data/preprocess/modes.bin", NULL), VRN_OK);
    int cases = 0;
    for (size_t at = 0; at + 40 <= file.size; cases++) {
        uint32_t head[10];
        memcpy(head, file.data + at, sizeof head);
        at += sizeof head;
        const uint32_t height = head[5], width = head[6];
        const vrn_transform transform = {
            .mode = (vrn_resize_mode)head[2],
            .resize = head[3],
            .resize_width = head[4],
            .interpolation = (vrn_interpolation)head[7],
            .fill = {head[8] & 255, head[8] >> 8 & 255, head[8] >> 16 & 255},
            .channels = (vrn_channels)head[9],
            .scale = 1,
        };
        uint8_t *pixels = picture(head[0], head[1]);
        const vrn_image photo = {.pixels = pixels, .width = head[0], .height = head[1]};
        float *tensor = prepare(&photo, 1, height, width, &transform);
        for (size_t i = 0; i < (size_t)height * width * 3; i++) {
            if (tensor[i / 3 * 4 + i % 3] != file.data[at + i]) {
                fail_msg("case %d: byte %zu: expected %u, found %g", cases, i, file.data[at + i],
                         (double)tensor[i / 3 * 4 + i % 3]);
            }
        }
        free(tensor);
        free(pixels);
        at += (size_t)height * width * 3;
    }
    assert_int_equal(cases, 23);
    vrn_unmap_file(&file);
}

/* The device and the plain C version: every size within some pixels of each other, both filters. */
static void equals_reference(void **state)
{
    (void)state;
    const uint32_t sides[] = {1, 2, 7, 16, 31, 64, 101};
    const uint32_t sizes[][2] = {{0, 16}, {8, 8}, {16, 13}, {33, 40}}; /* resize, crop */
    float expected[40 * 40 * 4];
    for (uint32_t i = 0; i < VRN_COUNT(sides) * VRN_COUNT(sides); i++) {
        const uint32_t width = sides[i % VRN_COUNT(sides)], height = sides[i / VRN_COUNT(sides)];
        const uint32_t crop = sizes[i % VRN_COUNT(sizes)][1];
        const vrn_transform transform = {
            .resize = sizes[i % VRN_COUNT(sizes)][0],
            .interpolation = i % 3 ? VRN_INTERPOLATION_BICUBIC : VRN_INTERPOLATION_BILINEAR,
            .mean = {0.5f, -1, 0.25f},
            .std = {0, 2, 0.25f}, /* 0 counts as 1 */
            .mode = i % 5 && sizes[i % VRN_COUNT(sizes)][0] ? (vrn_resize_mode)(i % 4)
                                                            : VRN_RESIZE_SHORTER,
            .resize_width = i % 7 ? 0 : 11,
            .channels = (vrn_channels)(i / 2 % 2),
            .scale = i % 6 ? 0 : 17,
            .fill = {i & 255, 200, 3},
        };
        uint8_t *pixels = picture(width, height);
        const vrn_image photo = {.pixels = pixels, .width = width, .height = height};
        float *found = prepare(&photo, 1, crop, crop, &transform);
        assert_true(vrn_preprocess_reference(&photo, &transform, crop, crop, expected));
        for (uint32_t k = 0; k < crop * crop * 4; k++) {
            if (fabsf(found[k] - expected[k]) > 1e-5f) {
                fail_msg("%ux%u to %u, crop %u, %s: [%u]: expected %g, found %g", width, height,
                         transform.resize, crop, vrn_interpolation_name(transform.interpolation), k,
                         (double)expected[k], (double)found[k]);
            }
        }
        free(found);
        free(pixels);
    }
}

/* Light and dark stripes, enlarged: a cubic filter overshoots on both sides, and is clipped. */
static void clips_overshoot(void **state)
{
    (void)state;
    uint8_t pixels[8 * 8 * 4];
    for (int i = 0; i < 8 * 8 * 4; i++) pixels[i] = i / 4 % 4 < 2 ? 250 : 5;
    const vrn_image photo = {.pixels = pixels, .width = 8, .height = 8};
    vrn_transform transform = {.resize = 64, .std = {1, 1, 1}};
    float expected[64 * 64 * 4];
    int extremes[2][2] = {{0}}; /* black, white for each filter */
    for (int bicubic = 0; bicubic < 2; bicubic++) {
        transform.interpolation = bicubic ? VRN_INTERPOLATION_BICUBIC : VRN_INTERPOLATION_BILINEAR;
        float *tensor = prepare(&photo, 1, 64, 64, &transform);
        assert_true(vrn_preprocess_reference(&photo, &transform, 64, 64, expected));
        for (int i = 0; i < 64 * 64 * 4; i += 4) {
            assert_true(fabsf(tensor[i] - expected[i]) < 1e-5f);
            extremes[bicubic][0] += tensor[i] == 0;
            extremes[bicubic][1] += tensor[i] == 1;
        }
        free(tensor);
    }
    assert_true(extremes[0][0] == 0 && extremes[0][1] == 0);
    assert_true(extremes[1][0] > 100 && extremes[1][1] > 100);
}

static void normalises(void **state)
{
    (void)state;
    const uint8_t pixel[8] = {0, 128, 255, 7, 51, 102, 204, 9};
    const vrn_transform transform = {.mean = {0.485f, 0.456f, 0.406f},
                                     .std = {0.229f, 0.224f, 0.225f}};
    const vrn_image photo = {.pixels = pixel, .width = 2, .height = 1, .stride = 8};
    float *tensor = prepare(&photo, 1, 1, 2, &transform);
    for (int i = 0; i < 8; i++) {
        float expected = 0;
        if (i % 4 < 3) {
            expected = ((float)pixel[i] / 255 - transform.mean[i % 4]) / transform.std[i % 4];
        }
        assert_true(fabsf(tensor[i] - expected) <= 2e-6f);
    }
    free(tensor);
}

/* A picture whose needed part is more than the device says it can bind is resized in bands. */
static void large_pictures_go_in_bands(void **state)
{
    (void)state;
    const uint32_t width = 400, height = 700;
    uint8_t *pixels = picture(width, height);
    const vrn_transform transform = {.resize = 40, .std = {1, 1, 1}};
    const vrn_image photo = {.pixels = pixels, .width = width, .height = height};
    float *whole = prepare(&photo, 1, 40, 40, &transform);
    const uint32_t limit = device->probe.limits.maxStorageBufferRange;
    device->probe.limits.maxStorageBufferRange = 400 * 4 * 128; /* 128 rows */
    float *banded = prepare(&photo, 1, 40, 40, &transform);
    device->probe.limits.maxStorageBufferRange = limit;
    assert_memory_equal(whole, banded, 40 * 40 * 4 * sizeof(float));
    free(whole);
    free(banded);
    free(pixels);
}

/* Rows may lie further apart than their pixels, and a thin picture is refused before it is resized
 * to more than can be counted. */
static void odd_shapes(void **state)
{
    (void)state;
    enum { WIDTH = 21, HEIGHT = 17, STRIDE = 100 };
    uint8_t *pixels = picture(WIDTH, HEIGHT), *spread = malloc(STRIDE * HEIGHT);
    assert_non_null(spread);
    memset(spread, 0xab, STRIDE * HEIGHT);
    for (int row = 0; row < HEIGHT; row++) {
        memcpy(spread + row * STRIDE, pixels + row * WIDTH * 4, WIDTH * 4);
    }
    const vrn_transform transform = {.resize = 12, .std = {1, 1, 1}};
    const vrn_image dense = {.pixels = pixels, .width = WIDTH, .height = HEIGHT},
                    apart = {.pixels = spread, .width = WIDTH, .height = HEIGHT, .stride = STRIDE};
    float *expected = prepare(&dense, 1, 12, 12, &transform);
    float *found = prepare(&apart, 1, 12, 12, &transform);
    assert_memory_equal(expected, found, 12 * 12 * 4 * sizeof(float));
    free(expected);
    free(found);
    free(spread);

    const int errors = messages.errors;
    vrn_images images = {0};
    const vrn_picture thin =
        vrn_picture_of(&(vrn_image){.pixels = pixels, .width = 1, .height = 1 << 24, .stride = 4});
    const vrn_transform enlarge = {.resize = 65536, .std = {1, 1, 1}};
    const vrn_framing framing = {.batch = 1, .height = 8, .width = 8, .transform = &enlarge};
    assert_int_equal(vrn_images_record(&images, device, &thin, 1, &framing, VK_NULL_HANDLE),
                     VRN_ERROR_UNSUPPORTED);
    assert_int_equal(messages.errors, errors + 1);
    messages.errors = errors;
    vrn_images_destroy(&images, device);
    free(pixels);
}

/* Where red, green and blue are in a pixel, and its size. */
static const struct {
    uint32_t bytes, channels[3];
} layouts[] = {
    [VRN_PIXEL_RGBA] = {4, {0, 1, 2}}, [VRN_PIXEL_BGRA] = {4, {2, 1, 0}},
    [VRN_PIXEL_RGB] = {3, {0, 1, 2}},  [VRN_PIXEL_BGR] = {3, {2, 1, 0}},
    [VRN_PIXEL_GREY] = {1, {0, 0, 0}}, [VRN_PIXEL_GREY_ALPHA] = {2, {0, 0, 0}},
};

/* The same picture in every format gives the same bytes: with rows of odd strides, resized, cropped
 * and as it is. A second image, of the next format, stands beside it. */
static void formats_agree(void **state)
{
    (void)state;
    enum { WIDTH = 37, HEIGHT = 29, CROP = 16 };
    const vrn_transform transforms[] = {{.resize = 20, .std = {1, 1, 1}},
                                        {.interpolation = VRN_INTERPOLATION_BICUBIC, .resize = 31},
                                        {.std = {0.5f, 1, 2}}};
    assert_null(vrn_pixel_format_name((vrn_pixel_format)VRN_COUNT(layouts)));
    for (uint32_t f = 0; f < VRN_COUNT(layouts); f++) {
        uint8_t *colours = picture(WIDTH, HEIGHT);
        const size_t stride = (size_t)WIDTH * layouts[f].bytes + 5;
        uint8_t *packed = malloc(stride * HEIGHT);
        assert_non_null(packed);
        memset(packed, 0xcd, stride * HEIGHT);
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            uint8_t *from = colours + (size_t)i * 4;
            if (layouts[f].bytes < 3) from[1] = from[2] = from[0];
            uint8_t *to = packed + i / WIDTH * stride + (size_t)(i % WIDTH) * layouts[f].bytes;
            for (int c = 0; c < 3; c++) to[layouts[f].channels[c]] = from[c];
        }
        const vrn_image rgba = {.pixels = colours, .width = WIDTH, .height = HEIGHT};
        const vrn_image other = {.pixels = packed,
                                 .width = WIDTH,
                                 .height = HEIGHT,
                                 .stride = stride,
                                 .format = (vrn_pixel_format)f};
        for (uint32_t t = 0; t < VRN_COUNT(transforms); t++) {
            float *expected = prepare((vrn_image[]){rgba, rgba}, 2, CROP, CROP, &transforms[t]);
            float *found = prepare((vrn_image[]){other, rgba}, 2, CROP, CROP, &transforms[t]);
            if (memcmp(expected, found, (size_t)2 * CROP * CROP * 4 * sizeof(float)) != 0) {
                fail_msg("%s, transform %u", vrn_pixel_format_name((vrn_pixel_format)f), t);
            }
            free(expected);
            free(found);
        }
        free(colours);
        free(packed);
    }
}

static void refuse(const vrn_image *image, const char *what)
{
    const int errors = messages.errors;
    vrn_images images = {0};
    const vrn_picture wrong = vrn_picture_of(image);
    const vrn_framing framing = {
        .batch = 1, .height = 8, .width = 8, .transform = &(vrn_transform){0}};
    if (vrn_images_record(&images, device, &wrong, 1, &framing, VK_NULL_HANDLE) !=
        VRN_ERROR_INVALID_ARGUMENT) {
        fail_msg("%s was not refused", what);
    }
    assert_int_equal(messages.errors, errors + 1);
    messages.errors = errors;
    vrn_images_destroy(&images, device);
}

static void refuses_wrong_formats_and_strides(void **state)
{
    (void)state;
    const uint8_t pixels[3 * 8 * 8] = {0};
    vrn_image image = {.pixels = pixels, .width = 8, .height = 8};
    image.format = (vrn_pixel_format)VRN_COUNT(layouts);
    refuse(&image, "an unknown format");
    image.format = VRN_PIXEL_RGB;
    image.stride = 23;
    refuse(&image, "a stride shorter than a row");
}

/* A column of sixteen million pixels has a filter longer than can be bound. */
static void refuses_long_filters(void **state)
{
    (void)state;
    vrn_images images = {0};
    const uint8_t pixel[4] = {0};
    const vrn_picture tall =
        vrn_picture_of(&(vrn_image){.pixels = pixel, .width = 1, .height = 1 << 24, .stride = 4});
    const vrn_transform transform = {.interpolation = VRN_INTERPOLATION_BICUBIC,
                                     .mode = VRN_RESIZE_LETTERBOX};
    const vrn_framing framing = {.batch = 1, .height = 8, .width = 8, .transform = &transform};
    const int errors = messages.errors;
    const uint32_t limit = device->probe.limits.maxStorageBufferRange;
    device->probe.limits.maxStorageBufferRange = 1 << 27;
    assert_int_equal(vrn_images_record(&images, device, &tall, 1, &framing, VK_NULL_HANDLE),
                     VRN_ERROR_UNSUPPORTED);
    device->probe.limits.maxStorageBufferRange = limit;
    assert_int_equal(messages.errors, errors + 1);
    messages.errors = errors;
    vrn_images_destroy(&images, device);
}

static void refuses_empty_images(void **state)
{
    (void)state;
    vrn_images images = {0};
    const vrn_picture empty = {0};
    const vrn_framing framing = {
        .batch = 1, .height = 8, .width = 8, .transform = &(vrn_transform){0}};
    const int errors = messages.errors;
    assert_int_equal(vrn_images_record(&images, device, &empty, 1, &framing, VK_NULL_HANDLE),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(messages.errors, errors + 1);
    messages.errors = errors;
    vrn_images_destroy(&images, device);
}

int main(void)
{
    device = fixture_device(&messages, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_torchvision),
        cmocka_unit_test(modes_equal_pillow),
        cmocka_unit_test(normalises),
        cmocka_unit_test(large_pictures_go_in_bands),
        cmocka_unit_test(odd_shapes),
        cmocka_unit_test(formats_agree),
        cmocka_unit_test(refuses_wrong_formats_and_strides),
        cmocka_unit_test(refuses_empty_images),
        cmocka_unit_test(equals_reference),
        cmocka_unit_test(clips_overshoot),
        cmocka_unit_test(refuses_long_filters),
    };
    int failed = cmocka_run_group_tests_name("preprocess", tests, NULL, NULL);
    vrn_device_destroy(&device);
    return failed || messages.errors || messages.warnings;
}
