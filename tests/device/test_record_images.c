/* Recordings that read images: every format, every layout, a part of a picture. Always the bytes
 * that vrn_session_run gives for the same pixels. */
#include "gpu/device.h" /* before recording.h, whose `device` its parameters would shadow */

#include "recording.h"

#include <math.h>

#include "base/half.h"

/* ---- Numbers in sRGB's encoding ---- */

static size_t store_rgb(uint8_t *to, uint8_t rgba[4])
{
    memcpy(to, rgba, 3);
    return 3;
}

static size_t store_bgr(uint8_t *to, uint8_t rgba[4])
{
    to[0] = rgba[2], to[1] = rgba[1], to[2] = rgba[0];
    return 3;
}

/* The first component is grey. */
static void make_grey(uint8_t rgba[4])
{
    rgba[1] = rgba[2] = rgba[0];
}

static size_t store_grey(uint8_t *to, uint8_t rgba[4])
{
    make_grey(rgba);
    to[0] = rgba[0];
    return 1;
}

static size_t store_grey_alpha(uint8_t *to, uint8_t rgba[4])
{
    make_grey(rgba);
    to[0] = rgba[0], to[1] = rgba[3];
    return 2;
}

static size_t store_grey_word(uint8_t *to, uint8_t rgba[4])
{
    make_grey(rgba);
    const uint16_t word = (uint16_t)(rgba[0] * 257);
    memcpy(to, &word, 2);
    return 2;
}

static size_t store_words(uint8_t *to, uint8_t rgba[4])
{
    uint16_t words[4];
    for (int c = 0; c < 4; c++) words[c] = (uint16_t)(rgba[c] * 257);
    memcpy(to, words, 8);
    return 8;
}

/* So many bits of a channel, which becomes what they can say. */
static uint32_t bits_of(uint8_t *value, uint32_t bits)
{
    const uint32_t most = (1u << bits) - 1;
    const uint32_t stored = (*value * most + 127) / 255;
    *value = (uint8_t)((double)stored / most * 255 + 0.5);
    return stored;
}

/* Channels from the lowest bits upwards. */
static size_t store_packed(uint8_t *to, uint8_t *const channels[3], const uint32_t bits[3],
                           uint32_t shift, size_t bytes)
{
    uint32_t packed = 0;
    for (int c = 0; c < 3; c++) {
        packed |= bits_of(channels[c], bits[c]) << shift;
        shift += bits[c];
    }
    memcpy(to, &packed, bytes); /* little endian */
    return bytes;
}

#define PACKED(name, first, third, b0, b1, b2, shift, bytes)                                       \
    static size_t store_##name(uint8_t *to, uint8_t rgba[4])                                       \
    {                                                                                              \
        uint8_t *const channels[] = {&rgba[first], &rgba[1], &rgba[third]};                        \
        return store_packed(to, channels, (const uint32_t[]){b0, b1, b2}, shift, bytes);           \
    }
PACKED(r5g6b5, 2, 0, 5, 6, 5, 0, 2)
PACKED(b5g6r5, 0, 2, 5, 6, 5, 0, 2)
PACKED(r5g5b5a1, 2, 0, 5, 5, 5, 1, 2)
PACKED(b5g5r5a1, 0, 2, 5, 5, 5, 1, 2)
PACKED(a1r5g5b5, 2, 0, 5, 5, 5, 0, 2)
PACKED(a2b10g10r10, 0, 2, 10, 10, 10, 0, 4)
PACKED(a2r10g10b10, 2, 0, 10, 10, 10, 0, 4)

static size_t store_encoded_halves(uint8_t *to, uint8_t rgba[4])
{
    uint16_t words[4];
    for (int c = 0; c < 4; c++) words[c] = vrn_float_to_half((float)rgba[c] / 255);
    memcpy(to, words, 8);
    return 8;
}

/* ---- Linear light ---- */

static double to_linear(uint8_t byte)
{
    const double encoded = byte / 255.0;
    return encoded <= 0.04045 ? encoded / 12.92 : pow((encoded + 0.055) / 1.055, 2.4);
}

static uint8_t to_byte(double light)
{
    light = fmin(fmax(light, 0), 1);
    const double encoded = light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055;
    return (uint8_t)(encoded * 255 + 0.5);
}

static size_t store_halves(uint8_t *to, uint8_t rgba[4])
{
    uint16_t words[4];
    for (int c = 0; c < 4; c++) words[c] = vrn_float_to_half((float)to_linear(rgba[c]));
    memcpy(to, words, 8);
    return 8;
}

