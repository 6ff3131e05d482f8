/* The parts of a check, without a device: moments of channels, and the list of readings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "net/model.h"
#include "tools/moments.h"
#include "tools/readings.h"

enum { CHANNELS = 37, PADDED = 40, PIXELS = 1000, PARTS = 7 };

/* A channel's values lie around `1000 * c`, where squares of floats would have no digits left. */
static float value_at(size_t pixel, uint32_t channel)
{
    const uint32_t noise = (uint32_t)(pixel * 2654435761u + channel * 40503u) >> 8 & 0xffff;
    return 1000.0f * (float)channel + (float)noise / 65536.0f;
}

static void moments_are_exact(void **state)
{
    (void)state;
    static float values[PIXELS * PADDED];
    vrn_moments moments[CHANNELS] = {{0}};
    for (size_t p = 0; p < PIXELS; p++) {
        for (uint32_t c = 0; c < PADDED; c++) {
            values[p * PADDED + c] = c < CHANNELS ? value_at(p, c) : NAN;
        }
    }
    for (size_t part = 0; part < PARTS; part++) {
        const size_t first = PIXELS * part / PARTS, last = PIXELS * (part + 1) / PARTS;
        vrn_moments_add(moments, CHANNELS, PADDED, values + first * PADDED, last - first);
    }
    for (uint32_t c = 0; c < CHANNELS; c++) {
        double mean = 0, squares = 0;
        for (size_t p = 0; p < PIXELS; p++) mean += (double)value_at(p, c) / PIXELS;
        for (size_t p = 0; p < PIXELS; p++) squares += pow((double)value_at(p, c) - mean, 2);
        assert_int_equal(moments[c].count, PIXELS);
        assert_false(moments[c].not_finite);
        assert_true(fabs(moments[c].mean - mean) < 1e-9 * (1 + mean));
        const double variance = squares / (PIXELS - 1);
        assert_true(fabs(vrn_moments_variance(&moments[c]) / variance - 1) < 1e-9);
    }
}

static void what_is_not_finite_is_seen(void **state)
{
    (void)state;
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        for (size_t at = 0; at < 3; at++) {
            vrn_moments moments[2] = {{0}};
            float values[3][4] = {{1, 2, 0, 0}, {3, 5, 0, 0}, {4, 4, 0, 0}};
            values[at][1] = bad[i];
            vrn_moments_add(moments, 2, 4, values[0], 3);
            values[at][1] = 0;
            vrn_moments_add(moments, 2, 4, values[0], 3);
            assert_false(moments[0].not_finite);
            assert_true(moments[1].not_finite);
        }
    }
}

static bool lists(const vrn_readings *readings, const char *keys)
{
    for (uint32_t i = 0; i < readings->count; i++) {
        if (strcmp(readings->each[i].keys, keys) == 0) return true;
    }
    return false;
}

/* Lists the readings of a network and looks at what holds for every list. */
static vrn_readings *list(const char *text, bool photos)
{
    static vrn_readings readings;
    vrn_check_reading base = {.transform = {.resize = 32,
                                            .mean = {0.485f, 0.456f, 0.406f},
                                            .std = {0.229f, 0.224f, 0.225f}}};
    assert_int_equal(vrn_arch_parse(&base.arch, text, NULL), VRN_OK);
    vrn_readings_list(&readings, &base, &base.arch, photos);
    assert_in_range(readings.count, 8, VRN_READINGS_MAX - 1);
    for (uint32_t i = 0; i < readings.count; i++) {
        const vrn_check_reading *reading = &readings.each[i];
        vrn_arch arch = reading->arch;
        assert_true(*reading->name);
        assert_true(reading->prepares ? !*reading->keys : *reading->keys);
        assert_int_equal(vrn_arch_check(&arch, NULL), VRN_OK);
        for (uint32_t k = 0; k < i; k++) {
            assert_string_not_equal(reading->name, readings.each[k].name);
        }
    }
    return &readings;
}

static void readings_are_listed(void **state)
{
    (void)state;
    const vrn_readings *readings = list("resnet20", false);
    static const char *const cifar[] = {"pool=max",      "shortcut=pad_end", "strides=2:1:2",
                                        "strides=1:1:2", "stem_stride=2",    "activation=silu"};
    for (size_t i = 0; i < sizeof cifar / sizeof *cifar; i++)
        assert_true(lists(readings, cifar[i]));
    assert_false(lists(readings, "v1=1")); /* basic blocks have no 1x1 */
    for (uint32_t i = 0; i < readings->count; i++) assert_false(readings->each[i].prepares);

    readings = list("resnet50", true);
    static const char *const imagenet[] = {"pool=none",
                                           "pool=caffe",
                                           "v1=1",
                                           "stem_stride=1",
                                           "dilate=0:0:1",
                                           "strides=1:2:2:1",
                                           "standardize=variance",
                                           "antialias=mean,pool=mean"};
    for (size_t i = 0; i < 7; i++) assert_true(lists(readings, imagenet[i]));
    assert_false(lists(readings, "shortcut=pad_end"));
    assert_true(readings->each[0].prepares);

    /* Eight stages have the most readings. */
    list("resnet,layers=1:1:1:1:1:1:1:1,planes=8:8:8:8:8:8:8:8,strides=1:2:1:2:1:2:1:2,"
         "block=bottleneck",
         true);
    readings = list("resnet20,in_channels=1", true);
    for (uint32_t i = 0; i < readings->count; i++) {
        assert_int_equal(readings->each[i].transform.channels, VRN_CHANNELS_RGB);
    }
}

static void a_model_is_read_in_other_ways(void **state)
{
    (void)state;
    vrn_arch arch, other;
    vrn_model *model = NULL, *read = NULL;
    assert_int_equal(vrn_arch_parse(&arch, "resnet8", NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&model, &arch, 1, NULL), VRN_OK);
    other = arch;
    other.pool = VRN_POOL_MAX;
    assert_int_equal(vrn_model_with_arch(&read, model, &other, NULL), VRN_OK);
    assert_int_equal(vrn_model_arch(read)->pool, VRN_POOL_MAX);
    assert_ptr_equal(vrn_model_parameter(read, 3), vrn_model_parameter(model, 3));
    assert_int_equal(vrn_model_id(read), vrn_model_id(model));
    vrn_model_release(read);
    other = arch;
    other.norm_eps = 1e-3f; /* folded into what devices have */
    assert_int_equal(vrn_model_with_arch(&read, model, &other, NULL), VRN_OK);
    assert_int_not_equal(vrn_model_id(read), vrn_model_id(model));
    vrn_model_destroy(&model);
    vrn_model_destroy(&read); /* holds the first one */

    assert_int_equal(vrn_model_create_random(&model, &arch, 1, NULL), VRN_OK);
    static const char *const others[] = {"resnet14", "resnet8,num_classes=9",
                                         "resnet8,shortcut=projection",
                                         "resnet8,norm=group,norm_groups=4"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(vrn_arch_parse(&other, others[i], NULL), VRN_OK);
        assert_int_equal(vrn_model_with_arch(&read, model, &other, NULL),
                         VRN_ERROR_INVALID_ARGUMENT);
        assert_null(read);
    }
    vrn_model_destroy(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_exact),
        cmocka_unit_test(what_is_not_finite_is_seen),
        cmocka_unit_test(readings_are_listed),
        cmocka_unit_test(a_model_is_read_in_other_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
