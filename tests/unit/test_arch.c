/* Architectures as text, their defaults and what is refused. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vkresnet/vkresnet.h>

#include "base/number.h"
#include "unit/captured_log.h"
#include "unit/net_helpers.h"

static bool same_arch(const vrn_arch *a, const vrn_arch *b)
{
    return a->block == b->block && a->stages == b->stages &&
           memcmp(a->layers, b->layers, sizeof a->layers) == 0 &&
           memcmp(a->planes, b->planes, sizeof a->planes) == 0 &&
           a->num_classes == b->num_classes && a->groups == b->groups &&
           a->width_per_group == b->width_per_group &&
           memcmp(a->dilate, b->dilate, sizeof a->dilate) == 0 && a->norm == b->norm &&
           a->norm_groups == b->norm_groups && a->norm_eps == b->norm_eps && a->stem == b->stem &&
           a->shortcut == b->shortcut && a->stride_on_1x1 == b->stride_on_1x1 &&
           a->zero_init_residual == b->zero_init_residual;
}

/* And the rest. */
static bool same_whole_arch(const vrn_arch *a, const vrn_arch *b)
{
    return same_arch(a, b) && a->in_channels == b->in_channels &&
           a->stem_kernel == b->stem_kernel && a->stem_stride == b->stem_stride &&
           a->stem_planes == b->stem_planes && a->stem_width == b->stem_width &&
           a->pool == b->pool && memcmp(a->strides, b->strides, sizeof a->strides) == 0 &&
           memcmp(a->dilations, b->dilations, sizeof a->dilations) == 0 &&
           a->activation == b->activation && a->negative_slope == b->negative_slope &&
           a->standardize == b->standardize && a->antialias == b->antialias && a->head == b->head &&
           a->head_width == b->head_width && a->attention == b->attention &&
           memcmp(a->attention_width, b->attention_width, sizeof a->attention_width) == 0 &&
           a->preactivation == b->preactivation && a->final_norm == b->final_norm &&
           a->stem_width2 == b->stem_width2 && a->blur_size == b->blur_size;
}

static void test_names(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "resnet18",        "resnet34",         "resnet50",         "resnet101",
        "resnet152",       "resnext50_32x4d",  "resnext101_32x8d", "resnext101_64x4d",
        "wide_resnet50_2", "wide_resnet101_2", "resnet20",         "resnet32",
        "resnet44",        "resnet56",         "resnet110",        "resnet1202",
    };
    size_t count = sizeof expected / sizeof *expected;
    for (uint32_t i = 0; i < count; i++) {
        assert_string_equal(vrn_arch_get_known_name(i), expected[i]);
        vrn_arch arch = parse(expected[i]);
        char text[64];
        assert_int_equal(vrn_arch_format(&arch, text, sizeof text), strlen(expected[i]));
        assert_string_equal(text, expected[i]);
    }
    assert_null(vrn_arch_get_known_name((uint32_t)count));
    assert_null(vrn_arch_get_known_name(UINT32_MAX));
}

