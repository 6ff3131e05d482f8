/* Tuning changes speed, not results; its measurements are kept; and the benchmark's
 * measurements. */
#include "fixture.h"

#include <math.h>

#include "faults.h"

enum { SIDE = 16, PIXELS = 3 * SIDE * SIDE, CLASSES = 3 };

static char directory[128];
static vrn_model *model;
static float input[2 * PIXELS];

typedef struct progress {
    uint32_t calls, last_done, last_total;
    bool backwards;
} progress;

static void count_progress(void *user, uint32_t done, uint32_t total, const char *text)
{
    progress *p = user;
    assert_non_null(text);
    p->backwards = p->backwards || done < p->last_done || done > total;
    p->calls++;
    p->last_done = done;
    p->last_total = total;
}

static void remove_directory(void)
{
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    assert_int_equal(system(command), 0);
}

typedef struct outcome {
    float logits[2 * CLASSES];
    progress progress;
    char first_why[16]; /* of the first convolution */
} outcome;

static outcome live(bool tune, const char *cache, const char *kernel, uint64_t memory_limit)
{
    const char *no_validation = getenv("VRN_TEST_NO_VALIDATION");
    fixture_log log = {0};
    outcome o = {0};
    vrn_device *device = NULL;
    vrn_session *session = NULL;
    assert_int_equal(vrn_device_create(&device,
                                       &(vrn_device_params){
                                           .log = {fixture_message, &log, 0},
                                           .cache_directory = cache,
                                           .validation = !(no_validation && *no_validation),
                                       }),
                     VRN_OK);
    const vrn_session_diagnostics diagnostics = {.kernel = kernel};
    const vrn_session_params params = {
        .batch = 2,
        .height = SIDE,
        .width = SIDE,
        .diagnostics = &diagnostics,
        .memory_limit = memory_limit,
    };
    if (tune) {
        assert_int_equal(vrn_device_tune(device, model, &params, count_progress, &o.progress),
                         VRN_OK);
    }
    assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
    const vrn_inputs inputs = {.count = 2, .nchw = input};
    const vrn_outputs outputs = {.logits = o.logits};
    assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
    vrn_layer layers[64];
    uint32_t count;
    assert_int_equal(vrn_session_get_layers(session, layers, 64, &count), VRN_OK);
    snprintf(o.first_why, sizeof o.first_why, "%s", layers[0].why);
    for (uint32_t i = 0; i < count; i++) {
        assert_string_not_equal(layers[i].kernel, layers[i].rejected);
        if (!layers[i].rejected[0]) assert_true(layers[i].rejected_ms == 0);
    }
    if (tune && !kernel) assert_true(layers[0].rejected[0] && layers[0].rejected_ms > 0);
    vrn_session_destroy(&session);
    fixture_done(&device, &log);
    return o;
}

static void assert_close(const outcome *found, const outcome *expected)
{
    double difference = 0, norm = 0;
    for (int i = 0; i < 2 * CLASSES; i++) {
        difference += pow((double)found->logits[i] - expected->logits[i], 2);
        norm += pow(expected->logits[i], 2);
    }
    assert_true(sqrt(difference / norm) <= 1e-5);
}

static void tuning_is_done_once(void **state)
{
    (void)state;
    remove_directory();
    outcome plain = live(false, directory, NULL, 0);
    assert_string_equal(plain.first_why, "merit");
    assert_int_equal(plain.progress.calls, 0);

    outcome tuned = live(true, directory, NULL, 0);
    assert_string_equal(tuned.first_why, "tuned");
    assert_true(tuned.progress.calls > 2 && !tuned.progress.backwards);
    assert_int_equal(tuned.progress.last_done, tuned.progress.last_total);
    assert_close(&tuned, &plain);

    outcome again = live(true, directory, NULL, 0);
    assert_int_equal(again.progress.calls, 0);
    assert_string_equal(again.first_why, "cache");
    assert_memory_equal(again.logits, tuned.logits, sizeof tuned.logits);

    outcome untuned = live(false, directory, NULL, 0); /* uses it all the same */
    assert_string_equal(untuned.first_why, "cache");
    assert_memory_equal(untuned.logits, tuned.logits, sizeof tuned.logits);

    outcome forced = live(true, directory, "conv_generic", 0);
    assert_string_equal(forced.first_why, "preferred");
    assert_int_equal(forced.progress.calls, 0);

    /* Bytes changed behind the header: the measurements are not believed. */
    char command[400];
    snprintf(
        command, sizeof command,
        "for f in %s/tuned-*; do printf ZZ | dd of=$f bs=1 seek=90 conv=notrunc 2>/dev/null; done",
        directory);
    assert_int_equal(system(command), 0);
    outcome damaged = live(false, directory, NULL, 0);
    assert_string_equal(damaged.first_why, "merit");
    assert_memory_equal(damaged.logits, plain.logits, sizeof plain.logits);
    remove_directory();
}

