/* What recordings learn about a device's pace: measured passes predict themselves, others follow
 * them, and a pass that got slower is believed at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/pace.h"

enum { STEPS = 3 };
static const double guess = 100;

static const vrn_module module;
static const vrn_kernel_variant one_pass = {.shader = {{.module = &module}}};
static const vrn_kernel_variant two_passes = {.shader = {{.module = &module}, {.module = &module}}};
static const vrn_kernel one = {.variant = &one_pass}, two = {.variant = &two_passes};

static vrn_step steps[STEPS] = {{.work = 1, .choice.kernel = &one},
                                {.work = 2, .choice.kernel = &one},
                                {.work = 4, .choice.kernel = &two}};
static vrn_program program = {.graph = {.count = STEPS}, .steps = steps};

static double ms_of(const vrn_pace *pace, uint32_t step, uint32_t pass, uint32_t images)
{
    return vrn_pace_ms(pace, &program, vrn_pace_pass(step, pass), images, guess);
}

/* Of all passes of a step. */
static void expect_ms(const vrn_pace *pace, uint32_t step, double ms)
{
    double sum = 0;
    for (uint32_t pass = 0; pass < VRN_PASSES_MAX; pass++) sum += ms_of(pace, step, pass, 1);
    assert_float_equal(sum, ms, 1e-9 * ms);
}

static void learn(vrn_pace *pace, uint32_t first, uint32_t last, double expected_ms, double ms)
{
    vrn_pace_learn(pace, &program, vrn_pace_pass(first, 0), vrn_pace_pass(last, VRN_PASSES_MAX - 1),
                   expected_ms, guess, ms);
}

static void measured_passes_predict_themselves(void **state)
{
    (void)state;
    vrn_pace pace;
    assert_int_equal(vrn_pace_create(&pace, &program), VRN_OK);
    expect_ms(&pace, 0, 100); /* by the guess */
    assert_float_equal(ms_of(&pace, 2, 0, 3) + ms_of(&pace, 2, 1, 3), 1200, 1e-6);

    learn(&pace, 0, 1, 300, 30); /* ten times as fast */
    expect_ms(&pace, 0, 10);
    expect_ms(&pace, 1, 20);
    expect_ms(&pace, 2, 40); /* was not measured: as the others */

    learn(&pace, 1, 1, 20, 60); /* slower: in full */
    expect_ms(&pace, 1, 60);
    expect_ms(&pace, 0, 10);
    learn(&pace, 1, 1, 60, 15); /* faster: half the way, in powers */
    expect_ms(&pace, 1, 30);
    vrn_pace_destroy(&pace);
    assert_null(pace.paces);
}

/* A kernel's products may take many times as long as the transform before them. */
static void passes_of_a_step_differ(void **state)
{
    (void)state;
    vrn_pace pace;
    assert_int_equal(vrn_pace_create(&pace, &program), VRN_OK);
    const uint32_t transform = vrn_pace_pass(2, 0), products = vrn_pace_pass(2, 1);
    vrn_pace_learn(&pace, &program, transform, transform, 200, guess, 1);
    vrn_pace_learn(&pace, &program, products, products, ms_of(&pace, 2, 1, 1), guess, 19);
    assert_float_equal(ms_of(&pace, 2, 0, 1), 1, 1e-9);
    assert_float_equal(ms_of(&pace, 2, 1, 1), 19, 1e-9);
    assert_float_equal(ms_of(&pace, 2, 2, 1), 0, 0); /* there is no third */
    expect_ms(&pace, 2, 20);
    vrn_pace_destroy(&pace);
}

/* Clocks that stand still, and spans from one slice of the batch into the next. */
static void what_says_nothing_teaches_nothing(void **state)
{
    (void)state;
    vrn_pace pace;
    assert_int_equal(vrn_pace_create(&pace, &program), VRN_OK);
    learn(&pace, 0, 2, 700, 0);
    learn(&pace, 0, 2, 0, 7);
    learn(&pace, 2, 0, 400, 7);
    for (uint32_t i = 0; i < STEPS; i++) expect_ms(&pace, i, guess * steps[i].work);
    vrn_pace_destroy(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measured_passes_predict_themselves),
        cmocka_unit_test(passes_of_a_step_differ),
        cmocka_unit_test(what_says_nothing_teaches_nothing),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
