/* The layout of the public structs on 64-bit machines, as programs have it compiled in. A new field
 * takes the place of reserved words; a change of a row needs a new soname. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <vkresnet/diagnostics.h>
#include <vkresnet/hub.h>
#include <vkresnet/vulkan.h>

typedef struct row {
    const char *name;
    size_t offset, size; /* of the last field before `reserved`, and of the struct */
    size_t expected_offset, expected_size;
} row;

#define LAYOUT(type, last) #type, offsetof(type, last), sizeof(type)

static const row rows[] = {
    {LAYOUT(vrn_log, level), 16, 24},
    {LAYOUT(vrn_device_info, queue_count), 1020, 1088},
    {LAYOUT(vrn_device_params, compute_only_family), 80, 96},
    {LAYOUT(vrn_transform, fill), 56, 72},
    {LAYOUT(vrn_model_params, class_name_count), 64, 80},
    {LAYOUT(vrn_model_info, threshold), 352, 384},
    {LAYOUT(vrn_head_params, transform), 64, 104},
    {LAYOUT(vrn_model_save_params, threshold), 44, 80},
    {LAYOUT(vrn_session_params, queue), 104, 152},
    {LAYOUT(vrn_session_info, compile_ms), 64, 104},
    {LAYOUT(vrn_rect, bottom), 24, 32},
    {LAYOUT(vrn_image, format), 24, 48},
    {LAYOUT(vrn_inputs, images), 24, 64},
    {LAYOUT(vrn_outputs, timing), 24, 64},
    {LAYOUT(vrn_arch, final_norm), 277, 296},
    {LAYOUT(vrn_calibration_params, transform), 8, 48},
    {LAYOUT(vrn_layer_range, not_finite), 40, 80},
    {LAYOUT(vrn_calibration_result, error), 56, 128},
    {LAYOUT(vrn_device_diagnostics, with), 0, 40},
    {LAYOUT(vrn_session_diagnostics, kernel), 0, 40},
    {LAYOUT(vrn_timing, output_ms), 32, 72},
    {LAYOUT(vrn_layer, rejected_ms), 104, 176},
    {LAYOUT(vrn_device_peak, gb_s), 8, 48},
    {LAYOUT(vrn_statistic, value), 64, 72},
    {LAYOUT(vrn_kernel_statistics, values), 264, 2632},
    {LAYOUT(vrn_kernel_statistics_params, precision), 32, 72},
    {LAYOUT(vrn_mismatch, found), 48, 72},
    {LAYOUT(vrn_selftest_entry, ms), 208, 248},
    {LAYOUT(vrn_selftest_summary, ms), 48, 88},
    {LAYOUT(vrn_selftest_params, replays), 16, 56},
    {LAYOUT(vrn_requirement, version_type), 48, 72},
    {LAYOUT(vrn_device_requirements, extensions), 1752, 1976},
    {LAYOUT(vrn_device_requirements_params, pipeline_statistics), 56, 88},
    {LAYOUT(vrn_device_import_params, queues), 168, 200},
    {LAYOUT(vrn_queue_family, count), 4, 24},
    {LAYOUT(vrn_lent_queues, user), 32, 72},
    {LAYOUT(vrn_check_params, transform), 8, 48},
    {LAYOUT(vrn_check_fit, not_finite), 28, 64},
    {LAYOUT(vrn_check_norm, fit), 16, 112},
    {LAYOUT(vrn_check_reading, images), 888, 928},
    {LAYOUT(vrn_check_summary, tried), 1064, 1136},
    {LAYOUT(vrn_cache_hooks, user), 16, 40},
    {LAYOUT(vrn_memory_block, user), 24, 48},
    {LAYOUT(vrn_memory_request, name), 40, 80},
    {LAYOUT(vrn_memory_hooks, user), 16, 40},
    {LAYOUT(vrn_place, offset), 8, 16},
    {LAYOUT(vrn_record_image, chroma), 64, 80},
    {LAYOUT(vrn_record_chroma, full_range), 24, 48},
    {LAYOUT(vrn_record_pixels, format), 28, 48},
    {LAYOUT(vrn_top, probability), 4, 8},
    {LAYOUT(vrn_record_cursor, token), 8, 32},
    {LAYOUT(vrn_record_params, transfer_images), 164, 200},
    {LAYOUT(vrn_timeline_point, value), 8, 16},
    {LAYOUT(vrn_submit_order, record), 32, 64},
    {LAYOUT(vrn_hub_entry, recipe), 168, 208},
    {LAYOUT(vrn_hub_params, stall_seconds), 60, 96},
    {LAYOUT(vrn_hub_file, bytes), 16, 40},
    {LAYOUT(vrn_hub_progress, waiting), 40, 80},
    {LAYOUT(vrn_hub_fetch_params, progress_user), 8, 48},
};

static void layouts_stay(void **state)
{
    (void)state;
    int wrong = 0;
    if (sizeof(void *) != 8) skip();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const row *r = &rows[i];
        if (r->offset == r->expected_offset && r->size == r->expected_size) continue;
        fprintf(stderr, "%s: last field at %zu, size %zu; expected %zu and %zu\n", r->name,
                r->offset, r->size, r->expected_offset, r->expected_size);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void enums_are_ints(void **state)
{
    (void)state;
    assert_int_equal(sizeof(vrn_result), 4);
    assert_int_equal(sizeof(vrn_capability), 4);
    assert_int_equal(VRN_ERROR_CANCELLED, -9);
    assert_int_equal(VRN_PIXEL_GREY_ALPHA, 5);
}

static void versions_agree(void **state)
{
    (void)state;
    assert_int_equal(vrn_version(), VRN_VERSION);
    assert_int_equal(VRN_MAKE_VERSION(1, 2, 3), 1002003);
    assert_true(VRN_MAKE_VERSION(0, 2, 0) > VRN_MAKE_VERSION(0, 1, 99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_stay),
        cmocka_unit_test(enums_are_ints),
        cmocka_unit_test(versions_agree),
    };
    return cmocka_run_group_tests_name("abi", tests, NULL, NULL);
}
