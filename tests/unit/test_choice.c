/* The kernels that devices of every vendor get, without these devices: devices are described, and
 * the choice of each layer of ResNet-50 is compared with the tables of docs/gpu-choice.md.
 *
 *   test_choice --print    writes these tables: after a change of rows or merits */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <vulkan/vulkan_core.h>

#include "base/util.h"
#include "net/format.h"
#include "net/fuse.h"
#include "net/graph.h"
#include "ops/merit.h"
#include "ops/support.h"
#include "plan/choose.h"
#include "plan/pools.h"
#include "plan/precision.h"

#define KIB 1024u
#define MIB (1024u * 1024u)

enum {
    EVERY = VRN_CAPABILITY_STORAGE_16BIT | VRN_CAPABILITY_INT8 | VRN_CAPABILITY_TIMESTAMPS,
    DOT = VRN_CAPABILITY_INTEGER_DOT_PRODUCT,
    MATRIX = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_INT8,
    MATRIX_2 = VRN_CAPABILITY_COOPERATIVE_MATRIX_2,
};

/* As drivers describe it. */
typedef struct described {
    const char *title, *name;
    uint32_t vendor, id;
    vrn_device_type type;
    uint32_t invocations, shared, range;
    vrn_subgroup_info subgroup;
    uint32_t capabilities;
    vrn_core_facts told;
    vrn_matrix_shape matrices[3];
    float gbytes; /* of memory a second, by its maker; for the prediction */
} described;

static const described devices[] = {
    {"H200",
     "NVIDIA H200",
     0x10DE,
     0x2335,
     VRN_DEVICE_DISCRETE,
     1024,
     48 * KIB,
     UINT32_MAX,
     {32, 32},
     EVERY | DOT | MATRIX | MATRIX_2,
     {.nv_sms = 132, .nv_warps = 64},
     {{16, 16, 16}, {16, 16, 32, .bytes = true}, {16, 16, 16, .flexible = true}},
     4800},
    {"RTX 4090",
     "NVIDIA GeForce RTX 4090",
     0x10DE,
     0x2684,
     VRN_DEVICE_DISCRETE,
     1024,
     48 * KIB,
     UINT32_MAX,
     {32, 32},
     EVERY | DOT | MATRIX | MATRIX_2,
     {.nv_sms = 128, .nv_warps = 48},
     {{16, 16, 16}, {16, 16, 32, .bytes = true}, {16, 16, 16, .flexible = true}},
     1008},
    {"RX 7900 XTX",
     "AMD Radeon RX 7900 XTX (RADV NAVI31)",
     0x1002,
     0x744C,
     VRN_DEVICE_DISCRETE,
     1024,
     64 * KIB,
     UINT32_MAX,
     {32, 64},
     EVERY | DOT | MATRIX,
     {.amd_units = 96, .amd_simds = 2, .amd_waves = 16, .amd_registers = 768, .amd_wave_size = 64},
     {{16, 16, 16}, {16, 16, 16, .bytes = true}},
     960},
    {"RX 580",
     "AMD Radeon RX 580 Series (RADV POLARIS10)",
     0x1002,
     0x67DF,
     VRN_DEVICE_DISCRETE,
     1024,
     64 * KIB,
     UINT32_MAX,
     {64, 64},
     EVERY | DOT,
     {.amd_units = 36,
      .amd_simds = 4,
      .amd_waves = 10,
      .amd_registers = 256,
      .amd_wave_size = 64,
      .emulates_dot = true},
     {{0}},
     256},
    {"Arc A770",
     "Intel(R) Arc(tm) A770 Graphics (DG2)",
     0x8086,
     0x56A0,
     VRN_DEVICE_DISCRETE,
     1024,
     64 * KIB,
     1024 * MIB - 4,
     {8, 32},
     EVERY | DOT | MATRIX,
     {0},
     {{8, 8, 16}, {8, 8, 32, .bytes = true}},
     560},
    {"UHD 630",
     "Intel(R) UHD Graphics 630 (CFL GT2)",
     0x8086,
     0x3E92,
     VRN_DEVICE_INTEGRATED,
     1024,
     64 * KIB,
     1024 * MIB - 4,
     {8, 32},
     EVERY | DOT,
     {.emulates_dot = true},
     {{0}},
     40},
    {"M1",
     "Apple M1",
     0x106B,
     0,
     VRN_DEVICE_INTEGRATED,
     1024,
     32 * KIB,
     UINT32_MAX,
     {32, 32},
     EVERY,
     {0},
     {{0}},
     68},
    {"Adreno 740",
     "Adreno (TM) 740",
     0x5143,
     0x43050a01,
     VRN_DEVICE_INTEGRATED,
     1024,
     32 * KIB,
     128 * MIB,
     {64, 128},
     EVERY | DOT,
     {0},
     {{0}},
     67},
    {"Mali-G610",
     "Mali-G610",
     0x13B5,
     0xa8670000,
     VRN_DEVICE_INTEGRATED,
     1024,
     32 * KIB,
     UINT32_MAX,
     {16, 16},
     EVERY | DOT,
     {.arm_cores = 4, .arm_warps = 64},
     {{0}},
     34},
    {"VideoCore 7.1",
     "V3D 7.1.7.0",
     0x14E4,
     0x55701C33,
     VRN_DEVICE_INTEGRATED,
     256,
     32 * KIB,
     1024 * MIB,
     {16, 16},
     EVERY | DOT,
     {.emulates_dot = true},
     {{0}},
     17},
    {"BXS-4-64",
     "PowerVR B-Series BXS-4-64",
     0x1010,
     0x36052182,
     VRN_DEVICE_INTEGRATED,
     128,
     16 * KIB,
     128 * MIB,
     {1, 1},
     EVERY,
     {0},
     {{0}},
     17},
};