static void test_fields(void **state)
{
    (void)state;
    vrn_arch arch = parse("resnext101_64x4d,dilate=0:0:1,norm=frozen,v1=1,zero_init_residual=1");
    vrn_arch expected = {
        .block = VRN_BLOCK_BOTTLENECK,
        .stages = 4,
        .layers = {3, 4, 23, 3},
        .planes = {64, 128, 256, 512},
        .num_classes = 1000,
        .groups = 64,
        .width_per_group = 4,
        .dilate = {false, false, false, true},
        .norm = VRN_NORM_FROZEN_BATCH,
        .norm_groups = 32,
        .norm_eps = 1e-5f,
        .stride_on_1x1 = true,
        .zero_init_residual = true,
    };
    assert_true(same_arch(&arch, &expected));

    arch = parse("resnet1202,shortcut=projection,num_classes=100,norm=group,norm_groups=8,"
                 "norm_eps=0.001");
    expected = (vrn_arch){
        .stages = 3,
        .layers = {200, 200, 200},
        .planes = {16, 32, 64},
        .num_classes = 100,
        .groups = 1,
        .width_per_group = 64,
        .norm = VRN_NORM_GROUP,
        .norm_groups = 8,
        .norm_eps = 1e-3f,
        .stem = VRN_STEM_CIFAR,
    };
    assert_true(same_arch(&arch, &expected));

    /* No epsilon: in the field, zero means the default. */
    arch = parse("resnet8,norm_eps=0");
    assert_true(arch.norm_eps > 0 && arch.norm_eps < 1e-37f);

    arch = parse("resnet8");
    assert_int_equal(arch.layers[0], 1);
    assert_int_equal(arch.shortcut, VRN_SHORTCUT_PAD);
    assert_int_equal(arch.num_classes, 10);

    /* The CIFAR variant of torchvision's networks keeps their planes. */
    arch = parse("resnet18,stem=cifar");
    expected = (vrn_arch){
        .stages = 4,
        .layers = {2, 2, 2, 2},
        .planes = {64, 128, 256, 512},
        .num_classes = 10,
        .groups = 1,
        .width_per_group = 64,
        .norm_groups = 32,
        .norm_eps = 1e-5f,
        .stem = VRN_STEM_CIFAR,
    };
    assert_true(same_arch(&arch, &expected));

    arch = parse("resnet,stem=cifar,layers=1:2,planes=24:36,block=bottleneck");
    assert_int_equal(arch.stages, 2);
    assert_int_equal(arch.planes[1], 36);
    assert_int_equal(arch.planes[2], 0);
    assert_int_equal(arch.shortcut, VRN_SHORTCUT_PROJECTION);

    arch = parse("resnet50,layers=1:1:1:1:1");
    assert_int_equal(arch.planes[4], 1024);
}

static void test_check_fills_defaults(void **state)
{
    (void)state;
    vrn_arch arch = {.block = VRN_BLOCK_BOTTLENECK, .layers = {3, 4, 6, 3}};
    assert_int_equal(vrn_arch_check(&arch, NULL), VRN_OK);
    vrn_arch resnet50 = parse("resnet50");
    assert_true(same_arch(&arch, &resnet50));

    arch = (vrn_arch){.stem = VRN_STEM_CIFAR, .layers = {3, 3, 3}, .shortcut = VRN_SHORTCUT_PAD};
    assert_int_equal(vrn_arch_check(&arch, NULL), VRN_OK);
    vrn_arch resnet20 = parse("resnet20");
    assert_true(same_arch(&arch, &resnet20));
}

/* ---- Refusals -------------------------------------------------------------------------------- */

typedef struct refusal {
    const char *text, *words;
} refusal;

static void assert_refused(const char *text, const char *words)
{
    captured_log captured;
    vrn_log log = capture_log(&captured);
    vrn_arch arch;
    if (vrn_arch_parse(&arch, text, &log) != VRN_ERROR_INVALID_ARGUMENT ||
        !said_once(&captured, words)) {
        fail_msg("'%s' was not refused as expected", text);
    }
    assert_int_equal(vrn_arch_parse(&arch, text, NULL), VRN_ERROR_INVALID_ARGUMENT);
}

