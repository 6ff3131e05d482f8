#include "plan/speeds.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/number.h"
#include "gpu/device.h"
#include "ops/support.h"
#include "ops/trial.h"

/* How a kernel reads what all lanes share. */
enum {
    WAY_BINDINGS,  /* storage and texel buffers */
    WAY_ARRAYS,    /* an array of storage buffers */
    WAY_ADDRESSES, /* addresses, also in loops */
    WAY_STRAIGHT,  /* addresses in code without loops */
    WAYS,
};

static const char *const way_names[WAYS] = {"bindings", "arrays", "addresses", "straight"};

/* A difference that counts. The ways of the releases that are known differ by a factor of two and
 * more. */
static const double least_ratio = 1.3;

/* In each of these rounds, every way has a warm-up and some runs: what other threads of the process
 * do at the time adds to the processor time, but hardly to that of one way in all rounds. */
enum { ROUNDS = 2, RUNS = 3 };

/* A way that takes this many times as long as the fastest is not timed more closely. */
static const double hopeless_ratio = 5;

/* A 1x1 convolution of resnet50's third stage. */
static const vrn_op_desc product = {
    .op = VRN_OP_CONV,
    .in = {14, 14, 256},
    .out = {14, 14, 256},
    .kernel = {1, 1},
    .stride = {1, 1},
    .dilation = {1, 1},
    .groups = 1,
    .epilogue = {.bias = true, .relu = true},
};

typedef struct speeds {
    vrn_attachment base;
    atomic_bool known;
    double ratios[WAYS]; /* set before `known` */
} speeds;

static const vrn_attachment_kind speeds_kind = {sizeof(speeds), NULL};

static uint32_t way_of(const vrn_kernel *kernel)
{
    uint32_t way = WAY_BINDINGS;
    if (kernel->variant->needs & VRN_CAPABILITY_BUFFER_ARRAYS) way = WAY_ARRAYS;
    for (uint32_t i = 0; i < vrn_kernel_pass_count(kernel); i++) {
        const vrn_shader *shader = vrn_kernel_shader(kernel, i);
        if (shader->addressed) way = shader->straight ? WAY_STRAIGHT : WAY_ADDRESSES;
    }
    return way;
}

/* The best kernels by merit for the product, one for each way; NULL: the device has none. */
static void find_kernels(const vrn_device *device, const vrn_kernel *kernels[WAYS])
{
    double merits[WAYS] = {0};
    const vrn_kernel *kernel;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(product.op, i)); i++) {
        if (kernel->variant->suits != VRN_SUITS_CPU ||
            !vrn_kernel_supported(kernel, &product, device)) {
            continue;
        }
        const uint32_t way = way_of(kernel);
        const double merit = vrn_kernel_merit(kernel, &product, 1, &device->probe.cores);
        if (kernels[way] && merit <= merits[way]) continue;
        kernels[way] = kernel;
        merits[way] = merit;
    }
}

/* Lowers `best` to the fastest of several runs of a kernel; at first it is infinite. */
static vrn_result time_kernel(vrn_bench *bench, const vrn_kernel *kernel, double least,
                              double *best, bool *refused)
{
    vrn_trial trial = {0};
    const vrn_trial_layout l = vrn_trial_lay_out(kernel, &product, 1, bench->device);
    vrn_result result = vrn_bench_reserve(bench, l.inputs, l.results);
    if (!result) result = vrn_trial_create(&trial, bench, kernel, &product, 1, 0, refused);
    if (!result) result = vrn_trial_record(&trial, bench, 1);
    for (int i = 0; i <= RUNS && !result; i++) { /* the first is a warm-up */
        double ms;
        result = vrn_trial_run(&trial, bench, &ms);
        if (i > 0) *best = fmin(*best, ms);
        if (i > 0 && *best > hopeless_ratio * least) break;
    }
    vrn_trial_destroy(&trial, bench);
    return *refused ? VRN_OK : result;
}

