#include "tools/kernel_check.h"

#include <math.h>

#include "base/util.h"
#include "gpu/upload.h"
#include "net/format.h"

/* -12345.678 as a float: far from every result of a case. */
static const uint32_t poison = 0xc640e6b6;

vrn_result vrn_checker_create(vrn_checker *checker, vrn_device *device)
{
    *checker = (vrn_checker){0};
    return vrn_bench_create(&checker->bench, device);
}

void vrn_checker_destroy(vrn_checker *checker)
{
    vrn_buffer_destroy(&checker->readback, checker->bench.device);
    vrn_bench_destroy(&checker->bench);
}

static void fill(void *memory, uint64_t bytes)
{
    uint32_t *words = memory;
    for (uint64_t i = 0; i < bytes / sizeof *words; i++) words[i] = poison;
}

/* Writes the operands to the inputs, and the pattern everywhere else. */
static vrn_result write_memory(vrn_checker *checker, const vrn_trial_layout *l,
                               const vrn_kernel *kernel, const vrn_case_data *data)
{
    vrn_upload upload = {.device = checker->bench.device};
    void *memory;
    bool cached; /* ignored: for a few kilobytes the order does not matter */
    vrn_result result =
        vrn_upload_reserve(&upload, &checker->bench.inputs, 0, l->inputs, &memory, &cached);
    if (!result) {
        char *inputs = memory;
        fill(memory, l->inputs);
        vrn_case_store(inputs + l->x, data->x, data->desc.x, data->desc.in, data->images);
        if (data->residual) {
            vrn_case_store(inputs + l->r, data->residual, data->desc.r, data->residual_shape,
                           data->images);
        }
        if (data->desc.op == VRN_OP_SCALE) {
            vrn_case_store(inputs + l->w, data->params.own[VRN_PARAM_WEIGHT], (vrn_format){0},
                           (vrn_shape){1, 1, data->desc.in.c}, data->images);
        }
        if (!vrn_kernel_pack(kernel, &data->desc, &data->params, inputs + l->w)) {
            result = vrn_fail_memory(&checker->bench.device->log);
        }
    }
    if (!result) {
        result =
            vrn_upload_reserve(&upload, &checker->bench.results, 0, l->results, &memory, &cached);
    }
    if (!result) fill(memory, l->results);
    return vrn_upload_end(&upload, result);
}

/* Runs the kernel and copies all results to the host. */
static vrn_result run(vrn_checker *checker, const vrn_trial *trial, const vrn_trial_layout *l)
{
    vrn_bench *bench = &checker->bench;
    vrn_device *device = bench->device;
    VkCommandBuffer buffer = bench->commands.buffers[trial->slot];
    vrn_result result = vrn_commands_begin(buffer, device, true);
    if (result) return result;
    const VkBufferCopy region = {.size = l->results};
    vrn_prepared_kernel_record(&trial->prepared, trial->images, buffer, device);
    vrn_commands_barrier(buffer, device, false);
    device->vk.CmdCopyBuffer(buffer, bench->results.handle, checker->readback.handle, 1, &region);
    vrn_commands_barrier(buffer, device, true);
    result = vrn_commands_end(buffer, device);
    if (!result) result = vrn_commands_run(&bench->commands, device, buffer);
    return result;
}

static void note(vrn_kernel_verdict *verdict, const vrn_mismatch *mismatch)
{
    if (verdict->wrong++ == 0) verdict->first = *mismatch;
}

/* Checks that the words from `begin` to `end` still have the pattern. */
static void compare_guard(vrn_kernel_verdict *verdict, const vrn_case_data *data,
                          const uint32_t *words, uint64_t begin, uint64_t end)
{
    for (uint64_t i = begin / sizeof *words; i < end / sizeof *words; i++) {
        if (words[i] == poison) continue;
        verdict->worst = INFINITY;
        note(verdict, &(vrn_mismatch){.name = data->name,
                                      .precision = vrn_type_name(data->type),
                                      .outside = true});
    }
}

