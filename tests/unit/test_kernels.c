/* The tables of kernels, without a device: the conditions that their shaders rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "ops/families.h"
#include "ops/operators.h"

/* Calls `check` for every kernel. */
static void each_kernel(void (*check)(const vrn_kernel *kernel))
{
    for (uint32_t op = 0; op < VRN_OP_COUNT; op++) {
        const vrn_kernel *kernel;
        uint32_t i = 0;
        for (; (kernel = vrn_kernel_at((vrn_op)op, i)); i++) check(kernel);
        assert_int_equal(vrn_kernel_count((vrn_op)op), i);
    }
}

static bool is_tile(const vrn_kernel *kernel)
{
    const vrn_kernel_family *family = kernel->variant->family;
    return family == &vrn_family_conv_tile || family == &vrn_family_conv_split;
}

static void check_tile(const vrn_kernel *kernel)
{
    if (!is_tile(kernel)) return;
    const uint32_t *n = kernel->number;
    const uint32_t m4 = n[VRN_TILE_M] / 4, n4 = n[VRN_TILE_N] / 4, k4 = n[VRN_TILE_K] / 4;
    const uint32_t rows = vrn_kernel_takes_bytes(kernel) ? k4 : k4 * 4;
    const uint32_t threads = vrn_kernel_threads(kernel, 0);
    print_message("%s\n", kernel->name);
    assert_int_equal(m4 % n[VRN_TILE_THREAD_M4], 0);
    assert_int_equal(n4 % n[VRN_TILE_THREAD_N4], 0);
    assert_int_equal(threads, m4 / n[VRN_TILE_THREAD_M4] * (n4 / n[VRN_TILE_THREAD_N4]));
    /* Each invocation copies as much of the panels as any other, and always of the same row and
     * column. */
    assert_int_equal(m4 * 4 * k4 % threads, 0);
    assert_int_equal(rows * n4 % threads, 0);
    assert_int_equal(threads % k4, 0);
    assert_int_equal(threads % n4, 0);
    assert_int_equal(vrn_kernel_shared_bytes(kernel), 2 * rows * (m4 + 1 + n4) * 16);
    assert_int_equal(vrn_kernel_pass_count(kernel), n[VRN_TILE_SPLIT] > 1 ? 2 : 1);
}

static void tiles_are_shared_out_evenly(void **state)
{
    (void)state;
    each_kernel(check_tile);
}

static void check_limits(const vrn_kernel *kernel)
{
    /* What every GPU of today has: the table must not be empty for a modest one. */
    for (uint32_t pass = 0; pass < vrn_kernel_pass_count(kernel); pass++) {
        assert_in_range(vrn_kernel_threads(kernel, pass), 1, 256);
        assert_non_null(vrn_kernel_pass(kernel, pass)->grid);
    }
    /* Those with matrix units have more: 64 KiB, or 48. */
    const uint32_t most = vrn_kernel_matrix(kernel).m ? 49152 : 32768;
    assert_true(vrn_kernel_shared_bytes(kernel) <= most);
}

static void kernels_fit_modest_devices(void **state)
{
    (void)state;
    each_kernel(check_limits);
}

/* A number that a shader does not know would be lost on it. */
static void check_numbers(const vrn_kernel *kernel)
{
    uint32_t known = 0;
    bool may_be_none = kernel->variant->family == &vrn_family_conv_product;
    for (uint32_t pass = 0; pass < vrn_kernel_pass_count(kernel); pass++) {
        known = vrn_max_u32(known, vrn_kernel_shader(kernel, pass)->numbers);
        may_be_none = may_be_none || vrn_kernel_shader(kernel, pass)->addressed;
    }
    for (uint32_t i = 0; i < known; i++) {
        if (!may_be_none) assert_true(kernel->number[i] > 0);
    }
}

static void rows_are_complete(void **state)
{
    (void)state;
    each_kernel(check_numbers);
}

/* A large GPU that nobody has described. */
static const vrn_cores large = {
    .count = 80,
    .lanes = 128,
    .threads = 1536,
    .registers = 255,
    .register_file = 65536,
    .shared_bytes = 100 << 10,
    .matrix_rate = 4,
    .shared_cost = 0.5F,
    .mhz = 1900,
    .gbytes = 900,
    .dispatch_us = 2,
};