static void describe(vrn_device *device, const described *d)
{
    vrn_probe *p = &device->probe;
    *p = (vrn_probe){
        .info = {.type = d->type,
                 .vendor_id = d->vendor,
                 .device_id = d->id,
                 .capabilities = d->capabilities,
                 .shared_memory_bytes = d->shared,
                 .max_workgroup_invocations = d->invocations,
                 .subgroup_size = d->subgroup.size_max,
                 .max_allocation = UINT64_C(1) << 30},
        .limits = {.maxComputeSharedMemorySize = d->shared,
                   .maxComputeWorkGroupInvocations = d->invocations,
                   .maxComputeWorkGroupSize = {d->invocations, d->invocations, 64},
                   .maxComputeWorkGroupCount = {65535, 65535, 65535},
                   .maxStorageBufferRange = d->range,
                   .maxTexelBufferElements = 65536},
        .subgroup = d->subgroup,
        .matrices = {.max_size = 256},
    };
    snprintf(p->info.name, sizeof p->info.name, "%s", d->name);
    for (uint32_t i = 0; i < VRN_COUNT(d->matrices) && d->matrices[i].m; i++) {
        p->matrices.shapes[p->matrices.count++] = d->matrices[i];
    }
    p->cores = vrn_cores_find(&p->info, &d->told);
    p->cores.gbytes = d->gbytes;
}

static bool has_weights(const vrn_op_desc *d)
{
    return d->op == VRN_OP_CONV || d->op == VRN_OP_LINEAR;
}

static bool equal(const vrn_op_desc *a, const vrn_op_desc *b)
{
    uint32_t one[VRN_OP_CONSTANTS_MAX], other[VRN_OP_CONSTANTS_MAX];
    vrn_op_constants(a, one);
    vrn_op_constants(b, other);
    return a->op == b->op && memcmp(one, other, sizeof one) == 0 && a->out.c == b->out.c &&
           a->in.c == b->in.c;
}

static bool is_first(const vrn_graph *graph, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        if (equal(&graph->nodes[i].desc, &graph->nodes[index].desc)) return false;
    }
    return true;
}