static size_t store_floats(uint8_t *to, uint8_t rgba[4])
{
    float floats[4];
    for (int c = 0; c < 4; c++) floats[c] = (float)to_linear(rgba[c]);
    memcpy(to, floats, 16);
    return 16;
}

static size_t store_grey_half(uint8_t *to, uint8_t rgba[4])
{
    make_grey(rgba);
    const uint16_t half = vrn_float_to_half((float)to_linear(rgba[0]));
    memcpy(to, &half, 2);
    return 2;
}

static size_t store_grey_float(uint8_t *to, uint8_t rgba[4])
{
    make_grey(rgba);
    const float light = (float)to_linear(rgba[0]);
    memcpy(to, &light, 4);
    return 4;
}

/* Floats of 11, 11 and 10 bits are halves without their sign and their last bits. */
static size_t store_b10g11r11(uint8_t *to, uint8_t rgba[4])
{
    static const uint32_t dropped[3] = {4, 4, 5}, shift[3] = {0, 11, 22};
    uint32_t packed = 0;
    for (int c = 0; c < 3; c++) {
        const uint32_t bits = vrn_float_to_half((float)to_linear(rgba[c])) >> dropped[c];
        packed |= bits << shift[c];
        rgba[c] = to_byte(vrn_half_to_float((uint16_t)(bits << dropped[c])));
    }
    memcpy(to, &packed, 4);
    return 4;
}

/* Nine bits each, and an exponent for all. */
static size_t store_e5b9g9r9(uint8_t *to, uint8_t rgba[4])
{
    double most = 0;
    for (int c = 0; c < 3; c++) most = fmax(most, to_linear(rgba[c]));
    int exponent = 0;
    frexp(most * 512 / 511, &exponent); /* the largest must not be rounded up to 512 */
    if (exponent < -15) exponent = -15;
    uint32_t packed = (uint32_t)(exponent + 15) << 27;
    for (int c = 0; c < 3; c++) {
        const double unit = ldexp(1, exponent - 9);
        const uint32_t mantissa = (uint32_t)(to_linear(rgba[c]) / unit + 0.5);
        packed |= mantissa << 9 * c;
        rgba[c] = to_byte(mantissa * unit);
    }
    memcpy(to, &packed, 4);
    return 4;
}

/* ---- HDR: of the same colours, in other primaries ---- */

static const double white = 203; /* cd/m2 */

static void to_bt2020(double light[3], const uint8_t rgba[4])
{
    static const double matrix[3][3] = {{0.627404, 0.329283, 0.043313},
                                        {0.069097, 0.919540, 0.011362},
                                        {0.016391, 0.088013, 0.895595}};
    for (int i = 0; i < 3; i++) {
        light[i] = 0;
        for (int c = 0; c < 3; c++) light[i] += matrix[i][c] * to_linear(rgba[c]);
    }
}

static size_t store_pq(uint8_t *to, uint8_t rgba[4])
{
    double light[3];
    float floats[4] = {0};
    to_bt2020(light, rgba);
    for (int c = 0; c < 3; c++) {
        const double power = pow(light[c] * white / 10000, 0.1593017578125);
        floats[c] = (float)pow((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power), 78.84375);
    }
    memcpy(to, floats, 16);
    return 16;
}

static size_t store_hlg(uint8_t *to, uint8_t rgba[4])
{
    double light[3];
    float floats[4] = {0};
    to_bt2020(light, rgba);
    for (int c = 0; c < 3; c++) light[c] *= white / 1000;
    const double luminance = 0.2627 * light[0] + 0.6780 * light[1] + 0.0593 * light[2];
    const double gain = luminance > 0 ? pow(luminance, 0.2 / 1.2) : 1;
    for (int c = 0; c < 3; c++) {
        const double scene = light[c] / gain;
        floats[c] =
            (float)(scene <= 1.0 / 12 ? sqrt(3 * scene)
                                      : 0.17883277 * log(12 * scene - 0.28466892) + 0.55991073);
    }
    memcpy(to, floats, 16);
    return 16;
}

/* ---- Every format ---- */

