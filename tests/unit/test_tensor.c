/* Conversions of tensors' elements, against definitions in double precision. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/half.h"
#include "checkpoint/tensor.h"

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754: (-1)^s 2^(e-15) 1.f, and without the one where e is 0. */
static double half_value(uint16_t half)
{
    int exponent = half >> 10 & 31, fraction = half & 1023;
    double magnitude = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    if (exponent == 31) magnitude = fraction ? NAN : INFINITY;
    return half & 0x8000 ? -magnitude : magnitude;
}

static void test_every_half(void **state)
{
    (void)state;
    for (uint32_t half = 0; half < 65536; half++) {
        double expected = half_value((uint16_t)half);
        float value = vrn_half_to_float((uint16_t)half);
        if (isnan(expected)) {
            assert_true(isnan(value));
            assert_true(isnan(half_value(vrn_float_to_half(value))));
            continue;
        }
        assert_true((double)value == expected);
        assert_int_equal(signbit(value) != 0, half >> 15);
        assert_int_equal(vrn_float_to_half(value), half);
    }
}

/* The nearest multiple of the spacing of halves around `value`; nearbyint rounds ties to even. */
static double nearest_half(double value)
{
    if (value == 0) return value;
    int exponent = ilogb(value) < -14 ? -14 : ilogb(value);
    double rounded = ldexp(nearbyint(ldexp(value, 10 - exponent)), exponent - 10);
    return fabs(rounded) >= 65536 ? copysign(INFINITY, value) : rounded;
}

static void check_rounding(uint32_t bits)
{
    float value = from_bits(bits);
    if (isnan(value) || isinf(value)) return;
    double expected = nearest_half(value), found = half_value(vrn_float_to_half(value));
    if (found != expected) {
        fail_msg("0x%08x: expected %a, found %a", (unsigned)bits, expected, found);
    }
}

static void test_rounding_to_half(void **state)
{
    (void)state;
    for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += 4093) check_rounding((uint32_t)bits);
    /* Every half, what lies halfway to the next, and their neighbours. */
    for (uint32_t half = 0; half < 0x7c00; half++) {
        float low = vrn_half_to_float((uint16_t)half);
        double spacing = ldexp(1, (half >> 10 ? (int)(half >> 10) : 1) - 25);
        float middle = (float)(half_value((uint16_t)half) + spacing / 2);
        uint32_t bits[2];
        memcpy(&bits[0], &low, 4);
        memcpy(&bits[1], &middle, 4);
        for (int i = 0; i < 2; i++) {
            check_rounding(bits[i]);
            check_rounding(bits[i] + 1);
            if (bits[i]) check_rounding(bits[i] - 1);
        }
    }
    assert_int_equal(vrn_float_to_half(65519.996f), 0x7bff);
    assert_int_equal(vrn_float_to_half(65520.0f), 0x7c00);
    assert_int_equal(vrn_float_to_half(-INFINITY), 0xfc00);
    assert_int_equal(vrn_float_to_half(-0.0f), 0x8000);
}

static void test_types(void **state)
{
    (void)state;
    const float f32[] = {1.5f, -2.25f, INFINITY};
    const double f64[] = {1.5, -2.25, 1e300};
    const uint16_t f16[] = {0x3e00, 0xc080, 0x7c00}, bf16[] = {0x3fc0, 0xc010, 0x7f80};
    const struct {
        vrn_dtype dtype;
        const void *data;
        size_t size;
    } cases[] = {{VRN_DTYPE_F32, f32, sizeof f32},
                 {VRN_DTYPE_F64, f64, sizeof f64},
                 {VRN_DTYPE_F16, f16, sizeof f16},
                 {VRN_DTYPE_BF16, bf16, sizeof bf16}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t shift = 0; shift < 2; shift++) { /* also where data is not aligned */
            uint8_t bytes[64] = {0};
            memcpy(bytes + shift, cases[i].data, cases[i].size);
            vrn_tensor tensor = {.dtype = cases[i].dtype,
                                 .rank = 1,
                                 .shape = {3},
                                 .stride = {1},
                                 .data = bytes + shift};
            float values[3];
            vrn_tensor_read(&tensor, values);
            assert_true(vrn_dtype_is_float(tensor.dtype));
            assert_memory_equal(values, f32, sizeof f32);
            bool aligned = (uintptr_t)tensor.data % _Alignof(float) == 0;
            const void *view = tensor.dtype == VRN_DTYPE_F32 && aligned ? tensor.data : NULL;
            assert_ptr_equal(vrn_tensor_view(&tensor), view);
        }
    }
    assert_false(vrn_dtype_is_float(VRN_DTYPE_I64));
    assert_false(vrn_dtype_is_float(VRN_DTYPE_OTHER));
    assert_string_equal(vrn_dtype_name(VRN_DTYPE_F16), "float16");
    assert_string_equal(vrn_dtype_name(VRN_DTYPE_I64), "int64");
}

