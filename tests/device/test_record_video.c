/* Pictures of video decoders, in luma and chroma: always the bytes that vrn_session_run gives for
 * the pixels that the standards' formulas give. */
#include "recording.h"

#include <math.h>

/* A picture in two planes, and the same as RGBA8. */
typedef struct video {
    vrn_record_chroma chroma;
    uint32_t bits;
    uint16_t luma[HEIGHT * WIDTH], cb[HEIGHT * WIDTH], cr[HEIGHT * WIDTH]; /* as stored */
    uint8_t rgba[HEIGHT * WIDTH * 4];
} video;

/* By the formulas of BT.601, BT.709 and BT.2020, in doubles. */
static void convert(video *v)
{
    static const double weights[][2] = {
        [VRN_YCBCR_BT709] = {0.2126, 0.0722},
        [VRN_YCBCR_BT601] = {0.299, 0.114},
        [VRN_YCBCR_BT2020] = {0.2627, 0.0593},
    };
    const double kr = weights[v->chroma.matrix][0], kb = weights[v->chroma.matrix][1];
    const double steps = 1 << (v->bits - 8), top = (1 << v->bits) - 1;
    const bool full = v->chroma.full_range;
    const uint32_t columns = v->chroma.width == WIDTH ? 1 : 2;
    const uint32_t rows = v->chroma.height == HEIGHT ? 1 : 2;
    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
        const uint32_t at = i / WIDTH / rows * v->chroma.width + i % WIDTH / columns;
        const double y = full ? v->luma[i] / top : (v->luma[i] - 16 * steps) / (219 * steps);
        const double range = full ? top : 224 * steps;
        const double cb = (v->cb[at] - 128 * steps) / range;
        const double cr = (v->cr[at] - 128 * steps) / range;
        const double r = y + 2 * (1 - kr) * cr, b = y + 2 * (1 - kb) * cb;
        const double rgb[3] = {r, (y - kr * r - kb * b) / (1 - kr - kb), b};
        for (int c = 0; c < 3; c++) {
            const double byte = floor(rgb[c] * 255 + 0.5);
            v->rgba[i * 4 + (uint32_t)c] = (uint8_t)(byte < 0 ? 0 : byte > 255 ? 255 : byte);
        }
        v->rgba[i * 4 + 3] = 255;
    }
}

static void make_video(video *v, uint32_t bits, uint32_t width, uint32_t height)
{
    uint64_t seed = bits + width;
    v->bits = bits;
    v->chroma.width = width;
    v->chroma.height = height;
    const float top = (float)(1 << bits);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        v->luma[i] = (uint16_t)((fixture_random(&seed) + 1) / 2 * top);
        v->cb[i] = (uint16_t)((fixture_random(&seed) / 4 + 0.5f) * top);
        v->cr[i] = (uint16_t)((fixture_random(&seed) / 4 + 0.5f) * top);
    }
}

/* The texels of a plane: luma, or both kinds of chroma. Returns the bytes. */
static size_t store_plane(const video *v, bool chroma, uint8_t *to)
{
    const uint32_t count = chroma ? v->chroma.width * v->chroma.height : WIDTH * HEIGHT;
    const uint32_t each = chroma ? 2 : 1;
    for (uint32_t i = 0; i < count * each; i++) {
        const uint16_t value = !chroma ? v->luma[i] : (i % 2 ? v->cr : v->cb)[i / 2];
        const uint16_t upper = (uint16_t)(value << 6);
        if (v->bits == 8) to[i] = (uint8_t)value;
        if (v->bits == 10) memcpy(to + (size_t)i * 2, &upper, 2);
    }
    return (size_t)count * each * (v->bits == 8 ? 1 : 2);
}

static app_image plane_image(const video *v, bool chroma, VkImageLayout layout)
{
    static const VkFormat formats[2][2] = {{VK_FORMAT_R8_UNORM, VK_FORMAT_R8G8_UNORM},
                                           {VK_FORMAT_R16_UNORM, VK_FORMAT_R16G16_UNORM}};
    app_buffer texels = app_buffer_create(&app, (size_t)WIDTH * HEIGHT * 4);
    store_plane(v, chroma, texels.mapped);
    app_image image =
        app_image_create(&app, formats[v->bits == 10][chroma], chroma ? v->chroma.width : WIDTH,
                         chroma ? v->chroma.height : HEIGHT, &texels, layout);
    app_buffer_destroy(&app, &texels);
    return image;
}

