/* Every kernel of every operator's table that the device supports, on every case that it fits,
 * against the reference (tools/kernel_check.h).
 *
 *     test_ops [PREFIX...]     only kernels whose names begin with one of them
 *
 * With VRN_TEST_KERNEL_STRIDE=N each case is run on every N-th kernel, beginning with another
 * one each time, and on kernels that no case has run yet: for runs under sanitizers, which see the
 * host's side alone, and for quick ones (VRN_TEST_QUICK=1: 32). */
#include "fixture.h"

#include "base/util.h"
#include "ops/support.h"
#include "plan/precision.h"
#include "tools/kernel_check.h"

static vrn_device *device;
static fixture_log messages;
static vrn_checker checker;
static char **prefixes; /* of the kernels to test, up to NULL; none: all */
static uint32_t tested_in_all;
static uint32_t stride = 1;
enum { KERNELS_MAX = 512 };
static bool ran[VRN_OP_COUNT][KERNELS_MAX]; /* on some case */
static bool ran_rounded[VRN_TYPE_COUNT][VRN_OP_COUNT][KERNELS_MAX];
static bool takes_floats[VRN_OP_COUNT][KERNELS_MAX]; /* supports some case in float32 */

static void print_mismatch(const vrn_kernel_verdict *verdict, const vrn_kernel *kernel,
                           const char *type)
{
    const vrn_mismatch *m = &verdict->first;
    if (m->outside) {
        fprintf(stderr, "%s, %s, %s: wrote outside of its output\n", m->name, kernel->name, type);
    } else {
        fprintf(stderr,
                "%s, %s, %s: %zu wrong, [n %u, y %u, x %u, c %u]: expected %.9g, found %.9g\n",
                m->name, kernel->name, type, verdict->wrong, m->n, m->y, m->x, m->c, m->expected,
                m->found);
    }
}

static bool wanted(const vrn_kernel *kernel)
{
    bool found = !*prefixes;
    for (char **p = prefixes; *p && !found; p++) {
        found = strncmp(kernel->name, *p, strlen(*p)) == 0;
    }
    return found;
}

/* Returns how many kernels are wrong. With `rounded`, `type` is what float32 values are rounded to;
 * since only the stores differ, a quarter of the kernels are tested then. */
static uint32_t run_typed(const vrn_op_case *c, vrn_type type, bool rounded)
{
    vrn_case_data data;
    const uint32_t its_stride = rounded ? 4 * stride : stride;
    assert_int_equal(rounded ? vrn_case_data_create_rounded(&data, c, type, NULL)
                             : vrn_case_data_create(&data, c, type, NULL),
                     VRN_OK);
    const vrn_kernel *kernel;
    uint32_t fit = 0, tested = 0, wrong = 0;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(data.desc.op, i)); i++) {
        if (!wanted(kernel) || !vrn_kernel_supported(kernel, &data.desc, device)) continue;
        assert_true(i < KERNELS_MAX);
        fit++;
        if (type == VRN_TYPE_F32) takes_floats[data.desc.op][i] = true;
        bool *ran_once = rounded ? &ran_rounded[type][data.desc.op][i] : &ran[data.desc.op][i];
        if (*ran_once && (i + (uint32_t)(c - vrn_op_cases) + (uint32_t)type) % its_stride != 0) {
            continue;
        }
        *ran_once = true;
        vrn_kernel_verdict verdict;
        assert_int_equal(vrn_kernel_check(&verdict, &checker, kernel, &data), VRN_OK);
        tested++;
        if (verdict.wrong == 0) continue;
        wrong++;
        print_mismatch(&verdict, kernel, vrn_type_name(type));
        if (rounded) fprintf(stderr, "  (rounded float32)\n");
    }
    vrn_case_data_free(&data);
    tested_in_all += tested;
    assert_true(fit > 0 || *prefixes);
    return wrong;
}

