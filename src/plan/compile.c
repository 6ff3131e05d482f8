#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/transform.h"
#include "base/util.h"
#include "net/fuse.h"
#include "ops/support.h"
#include "plan/pools.h"
#include "plan/precision.h"
#include "plan/program.h"
#include "plan/speeds.h"

/* The default limit of the arena's size. A larger arena gains little speed. */
static const uint64_t default_memory_limit = UINT64_C(1) << 30;

/* Drivers reset a device after 2 s (Windows) to 10 s. */
static const double default_limit_ms = 1000;

/* Plans use this share of a limit, because some operations are slower than the pace, which is an
 * average. */
static const double limit_share = 0.5;

/* Dispatches are divisible if a device that takes this many milliseconds for 1e9 operations would
 * need it. On a slower device the parts may exceed the limit. */
static const double slowest_pace = 1000;

/* Finds the requested taps. Must run before fusion, which keeps them. */
static vrn_result find_taps(vrn_program *program, const vrn_session_params *params, vrn_value *taps)
{
    for (uint32_t i = 0; i < params->tap_count; i++) {
        const char *name = params->taps[i] ? params->taps[i] : "";
        if (strcmp(name, VRN_CLASS_MAP) == 0) {
            vrn_result result =
                vrn_graph_add_class_map(&program->graph, &taps[i], &program->device->log);
            if (result) return result;
            continue;
        }
        taps[i] = strcmp(name, VRN_INPUT_TAP) == 0 ? 0 : vrn_graph_find(&program->graph, name);
        if (taps[i] == VRN_NO_VALUE) {
            return vrn_fail(&program->device->log, VRN_ERROR_INVALID_ARGUMENT,
                            "tap '%s': the network has no module of this name", name);
        }
    }
    return VRN_OK;
}

/* *taps receives an array of the requested taps or, with `observe`, of all values of the compiled
 * graph. */
static vrn_result build_graph(vrn_program *program, const vrn_session_params *params, bool observe,
                              vrn_value **taps)
{
    const vrn_log *log = &program->device->log;
    vrn_arch arch = *vrn_model_arch(program->model);
    if (params->probabilities) arch.probabilities = params->probabilities;
    vrn_result result =
        vrn_graph_build(&program->graph, &arch, program->info.height, program->info.width, log);
    if (result) return result;
    program->tap_count = observe ? program->graph.count + 1 : params->tap_count;
    *taps = vrn_alloc(program->tap_count, sizeof **taps);
    if (!*taps) return vrn_fail_memory(log);
    if (!observe) result = find_taps(program, params, *taps);
    if (!result && !params->no_fusion) {
        result = vrn_graph_fuse(&program->graph, *taps, observe ? 0 : params->tap_count, log);
    }
    if (!result) {
        result = vrn_graph_set_precision(&program->graph, program->model, params->precision,
                                         params->fp32_layers, params->fp32_layer_count, log);
    }
    if (result) return result;
    vrn_graph_suit_device(&program->graph, program->device);
    if (observe) {
        program->tap_count = program->graph.count + 1;
        for (uint32_t i = 0; i < program->tap_count; i++) (*taps)[i] = i;
    } else if (!params->no_fusion) {
        vrn_graph_absorb_pools(&program->graph, program->device, program->info.batch,
                               vrn_choice_preferred(params), *taps, params->tap_count);
    }
    return VRN_OK;
}

/* Chooses all kernels for `images` images at once. */
static vrn_result choose_kernels(vrn_program *program, const char *prefer, uint32_t images,
                                 vrn_tuned *tuned)
{
    program->chosen_for = images;
    for (uint32_t i = 0; i < program->graph.count; i++) {
        const vrn_node *node = &program->graph.nodes[i];
        vrn_step *step = &program->steps[i];
        step->choice = vrn_choose(tuned, program->device, &node->desc, images, prefer);
        if (!step->choice.kernel && vrn_choice_avoided(program->device, &node->desc)) {
            return vrn_fail(&program->device->log, VRN_ERROR_UNSUPPORTED,
                            "%s: the self-test found that every kernel that could compute %s is "
                            "wrong on this device",
                            program->device->probe.info.name, node->name);
        }
        if (!step->choice.kernel) {
            return vrn_fail(
                &program->device->log, VRN_ERROR_UNSUPPORTED,
                "%s: for one image, %s (its output is %ux%ux%u) exceeds the limits of the device "
                "(buffers of at most %llu MiB): use smaller images",
                program->device->probe.info.name, node->name, node->desc.out.h, node->desc.out.w,
                node->desc.out.c,
                (unsigned long long)(program->device->probe.info.max_buffer_range >> 20));
        }
    }
    return VRN_OK;
}