static const struct {
    VkFormat format;
    store_pixel *store;
    const char *name;
    vrn_encoding encoding;
} formats[] = {
    {VK_FORMAT_R8G8B8A8_UNORM, store_rgba, "RGBA8 UNORM"},
    {VK_FORMAT_R8G8B8A8_SRGB, store_rgba, "RGBA8 SRGB"},
    {VK_FORMAT_R8G8B8A8_SRGB, store_rgba, "RGBA8 SRGB, which says so twice", VRN_ENCODING_SRGB},
    {VK_FORMAT_B8G8R8A8_UNORM, store_bgra, "BGRA8 UNORM"},
    {VK_FORMAT_B8G8R8A8_SRGB, store_bgra, "BGRA8 SRGB"},
    {VK_FORMAT_A8B8G8R8_UNORM_PACK32, store_rgba, "ABGR8 UNORM"},
    {VK_FORMAT_A8B8G8R8_SRGB_PACK32, store_rgba, "ABGR8 SRGB"},
    {VK_FORMAT_R8G8B8_UNORM, store_rgb, "RGB8 UNORM"},
    {VK_FORMAT_R8G8B8_SRGB, store_rgb, "RGB8 SRGB"},
    {VK_FORMAT_B8G8R8_UNORM, store_bgr, "BGR8 UNORM"},
    {VK_FORMAT_B8G8R8_SRGB, store_bgr, "BGR8 SRGB"},
    {VK_FORMAT_R8_UNORM, store_grey, "R8 UNORM"},
    {VK_FORMAT_R8_SRGB, store_grey, "R8 SRGB"},
    {VK_FORMAT_R8G8_UNORM, store_grey_alpha, "RG8 UNORM"},
    {VK_FORMAT_R8G8_SRGB, store_grey_alpha, "RG8 SRGB"},
    {VK_FORMAT_R16_UNORM, store_grey_word, "R16 UNORM"},
    {VK_FORMAT_R5G6B5_UNORM_PACK16, store_r5g6b5, "R5G6B5"},
    {VK_FORMAT_B5G6R5_UNORM_PACK16, store_b5g6r5, "B5G6R5"},
    {VK_FORMAT_R5G5B5A1_UNORM_PACK16, store_r5g5b5a1, "R5G5B5A1"},
    {VK_FORMAT_B5G5R5A1_UNORM_PACK16, store_b5g5r5a1, "B5G5R5A1"},
    {VK_FORMAT_A1R5G5B5_UNORM_PACK16, store_a1r5g5b5, "A1R5G5B5"},
    {VK_FORMAT_A2B10G10R10_UNORM_PACK32, store_a2b10g10r10, "A2B10G10R10"},
    {VK_FORMAT_A2R10G10B10_UNORM_PACK32, store_a2r10g10b10, "A2R10G10B10"},
    {VK_FORMAT_R16G16B16A16_UNORM, store_words, "RGBA16 UNORM"},
    {VK_FORMAT_R16G16B16A16_SFLOAT, store_halves, "RGBA16F"},
    {VK_FORMAT_R16G16B16A16_SFLOAT, store_encoded_halves, "RGBA16F, encoded", VRN_ENCODING_SRGB},
    {VK_FORMAT_R32G32B32A32_SFLOAT, store_floats, "RGBA32F"},
    {VK_FORMAT_R32G32B32A32_SFLOAT, store_floats, "RGBA32F, linear", VRN_ENCODING_LINEAR},
    {VK_FORMAT_R16_SFLOAT, store_grey_half, "R16F"},
    {VK_FORMAT_R32_SFLOAT, store_grey_float, "R32F"},
    {VK_FORMAT_B10G11R11_UFLOAT_PACK32, store_b10g11r11, "B10G11R11"},
    {VK_FORMAT_E5B9G9R9_UFLOAT_PACK32, store_e5b9g9r9, "E5B9G9R9"},
    {VK_FORMAT_R32G32B32A32_SFLOAT, store_pq, "PQ", VRN_ENCODING_PQ},
    {VK_FORMAT_R32G32B32A32_SFLOAT, store_hlg, "HLG", VRN_ENCODING_HLG},
};

static bool can_be(VkFormatFeatureFlags read, VkFormat format)
{
    const VkFormatFeatureFlags needed = read | VK_FORMAT_FEATURE_TRANSFER_DST_BIT;
    VkFormatProperties properties;
    app.GetPhysicalDeviceFormatProperties(app.physical, format, &properties);
    return (properties.optimalTilingFeatures & needed) == needed;
}