static void run_case(void **state)
{
    const vrn_op_case *c = *state;
    uint32_t wrong = 0;
    for (uint32_t type = 0; type < VRN_TYPE_COUNT; type++) {
        wrong += run_typed(c, (vrn_type)type, false);
        /* Networks round what these kernels write, but not what must stay floats. */
        if (type == VRN_TYPE_F32 || vrn_precision_keeps_floats(c->desc.op)) continue;
        wrong += run_typed(c, (vrn_type)type, true);
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(messages.errors + messages.warnings, 0);
}

/* Past the limit of a dimension work groups go on in the next one. */
static void grids_fold(void **state)
{
    (void)state;
    const uint32_t limit = device->probe.limits.maxComputeWorkGroupCount[0];
    device->probe.limits.maxComputeWorkGroupCount[0] = 3;
    for (uint32_t i = 0; i < vrn_op_case_count; i++) {
        /* One case of each operator that needs more than three work groups is enough, and one with
         * several dispatches that add to a result. */
        static const char *const chosen[] = {"3x3 large",  "3x3 of 128 to 96", "groups of 20",
                                             "batch norm", "max pool",         "group norm",
                                             "relu alone", "softmax of 3"};
        for (uint32_t k = 0; k < VRN_COUNT(chosen); k++) {
            if (strcmp(vrn_op_cases[i].name, chosen[k]) != 0) continue;
            void *c = (void *)(uintptr_t)&vrn_op_cases[i];
            run_case(&c);
        }
    }
    device->probe.limits.maxComputeWorkGroupCount[0] = limit;
}

/* A row that no case has run would be a kernel without a test. */
static void every_kernel_is_covered(void **state)
{
    (void)state;
    for (uint32_t o = 0; o < VRN_OP_COUNT; o++) {
        const vrn_kernel *kernel;
        for (uint32_t i = 0; (kernel = vrn_kernel_at((vrn_op)o, i)); i++) {
            if (!vrn_kernel_possible(kernel, device, NULL)) continue;
            if (!wanted(kernel)) continue;
            if (!ran[o][i]) fprintf(stderr, "%s: no case\n", kernel->name);
            assert_true(ran[o][i]);
        }
    }
}

/* Networks in fp16 and int8 run kernels for floats with rounded ones on some devices. */
static void rounded_floats_are_covered(void **state)
{
    (void)state;
    for (uint32_t o = 0; o < VRN_OP_COUNT; o++) {
        const vrn_kernel *kernel;
        for (uint32_t i = 0; (kernel = vrn_kernel_at((vrn_op)o, i)); i++) {
            /* These are for SwiftShader, where no network has rounded floats. */
            if (!takes_floats[o][i] || vrn_precision_keeps_floats((vrn_op)o)) continue;
            if (strstr(kernel->name, "stationary")) continue;
            const bool both = ran_rounded[VRN_TYPE_F16][o][i] && ran_rounded[VRN_TYPE_I8][o][i];
            if (!both) fprintf(stderr, "%s: no case with rounded floats\n", kernel->name);
            assert_true(both);
        }
    }
}

static void something_was_tested(void **state)
{
    (void)state;
    assert_true(tested_in_all > 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    prefixes = argv + 1;
    const char *text = getenv("VRN_TEST_KERNEL_STRIDE");
    if (getenv("VRN_TEST_QUICK")) stride = 32;
    if (text && atoi(text) > 1) stride = (uint32_t)atoi(text);
    /* Cooperative matrices that are emulated are slow, but must be right. */
    device =
        fixture_device_with(&messages, 0,
                            VRN_CAPABILITY_COOPERATIVE_MATRIX |
                                VRN_CAPABILITY_COOPERATIVE_MATRIX_2 | VRN_CAPABILITY_BUFFER_ARRAYS);
    struct CMUnitTest *tests = calloc(vrn_op_case_count + 4, sizeof *tests);
    if (!tests || vrn_checker_create(&checker, device)) return 1;
    for (uint32_t i = 0; i < vrn_op_case_count; i++) {
        tests[i] = (struct CMUnitTest){
            .name = vrn_op_cases[i].name,
            .test_func = run_case,
            .initial_state = (void *)(uintptr_t)&vrn_op_cases[i],
        };
    }
    tests[vrn_op_case_count] = (struct CMUnitTest)cmocka_unit_test(every_kernel_is_covered);
    tests[vrn_op_case_count + 1] = (struct CMUnitTest)cmocka_unit_test(grids_fold);
    tests[vrn_op_case_count + 2] = (struct CMUnitTest)cmocka_unit_test(something_was_tested);
    tests[vrn_op_case_count + 3] = (struct CMUnitTest)cmocka_unit_test(rounded_floats_are_covered);
    int failed = _cmocka_run_group_tests("operators", tests, vrn_op_case_count + 4, NULL, NULL);
    fprintf(stderr, "%u times a kernel on a case\n", tested_in_all);
    vrn_checker_destroy(&checker);
    vrn_device_destroy(&device);
    free(tests);
    return failed || messages.errors || messages.warnings;
}
