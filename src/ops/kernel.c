#include "ops/kernel.h"

#include <string.h>

#include "base/util.h"
#include "gpu/queue.h"
#include "ops/operators.h"

static const vrn_operator *const operators[VRN_OP_COUNT] = {
    [VRN_OP_CONV] = &vrn_operator_conv,
    [VRN_OP_BATCH_NORM] = &vrn_operator_batch_norm,
    [VRN_OP_GROUP_NORM] = &vrn_operator_group_norm,
    [VRN_OP_RELU] = &vrn_operator_relu,
    [VRN_OP_MAX_POOL] = &vrn_operator_max_pool,
    [VRN_OP_AVG_POOL] = &vrn_operator_avg_pool,
    [VRN_OP_ADD] = &vrn_operator_add,
    [VRN_OP_SHORTCUT] = &vrn_operator_shortcut,
    [VRN_OP_LINEAR] = &vrn_operator_linear,
    [VRN_OP_SOFTMAX] = &vrn_operator_softmax,
};

const vrn_operator *vrn_operator_of(vrn_op op)
{
    return operators[op];
}

uint64_t vrn_shape_bytes(vrn_shape shape)
{
    return (uint64_t)shape.h * shape.w * vrn_c4(shape.c) * 4 * sizeof(float);
}

uint64_t vrn_kernel_binding_bytes(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                  const vrn_op_desc *desc, uint32_t images)
{
    const vrn_operator *op = vrn_operator_of(desc->op);
    uint32_t scratch = kernel->pass[pass].scratch[binding];
    if (scratch) return kernel->scratch_bytes(desc, kernel, scratch, images);
    switch (binding) {
    case VRN_BIND_X: return vrn_shape_bytes(desc->in) * images;
    case VRN_BIND_Y: return vrn_shape_bytes(desc->out) * images;
    case VRN_BIND_BLOCKS:
        if (!(kernel->pass[pass].arrays & 1u << VRN_BIND_BLOCKS)) return 0;
        return op->packed_floats(desc, kernel) * sizeof(float);
    case VRN_BIND_W: return op->packed_floats ? op->packed_floats(desc, kernel) * sizeof(float) : 0;
    default:
        if (desc->op == VRN_OP_ADD) return vrn_shape_bytes(desc->in) * images;
        return desc->epilogue.residual ? vrn_shape_bytes(desc->epilogue.residual_shape) * images
                                       : 0;
    }
}

uint32_t vrn_kernel_bindings(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc)
{
    return vrn_operator_of(desc->op)->bindings | kernel->pass[pass].arrays;
}

void vrn_kernel_count_descriptors(const vrn_kernel *kernel, const vrn_op_desc *desc,
                                  vrn_descriptor_counts *counts)
{
    counts->sets += kernel->pass_count;
    for (uint32_t k = 0; k < kernel->pass_count * VRN_BIND_COUNT; k++) {
        const uint32_t pass = k / VRN_BIND_COUNT, b = k % VRN_BIND_COUNT;
        if (!(vrn_kernel_bindings(kernel, pass, desc) & 1u << b)) continue;
        if (b == VRN_BIND_BLOCKS) {
            uint64_t bytes = vrn_kernel_binding_bytes(kernel, pass, b, desc, 1);
            counts->array_buffers += (uint32_t)((bytes + VRN_BLOCK_BYTES - 1) / VRN_BLOCK_BYTES);
        } else if (kernel->pass[pass].texel & 1u << b) {
            counts->texel_buffers++;
        } else {
            counts->storage_buffers++;
        }
    }
}

uint64_t vrn_kernel_binding_limit(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                  const vrn_device *device)
{
    if (kernel->pass[pass].texel & (1u << binding)) {
        return (uint64_t)device->limits.maxTexelBufferElements * 16;
    }
    if (binding == VRN_BIND_BLOCKS) return (uint64_t)device->max_array * VRN_BLOCK_BYTES;
    return device->limits.maxStorageBufferRange;
}