static void build(vrn_graph *graph, vrn_precision precision)
{
    vrn_arch arch;
    assert_int_equal(vrn_arch_parse(&arch, "resnet50", NULL), VRN_OK);
    assert_int_equal(vrn_graph_build(graph, &arch, 224, 224, NULL), VRN_OK);
    assert_int_equal(vrn_graph_fuse(graph, NULL, 0, NULL), VRN_OK);
    assert_int_equal(vrn_graph_set_precision(graph, NULL, precision, NULL, 0, NULL), VRN_OK);
}

static const vrn_kernel *choose(const vrn_device *device, const vrn_op_desc *d, uint32_t images)
{
    const vrn_kernel *kernel = vrn_choose(NULL, device, d, images, NULL).kernel;
    assert_non_null(kernel);
    return kernel;
}

/* The kernel for a stem and its pool, or NULL; *pooled receives their description. */
static const vrn_kernel *choose_pooled(const vrn_device *device, const vrn_graph *graph,
                                       uint32_t index, uint32_t images, vrn_op_desc *pooled)
{
    if (!vrn_graph_pooled(graph, index, NULL, 0, pooled)) return NULL;
    return vrn_pool_kernel(device, graph, index, pooled, images, NULL);
}

/* By what its merit says. */
static double predicted_us(const vrn_device *device, const vrn_graph *graph, uint32_t index,
                           uint32_t images)
{
    vrn_op_desc pooled, desc = graph->nodes[index].desc;
    const vrn_kernel *kernel = choose_pooled(device, graph, index, images, &pooled);
    if (kernel) desc = pooled;
    if (!kernel) kernel = choose(device, &desc, images);
    return vrn_gpu_merit_time(vrn_kernel_merit(kernel, &desc, images, &device->probe.cores));
}

static void print_layer(FILE *out, const vrn_op_desc *d, vrn_device *device, uint32_t images)
{
    if (d->op == VRN_OP_LINEAR) {
        fprintf(out, "| linear, %u to %u |", d->in.c, d->out.c);
    } else {
        fprintf(out, "| %ux%u/%u, %u to %u, %ux%u%s |", d->kernel.y, d->kernel.x, d->stride.y,
                d->in.c, d->out.c, d->out.h, d->out.w, d->epilogue.residual ? ", added" : "");
    }
    for (uint32_t i = 0; i < VRN_COUNT(devices); i++) {
        describe(device, &devices[i]);
        const char *name = choose(device, d, images)->name;
        const char *shown = strncmp(name, "conv_", 5) == 0 ? name + 5 : name;
        fprintf(out, " %s |", strncmp(shown, "linear_", 7) == 0 ? shown + 7 : shown);
    }
    fputc('\n', out);
}

static void print_pooled(FILE *out, const vrn_graph *graph, uint32_t index, vrn_device *device,
                         uint32_t images)
{
    fputs("| the same with its max pool |", out);
    for (uint32_t i = 0; i < VRN_COUNT(devices); i++) {
        vrn_op_desc pooled;
        describe(device, &devices[i]);
        const vrn_kernel *kernel = choose_pooled(device, graph, index, images, &pooled);
        fprintf(out, " %s |", kernel ? kernel->name + strlen("conv_") : "");
    }
    fputc('\n', out);
}

