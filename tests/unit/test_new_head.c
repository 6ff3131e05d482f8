/* Models with the trunk of another one and a new linear layer. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/model.h"
#include "unit/captured_log.h"
#include "unit/net_helpers.h"

static const char temporary[] = "test_new_head.tmp.safetensors";

enum { CLASSES = 3, FEATURES = 64 };

static const char *const names[CLASSES] = {"left", "right", "up"};
static float weight[CLASSES * FEATURES], bias[CLASSES];

static vrn_head_params make_params(vrn_log log)
{
    for (int i = 0; i < CLASSES * FEATURES; i++) weight[i] = (float)i / 7 - 3;
    for (int i = 0; i < CLASSES; i++) bias[i] = (float)i;
    return (vrn_head_params){
        .log = log,
        .classes = CLASSES,
        .features = FEATURES,
        .weight = weight,
        .bias = bias,
        .class_names = names,
    };
}

static vrn_model *draw(const char *text)
{
    vrn_model *model = NULL;
    const vrn_arch arch = parse(text);
    assert_int_equal(vrn_model_create_random(&model, &arch, 5, NULL), VRN_OK);
    return model;
}

static void assert_same(const vrn_model *a, const vrn_model *b, const char *name)
{
    uint64_t count, other;
    float *values = values_of(a, name, &count), *others = values_of(b, name, &other);
    assert_true(count == other);
    assert_memory_equal(values, others, (size_t)count * sizeof *values);
    free(values);
    free(others);
}

static void assert_head(const vrn_model *model)
{
    uint64_t count;
    float *values = values_of(model, "fc.weight", &count);
    assert_int_equal(count, CLASSES * FEATURES);
    assert_memory_equal(values, weight, sizeof weight);
    free(values);
    values = values_of(model, "fc.bias", &count);
    assert_int_equal(count, CLASSES);
    assert_memory_equal(values, bias, sizeof bias);
    free(values);
    vrn_model_info info;
    vrn_model_get_info(model, &info);
    assert_int_equal(info.classes, CLASSES);
    for (uint32_t i = 0; i < CLASSES; i++) {
        assert_string_equal(vrn_model_get_class_name(model, i), names[i]);
    }
}

/* Whatever head the trunk has or lacks; also when the trunk's own handle is gone, after a file, and
 * as the trunk of one more. */
static void test_heads(void **state)
{
    (void)state;
    static const char *const trunks[] = {"resnet8", "resnet8,num_classes=1,probabilities=sigmoid",
                                         "resnet8,head=none", "resnet8,head=mlp,head_width=16"};
    for (size_t i = 0; i < sizeof trunks / sizeof trunks[0]; i++) {
        captured_log captured;
        vrn_model *trunk = draw(trunks[i]), *kept = draw(trunks[i]), *model = NULL, *other = NULL;
        vrn_head_params params = make_params(capture_log(&captured));
        params.name = "mine";
        params.transform = &(vrn_transform){.resize = 40, .crop = 36, .std = {1, 1, 1}};
        if (vrn_model_create_with_head(&model, trunk, &params) != VRN_OK) {
            fail_msg("%s: %s", trunks[i], captured.text);
        }
        assert_true(vrn_model_id(model) != vrn_model_id(trunk));
        vrn_model_destroy(&trunk);
        assert_head(model);
        assert_same(model, kept, "conv1.weight");
        assert_same(model, kept, "layer3.0.bn2.running_var");
        vrn_model_info info;
        vrn_arch arch;
        vrn_model_get_info(model, &info);
        vrn_model_get_arch(model, &arch);
        assert_string_equal(info.name, "mine");
        assert_int_equal(info.transform.crop, 36);
        assert_int_equal(arch.head, VRN_HEAD_LINEAR);
        assert_int_equal(info.probabilities, VRN_PROBABILITIES_SOFTMAX);

        assert_int_equal(vrn_model_save(model, temporary, NULL), VRN_OK);
        assert_int_equal(vrn_model_load(&other, temporary, NULL), VRN_OK);
        remove(temporary);
        assert_head(other);
        assert_same(other, kept, "layer3.0.bn2.running_var");
        vrn_model_destroy(&other);

        params.name = NULL;
        assert_int_equal(vrn_model_create_with_head(&other, model, &params), VRN_OK);
        vrn_model_destroy(&model);
        assert_head(other);
        assert_same(other, kept, "conv1.weight");
        vrn_model_get_info(other, &info);
        assert_string_equal(info.name, "mine");
        vrn_model_destroy(&other);
        vrn_model_destroy(&kept);
    }
}

static void refuse(const vrn_model *trunk, const vrn_head_params *params,
                   const captured_log *captured, const char *text)
{
    vrn_model *model = (vrn_model *)trunk;
    assert_int_equal(vrn_model_create_with_head(&model, trunk, params), VRN_ERROR_INVALID_ARGUMENT);
    assert_null(model);
    assert_non_null(strstr(captured->text, text));
}

static void test_nonsense(void **state)
{
    (void)state;
    captured_log captured;
    const vrn_log log = capture_log(&captured);
    vrn_model *trunk = draw("resnet8");
    vrn_head_params params = make_params(log);
    refuse(NULL, &params, &captured, "trunk, params, weight or bias is NULL");
    params.classes = 0;
    refuse(trunk, &params, &captured, "expected at least one class, found 0");
    params = make_params(log);
    params.bias = NULL;
    refuse(trunk, &params, &captured, "bias is NULL");
    params = make_params(log);
    params.features = FEATURES - 1;
    refuse(trunk, &params, &captured, "the 64 features of the network, found 63");
    params = make_params(log);
    weight[FEATURES] = NAN;
    refuse(trunk, &params, &captured, "class 1: expected finite parameters, found");
    params = make_params(log);
    bias[2] = INFINITY;
    refuse(trunk, &params, &captured, "class 2: expected finite parameters, found inf");
    params = make_params(log);
    params.class_names = (const char *const[]){"a", NULL, "b"};
    refuse(trunk, &params, &captured, "class 1");
    vrn_model_destroy(&trunk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