/* Infinite times: the device has no such kernel, or cannot compile it, as `refused` says. */
static vrn_result measure(vrn_device *device, const vrn_kernel *const kernels[WAYS],
                          double ms[WAYS], bool *refused)
{
    bool out[WAYS] = {0};
    double least = INFINITY;
    vrn_bench bench;
    vrn_result result = vrn_bench_create(&bench, device);
    for (uint32_t i = 0; i < ROUNDS * WAYS && !result; i++) {
        const uint32_t way = i % WAYS;
        if (i < WAYS) ms[way] = INFINITY;
        if (!kernels[way] || out[way] || (i >= WAYS && ms[way] > hopeless_ratio * least)) continue;
        result = time_kernel(&bench, kernels[way], least, &ms[way], &out[way]);
        least = fmin(least, ms[way]);
        *refused |= out[way];
    }
    vrn_bench_destroy(&bench);
    if (result) return result;
    char text[256] = "";
    for (uint32_t way = 0, used = 0; way < WAYS; way++) {
        if (!kernels[way]) continue;
        used += (uint32_t)snprintf(text + used, sizeof text - used, "%s%s %.3f ms",
                                   used ? ", " : "", way_names[way], ms[way]);
    }
    vrn_log_write(
        &device->log, VRN_LOG_INFO,
        "%s: this release of the driver is not known; times of a matrix product, measured "
        "for each way of reading data: %s",
        device->probe.info.name, text);
    return VRN_OK;
}

/* The cache has whole nanoseconds, a line for each way; 0: the device has no such kernel. */
static bool parse(double ms[WAYS], const char *text, size_t size)
{
    uint32_t way = 0;
    for (size_t at = 0; at < size && way < WAYS; way++) {
        size_t length = 0;
        uint64_t ns;
        while (at + length < size && text[at + length] != '\n') length++;
        if (!vrn_parse_number(text + at, length, UINT64_C(1000000000000), &ns)) return false;
        ms[way] = ns ? (double)ns * 1e-6 : INFINITY;
        at += length + 1;
    }
    return way == WAYS;
}

static void keep(const vrn_device *device, const char *name, const char *key, size_t key_size,
                 const double ms[WAYS])
{
    char text[WAYS * 24];
    size_t used = 0;
    if (!vrn_device_keeps(device)) return;
    for (uint32_t way = 0; way < WAYS; way++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%" PRIu64 "\n",
                                 isinf(ms[way]) ? 0 : (uint64_t)(ms[way] * 1e6 + 0.5));
    }
    vrn_device_cache_write(device, name, key, key_size, text, used);
}

static vrn_result find_times(vrn_device *device, double ms[WAYS])
{
    const vrn_kernel *kernels[WAYS] = {0};
    find_kernels(device, kernels);
    char name[VRN_CACHE_NAME], key[VRN_CACHE_KEY], version[64];
    uint64_t hash = VRN_HASH_START;
    for (uint32_t way = 0; way < WAYS; way++) {
        if (kernels[way]) hash = vrn_kernel_hash(hash, kernels[way]);
    }
    snprintf(version, sizeof version, "speeds 1 of %016" PRIx64, hash);
    const size_t key_size = vrn_device_cache_names(device, "speeds", version, name, key);
    void *kept;
    size_t size;
    bool found = false;
    if (vrn_device_cache_read(device, name, key, key_size, &kept, &size)) {
        found = parse(ms, kept, size);
        vrn_free(kept);
    }
    if (found) return VRN_OK;
    bool refused = false;
    vrn_result result = measure(device, kernels, ms, &refused);
    /* The driver may only have been short of memory. */
    if (!result && !refused) keep(device, name, key, key_size, ms);
    return result;
}

static void set_ratios(speeds *s, const double ms[WAYS])
{
    double least = INFINITY;
    for (uint32_t way = 0; way < WAYS; way++) least = fmin(least, ms[way]);
    for (uint32_t way = 0; way < WAYS; way++) {
        const double ratio = isinf(ms[way]) ? VRN_SPEEDS_WORST : ms[way] / least;
        s->ratios[way] = ratio < least_ratio ? 1 : fmin(ratio, VRN_SPEEDS_WORST);
    }
    atomic_store(&s->known, true);
}

void vrn_speeds_measure(vrn_device *device)
{
    speeds *s = device->quirks.unmeasured ? vrn_device_attachment(device, &speeds_kind) : NULL;
    if (!s) return;
    vrn_mutex_lock(s->base.lock);
    double ms[WAYS];
    if (!atomic_load(&s->known) && !find_times(device, ms)) set_ratios(s, ms);
    vrn_mutex_unlock(s->base.lock);
}

double vrn_speeds_ratio(const vrn_device *device, const vrn_kernel *kernel)
{
    const speeds *s = vrn_device_find_attachment(device, &speeds_kind);
    return s && atomic_load(&s->known) ? s->ratios[way_of(kernel)] : 1;
}
