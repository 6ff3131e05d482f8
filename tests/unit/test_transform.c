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
    static const struct {
        vrn_transform transform;
        const char *said;
    } broken[] = {
        {{.mode = VRN_RESIZE_EXACT}, "resize: expected a number above 0 for this mode, found 0"},
        {{.resize = 9, .resize_width = 65537},
         "resize: expected at most 65536 pixels, found 65537"},
        {{.crop = 9, .crop_width = 70000}, "crop: expected at most 65536 pixels, found 70000"},
        {{.resize = 9, .scale = -1}, "scale: expected a number above 0, or 0 for 255, found -1"},
        {{.resize = 9, .channels = (vrn_channels)2}, "expected a value of vrn_channels, found 2"},
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const vrn_model_save_params params = {.log = capture_log(&captured),
                                              .transform = &broken[i].transform};
        assert_int_equal(vrn_model_save(model, temporary, &params), VRN_ERROR_INVALID_ARGUMENT);
        assert_true(said_once(&captured, "save: transform: "));
        assert_true(said_once(&captured, broken[i].said));
    }
    vrn_model_destroy(&model);
}

/* Scores and threshold: as the number of classes says, as the file says, as saving says. */
static void test_scores(void **state)
{
    (void)state;
    static const struct {
        const char *arch;
        vrn_probabilities given;
        float threshold;
        vrn_probabilities expected;
    } cases[] = {
        {"resnet8", VRN_PROBABILITIES_DEFAULT, 0, VRN_PROBABILITIES_SOFTMAX},
        {"resnet8,num_classes=1", VRN_PROBABILITIES_DEFAULT, 0, VRN_PROBABILITIES_SIGMOID},
        {"resnet8", VRN_PROBABILITIES_SIGMOID, 0.25f, VRN_PROBABILITIES_SIGMOID},
        {"resnet8,num_classes=1", VRN_PROBABILITIES_LOGITS, 1, VRN_PROBABILITIES_LOGITS},
    };
    vrn_model *model = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vrn_arch arch;
        vrn_model_info info;
        assert_int_equal(vrn_arch_parse(&arch, cases[i].arch, NULL), VRN_OK);
        assert_int_equal(vrn_model_create_random(&model, &arch, 1, NULL), VRN_OK);
        const vrn_model_save_params params = {.probabilities = cases[i].given,
                                              .threshold = cases[i].threshold};
        /* Twice: what the file says is written again. */
        for (int again = 0; again < 2; again++) {
            assert_int_equal(vrn_model_save(model, temporary, again ? NULL : &params), VRN_OK);
            vrn_model_destroy(&model);
            assert_int_equal(vrn_model_load(&model, temporary, NULL), VRN_OK);
            vrn_model_get_info(model, &info);
            assert_int_equal(info.probabilities, cases[i].expected);
            assert_true(info.threshold == cases[i].threshold);
        }
        captured_log captured;
        const vrn_log log = capture_log(&captured);
        const vrn_model_save_params wrong[] = {{.log = log, .probabilities = (vrn_probabilities)4},
                                               {.log = log, .threshold = 2}};
        for (int k = 0; k < 2; k++) {
            assert_int_equal(vrn_model_save(model, temporary, &wrong[k]),
                             VRN_ERROR_INVALID_ARGUMENT);
        }
        assert_int_equal(captured.errors, 2);
        vrn_model_destroy(&model);
    }
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
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_presets),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove(temporary);
    return failed;
}