/* To the byte, as the host has the pixels that the format can hold. */
static void images_of_every_format(void **state)
{
    (void)state;
    vrn_session *session = make_session(NULL);
    uint8_t *readable = malloc((size_t)WIDTH * HEIGHT * 4);
    float expected[CLASSES];
    int tested = 0;
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        if (!can_be(VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT, formats[f].format)) continue;
        const VkImageLayout layout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL;
        app_image image = make_image(formats[f].format, formats[f].store, layout, readable);
        run_photo(session, readable, WIDTH, HEIGHT, expected);
        vrn_record_image input = record_image(&image, layout);
        input.encoding = formats[f].encoding;
        expect(session, (vrn_record_params){.images = &input}, expected, formats[f].name);
        app_image_destroy(&app, &image);
        tested++;
    }
    print_message("%d of %zu formats\n", tested, sizeof formats / sizeof formats[0]);
    assert_true(tested >= 20);
    free(readable);
    vrn_session_destroy(&session);
}

/* The message of a recording that is refused. */
static void expect_refusal(vrn_session *session, vrn_record_params params, vrn_result expected,
                           const char *word)
{
    app_buffer out = app_buffer_create(&app, BATCH * CLASSES * sizeof(float));
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    const int errors = app.log.errors;
    params.logits.buffer = out.handle;
    assert_int_equal(vrn_session_record(session, commands, &params), expected);
    assert_int_equal(app.log.errors, errors + 1);
    if (!strstr(app.log.last, word)) fprintf(stderr, "no '%s' in '%s'\n", word, app.log.last);
    assert_non_null(strstr(app.log.last, word));
    app.log.errors = errors;
    assert_int_equal(app.EndCommandBuffer(commands), VK_SUCCESS);
    app_buffer_destroy(&app, &out);
}

/* Images that cannot be sampled, of every format that shaders can name; others are refused by
 * name. */
/* As a storage image, without shaderStorageImageExtendedFormats. */
static bool is_mandatory(VkFormat format)
{
    return format == VK_FORMAT_R8G8B8A8_UNORM || format == VK_FORMAT_R16G16B16A16_SFLOAT ||
           format == VK_FORMAT_R32G32B32A32_SFLOAT || format == VK_FORMAT_R32_SFLOAT;
}

static void storage_images(void **state)
{
    (void)state;
    vrn_session *session = make_session(NULL);
    uint8_t *readable = malloc((size_t)WIDTH * HEIGHT * 4);
    float expected[CLASSES];
    int tested = 0, refused = 0;
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        const VkFormat format = formats[f].format;
        if (!can_be(VK_FORMAT_FEATURE_STORAGE_IMAGE_BIT, format)) {
            continue;
        }
        const VkImageLayout layout = VK_IMAGE_LAYOUT_GENERAL;
        app_image image =
            make_image_for(VK_IMAGE_USAGE_STORAGE_BIT, format, formats[f].store, layout, readable);
        vrn_record_image input = record_image(&image, layout);
        input.encoding = formats[f].encoding;
        const vrn_record_params params = {.images = &input, .storage_images = true};
        const char *name = formats[f].name;
        const bool named = !strstr(name, "BGRA8") && !strstr(name, "ABGR8") &&
                           !strstr(name, "A2R10") && !strstr(name, "5") && !strstr(name, "SRGB");
        if (named && !device->probe.image_formats && !is_mandatory(format)) {
            expect_refusal(session, params, VRN_ERROR_UNSUPPORTED, "the device lacks");
            refused++;
        } else if (named) {
            run_photo(session, readable, WIDTH, HEIGHT, expected);
            expect(session, params, expected, formats[f].name);
            tested++;
        } else {
            expect_refusal(session, params, VRN_ERROR_UNSUPPORTED, "a storage image of VK_FORMAT_");
            refused++;
        }
        app_image_destroy(&app, &image);
    }
    print_message("%d formats of storage images read, %d refused\n", tested, refused);
    assert_true(tested >= (device->probe.image_formats ? 9 : 4)); /* four are mandatory */
    const vrn_record_image srgb = {.view = (VkImageView)(uintptr_t)1,
                                   .format = VK_FORMAT_R8G8B8A8_SRGB,
                                   .width = 4,
                                   .height = 4,
                                   .layout = VK_IMAGE_LAYOUT_GENERAL};
    expect_refusal(session, (vrn_record_params){.images = &srgb, .storage_images = true},
                   VRN_ERROR_UNSUPPORTED, "a storage image of VK_FORMAT_R8G8B8A8_SRGB");
    free(readable);
    vrn_session_destroy(&session);
}