static void planes_equal_pixels(void **state)
{
    (void)state;
    enum { HALF_W = (WIDTH + 1) / 2, HALF_H = (HEIGHT + 1) / 2 };
    static const uint32_t sizes[][2] = {{HALF_W, HALF_H}, {HALF_W, HEIGHT}, {WIDTH, HEIGHT}};
    const VkImageLayout layout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL;
    vrn_session *session = make_session(NULL);
    video *v = calloc(1, sizeof *v);
    for (int i = 0; i < 2 * 2 * 3 + 4; i++) {
        const int size = i < 12 ? 0 : 1 + (i - 12) / 2;
        v->chroma.matrix = (vrn_ycbcr)(i % 3);
        v->chroma.full_range = i / 3 % 2;
        make_video(v, i / 6 % 2 ? 10 : 8, sizes[size][0], sizes[size][1]);
        convert(v);
        float expected[CLASSES];
        run_photo(session, v->rgba, WIDTH, HEIGHT, expected);
        app_image planes[2] = {plane_image(v, false, layout), plane_image(v, true, layout)};
        v->chroma.view = planes[1].view;
        v->chroma.format = planes[1].format;
        vrn_record_image image = record_image(&planes[0], layout);
        image.chroma = &v->chroma;
        char what[80];
        snprintf(what, sizeof what, "%u bits, matrix %d, %s range, size %d", v->bits,
                 (int)v->chroma.matrix, v->chroma.full_range ? "full" : "limited", size);
        expect(session, (vrn_record_params){.images = &image}, expected, what);
        for (int p = 0; p < 2; p++) app_image_destroy(&app, &planes[p]);
    }
    free(v);
    vrn_session_destroy(&session);
}

/* The planes of one image, which is in a layout that no shader reads, where the driver has such
 * images. */
static void planes_of_one_image(void **state)
{
    (void)state;
    enum { W = 44, H = 36 };
    const VkFormat format = VK_FORMAT_G8_B8R8_2PLANE_420_UNORM;
    const VkImageAspectFlagBits aspects[2] = {VK_IMAGE_ASPECT_PLANE_0_BIT,
                                              VK_IMAGE_ASPECT_PLANE_1_BIT};
    const VkFormat formats[2] = {VK_FORMAT_R8_UNORM, VK_FORMAT_R8G8_UNORM};
    const VkImageLayout copied = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
    VkFormatProperties properties;
    app.GetPhysicalDeviceFormatProperties(app.physical, format, &properties);
    const VkFormatFeatureFlags needed =
        VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT | VK_FORMAT_FEATURE_TRANSFER_DST_BIT;
    if ((properties.optimalTilingFeatures & needed) != needed) skip();
    app_image image = {.format = format, .width = W, .height = H};
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .flags = VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = format,
        .extent = {W, H, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .usage = VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT,
    };
    assert_int_equal(app.CreateImage(app.device, &info, NULL, &image.handle), VK_SUCCESS);
    VkMemoryRequirements needs;
    app.GetImageMemoryRequirements(app.device, image.handle, &needs);
    image.memory = app_allocate(&app, needs, 0);
    app.BindImageMemory(app.device, image.handle, image.memory, 0);
    VkImageView views[2];
    app_buffer texels = app_buffer_create(&app, W * H * 3 / 2);
    uint8_t *luma = texels.mapped, *chroma = luma + W * H, rgba[W * H * 4];
    VkBufferImageCopy regions[2];
    for (int p = 0; p < 2; p++) {
        const VkImageViewCreateInfo view = {
            .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
            .image = image.handle,
            .viewType = VK_IMAGE_VIEW_TYPE_2D,
            .format = formats[p],
            .subresourceRange = {aspects[p], 0, 1, 0, 1},
        };
        assert_int_equal(app.CreateImageView(app.device, &view, NULL, &views[p]), VK_SUCCESS);
        regions[p] = (VkBufferImageCopy){
            .bufferOffset = p ? W * H : 0,
            .imageSubresource = {aspects[p], 0, 0, 1},
            .imageExtent = {p ? W / 2 : W, p ? H / 2 : H, 1},
        };
    }
    /* Neutral chroma: grey, in full range. */
    for (int i = 0; i < W * H; i++) {
        luma[i] = picture[i * 4];
        for (int c = 0; c < 3; c++) rgba[i * 4 + c] = luma[i];
    }
    memset(chroma, 128, W * H / 2);
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    app_image_barrier(&app, commands, image.handle, VK_IMAGE_LAYOUT_UNDEFINED, copied);
    app.CmdCopyBufferToImage(commands, texels.handle, image.handle, copied, 2, regions);
    app_finish(&app, commands);
    vrn_session *session = make_session(NULL);
    float expected[CLASSES];
    run_photo(session, rgba, W, H, expected);
    const vrn_record_chroma second = {.view = views[1],
                                      .format = formats[1],
                                      .width = W / 2,
                                      .height = H / 2,
                                      .full_range = true};
    image.view = views[0];
    vrn_record_image input = record_image(&image, copied);
    input.format = formats[0];
    input.chroma = &second;
    expect(session, (vrn_record_params){.images = &input}, expected, "planes of one image");
    vrn_session_destroy(&session);
    app.DestroyImageView(app.device, views[1], NULL);
    app_image_destroy(&app, &image);
    app_buffer_destroy(&app, &texels);
}