static void print_table(FILE *out, vrn_precision precision, uint32_t images)
{
    vrn_graph graph = {0};
    vrn_device *device = calloc(1, sizeof *device);
    assert_non_null(device);
    build(&graph, precision);
    fprintf(out, "\n### %s, batch %u\n\n| layer |", vrn_precision_name(precision), images);
    for (uint32_t i = 0; i < VRN_COUNT(devices); i++) fprintf(out, " %s |", devices[i].title);
    fputs("\n|---|", out);
    for (uint32_t i = 0; i < VRN_COUNT(devices); i++) fputs("---|", out);
    fputc('\n', out);
    for (uint32_t i = 0; i < graph.count; i++) {
        const vrn_op_desc *d = &graph.nodes[i].desc;
        vrn_op_desc pooled;
        if (has_weights(d) && is_first(&graph, i)) print_layer(out, d, device, images);
        if (vrn_graph_pooled(&graph, i, NULL, 0, &pooled)) {
            print_pooled(out, &graph, i, device, images);
        }
    }
    fputs("| predicted ms |", out);
    for (uint32_t i = 0; i < VRN_COUNT(devices); i++) {
        double us = 0;
        describe(device, &devices[i]);
        for (uint32_t k = 0; k < graph.count; k++) {
            const vrn_op_desc *d = &graph.nodes[k].desc;
            if (has_weights(d)) us += predicted_us(device, &graph, k, images);
        }
        fprintf(out, us < 1e4 ? " %.1f |" : " %.0f |", us / 1000);
    }
    fputc('\n', out);
    vrn_graph_free(&graph);
    free(device);
}

static void print_tables(FILE *out)
{
    static const uint32_t batches[] = {1, 64};
    for (uint32_t i = 0; i < VRN_COUNT(batches); i++) {
        print_table(out, VRN_PRECISION_FP32, batches[i]);
        print_table(out, VRN_PRECISION_FP16, batches[i]);
    }
}

static char *read_all(FILE *file)
{
    char *text = calloc(1, 1 << 18);
    assert_non_null(text);
    rewind(file);
    assert_true(fread(text, 1, (1 << 18) - 1, file) > 0);
    return text;
}

static void the_tables_are_kept(void **state)
{
    (void)state;
    FILE *file = fopen(VRN_TEST_SOURCE_DIR "/docs/gpu-choice.md", "rb");
    FILE *made = tmpfile();
    assert_non_null(file);
    assert_non_null(made);
    print_tables(made);
    char *kept = read_all(file), *fresh = read_all(made);
    const char *tables = strstr(kept, "\n### ");
    if (!tables || strcmp(tables, fresh) != 0) {
        fail_msg("other kernels are chosen than docs/gpu-choice.md says: compare its tables with "
                 "test_choice --print");
    }
    free(kept);
    free(fresh);
    fclose(file);
    fclose(made);
}

static const vrn_kernel *choose_for(const char *title, const vrn_op_desc *d, uint32_t images)
{
    const vrn_kernel *kernel = NULL;
    vrn_device *device = calloc(1, sizeof *device);
    assert_non_null(device);
    for (uint32_t i = 0; i < VRN_COUNT(devices); i++) {
        if (strcmp(devices[i].title, title) != 0) continue;
        describe(device, &devices[i]);
        kernel = choose(device, d, images);
    }
    free(device);
    assert_non_null(kernel);
    return kernel;
}

/* A kernel that is asked for decides whether a stem computes its pool; otherwise the estimates. */
static void a_preference_decides_about_the_pool(void **state)
{
    (void)state;
    static const struct {
        const char *title, *prefer;
        bool pooled;
    } cases[] = {
        {"RTX 4090", NULL, true},
        {"RTX 4090", "conv_winograd", true},
        {"RTX 4090", "conv_tile", false},
        {"RTX 4090", "conv_generic", false},
        {"RTX 4090", "max_pool", false},
        {"RTX 4090", "conv_pooled", true},
        {"H200", NULL, false},
        {"H200", "conv_generic", false},
        {"H200", "conv", false},
        {"H200", "conv_pooled", true},
    };
    vrn_device *device = calloc(1, sizeof *device);
    assert_non_null(device);
    vrn_graph graph = {0};
    vrn_op_desc pooled;
    build(&graph, VRN_PRECISION_FP32);
    assert_true(vrn_graph_pooled(&graph, 0, NULL, 0, &pooled));
    for (uint32_t i = 0; i < VRN_COUNT(cases); i++) {
        for (uint32_t d = 0; d < VRN_COUNT(devices); d++) {
            if (strcmp(devices[d].title, cases[i].title) == 0) describe(device, &devices[d]);
        }
        const vrn_kernel *kernel = vrn_pool_kernel(device, &graph, 0, &pooled, 1, cases[i].prefer);
        assert_int_equal(kernel != NULL, cases[i].pooled);
    }
    vrn_graph_free(&graph);
    free(device);
}

