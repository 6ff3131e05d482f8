#include "ops/prepared.h"

#include <string.h>

#include "base/util.h"
#include "gpu/descriptor.h"
#include "gpu/memory.h"
#include "gpu/queue.h"

/* The memory of a pass's binding. */
static vrn_range range_of(const vrn_prepared_kernel *prepared, const vrn_device *device,
                          const vrn_operands *operands, uint32_t pass, uint32_t binding)
{
    const vrn_kernel *kernel = prepared->kernel;
    const vrn_op_desc *desc = prepared->desc;
    const uint32_t images = operands->images,
                   scratch = vrn_kernel_pass(kernel, pass)->scratch[binding];
    const vrn_range *const own[VRN_BIND_COUNT] = {
        [VRN_BIND_X] = &operands->x, [VRN_BIND_Y] = &operands->y,      [VRN_BIND_W] = &operands->w,
        [VRN_BIND_R] = &operands->r, [VRN_BIND_BLOCKS] = &operands->w,
    };
    vrn_range from = *own[binding];
    from.bytes = vrn_kernel_binding_bytes(kernel, pass, binding, desc, images);
    if (scratch) {
        uint64_t offsets[VRN_SCRATCH_MAX];
        vrn_kernel_scratch(kernel, desc, images, vrn_buffer_alignment(device), offsets);
        from.buffer = operands->scratch.buffer;
        from.offset = operands->scratch.offset + offsets[scratch - 1];
    } else if (from.bytes == 0) {
        /* A kernel that could add a residual declares the binding. Without a residual the output is
         * bound there: it is a storage buffer in every kernel, and is not read. */
        from = operands->y;
        from.bytes = vrn_tensor_bytes(desc->out, desc->y.type) * images;
    }
    return from;
}

static vrn_result bind_pass(vrn_prepared_kernel *prepared, vrn_device *device,
                            const vrn_operands *operands, uint32_t index, VkDescriptorPool pool)
{
    const vrn_kernel *kernel = prepared->kernel;
    const vrn_op_desc *desc = prepared->desc;
    const uint32_t declared = vrn_kernel_bindings(kernel, index, desc);
    vrn_prepared_pass *pass = &prepared->passes[index];
    vrn_binding bindings[VRN_BIND_COUNT];
    uint32_t count = 0;
    for (uint32_t b = 0; b < VRN_BIND_COUNT; b++) {
        if (!(declared & (1u << b))) continue;
        const vrn_range range = range_of(prepared, device, operands, index, b);
        if (vrn_kernel_shader(kernel, index)->texel & (1u << b)) {
            vrn_result result = vrn_texel_view_create(
                &pass->views[b], device, range, vrn_kernel_texel(kernel, index, b, desc).format);
            if (result) return result;
        }
        if (vrn_kernel_shader(kernel, index)->addressed && b < VRN_TYPED_BINDINGS) {
            pass->at[b] = vrn_buffer_address(range.buffer, device) + range.offset;
        }
        bindings[count++] = (vrn_binding){
            .binding = b,
            .range = range,
            .view = pass->views[b],
            .block_bytes = b == VRN_BIND_BLOCKS ? vrn_kernel_block_bytes(kernel, index, desc) : 0,
        };
    }
    if (vrn_kernel_shader(kernel, index)->line_bytes) {
        vrn_binding *lines = &bindings[count - 1];
        lines->range = range_of(prepared, device, operands, index, VRN_BIND_X);
        lines->before[0] = range_of(prepared, device, operands, index, VRN_BIND_Y);
        lines->before[1] = range_of(prepared, device, operands, index, VRN_BIND_R);
        lines->before_count = VRN_STATIONARY_LINES;
    }
    return vrn_descriptor_set_create(&pass->set, device, pool, &pass->pipeline, bindings, count);
}

vrn_result vrn_prepared_kernel_create(vrn_prepared_kernel *prepared, vrn_device *device,
                                      const vrn_kernel *kernel, const vrn_op_desc *desc,
                                      const vrn_operands *operands, const vrn_pipeline *pipelines,
                                      VkDescriptorPool pool)
{
    vrn_result result = VRN_OK;
    *prepared = (vrn_prepared_kernel){.kernel = kernel, .desc = desc};
    for (uint32_t i = 0; i < vrn_kernel_pass_count(kernel) && !result; i++) {
        prepared->passes[i].pipeline = pipelines[i];
        result = bind_pass(prepared, device, operands, i, pool);
    }
    return result;
}

void vrn_prepared_kernel_destroy(vrn_prepared_kernel *prepared, vrn_device *device)
{
    for (uint32_t k = 0; k < VRN_PASSES_MAX * VRN_BIND_COUNT; k++) {
        VkBufferView view = prepared->passes[k / VRN_BIND_COUNT].views[k % VRN_BIND_COUNT];
        if (view) device->vk.DestroyBufferView(device->handle, view, device->host);
    }
    *prepared = (vrn_prepared_kernel){0};
}

