/* Transforms in a model's metadata, and by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <vkresnet/vkresnet.h>

#include "captured_log.h"

static const char temporary[] = "test_transform.safetensors";

/* Every field of a transform survives saving, in place of the model's own. */
static void test_saved_transforms(void **state)
{
    (void)state;
    static const vrn_transform transforms[] = {
        {.resize = 40, .resize_width = 24, .mode = VRN_RESIZE_EXACT, .std = {1, 1, 1}},
        {.resize = 40, .crop = 30, .crop_width = 20, .mode = VRN_RESIZE_LONGER, .fill = {1, 2, 3}},
        {.crop = 30, .mode = VRN_RESIZE_LETTERBOX, .fill = {0, 0, 255}},
        {.resize = 9, .channels = VRN_CHANNELS_BGR, .scale = 1, .mean = {103.939f, 1e-9f, 3}},
    };
    vrn_arch arch;
    vrn_model *model = NULL;
    captured_log captured;
    assert_int_equal(vrn_arch_parse(&arch, "resnet8", NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&model, &arch, 1, NULL), VRN_OK);
    for (size_t i = 0; i < sizeof transforms / sizeof transforms[0]; i++) {
        vrn_model_info info;
        vrn_model *again = NULL;
        const vrn_model_save_params params = {.transform = &transforms[i]};
        assert_int_equal(vrn_model_save(model, temporary, &params), VRN_OK);
        assert_int_equal(vrn_model_load(&again, temporary, NULL), VRN_OK);
        vrn_model_get_info(again, &info);
        assert_memory_equal(&info.transform, &transforms[i], sizeof info.transform);
        vrn_model_destroy(&again);
    }
    const vrn_transform broken = {.mode = VRN_RESIZE_EXACT};
    const vrn_model_save_params params = {.log = capture_log(&captured), .transform = &broken};
    assert_int_equal(vrn_model_save(model, temporary, &params), VRN_ERROR_INVALID_ARGUMENT);
    assert_true(said_once(&captured, "save: a transform: a resize to 0 pixels"));
    vrn_model_destroy(&model);
}

static void test_presets(void **state)
{
    (void)state;
    vrn_transform preset;
    for (uint32_t i = 0; vrn_transform_preset_name(i); i++) {
        assert_true(vrn_transform_get_preset(vrn_transform_preset_name(i), &preset));
        assert_int_equal(preset.crop, 224);
    }
    assert_false(vrn_transform_get_preset("keras", &preset));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_saved_transforms),
        cmocka_unit_test(test_presets),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(temporary);
    return failed;
}
