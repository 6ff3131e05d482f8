/* Decisions of the tuner, from times, and the file of what it measured. No device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "plan/choose.h"
#include "tools/tune.h"

static void only_clearly_better_wins(void **state)
{
    (void)state;
    const double incumbent[7] = {10, 10, 10, 10, 10, 10, 10};
    const double faster[7] = {9, 9, 9, 9, 9, 9, 9}, equal[7] = {9.8, 9.8, 9.8, 9.8, 9.8, 9.8, 9.8};
    const double once[7] = {1,  10, 10, 1,
                            10, 10, 1}; /* disturbed runs of the others are no merit */
    const double zeros[7] = {0};
    assert_true(vrn_tune_better(faster, incumbent, 7));
    assert_false(vrn_tune_better(incumbent, faster, 7));
    assert_false(vrn_tune_better(equal, incumbent, 7)); /* within the margin */
    assert_false(vrn_tune_better(once, incumbent, 7));
    assert_false(vrn_tune_better(faster, incumbent, 2)); /* too few to tell */
    assert_false(vrn_tune_better(zeros, zeros, 7));      /* a clock that sees nothing */
    assert_false(vrn_tune_better(NULL, NULL, 0));
}

/* A machine that becomes slower and faster meanwhile changes neither verdict. */
static void drift_cancels_out(void **state)
{
    (void)state;
    double incumbent[7], faster[7], slower[7];
    for (int i = 0; i < 7; i++) {
        incumbent[i] = 10 * (1 + i % 3);
        faster[i] = 0.9 * incumbent[i];
        slower[i] = 1.01 * incumbent[i];
    }
    assert_true(vrn_tune_better(faster, incumbent, 7));
    assert_false(vrn_tune_better(slower, incumbent, 7));
    assert_true(vrn_tune_ratio(slower, incumbent, 7) > 1.009);
    assert_true(vrn_tune_hopeless(31, 10));
    assert_false(vrn_tune_hopeless(29, 10));
}

static void records_survive_as_text(void **state)
{
    (void)state;
    vrn_tuned tuned = {0}, again = {0};
    vrn_tuned_record a = {.shape = 0x123456789abcdef0u, .ms = 1.5, .fresh = true};
    strcpy(a.kernel, "conv_fast");
    vrn_tuned_record b = {.shape = 7, .ms = 2, .rejected_ms = 3.25, .fresh = true};
    strcpy(b.kernel, "conv_slow");
    strcpy(b.rejected, "conv_slower");
    assert_int_equal(vrn_tuned_put(&tuned, &a, NULL), VRN_OK);
    assert_int_equal(vrn_tuned_put(&tuned, &b, NULL), VRN_OK);
    a.ms = 1.25;
    assert_int_equal(vrn_tuned_put(&tuned, &a, NULL), VRN_OK); /* replaces */
    assert_int_equal(tuned.count, 2);
    size_t size;
    char *text = vrn_tuned_format(&tuned, &size);
    assert_non_null(text);
    assert_int_equal(vrn_tuned_parse(&again, text, size, NULL), VRN_OK);
    assert_int_equal(again.count, 2);
    assert_true(again.records[0].shape == a.shape && again.records[0].ms == 1.25);
    assert_string_equal(again.records[0].rejected, "");
    assert_string_equal(again.records[1].rejected, "conv_slower");
    assert_true(again.records[1].rejected_ms == 3.25 && !again.records[1].fresh);
    vrn_free(text);
    vrn_tuned_free(&tuned);
    vrn_tuned_free(&again);
}

static void nonsense_is_left_out(void **state)
{
    (void)state;
    static const char text[] = "\nx\n12 k\n12 k 1 r\n12 k 1 r 2 more\n-\n"
                               "00000000000000FF k 1 - 0\n00000000000000f k 1 - 0\n"
                               "00000000000000ff  1 - 0\n00000000000000ff k -1 - 0\n"
                               "00000000000000ff k 99999999999999999999 - 0\n"
                               "1 a_name_that_is_longer_than_any_kernel_of_any_table_can_be 1 - 0\n"
                               "00000000000000ff good 1000000 - 0\n"
                               "ff unfinished 1000000 - 0";
    vrn_tuned tuned = {0};
    assert_int_equal(vrn_tuned_parse(&tuned, text, sizeof text - 1, NULL), VRN_OK);
    assert_int_equal(tuned.count, 1);
    assert_string_equal(tuned.records[0].kernel, "good");
    vrn_tuned_free(&tuned);
}

/* However many lines a file has, reading it does not take long. */
static void too_many_records_are_left_out(void **state)
{
    (void)state;
    enum { LINES = 300000, LINE = 25 };
    char *text = malloc((size_t)LINES * LINE + 1);
    vrn_tuned tuned = {0};
    assert_non_null(text);
    for (size_t i = 0; i < LINES; i++) {
        snprintf(text + i * LINE, LINE + 1, "%016zx k 1 - 0\n", i);
    }
    assert_int_equal(vrn_tuned_parse(&tuned, text, (size_t)LINES * LINE, NULL), VRN_OK);
    assert_int_equal(tuned.count, 4096);
    vrn_tuned_free(&tuned);
    free(text);
}

