#include "plan/program.h"

#include "base/alloc.h"
#include "ops/support.h"

/* Makes the pipelines of all passes of all steps, [info.dispatches]. The caller releases the
 * array. */
static vrn_result create_pipelines(vrn_program *program, vrn_pipeline **pipelines)
{
    const uint32_t most = program->graph.count * VRN_PASSES_MAX;
    vrn_pipeline_key *keys = vrn_alloc(most, sizeof *keys);
    *pipelines = vrn_alloc(most, sizeof **pipelines);
    vrn_result result = keys && *pipelines ? VRN_OK : vrn_fail_memory(&program->device->log);
    uint32_t count = 0;
    for (uint32_t i = 0; i < program->graph.count && !result; i++) {
        const vrn_kernel *kernel = program->steps[i].choice.kernel;
        for (uint32_t pass = 0; pass < vrn_kernel_pass_count(kernel); pass++) {
            vrn_kernel_key(kernel, pass, &program->graph.nodes[i].desc, &keys[count]);
            keys[count++].based = program->steps[i].divisible;
        }
    }
    if (!result) result = vrn_pipelines_prepare(program->device, keys, count, *pipelines, NULL);
    program->info.dispatches = count;
    vrn_free(keys);
    return result;
}

/* Packs the parameters of all steps, or finds them packed. */
static vrn_result prepare_weights(vrn_program *program)
{
    vrn_device *device = program->device;
    vrn_result result = vrn_weights_acquire(&program->weights, device, program->model);
    if (result) return result;
    vrn_weights_request *requests = vrn_alloc(program->graph.count, sizeof *requests);
    if (!requests) return vrn_fail_memory(&device->log);
    uint32_t count = 0;
    for (uint32_t i = 0; i < program->graph.count; i++) {
        const vrn_node *node = &program->graph.nodes[i];
        if (!vrn_op_has_parameters(node->desc.op)) continue;
        requests[count++] =
            (vrn_weights_request){.node = node, .kernel = program->steps[i].choice.kernel};
    }
    result = vrn_weights_prepare(program->weights, device, program->model, requests, count);
    for (uint32_t i = 0; i < count && !result; i++) {
        program->steps[requests[i].node - program->graph.nodes].parameters = requests[i].range;
    }
    vrn_free(requests);
    program->info.weight_bytes = vrn_weights_bytes(program->weights);
    return result;
}

static vrn_result create_pool(vrn_program *program)
{
    vrn_descriptor_counts counts = {0};
    for (uint32_t i = 0; i < program->graph.count; i++) {
        vrn_kernel_count_descriptors(program->steps[i].choice.kernel, &program->graph.nodes[i].desc,
                                     program->info.slice, &counts);
    }
    return vrn_descriptor_pool_reserve(&program->pool, program->device, counts);
}

/* Binds a step's operands: values in the arena and parameters. */
static vrn_result bind_step(vrn_program *program, uint32_t index, const vrn_pipeline *pipelines)
{
    const vrn_node *node = &program->graph.nodes[index];
    const vrn_plan *plan = &program->plan;
    VkBuffer arena = program->arena.handle;
    const vrn_value residual = node->residual != VRN_NO_VALUE ? node->residual : index + 1;
    vrn_step *step = &program->steps[index];
    const vrn_range gate = {arena, node->gate != VRN_NO_VALUE ? plan->offsets[node->gate] : 0};
    const vrn_operands operands = {
        .images = program->info.slice,
        .x = {arena, plan->offsets[node->input]},
        .w = node->gate != VRN_NO_VALUE ? gate : step->parameters,
        .r = {arena, plan->offsets[residual]},
        .y = {arena, plan->offsets[index + 1]},
        .scratch = {arena, plan->scratch[index]},
    };
    return vrn_prepared_kernel_create(&step->prepared, program->device, step->choice.kernel,
                                      &node->desc, &operands, pipelines, program->pool.handle);
}

/* Creates what the device needs for the steps. */
static vrn_result prepare(vrn_program *program)
{
    vrn_pipeline *pipelines = NULL;
    vrn_result result = vrn_buffer_create(&program->arena, program->device, VRN_BUFFER_DEVICE,
                                          program->plan.bytes, "activations");
    if (!result) result = create_pipelines(program, &pipelines);
    if (!result) result = prepare_weights(program);
    if (!result) result = create_pool(program);
    for (uint32_t i = 0, first = 0; i < program->graph.count && !result; i++) {
        result = bind_step(program, i, &pipelines[first]);
        first += vrn_kernel_pass_count(program->steps[i].choice.kernel);
    }
    vrn_free(pipelines);
    return result;
}

vrn_result vrn_program_compile(vrn_program **out, vrn_device *device, const vrn_model *model,
                               const vrn_session_params *params, vrn_tuned *tuned, bool observe)
{
    vrn_result result = vrn_program_plan(out, device, model, params, tuned, observe);
    if (!result) result = prepare(*out);
    if (result) vrn_program_destroy(out);
    return result;
}

void vrn_program_destroy(vrn_program **pointer)
{
    if (!*pointer) return;
    vrn_program *program = *pointer;
    vrn_device *device = program->device;
    *pointer = NULL;
    for (uint32_t i = 0; program->steps && i < program->graph.count; i++) {
        vrn_prepared_kernel_destroy(&program->steps[i].prepared, device);
    }
    vrn_descriptor_pool_destroy(&program->pool, device);
    vrn_buffer_destroy(&program->arena, device);
    vrn_weights_release(program->weights, device);
    vrn_plan_free(&program->plan);
    vrn_graph_free(&program->graph);
    vrn_model_release(program->model);
    vrn_free(program->steps);
    vrn_free(program->outputs);
    vrn_free(program);
}