static void describe_choices(vrn_program *program)
{
    for (uint32_t i = 0; i < program->graph.count; i++) {
        const vrn_node *node = &program->graph.nodes[i];
        const vrn_step *step = &program->steps[i];
        program->info.gflops += vrn_op_flops(&node->desc) * 1e-9;
        vrn_log_write(&program->device->log, VRN_LOG_DEBUG, "%s: %s -> %s (%s)", node->name,
                      vrn_op_name(node->desc.op), step->choice.kernel->name,
                      vrn_choice_why_name(step->choice.why));
    }
}

/* The largest number of images in a slice within the limits of all bindings and of the arena. */
static uint32_t slice_limit(const vrn_program *program, uint64_t image_arena_bytes,
                            uint64_t memory_limit)
{
    uint64_t slice = program->info.batch;
    slice = vrn_min_u64(slice, memory_limit / image_arena_bytes);
    for (uint32_t i = 0; i < program->graph.count; i++) {
        const vrn_op_desc *desc = &program->graph.nodes[i].desc;
        const vrn_kernel *kernel = program->steps[i].choice.kernel;
        for (uint32_t k = 0; k < vrn_kernel_pass_count(kernel) * VRN_BIND_COUNT; k++) {
            uint32_t pass = k / VRN_BIND_COUNT, b = k % VRN_BIND_COUNT;
            /* The size of parameters does not depend on the number of images. */
            if (b == VRN_BIND_W) continue;
            if (b == VRN_BIND_BLOCKS && !vrn_kernel_shader(kernel, pass)->line_bytes) continue;
            uint64_t bytes = vrn_kernel_binding_bytes(kernel, pass, b, desc, 1);
            uint64_t most = vrn_kernel_binding_limit(kernel, pass, b, desc, program->device);
            if (bytes) slice = vrn_min_u64(slice, most / bytes);
        }
    }
    return slice ? (uint32_t)slice : 1;
}

/* Plans the arena for slices of `images` images. */
static vrn_result plan_slice(vrn_program *program, uint32_t images, const vrn_value *taps)
{
    const vrn_graph *graph = &program->graph;
    const uint64_t alignment = vrn_buffer_alignment(program->device);
    const vrn_log *log = &program->device->log;
    uint64_t *scratch = vrn_alloc(graph->count, sizeof *scratch);
    if (!scratch) return vrn_fail_memory(log);
    for (uint32_t i = 0; i < graph->count; i++) {
        scratch[i] = vrn_kernel_scratch(program->steps[i].choice.kernel, &graph->nodes[i].desc,
                                        images, alignment, NULL);
    }
    vrn_plan_free(&program->plan);
    vrn_result result = vrn_plan_create(&program->plan, graph, images, scratch, taps,
                                        program->tap_count, alignment, log);
    vrn_free(scratch);
    return result;
}

/* Plans slices of equal size, as few as the limits allow, of at most `most` images. */
static vrn_result plan_slices(vrn_program *program, const vrn_session_params *params,
                              const vrn_value *taps, uint32_t most)
{
    vrn_result result = plan_slice(program, 1, taps);
    if (result) return result;
    uint64_t limit = params->memory_limit ? params->memory_limit : default_memory_limit;
    limit = vrn_min_u64(limit, program->device->probe.info.max_allocation);
    uint32_t slice = vrn_min_u32(most, slice_limit(program, program->plan.bytes, limit));
    slice = vrn_div_up(program->info.batch, vrn_div_up(program->info.batch, slice));
    program->info.slice = slice;
    return plan_slice(program, slice, taps);
}

/* Kernels are chosen for the size of a slice, but that size also depends on the kernels. They are
 * therefore chosen twice: for the whole batch, then for the resulting slice. Only the second choice
 * uses measurements, so that the slice size, by which measurements are looked up, does not depend
 * on them. */
static vrn_result plan_memory(vrn_program *program, const vrn_session_params *params,
                              const vrn_value *taps, vrn_tuned *tuned)
{
    const uint32_t batch = program->info.batch;
    vrn_result result = choose_kernels(program, vrn_choice_preferred(params), batch, NULL);
    if (!result) result = plan_slices(program, params, taps, batch);
    const uint32_t slice = program->info.slice;
    if (!result) result = choose_kernels(program, vrn_choice_preferred(params), slice, tuned);
    if (!result) result = plan_slices(program, params, taps, slice);
    if (result) return result;
    describe_choices(program);
    program->info.activation_bytes = program->plan.bytes;
    return VRN_OK;
}

