/* Compiles every kernel for GPUs, with its tuned constants, for the layers of real networks on an
 * AMD GPU that is not there (RADV_FORCE_FAMILY): none may spill a register or use private memory,
 * shared memory is what the row declares, and a SIMD has room for the subgroups of at least one
 * work group. Skipped (77) where RADV or the family is missing. Such a device can only compile:
 * memory cannot be mapped on it and nothing run. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <vkresnet/diagnostics.h>

#include "base/util.h"
#include "ops/kernel.h"
#include "ops/support.h"

static vrn_device *device;

typedef struct tally {
    uint32_t compiled, bad;
    bool seen[VRN_OP_COUNT][192]; /* rows of the tables */
} tally;

static void message(void *user, vrn_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "  log: %s\n", text);
}

static void complain(tally *t, const vrn_kernel_statistics *s, const char *what, double value)
{
    t->bad++;
    fprintf(stderr, "%s, pass %u, for %s: %s: %g\n", s->kernel, s->pass, s->layer, what, value);
}

static void mark_seen(tally *t, const char *kernel)
{
    for (uint32_t o = 0; o < VRN_OP_COUNT; o++) {
        const vrn_kernel *k;
        for (uint32_t i = 0; (k = vrn_kernel_at((vrn_op)o, i)); i++) {
            if (strcmp(k->name, kernel) == 0) t->seen[o][i] = true;
        }
    }
}

static void check(void *user, const vrn_kernel_statistics *s)
{
    tally *t = user;
    vrn_device_info info;
    vrn_device_get_info(device, &info);
    t->compiled++;
    mark_seen(t, s->kernel);
    if (s->registers < 1) complain(t, s, "registers unknown", s->registers);
    if (s->spills != 0) complain(t, s, "spilled registers", s->spills);
    if (s->scratch_bytes > 0) complain(t, s, "private memory", s->scratch_bytes);
    if (s->occupancy < 1) complain(t, s, "subgroups of a SIMD", s->occupancy);
    if (s->declared_shared_bytes > info.shared_memory_bytes) {
        complain(t, s, "shared memory beyond the limit", s->declared_shared_bytes);
    }
    /* The driver allocates in blocks of 512 bytes, or 1024. */
    if (s->shared_bytes > s->declared_shared_bytes + 1023) {
        complain(t, s, "shared memory beyond what the row declares", s->shared_bytes);
    }
}

static void survey(tally *t, const char *name, vrn_precision precision)
{
    vrn_arch arch;
    assert_int_equal(vrn_arch_parse(&arch, name, NULL), VRN_OK);
    const vrn_kernel_statistics_params params = {
        .arch = &arch, .kernel = "", .precision = precision};
    assert_int_equal(vrn_device_get_kernel_statistics(device, &params, check, t), VRN_OK);
}

/* Every row that suits a GPU, also those that no merit would pick. */
static void no_kernel_spills(void **state)
{
    (void)state;
    static const char *const networks[] = {"resnet18", "resnet50", "resnext50_32x4d",
                                           "resnet18,norm=group"};
    tally t = {0};
    for (uint32_t i = 0; i < VRN_COUNT(networks); i++) survey(&t, networks[i], VRN_PRECISION_FP32);
    survey(&t, "resnet18", VRN_PRECISION_FP16);
    survey(&t, "resnext50_32x4d", VRN_PRECISION_INT8);
    fprintf(stderr, "%u pipelines\n", t.compiled);
    assert_true(t.compiled > 300);
    assert_int_equal(t.bad, 0);
    for (uint32_t o = 0; o < VRN_OP_COUNT; o++) {
        const vrn_kernel *kernel;
        for (uint32_t i = 0; (kernel = vrn_kernel_at((vrn_op)o, i)); i++) {
            assert_true(i < VRN_COUNT(t.seen[o]));
            if (kernel->variant->suits != VRN_SUITS_GPU || t.seen[o][i]) continue;
            if (!vrn_kernel_possible(kernel, device, NULL)) continue;
            fprintf(stderr, "%s: never compiled\n", kernel->name);
            t.bad++;
        }
    }
    assert_int_equal(t.bad, 0);
}

/* What would run: a kernel made for GPUs for each convolution, whatever the batch. */
static void check_chosen(void *user, const vrn_kernel_statistics *s)
{
    tally *t = user;
    check(user, s);
    if (!s->chosen) complain(t, s, "not the chosen kernel", 0);
    if (strcmp(s->op, "conv") == 0 && strcmp(s->kernel, "conv_generic") == 0) {
        complain(t, s, "the generic kernel was chosen", 0);
    }
}

static void choices_are_sound(void **state)
{
    (void)state;
    static const char *const networks[] = {"resnet18", "resnet50", "resnext50_32x4d"};
    static const uint32_t batches[] = {1, 8, 64};
    tally t = {0};
    for (uint32_t i = 0; i < VRN_COUNT(networks) * VRN_COUNT(batches); i++) {
        vrn_arch arch;
        assert_int_equal(vrn_arch_parse(&arch, networks[i / VRN_COUNT(batches)], NULL), VRN_OK);
        const vrn_kernel_statistics_params params = {.arch = &arch,
                                                     .batch = batches[i % VRN_COUNT(batches)]};
        assert_int_equal(vrn_device_get_kernel_statistics(device, &params, check_chosen, &t),
                         VRN_OK);
    }
    assert_int_equal(t.bad, 0);
}

static void asks_are_checked(void **state)
{
    (void)state;
    vrn_arch wrong = {.layers = {2, 2, 2, 2}, .block = VRN_BLOCK_BASIC, .groups = 7};
    const vrn_kernel_statistics_params params = {.arch = &wrong};
    tally t = {0};
    assert_int_equal(vrn_device_get_kernel_statistics(device, &params, check, &t),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(vrn_device_get_kernel_statistics(device, NULL, NULL, NULL),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(t.compiled, 0);
}

/* Mesa aborts the process where it does not know the family. */
static bool family_unknown(void)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        uint32_t count;
        vrn_device_list(NULL, 0, &count, NULL);
        _exit(0);
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
           WTERMSIG(status) == SIGABRT;
}

int main(void)
{
    const char *family = getenv("RADV_FORCE_FAMILY"), *icd = getenv("VK_DRIVER_FILES");
    vrn_device_info info;
    if (!family || !icd || access(icd, R_OK) != 0 || family_unknown()) {
        fprintf(stderr, "no RADV for %s: skipped\n", family ? family : "RADV_FORCE_FAMILY");
        return 77;
    }
    if (vrn_device_create(&device, &(vrn_device_params){.log = {.message = message}}) != VRN_OK) {
        return 1;
    }
    vrn_device_get_info(device, &info);
    fprintf(stderr, "%s, %s\n", info.name, info.driver);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_kernel_spills),
        cmocka_unit_test(choices_are_sound),
        cmocka_unit_test(asks_are_checked),
    };
    int failed = cmocka_run_group_tests_name("radv", tests, NULL, NULL);
    vrn_device_destroy(&device);
    return failed;
}