static void without_a_directory_and_in_slices(void **state)
{
    (void)state;
    outcome plain = live(false, NULL, NULL, 1);
    outcome tuned = live(true, NULL, NULL, 1);
    assert_string_equal(tuned.first_why, "tuned");
    assert_close(&tuned, &plain);
}

static void peak_and_host_time(void **state)
{
    (void)state;
    fixture_log log = {0};
    vrn_device *device = fixture_device(&log, 0);
    vrn_device_peak peak = {0};
    assert_int_equal(vrn_device_measure_peak(device, &peak), VRN_OK);
    assert_true(isfinite(peak.gflops) && peak.gflops > 0.1);
    assert_true(isfinite(peak.gb_s) && peak.gb_s > 0.01);

    vrn_session *session = NULL;
    const vrn_session_params params = {.height = SIDE, .width = SIDE};
    assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
    float logits[CLASSES];
    vrn_timing timing = {.output_ms = -1};
    const vrn_inputs inputs = {.count = 1, .nchw = input};
    const vrn_outputs outputs = {.logits = logits, .timing = &timing};
    for (int i = 0; i < 3; i++)
        assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
    assert_true(timing.input_ms > 0 && timing.replay_ms > 0 && timing.submit_ms > 0);
    assert_true(timing.output_ms >= 0);
    vrn_session_destroy(&session);

    const int errors = log.errors;
    assert_int_equal(vrn_device_measure_peak(device, NULL), VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(log.errors, errors + 1);
    log.errors = errors;
    fixture_done(&device, &log);
}

/* What was measured serves every session of the device, and is not measured again. */
static void the_device_keeps_it(void **state)
{
    (void)state;
    fixture_log log = {0};
    vrn_device *device = fixture_device(&log, 0);
    progress first = {0}, second = {0};
    const vrn_session_params params = {.height = SIDE, .width = SIDE};
    assert_int_equal(vrn_device_tune(device, model, &params, count_progress, &first), VRN_OK);
    assert_int_equal(vrn_device_tune(device, model, &params, count_progress, &second), VRN_OK);
    assert_true(first.calls > 2);
    assert_int_equal(second.calls, 0);
    for (int i = 0; i < 2; i++) {
        vrn_session *session = NULL;
        vrn_layer layer;
        uint32_t count;
        assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
        assert_int_equal(vrn_session_get_layers(session, &layer, 1, &count), VRN_OK);
        assert_string_equal(layer.why, "tuned");
        vrn_session_destroy(&session);
    }
    const int errors = log.errors;
    assert_int_equal(vrn_device_tune(device, NULL, &params, NULL, NULL),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(log.errors, errors + 1);
    log.errors = errors;
    fixture_done(&device, &log);
}

/* Kernels that a session does not choose, and that the driver cannot compile: warnings, and the
 * chosen ones win. */
static void what_cannot_be_compiled_is_no_candidate(void **state)
{
    (void)state;
    fixture_log log = {0};
    vrn_device *device = fixture_device(&log, 0);
    vrn_session *plain = NULL, *session = NULL;
    const vrn_session_params params = {.height = SIDE, .width = SIDE};
    float logits[3];
    const vrn_inputs inputs = {.count = 1, .nchw = input};
    const vrn_outputs outputs = {.logits = logits};
    fault_install(device);
    assert_int_equal(vrn_session_create(&plain, device, model, &params), VRN_OK);
    assert_int_equal(vrn_session_run(plain, &inputs, &outputs), VRN_OK);
    fault.kind = FAULT_REFUSED; /* for what is not compiled yet */
    assert_int_equal(vrn_device_tune(device, model, &params, NULL, NULL), VRN_OK);
    assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
    assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
    assert_int_equal(log.errors, 0);
    assert_true(log.warnings > 0 && (uint32_t)log.warnings <= fault.hit);
    vrn_session_destroy(&session);
    vrn_session_destroy(&plain);
    vrn_device_destroy(&device);
}

int main(void)
{
    fixture_log log = {0};
    vrn_device *device = fixture_device(&log, 0); /* or there is none, and the test is skipped */
    vrn_device_destroy(&device);
    const char *driver = getenv("VRN_TEST_DRIVER");
    snprintf(directory, sizeof directory, "test_tune_%s.tmp", driver ? driver : "any");
    vrn_arch arch;
    if (vrn_arch_parse(&arch, "resnet,block=basic,layers=1:1,planes=8:16,stem=cifar,num_classes=3",
                       NULL) ||
        vrn_model_create_random(&model, &arch, 7, NULL)) {
        return 1;
    }
    uint64_t seed = 3;
    for (int i = 0; i < 2 * PIXELS; i++) input[i] = fixture_random(&seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tuning_is_done_once),
        cmocka_unit_test(without_a_directory_and_in_slices),
        cmocka_unit_test(the_device_keeps_it),
        cmocka_unit_test(peak_and_host_time),
        cmocka_unit_test(what_cannot_be_compiled_is_no_candidate),
    };
    int failed = cmocka_run_group_tests_name("tune", tests, NULL, NULL);
    vrn_model_destroy(&model);
    return failed;
}
