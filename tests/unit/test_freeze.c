/* Freezing specialization constants: what becomes of each kind of instruction, of every module that
 * is built in, and of damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "gpu/freeze.h"
#include "ops/kernel.h"

#define WORDS(op, count) ((count) << 16 | (op))

enum { BOUND = 20 };

/* Ids: 1 uint, 2 bool, 3 and 4 constants with spec ids 7 and 8, 5 a bool with spec id 9, 6 = 3 * 4,
 * 7 = 6 < 4, 8 = (3, 4), 9 = 8[1], 10 = 7 ? 3 : 4, 11 a float operation, which is not ours. */
static const uint32_t module[] = {
    0x07230203,
    0x00010300,
    0,
    BOUND,
    0,
    WORDS(71, 4),
    3,
    1,
    7,
    WORDS(71, 4),
    4,
    1,
    8,
    WORDS(71, 4),
    5,
    1,
    9,
    WORDS(71, 3),
    3,
    0, /* another decoration, which stays */
    WORDS(21, 4),
    1,
    32,
    0,
    WORDS(20, 2),
    2,
    WORDS(50, 4),
    1,
    3,
    100,
    WORDS(50, 4),
    1,
    4,
    200,
    WORDS(48, 3),
    2,
    5,
    WORDS(52, 6),
    1,
    6,
    132,
    3,
    4,
    WORDS(52, 6),
    2,
    7,
    176,
    6,
    4,
    WORDS(51, 5),
    1,
    8,
    3,
    4,
    WORDS(52, 6),
    1,
    9,
    81,
    8,
    1,
    WORDS(52, 7),
    1,
    10,
    169,
    7,
    3,
    4,
    WORDS(52, 6),
    1,
    11,
    129,
    3,
    4,
    WORDS(54, 5),
    1,
    12,
    0,
    1,
    WORDS(50, 4),
    1,
    3,
    100, /* in a function it would be no instruction of ours */
};

/* The instruction that gives an id its value, at module scope. */
static const uint32_t *definition(const uint32_t *words, size_t count, uint32_t id)
{
    for (size_t at = 5; at < count; at += words[at] >> 16) {
        uint32_t op = words[at] & 0xffff;
        if (op == 54) break;
        if (op >= 41 && op <= 52 && words[at + 2] == id) return words + at;
    }
    return NULL;
}

static void test_values(void **state)
{
    (void)state;
    const uint32_t ids[] = {8, 9, 55}, values[] = {3, 0, 1};
    uint32_t *frozen;
    size_t size;
    assert_true(vrn_spirv_freeze(&frozen, &size, module, sizeof module, ids, values, 3));
    const size_t count = size / sizeof *frozen;
    const struct {
        uint32_t id, op, value;
    } expected[] = {
        {3, 43, 100}, {4, 43, 3}, {5, 42, 0}, {6, 43, 300}, {7, 42, 0}, {9, 43, 3}, {10, 43, 3},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const uint32_t *words = definition(frozen, count, expected[i].id);
        assert_non_null(words);
        assert_int_equal(words[0] & 0xffff, expected[i].op);
        if (expected[i].op == 43) assert_int_equal(words[3], expected[i].value);
    }
    assert_int_equal(definition(frozen, count, 8)[0] & 0xffff, 44);
    assert_int_equal(definition(frozen, count, 11)[0] & 0xffff, 52); /* left as it was */
    /* Three decorations and a word of the composite's, the two bools and three operations are
     * gone. */
    assert_memory_equal(frozen + count - 9, module + sizeof module / 4 - 9, 9 * 4);
    for (size_t at = 5; at < count; at += frozen[at] >> 16) {
        if ((frozen[at] & 0xffff) == 71) assert_int_equal(frozen[at + 2], 0);
        if ((frozen[at] & 0xffff) == 54) break;
    }
    vrn_free(frozen);
}

/* No specialization constant is left in the modules of the kernels, whatever the shape. */
static void test_every_kernel(void **state)
{
    (void)state;
    uint32_t frozen_modules = 0;
    for (uint32_t o = 0; o < VRN_OP_COUNT; o++) {
        const vrn_kernel *kernel;
        for (uint32_t k = 0; (kernel = vrn_kernel_at((vrn_op)o, k)); k++) {
            for (uint32_t p = 0; p < vrn_kernel_pass_count(kernel); p++) {
                const vrn_module *m = vrn_kernel_shader(kernel, p)->module;
                uint32_t *words;
                size_t size;
                assert_true(vrn_spirv_freeze(&words, &size, m->words, m->size, NULL, NULL, 0));
                for (size_t at = 5; at < size / 4; at += words[at] >> 16) {
                    uint32_t code = words[at] & 0xffff;
                    if (code >= 48 && code <= 52) {
                        fail_msg("%s: instruction %u stays, operation %u", m->name, code,
                                 words[at + 3]);
                    }
                }
                frozen_modules++;
                vrn_free(words);
            }
        }
    }
    assert_true(frozen_modules > 40);
}

static void test_damaged(void **state)
{
    (void)state;
    uint32_t copy[sizeof module / 4], *words;
    size_t size;
    assert_false(vrn_spirv_freeze(&words, &size, module, 16, NULL, NULL, 0));
    assert_null(words);
    for (size_t i = 3; i < sizeof module / 4; i++) {
        for (uint32_t bit = 0; bit < 32; bit++) {
            memcpy(copy, module, sizeof module);
            copy[i] ^= 1u << bit;
            if (!vrn_spirv_freeze(&words, &size, copy, sizeof copy, NULL, NULL, 0)) continue;
            assert_true(size <= sizeof module);
            vrn_free(words);
        }
    }
    for (size_t length = 0; length < sizeof module; length += 4) {
        if (vrn_spirv_freeze(&words, &size, module, length, NULL, NULL, 0)) vrn_free(words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_every_kernel),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests_name("freeze", tests, NULL, NULL);
}
