/* What a device can compute and move at best: the yardstick of the benchmark. */
#include <string.h>

#include <vkresnet/diagnostics.h>

#include "base/log.h"
#include "base/util.h"
#include "gpu/descriptor.h"
#include "gpu/queue.h"
#include "gpu/timestamps.h"
#include "gpu/upload.h"
#include "modules.h"
#include "ops/interface.h"

enum { RUNS_MAX = 6 };

/* A run this long is measured well; shorter ones are made longer, and no measurement goes on past
 * its share of the time. */
static const double run_ms = 8, measure_ms = 70;

typedef struct peak {
    vrn_device *device;
    uint32_t threads; /* of a work group: on a processor those that fill its vectors */
    vrn_buffer x, y;
    VkBufferView view; /* of x */
    VkDescriptorPool pool;
    vrn_commands commands;
    VkQueryPool queries; /* or VK_NULL_HANDLE: the host's clock */
} peak;

/* Records what is measured. */
typedef void (*record_function)(const peak *p, VkCommandBuffer buffer, const void *what);

static vrn_result time_once(peak *p, record_function record, const void *what, double *ms)
{
    vrn_device *device = p->device;
    VkCommandBuffer buffer = p->commands.buffers[0];
    *ms = 0;
    vrn_result result = vrn_commands_begin(buffer, device, true);
    if (result) return result;
    vrn_timestamps_reset(p->queries, device, buffer, 0, 2);
    vrn_timestamps_write(p->queries, device, buffer, 0);
    vrn_commands_barrier(buffer, device, false);
    record(p, buffer, what);
    vrn_commands_barrier(buffer, device, false);
    vrn_timestamps_write(p->queries, device, buffer, 1);
    result = vrn_commands_end(buffer, device);
    double begin = vrn_time_ms();
    if (!result) result = vrn_commands_run(&p->commands, device, buffer);
    *ms = vrn_time_ms() - begin;
    if (result || !p->queries) return result;
    return vrn_timestamps_ms(p->queries, device, 0, ms);
}

/* The fastest of several runs, after one that does not count. */
static vrn_result time_best(peak *p, record_function record, const void *what, double *best)
{
    double begin = vrn_time_ms(), ms;
    vrn_result result = time_once(p, record, what, best);
    for (int i = 0; i < RUNS_MAX && !result; i++) {
        if (i > 0 && vrn_time_ms() - begin > measure_ms) break;
        result = time_once(p, record, what, &ms);
        if (i == 0 || ms < *best) *best = ms;
    }
    return result;
}

static vrn_result make_kernel(peak *p, const vrn_module *module, bool reads, bool texel,
                              uint32_t push_bytes, vrn_pipeline *pipeline, VkDescriptorSet *set)
{
    vrn_pipeline_key key;
    memset(&key, 0, sizeof key);
    key.module = module;
    key.bindings = (reads ? 1u << VRN_BIND_X : 0) | 1u << VRN_BIND_Y;
    key.texel = texel ? 1u << VRN_BIND_X : 0;
    key.push_bytes = push_bytes;
    key.constant_count = 1;
    key.constant_ids[0] = VRN_ID_THREADS;
    key.constants[0] = p->threads;
    vrn_result result = vrn_pipeline_get(pipeline, p->device, &key);
    if (result) return result;
    const vrn_binding bindings[] = {
        {.binding = VRN_BIND_Y, .range = {p->y.handle, 0, p->y.size}},
        {.binding = VRN_BIND_X,
         .range = {p->x.handle, 0, p->x.size},
         .view = texel ? p->view : VK_NULL_HANDLE},
    };
    return vrn_descriptor_set_create(set, p->device, p->pool, pipeline, bindings, reads ? 2 : 1);
}

typedef struct fma_run {
    vrn_pipeline pipeline;
    VkDescriptorSet set;
    uint32_t groups;
    struct vrn_fma_push push;
} fma_run;

static void record_fma(const peak *p, VkCommandBuffer buffer, const void *what)
{
    const fma_run *run = what;
    vrn_pipeline_bind(&run->pipeline, p->device, buffer, run->set, &run->push, sizeof run->push);
    p->device->vk.CmdDispatch(buffer, run->groups, 1, 1);
}

static vrn_result measure_fma(peak *p, double *gflops)
{
    /* Enough work groups for every core there may be, and for their ends to be even. */
    const bool cpu = p->device->probe.info.type == VRN_DEVICE_CPU;
    fma_run run = {.groups = cpu ? 512 : 8192, .push = {.scale = 0.75f, .shift = 0.5f}};
    run.groups = vrn_min_u32(run.groups, (uint32_t)(p->y.size / 16 / p->threads));
    vrn_result result = make_kernel(p, &vrn_module_peak_fma, false, false, sizeof run.push,
                                    &run.pipeline, &run.set);
    double ms = 0;
    run.push.rounds = 1; /* some drivers compile on the first use only */
    if (!result) result = time_once(p, record_fma, &run, &ms);
    for (run.push.rounds = 16; !result; run.push.rounds *= 4) {
        result = time_once(p, record_fma, &run, &ms);
        if (result || ms * 2 > run_ms || run.push.rounds >= 1u << 20) break;
    }
    if (!result) result = time_best(p, record_fma, &run, &ms);
    if (result) return result;
    double flops =
        (double)run.groups * p->threads * run.push.rounds * VRN_FMA_STEPS * VRN_FMA_STEP_FLOPS;
    *gflops = ms > 0 ? flops / ms * 1e-6 : 0;
    return VRN_OK;
}

