#include <string.h>

#include "base/alloc.h"
#include "base/util.h"
#include "gpu/descriptor.h"
#include "plan/choose.h"
#include "net/fuse.h"
#include "plan/precision.h"
#include "session/session.h"

/* The arena's size where nobody limits it: larger batches gain little by then. */
static const uint64_t default_memory_limit = UINT64_C(1) << 30;

/* Fills the taps that are asked for, before fusion, which spares them. */
static vrn_result find_taps(vrn_session *session, const vrn_session_params *params, vrn_value *taps)
{
    for (uint32_t i = 0; i < params->tap_count; i++) {
        const char *name = params->taps[i] ? params->taps[i] : "";
        if (strcmp(name, VRN_CLASS_MAP) == 0) {
            vrn_result result =
                vrn_graph_add_class_map(&session->graph, &taps[i], &session->device->log);
            if (result) return result;
            continue;
        }
        taps[i] = vrn_graph_find(&session->graph, name);
        if (taps[i] == VRN_NO_VALUE) {
            return vrn_fail(&session->device->log, VRN_ERROR_INVALID_ARGUMENT,
                            "tap '%s': the network has no module of this name", name);
        }
    }
    return VRN_OK;
}

/* *taps receives an array: the taps that are asked for or, where everything is observed, all values
 * of the compiled graph. */
static vrn_result build_graph(vrn_session *session, const vrn_session_params *params, bool observe,
                              vrn_value **taps)
{
    const vrn_log *log = &session->device->log;
    vrn_result result = vrn_graph_build(&session->graph, vrn_model_arch(session->model),
                                        session->info.height, session->info.width, log);
    if (result) return result;
    session->tap_count = observe ? session->graph.count + 1 : params->tap_count;
    *taps = vrn_alloc(session->tap_count, sizeof **taps);
    if (!*taps) return vrn_fail_memory(log);
    if (!observe) result = find_taps(session, params, *taps);
    if (!result && !params->no_fusion) {
        result = vrn_graph_fuse(&session->graph, *taps, observe ? 0 : params->tap_count, log);
    }
    if (result) return result;
    if (observe) {
        session->tap_count = session->graph.count + 1;
        for (uint32_t i = 0; i < session->tap_count; i++) (*taps)[i] = i;
    }
    return vrn_graph_set_precision(&session->graph, session->model, params->precision,
                                   params->fp32_layers, params->fp32_layer_count, log);
}

/* Chooses for so many images at once. */
static vrn_result choose_kernels(vrn_session *session, const char *prefer, uint32_t images,
                                 vrn_tuned *tuned)
{
    session->chosen_for = images;
    for (uint32_t i = 0; i < session->graph.count; i++) {
        const vrn_node *node = &session->graph.nodes[i];
        vrn_step *step = &session->steps[i];
        step->choice = vrn_choose(tuned, session->device, &node->desc, images, prefer);
        step->kernel = step->choice.kernel;
        if (!step->kernel && vrn_choice_avoided(session->device, &node->desc)) {
            return vrn_fail(&session->device->log, VRN_ERROR_UNSUPPORTED,
                            "%s: every kernel that could compute %s was found wrong on this device",
                            session->device->info.name, node->name);
        }
        if (!step->kernel) {
            return vrn_fail(&session->device->log, VRN_ERROR_UNSUPPORTED,
                            "%s: one image's %s of %ux%ux%u is more than the device can bind "
                            "(%llu MiB): a smaller size is needed",
                            session->device->info.name, node->name, node->desc.out.h,
                            node->desc.out.w, node->desc.out.c,
                            (unsigned long long)(session->device->info.max_buffer_range >> 20));
        }
    }
    return VRN_OK;
}

static void describe_choices(vrn_session *session)
{
    for (uint32_t i = 0; i < session->graph.count; i++) {
        const vrn_node *node = &session->graph.nodes[i];
        const vrn_step *step = &session->steps[i];
        session->info.gflops += vrn_op_flops(&node->desc) * 1e-9;
        vrn_log_write(&session->device->log, VRN_LOG_DEBUG, "%s: %s -> %s (%s)", node->name,
                      vrn_op_name(node->desc.op), step->kernel->name, step->choice.why);
    }
}

