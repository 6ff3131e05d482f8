/* Random weights: distributions, and the same bits everywhere. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/graph.h"
#include "net/model.h"
#include "net/random.h"
#include "unit/net_helpers.h"

typedef struct moments {
    double mean, deviation, kurtosis, min, max;
    uint64_t count;
} moments;

static moments moments_of(const vrn_model *model, const char *name)
{
    moments m = {.min = INFINITY, .max = -INFINITY};
    float *values = values_of(model, name, &m.count);
    double sum = 0, squares = 0, fourth = 0;
    for (uint64_t i = 0; i < m.count; i++) sum += (double)values[i];
    m.mean = sum / (double)m.count;
    for (uint64_t i = 0; i < m.count; i++) {
        double d = (double)values[i] - m.mean;
        squares += d * d;
        fourth += d * d * d * d;
        m.min = fmin(m.min, (double)values[i]);
        m.max = fmax(m.max, (double)values[i]);
    }
    m.deviation = sqrt(squares / (double)m.count);
    m.kurtosis = fourth * (double)m.count / (squares * squares);
    free(values);
    return m;
}

/* Within five standard errors. */
static void assert_normal(const vrn_model *model, const char *name, double deviation)
{
    moments m = moments_of(model, name);
    double root = sqrt((double)m.count);
    if (fabs(m.mean) > 5 * deviation / root || fabs(m.deviation / deviation - 1) > 5 / root / 1.4 ||
        fabs(m.kurtosis - 3) > 5 * 4.9 / root) {
        fail_msg("%s: mean %g, deviation %g, not %g, kurtosis %g", name, m.mean, m.deviation,
                 deviation, m.kurtosis);
    }
}

static void test_random_moments(void **state)
{
    (void)state;
    vrn_arch arch = parse("resnext50_32x4d");
    vrn_model *model = NULL;
    assert_int_equal(vrn_model_create_random(&model, &arch, 42, NULL), VRN_OK);
    /* sqrt(2 / (K kh kw)), whatever the groups */
    assert_normal(model, "conv1.weight", sqrt(2.0 / (64 * 49)));
    assert_normal(model, "layer1.0.conv2.weight", sqrt(2.0 / (128 * 9)));
    assert_normal(model, "layer4.2.conv3.weight", sqrt(2.0 / 2048));
    assert_normal(model, "layer2.0.downsample.0.weight", sqrt(2.0 / 512));
    static const char *const linear[] = {"fc.weight", "fc.bias"};
    for (int i = 0; i < 2; i++) {
        moments m = moments_of(model, linear[i]);
        double bound = 1 / sqrt(2048), root = sqrt((double)m.count);
        assert_true(m.min >= -bound && m.min < -0.99 * bound);
        assert_true(m.max <= bound && m.max > 0.99 * bound);
        assert_true(fabs(m.mean) < 5 * bound / sqrt(3) / root);
        assert_true(fabs(m.deviation / (bound / sqrt(3)) - 1) < 5 / root);
    }
    static const struct {
        const char *name;
        double value;
    } constants[] = {
        {"bn1.weight", 1},
        {"bn1.bias", 0},
        {"layer3.1.bn3.weight", 1},
        {"layer3.1.bn2.running_mean", 0},
        {"layer3.1.bn2.running_var", 1},
    };
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        moments m = moments_of(model, constants[i].name);
        assert_true(m.min == constants[i].value && m.max == constants[i].value);
    }
    vrn_model_info info;
    vrn_model_get_info(model, &info);
    assert_true(info.parameters == 25028904);
    vrn_model_destroy(&model);
}

/* The tails too, by quantiles of the normal distribution. */
static void test_normal_quantiles(void **state)
{
    (void)state;
    static const struct {
        double at, below; /* Phi(at) */
    } cases[] = {
        {-4, 3.167124183e-5},
        {-3, 1.349898032e-3},
        {-1.5, 0.06680720127},
        {-0.5, 0.3085375387},
        {0, 0.5},
        {1, 0.8413447461},
        {1.4395314709, 0.925},
        {2, 0.9772498681},
        {4, 0.99996832876},
    };
    enum { DRAWS = 1000000, CASES = sizeof cases / sizeof *cases };
    vrn_random random = vrn_random_create(3, 5);
    uint32_t below[CASES] = {0};
    for (int i = 0; i < DRAWS; i++) {
        double x = vrn_random_normal(&random);
        for (size_t c = 0; c < CASES; c++) below[c] += x < cases[c].at;
    }
    for (size_t c = 0; c < CASES; c++) {
        double p = cases[c].below, error = sqrt(p * (1 - p) / DRAWS);
        double found = (double)below[c] / DRAWS;
        if (fabs(found - p) > 5 * error) fail_msg("below %g: %g, not %g", cases[c].at, found, p);
    }
}

typedef struct hasher {
    const vrn_model *model;
    uint64_t hash;
} hasher;

