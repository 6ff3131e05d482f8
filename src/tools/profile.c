/* Lists a session's dispatches, and measures how long each takes. */
#include <vkresnet/diagnostics.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/util.h"
#include "gpu/timestamps.h"
#include "net/format.h"
#include "session/session.h"
#include "ops/trial.h"

/* The text for what is fused into a node, in the order of the epilogue. */
static const char *fused_text(const vrn_node *node)
{
    static const char *const texts[2][8] = {
        {"", "bn", "add", "bn add", "relu", "bn relu", "add relu", "bn add relu"},
        {"maxpool", "bn maxpool", "add maxpool", "bn add maxpool", "relu maxpool",
         "bn relu maxpool", "add relu maxpool", "bn add relu maxpool"},
    };
    unsigned index = (node->norm[0] != VRN_NO_PARAMETER ? 1u : 0u) |
                     (node->desc.epilogue.residual ? 2u : 0u) |
                     (node->desc.epilogue.relu ? 4u : 0u);
    return texts[node->desc.epilogue.pool.kernel.y > 0][index];
}

static const char *precision_text(const vrn_node *node)
{
    const vrn_format w = {.type = node->desc.w, .rounded = node->w_rounded};
    bool parameters = vrn_op_has_parameters(node->desc.op);
    return vrn_type_name(vrn_format_values(parameters ? w : node->desc.y));
}

static void describe(const vrn_program *program, uint32_t index, vrn_layer *layer)
{
    const vrn_node *node = &program->graph.nodes[index];
    const vrn_step *step = &program->steps[index];
    uint64_t bytes = vrn_graph_bytes(&program->graph, node->input) +
                     vrn_graph_bytes(&program->graph, index + 1) + step->parameters.bytes;
    if (node->residual != VRN_NO_VALUE) bytes += vrn_graph_bytes(&program->graph, node->residual);
    if (node->gate != VRN_NO_VALUE) bytes += vrn_gate_bytes(&node->desc);
    *layer = (vrn_layer){
        .name = node->name,
        .op = vrn_op_name(node->desc.op),
        .kernel = step->choice.kernel->name,
        .fused = fused_text(node),
        .precision = precision_text(node),
        .height = node->desc.out.h,
        .width = node->desc.out.w,
        .channels = node->desc.out.c,
        .flops = vrn_op_flops(&node->desc),
        .bytes = (double)bytes,
        .parameter_bytes = (double)step->parameters.bytes,
        .why = vrn_choice_why_name(step->choice.why),
        .rejected = step->choice.rejected ? step->choice.rejected->name : "",
        .rejected_ms = step->choice.rejected_ms * program->info.batch / program->chosen_for,
    };
}