static void test_refused_texts(void **state)
{
    (void)state;
    static const refusal refusals[] = {
        {"", "unknown architecture ''"},
        {"resnet51", "unknown architecture 'resnet51'"},
        {"resnet2", "unknown architecture"}, /* 6n + 2 with n = 0 */
        {"resnet020", "unknown architecture"},
        {"resnet24584", "unknown architecture"}, /* more blocks than a stage may have */
        {"resnet99999999999999999999999", "unknown architecture"},
        {"Resnet18", "unknown architecture"},
        {"resnet", "layers: expected layers="},
        {"resnet18,", "unknown key ''"},
        {"resnet18,foo=1", "unknown key 'foo'"},
        {"resnet18,,num_classes=1", "unknown key ''"},
        {"resnet18,num_classes", "num_classes: expected num_classes=VALUE"},
        {"resnet18,num_classes=", "num_classes: expected a number from 1 to 1048576, found ''"},
        {"resnet18,num_classes=0", "num_classes: expected a number"},
        {"resnet18,num_classes=-1", "num_classes: expected a number"},
        {"resnet18,num_classes=1048577", "num_classes: expected a number"},
        {"resnet18,num_classes=18446744073709551626", "num_classes: expected a number"},
        {"resnet18,num_classes=7,num_classes=7", "num_classes: given twice"},
        {"resnet18,block=big", "block: expected basic or bottleneck, found 'big'"},
        {"resnet18,block=basicx", "block: expected basic or bottleneck"},
        {"resnet18,norm=layer", "norm: expected batch or frozen or group or none"},
        {"resnet18,layers=2:2::2", "layers: expected a number from 1 to 4096, found ''"},
        {"resnet18,layers=1:1:1:1:1:1:1:1:1", "layers: expected at most 8 entries"},
        {"resnet18,layers=4097", "layers: expected a number"},
        {"resnet18,planes=64:128", "planes: expected 4 entries, found 2"},
        {"resnet18,norm_eps=-1", "norm_eps: expected a number from 0 to 1"},
        {"resnet18,norm_eps=nan", "norm_eps: expected a number from 0 to 1"},
        {"resnet18,norm_eps=1e99", "norm_eps: expected a number from 0 to 1"},
        {"resnet18,negative_slope=0", "negative_slope: expected a number above 0"},
        {"resnet18,norm_eps=2", "norm_eps: expected more than 0 and at most 1"},
        {"resnet50,v1=2", "v1: expected a number from 0 to 1"},
        {"resnet18,v1=1", "v1: a BasicBlock has no 1x1 convolution"},
        {"resnet50,dilate=0:1:1:0", "3-element tuple, found 4 elements"},
        {"resnet20,dilate=0:1:1", "2-element tuple, found 3 elements"},
        {"resnet50,width_per_group=131072,groups=4096", "layer1: expected 1 to 131072 channels"},
        {"resnet50,planes=1:1:1:1,width_per_group=1", "layer1: expected 1 to 131072 channels"},
        {"resnet18,planes=131072:131072:131072:131072", "parameters"},
        {"resnet50,layers=4096:4096:4096:4096", "parameters"},
        {"resnet18,planes=64:32:64:128,shortcut=pad",
         "layer2: a padding shortcut cannot go from 64"},
        {"resnet18,final_norm=1", "final_norm: expected v2=1"},
        {"resnet20,v2=1", "v2: expected shortcut=projection or mean, and antialias=none"},
        {"resnet18,v2=1,norm=none", "v2: expected norms"},
        {"resnet18,attention=cbam", "attention: expected none or se or eca, found 'cbam'"},
        {"resnet18,attention_width=4:4:4:4", "attention_width: expected none without attention"},
        {"resnet18,attention=se,attention_width=4:4", "attention_width: expected 4 entries"},
        {"resnet18,attention=eca,attention_width=3:4:3:3", "an odd number of at most 63 for eca"},
        {"resnet18,attention=eca,attention_width=3:65:3:3", "an odd number of at most 63 for eca"},
        {"resnet20,norm=group", "num_channels must be divisible by num_groups: 16 channels in bn1"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        assert_refused(refusals[i].text, refusals[i].words);
    }
    vrn_arch arch;
    assert_int_equal(vrn_arch_parse(&arch, NULL, NULL), VRN_ERROR_INVALID_ARGUMENT);
}

/* What torchvision refuses is refused in its words. */
static void test_refused_by_torchvision(void **state)
{
    (void)state;
    FILE *file = fopen(VRN_TEST_SOURCE_DIR "/tests/data/net/torchvision.txt", "r");
    assert_non_null(file);
    char line[512];
    int count = 0;
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "refuse ", 7) != 0) continue;
        char *words = strchr(line, '|');
        assert_non_null(words);
        *words++ = 0;
        words[strcspn(words, "\n")] = 0;
        assert_refused(line + 7, words);
        count++;
    }
    fclose(file);
    assert_true(count >= 7);
}

