/* Fixture of the device tests: a device with validation, of which every message fails the test, and
 * skipping where there is no device. */
#ifndef VRN_TESTS_DEVICE_FIXTURE_H
#define VRN_TESTS_DEVICE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <vkresnet/diagnostics.h>

typedef struct fixture_log {
    int errors, warnings;
    char last[1024]; /* the last error or warning */
} fixture_log;

static inline void fixture_message(void *user, vrn_log_level level, const char *text)
{
    fixture_log *log = user;
    if (level == VRN_LOG_ERROR) log->errors++;
    if (level == VRN_LOG_WARNING) log->warnings++;
    if (level <= VRN_LOG_WARNING) {
        snprintf(log->last, sizeof log->last, "%s", text);
        fprintf(stderr, "  log: %s\n", text);
    }
}

/* Where VRN_TEST_REQUIRE_DEVICE is set a missing device or validation layer is a failure. */
static inline int fixture_required(void)
{
    const char *value = getenv("VRN_TEST_REQUIRE_DEVICE");
    return value && *value && strcmp(value, "0") != 0;
}

/* Makes a device with validation (VRN_TEST_NO_VALIDATION=1: without, for sanitizers that the layer
 * disturbs), but for what is in `without`, and with what quirks switch off for slowness where it is
 * in `with`. Ends the process with 77, skipped, or 1 where there is none. The device must have the
 * name VRN_TEST_DEVICE_NAME, if that is set (check_limits.py). */
static inline vrn_device *fixture_device_with(fixture_log *log, uint32_t without, uint32_t with)
{
    const char *no_validation = getenv("VRN_TEST_NO_VALIDATION");
    vrn_device *device = NULL;
    const vrn_device_diagnostics diagnostics = {.with = with};
    const vrn_device_params params = {
        .log = {.message = fixture_message, .user = log},
        .without = without,
        .diagnostics = &diagnostics,
        .validation = !(no_validation && *no_validation),
    };
    if (vrn_device_create(&device, &params) != VRN_OK) {
        fprintf(stderr, "no device with validation: %s\n",
                fixture_required() ? "but one is required" : "skipped");
        exit(fixture_required() ? 1 : 77);
    }
    const char *name = getenv("VRN_TEST_DEVICE_NAME");
    vrn_device_info info;
    vrn_device_get_info(device, &info);
    if (name) assert_string_equal(info.name, name);
    return device;
}

static inline vrn_device *fixture_device(fixture_log *log, uint32_t without)
{
    return fixture_device_with(log, without, 0);
}

static inline void fixture_done(vrn_device **device, const fixture_log *log)
{
    vrn_device_destroy(device);
    assert_int_equal(log->errors, 0);
    assert_int_equal(log->warnings, 0);
}

/* A repeatable sequence of floats in [-1, 1). */
static inline float fixture_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(int32_t)(*state >> 32) / 2147483648.0f;
}

#endif
