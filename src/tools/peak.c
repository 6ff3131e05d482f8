/* Measures a device's peak arithmetic and memory rates, with which the benchmark compares. */
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "base/util.h"
#include "modules.h"
#include "ops/grid.h"
#include "ops/trial.h"

enum { RUNS_MAX = 6 };

/* The run time needed for an accurate measurement; shorter runs are extended. And the time limit of
 * one measurement. */
static const double run_ms = 8, measure_ms = 70;

typedef struct peak {
    vrn_bench bench;   /* copies read its inputs and write its results */
    uint32_t threads;  /* of a work group; on a CPU, the width of its vectors */
    VkBufferView view; /* of the inputs */
    vrn_descriptor_pool pool;
} peak;

/* A measured workload. */
typedef struct work {
    vrn_pipeline pipeline; /* no handle: vkCmdCopyBuffer */
    VkDescriptorSet set;
    uint32_t groups;
    union {
        struct vrn_fma_push fma;
        struct vrn_copy_push copy;
    } push;
    uint32_t push_bytes;
} work;

static vrn_result time_once(peak *p, const work *w, double *ms)
{
    const vrn_device *device = p->bench.device;
    VkCommandBuffer buffer = p->bench.commands.buffers[0];
    *ms = 0;
    vrn_result result = vrn_bench_begin(&p->bench, 0);
    if (result) return result;
    if (w->pipeline.handle) {
        vrn_pipeline_bind(&w->pipeline, device, buffer, w->set, &w->push, w->push_bytes);
        vrn_grid_dispatch((vrn_grid){.x = w->groups, .z = 1}, buffer, device);
    } else {
        const VkBufferCopy region = {.size = p->bench.inputs.size};
        device->vk.CmdCopyBuffer(buffer, p->bench.inputs.handle, p->bench.results.handle, 1,
                                 &region);
    }
    vrn_commands_barrier(buffer, device, false);
    result = vrn_bench_end(&p->bench, 0);
    return result ? result : vrn_bench_run(&p->bench, 0, ms);
}

/* The fastest of several runs after a warm-up run. */
static vrn_result time_best(peak *p, const work *w, double *best)
{
    double begin = vrn_time_ms(), ms;
    vrn_result result = time_once(p, w, best);
    for (int i = 0; i < RUNS_MAX && !result; i++) {
        if (i > 0 && vrn_time_ms() - begin > measure_ms) break;
        result = time_once(p, w, &ms);
        if (i == 0 || ms < *best) *best = ms;
    }
    return result;
}

/* `reads`: the kernel copies; `texel`: it reads through the view. */
static vrn_result make_kernel(peak *p, work *w, const vrn_module *module, bool reads, bool texel)
{
    vrn_device *device = p->bench.device;
    vrn_pipeline_key key;
    memset(&key, 0, sizeof key);
    key.module = module;
    key.bindings = (reads ? 1u << VRN_BIND_X : 0) | 1u << VRN_BIND_Y;
    key.texel = texel ? 1u << VRN_BIND_X : 0;
    key.push_bytes = w->push_bytes;
    key.constant_count = 1;
    key.constant_ids[0] = VRN_ID_THREADS;
    key.constants[0] = p->threads;
    vrn_result result = vrn_pipeline_get(&w->pipeline, device, &key);
    if (result) return result;
    const vrn_buffer *x = &p->bench.inputs, *y = &p->bench.results;
    const vrn_binding bindings[] = {
        {.binding = VRN_BIND_Y, .range = {y->handle, 0, y->size}},
        {.binding = VRN_BIND_X,
         .range = {x->handle, 0, x->size},
         .view = texel ? p->view : VK_NULL_HANDLE},
    };
    return vrn_descriptor_set_create(&w->set, device, p->pool.handle, &w->pipeline, bindings,
                                     reads ? 2 : 1);
}