/* By the estimate of registers, which the statistics of real compilers are behind. */
static void no_choice_spills(void **state)
{
    static const vrn_precision precisions[] = {VRN_PRECISION_FP32, VRN_PRECISION_FP16,
                                               VRN_PRECISION_INT8};
    vrn_device *device = calloc(1, sizeof *device);
    (void)state;
    assert_non_null(device);
    for (uint32_t i = 0; i < VRN_COUNT(devices) * VRN_COUNT(precisions); i++) {
        const described *d = &devices[i / VRN_COUNT(precisions)];
        vrn_graph graph = {0};
        build(&graph, precisions[i % VRN_COUNT(precisions)]);
        describe(device, d);
        for (uint32_t k = 0; k < graph.count * 2; k++) {
            const vrn_op_desc *desc = &graph.nodes[k / 2].desc;
            const vrn_kernel *kernel =
                has_weights(desc) ? choose(device, desc, k % 2 ? 64 : 1) : NULL;
            if (kernel && vrn_kernel_registers(kernel) > device->probe.cores.registers) {
                fail_msg("%s: %s needs %u registers, of %u", d->title, kernel->name,
                         vrn_kernel_registers(kernel), device->probe.cores.registers);
            }
        }
        vrn_graph_free(&graph);
    }
    free(device);
}

/* Compilers of Intel's GPUs that have no dot product instruction spill in the larger tile. */
static void emulated_dot_products_take_registers(void **state)
{
    uint32_t small = 0, large = 0;
    vrn_graph graph = {0};
    (void)state;
    build(&graph, VRN_PRECISION_INT8);
    for (uint32_t i = 0; i < graph.count; i++) {
        const vrn_op_desc *d = &graph.nodes[i].desc;
        if (d->op != VRN_OP_CONV || d->x.type != VRN_TYPE_I8) continue;
        for (uint32_t images = 1; images <= 64; images += 63) {
            const char *name = choose_for("UHD 630", d, images)->name;
            small += strcmp(name, "conv_int8_tile_32x32x32") == 0;
            large += strcmp(name, "conv_int8_tile_64x64x32") == 0;
        }
    }
    assert_true(small > 0);
    assert_int_equal(large, 0);
    vrn_graph_free(&graph);
}

/* Rows for the matrices that Intel's GPUs list, 8x8x16 and 8x8x32, are there and are taken. */
static void arc_takes_matrices(void **state)
{
    static const struct {
        vrn_precision precision;
        const char *kernel;
    } taken[] = {
        {VRN_PRECISION_FP16, "conv_matrix_64x64x32_8x8x16_8"},
        {VRN_PRECISION_INT8, "conv_int8_matrix_64x64x64_8x8x32_8"},
    };
    (void)state;
    for (uint32_t i = 0; i < VRN_COUNT(taken); i++) {
        uint32_t layers = 0, others = 0;
        vrn_graph graph = {0};
        build(&graph, taken[i].precision);
        for (uint32_t k = 0; k < graph.count; k++) {
            const vrn_op_desc *d = &graph.nodes[k].desc;
            if (d->op != VRN_OP_CONV || d->in.c < 64) continue;
            const bool matrix = strcmp(choose_for("Arc A770", d, 64)->name, taken[i].kernel) == 0;
            layers += matrix;
            others += !matrix;
        }
        assert_true(layers > 0);
        assert_int_equal(others, 0);
        vrn_graph_free(&graph);
    }
}

