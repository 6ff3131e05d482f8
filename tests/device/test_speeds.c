/* Releases of CPU drivers that nobody has measured. The driver here is a known one; taken for
 * another, with everything that it offers, it is measured, and the kernels are those that the table
 * gives its release. */
#include "fixture.h"

#include "gpu/device.h"
#include "plan/choose.h"
#include "plan/speeds.h"

static char directory[128];
static vrn_model *model;

typedef struct messages {
    fixture_log log;
    uint32_t measured; /* messages about it */
} messages;

static void listen(void *user, vrn_log_level level, const char *text)
{
    messages *m = user;
    if (strstr(text, "times of a matrix product")) {
        m->measured++;
        fprintf(stderr, "  log: %s\n", text);
    }
    if (level <= VRN_LOG_WARNING) fixture_message(&m->log, level, text);
}

static vrn_device *open_device(messages *m, bool known)
{
    const char *no_validation = getenv("VRN_TEST_NO_VALIDATION");
    const uint32_t all = VRN_CAPABILITY_BUFFER_ADDRESSES | VRN_CAPABILITY_BUFFER_ARRAYS;
    const vrn_device_diagnostics diagnostics = {.with = known ? 0 : all};
    const vrn_device_params params = {
        .log = {.message = listen, .user = m, .level = VRN_LOG_INFO},
        .cache_directory = directory,
        .diagnostics = &diagnostics,
        .validation = !(no_validation && *no_validation),
    };
    vrn_device *device = NULL;
    if (vrn_device_create(&device, &params) != VRN_OK) exit(fixture_required() ? 1 : 77);
    if (known) return device;
    device->quirks.straight_addresses = false;
    device->quirks.unmeasured = true;
    return device;
}

static void close_device(vrn_device *device, const messages *m)
{
    fixture_done(&device, &m->log);
}

static vrn_session *compile(vrn_device *device)
{
    vrn_session *session = NULL;
    const vrn_session_params params = {.height = 64, .width = 64};
    assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
    return session;
}

/* The kernel of an operator with a name. */
static const vrn_kernel *find_kernel(const char *name)
{
    const vrn_kernel *kernel;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(VRN_OP_CONV, i)); i++) {
        if (strcmp(kernel->name, name) == 0) return kernel;
    }
    return NULL;
}

static void known_releases_are_not_measured(void **state)
{
    (void)state;
    messages m = {0};
    vrn_device *device = open_device(&m, true);
    if (device->quirks.unmeasured) {
        close_device(device, &m);
        skip();
    }
    vrn_session *session = compile(device);
    assert_int_equal(m.measured, 0);
    const vrn_kernel *kernel;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(VRN_OP_CONV, i)); i++) {
        assert_true(vrn_speeds_ratio(device, kernel) == 1);
    }
    vrn_session_destroy(&session);
    close_device(device, &m);
}

/* What measuring chooses for convolutions is what the table chooses for a known release, or reads
 * in a way that is as fast. */
static void measuring_agrees_with_the_table(void **state)
{
    (void)state;
    messages m = {0};
    vrn_device *known = open_device(&m, true);
    if (known->probe.info.type != VRN_DEVICE_CPU || known->quirks.unmeasured) {
        close_device(known, &m);
        skip();
    }
    vrn_session *session = compile(known);
    static vrn_layer expected[256], found[256];
    uint32_t count = 0;
    assert_int_equal(vrn_session_get_layers(session, expected, 256, &count), VRN_OK);

    messages other = {0};
    vrn_device *unknown = open_device(&other, false);
    vrn_session *measured = compile(unknown);
    assert_int_equal(other.measured, 1);
    assert_int_equal(vrn_session_get_layers(measured, found, 256, &count), VRN_OK);
    uint32_t convolutions = 0;
    for (uint32_t i = 0; i < count; i++) {
        const vrn_kernel *wanted = find_kernel(expected[i].kernel);
        const vrn_kernel *got = find_kernel(found[i].kernel);
        if (!wanted) continue;
        assert_non_null(got);
        convolutions++;
        if (vrn_speeds_ratio(unknown, got) > vrn_speeds_ratio(unknown, wanted)) {
            fail_msg("%s: %s instead of %s", found[i].name, got->name, wanted->name);
        }
    }
    assert_true(convolutions > 15);
    /* It is measured once. */
    vrn_session *again = compile(unknown);
    assert_int_equal(other.measured, 1);
    vrn_session_destroy(&again);
    vrn_session_destroy(&measured);
    vrn_session_destroy(&session);
    close_device(unknown, &other);
    close_device(known, &m);
}

/* A second process reads the cache; what is chosen does not change. */
static void the_cache_keeps_it(void **state)
{
    (void)state;
    double sums[2] = {0};
    for (int round = 0; round < 2; round++) {
        messages m = {0};
        vrn_device *device = open_device(&m, false);
        if (device->probe.info.type != VRN_DEVICE_CPU) {
            close_device(device, &m);
            skip();
        }
        vrn_speeds_measure(device);
        if (round == 1) assert_int_equal(m.measured, 0);
        const vrn_kernel *kernel;
        for (uint32_t i = 0; (kernel = vrn_kernel_at(VRN_OP_CONV, i)); i++) {
            sums[round] += (i + 1) * vrn_speeds_ratio(device, kernel);
        }
        close_device(device, &m);
    }
    assert_true(sums[0] == sums[1] && sums[0] > 0);
}

static void remove_directory(void)
{
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
    vrn_arch arch;
    (void)state;
    const char *driver = getenv("VRN_TEST_DRIVER");
    snprintf(directory, sizeof directory, "test_speeds_%.64s.tmp", driver ? driver : "any");
    remove_directory();
    assert_int_equal(vrn_arch_parse(&arch, "resnet18", NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&model, &arch, 1, NULL), VRN_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vrn_model_destroy(&model);
    remove_directory();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_releases_are_not_measured),
        cmocka_unit_test(measuring_agrees_with_the_table),
        cmocka_unit_test(the_cache_keeps_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