/* Push constants of a pass. */
typedef union push_constants {
    struct {
        struct vrn_push all;
        struct vrn_push_shape pushed;
    } usual;
    struct vrn_push_addressed addressed;
    struct vrn_push_straight straight;
} push_constants;

_Static_assert(sizeof(struct vrn_push) + sizeof(struct vrn_push_shape) <= 128 &&
                   sizeof(struct vrn_push_addressed) <= 128,
               "what every device has for push constants");
_Static_assert(offsetof(struct vrn_push_straight, first) == sizeof(struct vrn_push_addressed),
               "it begins as the other does");

/* Fills in those that all dispatches of a pass share; returns their size in bytes. */
static uint32_t fill_push(push_constants *push, const vrn_prepared_kernel *prepared,
                          uint32_t images, uint32_t pass)
{
    const vrn_kernel *kernel = prepared->kernel;
    const vrn_op_desc *desc = prepared->desc;
    const vrn_shader *shader = vrn_kernel_shader(kernel, pass);
    uint32_t constants[VRN_OP_CONSTANTS_MAX];
    vrn_op_constants(desc, constants);
    if (shader->addressed) {
        const uint64_t *at = prepared->passes[pass].at;
        *push = (push_constants){.straight = {images, kernel->number[0]}};
        for (uint32_t i = 0; i < VRN_COUNT(push->addressed.at); i++) {
            push->addressed.at[i] = (uint32_t)(at[i / 2] >> i % 2 * 32);
        }
        memcpy(push->addressed.shape, constants, sizeof push->addressed.shape);
        push->addressed.y_scale = desc->y.scale;
        for (uint32_t i = 0; i < VRN_STRAIGHT_DIGITS && shader->straight; i++) {
            push->straight.digit[i] = i;
        }
        return shader->straight ? sizeof push->straight : sizeof push->addressed;
    }
    *push = (push_constants){.usual.all = {images, desc->x.scale, desc->y.scale, desc->r.scale}};
    if (!vrn_kernel_pass(kernel, pass)->pushed) return sizeof push->usual.all;
    push->usual.pushed.number = kernel->number[0];
    memcpy(push->usual.pushed.shape, constants, sizeof push->usual.pushed.shape);
    return sizeof push->usual;
}

uint32_t vrn_prepared_kernel_parts(const vrn_prepared_kernel *prepared, uint32_t images,
                                   uint32_t pass, uint32_t wanted)
{
    return vrn_grid_parts(vrn_kernel_grid(prepared->kernel, pass, prepared->desc, images), wanted);
}

double vrn_prepared_kernel_share(const vrn_prepared_kernel *prepared, uint32_t images,
                                 uint32_t pass, uint32_t part, uint32_t parts,
                                 const vrn_device *device)
{
    const vrn_grid grid = vrn_kernel_grid(prepared->kernel, pass, prepared->desc, images);
    return vrn_grid_share(grid, part, parts, device);
}

void vrn_prepared_kernel_record_part(const vrn_prepared_kernel *prepared, uint32_t images,
                                     uint32_t pass, uint32_t part, uint32_t parts,
                                     VkCommandBuffer buffer, const vrn_device *device)
{
    const vrn_kernel *kernel = prepared->kernel;
    const vrn_op_desc *desc = prepared->desc;
    const vrn_pass *its = vrn_kernel_pass(kernel, pass);
    const vrn_prepared_pass *own = &prepared->passes[pass];
    const vrn_grid grid = vrn_kernel_grid(kernel, pass, desc, images);
    const uint32_t steps = its->steps ? its->steps(kernel, desc, 0, NULL) : 1;
    push_constants push;
    const uint32_t bytes = fill_push(&push, prepared, images, pass);
    for (uint32_t step = 0; step < steps; step++) {
        if (step > 0) vrn_commands_barrier_dispatches(buffer, device);
        if (its->steps) its->steps(kernel, desc, step, &push.straight);
        vrn_pipeline_bind(&own->pipeline, device, buffer, own->set, &push, bytes);
        if (parts > 1) {
            vrn_grid_dispatch_part(grid, part, parts, buffer, device);
        } else {
            vrn_grid_dispatch(grid, buffer, device);
        }
    }
}

void vrn_prepared_kernel_record(const vrn_prepared_kernel *prepared, uint32_t images,
                                VkCommandBuffer buffer, const vrn_device *device)
{
    for (uint32_t i = 0; i < vrn_kernel_pass_count(prepared->kernel); i++) {
        if (i > 0) vrn_commands_barrier_dispatches(buffer, device);
        vrn_prepared_kernel_record_part(prepared, images, i, 0, 1, buffer, device);
    }
}