static vrn_result hash_parameter(void *user, const vrn_parameter *parameter)
{
    hasher *h = user;
    uint64_t count = 0;
    float *values = values_of(h->model, parameter->name, &count);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        h->hash = (h->hash ^ bits) * UINT64_C(0x100000001b3);
    }
    free(values);
    return VRN_OK;
}

static uint64_t hash_model(const vrn_model *model)
{
    hasher h = {.model = model, .hash = UINT64_C(0xcbf29ce484222325)};
    assert_int_equal(vrn_arch_visit_parameters(vrn_model_arch(model), hash_parameter, &h, NULL),
                     VRN_OK);
    return h.hash;
}

static void test_random_is_pinned(void **state)
{
    (void)state;
    /* splitmix64's published first outputs for the state 1234567. */
    vrn_random raw = {1234567};
    assert_true(vrn_random_bits(&raw) == UINT64_C(6457827717110365317));
    assert_true(vrn_random_bits(&raw) == UINT64_C(3203168211198807973));

    vrn_arch arch = parse("resnet20");
    vrn_model *model = NULL, *again = NULL, *other = NULL;
    assert_int_equal(vrn_model_create_random(&model, &arch, 42, NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&again, &arch, 42, NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&other, &arch, 43, NULL), VRN_OK);
    uint64_t hash = hash_model(model);
    assert_true(hash == hash_model(again));
    assert_true(hash != hash_model(other));
    uint64_t count = 0;
    float *first = values_of(model, "conv1.weight", &count);
    /* Computed elsewhere: Python's integers, its statistics.NormalDist().inv_cdf (the same
     * algorithm with the C library's log) and NumPy's float32. */
    static const float expected[4] = {-0x1.9d125p-5f, 0x1.d8bce2p-4f, 0x1.5cecep-3f,
                                      0x1.26266cp-5f};
    for (int i = 0; i < 4; i++) {
        if (first[i] != expected[i]) fail_msg("value %d is %a", i, (double)first[i]);
    }
    if (hash != UINT64_C(0x62deaf84a5bbd090)) fail_msg("hash is %016" PRIx64, hash);
    free(first);
    vrn_model_destroy(&model);
    vrn_model_destroy(&again);
    vrn_model_destroy(&other);
}

/* Large tensors are filled in parts, by threads: with the numbers of the stream in its order. */
static void test_parts_are_one_stream(void **state)
{
    (void)state;
    enum { K = 61, C = 67, SIDE = 5, COUNT = K * C * SIDE * SIDE };
    static float values[COUNT];
    const vrn_arch arch = parse("resnet8");
    for (int linear = 0; linear < 2; linear++) {
        const vrn_node node = {
            .desc = {.op = linear ? VRN_OP_LINEAR : VRN_OP_CONV, .in = {.c = C}}};
        const vrn_parameter parameter = {
            .node = &node, .rank = 4, .shape = {K, C, SIDE, SIDE}, .role = VRN_PARAM_WEIGHT};
        vrn_random stream = vrn_random_create(5, 6);
        vrn_random_parameter(values, &arch, &parameter, stream);
        const double bound = 1 / sqrt(C), deviation = sqrt(2.0 / (K * SIDE * SIDE));
        for (size_t i = 0; i < COUNT; i++) {
            double value = linear ? bound * (2 * vrn_random_uniform(&stream) - 1)
                                  : deviation * vrn_random_normal(&stream);
            if (values[i] != (float)value) fail_msg("value %zu is %a", i, (double)values[i]);
        }
    }
}

static void test_zero_init_residual(void **state)
{
    (void)state;
    static const struct {
        const char *arch, *zero, *one;
    } cases[] = {
        {"resnet8,zero_init_residual=1", "layer2.0.bn2.weight", "layer2.0.bn1.weight"},
        {"resnet,block=bottleneck,layers=2,planes=4,zero_init_residual=1", "layer1.1.bn3.weight",
         "layer1.1.bn2.weight"},
        {"resnet8", "layer2.0.bn2.bias", "layer2.0.bn2.weight"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vrn_arch arch = parse(cases[i].arch);
        vrn_model *model = NULL;
        assert_int_equal(vrn_model_create_random(&model, &arch, 1, NULL), VRN_OK);
        moments zero = moments_of(model, cases[i].zero), one = moments_of(model, cases[i].one);
        assert_true(zero.min == 0 && zero.max == 0 && one.min == 1 && one.max == 1);
        vrn_model_destroy(&model);
    }
    vrn_model *model = NULL;
    assert_int_equal(vrn_model_create_random(&model, NULL, 1, NULL), VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(vrn_model_create_random(&model, &(vrn_arch){.groups = 2}, 1, NULL),
                     VRN_ERROR_INVALID_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_moments),     cmocka_unit_test(test_normal_quantiles),
        cmocka_unit_test(test_random_is_pinned),   cmocka_unit_test(test_parts_are_one_stream),
        cmocka_unit_test(test_zero_init_residual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