static vrn_device *fake_device(vrn_device *device)
{
    memset(device, 0, sizeof *device);
    device->probe.info.type = VRN_DEVICE_CPU;
    device->probe.limits.maxComputeWorkGroupInvocations = 1024;
    for (int i = 0; i < 3; i++) {
        device->probe.limits.maxComputeWorkGroupSize[i] = 1024;
        device->probe.limits.maxComputeWorkGroupCount[i] = 65535;
    }
    device->probe.limits.maxStorageBufferRange = UINT32_MAX;
    return device;
}

static const vrn_op_desc conv = {
    .op = VRN_OP_CONV,
    .in = {8, 8, 16},
    .out = {8, 8, 16},
    .kernel = {3, 3},
    .stride = {1, 1},
    .padding = {1, 1},
    .dilation = {1, 1},
    .groups = 1,
};

/* A record decides where its kernel is there; a name that the table lacks does not. */
static void records_decide(void **state)
{
    (void)state;
    vrn_device device;
    fake_device(&device);
    vrn_choice plain = vrn_choose(NULL, &device, &conv, 1, NULL);
    assert_non_null(plain.kernel);
    assert_int_equal(plain.why, VRN_CHOICE_MERIT);
    assert_non_null(plain.rejected);
    assert_ptr_not_equal(plain.rejected, plain.kernel);

    vrn_tuned tuned = {0};
    vrn_tuned_record record = {.shape = vrn_tuned_shape(&tuned, &device, &conv, 1), .ms = 1};
    strcpy(record.kernel, plain.rejected->name);
    strcpy(record.rejected, plain.kernel->name);
    record.rejected_ms = 2;
    assert_int_equal(vrn_tuned_put(&tuned, &record, NULL), VRN_OK);
    vrn_choice choice = vrn_choose(&tuned, &device, &conv, 1, NULL);
    assert_ptr_equal(choice.kernel, plain.rejected);
    assert_ptr_equal(choice.rejected, plain.kernel);
    assert_true(choice.rejected_ms == 2);
    assert_int_equal(choice.why, VRN_CHOICE_CACHED);
    assert_ptr_equal(vrn_choose(&tuned, &device, &conv, 2, NULL).kernel, plain.kernel);
    assert_int_equal(vrn_choose(&tuned, &device, &conv, 1, "conv_generic").why,
                     VRN_CHOICE_PREFERRED);
    device.probe.info.capabilities =
        VRN_CAPABILITY_TIMELINE_SEMAPHORES; /* another tier, another shape */
    assert_ptr_equal(vrn_choose(&tuned, &device, &conv, 1, NULL).kernel, plain.kernel);
    device.probe.info.capabilities = 0;

    strcpy(record.kernel, "conv_of_the_future");
    record.fresh = true;
    assert_int_equal(vrn_tuned_put(&tuned, &record, NULL), VRN_OK);
    choice = vrn_choose(&tuned, &device, &conv, 1, NULL);
    assert_ptr_equal(choice.kernel, plain.kernel);
    assert_int_equal(choice.why, VRN_CHOICE_MERIT);
    vrn_tuned_free(&tuned);
}

/* What is kept for one device and driver is nothing to another, and a damaged file nothing to
 * any. */
static void files_belong_to_a_driver(void **state)
{
    (void)state;
    char folder[] = "test_tune_unit.tmp", path[160], command[200];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
    vrn_device device;
    fake_device(&device)->cache_directory = folder;
    snprintf(device.probe.info.name, sizeof device.probe.info.name, "a device");
    vrn_tuned tuned = {0}, found = {0};
    vrn_tuned_record record = {.shape = 5, .ms = 1};
    strcpy(record.kernel, "old");
    assert_int_equal(vrn_tuned_put(&tuned, &record, NULL), VRN_OK);
    record = (vrn_tuned_record){.shape = 6, .ms = 1, .fresh = true};
    strcpy(record.kernel, "new");
    assert_int_equal(vrn_tuned_put(&tuned, &record, NULL), VRN_OK);
    vrn_tuned_save(&tuned, &device);
    assert_int_equal(vrn_tuned_load(&found, &device, &device.log), VRN_OK);
    assert_int_equal(found.count, 1); /* what is not fresh was in the file, or has left it */
    assert_string_equal(found.records[0].kernel, "new");
    vrn_tuned_free(&found);

    device.probe.info.driver_version = 2;
    assert_int_equal(vrn_tuned_load(&found, &device, &device.log), VRN_OK);
    assert_int_equal(found.count, 0);
    device.probe.info.driver_version = 0;
    device.probe.info.uuid[3] = 1;
    assert_int_equal(vrn_tuned_load(&found, &device, &device.log), VRN_OK);
    assert_int_equal(found.count, 0);
    device.probe.info.uuid[3] = 0;

    snprintf(path, sizeof path,
             "for f in %s/*; do printf X | dd of=$f bs=1 seek=150 conv=notrunc "
             "2>/dev/null; done",
             folder);
    assert_int_equal(system(path), 0);
    assert_int_equal(vrn_tuned_load(&found, &device, &device.log), VRN_OK);
    assert_int_equal(found.count, 0);
    assert_int_equal(system(command), 0);
    vrn_tuned_free(&tuned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_clearly_better_wins),      cmocka_unit_test(drift_cancels_out),
        cmocka_unit_test(records_survive_as_text),       cmocka_unit_test(nonsense_is_left_out),
        cmocka_unit_test(too_many_records_are_left_out), cmocka_unit_test(records_decide),
        cmocka_unit_test(files_belong_to_a_driver),
    };
    return cmocka_run_group_tests_name("tune", tests, NULL, NULL);
}