static const vrn_kernel *best_tile(const vrn_op_desc *desc, uint32_t images)
{
    const vrn_kernel *kernel, *best = NULL;
    double merit = -1;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(desc->op, i)); i++) {
        if (kernel->variant->suits != VRN_SUITS_GPU || !vrn_kernel_fits(kernel, desc)) continue;
        if (vrn_kernel_takes_bytes(kernel) != (desc->w == VRN_TYPE_I8)) continue;
        double value = vrn_kernel_merit(kernel, desc, images, &large);
        assert_true(value >= 0 && value <= 1000);
        if (value <= merit) continue;
        merit = value;
        best = kernel;
    }
    assert_non_null(best);
    return best;
}

static vrn_op_desc convolution(uint32_t side, uint32_t in, uint32_t out, uint32_t kernel,
                               uint32_t groups)
{
    return (vrn_op_desc){
        .op = VRN_OP_CONV,
        .in = {side, side, in},
        .out = {side, side, out},
        .kernel = {kernel, kernel},
        .stride = {1, 1},
        .padding = {kernel / 2, kernel / 2},
        .dilation = {1, 1},
        .groups = groups,
    };
}

static uint32_t tile_of(const vrn_kernel *kernel)
{
    return kernel->number[VRN_TILE_M] * kernel->number[VRN_TILE_N];
}

/* Small late layers are split, large batches get large tiles, narrow groups no tiles, and neither
 * more images nor more channels make the tile smaller. */
static void merits_follow_the_shape(void **state)
{
    (void)state;
    const vrn_op_desc late = convolution(7, 2048, 512, 1, 1);
    const vrn_op_desc early = convolution(56, 64, 256, 1, 1);
    const vrn_op_desc narrow = convolution(56, 128, 128, 3, 32);
    const vrn_op_desc square = convolution(28, 128, 128, 3, 1); /* Winograd's algorithm */
    assert_int_equal(vrn_kernel_pass_count(best_tile(&late, 1)), 2);
    assert_int_equal(vrn_kernel_pass_count(best_tile(&late, 64)), 1);
    assert_int_equal(vrn_kernel_pass_count(best_tile(&early, 1)), 1);
    assert_int_equal(vrn_kernel_pass_count(best_tile(&square, 64)), 3);
    assert_int_equal(tile_of(best_tile(&early, 64)), 128 * 128);
    assert_false(is_tile(best_tile(&narrow, 1)));
    assert_false(is_tile(best_tile(&narrow, 64)));
    uint32_t last = 0;
    for (uint32_t images = 1; images <= 64; images *= 8) {
        uint32_t tile = tile_of(best_tile(&early, images));
        assert_true(tile >= last);
        last = tile;
    }
}

/* Sessions share packed weights if layout and layout number are equal: then the size must be. */
static void equal_layouts_have_equal_sizes(void **state)
{
    (void)state;
    const vrn_op_desc shapes[] = {
        convolution(112, 3, 64, 7, 1),    convolution(56, 64, 64, 3, 1),
        convolution(14, 256, 256, 3, 1),  convolution(7, 512, 512, 3, 1),
        convolution(14, 1024, 256, 1, 1), convolution(56, 128, 128, 3, 32),
    };
    for (size_t s = 0; s < VRN_COUNT(shapes); s++) {
        const vrn_kernel *a, *b;
        for (uint32_t i = 0; (a = vrn_kernel_at(VRN_OP_CONV, i)); i++) {
            for (uint32_t j = 0; j < i && (b = vrn_kernel_at(VRN_OP_CONV, j)); j++) {
                const vrn_layout *layout = a->variant->layout;
                if (layout != b->variant->layout || !layout ||
                    vrn_kernel_layout_number(a) != vrn_kernel_layout_number(b) ||
                    !vrn_kernel_fits(a, &shapes[s]) || !vrn_kernel_fits(b, &shapes[s])) {
                    continue;
                }
                assert_int_equal(layout->numbers(a, &shapes[s]), layout->numbers(b, &shapes[s]));
            }
        }
    }
}

/* The kernel for a driver that runs on a processor with this many vectors and has addresses;
 * straight: only code without loops may read through them. */
