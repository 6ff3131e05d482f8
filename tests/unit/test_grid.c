/* Parts of a grid of work groups: together they are the grid, none is empty, none is larger than
 * wanted where work groups allow it, and their shares are what they dispatch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ops/grid.h"

enum { LIMIT = 1000 };

/* What was dispatched, as work groups in the order of x, y and z. */
static struct {
    uint64_t first_x, count_x;
    uint32_t first_z, count_z;
    uint32_t calls;
} seen;

static VKAPI_ATTR void VKAPI_CALL dispatch_base(VkCommandBuffer buffer, uint32_t x, uint32_t y,
                                                uint32_t z, uint32_t width, uint32_t rows,
                                                uint32_t layers)
{
    (void)buffer;
    assert_int_equal(x, 0);
    assert_in_range(width, 1, LIMIT);
    seen.first_x = (uint64_t)y * width;
    seen.count_x = (uint64_t)rows * width;
    seen.first_z = z;
    seen.count_z = layers;
    seen.calls++;
}

static vrn_device device;

static void check_parts(vrn_grid grid, uint32_t wanted)
{
    const uint32_t parts = vrn_grid_parts(grid, wanted);
    assert_true(parts >= 1);
    if (parts == 1) {
        assert_float_equal(vrn_grid_share(grid, 0, 1, &device), 1, 0);
        return;
    }
    double shares = 0;
    uint64_t next_x = 0;
    uint32_t next_z = 0;
    for (uint32_t i = 0; i < parts; i++) {
        seen.calls = 0;
        vrn_grid_dispatch_part(grid, i, parts, VK_NULL_HANDLE, &device);
        assert_int_equal(seen.calls, 1);
        const double share = vrn_grid_share(grid, i, parts, &device);
        if (seen.count_z < grid.z) { /* layers */
            assert_int_equal(seen.first_x, 0);
            assert_true(seen.count_x >= grid.x);
            assert_int_equal(seen.first_z, next_z);
            next_z += seen.count_z;
            assert_float_equal(share, (double)seen.count_z / grid.z, 1e-12);
        } else {
            assert_int_equal(seen.first_x, next_x);
            next_x += seen.count_x;
            const uint64_t over = next_x > grid.x ? next_x - grid.x : 0;
            assert_float_equal(share, (double)(seen.count_x - over) / (double)grid.x, 1e-12);
        }
        /* folding rounds the width up by less than a thousandth */
        if (grid.x >= wanted) assert_true(share <= 1.001 / wanted);
        shares += share;
    }
    assert_float_equal(shares, 1, 1e-9);
    assert_true(next_z == grid.z || next_x >= grid.x);
}

static void parts_are_the_grid(void **state)
{
    (void)state;
    for (uint64_t x = 1; x < 70; x++) {
        for (uint32_t z = 1; z < 20; z += 3) {
            for (uint32_t wanted = 1; wanted <= 64; wanted++) {
                check_parts((vrn_grid){.x = x, .z = z}, wanted);
            }
        }
    }
}

/* Few work groups along x, and more along z. */
static void layers_are_divided_instead(void **state)
{
    (void)state;
    assert_int_equal(vrn_grid_parts((vrn_grid){.x = 2, .z = 16}, 8), 8);
    assert_int_equal(vrn_grid_parts((vrn_grid){.x = 2, .z = 16}, 64), 16);
    assert_int_equal(vrn_grid_parts((vrn_grid){.x = 2, .z = 16}, 2), 2);
    assert_int_equal(vrn_grid_parts((vrn_grid){.x = 16, .z = 2}, 64), 16);
}

/* More work groups than the limit of a dimension are folded into rows, also in parts. */
static void folded_grids_are_divided(void **state)
{
    (void)state;
    for (uint32_t wanted = 2; wanted <= 64; wanted *= 2) {
        check_parts((vrn_grid){.x = 123456, .z = 2}, wanted);
    }
}

/* More parts than there are work groups: some are empty, and have no share. */
static void an_empty_part_has_no_share(void **state)
{
    (void)state;
    const vrn_grid grid = {.x = 14, .z = 1};
    seen.calls = 0;
    vrn_grid_dispatch_part(grid, 9, 10, VK_NULL_HANDLE, &device);
    assert_int_equal(seen.calls, 0);
    assert_float_equal(vrn_grid_share(grid, 9, 10, &device), 0, 0);
    assert_int_equal(vrn_grid_parts(grid, 10), 14);
}

int main(void)
{
    device.probe.limits.maxComputeWorkGroupCount[0] = LIMIT;
    device.vk.CmdDispatchBase = dispatch_base;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_the_grid),
        cmocka_unit_test(layers_are_divided_instead),
        cmocka_unit_test(folded_grids_are_divided),
        cmocka_unit_test(an_empty_part_has_no_share),
    };
    return cmocka_run_group_tests_name("grid", tests, NULL, NULL);
}
