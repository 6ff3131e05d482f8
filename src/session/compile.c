#include <string.h>

#include "base/alloc.h"
#include "base/util.h"
#include "session/choose.h"
#include "session/fuse.h"
#include "session/session.h"

/* The arena's size where nobody limits it: larger batches gain little by then. */
static const uint64_t default_memory_limit = UINT64_C(1) << 30;

static vrn_result build_graph(vrn_session *session, const vrn_session_params *params,
                              vrn_value *taps)
{
    const vrn_log *log = &session->device->log;
    vrn_result result = vrn_graph_build(&session->graph, vrn_model_arch(session->model),
                                        session->info.height, session->info.width, log);
    if (result) return result;
    for (uint32_t i = 0; i < params->tap_count; i++) {
        taps[i] = vrn_graph_find(&session->graph, params->taps[i]);
        if (taps[i] == VRN_NO_VALUE) {
            return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                            "tap '%s': the network has no module of this name", params->taps[i]);
        }
    }
    if (params->no_fusion) return VRN_OK;
    return vrn_graph_fuse(&session->graph, taps, params->tap_count, log);
}

static vrn_result choose_kernels(vrn_session *session, const char *prefer)
{
    for (uint32_t i = 0; i < session->graph.count; i++) {
        const vrn_node *node = &session->graph.nodes[i];
        const vrn_kernel *kernel =
            vrn_choose_kernel(session->device, &node->desc, session->info.batch, prefer);
        if (!kernel) {
            return vrn_fail(&session->device->log, VRN_ERROR_UNSUPPORTED,
                            "%s: one image's %s of %ux%ux%u is more than the device can bind "
                            "(%llu MiB): a smaller size is needed",
                            session->device->info.name, node->name, node->desc.out.h,
                            node->desc.out.w, node->desc.out.c,
                            (unsigned long long)(session->device->info.max_buffer_range >> 20));
        }
        session->steps[i].kernel = kernel;
        session->info.gflops += vrn_op_flops(&node->desc) * 1e-9;
        vrn_log_write(&session->device->log, VRN_LOG_DEBUG, "%s: %s -> %s", node->name,
                      vrn_op_name(node->desc.op), kernel->name);
    }
    return VRN_OK;
}

/* The most images that one slice may have: what every binding and the arena's limit allow. */
static uint32_t slice_limit(const vrn_session *session, uint64_t image_arena_bytes,
                            uint64_t memory_limit)
{
    const VkPhysicalDeviceLimits *limits = &session->device->limits;
    uint64_t slice = session->info.batch;
    slice = vrn_min_u64(slice, memory_limit / image_arena_bytes);
    for (uint32_t i = 0; i < session->graph.count; i++) {
        const vrn_node *node = &session->graph.nodes[i];
        const vrn_kernel *kernel = session->steps[i].kernel;
        uint64_t bytes[] = {
            [VRN_BIND_X] = vrn_shape_bytes(node->desc.in),
            [VRN_BIND_Y] = vrn_shape_bytes(node->desc.out),
            [VRN_BIND_R] = node->residual == VRN_NO_VALUE
                               ? 0
                               : vrn_shape_bytes(vrn_graph_shape(&session->graph, node->residual)),
        };
        for (uint32_t b = 0; b < VRN_COUNT(bytes); b++) {
            uint64_t limit = kernel->texel & (1u << b)
                                 ? (uint64_t)limits->maxTexelBufferElements * 16
                                 : limits->maxStorageBufferRange;
            if (bytes[b]) slice = vrn_min_u64(slice, limit / bytes[b]);
        }
    }
    return slice ? (uint32_t)slice : 1;
}