/* A batch of a video's picture and a renderer's. */
static void views_of_both_kinds_in_a_batch(void **state)
{
    (void)state;
    const VkImageLayout layout = VK_IMAGE_LAYOUT_GENERAL;
    vrn_session *session = make_session(&(vrn_session_params){.batch = 2});
    video *v = calloc(1, sizeof *v);
    make_video(v, 8, (WIDTH + 1) / 2, (HEIGHT + 1) / 2);
    convert(v);
    const vrn_image photos[2] = {{.pixels = v->rgba, .width = WIDTH, .height = HEIGHT},
                                 {.pixels = picture, .width = WIDTH, .height = HEIGHT}};
    float expected[2 * CLASSES];
    const vrn_inputs inputs = {.count = 2, .images = photos};
    const vrn_outputs outputs = {.logits = expected};
    assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
    app_image planes[2] = {plane_image(v, false, layout), plane_image(v, true, layout)};
    app_image other = make_image(VK_FORMAT_R8G8B8A8_UNORM, store_rgba, layout, NULL);
    v->chroma.view = planes[1].view;
    v->chroma.format = planes[1].format;
    vrn_record_image images[2] = {record_image(&planes[0], layout), record_image(&other, layout)};
    images[0].chroma = &v->chroma;
    app_buffer out = app_buffer_create(&app, sizeof expected);
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    const vrn_record_params params = {.count = 2, .images = images, .logits = {out.handle, 0}};
    assert_int_equal(vrn_session_record(session, commands, &params), VRN_OK);
    app_finish(&app, commands);
    assert_memory_equal(out.mapped, expected, sizeof expected);
    app_buffer_destroy(&app, &out);
    for (int p = 0; p < 2; p++) app_image_destroy(&app, &planes[p]);
    app_image_destroy(&app, &other);
    free(v);
    vrn_session_destroy(&session);
}

/* Grey in PQ or HLG is what the same light in an RGBA image is, up to the rounding of numbers. */
static void expect_hdr(vrn_encoding encoding)
{
    const VkImageLayout layout = VK_IMAGE_LAYOUT_GENERAL;
    vrn_session *session = make_session(NULL);
    video *v = calloc(1, sizeof *v);
    app_buffer texels = app_buffer_create(&app, (size_t)WIDTH * HEIGHT * 8);
    app_buffer out = app_buffer_create(&app, 3 * CLASSES * sizeof(float));
    make_video(v, 10, (WIDTH + 1) / 2, (HEIGHT + 1) / 2);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        v->luma[i] = (uint16_t)(64 + i % 600);
        v->cb[i] = v->cr[i] = 512;
        for (int c = 0; c < 4; c++) {
            const double number = (v->luma[i] - 64) / 876.0 * 65535;
            ((uint16_t *)texels.mapped)[i * 4 + c] = (uint16_t)(number + 0.5);
        }
    }
    app_image planes[2] = {plane_image(v, false, layout), plane_image(v, true, layout)};
    app_image rgba =
        app_image_create(&app, VK_FORMAT_R16G16B16A16_UNORM, WIDTH, HEIGHT, &texels, layout);
    v->chroma = (vrn_record_chroma){.view = planes[1].view,
                                    .format = planes[1].format,
                                    .width = planes[1].width,
                                    .height = planes[1].height,
                                    .matrix = VRN_YCBCR_BT2020};
    vrn_record_image images[3] = {record_image(&planes[0], layout), record_image(&rgba, layout),
                                  record_image(&planes[0], layout)};
    images[0].chroma = images[2].chroma = &v->chroma;
    images[0].encoding = images[1].encoding = encoding;
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    for (uint32_t i = 0; i < 3; i++) {
        const vrn_record_params params = {
            .slot = i, .images = &images[i], .logits = {out.handle, i * CLASSES * sizeof(float)}};
        assert_int_equal(vrn_session_record(session, commands, &params), VRN_OK);
    }
    app_finish(&app, commands);
    const float *logits = out.mapped;
    double error = 0, size = 0, changed = 0;
    for (int i = 0; i < CLASSES; i++) {
        error += pow((double)logits[i] - (double)logits[CLASSES + i], 2);
        changed += pow((double)logits[i] - (double)logits[2 * CLASSES + i], 2);
        size += pow((double)logits[i], 2);
    }
    assert_true(sqrt(error / size) < 1e-3);
    assert_true(sqrt(changed / size) > 0.05); /* read as sRGB it is another picture */
    app_buffer_destroy(&app, &texels);
    app_buffer_destroy(&app, &out);
    for (int p = 0; p < 2; p++) app_image_destroy(&app, &planes[p]);
    app_image_destroy(&app, &rgba);
    free(v);
    vrn_session_destroy(&session);
}