vrn_result vrn_session_get_layers(const vrn_session *session, vrn_layer *layers, uint32_t capacity,
                                  uint32_t *count)
{
    if (!session || !count || (!layers && capacity > 0)) {
        return vrn_fail(session ? &session->device->log : NULL, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_session_get_layers: session, layers or count is NULL");
    }
    *count = session->program->graph.count;
    for (uint32_t i = 0; i < vrn_min_u32(capacity, *count); i++)
        describe(session->program, i, &layers[i]);
    return VRN_OK;
}

/* The resources of a profile while it runs. */
typedef struct profile {
    vrn_bench bench; /* the network's input and results are its buffers */
    VkQueryPool queries;
    uint64_t *ticks; /* [steps + 1], of one run */
    double *times;   /* [steps][runs] */
    bool silent;     /* the timestamps give no information */
} profile;

static vrn_result profile_create(profile *p, const vrn_session *session, uint32_t runs)
{
    const vrn_program *program = session->program;
    vrn_device *device = session->device;
    const uint32_t steps = program->graph.count;
    p->ticks = vrn_alloc((size_t)steps + 1, sizeof *p->ticks);
    p->times = vrn_alloc((size_t)steps * runs, sizeof *p->times);
    if (!p->ticks || !p->times) return vrn_fail_memory(&device->log);
    vrn_result result = vrn_bench_create(&p->bench, device);
    if (!result) {
        result =
            vrn_bench_reserve(&p->bench, vrn_graph_bytes(&program->graph, 0) * program->info.slice,
                              program->output_bytes);
    }
    if (!result) result = vrn_timestamps_create(&p->queries, device, steps + 1);
    VkCommandBuffer buffer = p->bench.commands.buffers[0];
    if (!result) result = vrn_commands_begin(buffer, device, false);
    if (result) return result;
    vrn_network_record(&(vrn_passage){.program = program,
                                      .split = &session->split,
                                      .input = p->bench.inputs.handle,
                                      .output = p->bench.results.handle,
                                      .count = program->info.slice,
                                      .each = p->queries},
                       buffer);
    return vrn_commands_end(buffer, device);
}

static void profile_destroy(profile *p, vrn_device *device)
{
    vrn_bench_destroy(&p->bench);
    vrn_timestamps_destroy(p->queries, device);
    vrn_free(p->ticks);
    vrn_free(p->times);
}

static vrn_result profile_run(profile *p, vrn_device *device, uint32_t steps, uint32_t run,
                              uint32_t runs)
{
    vrn_result result = vrn_commands_run(&p->bench.commands, device, p->bench.commands.buffers[0]);
    if (result) return result;
    VkResult read = vrn_timestamps_read(p->queries, device, 0, steps + 1, p->ticks);
    p->silent = read == VK_NOT_READY || (read == VK_SUCCESS && p->ticks[0] == p->ticks[steps]);
    if (p->silent) return VRN_OK;
    result = vrn_device_check(device, read, "vkGetQueryPoolResults");
    for (uint32_t i = 0; i < steps && !result; i++) {
        p->times[(size_t)i * runs + run] =
            vrn_device_ticks_ms(device, p->ticks[i], p->ticks[i + 1]);
    }
    return result;
}

/* Times a step by itself, by the host's clock, on artificial data. */
static vrn_result time_step(profile *p, const vrn_program *program, uint32_t index, uint32_t runs)
{
    const vrn_op_desc *desc = &program->graph.nodes[index].desc;
    const vrn_kernel *kernel = program->steps[index].choice.kernel;
    const vrn_trial_layout l =
        vrn_trial_lay_out(kernel, desc, program->info.slice, program->device);
    vrn_trial trial = {0};
    double ms;
    vrn_result result = vrn_bench_reserve(&p->bench, l.inputs, l.results);
    if (!result) {
        result = vrn_trial_create(&trial, &p->bench, kernel, desc, program->info.slice, 1, NULL);
    }
    if (!result) result = vrn_trial_record(&trial, &p->bench, 1);
    if (!result) result = vrn_trial_run(&trial, &p->bench, &ms); /* warm-up */
    for (uint32_t run = 0; run < runs && !result; run++) {
        result = vrn_trial_run(&trial, &p->bench, &p->times[(size_t)index * runs + run]);
    }
    vrn_trial_destroy(&trial, &p->bench);
    return result;
}

vrn_result vrn_session_profile(vrn_session *session, uint32_t repeats, vrn_layer *layers,
                               uint32_t capacity, uint32_t *count)
{
    vrn_result result = vrn_session_get_layers(session, layers, capacity, count);
    if (!result) result = vrn_device_alive(session->device);
    if (result) return result;
    vrn_device *device = session->device;
    if (!vrn_device_has(device, VRN_CAPABILITY_TIMESTAMPS)) {
        return vrn_fail(&device->log, VRN_ERROR_UNSUPPORTED,
                        "%s: the queue has no timestamps, so layers cannot be timed",
                        device->probe.info.name);
    }
    const uint32_t runs = repeats ? repeats : 1;
    profile p = {.bench = {.device = device}};
    result = profile_create(&p, session, runs);
    for (uint32_t run = 0; run < runs && !result && !p.silent; run++) {
        result = profile_run(&p, device, session->program->graph.count, run, runs);
    }
    for (uint32_t i = 0; i < session->program->graph.count && !result && p.silent; i++) {
        result = time_step(&p, session->program, i, runs);
    }
    /* Only one slice was timed; a batch has this many. */
    const double slices = (double)session->program->info.batch / session->program->info.slice;
    for (uint32_t i = 0; i < vrn_min_u32(capacity, *count) && !result; i++) {
        layers[i].gpu_ms = vrn_median(&p.times[(size_t)i * runs], runs) * slices;
    }
    profile_destroy(&p, device);
    return result;
}
