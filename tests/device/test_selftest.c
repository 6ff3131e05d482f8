/* The self-test finds nothing on a correct driver and each fault of a faulty one, and sessions made
 * afterwards avoid the wrong kernels. */
#include "fixture.h"

#include <math.h>
#include <pthread.h>

#include "faults.h"
#include "ops/kernel.h"
#include "plan/precision.h"

enum { ENTRIES_MAX = 160, SIDE = 24, PIXELS = 3 * SIDE * SIDE, CLASSES = 5, LAYERS_MAX = 64 };

typedef struct run {
    vrn_selftest_entry entries[ENTRIES_MAX];
    uint32_t count;
    vrn_selftest_summary summary;
    vrn_result result;
} run;

static vrn_model *model;
static float input[PIXELS];

static void keep(void *user, const vrn_selftest_entry *entry)
{
    run *r = user;
    assert_true(r->count < ENTRIES_MAX);
    r->entries[r->count++] = *entry;
}

static void selftest(run *r, vrn_device *device, const vrn_selftest_params *params)
{
    *r = (run){0};
    r->result = vrn_device_selftest(device, params, &r->summary, keep, r);
}

static const vrn_selftest_entry *find(const run *r, const char *kernel)
{
    for (uint32_t i = 0; i < r->count; i++) {
        if (strcmp(r->entries[i].kernel, kernel) == 0) return &r->entries[i];
    }
    return NULL;
}

static vrn_device *faulty_device(fixture_log *log, uint32_t without, fault_kind kind,
                                 const vrn_module *module)
{
    *log = (fixture_log){0};
    vrn_device *device = fixture_device(log, without);
    fault_install(device);
    fault.kind = kind;
    fault.module = module;
    return device;
}

static void expect(fixture_log *log, int errors, uint32_t warnings)
{
    assert_int_equal(log->errors, errors);
    assert_int_equal(log->warnings, warnings);
    *log = (fixture_log){0};
}

static const vrn_kernel *kernel_of(vrn_op op, const char *name)
{
    const vrn_kernel *kernel;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(op, i)); i++) {
        if (strcmp(kernel->name, name) == 0) return kernel;
    }
    fail_msg("no kernel %s", name);
    return NULL;
}

/* Makes a session, runs it, and tells which kernels its convolutions have. */
static uint32_t run_session(vrn_device *device, float logits[CLASSES], vrn_layer layers[LAYERS_MAX])
{
    vrn_session *session = NULL;
    uint32_t count;
    const vrn_session_params params = {.height = SIDE, .width = SIDE};
    assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
    const vrn_inputs inputs = {.count = 1, .nchw = input};
    const vrn_outputs outputs = {.logits = logits};
    assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
    assert_int_equal(vrn_session_get_layers(session, layers, LAYERS_MAX, &count), VRN_OK);
    assert_true(count <= LAYERS_MAX);
    vrn_session_destroy(&session);
    return count;
}

static double relative_error(const float *found, const float *expected)
{
    double difference = 0, norm = 0;
    for (int i = 0; i < CLASSES; i++) {
        difference += pow((double)found[i] - expected[i], 2);
        norm += pow(expected[i], 2);
    }
    return sqrt(difference / norm);
}

static void a_right_driver_is_right(void **state)
{
    (void)state;
    fixture_log log = {0};
    run r;
    vrn_device *device = fixture_device(&log, 0);
    selftest(&r, device, NULL);
    assert_int_equal(r.result, VRN_OK);
    const vrn_selftest_summary *s = &r.summary;
    assert_int_equal(s->verdict, VRN_SELFTEST_RIGHT);
    assert_int_equal(s->kernels + s->skipped + 2, r.count);
    assert_int_equal(s->wrong + s->avoided + s->operators_broken + s->replays_differ, 0);
    assert_int_equal(s->replays, 100);
    assert_true(s->fusion_error >= 0 && s->fusion_error <= 1e-5 && s->ms > 0);
    uint32_t rows = 0, cases = 0, most = 0;
    for (uint32_t op = 0; op < VRN_OP_COUNT; op++) rows += vrn_kernel_count((vrn_op)op);
    assert_int_equal(r.count, rows + 2);
    for (uint32_t i = 0; i < rows; i++) {
        const vrn_selftest_entry *e = &r.entries[i];
        cases += e->cases;
        if (e->cases > most) most = e->cases;
        assert_int_equal(e->wrong, 0);
        assert_true(e->worst >= 0 && e->worst <= 1);
        assert_true((e->cases > 0) != (e->skipped[0] != 0));
    }
    assert_int_equal(cases, s->cases);
    /* One more with rounded floats, where networks have them. */
    assert_int_equal(most, vrn_device_stores_floats(device) ? 4 : 3);
    assert_int_equal(find(&r, "replay")->cases, 100);
    assert_int_equal(find(&r, "fusion")->cases, 1);

    /* Part of it, all cases, without a visitor and a summary. */
    const vrn_selftest_params params = {.kernel = "shortcut", .thorough = true, .replays = 3};
    assert_int_equal(vrn_device_selftest(device, &params, NULL, NULL, NULL), VRN_OK);
    assert_int_equal(vrn_device_selftest(NULL, &params, NULL, NULL, NULL),
                     VRN_ERROR_INVALID_ARGUMENT);
    fixture_done(&device, &log);
}