typedef struct copy_run {
    vrn_pipeline pipeline; /* without a handle: the driver's own copy */
    VkDescriptorSet set;
} copy_run;

static void record_copy(const peak *p, VkCommandBuffer buffer, const void *what)
{
    const copy_run *run = what;
    const struct vrn_copy_push push = {.count = (uint32_t)(p->x.size / 16)};
    if (!run->pipeline.handle) {
        const VkBufferCopy region = {.size = p->x.size};
        p->device->vk.CmdCopyBuffer(buffer, p->x.handle, p->y.handle, 1, &region);
        return;
    }
    vrn_pipeline_bind(&run->pipeline, p->device, buffer, run->set, &push, sizeof push);
    uint32_t groups = vrn_div_up(push.count, p->threads);
    uint32_t y = vrn_div_up(groups, p->device->probe.limits.maxComputeWorkGroupCount[0]);
    p->device->vk.CmdDispatch(buffer, vrn_div_up(groups, y), y, 1);
}

static vrn_result measure_copy(peak *p, double *gb_s)
{
    copy_run runs[3] = {0};
    uint32_t count = 1;
    vrn_result result = make_kernel(p, &vrn_module_peak_copy, true, false,
                                    sizeof(struct vrn_copy_push), &runs[1].pipeline, &runs[1].set);
    count++;
    if (!result && p->view) {
        result = make_kernel(p, &vrn_module_peak_copy_texel, true, true,
                             sizeof(struct vrn_copy_push), &runs[2].pipeline, &runs[2].set);
        count++;
    }
    *gb_s = 0;
    for (uint32_t i = 0; i < count && !result; i++) {
        double ms = 0;
        result = time_best(p, record_copy, &runs[i], &ms);
        double rate = ms > 0 ? 2 * (double)p->x.size / ms * 1e-6 : 0;
        if (!result && rate > *gb_s) *gb_s = rate;
    }
    return result;
}

/* What the copies read: memory that was never written may not be there at all. */
static vrn_result fill(peak *p)
{
    vrn_upload upload = {.device = p->device};
    vrn_result result = VRN_OK;
    const uint64_t part = UINT64_C(16) << 20;
    for (uint64_t offset = 0; offset < p->x.size && !result; offset += part) {
        uint64_t bytes = vrn_min_u64(part, p->x.size - offset);
        void *memory;
        bool cached; /* written in order either way */
        result = vrn_upload_reserve(&upload, &p->x, offset, bytes, &memory, &cached);
        if (!result) memset(memory, 0x3f, bytes); /* floats of about 0.75 */
    }
    vrn_result ended = vrn_upload_end(&upload);
    return result ? result : ended;
}

static vrn_result create(peak *p)
{
    vrn_device *device = p->device;
    const bool cpu = device->probe.info.type == VRN_DEVICE_CPU;
    p->threads = cpu ? 8 : vrn_min_u32(256, device->probe.limits.maxComputeWorkGroupInvocations);
    uint64_t bytes = UINT64_C(1) << (cpu ? 25 : 28);
    bytes = vrn_min_u64(bytes, device->probe.info.max_buffer_range);
    bytes = vrn_min_u64(bytes, vrn_min_u64(device->probe.info.max_allocation / 2,
                                           device->probe.info.memory_bytes / 8));
    bytes &= ~UINT64_C(4095);
    vrn_result result = vrn_buffer_create(&p->x, device, VRN_BUFFER_DEVICE, bytes, "peak x");
    if (!result) result = vrn_buffer_create(&p->y, device, VRN_BUFFER_DEVICE, bytes, "peak y");
    if (!result) result = fill(p);
    if (!result && vrn_device_has(device, VRN_CAPABILITY_TEXEL_BUFFERS) &&
        bytes / 16 <= device->probe.limits.maxTexelBufferElements) {
        result = vrn_texel_view_create(&p->view, device, (vrn_range){p->x.handle, 0, bytes},
                                       VK_FORMAT_R32G32B32A32_SFLOAT);
    }
    if (!result)
        result = vrn_descriptor_pool_create(
            &p->pool, device,
            (vrn_descriptor_counts){.sets = 3, .storage_buffers = 4, .texel_buffers = 1});
    if (!result) result = vrn_commands_create(&p->commands, device);
    return result ? result : vrn_timestamps_create(&p->queries, device, 2);
}

static void destroy(peak *p)
{
    vrn_device *device = p->device;
    vrn_commands_destroy(&p->commands, device);
    vrn_timestamps_destroy(p->queries, device);
    if (p->pool) device->vk.DestroyDescriptorPool(device->handle, p->pool, NULL);
    if (p->view) device->vk.DestroyBufferView(device->handle, p->view, NULL);
    vrn_buffer_destroy(&p->x, device);
    vrn_buffer_destroy(&p->y, device);
}

vrn_result vrn_device_measure_peak(vrn_device *device, vrn_device_peak *out)
{
    if (!device || !out) {
        return vrn_fail(device ? &device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_device_measure_peak: %s is NULL", device ? "peak" : "device");
    }
    *out = (vrn_device_peak){0};
    peak p = {.device = device};
    vrn_result result = vrn_device_alive(device);
    if (!result) result = create(&p);
    if (!result) result = measure_fma(&p, &out->gflops);
    if (!result) result = measure_copy(&p, &out->gb_s);
    destroy(&p);
    if (!result) {
        vrn_log_write(&device->log, VRN_LOG_INFO, "%s: %.0f GFLOP/s and %.0f GB/s at best",
                      device->probe.info.name, out->gflops, out->gb_s);
    }
    return result;
}
