/* The JSON cursor, and the numbers and texts under it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/utf8.h"

static vrn_json cursor(const char *text)
{
    return (vrn_json){.text = text, .size = strlen(text)};
}

static bool is_value(const char *text)
{
    vrn_json json = cursor(text);
    return vrn_json_skip(&json) && vrn_json_at_end(&json);
}

static void test_values(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",
        "-0.5e+3",
        " [ ] ",
        "{}",
        "[1, [2, {\"a\": null}], true]",
        "\"\"",
        "\"\\u00e9\\n\"",
        "true",
        "false",
        "[[[]]]",
        "\"é𝕏\"",
        "{\"a\" : 1 , \"b\":[]}",
        "1e9",
        "-12.25",
    };
    static const char *const bad[] = {
        "",          "01",          "1.",          ".5",       "+1",   "1e",
        "1e999",     "nul",         "[1,]",        "[1 2]",    "[,]",  "{1: 2}",
        "{\"a\" 1}", "{\"a\": 1,}", "{\"a\"}",     "[}",       "[1",   "\"a",
        "\"\\x\"",   "\"\n\"",      "\"\\ud800\"", "\"\xff\"", "[1]]", "{\"a\": tru}",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!is_value(good[i])) fail_msg("'%s' was not taken", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (is_value(bad[i])) fail_msg("'%s' was taken", bad[i]);
    }
}

static void test_depth(void **state)
{
    (void)state;
    for (size_t depth = 63; depth <= 65; depth++) {
        char text[2 * 65 + 1] = "";
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(is_value(text), depth <= 64);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } numbers[] = {
        {"0", 0}, {"-0.25", -0.25}, {"77.84118", 77.84118}, {"1e-3", 1e-3}, {"1.5E+10", 1.5e10},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        vrn_json json = cursor(numbers[i].text);
        double value = 0;
        assert_true(vrn_json_number(&json, &value));
        assert_true(vrn_json_at_end(&json));
        assert_true(fabs(value - numbers[i].value) <= 1e-15 * fabs(numbers[i].value));
    }
    vrn_json json = cursor(" null , 7}");
    uint64_t whole = 0;
    assert_true(vrn_json_word(&json, "null"));
    assert_false(vrn_json_word(&json, "true"));
    assert_true(vrn_json_take(&json, ','));
    assert_true(vrn_json_unsigned(&json, &whole));
    assert_int_equal(whole, 7);
    assert_true(vrn_json_take(&json, '}'));
}

static void test_utf8(void **state)
{
    (void)state;
    assert_int_equal(vrn_utf8_length("a", 1), 1);
    assert_int_equal(vrn_utf8_length("é", 2), 2);
    assert_int_equal(vrn_utf8_length("→", 3), 3);
    assert_int_equal(vrn_utf8_length("𝕏", 4), 4);
    assert_int_equal(vrn_utf8_length("é", 1), 0);
    assert_int_equal(vrn_utf8_length("\xc0\x80", 2), 0);
    assert_int_equal(vrn_utf8_length("\xed\xa0\x80", 3), 0);
    assert_int_equal(vrn_utf8_length("\xf4\x90\x80\x80", 4), 0);
    assert_int_equal(vrn_utf8_length("", 0), 0);
    assert_false(vrn_utf8_valid("a\0b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