static void cores_are_found(void **state)
{
    static const struct {
        const char *title;
        uint32_t count, lanes, threads;
    } known[] = {
        {"H200", 132, 128, 2048},     {"RTX 4090", 128, 128, 1536}, {"RX 7900 XTX", 96, 64, 2048},
        {"RX 580", 36, 64, 2560},     {"Arc A770", 32, 128, 1792},  {"UHD 630", 3, 64, 896},
        {"M1", 8, 128, 1024},         {"Adreno 740", 6, 256, 2048}, {"Mali-G610", 4, 64, 1024},
        {"VideoCore 7.1", 12, 4, 64}, {"BXS-4-64", 1, 64, 512},
    };
    (void)state;
    for (uint32_t i = 0; i < VRN_COUNT(devices); i++) {
        vrn_device device = {0};
        describe(&device, &devices[i]);
        assert_string_equal(devices[i].title, known[i].title);
        assert_int_equal(device.probe.cores.count, known[i].count);
        assert_int_equal(device.probe.cores.lanes, known[i].lanes);
        assert_int_equal(device.probe.cores.threads, known[i].threads);
    }
}

/* A GPU of nobody's that the tables know. */
static void a_stranger_is_guessed(void **state)
{
    const vrn_core_facts nothing = {0};
    vrn_device_info info = {
        .vendor_id = 0xFFFF, .type = VRN_DEVICE_INTEGRATED, .max_workgroup_invocations = 128};
    (void)state;
    const vrn_cores small = vrn_cores_find(&info, &nothing);
    info.type = VRN_DEVICE_DISCRETE;
    const vrn_cores large = vrn_cores_find(&info, &nothing);
    assert_true(small.count > 0 && small.count < large.count);
    assert_int_equal(small.registers, 32);
    assert_true(small.mhz > 0 && small.gbytes > 0 && small.lanes > 0 && small.threads > 0);
    assert_true(vrn_host_vectors() == 16 || vrn_host_vectors() == 32);
}

/* On a processor's driver with addresses the numbers of a precision are stored as floats. */
static void processors_round_floats(void **state)
{
    (void)state;
    for (uint32_t addresses = 0; addresses < 2; addresses++) {
        vrn_device device = {0};
        vrn_graph graph = {0};
        uint32_t halves = 0, bytes = 0, weights = 0;
        device.probe.info.type = VRN_DEVICE_CPU;
        device.probe.info.capabilities = addresses ? VRN_CAPABILITY_BUFFER_ADDRESSES : 0;
        build(&graph, VRN_PRECISION_INT8);
        vrn_graph_suit_device(&graph, &device);
        for (uint32_t i = 0; i < graph.count; i++) {
            const vrn_op_desc *d = &graph.nodes[i].desc;
            const vrn_type values = vrn_format_values(d->y);
            halves += values == VRN_TYPE_F16;
            bytes += values == VRN_TYPE_I8 && d->y.scale > 0;
            weights += (addresses ? graph.nodes[i].w_rounded : d->w) == VRN_TYPE_I8;
            if (!addresses) continue;
            assert_int_equal(d->x.type, VRN_TYPE_F32);
            assert_int_equal(d->y.type, VRN_TYPE_F32);
            assert_int_equal(d->r.type, VRN_TYPE_F32);
            assert_int_equal(d->w, VRN_TYPE_F32);
        }
        assert_int_equal(halves, 0);
        assert_int_equal(bytes, 54);   /* 53 convolutions and the max pool */
        assert_int_equal(weights, 52); /* all but the stem, whose input is floats */
        vrn_graph_free(&graph);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cores_are_found),
        cmocka_unit_test(a_stranger_is_guessed),
        cmocka_unit_test(a_preference_decides_about_the_pool),
        cmocka_unit_test(no_choice_spills),
        cmocka_unit_test(processors_round_floats),
        cmocka_unit_test(emulated_dot_products_take_registers),
        cmocka_unit_test(arc_takes_matrices),
        cmocka_unit_test(the_tables_are_kept),
    };
    if (argc == 2 && strcmp(argv[1], "--print") == 0) {
        print_tables(stdout);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