static vrn_result plan_memory(vrn_session *session, const vrn_session_params *params,
                              const vrn_value *taps)
{
    vrn_device *device = session->device;
    const uint64_t alignment = vrn_buffer_alignment(device);
    vrn_result result = vrn_plan_create(&session->plan, &session->graph, 1, taps, params->tap_count,
                                        alignment, &device->log);
    if (result) return result;
    uint64_t limit = params->memory_limit ? params->memory_limit : default_memory_limit;
    limit = vrn_min_u64(limit, device->info.max_allocation);
    uint32_t slice = slice_limit(session, session->plan.bytes, limit);
    /* Slices of equal size, as few as the limit allows. */
    slice = vrn_div_up(session->info.batch, vrn_div_up(session->info.batch, slice));
    session->info.slice = slice;
    vrn_plan_free(&session->plan);
    result = vrn_plan_create(&session->plan, &session->graph, slice, taps, params->tap_count,
                             alignment, &device->log);
    if (result) return result;
    session->info.activation_bytes = session->plan.bytes;
    return vrn_buffer_create(&session->arena, device, VRN_BUFFER_DEVICE, session->plan.bytes,
                             "activations");
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
        outputs[i].image_bytes = vrn_shape_bytes(outputs[i].shape);
        outputs[i].offset = session->output_bytes;
        session->output_bytes += outputs[i].image_bytes * session->info.batch;
    }
    session->info.classes = outputs[VRN_OUTPUT_LOGITS].shape.c;
}

/* Packs, or finds, the parameters of all steps. ranges: [graph.count * 2], W and B of each. */
static vrn_result prepare_weights(vrn_session *session, vrn_range *ranges)
{
    vrn_device *device = session->device;
    vrn_result result = vrn_weights_acquire(&session->weights, device, session->model);
    if (result) return result;
    vrn_weights_request *requests =
        vrn_alloc((size_t)session->graph.count * 2, sizeof *requests);
    if (!requests) return vrn_fail_memory(&device->log);
    uint32_t count = 0;
    for (uint32_t i = 0; i < session->graph.count; i++) {
        const vrn_operator *op = vrn_operator_of(session->graph.nodes[i].desc.op);
        for (uint32_t b = VRN_BIND_W; b <= VRN_BIND_B; b++) {
            if (!(op->bindings & (1u << b))) continue;
            requests[count++] = (vrn_weights_request){
                .node = &session->graph.nodes[i],
                .kernel = session->steps[i].kernel,
                .binding = b,
            };
        }
    }
    result = vrn_weights_prepare(session->weights, device, session->model, requests, count);
    for (uint32_t i = 0; i < count && !result; i++) {
        uint32_t node = (uint32_t)(requests[i].node - session->graph.nodes);
        ranges[node * 2 + (requests[i].binding - VRN_BIND_W)] = requests[i].range;
        session->steps[node].parameter_bytes += requests[i].range.bytes;
    }
    vrn_free(requests);
    session->info.weight_bytes = vrn_weights_bytes(session->weights, device);
    return result;
}

static vrn_result create_pool(vrn_session *session)
{
    uint32_t storage = 0, texel = 0;
    for (uint32_t i = 0; i < session->graph.count; i++) {
        uint32_t bindings = vrn_operator_of(session->graph.nodes[i].desc.op)->bindings;
        for (uint32_t b = 0; b < VRN_BIND_COUNT; b++) {
            if (!(bindings & (1u << b))) continue;
            if (session->steps[i].kernel->texel & (1u << b)) {
                texel++;
            } else {
                storage++;
            }
        }
    }
    const VkDescriptorPoolSize sizes[] = {
        {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, storage},
        {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, texel},
    };
    const VkDescriptorPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = session->graph.count,
        .poolSizeCount = texel ? 2 : 1,
        .pPoolSizes = sizes,
    };
    vrn_device *device = session->device;
    return vrn_device_check(
        device, device->vk.CreateDescriptorPool(device->handle, &info, NULL, &session->pool),
        "vkCreateDescriptorPool");
}

/* What binding `b` of a step refers to. */
static vrn_range bound_range(const vrn_session *session, uint32_t index, uint32_t b,
                                     const vrn_range *ranges)
{
    if (b == VRN_BIND_W || b == VRN_BIND_B) return ranges[index * 2 + (b - VRN_BIND_W)];
    const vrn_node *node = &session->graph.nodes[index];
    vrn_value value = node->input;
    if (b == VRN_BIND_Y) value = index + 1;
    /* A kernel that could add a residual declares it; where there is none, anything valid will do. */
    if (b == VRN_BIND_R && node->residual != VRN_NO_VALUE) value = node->residual;
    return (vrn_range){
        .buffer = session->arena.handle,
        .offset = session->plan.offsets[value],
        .bytes = vrn_shape_bytes(vrn_graph_shape(&session->graph, value)) * session->info.slice,
    };
}