/* The most images that one slice may have: what every binding and the arena's limit allow. */
static uint32_t slice_limit(const vrn_session *session, uint64_t image_arena_bytes,
                            uint64_t memory_limit)
{
    uint64_t slice = session->info.batch;
    slice = vrn_min_u64(slice, memory_limit / image_arena_bytes);
    for (uint32_t i = 0; i < session->graph.count; i++) {
        const vrn_op_desc *desc = &session->graph.nodes[i].desc;
        const vrn_kernel *kernel = session->steps[i].kernel;
        for (uint32_t k = 0; k < vrn_kernel_pass_count(kernel) * VRN_BIND_COUNT; k++) {
            uint32_t pass = k / VRN_BIND_COUNT, b = k % VRN_BIND_COUNT;
            /* Parameters are the same for any number of images. */
            if (b == VRN_BIND_W || b == VRN_BIND_BLOCKS) continue;
            uint64_t bytes = vrn_kernel_binding_bytes(kernel, pass, b, desc, 1);
            uint64_t most = vrn_kernel_binding_limit(kernel, pass, b, desc, session->device);
            if (bytes) slice = vrn_min_u64(slice, most / bytes);
        }
    }
    return slice ? (uint32_t)slice : 1;
}

/* Plans the arena for slices of `images` images. */
static vrn_result plan_slice(vrn_session *session, uint32_t images, const vrn_value *taps)
{
    const vrn_graph *graph = &session->graph;
    const uint64_t alignment = vrn_buffer_alignment(session->device);
    const vrn_log *log = &session->device->log;
    uint64_t *scratch = vrn_alloc(graph->count, sizeof *scratch);
    if (!scratch) return vrn_fail_memory(log);
    for (uint32_t i = 0; i < graph->count; i++) {
        scratch[i] = vrn_kernel_scratch(session->steps[i].kernel, &graph->nodes[i].desc, images,
                                        alignment, NULL);
    }
    vrn_plan_free(&session->plan);
    vrn_result result = vrn_plan_create(&session->plan, graph, images, scratch, taps,
                                        session->tap_count, alignment, log);
    vrn_free(scratch);
    return result;
}

/* Slices of equal size, as few as the limits allow, of at most `most` images. */
static vrn_result plan_slices(vrn_session *session, const vrn_session_params *params,
                              const vrn_value *taps, uint32_t most)
{
    vrn_result result = plan_slice(session, 1, taps);
    if (result) return result;
    uint64_t limit = params->memory_limit ? params->memory_limit : default_memory_limit;
    limit = vrn_min_u64(limit, session->device->info.max_allocation);
    uint32_t slice = vrn_min_u32(most, slice_limit(session, session->plan.bytes, limit));
    slice = vrn_div_up(session->info.batch, vrn_div_up(session->info.batch, slice));
    session->info.slice = slice;
    return plan_slice(session, slice, taps);
}

/* Kernels are chosen for the images that pass at once; how many that are depends a little on the
 * kernels. So they are chosen for the whole batch, and if that does not fit again for a slice of
 * it. What was measured comes last: slices, and with them what is looked up, must not depend on
 * it. */
static vrn_result plan_memory(vrn_session *session, const vrn_session_params *params,
                              const vrn_value *taps, vrn_tuned *tuned)
{
    const uint32_t batch = session->info.batch;
    vrn_result result = choose_kernels(session, vrn_choice_preferred(params), batch, NULL);
    if (!result) result = plan_slices(session, params, taps, batch);
    const uint32_t slice = session->info.slice;
    if (!result) result = choose_kernels(session, vrn_choice_preferred(params), slice, tuned);
    if (!result) result = plan_slices(session, params, taps, slice);
    if (result) return result;
    describe_choices(session);
    session->info.activation_bytes = session->plan.bytes;
    return vrn_buffer_create(&session->arena, session->device, VRN_BUFFER_DEVICE,
                             session->plan.bytes, "activations");
}

static void list_outputs(vrn_session *session, const vrn_value *taps)
{
    vrn_output *outputs = session->outputs;
    outputs[VRN_OUTPUT_LOGITS].value = session->graph.logits;
    outputs[VRN_OUTPUT_PROBABILITIES].value = session->graph.probabilities;
    for (uint32_t i = 0; i < session->tap_count; i++) {
        outputs[VRN_OUTPUT_TAPS + i].value = taps[i];
    }
    for (uint32_t i = 0; i < session->output_count; i++) {
        outputs[i].shape = vrn_graph_shape(&session->graph, outputs[i].value);
        outputs[i].format = vrn_graph_format(&session->graph, outputs[i].value);
        outputs[i].image_bytes = vrn_graph_bytes(&session->graph, outputs[i].value);
        outputs[i].offset = session->output_bytes;
        session->output_bytes += outputs[i].image_bytes * session->info.batch;
    }
    session->info.classes = outputs[VRN_OUTPUT_LOGITS].shape.c;
}