static void test_refused_structs(void **state)
{
    (void)state;
    static const struct {
        vrn_arch arch;
        const char *words;
    } cases[] = {
        {{.groups = 1}, "layers: expected 1 to 8 stages, found 0"},
        {{.stages = 9, .layers = {1, 1, 1, 1, 1, 1, 1, 1}}, "stages, found 9"},
        {{.stages = 2, .layers = {1, 0}}, "layers: expected 1 to 4096, found 0"},
        {{.stages = 1, .layers = {1, 1}}, "entry 2 is beyond the 1 stage"},
        {{.layers = {1, 0, 1}}, "entry 3 is beyond the 1 stage"},
        {{.layers = {1}, .planes = {8, 8}}, "entry 2 is beyond"},
        {{.layers = {1}, .dilate = {false, true}}, "entry 2 is beyond"},
        {{.block = VRN_BLOCK_BOTTLENECK, .layers = {1}, .dilate = {true}}, "has no stride"},
        {{.layers = {1}, .block = (vrn_block)2}, "block: expected 0 to 1, found 2"},
        {{.layers = {1}, .norm = (vrn_norm)4}, "norm: expected 0 to 3, found 4"},
        {{.layers = {1}, .stem = (vrn_stem)3}, "stem: expected 0 to 2, found 3"},
        {{.layers = {1}, .shortcut = (vrn_shortcut)5}, "shortcut: expected 0 to 4, found 5"},
        {{.layers = {UINT32_MAX}}, "layers: expected 1 to 4096"},
        {{.layers = {1}, .planes = {UINT32_MAX}}, "planes: expected"},
        {{.layers = {1}, .num_classes = UINT32_MAX}, "num_classes: expected"},
        {{.layers = {1}, .norm_eps = -1}, "norm_eps: expected"},
        {{.layers = {1}, .norm_eps = NAN}, "norm_eps: expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        captured_log captured;
        vrn_log log = capture_log(&captured);
        vrn_arch arch = cases[i].arch;
        assert_int_equal(vrn_arch_check(&arch, &log), VRN_ERROR_INVALID_ARGUMENT);
        assert_true(said_once(&captured, cases[i].words));
        char text[8] = "?";
        assert_int_equal(vrn_arch_format(&cases[i].arch, text, sizeof text), 0);
        assert_string_equal(text, "");
    }
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void test_format_texts(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"resnet50,num_classes=21,dilate=0:1:1", NULL},
        {"resnet18,stem=cifar", NULL},
        {"resnet20,shortcut=projection", NULL},
        {"resnet56,num_classes=100", NULL},
        {"resnet50,norm=group,norm_groups=16,norm_eps=0.001", NULL},
        {"resnet101,v1=1", NULL},
        {"resnet34,zero_init_residual=1,norm=frozen", "resnet34,norm=frozen,zero_init_residual=1"},
        {"resnet,block=bottleneck,layers=3:4:6:3", "resnet50"},
        {"resnet50,groups=32,width_per_group=4", "resnext50_32x4d"},
        {"resnet,layers=8:8:8,stem=cifar,shortcut=pad", NULL},
        {"resnet,layers=3:3:3,stem=cifar", "resnet20,shortcut=projection"},
        {"resnet,layers=1", NULL},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        vrn_arch arch = parse(pairs[i][0]);
        char text[256];
        size_t length = vrn_arch_format(&arch, text, sizeof text);
        assert_int_equal(length, strlen(text));
        vrn_arch again = parse(text);
        assert_true(same_arch(&arch, &again));
        assert_string_equal(text, pairs[i][1] ? pairs[i][1] : pairs[i][0]);
    }
}

