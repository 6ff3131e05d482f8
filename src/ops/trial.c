#include "ops/trial.h"

#include "base/util.h"
#include "gpu/timestamps.h"
#include "gpu/upload.h"
#include "ops/support.h"

vrn_result vrn_bench_create(vrn_bench *bench, vrn_device *device)
{
    *bench = (vrn_bench){.device = device};
    vrn_result result = vrn_commands_create(&bench->commands, device, device->queues.items);
    return result ? result : vrn_timestamps_create(&bench->queries, device, 4);
}

void vrn_bench_destroy(vrn_bench *bench)
{
    vrn_device *device = bench->device;
    vrn_commands_destroy(&bench->commands, device);
    vrn_timestamps_destroy(bench->queries, device);
    vrn_buffer_destroy(&bench->inputs, device);
    vrn_buffer_destroy(&bench->results, device);
    *bench = (vrn_bench){.device = device};
}

vrn_trial_layout vrn_trial_lay_out(const vrn_kernel *kernel, const vrn_op_desc *desc,
                                   uint32_t images, const vrn_device *device)
{
    const uint64_t alignment = vrn_buffer_alignment(device);
    const uint64_t guard = vrn_round_up(VRN_TRIAL_GUARD_BYTES, alignment);
    uint64_t residual = 0;
    if (desc->op == VRN_OP_ADD) residual = vrn_tensor_bytes(desc->in, desc->r.type);
    if (desc->epilogue.residual) {
        residual = vrn_tensor_bytes(desc->epilogue.residual_shape, desc->r.type);
    }
    vrn_trial_layout l = {.x = guard, .y = guard};
    l.r = l.x + vrn_round_up(vrn_tensor_bytes(desc->in, desc->x.type) * images, alignment) + guard;
    l.w = l.r + vrn_round_up(residual * images, alignment) + guard;
    const uint64_t gate = desc->op == VRN_OP_SCALE ? vrn_gate_bytes(desc) * images : 0;
    const uint64_t w = gate ? gate : vrn_kernel_weight_bytes(kernel, desc);
    l.inputs = l.w + vrn_round_up(w, alignment) + guard;
    const uint64_t y = vrn_tensor_bytes(desc->out, desc->y.type) * images;
    l.scratch = l.y + vrn_round_up(y, alignment) + guard;
    l.results = l.scratch + vrn_kernel_scratch(kernel, desc, images, alignment, NULL) + guard;
    return l;
}

static vrn_result grow(vrn_buffer *buffer, vrn_device *device, uint64_t size, const char *name)
{
    if (size <= buffer->size) return VRN_OK;
    vrn_result result = vrn_buffer_reserve(buffer, device, VRN_BUFFER_DEVICE, size, name);
    vrn_upload upload = {.device = device};
    uint32_t state = 1;
    const uint64_t part = UINT64_C(16) << 20;
    for (uint64_t offset = 0; offset < size && !result; offset += part) {
        uint64_t bytes = vrn_min_u64(part, size - offset);
        void *memory;
        bool cached; /* ignored: it is written in order */
        result = vrn_upload_reserve(&upload, buffer, offset, bytes, &memory, &cached);
        uint32_t *words = memory;
        for (uint64_t i = 0; i < bytes / sizeof *words && !result; i++) {
            /* These bits are ordinary numbers in every format: two halves from 0.5 to 1, a float
             * from 3e-5 to 8e-3, or four bytes, with either sign. */
            state = state * 1664525u + 1013904223u;
            words[i] = (state & 0x83ff83ffu) | 0x38003800u;
        }
    }
    return vrn_upload_end(&upload, result);
}

vrn_result vrn_bench_reserve(vrn_bench *bench, uint64_t inputs, uint64_t results)
{
    vrn_result result = grow(&bench->inputs, bench->device, inputs, "trial inputs");
    return result ? result : grow(&bench->results, bench->device, results, "trial results");
}

