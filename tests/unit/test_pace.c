/* What recordings learn about a device's pace: measured steps predict themselves, others follow
 * them, and a step that got slower is believed at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/pace.h"

enum { STEPS = 3 };
static const double guess = 100;

static vrn_step steps[STEPS] = {{.work = 1}, {.work = 2}, {.work = 4}};
static vrn_program program = {.graph = {.count = STEPS}, .steps = steps};

static void expect_ms(const vrn_pace *pace, uint32_t step, double ms)
{
    assert_float_equal(vrn_pace_ms(pace, &program, step, 1, guess), ms, 1e-9 * ms);
}

static void measured_steps_predict_themselves(void **state)
{
    (void)state;
    vrn_pace pace;
    assert_int_equal(vrn_pace_create(&pace, &program), VRN_OK);
    expect_ms(&pace, 0, 100); /* by the guess */
    assert_float_equal(vrn_pace_ms(&pace, &program, 2, 3, guess), 1200, 1e-6);

    vrn_pace_learn(&pace, &program, 0, 1, 300, guess, 30); /* ten times as fast */
    expect_ms(&pace, 0, 10);
    expect_ms(&pace, 1, 20);
    expect_ms(&pace, 2, 40); /* was not measured: as the others */

    vrn_pace_learn(&pace, &program, 1, 1, 20, guess, 60); /* slower: in full */
    expect_ms(&pace, 1, 60);
    expect_ms(&pace, 0, 10);
    vrn_pace_learn(&pace, &program, 1, 1, 60, guess, 15); /* faster: half the way, in powers */
    expect_ms(&pace, 1, 30);
    vrn_pace_destroy(&pace);
    assert_null(pace.paces);
}

/* Clocks that stand still, and spans from one slice of the batch into the next. */
static void what_says_nothing_teaches_nothing(void **state)
{
    (void)state;
    vrn_pace pace;
    assert_int_equal(vrn_pace_create(&pace, &program), VRN_OK);
    vrn_pace_learn(&pace, &program, 0, 2, 700, guess, 0);
    vrn_pace_learn(&pace, &program, 0, 2, 0, guess, 7);
    vrn_pace_learn(&pace, &program, 2, 0, 400, guess, 7);
    for (uint32_t i = 0; i < STEPS; i++) expect_ms(&pace, i, guess * steps[i].work);
    vrn_pace_destroy(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measured_steps_predict_themselves),
        cmocka_unit_test(what_says_nothing_teaches_nothing),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