static void test_format_capacity(void **state)
{
    (void)state;
    vrn_arch arch = parse("resnet18,num_classes=21");
    size_t length = strlen("resnet18,num_classes=21");
    assert_int_equal(vrn_arch_format(&arch, NULL, 0), length);
    char text[9] = "????????";
    assert_int_equal(vrn_arch_format(&arch, text, sizeof text), length);
    assert_string_equal(text, "resnet18");

    /* Defaults need not be filled in. */
    vrn_arch bare = {.layers = {2, 2, 2, 2}};
    char name[16];
    assert_int_equal(vrn_arch_format(&bare, name, sizeof name), 8);
    assert_string_equal(name, "resnet18");
}

static uint32_t draw(uint64_t *state, uint32_t count)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % count;
}

/* Each field has its default or something else, so that all combinations of keys come up. */
static vrn_arch random_arch(uint64_t *state)
{
    static const uint32_t planes[] = {16, 32, 64, 96, 128, 256, 4096};
    vrn_arch arch = {.block = draw(state, 2) ? VRN_BLOCK_BOTTLENECK : VRN_BLOCK_BASIC};
    arch.stages = 1 + draw(state, VRN_MAX_STAGES);
    bool named = draw(state, 2);
    if (named) arch.stages = draw(state, 2) ? 3 : 4;
    for (uint32_t i = 0; i < arch.stages; i++) {
        arch.layers[i] = named ? 2 : 1 + draw(state, 12);
        if (draw(state, 4) == 0) arch.planes[i] = planes[draw(state, 7)];
        arch.dilate[i] = i > 0 && draw(state, 4) == 0;
    }
    if (draw(state, 2)) arch.num_classes = 1 + draw(state, 1 << 20);
    if (draw(state, 2)) arch.groups = 1 + draw(state, 64);
    if (draw(state, 2)) arch.width_per_group = 1 + draw(state, 256);
    arch.norm = (vrn_norm)draw(state, 3);
    if (draw(state, 2)) arch.norm_groups = 1u << draw(state, 6);
    if (draw(state, 2)) arch.norm_eps = (float)(draw(state, 1 << 24) + 1) / (1 << 25);
    arch.stem = (vrn_stem)draw(state, 3);
    arch.shortcut = (vrn_shortcut)draw(state, 5);
    if (draw(state, 4) == 0) arch.in_channels = 1 + draw(state, 16);
    if (draw(state, 4) == 0) arch.stem_kernel = 1 + 2 * draw(state, 4);
    if (draw(state, 4) == 0) arch.stem_stride = 1 + draw(state, 4);
    if (draw(state, 4) == 0) arch.stem_planes = 32 * (1 + draw(state, 4));
    if (draw(state, 4) == 0 && arch.stem == VRN_STEM_DEEP) {
        arch.stem_width = 32 * (1 + draw(state, 4));
        arch.stem_width2 = 32 * draw(state, 4);
    }
    arch.pool = (vrn_pool)draw(state, 9);
    arch.attention = (vrn_attention)draw(state, 3);
    for (uint32_t i = 0; i < arch.stages; i++) {
        if (arch.attention && draw(state, 4) == 0) arch.attention_width[i] = 1 + 2 * draw(state, 9);
        if (draw(state, 8) == 0) arch.strides[i] = 1 + draw(state, 3);
        if (draw(state, 8) == 0 && arch.block) arch.dilations[i] = 1 + draw(state, 4);
    }
    arch.activation = (vrn_activation)draw(state, 4);
    if (draw(state, 4) == 0) arch.negative_slope = 0.25f;
    arch.standardize = (vrn_standardize)draw(state, 4);
    arch.antialias = (vrn_antialias)draw(state, 3);
    if (draw(state, 4) == 0) arch.blur_size = 1 + draw(state, 7);
    arch.head = (vrn_head)draw(state, 3);
    if (arch.head == VRN_HEAD_NONE) arch.num_classes = 0;
    arch.probabilities = (vrn_probabilities)draw(state, 3);
    if (arch.head == VRN_HEAD_MLP && draw(state, 2)) arch.head_width = 1 + draw(state, 999);
    arch.stride_on_1x1 = draw(state, 4) == 0;
    arch.preactivation = draw(state, 4) == 0;
    arch.final_norm = arch.preactivation && draw(state, 2);
    arch.zero_init_residual = draw(state, 2) == 0;
    return arch;
}