/* A storage image in another layout is read in GENERAL, and changed back. */
static void storage_images_change_layouts(void **state)
{
    (void)state;
    const VkImageLayout layout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
    vrn_session *session = make_session(&(vrn_session_params){.batch = 2});
    float expected[CLASSES];
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    app_image image = make_image_for(VK_IMAGE_USAGE_STORAGE_BIT, VK_FORMAT_R8G8B8A8_UNORM,
                                     store_rgba, layout, NULL);
    vrn_record_image inputs[2] = {record_image(&image, layout), record_image(&image, layout)};
    for (int again = 0; again < 2; again++) {
        expect(session, (vrn_record_params){.images = inputs, .storage_images = true}, expected,
               "a layout");
    }
    inputs[1].layout = VK_IMAGE_LAYOUT_GENERAL;
    expect_refusal(session, (vrn_record_params){.images = inputs, .count = 2},
                   VRN_ERROR_INVALID_ARGUMENT,
                   "images 0 and 1 are the same level and layer of one VkImage, but in "
                   "VkImageLayout 7 and 1");
    app_image_destroy(&app, &image);
    vrn_session_destroy(&session);
}

/* Without the feature that is for them, formats beyond the mandatory ones are refused. */
static void other_storage_images_need_a_feature(void **state)
{
    (void)state;
    vrn_device_import_params params = app.import;
    VkDeviceCreateInfo plain = app.info;
    vrn_device *other = NULL;
    vrn_session *session = NULL;
    plain.pEnabledFeatures = NULL;
    params.created_with = &plain;
    assert_int_equal(vrn_device_import(&other, &params), VRN_OK);
    assert_int_equal(vrn_session_create(&session, other, model, NULL), VRN_OK);
    const vrn_record_image image = {.view = (VkImageView)(uintptr_t)1,
                                    .format = VK_FORMAT_B10G11R11_UFLOAT_PACK32,
                                    .width = 4,
                                    .height = 4,
                                    .layout = VK_IMAGE_LAYOUT_GENERAL};
    expect_refusal(session, (vrn_record_params){.images = &image, .storage_images = true},
                   VRN_ERROR_UNSUPPORTED,
                   "VK_FORMAT_B10G11R11_UFLOAT_PACK32 cannot be read: the device lacks "
                   "shaderStorageImageExtendedFormats");
    vrn_session_destroy(&session);
    vrn_device_destroy(&other);
}

/* Light that is stored at a quarter and four times exposed. */
static size_t store_quarter(uint8_t *to, uint8_t rgba[4])
{
    float floats[4];
    for (int c = 0; c < 4; c++) floats[c] = (float)(to_linear(rgba[c]) / 4);
    memcpy(to, floats, 16);
    return 16;
}

static void exposure_is_a_factor_for_light(void **state)
{
    (void)state;
    const VkImageLayout layout = VK_IMAGE_LAYOUT_GENERAL;
    vrn_session *session = make_session(NULL);
    float expected[CLASSES];
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    app_image image = make_image(VK_FORMAT_R32G32B32A32_SFLOAT, store_quarter, layout, NULL);
    vrn_record_image input = record_image(&image, layout);
    input.exposure = 4;
    expect(session, (vrn_record_params){.images = &input}, expected, "exposure");
    app_image_destroy(&app, &image);
    vrn_session_destroy(&session);
}

static void what_cannot_be_read_is_refused_by_name(void **state)
{
    (void)state;
    const vrn_record_image good = {.view = (VkImageView)(uintptr_t)1,
                                   .format = VK_FORMAT_R16G16B16A16_SFLOAT,
                                   .layout = VK_IMAGE_LAYOUT_GENERAL,
                                   .width = 4,
                                   .height = 4};
    const struct {
        VkFormat format;
        vrn_encoding encoding;
        float exposure;
        vrn_result result;
        const char *word;
    } cases[] = {
        {VK_FORMAT_D32_SFLOAT, 0, 0, VRN_ERROR_UNSUPPORTED, "VkFormat 126 (VK_FORMAT_D32_SFLOAT)"},
        {VK_FORMAT_G8_B8R8_2PLANE_420_UNORM, 0, 0, VRN_ERROR_UNSUPPORTED, "2PLANE"},
        {VK_FORMAT_BC1_RGB_UNORM_BLOCK, 0, 0, VRN_ERROR_UNSUPPORTED, "VkFormat 131 cannot be read"},
        {VK_FORMAT_R8G8B8A8_SRGB, VRN_ENCODING_PQ, 0, VRN_ERROR_INVALID_ARGUMENT, "ENCODING_PQ"},
        {good.format, (vrn_encoding)9, 0, VRN_ERROR_INVALID_ARGUMENT, "vrn_encoding, found 9"},
        {good.format, 0, -1, VRN_ERROR_INVALID_ARGUMENT, "exposure of -1"},
        {good.format, 0, INFINITY, VRN_ERROR_INVALID_ARGUMENT, "exposure of inf"},
        {VK_FORMAT_R8G8B8A8_UNORM, 0, 2, VRN_ERROR_INVALID_ARGUMENT, "exposure of 2"},
    };
    vrn_session *session = make_session(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vrn_record_image image = good;
        image.format = cases[i].format;
        image.encoding = cases[i].encoding;
        image.exposure = cases[i].exposure;
        expect_refusal(session, (vrn_record_params){.images = &image}, cases[i].result,
                       cases[i].word);
    }
    vrn_session_destroy(&session);
}