static vrn_result measure_fma(peak *p, double *gflops)
{
    /* Enough work groups to occupy every core, and to let all cores finish at about the same
     * time. */
    const bool cpu = p->bench.device->probe.info.type == VRN_DEVICE_CPU;
    work w = {
        .groups =
            vrn_min_u32(cpu ? 512 : 8192, (uint32_t)(p->bench.results.size / 16 / p->threads)),
        .push.fma = {.scale = 0.75f, .shift = 0.5f},
        .push_bytes = sizeof w.push.fma,
    };
    vrn_result result = make_kernel(p, &w, &vrn_module_peak_fma, false, false);
    double ms = 0;
    w.push.fma.rounds = 1; /* some drivers compile at the first use */
    if (!result) result = time_once(p, &w, &ms);
    for (w.push.fma.rounds = 16; !result; w.push.fma.rounds *= 4) {
        result = time_once(p, &w, &ms);
        if (result || ms * 2 > run_ms || w.push.fma.rounds >= 1u << 20) break;
    }
    if (!result) result = time_best(p, &w, &ms);
    if (result) return result;
    double flops =
        (double)w.groups * p->threads * w.push.fma.rounds * VRN_FMA_STEPS * VRN_FMA_STEP_FLOPS;
    *gflops = ms > 0 ? flops / ms * 1e-6 : 0;
    return VRN_OK;
}

/* Measures vkCmdCopyBuffer and the copying kernels; the fastest counts. */
static vrn_result measure_copy(peak *p, double *gb_s)
{
    static const vrn_module *const modules[] = {NULL, &vrn_module_peak_copy,
                                                &vrn_module_peak_copy_texel};
    const uint64_t bytes = p->bench.inputs.size;
    vrn_result result = VRN_OK;
    *gb_s = 0;
    for (uint32_t i = 0; i < (p->view ? 3 : 2) && !result; i++) {
        const uint32_t count = (uint32_t)(bytes / 16);
        work w = {.groups = vrn_div_up(count, p->threads),
                  .push.copy = {.count = count},
                  .push_bytes = sizeof w.push.copy};
        double ms = 0;
        if (modules[i]) result = make_kernel(p, &w, modules[i], true, i == 2);
        if (!result) result = time_best(p, &w, &ms);
        const double rate = ms > 0 ? 2 * (double)bytes / ms * 1e-6 : 0;
        if (!result && rate > *gb_s) *gb_s = rate;
    }
    return result;
}

static vrn_result create(peak *p, vrn_device *device)
{
    const vrn_probe *probe = &device->probe;
    const bool cpu = probe->info.type == VRN_DEVICE_CPU;
    p->threads = cpu ? 8 : vrn_min_u32(256, probe->limits.maxComputeWorkGroupInvocations);
    uint64_t bytes = UINT64_C(1) << (cpu ? 25 : 28);
    bytes = vrn_min_u64(bytes, probe->info.max_buffer_range);
    bytes = vrn_min_u64(bytes,
                        vrn_min_u64(probe->info.max_allocation / 2, probe->info.memory_bytes / 8));
    bytes &= ~UINT64_C(4095);
    vrn_result result = vrn_bench_create(&p->bench, device);
    /* This also writes the memory: the system may not provide pages before. */
    if (!result) result = vrn_bench_reserve(&p->bench, bytes, bytes);
    if (!result && vrn_device_has(device, VRN_CAPABILITY_TEXEL_BUFFERS) &&
        bytes / 16 <= probe->limits.maxTexelBufferElements) {
        result =
            vrn_texel_view_create(&p->view, device, (vrn_range){p->bench.inputs.handle, 0, bytes},
                                  VK_FORMAT_R32G32B32A32_SFLOAT);
    }
    if (result) return result;
    return vrn_descriptor_pool_reserve(
        &p->pool, device,
        (vrn_descriptor_counts){.sets = 3, .storage_buffers = 4, .texel_buffers = 1});
}

static void destroy(peak *p, vrn_device *device)
{
    vrn_descriptor_pool_destroy(&p->pool, device);
    if (p->view) device->vk.DestroyBufferView(device->handle, p->view, device->host);
    vrn_bench_destroy(&p->bench);
}

vrn_result vrn_device_measure_peak(vrn_device *device, vrn_device_peak *out)
{
    if (!device || !out) {
        return vrn_fail(device ? &device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_device_measure_peak: %s is NULL", device ? "peak" : "device");
    }
    *out = (vrn_device_peak){0};
    peak p = {.bench = {.device = device}};
    vrn_result result = vrn_device_alive(device);
    if (!result) result = create(&p, device);
    if (!result) result = measure_fma(&p, &out->gflops);
    if (!result) result = measure_copy(&p, &out->gb_s);
    destroy(&p, device);
    if (!result) {
        vrn_log_write(&device->log, VRN_LOG_INFO, "%s: %.0f GFLOP/s and %.0f GB/s at best",
                      device->probe.info.name, out->gflops, out->gb_s);
    }
    return result;
}