static void test_round_trip(void **state)
{
    (void)state;
    uint64_t random = 1;
    int valid = 0;
    for (int i = 0; i < 20000; i++) {
        vrn_arch arch = random_arch(&random), again;
        if (vrn_arch_check(&arch, NULL) != VRN_OK) continue;
        valid++;
        char text[1024];
        size_t length = vrn_arch_format(&arch, text, sizeof text);
        assert_in_range(length, 1, sizeof text - 1);
        again = parse(text);
        if (!same_whole_arch(&arch, &again)) fail_msg("not the same after '%s'", text);
    }
    assert_true(valid > 1000);
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static void test_numbers(void **state)
{
    (void)state;
    uint64_t number = 0;
    assert_true(vrn_parse_number("0", 1, 0, &number));
    assert_true(vrn_parse_number("18446744073709551615", 20, UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_false(vrn_parse_number("18446744073709551616", 20, UINT64_MAX, &number));
    assert_false(vrn_parse_number("5", 1, 4, &number));
    assert_false(vrn_parse_number("", 0, 4, &number));
    assert_false(vrn_parse_number("1 ", 2, 40, &number));
    assert_false(vrn_parse_number("+1", 2, 40, &number));
}

static void test_reals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        float value;
    } good[] = {
        {"0.485", 0.485f},
        {"-1", -1},
        {".5", 0.5f},
        {"5.", 5},
        {"1e-5", 1e-5f},
        {"12E+2", 1200},
        {"3.40282347e38", 3.40282347e38f},
        {"1e-45", 1e-45f},
        {"1e-400", 0},
        {"0e9999", 0},
        {"0.1000000000000000000000000000000000000001", 0.1f},
        {"100000000000000000000000000000000000", 1e35f},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        float value = -7;
        assert_true(vrn_parse_real(good[i].text, strlen(good[i].text), &value));
        if (value != good[i].value) fail_msg("%s: %.9g", good[i].text, (double)value);
    }
    static const char *const bad[] = {
        "",    "-",   ".",    "e5",     "1e",      "1e+", "1,5", "1.2.3", "0x10",
        "inf", "nan", "1e39", "1e9999", "1e10000", " 1",  "1 ",  "--1",   "+1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        float value = 0;
        if (vrn_parse_real(bad[i], strlen(bad[i]), &value)) fail_msg("'%s' was read", bad[i]);
    }
}

static void test_real_round_trip(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int i = 0; i < 200000; i++) {
        uint32_t bits = draw(&random, 1u << 31) << 1 ^ draw(&random, 1u << 31);
        float value, again = 0;
        memcpy(&value, &bits, sizeof value);
        if ((bits >> 23 & 255) == 255) continue;
        char text[VRN_REAL_MAX];
        vrn_format_real(value, text);
        if (!vrn_parse_real(text, strlen(text), &again) || again != value) {
            fail_msg("%.9g became '%s'", (double)value, text);
        }
    }
    char text[VRN_REAL_MAX];
    vrn_format_real(0.229f, text);
    assert_string_equal(text, "0.229");
    vrn_format_real(1e-5f, text);
    assert_string_equal(text, "1e-05");
    vrn_format_real(FLT_MAX, text);
    assert_string_equal(text, "3.4028235e+38");
    vrn_format_real(-1200, text);
    assert_string_equal(text, "-1200");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_check_fills_defaults),
        cmocka_unit_test(test_refused_texts),
        cmocka_unit_test(test_refused_by_torchvision),
        cmocka_unit_test(test_refused_structs),
        cmocka_unit_test(test_format_texts),
        cmocka_unit_test(test_format_capacity),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_reals),
        cmocka_unit_test(test_real_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