vrn_result vrn_bench_begin(vrn_bench *bench, uint32_t slot)
{
    VkCommandBuffer buffer = bench->commands.buffers[slot];
    vrn_result result = vrn_commands_begin(buffer, bench->device, false);
    if (result) return result;
    vrn_timestamps_reset(bench->queries, bench->device, buffer, 2 * slot, 2);
    vrn_commands_barrier(buffer, bench->device, false);
    vrn_timestamps_write(bench->queries, bench->device, buffer, 2 * slot);
    return VRN_OK;
}

vrn_result vrn_bench_end(vrn_bench *bench, uint32_t slot)
{
    VkCommandBuffer buffer = bench->commands.buffers[slot];
    vrn_timestamps_write(bench->queries, bench->device, buffer, 2 * slot + 1);
    return vrn_commands_end(buffer, bench->device);
}

vrn_result vrn_bench_run(vrn_bench *bench, uint32_t slot, double *ms)
{
    const double begin = vrn_time_ms();
    vrn_result result =
        vrn_commands_run(&bench->commands, bench->device, bench->commands.buffers[slot]);
    *ms = vrn_time_ms() - begin;
    if (result || !bench->queries) return result;
    return vrn_timestamps_ms(bench->queries, bench->device, 2 * slot, ms);
}

vrn_result vrn_trial_create(vrn_trial *trial, vrn_bench *bench, const vrn_kernel *kernel,
                            const vrn_op_desc *desc, uint32_t images, uint32_t slot, bool *refused)
{
    vrn_device *device = bench->device;
    vrn_pipeline_key keys[VRN_PASSES_MAX];
    vrn_pipeline pipelines[VRN_PASSES_MAX];
    *trial = (vrn_trial){.slot = slot, .images = images};
    for (uint32_t i = 0; i < vrn_kernel_pass_count(kernel); i++)
        vrn_kernel_key(kernel, i, desc, &keys[i]);
    vrn_result result =
        vrn_pipelines_prepare(device, keys, vrn_kernel_pass_count(kernel), pipelines, refused);
    vrn_descriptor_counts counts = {0};
    vrn_kernel_count_descriptors(kernel, desc, images, &counts);
    if (!result) result = vrn_descriptor_pool_reserve(&trial->pool, device, counts);
    if (result) return result;
    const vrn_trial_layout l = vrn_trial_lay_out(kernel, desc, images, device);
    VkBuffer inputs = bench->inputs.handle, results = bench->results.handle;
    const vrn_operands operands = {
        .images = images,
        .x = {inputs, l.x},
        .w = {inputs, l.w},
        .r = {inputs, l.r},
        .y = {results, l.y},
        .scratch = {results, l.scratch},
    };
    return vrn_prepared_kernel_create(&trial->prepared, device, kernel, desc, &operands, pipelines,
                                      trial->pool.handle);
}

void vrn_trial_destroy(vrn_trial *trial, vrn_bench *bench)
{
    vrn_device *device = bench->device;
    vrn_prepared_kernel_destroy(&trial->prepared, device);
    vrn_descriptor_pool_destroy(&trial->pool, device);
    *trial = (vrn_trial){0};
}

vrn_result vrn_trial_record(vrn_trial *trial, vrn_bench *bench, uint32_t repeats)
{
    VkCommandBuffer buffer = bench->commands.buffers[trial->slot];
    trial->repeats = repeats;
    vrn_result result = vrn_bench_begin(bench, trial->slot);
    if (result) return result;
    for (uint32_t i = 0; i < repeats; i++) {
        vrn_prepared_kernel_record(&trial->prepared, trial->images, buffer, bench->device);
        vrn_commands_barrier(buffer, bench->device, false);
    }
    return vrn_bench_end(bench, trial->slot);
}

vrn_result vrn_trial_run(const vrn_trial *trial, vrn_bench *bench, double *ms)
{
    const bool on_processor = bench->device->probe.info.type == VRN_DEVICE_CPU;
    const double before = on_processor ? vrn_processor_time_ms() : -1;
    vrn_result result = vrn_bench_run(bench, trial->slot, ms);
    if (before >= 0) *ms = (vrn_processor_time_ms() - before) / vrn_core_count();
    *ms /= trial->repeats;
    return result;
}