static void pq_video_is_pq(void **state)
{
    (void)state;
    expect_hdr(VRN_ENCODING_PQ);
}

static void hlg_video_is_hlg(void **state)
{
    (void)state;
    expect_hdr(VRN_ENCODING_HLG);
}

static void wrong_planes_are_refused(void **state)
{
    (void)state;
    vrn_session *session = make_session(NULL);
    const VkImageView view = (VkImageView)(uintptr_t)1;
    const VkFormat one = VK_FORMAT_R8_UNORM, two = VK_FORMAT_R8G8_UNORM;
    const struct {
        VkFormat luma;
        vrn_encoding encoding;
        vrn_record_chroma chroma;
        vrn_result expected;
    } cases[] = {
        {VK_FORMAT_R8G8B8A8_UNORM, 0, {view, two, 4, 4}, VRN_ERROR_UNSUPPORTED},
        {VK_FORMAT_R16_UNORM, 0, {view, two, 4, 4}, VRN_ERROR_UNSUPPORTED},
        {one, 0, {VK_NULL_HANDLE, two, 4, 4}, VRN_ERROR_INVALID_ARGUMENT},
        {one, 0, {view, two, 4, 4, (vrn_ycbcr)9}, VRN_ERROR_INVALID_ARGUMENT},
        {one, 0, {view, two, 3, 4}, VRN_ERROR_INVALID_ARGUMENT},
        {one, 0, {view, two, 4, 5}, VRN_ERROR_INVALID_ARGUMENT},
        {one, VRN_ENCODING_LINEAR, {view, two, 4, 4}, VRN_ERROR_INVALID_ARGUMENT},
        {one, VRN_ENCODING_PQ, {view, two, 4, 4}, VRN_ERROR_INVALID_ARGUMENT},
    };
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const vrn_record_image image = {.view = view,
                                        .format = cases[i].luma,
                                        .width = 8,
                                        .height = 8,
                                        .layout = VK_IMAGE_LAYOUT_GENERAL,
                                        .encoding = cases[i].encoding,
                                        .chroma = &cases[i].chroma};
        const vrn_record_params params = {.images = &image, .logits = {(VkBuffer)(uintptr_t)1, 0}};
        const int errors = app.log.errors;
        assert_int_equal(vrn_session_record(session, commands, &params), cases[i].expected);
        assert_int_equal(app.log.errors, errors + 1);
        app.log.errors = errors;
    }
    vrn_session_destroy(&session);
}

int main(void)
{
    if (!setup()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_equal_pixels),
        cmocka_unit_test(planes_of_one_image),
        cmocka_unit_test(views_of_both_kinds_in_a_batch),
        cmocka_unit_test(pq_video_is_pq),
        cmocka_unit_test(hlg_video_is_hlg),
        cmocka_unit_test(wrong_planes_are_refused),
    };
    const int failed = cmocka_run_group_tests_name("record_video", tests, NULL, NULL);
    return teardown() || failed;
}