static const char *best_of(bool straight, uint32_t vectors, uint32_t side, uint32_t in,
                           uint32_t out, uint32_t kernel, uint32_t groups)
{
    const vrn_op_desc desc = convolution(side, in, out, kernel, groups);
    const vrn_device_info info = {.type = VRN_DEVICE_CPU};
    const vrn_core_facts told = {.vectors = vectors};
    const vrn_cores cores = vrn_cores_find(&info, &told);
    const vrn_kernel *k, *best = NULL;
    double merit = -1;
    for (uint32_t i = 0; (k = vrn_kernel_at(VRN_OP_CONV, i)); i++) {
        const uint32_t has = VRN_CAPABILITY_TEXEL_BUFFERS | VRN_CAPABILITY_BUFFER_ADDRESSES;
        const vrn_shader *product = &k->variant->shader[k->variant->shader[1].module ? 1 : 0];
        if (k->variant->suits != VRN_SUITS_CPU || (k->variant->needs & ~has)) continue;
        if (straight && product->addressed && !product->straight) continue;
        if (vrn_kernel_takes_bytes(k) || !vrn_kernel_fits(k, &desc)) continue;
        double value = vrn_kernel_merit(k, &desc, 1, &cores);
        if (value <= merit) continue;
        merit = value;
        best = k;
    }
    assert_non_null(best);
    return best->name;
}

/* As they were measured on lavapipe 25.0, with AVX2 and with AVX-512. */
static void merits_of_straight_addresses(void **state)
{
    (void)state;
    assert_string_equal(best_of(true, 16, 56, 64, 256, 1, 1), "conv_straight_8x64");
    assert_string_equal(best_of(true, 32, 56, 64, 256, 1, 1), "conv_straight_4x64");
    assert_string_equal(best_of(true, 16, 14, 1024, 256, 1, 1), "conv_straight_8x64");
    assert_string_equal(best_of(true, 32, 14, 1024, 256, 1, 1), "conv_straight_6x128");
    assert_string_equal(best_of(true, 16, 28, 128, 128, 3, 1), "conv_winograd_f4_straight_8x64");
    assert_string_equal(best_of(true, 32, 28, 128, 128, 3, 1), "conv_winograd_f4_straight_4x64");
    assert_string_equal(best_of(true, 32, 14, 256, 256, 3, 1), "conv_winograd_f4_straight_6x128");
    assert_string_equal(best_of(true, 16, 56, 64, 64, 3, 1), "conv_winograd_f4_straight_8x64");
    assert_string_equal(best_of(true, 32, 56, 64, 64, 3, 1), "conv_winograd_f4_straight_4x64");
    assert_string_equal(best_of(true, 16, 112, 3, 64, 7, 1), "conv_straight_stacked_8x64");
    assert_string_equal(best_of(true, 32, 112, 3, 64, 7, 1), "conv_straight_stacked_4x64");
    assert_string_equal(best_of(true, 16, 7, 512, 512, 3, 1), "conv_winograd_f4_straight_4x64");
    assert_string_equal(best_of(true, 32, 7, 512, 512, 3, 1), "conv_winograd_f4_straight_6x128");
}

/* .. and on 26.2. */
static void merits_of_addresses(void **state)
{
    static const struct {
        uint32_t side, in, out, kernel, groups;
        const char *avx2, *avx512;
    } cases[] = {
        {56, 64, 256, 1, 1, "conv_address_narrow_6x64", "conv_address_4x64"},
        {7, 2048, 512, 1, 1, "conv_address_narrow_6x64", "conv_address_4x64"},
        {56, 64, 64, 3, 1, "conv_winograd_f4_address_narrow_16", "conv_winograd_f4_address_16"},
        {32, 16, 16, 3, 1, "conv_address_narrow_6x16", "conv_address_narrow_6x16"},
        {14, 256, 256, 3, 1, "conv_winograd_f4_address_narrow_64", "conv_winograd_f4_address_64"},
        {7, 512, 512, 3, 1, "conv_winograd_f2_address_narrow_64", "conv_winograd_f2_address_64"},
        {112, 3, 64, 7, 1, "conv_address_narrow_lines_rgb", "conv_address_lines_rgb"},
        {112, 4, 64, 7, 1, "conv_address_narrow_lines", "conv_address_lines"},
        {14, 512, 512, 3, 32, "conv_address_narrow_groups", "conv_address_groups"},
        {28, 256, 256, 3, 32, "conv_address_narrow_groups", "conv_address_groups"},
    };
    (void)state;
    for (uint32_t i = 0; i < VRN_COUNT(cases); i++) {
        const uint32_t side = cases[i].side, in = cases[i].in, out = cases[i].out;
        const uint32_t kernel = cases[i].kernel, groups = cases[i].groups;
        assert_string_equal(best_of(false, 16, side, in, out, kernel, groups), cases[i].avx2);
        assert_string_equal(best_of(false, 32, side, in, out, kernel, groups), cases[i].avx512);
    }
}