/* What a pass binds for one image must fit the device's limits; more images are run in slices. */
static bool pass_supported(const vrn_kernel *kernel, uint32_t index, const vrn_op_desc *desc,
                           const vrn_device *device)
{
    const VkPhysicalDeviceLimits *limits = &device->limits;
    const vrn_pass *pass = &kernel->pass[index];
    if (pass->row[0] > limits->maxComputeWorkGroupInvocations ||
        pass->row[0] > limits->maxComputeWorkGroupSize[0]) {
        return false;
    }
    for (uint32_t b = 0; b < VRN_BIND_COUNT; b++) {
        if (vrn_kernel_binding_bytes(kernel, index, b, desc, 1) >
            vrn_kernel_binding_limit(kernel, index, b, device)) {
            return false;
        }
    }
    vrn_grid grid = pass->grid(pass, desc, 1);
    return grid.z <= limits->maxComputeWorkGroupCount[2] &&
           grid.x <=
               (uint64_t)limits->maxComputeWorkGroupCount[0] * limits->maxComputeWorkGroupCount[1];
}

bool vrn_kernel_supported(const vrn_kernel *kernel, const vrn_op_desc *desc,
                          const vrn_device *device)
{
    if (!vrn_device_has(device, kernel->needs) ||
        kernel->shared_bytes > device->limits.maxComputeSharedMemorySize) {
        return false;
    }
    if (kernel->fits && !kernel->fits(kernel, desc)) return false;
    for (uint32_t i = 0; i < kernel->pass_count; i++) {
        if (!pass_supported(kernel, i, desc, device)) return false;
    }
    return true;
}

uint64_t vrn_kernel_scratch(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                            uint64_t alignment, uint64_t offsets[VRN_SCRATCH_MAX])
{
    uint64_t bytes = 0;
    if (!kernel->scratch_bytes) return 0;
    for (uint32_t i = 0; i < VRN_SCRATCH_MAX; i++) {
        if (offsets) offsets[i] = bytes;
        bytes += vrn_round_up(kernel->scratch_bytes(desc, kernel, i + 1, images), alignment);
    }
    return bytes;
}

void vrn_kernel_key(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc,
                    vrn_pipeline_key *key)
{
    const vrn_operator *op = vrn_operator_of(desc->op);
    const vrn_pass *p = &kernel->pass[pass];
    memset(key, 0, sizeof *key);
    key->module = p->module;
    key->bindings = vrn_kernel_bindings(kernel, pass, desc);
    key->texel = p->texel;
    key->arrays = p->arrays;
    uint32_t values[VRN_OP_CONSTANTS_MAX], written = op->constants(desc, values), count = 0;
    key->push_bytes = (p->pushed ? VRN_PUSH_WORDS : 1) * sizeof(uint32_t);
    for (uint32_t i = p->pushed ? VRN_PUSHED_CONSTANTS : 0; i < written; i++, count++) {
        key->constant_ids[count] = i;
        key->constants[count] = values[i];
    }
    for (uint32_t i = 0; i < p->row_count; i++, count++) {
        key->constant_ids[count] = VRN_ROW_CONSTANTS + i;
        key->constants[count] = p->row[i];
    }
    key->constant_count = count;
}

void vrn_dispatch_folded(VkCommandBuffer buffer, const vrn_device *device, vrn_grid grid)
{
    uint64_t limit = device->limits.maxComputeWorkGroupCount[0];
    uint64_t y = (grid.x + limit - 1) / limit;
    uint64_t x = y ? (grid.x + y - 1) / y : 0;
    device->vk.CmdDispatch(buffer, (uint32_t)x, (uint32_t)y, grid.z);
}

void vrn_kernel_record(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                       const vrn_bound_pass *bound, VkCommandBuffer buffer,
                       const vrn_device *device)
{
    for (uint32_t i = 0; i < kernel->pass_count; i++) {
        const vrn_pass *pass = &kernel->pass[i];
        if (i > 0) vrn_commands_barrier(buffer, device, false);
        uint32_t push[2 + VRN_OP_CONSTANTS_MAX] = {images, pass->mode};
        if (pass->pushed) vrn_operator_of(desc->op)->constants(desc, push + 2);
        vrn_pipeline_bind(&bound[i].pipeline, device, buffer, bound[i].set, push,
                          (pass->pushed ? VRN_PUSH_WORDS : 1) * (uint32_t)sizeof *push);
        vrn_dispatch_folded(buffer, device, pass->grid(pass, desc, images));
    }
}

vrn_grid vrn_grid_flat(const vrn_pass *pass, uint64_t elements)
{
    return (vrn_grid){.x = (elements + pass->row[0] - 1) / pass->row[0], .z = 1};
}

vrn_grid vrn_grid_output(const vrn_pass *pass, const vrn_op_desc *desc, uint32_t images)
{
    return vrn_grid_flat(pass, images * (vrn_shape_bytes(desc->out) / 16));
}
