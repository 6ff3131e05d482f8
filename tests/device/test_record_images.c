/* Recordings that read images: every format, every layout, a part of a picture. Always the bytes
 * that vrn_session_run gives for the same pixels. */
#include "recording.h"

static const struct {
    VkFormat format;
    storing how;
    const char *name;
} formats[] = {
    {VK_FORMAT_R8G8B8A8_UNORM, RGBA, "RGBA8 UNORM"},
    {VK_FORMAT_R8G8B8A8_SRGB, RGBA, "RGBA8 SRGB"},
    {VK_FORMAT_B8G8R8A8_UNORM, BGRA, "BGRA8 UNORM"},
    {VK_FORMAT_B8G8R8A8_SRGB, BGRA, "BGRA8 SRGB"},
    {VK_FORMAT_A8B8G8R8_UNORM_PACK32, RGBA, "ABGR8 UNORM"},
    {VK_FORMAT_A8B8G8R8_SRGB_PACK32, RGBA, "ABGR8 SRGB"},
    {VK_FORMAT_A2B10G10R10_UNORM_PACK32, RGB10, "A2B10G10R10"},
    {VK_FORMAT_A2R10G10B10_UNORM_PACK32, BGR10, "A2R10G10B10"},
    {VK_FORMAT_R16G16B16A16_UNORM, WORDS, "RGBA16 UNORM"},
    {VK_FORMAT_R16G16B16A16_SFLOAT, HALVES, "RGBA16F"},
    {VK_FORMAT_R16G16B16A16_SFLOAT, HALVES_ENCODED, "RGBA16F, encoded"},
    {VK_FORMAT_R32G32B32A32_SFLOAT, FLOATS, "RGBA32F"},
};

static void images_of_every_format(void **state)
{
    (void)state;
    vrn_session *session = make_session(NULL);
    float expected[CLASSES];
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    int tested = 0;
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        const VkFormatFeatureFlags needed =
            VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT | VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT |
            VK_FORMAT_FEATURE_TRANSFER_DST_BIT | VK_FORMAT_FEATURE_TRANSFER_SRC_BIT;
        VkFormatProperties properties;
        app.GetPhysicalDeviceFormatProperties(app.physical, formats[f].format, &properties);
        if ((properties.optimalTilingFeatures & needed) != needed) continue;
        const VkImageLayout layout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL;
        app_image image = make_image(formats[f].format, formats[f].how, layout);
        vrn_record_image input = record_image(&image, layout);
        input.encoded = formats[f].how == HALVES_ENCODED;
        expect(session, (vrn_record_params){.images = &input}, expected, formats[f].name);
        app_image_destroy(&app, &image);
        tested++;
    }
    assert_true(tested >= 8);
    vrn_session_destroy(&session);
}

/* Afterwards the image is in the layout that it had: the second recording says so again. */
static void images_in_every_layout(void **state)
{
    (void)state;
    static const VkImageLayout layouts[] = {
        VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL, VK_IMAGE_LAYOUT_GENERAL,
        VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
        VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,     VK_IMAGE_LAYOUT_READ_ONLY_OPTIMAL,
    };
    vrn_session *session = make_session(NULL);
    float expected[CLASSES];
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (layouts[i] == VK_IMAGE_LAYOUT_READ_ONLY_OPTIMAL && !has_synchronization2) continue;
        app_image image = make_image(VK_FORMAT_B8G8R8A8_SRGB, BGRA, layouts[i]);
        const vrn_record_image input = record_image(&image, layouts[i]);
        for (int again = 0; again < 2; again++) {
            expect(session, (vrn_record_params){.images = &input}, expected, "a layout");
        }
        app_image_destroy(&app, &image);
    }
    vrn_session_destroy(&session);
}

static void a_region_is_a_picture(void **state)
{
    (void)state;
    vrn_session *session = make_session(NULL);
    enum { LEFT = 5, TOP = 3, W = 34, H = 33 };
    uint8_t *part = malloc((size_t)W * H * 4);
    for (int row = 0; row < H; row++) {
        memcpy(part + row * W * 4, picture + ((row + TOP) * WIDTH + LEFT) * 4, W * 4);
    }
    float expected[CLASSES];
    run_photo(session, part, W, H, expected);
    const VkImageLayout layout = VK_IMAGE_LAYOUT_GENERAL;
    app_image image = make_image(VK_FORMAT_R8G8B8A8_UNORM, RGBA, layout);
    vrn_record_image input = record_image(&image, layout);
    input.region = (VkRect2D){{LEFT, TOP}, {W, H}};
    expect(session, (vrn_record_params){.images = &input}, expected, "a region");
    app_image_destroy(&app, &image);
    free(part);
    vrn_session_destroy(&session);
}

/* Two regions of one image, whose layout changes once. */
static void two_regions_of_one_image(void **state)
{
    (void)state;
    vrn_session *session = make_session(&(vrn_session_params){.batch = 2});
    enum { W = 32, H = 32, LEFT = 10 };
    uint8_t parts[2][W * H * 4];
    for (int i = 0; i < 2 * H; i++) {
        const int row = i % H, left = i / H * LEFT;
        memcpy(parts[i / H] + row * W * 4, picture + (row * WIDTH + left) * 4, W * 4);
    }
    const vrn_image photos[2] = {{.pixels = parts[0], .width = W, .height = H},
                                 {.pixels = parts[1], .width = W, .height = H}};
    float expected[2 * CLASSES];
    const vrn_inputs run_in = {.count = 2, .images = photos};
    const vrn_outputs run_out = {.logits = expected};
    assert_int_equal(vrn_session_run(session, &run_in, &run_out), VRN_OK);

    const VkImageLayout layout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
    app_image image = make_image(VK_FORMAT_R8G8B8A8_SRGB, RGBA, layout);
    vrn_record_image inputs[2] = {record_image(&image, layout), record_image(&image, layout)};
    inputs[0].region = (VkRect2D){{0, 0}, {W, H}};
    inputs[1].region = (VkRect2D){{LEFT, 0}, {W, H}};
    app_buffer out = app_buffer_create(&app, sizeof expected);
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    const vrn_record_params params = {.count = 2, .images = inputs, .logits = {out.handle, 0}};
    assert_int_equal(vrn_session_record(session, commands, &params), VRN_OK);
    app_finish(&app, commands);
    assert_memory_equal(out.mapped, expected, sizeof expected);
    app_buffer_destroy(&app, &out);
    app_image_destroy(&app, &image);
    vrn_session_destroy(&session);
}

int main(void)
{
    if (!setup()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_of_every_format),
        cmocka_unit_test(images_in_every_layout),
        cmocka_unit_test(a_region_is_a_picture),
        cmocka_unit_test(two_regions_of_one_image),
    };
    const int failed = cmocka_run_group_tests_name("record_images", tests, NULL, NULL);
    return teardown() || failed;
}
