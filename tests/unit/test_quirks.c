/* The devices to which the quirks of drivers apply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/util.h"
#include "gpu/quirks.h"

static uint32_t without(VkDriverId driver, bool mixed_dot_product, uint32_t capabilities)
{
    const vrn_log silent = {0};
    const vrn_probe probe = {
        .driver_id = driver,
        .mixed_dot_product = mixed_dot_product,
        .info = {.capabilities = capabilities, .driver_version = 7},
    };
    return vrn_quirks_find(&probe, &silent).without;
}

static void test_emulated_matrices(void **state)
{
    const uint32_t matrix = VRN_CAPABILITY_COOPERATIVE_MATRIX;
    static const struct {
        VkDriverId driver;
        bool mixed_dot_product, off;
    } cases[] = {
        {VK_DRIVER_ID_AMD_PROPRIETARY, false, true}, /* RX 580, 5700, 6800 */
        {VK_DRIVER_ID_AMD_OPEN_SOURCE, false, true},
        {VK_DRIVER_ID_AMD_PROPRIETARY, true, false}, /* RX 7900 */
        {VK_DRIVER_ID_AMD_OPEN_SOURCE, true, false},
        {VK_DRIVER_ID_MESA_RADV, false, false}, /* lists none where there are no units */
        {VK_DRIVER_ID_QUALCOMM_PROPRIETARY, true, true},
        {VK_DRIVER_ID_QUALCOMM_PROPRIETARY, false, true},
        {VK_DRIVER_ID_NVIDIA_PROPRIETARY, false, false},
        {VK_DRIVER_ID_MESA_LLVMPIPE, true, true},
    };
    (void)state;
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        const uint32_t off =
            without(cases[i].driver, cases[i].mixed_dot_product, matrix | VRN_CAPABILITY_INT8);
        assert_int_equal((off & matrix) != 0, cases[i].off);
        assert_false(off & VRN_CAPABILITY_INT8);
    }
    /* A device without matrices has no quirk about them. */
    assert_int_equal(without(VK_DRIVER_ID_AMD_PROPRIETARY, false, VRN_CAPABILITY_INT8), 0);
}

static void test_frozen_constants(void **state)
{
    static const struct {
        VkDriverId driver;
        bool frozen;
    } cases[] = {
        {VK_DRIVER_ID_MOLTENVK, true},
        {VK_DRIVER_ID_GOOGLE_SWIFTSHADER, true},
        {VK_DRIVER_ID_NVIDIA_PROPRIETARY, false},
    };
    (void)state;
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        const vrn_log silent = {0};
        const vrn_probe probe = {.driver_id = cases[i].driver};
        assert_int_equal(vrn_quirks_find(&probe, &silent).freeze_constants, cases[i].frozen);
    }
}

/* What drivers of lavapipe's releases say of themselves. */
static void test_versions_of_lavapipe(void **state)
{
    static const struct {
        uint32_t version;
        const char *driver;
        uint32_t off;
        bool straight_addresses, unmeasured;
    } cases[] = {
        {1, "llvmpipe, Mesa 22.3.6 (LLVM 15.0.6)", VRN_CAPABILITY_BUFFER_ADDRESSES},
        {1, "llvmpipe, Mesa 25.0.7-2+deb13u1 (LLVM 19.1.7)", VRN_CAPABILITY_BUFFER_ARRAYS, true},
        {VK_MAKE_VERSION(26, 2, 6), "llvmpipe, Mesa 26.2.6-1 (LLVM 22.1.8)",
         VRN_CAPABILITY_BUFFER_ARRAYS},
        /* releases whose speed nobody has measured, and none */
        {1, "llvmpipe, Mesa 24.2.8 (LLVM 19.1.1)", .unmeasured = true},
        {1, "llvmpipe, Mesa 25.1.0-devel (git-0123456789)", .unmeasured = true},
        {VK_MAKE_VERSION(27, 0, 1), "llvmpipe, Mesa 27.0.1 (LLVM 23.1.0)", .unmeasured = true},
        {1, "llvmpipe", .unmeasured = true},
        {1, "llvmpipe, Mesa", .unmeasured = true},
    };
    (void)state;
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        const vrn_log silent = {0};
        vrn_probe probe = {
            .driver_id = VK_DRIVER_ID_MESA_LLVMPIPE,
            .info = {.capabilities = VRN_CAPABILITY_BUFFER_ADDRESSES | VRN_CAPABILITY_BUFFER_ARRAYS,
                     .driver_version = cases[i].version},
        };
        snprintf(probe.info.driver, sizeof probe.info.driver, "%s", cases[i].driver);
        const vrn_quirks quirks = vrn_quirks_find(&probe, &silent);
        assert_int_equal(quirks.without, cases[i].off);
        assert_int_equal(quirks.straight_addresses, cases[i].straight_addresses);
        assert_int_equal(quirks.unmeasured, cases[i].unmeasured);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_emulated_matrices),
        cmocka_unit_test(test_frozen_constants),
        cmocka_unit_test(test_versions_of_lavapipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