static vrn_result create_view(vrn_session *session, vrn_range range, VkBufferView *view)
{
    vrn_device *device = session->device;
    const VkBufferViewCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
        .buffer = range.buffer,
        .format = VK_FORMAT_R32G32B32A32_SFLOAT,
        .offset = range.offset,
        .range = range.bytes,
    };
    return vrn_device_check(
        device, device->vk.CreateBufferView(device->handle, &info, NULL, view),
        "vkCreateBufferView");
}

static vrn_result bind_step(vrn_session *session, uint32_t index, const vrn_range *ranges)
{
    vrn_device *device = session->device;
    vrn_step *step = &session->steps[index];
    const VkDescriptorSetAllocateInfo allocation = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = session->pool,
        .descriptorSetCount = 1,
        .pSetLayouts = &step->pipeline.set_layout,
    };
    vrn_result result = vrn_device_check(
        device, device->vk.AllocateDescriptorSets(device->handle, &allocation, &step->set),
        "vkAllocateDescriptorSets");
    if (result) return result;

    VkDescriptorBufferInfo buffers[VRN_BIND_COUNT];
    VkWriteDescriptorSet writes[VRN_BIND_COUNT];
    uint32_t count = 0;
    uint32_t bindings = vrn_operator_of(session->graph.nodes[index].desc.op)->bindings;
    for (uint32_t b = 0; b < VRN_BIND_COUNT; b++) {
        if (!(bindings & (1u << b))) continue;
        vrn_range range = bound_range(session, index, b, ranges);
        bool texel = step->kernel->texel & (1u << b);
        if (texel) {
            result = create_view(session, range, &step->views[b]);
            if (result) return result;
        }
        buffers[b] = (VkDescriptorBufferInfo){range.buffer, range.offset, range.bytes};
        writes[count++] = (VkWriteDescriptorSet){
            .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
            .dstSet = step->set,
            .dstBinding = b,
            .descriptorCount = 1,
            .descriptorType = texel ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                                    : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .pBufferInfo = &buffers[b],
            .pTexelBufferView = &step->views[b],
        };
    }
    device->vk.UpdateDescriptorSets(device->handle, count, writes, 0, NULL);
    return VRN_OK;
}

vrn_result vrn_session_compile(vrn_session *session, const vrn_session_params *params)
{
    vrn_device *device = session->device;
    session->tap_count = params->tap_count;
    session->output_count = VRN_OUTPUT_TAPS + params->tap_count;
    session->outputs = vrn_alloc(session->output_count, sizeof *session->outputs);
    vrn_value *taps = vrn_alloc(params->tap_count, sizeof *taps);
    vrn_range *ranges = NULL;
    vrn_result result = VRN_OK;
    if (!taps || !session->outputs) {
        result = vrn_fail_memory(&device->log);
        goto done;
    }
    result = build_graph(session, params, taps);
    if (result) goto done;
    session->info.dispatches = session->graph.count;
    session->steps = vrn_alloc(session->graph.count, sizeof *session->steps);
    ranges = vrn_alloc((size_t)session->graph.count * 2, sizeof *ranges);
    if (!session->steps || !ranges) {
        result = vrn_fail_memory(&device->log);
        goto done;
    }
    result = choose_kernels(session, params->kernel);
    if (!result) result = plan_memory(session, params, taps);
    if (result) goto done;
    list_outputs(session, taps);
    for (uint32_t i = 0; i < session->graph.count && !result; i++) {
        vrn_pipeline_key key;
        vrn_kernel_key(session->steps[i].kernel, &session->graph.nodes[i].desc, &key);
        result = vrn_pipeline_get(&session->steps[i].pipeline, device, &key);
    }
    if (!result) result = prepare_weights(session, ranges);
    if (!result) result = create_pool(session);
    for (uint32_t i = 0; i < session->graph.count && !result; i++) {
        result = bind_step(session, i, ranges);
    }
done:
    vrn_free(taps);
    vrn_free(ranges);
    return result;
}