/* Packs, or finds, the parameters of all steps. ranges: [graph.count] */
static vrn_result prepare_weights(vrn_session *session, vrn_range *ranges)
{
    vrn_device *device = session->device;
    vrn_result result = vrn_weights_acquire(&session->weights, device, session->model);
    if (result) return result;
    vrn_weights_request *requests = vrn_alloc(session->graph.count, sizeof *requests);
    if (!requests) return vrn_fail_memory(&device->log);
    uint32_t count = 0;
    for (uint32_t i = 0; i < session->graph.count; i++) {
        const vrn_node *node = &session->graph.nodes[i];
        if (!vrn_op_has_parameters(node->desc.op)) continue;
        requests[count++] = (vrn_weights_request){.node = node, .kernel = session->steps[i].kernel};
    }
    result = vrn_weights_prepare(session->weights, device, session->model, requests, count);
    for (uint32_t i = 0; i < count && !result; i++) {
        uint32_t node = (uint32_t)(requests[i].node - session->graph.nodes);
        ranges[node] = requests[i].range;
        session->steps[node].parameter_bytes = requests[i].range.bytes;
    }
    vrn_free(requests);
    session->info.weight_bytes = vrn_weights_bytes(session->weights);
    return result;
}

static vrn_result create_pool(vrn_session *session)
{
    vrn_descriptor_counts counts = {0};
    for (uint32_t i = 0; i < session->graph.count; i++) {
        vrn_kernel_count_descriptors(session->steps[i].kernel, &session->graph.nodes[i].desc,
                                     &counts);
    }
    return vrn_descriptor_pool_create(&session->pool, session->device, counts);
}

/* Binds a step's operands: values in the arena, and parameters. */
static vrn_result bind_step(vrn_session *session, uint32_t index, vrn_range parameters,
                            const vrn_pipeline *pipelines)
{
    const vrn_node *node = &session->graph.nodes[index];
    const vrn_plan *plan = &session->plan;
    const VkBuffer arena = session->arena.handle;
    const vrn_value residual = node->residual != VRN_NO_VALUE ? node->residual : index + 1;
    vrn_step *step = &session->steps[index];
    const vrn_operands operands = {
        .images = session->info.slice,
        .x = {arena, plan->offsets[node->input]},
        .w = {parameters.buffer, parameters.offset},
        .r = {arena, plan->offsets[residual]},
        .y = {arena, plan->offsets[index + 1]},
        .scratch = {arena, plan->scratch[index]},
    };
    return vrn_prepared_kernel_create(&step->prepared, session->device, step->kernel, &node->desc,
                                      &operands, pipelines, session->pool);
}

/* Makes the pipelines of all passes of all steps: [info.dispatches], to be released. */
static vrn_result create_pipelines(vrn_session *session, vrn_pipeline **pipelines)
{
    const uint32_t most = session->graph.count * VRN_PASSES_MAX;
    vrn_pipeline_key *keys = vrn_alloc(most, sizeof *keys);
    *pipelines = vrn_alloc(most, sizeof **pipelines);
    vrn_result result = keys && *pipelines ? VRN_OK : vrn_fail_memory(&session->device->log);
    uint32_t count = 0;
    for (uint32_t i = 0; i < session->graph.count && !result; i++) {
        const vrn_kernel *kernel = session->steps[i].kernel;
        for (uint32_t pass = 0; pass < vrn_kernel_pass_count(kernel); pass++) {
            vrn_kernel_key(kernel, pass, &session->graph.nodes[i].desc, &keys[count]);
            keys[count++].based = session->steps[i].divisible;
        }
    }
    if (!result) result = vrn_pipelines_prepare(session->device, keys, count, *pipelines);
    session->info.dispatches = count;
    vrn_free(keys);
    return result;
}

vrn_result vrn_session_compile(vrn_session *session, const vrn_session_params *params,
                               vrn_tuned *tuned, bool observe)
{
    vrn_device *device = session->device;
    vrn_value *taps = NULL;
    vrn_range *ranges = NULL;
    vrn_pipeline *pipelines = NULL;
    vrn_result result = build_graph(session, params, observe, &taps);
    if (result) goto done;
    session->output_count = VRN_OUTPUT_TAPS + session->tap_count;
    session->outputs = vrn_alloc(session->output_count, sizeof *session->outputs);
    session->steps = vrn_alloc(session->graph.count, sizeof *session->steps);
    ranges = vrn_alloc(session->graph.count, sizeof *ranges);
    if (!session->outputs || !session->steps || !ranges) {
        result = vrn_fail_memory(&device->log);
        goto done;
    }
    result = plan_memory(session, params, taps, tuned);
    if (result) goto done;
    list_outputs(session, taps);
    vrn_split_create(session, params->submission_limit_ms);
    result = create_pipelines(session, &pipelines);
    if (!result) result = prepare_weights(session, ranges);
    if (!result) result = create_pool(session);
    for (uint32_t i = 0, first = 0; i < session->graph.count && !result; i++) {
        result = bind_step(session, i, ranges[i], &pipelines[first]);
        first += vrn_kernel_pass_count(session->steps[i].kernel);
    }
done:
    vrn_free(pipelines);
    vrn_free(taps);
    vrn_free(ranges);
    return result;
}