/* How far floats may be from the numbers that they should be rounded to: shaders round halves below
 * 2^-14 to a fixed number of bits, and multiply bytes by their scale. 0: floats are not rounded. */
static double rounding_slack(vrn_format y)
{
    if (y.type != VRN_TYPE_F32 || y.rounded == VRN_TYPE_F32) return 0;
    return y.rounded == VRN_TYPE_F16 ? 0x1p-24 : 1e-4 * (double)y.scale;
}

static void compare_output(vrn_kernel_verdict *verdict, const vrn_case_data *data,
                           const void *output)
{
    const vrn_op_desc *d = &data->desc;
    const uint32_t padded = vrn_c4(d->out.c) * 4, pixels = d->out.h * d->out.w;
    const double slack = rounding_slack(d->y);
    for (size_t i = 0; i < (size_t)data->images * pixels * padded; i++) {
        const uint32_t c = (uint32_t)(i % padded), pixel = (uint32_t)(i / padded);
        double expected = c < d->out.c ? data->expected[(size_t)pixel * d->out.c + c] : 0;
        const float found = vrn_format_load(d->y, output, i);
        double share = fabs((double)found - expected) / vrn_case_tolerance(d, expected);
        if (slack > 0 && share <= 1) { /* near enough, but is it rounded? */
            const double rounded = (double)vrn_format_round(d->y, found);
            const double off = fabs((double)found - rounded) / slack;
            if (off > 1) expected = rounded;
            share = fmax(share, off);
        }
        if (!(share <= verdict->worst)) verdict->worst = isnan(share) ? INFINITY : share;
        if (share <= 1) continue;
        note(verdict, &(vrn_mismatch){
                          .name = data->name,
                          .precision = vrn_type_name(data->type),
                          .n = pixel / pixels,
                          .y = pixel % pixels / d->out.w,
                          .x = pixel % d->out.w,
                          .c = c,
                          .expected = expected,
                          .found = (double)found,
                      });
    }
}

static void compare(vrn_kernel_verdict *verdict, const vrn_checker *checker,
                    const vrn_trial_layout *l, const vrn_kernel *kernel, const vrn_case_data *data)
{
    const char *results = checker->readback.mapped;
    const uint32_t *words = checker->readback.mapped;
    uint64_t end = l->y + vrn_tensor_bytes(data->desc.out, data->desc.y.type) * data->images;
    uint64_t scratch[VRN_SCRATCH_MAX] = {0};
    vrn_kernel_scratch(kernel, &data->desc, data->images,
                       vrn_buffer_alignment(checker->bench.device), scratch);
    *verdict = (vrn_kernel_verdict){0};
    compare_output(verdict, data, results + l->y);
    compare_guard(verdict, data, words, 0, l->y);
    for (uint32_t i = 0; i < VRN_SCRATCH_MAX; i++) {
        compare_guard(verdict, data, words, end, l->scratch + scratch[i]);
        end = l->scratch + scratch[i] +
              vrn_kernel_scratch_bytes(kernel, &data->desc, i + 1, data->images);
    }
    compare_guard(verdict, data, words, end, l->results);
}

vrn_result vrn_kernel_check(vrn_kernel_verdict *verdict, vrn_checker *checker,
                            const vrn_kernel *kernel, const vrn_case_data *data)
{
    vrn_bench *bench = &checker->bench;
    const vrn_trial_layout l = vrn_trial_lay_out(kernel, &data->desc, data->images, bench->device);
    vrn_trial trial = {0};
    vrn_result result = vrn_bench_reserve(bench, l.inputs, l.results);
    if (!result) {
        result = vrn_buffer_reserve(&checker->readback, bench->device, VRN_BUFFER_READBACK,
                                    l.results, "check readback");
    }
    if (!result) result = write_memory(checker, &l, kernel, data);
    if (!result)
        result = vrn_trial_create(&trial, bench, kernel, &data->desc, data->images, 0, NULL);
    if (!result) result = run(checker, &trial, &l);
    if (!result) compare(verdict, checker, &l, kernel, data);
    vrn_trial_destroy(&trial, bench);
    return result;
}
