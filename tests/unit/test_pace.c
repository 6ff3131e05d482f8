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

/* All of the steps from first to last took `ms`. */
static void learn(vrn_pace *pace, uint32_t first, uint32_t last, double ms)
{
    vrn_stretch stretch = {.images = 1};
    for (uint32_t step = first; step <= last; step++) {
        const uint32_t count = vrn_kernel_pass_count(steps[step].choice.kernel);
        for (uint32_t pass = 0; pass < count; pass++) {
            vrn_stretch_add(&stretch, vrn_pace_pass(step, pass), 1);
        }
    }
    vrn_pace_learn(pace, &program, &stretch, guess, ms);
}

/* A share of one pass took `ms`. */
static void learn_part(vrn_pace *pace, uint32_t step, uint32_t pass, double share, double ms)
{
    vrn_stretch stretch = {.images = 1};
    vrn_stretch_add(&stretch, vrn_pace_pass(step, pass), share);
    vrn_pace_learn(pace, &program, &stretch, guess, ms);
}

static void measured_passes_predict_themselves(void **state)
{
    (void)state;
    vrn_pace pace;
    assert_int_equal(vrn_pace_create(&pace, &program), VRN_OK);
    expect_ms(&pace, 0, 100); /* by the guess */
    assert_float_equal(ms_of(&pace, 2, 0, 3) + ms_of(&pace, 2, 1, 3), 1200, 1e-6);

    learn(&pace, 0, 1, 30); /* ten times as fast */
    expect_ms(&pace, 0, 10);
    expect_ms(&pace, 1, 20);
    expect_ms(&pace, 2, 40); /* was not measured: as the others */

    learn(&pace, 1, 1, 60); /* slower: in full */
    expect_ms(&pace, 1, 60);
    expect_ms(&pace, 0, 10);
    learn(&pace, 1, 1, 15); /* faster: half the way, in powers */
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
    learn_part(&pace, 2, 0, 1, 1);
    learn_part(&pace, 2, 1, 1, 19);
    assert_float_equal(ms_of(&pace, 2, 0, 1), 1, 1e-9);
    assert_float_equal(ms_of(&pace, 2, 1, 1), 19, 1e-9);
    assert_float_equal(ms_of(&pace, 2, 2, 1), 0, 0); /* there is no third */
    expect_ms(&pace, 2, 20);
    vrn_pace_destroy(&pace);
}

/* Parts of a pass, and passes that were recorded before anything was known, teach the same whenever
 * they are read. */
static void pending_parts_agree(void **state)
{
    (void)state;
    vrn_pace pace;
    assert_int_equal(vrn_pace_create(&pace, &program), VRN_OK);
    learn_part(&pace, 0, 0, 0.25, 0.5); /* 2 ms for all of it, a fiftieth of the guess */
    learn_part(&pace, 0, 0, 0.5, 1);
    learn_part(&pace, 0, 0, 0.25, 0.5);
    expect_ms(&pace, 0, 2);
    learn(&pace, 1, 1, 4);
    expect_ms(&pace, 1, 4);
    learn(&pace, 2, 2, 8);
    expect_ms(&pace, 2, 8);

    /* the end of a pass, a whole one, and the beginning of a third */
    vrn_stretch stretch = {.images = 2};
    vrn_stretch_add(&stretch, vrn_pace_pass(0, 0), 0.25);
    vrn_stretch_add(&stretch, vrn_pace_pass(0, 0), 0.25);
    vrn_stretch_add(&stretch, vrn_pace_pass(1, 0), 1);
    vrn_stretch_add(&stretch, vrn_pace_pass(2, 0), 0.5);
    vrn_pace_learn(&pace, &program, &stretch, guess, 2 * (1 + 4 + 2)); /* as expected */
    for (uint32_t i = 0; i < STEPS; i++) expect_ms(&pace, i, 2 * steps[i].work);
    vrn_pace_learn(&pace, &program, &stretch, guess, 4 * (1 + 4 + 2)); /* twice as long */
    expect_ms(&pace, 0, 4);
    expect_ms(&pace, 1, 8);
    expect_ms(&pace, 2, 8 + 4); /* its second pass was not part of it */
    vrn_pace_destroy(&pace);
}

/* Clocks that stand still, nothing, and spans from one slice of the batch into the next. */
static void what_says_nothing_teaches_nothing(void **state)
{
    (void)state;
    vrn_pace pace;
    assert_int_equal(vrn_pace_create(&pace, &program), VRN_OK);
    learn(&pace, 0, 2, 0);
    vrn_stretch stretch = {.images = 1};
    vrn_pace_learn(&pace, &program, &stretch, guess, 7);
    vrn_stretch_add(&stretch, vrn_pace_pass(2, 1), 1);
    vrn_stretch_add(&stretch, vrn_pace_pass(0, 0), 1);
    vrn_stretch_add(&stretch, vrn_pace_pass(1, 0), 1);
    vrn_pace_learn(&pace, &program, &stretch, guess, 7);
    for (uint32_t i = 0; i < STEPS; i++) expect_ms(&pace, i, guess * steps[i].work);
    vrn_pace_destroy(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measured_passes_predict_themselves),
        cmocka_unit_test(passes_of_a_step_differ),
        cmocka_unit_test(pending_parts_agree),
        cmocka_unit_test(what_says_nothing_teaches_nothing),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