/* As on a discrete device: operands and results go through staging memory. */
static void memory_that_the_host_cannot_see(void **state)
{
    (void)state;
    static const char *const kernels[] = {"conv_winograd", "linear", "add"};
    fixture_log log = {0};
    vrn_device *device = fixture_device(&log, VRN_CAPABILITY_DIRECT_MAPPING);
    for (uint32_t i = 0; i < 3; i++) {
        run r;
        selftest(&r, device, &(vrn_selftest_params){.kernel = kernels[i], .replays = 2});
        assert_int_equal(r.result, VRN_OK);
        /* Only a device with lowered limits has no kernel of the first kind. */
        assert_true(r.summary.kernels > 0 || (i == 0 && getenv("VRN_TEST_LIMITS")));
    }
    fixture_done(&device, &log);
}

typedef struct job {
    vrn_device *device;
    run run;
} job;

static void *test_beside(void *user)
{
    job *j = user;
    selftest(&j->run, j->device, &(vrn_selftest_params){.kernel = "linear", .replays = 5});
    return NULL;
}

static void threads_may_test_at_once(void **state)
{
    (void)state;
    static job jobs[3];
    fixture_log log = {0};
    pthread_t threads[3];
    vrn_device *device = fixture_device(&log, 0);
    for (int i = 0; i < 3; i++) {
        jobs[i].device = device;
        assert_int_equal(pthread_create(&threads[i], NULL, test_beside, &jobs[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(jobs[i].run.result, VRN_OK);
    }
    fixture_done(&device, &log);
}

/* The kernel that a network's first convolution would have leaves out a part of its output. */
static void a_wrong_kernel_is_avoided(void **state)
{
    (void)state;
    fixture_log log = {0};
    run r;
    float expected[CLASSES], logits[CLASSES];
    vrn_layer layers[LAYERS_MAX];
    vrn_device *device = fixture_device(&log, 0);
    run_session(device, expected, layers);
    const char *name = layers[0].kernel;
    const vrn_kernel *kernel = kernel_of(VRN_OP_CONV, name);
    fixture_done(&device, &log);

    device = faulty_device(&log, 0, FAULT_SKIPS,
                           vrn_kernel_shader(kernel, vrn_kernel_pass_count(kernel) - 1)->module);
    vrn_selftest_params params = {.kernel = name, .replays = 2};
    selftest(&r, device, &params);
    assert_int_equal(r.result, VRN_ERROR_WRONG_RESULTS);
    assert_true(find(&r, name)->wrong > 0 && r.summary.wrong > 0);
    assert_int_equal(r.summary.avoided, 0);
    expect(&log, 1, r.summary.wrong);
    run_session(device, logits, layers);
    assert_string_equal(layers[0].kernel, name);

    /* Kernels of linear layers may use the module as well. */
    params.kernel = "linear_";
    params.exclude = true;
    selftest(&r, device, &params);
    expect(&log, r.result != VRN_OK, r.summary.wrong);

    params.kernel = "conv_";
    selftest(&r, device, &params);
    print_message("%u of %u wrong\n", r.summary.wrong, r.summary.kernels);
    assert_int_equal(r.result, VRN_ERROR_WRONG_RESULTS);
    assert_int_equal(r.summary.verdict, VRN_SELFTEST_AVOIDABLE);
    assert_int_equal(r.summary.avoided, r.summary.wrong);
    assert_int_equal(r.summary.operators_broken, 0);
    expect(&log, 1, r.summary.wrong);
    const vrn_selftest_entry *e = find(&r, name);
    assert_int_equal(e->result, VRN_OK);
    assert_non_null(e->first.name);
    assert_true(e->worst > 1 && e->first.found != e->first.expected);
    assert_int_equal(find(&r, "conv_generic")->wrong, 0);
    assert_int_equal(find(&r, "fusion")->wrong, 0);
    const uint32_t count = run_session(device, logits, layers);
    for (uint32_t i = 0; i < count; i++) {
        const vrn_selftest_entry *of_layer = find(&r, layers[i].kernel);
        assert_true(!of_layer || of_layer->wrong == 0);
    }
    assert_true(relative_error(logits, expected) <= 1e-5);
    expect(&log, 0, 0);
    vrn_device_destroy(&device);
}

extern const vrn_module vrn_module_max_pool, vrn_module_conv_generic, vrn_module_relu,
    vrn_module_softmax, vrn_module_linear;

/* A constant is another, and there is no other kernel: what is wrong is still there, and
 * reported. */
static void an_operator_without_a_right_kernel(void **state)
{
    (void)state;
    fixture_log log;
    run r;
    float logits[CLASSES];
    vrn_layer layers[LAYERS_MAX];
    vrn_device *device =
        faulty_device(&log, VRN_CAPABILITY_TEXEL_BUFFERS, FAULT_CONSTANT, &vrn_module_max_pool);
    fault.changed = 10; /* the padding along x */
    selftest(&r, device,
             &(vrn_selftest_params){.kernel = "max_pool", .exclude = true, .replays = 1});
    assert_int_equal(r.result, VRN_ERROR_WRONG_RESULTS);
    assert_int_equal(r.summary.verdict, VRN_SELFTEST_BROKEN);
    assert_int_equal(r.summary.operators_broken, 1);
    assert_int_equal(r.summary.avoided, 0);
    assert_true(fault.hit > 0);
    expect(&log, 1, 1);
    run_session(device, logits, layers);
    expect(&log, 0, 0);
    vrn_device_destroy(&device);
}

/* Another kernel is right, but does not fit everything: what it does not fit is refused. */
static void what_only_a_wrong_kernel_could_compute_is_refused(void **state)
{
    (void)state;
    fixture_log log;
    run r;
    vrn_arch arch;
    vrn_model *grouped = NULL;
    vrn_session *session = NULL;
    assert_int_equal(
        vrn_arch_parse(&arch,
                       "resnet,block=bottleneck,layers=1,planes=12,groups=4,width_per_group=16,"
                       "stem=cifar",
                       NULL),
        VRN_OK); /* groups of three channels */
    assert_int_equal(vrn_model_create_random(&grouped, &arch, 7, NULL), VRN_OK);
    vrn_device *device = faulty_device(&log, 0, FAULT_SKIPS, &vrn_module_conv_generic);
    selftest(&r, device, &(vrn_selftest_params){.kernel = "conv_", .exclude = true, .replays = 1});
    assert_int_equal(r.result, VRN_ERROR_WRONG_RESULTS);
    assert_int_equal(r.summary.verdict, VRN_SELFTEST_AVOIDABLE);
    assert_int_equal(r.summary.avoided, 1);
    expect(&log, 1, 1);
    assert_int_equal(vrn_session_create(&session, device, grouped,
                                        &(vrn_session_params){.height = SIDE, .width = SIDE}),
                     VRN_ERROR_UNSUPPORTED);
    assert_non_null(strstr(log.last, "is wrong on this device"));
    expect(&log, 1, 0);
    vrn_model_destroy(&grouped);
    vrn_device_destroy(&device);
}

static void a_kernel_that_cannot_be_compiled(void **state)
{
    (void)state;
    fixture_log log;
    run r;
    vrn_device *device = faulty_device(&log, 0, FAULT_REFUSED, &vrn_module_linear);
    selftest(&r, device, &(vrn_selftest_params){.kernel = "linear", .exclude = true, .replays = 1});
    assert_int_equal(r.result, VRN_ERROR_WRONG_RESULTS);
    const vrn_selftest_entry *e = find(&r, "linear");
    assert_int_equal(e->result, VRN_ERROR_UNSUPPORTED);
    assert_int_equal(e->wrong, e->cases);
    assert_int_equal(r.summary.wrong, 1);
    assert_int_equal(r.summary.verdict, VRN_SELFTEST_AVOIDABLE);
    expect(&log, 1, 2); /* the result; what the driver said, and that the kernel is avoided */
    vrn_device_destroy(&device);
}

static void a_device_that_is_lost(void **state)
{
    (void)state;
    fixture_log log;
    run r;
    vrn_device *device = faulty_device(&log, 0, FAULT_LOST, &vrn_module_softmax);
    selftest(&r, device, &(vrn_selftest_params){.kernel = "softmax"});
    assert_int_equal(r.result, VRN_ERROR_DEVICE_LOST);
    assert_int_equal(r.count, 1);
    assert_string_equal(r.entries[0].kernel, "softmax");
    assert_int_equal(r.entries[0].result, VRN_ERROR_DEVICE_LOST);
    expect(&log, 1, 0);
    assert_int_equal(vrn_device_selftest(device, NULL, NULL, NULL, NULL), VRN_ERROR_DEVICE_LOST);
    expect(&log, 1, 0);
    vrn_device_destroy(&device);
}

/* One bit of the input is another in one of the runs. */
static void a_replay_that_differs(void **state)
{
    (void)state;
    fixture_log log;
    run r;
    vrn_device *device = faulty_device(&log, 0, FAULT_NONE, NULL);
    fault.flip_at = 50;
    selftest(&r, device, &(vrn_selftest_params){.kernel = "softmax"});
    assert_int_equal(fault.hit, 1);
    assert_int_equal(r.result, VRN_ERROR_WRONG_RESULTS);
    assert_int_equal(r.count, 3);
    assert_int_equal(r.summary.verdict, VRN_SELFTEST_BROKEN);
    assert_int_equal(r.summary.replays, 100);
    assert_int_equal(r.summary.replays_differ, 1);
    const vrn_selftest_entry *replay = find(&r, "replay");
    assert_int_equal(replay->wrong, 1);
    assert_int_equal(replay->first.n, 0);
    assert_true(replay->first.found != replay->first.expected);
    assert_int_equal(find(&r, "fusion")->wrong, 0);
    expect(&log, 1, 0);
    vrn_device_destroy(&device);
}

/* The fused network does without the ReLU's own kernel. */
static void fusion_that_differs(void **state)
{
    (void)state;
    fixture_log log;
    run r;
    vrn_device *device = faulty_device(&log, 0, FAULT_SKIPS, &vrn_module_relu);
    selftest(&r, device, &(vrn_selftest_params){.kernel = "softmax", .replays = 1});
    assert_int_equal(r.result, VRN_ERROR_WRONG_RESULTS);
    assert_int_equal(r.summary.verdict, VRN_SELFTEST_BROKEN);
    assert_int_equal(find(&r, "replay")->wrong, 0);
    assert_int_equal(find(&r, "fusion")->wrong, 1);
    assert_true(!(r.summary.fusion_error <= 1e-5));
    expect(&log, 1, 0);
    vrn_device_destroy(&device);
}

int main(void)
{
    fixture_log log = {0};
    vrn_device *device = fixture_device(&log, 0); /* or there is none, and the test is skipped */
    vrn_device_destroy(&device);
    vrn_arch arch;
    if (vrn_arch_parse(&arch, "resnet,block=basic,layers=1:1,planes=16:32,num_classes=5", NULL) ||
        vrn_model_create_random(&model, &arch, 7, NULL)) {
        return 1;
    }
    uint64_t seed = 3;
    for (int i = 0; i < PIXELS; i++) input[i] = fixture_random(&seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_right_driver_is_right),
        cmocka_unit_test(memory_that_the_host_cannot_see),
        cmocka_unit_test(threads_may_test_at_once),
        cmocka_unit_test(a_wrong_kernel_is_avoided),
        cmocka_unit_test(an_operator_without_a_right_kernel),
        cmocka_unit_test(what_only_a_wrong_kernel_could_compute_is_refused),
        cmocka_unit_test(a_kernel_that_cannot_be_compiled),
        cmocka_unit_test(a_device_that_is_lost),
        cmocka_unit_test(a_replay_that_differs),
        cmocka_unit_test(fusion_that_differs),
    };
    int failed = cmocka_run_group_tests_name("selftest", tests, NULL, NULL);
    vrn_model_destroy(&model);
    return failed;
}