/* A family as another file would have it: it halves numbers, four or eight elements an
 * invocation. A new family is this much, and a shader. */
static bool halving_fits(const vrn_kernel *kernel, const vrn_op_desc *desc)
{
    return vrn_c4(desc->out.c) % kernel->number[0] == 0;
}

static double halving_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                            const vrn_cores *cores)
{
    (void)desc, (void)cores;
    return images > 1 ? kernel->number[0] : 10 - kernel->number[0];
}

static vrn_grid halving_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *desc,
                             uint32_t images)
{
    const uint64_t elements = (uint64_t)images * desc->out.h * desc->out.w * vrn_c4(desc->out.c);
    return vrn_grid_flat(threads, elements / kernel->number[0]);
}

static const vrn_module halving_module = {.name = "halving"};
static const vrn_kernel_family halving;

static const vrn_kernel_variant halving_variant = {
    .family = &halving,
    .suits = VRN_SUITS_GPU,
    .shader = {{.module = &halving_module, .threads = 32, .numbers = 1}},
};

static const vrn_kernel halving_rows[] = {
    {"halving_4", &halving_variant, {4}},
    {"halving_8", &halving_variant, {8}},
};

static const vrn_kernel_family halving = {
    .fits = halving_fits,
    .merit = halving_merit,
    .pass = {{.grid = halving_grid}},
    .rows = halving_rows,
    .row_count = VRN_COUNT(halving_rows),
};

static void a_family_is_data(void **state)
{
    (void)state;
    const vrn_kernel *four = &halving.rows[0], *eight = &halving.rows[1];
    const vrn_op_desc desc = {.op = VRN_OP_RELU, .in = {2, 2, 64}, .out = {2, 2, 64}};
    const vrn_op_desc narrow = {.op = VRN_OP_RELU, .in = {2, 2, 16}, .out = {2, 2, 16}};
    assert_true(vrn_kernel_fits(four, &desc) && vrn_kernel_fits(eight, &desc));
    assert_true(vrn_kernel_fits(four, &narrow) && !vrn_kernel_fits(eight, &narrow));
    assert_true(vrn_kernel_merit(four, &desc, 1, &large) >
                vrn_kernel_merit(eight, &desc, 1, &large));
    assert_true(vrn_kernel_merit(four, &desc, 2, &large) <
                vrn_kernel_merit(eight, &desc, 2, &large));
    assert_int_equal(vrn_kernel_pass_count(four), 1);
    assert_int_equal(vrn_kernel_grid(eight, 0, &desc, 16).x, 16 * 2 * 2 * 16 / 8 / 32);
    assert_int_equal(vrn_kernel_shared_bytes(four), 0);
    assert_int_equal(vrn_kernel_weight_bytes(four, &desc), 0);

    vrn_pipeline_key key, other;
    vrn_kernel_key(four, 0, &desc, &key);
    vrn_kernel_key(eight, 0, &desc, &other);
    const uint32_t last = key.constant_count - 1;
    assert_ptr_equal(key.module, &halving_module);
    assert_int_equal(key.bindings, VRN_BIT_X | VRN_BIT_Y);
    assert_int_equal(key.constant_ids[last - 1], VRN_ID_THREADS);
    assert_int_equal(key.constants[last - 1], 32);
    assert_int_equal(key.constant_ids[last], VRN_ID_NUMBERS);
    assert_int_equal(key.constants[last], 4);
    assert_int_equal(other.constants[last], 8);
    assert_true(vrn_kernel_hash(1, four) != vrn_kernel_hash(1, eight));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_are_shared_out_evenly),
        cmocka_unit_test(kernels_fit_modest_devices),
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(merits_follow_the_shape),
        cmocka_unit_test(equal_layouts_have_equal_sizes),
        cmocka_unit_test(merits_of_addresses),
        cmocka_unit_test(merits_of_straight_addresses),
        cmocka_unit_test(a_family_is_data),
    };
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