static vrn_result list_outputs(vrn_program *program, const vrn_value *taps)
{
    program->output_count = VRN_OUTPUT_TAPS + program->tap_count;
    program->outputs = vrn_alloc(program->output_count, sizeof *program->outputs);
    if (!program->outputs) return vrn_fail_memory(&program->device->log);
    vrn_output *outputs = program->outputs;
    outputs[VRN_OUTPUT_LOGITS].value = program->graph.logits;
    outputs[VRN_OUTPUT_PROBABILITIES].value = program->graph.probabilities;
    for (uint32_t i = 0; i < program->tap_count; i++) {
        outputs[VRN_OUTPUT_TAPS + i].value = taps[i];
    }
    for (uint32_t i = 0; i < program->output_count; i++) {
        outputs[i].shape = vrn_graph_shape(&program->graph, outputs[i].value);
        outputs[i].format = vrn_graph_format(&program->graph, outputs[i].value);
        outputs[i].image_bytes = vrn_graph_bytes(&program->graph, outputs[i].value);
        outputs[i].offset = program->output_bytes;
        program->output_bytes += outputs[i].image_bytes * program->info.batch;
    }
    const bool headless = vrn_model_arch(program->model)->head == VRN_HEAD_NONE;
    program->info.classes = headless ? 0 : outputs[VRN_OUTPUT_LOGITS].shape.c;
    return VRN_OK;
}

/* Counts operations, and four more for each byte read or written: devices do four or more
 * operations in the time of moving a byte. */
static double work_of(const vrn_graph *graph, uint32_t index)
{
    const vrn_node *node = &graph->nodes[index];
    uint64_t bytes = vrn_graph_bytes(graph, node->input) + vrn_graph_bytes(graph, index + 1);
    if (node->residual != VRN_NO_VALUE) bytes += vrn_graph_bytes(graph, node->residual);
    return (vrn_op_flops(&node->desc) + 4 * (double)bytes) * 1e-9;
}

/* Finds the steps that a submission or a recording may have to dispatch in parts. */
static void find_divisible(vrn_program *program, const vrn_session_params *params)
{
    double limit_ms = params->submission_limit_ms;
    /* Drivers that run on the CPU have no watchdog. */
    const bool cpu = program->device->probe.info.type == VRN_DEVICE_CPU;
    if (limit_ms == 0) limit_ms = cpu ? INFINITY : default_limit_ms;
    program->limit_ms = limit_ms * limit_share;
    const double shortest = params->record_budget_ms > 0
                                ? fmin(program->limit_ms, params->record_budget_ms)
                                : program->limit_ms;
    for (uint32_t i = 0; i < program->graph.count; i++) {
        vrn_step *step = &program->steps[i];
        step->work = work_of(&program->graph, i);
        step->divisible = step->work * slowest_pace > shortest;
    }
}

/* Plans a program whose device and model are set. */
static vrn_result plan(vrn_program *program, const vrn_session_params *params, vrn_tuned *tuned,
                       bool observe)
{
    const vrn_log *log = &program->device->log;
    vrn_model_info model_info;
    vrn_model_get_info(program->model, &model_info);
    program->transform = params->transform ? *params->transform : model_info.transform;
    vrn_result result = vrn_transform_check(&program->transform, "transform", log);
    if (params->probabilities && !vrn_probabilities_name(params->probabilities)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "probabilities: expected a value of vrn_probabilities, found %d",
                        (int)params->probabilities);
    }
    if (result) return result;
    uint32_t height, width;
    vrn_transform_get_input(&program->transform, &height, &width);
    program->info.precision = params->precision;
    program->info.batch = params->batch ? params->batch : 1;
    program->info.height = params->height ? params->height : height;
    program->info.width = params->width ? params->width : width;
    vrn_value *taps = NULL;
    result = build_graph(program, params, observe, &taps);
    if (!result) {
        program->steps = vrn_alloc(program->graph.count, sizeof *program->steps);
        if (!program->steps) result = vrn_fail_memory(log);
    }
    if (!result) result = plan_memory(program, params, taps, tuned);
    if (!result) result = list_outputs(program, taps);
    if (!result) find_divisible(program, params);
    vrn_free(taps);
    return result;
}

vrn_result vrn_program_plan(vrn_program **out, vrn_device *device, const vrn_model *model,
                            const vrn_session_params *params, vrn_tuned *tuned, bool observe)
{
    vrn_program *program = vrn_alloc(1, sizeof *program);
    *out = program;
    if (!program) return vrn_fail_memory(&device->log);
    program->device = device;
    program->model = vrn_model_hold(model);
    vrn_speeds_measure(device);
    vrn_result result = vrn_device_alive(device);
    if (!result) result = plan(program, params, tuned, observe);
    if (result) vrn_program_destroy(out);
    return result;
}