/* ---- Layouts and regions ---- */

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
        app_image image = make_image(VK_FORMAT_B8G8R8A8_SRGB, store_bgra, layouts[i], NULL);
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
    app_image image = make_image(VK_FORMAT_R8G8B8A8_UNORM, store_rgba, layout, NULL);
    vrn_record_image input = record_image(&image, layout);
    input.region = (VkRect2D){{LEFT, TOP}, {W, H}};
    expect(session, (vrn_record_params){.images = &input}, expected, "a region");
    app_image_destroy(&app, &image);
    free(part);
    vrn_session_destroy(&session);
}

/* A mip level of an array layer, in a layout that no shader reads: the layout of the others, which
 * stay as they are, is another. */
static void a_level_of_a_layer(void **state)
{
    (void)state;
    const VkImageLayout layout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
    const VkFormat format = VK_FORMAT_R8G8B8A8_UNORM;
    app_image image = {.format = format, .width = WIDTH, .height = HEIGHT};
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = format,
        .extent = {WIDTH * 2, HEIGHT * 2, 1},
        .mipLevels = 3,
        .arrayLayers = 2,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .usage = VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT,
    };
    assert_int_equal(app.CreateImage(app.device, &info, NULL, &image.handle), VK_SUCCESS);
    VkMemoryRequirements needs;
    app.GetImageMemoryRequirements(app.device, image.handle, &needs);
    image.memory = app_allocate(&app, needs, 0);
    app.BindImageMemory(app.device, image.handle, image.memory, 0);
    const VkImageViewCreateInfo view = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = image.handle,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = format,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 1, 1, 1, 1},
    };
    assert_int_equal(app.CreateImageView(app.device, &view, NULL, &image.view), VK_SUCCESS);
    app_buffer texels = app_buffer_create(&app, (size_t)WIDTH * HEIGHT * 4);
    memcpy(texels.mapped, picture, texels.bytes);
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .newLayout = layout,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image.handle,
        .subresourceRange = view.subresourceRange,
    };
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 1, 1, 1},
        .imageExtent = {WIDTH, HEIGHT, 1},
    };
    app.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                           VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
    app.CmdCopyBufferToImage(commands, texels.handle, image.handle, layout, 1, &region);
    app_finish(&app, commands);
    vrn_session *session = make_session(NULL);
    float expected[CLASSES];
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    vrn_record_image input = record_image(&image, layout);
    input.level = input.layer = 1;
    for (int again = 0; again < 2; again++) {
        expect(session, (vrn_record_params){.images = &input}, expected, "a level of a layer");
    }
    vrn_session_destroy(&session);
    app_buffer_destroy(&app, &texels);
    app_image_destroy(&app, &image);
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
    app_image image = make_image(VK_FORMAT_R8G8B8A8_SRGB, store_rgba, layout, NULL);
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
        cmocka_unit_test(storage_images),
        cmocka_unit_test(storage_images_change_layouts),
        cmocka_unit_test(other_storage_images_need_a_feature),
        cmocka_unit_test(exposure_is_a_factor_for_light),
        cmocka_unit_test(what_cannot_be_read_is_refused_by_name),
        cmocka_unit_test(images_in_every_layout),
        cmocka_unit_test(a_region_is_a_picture),
        cmocka_unit_test(a_level_of_a_layer),
        cmocka_unit_test(two_regions_of_one_image),
    };
    const int failed = cmocka_run_group_tests_name("record_images", tests, NULL, NULL);
    return teardown() || failed;
}
