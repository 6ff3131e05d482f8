/* Every Vulkan call that can fail does so once: the n-th, for all n, with each of four errors. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "failing_driver.h"
#include "life.h"

static life_world world;
static const life *only;    /* NULL: all */
static uint64_t stride = 1; /* VRN_FAULT_STRIDE: of n; the errors take turns with it */
static bool lost_checked;

static const struct {
    VkResult error;
    const char *name;
    vrn_result allowed[4]; /* besides VRN_OK with right results */
} errors[] = {
    {VK_ERROR_OUT_OF_HOST_MEMORY, "out of host memory", {VRN_ERROR_OUT_OF_MEMORY}},
    {VK_ERROR_OUT_OF_DEVICE_MEMORY, "out of device memory", {VRN_ERROR_OUT_OF_MEMORY}},
    {VK_ERROR_DEVICE_LOST, "device lost", {VRN_ERROR_DEVICE_LOST, VRN_ERROR_NO_DEVICE}},
    {VK_ERROR_INITIALIZATION_FAILED,
     "initialization failed",
     {VRN_ERROR_UNSUPPORTED, VRN_ERROR_NO_DEVICE, VRN_ERROR_WRONG_RESULTS}},
};

enum { ERRORS = sizeof errors / sizeof errors[0] };

static bool allowed(uint32_t error, vrn_result result, const char *function)
{
    /* Without a device there is none that is lost. */
    if (errors[error].error == VK_ERROR_DEVICE_LOST && result == VRN_ERROR_UNSUPPORTED) {
        return strcmp(function, "vkEnumerateDeviceExtensionProperties") == 0;
    }
    /* To the self-test what the driver cannot compile is a kernel's fault. */
    if (result == VRN_ERROR_WRONG_RESULTS && (strcmp(function, "vkCreateComputePipelines") == 0 ||
                                              strcmp(function, "vkCreateShaderModule") == 0)) {
        return true;
    }
    for (int i = 0; i < 4; i++) {
        if (errors[error].allowed[i] == result) return true;
    }
    return false;
}

/* A lost device, and what is left of a session on it, answer without asking the driver. */
static void on_failure(life_world *w, vrn_result result, vrn_device *device, vrn_session *session)
{
    if (result != VRN_ERROR_DEVICE_LOST || !device) return;
    const uint64_t calls = failing_driver_calls();
    life_check_lost(w, device, session);
    if (failing_driver_calls() != calls) {
        fail_msg("%llu calls of a lost device's driver",
                 (unsigned long long)(failing_driver_calls() - calls));
    }
    lost_checked = true;
}

static void renew_device(const char *what)
{
    const char *kind = "";
    vrn_device_destroy(&world.device);
    if (failing_driver_alive(&kind)) {
        fail_msg("%s: %lld objects are left, such as a %s", what,
                 (long long)failing_driver_alive(&kind), kind);
    }
    if (life_device(&world, &world.device) != VRN_OK) {
        fail_msg("%s: no new device: %s", what, world.last);
    }
}

/* The n-th call fails. Returns whether there are that many. */
static bool fail_at(const life *one, uint64_t n, uint32_t error, const life_outcome *expected)
{
    char what[128];
    const char *kind = "", *again_kind = "";
    snprintf(what, sizeof what, "%s, call %llu, %s", one->name, (unsigned long long)n,
             errors[error].name);
    const int64_t alive = failing_driver_alive(&kind);
    life_outcome outcome;
    failing_driver_at(n, errors[error].error);
    const vrn_result result = life_lead(one, &world, &outcome, what);
    const char *function = failing_driver_hit();
    failing_driver_at(0, VK_SUCCESS);
    if (!function && result) fail_msg("%s: failed by itself: %s", what, world.last);
    if (!function) return false;
    if (result == VRN_OK && !life_same(&outcome, expected)) {
        fail_msg("%s (%s): other results", what, function);
    }
    if (result != VRN_OK && !allowed(error, result, function)) {
        fail_msg("%s (%s): %s: %s", what, function, vrn_result_string(result), world.last);
    }
    if (one->needs_device) {
        /* A device that the driver called lost is lost, whatever became of the call. */
        if (errors[error].error == VK_ERROR_DEVICE_LOST) renew_device(what);
    } else if (failing_driver_alive(&again_kind) != alive) {
        fail_msg("%s (%s): %lld objects are left, such as a %s", what, function,
                 (long long)(failing_driver_alive(&again_kind) - alive), again_kind);
    }
    if (result == VRN_OK) return true;
    if (life_lead(one, &world, &outcome, what) != VRN_OK || !life_same(&outcome, expected)) {
        fail_msg("%s (%s): afterwards: %s", what, function, world.last);
    }
    return true;
}

static void test_every_call(void **state)
{
    const life *one = *state;
    const char *kind = "";
    life_outcome expected, outcome;
    assert_int_equal(life_lead(one, &world, &outcome, one->name), VRN_OK);
    failing_driver_at(0, VK_SUCCESS);
    assert_int_equal(life_lead(one, &world, &expected, one->name), VRN_OK);
    const uint64_t count = failing_driver_count();
    lost_checked = false;
    life_on_failure = on_failure;
    uint64_t n = 1, tried = 0;
    for (bool more = true; more && n < 2 * count + 100; n += stride) {
        for (uint32_t e = 0; e < ERRORS && more; e++) {
            if (stride > 1 && e != (n / stride) % ERRORS) continue;
            more = fail_at(one, n, e, &expected);
            tried += more;
        }
    }
    life_on_failure = NULL;
    if (n > 2 * count + 99 + stride) fail_msg("%s: no end of calls", one->name);
    if (one->needs_device) {
        assert_true(lost_checked);
        renew_device(one->name);
    } else if (world.device == NULL && failing_driver_alive(&kind)) {
        fail_msg("%s: a %s is left", one->name, kind);
    }
    fprintf(stderr, "  %s: %llu calls, %llu failures\n", one->name, (unsigned long long)count,
            (unsigned long long)tried);
}

static int set_up(void **state)
{
    (void)state;
    stride = life_stride();
    life_world_create(&world, only);
    vrn_device_destroy(&world.device);
    failing_driver_install();
    return life_device(&world, &world.device) == VRN_OK ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    const char *kind;
    life_world_destroy(&world);
    return failing_driver_alive(&kind) == 0 ? 0 : 1;
}

/* Arguments: the name of the one life to test. */
int main(int argc, char **argv)
{
    struct CMUnitTest tests[LIFE_TESTS];
    if (argc > 1 && !(only = life_find(argv[1]))) return 1;
    const uint32_t count = life_tests(tests, test_every_call, only, true);
    if (count == 0) return 1; /* it is none for this test */
    return _cmocka_run_group_tests("driver", tests, count, set_up, tear_down);
}