/* Views of a buffer that holds 0, 1, 2, ..: each element's value is its offset. */
static void test_strides(void **state)
{
    (void)state;
    static float buffer[4096], values[4096], part[4096];
    for (int i = 0; i < 4096; i++) buffer[i] = (float)i;
    const vrn_tensor cases[] = {
        {.rank = 0},
        {.rank = 1, .shape = {5}, .stride = {3}},
        {.rank = 2, .shape = {3, 4}, .stride = {4, 1}},
        {.rank = 2, .shape = {3, 4}, .stride = {1, 3}},
        {.rank = 2, .shape = {1, 1}, .stride = {1000000, 77}},
        {.rank = 2, .shape = {3, 5}, .stride = {0, 2}},
        {.rank = 3, .shape = {2, 0, 3}, .stride = {1, 1, 1}},
        {.rank = 4, .shape = {2, 3, 5, 7}, .stride = {105, 1, 21, 3}},
        {.rank = 4, .shape = {4, 3, 1, 1}, .stride = {3, 1, 9, 5}},
        {.rank = 4, .shape = {4, 3, 1, 2}, .stride = {12, 4, 9, 1}},
        {.rank = 8, .shape = {2, 1, 3, 2, 1, 2, 2, 2}, .stride = {96, 5, 32, 16, 1, 1, 2, 4}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        vrn_tensor tensor = cases[c];
        tensor.data = (const uint8_t *)buffer;
        uint64_t count = vrn_tensor_count(&tensor);
        vrn_tensor_read(&tensor, values);
        for (uint64_t i = 0; i < count; i++) {
            uint64_t rest = i, offset = 0;
            for (uint32_t d = tensor.rank; d-- > 0;) {
                offset += rest % tensor.shape[d] * tensor.stride[d];
                rest /= tensor.shape[d];
            }
            if (values[i] != (float)offset) {
                fail_msg("case %zu, element %d: expected %d, found %g", c, (int)i, (int)offset,
                         (double)values[i]);
            }
        }
        /* A view is of elements that lie as they are read. */
        const float *view = vrn_tensor_view(&tensor);
        bool in_order = true;
        for (uint64_t i = 0; i < count; i++) in_order &= values[i] == (float)i;
        if (count) assert_int_equal(view != NULL, in_order);
        if (view) assert_memory_equal(view, values, count * sizeof *values);
        for (uint64_t size = 1; size <= 7; size++) {
            for (uint64_t first = 0; first < count; first += size) {
                uint64_t n = size < count - first ? size : count - first;
                vrn_tensor_read_part(&tensor, first, n, part + first);
            }
            assert_memory_equal(part, values, count * sizeof *values);
            memset(part, 0xff, sizeof part);
        }
    }
}

static void test_shapes(void **state)
{
    (void)state;
    char text[32];
    vrn_tensor tensor = {.rank = 4, .shape = {64, 3, 7, 7}};
    vrn_tensor_format_shape(&tensor, text, sizeof text);
    assert_string_equal(text, "[64, 3, 7, 7]");
    vrn_tensor_format_shape(&tensor, text, 6);
    assert_string_equal(text, "[64, ");
    assert_int_equal(vrn_tensor_count(&tensor), 9408);
    tensor.rank = 0;
    vrn_tensor_format_shape(&tensor, text, sizeof text);
    assert_string_equal(text, "[]");
    assert_int_equal(vrn_tensor_count(&tensor), 1);
    tensor = (vrn_tensor){.rank = 3, .shape = {UINT64_MAX, UINT64_MAX, 0}};
    assert_int_equal(vrn_tensor_count(&tensor), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_half), cmocka_unit_test(test_rounding_to_half),
        cmocka_unit_test(test_types),      cmocka_unit_test(test_strides),
        cmocka_unit_test(test_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
