#include "ops/kernel.h"

#include <string.h>

#include "base/util.h"
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

/* What a kernel binds for one image must fit the device's limits; more images are run in slices. */
static bool binding_fits(const vrn_kernel *kernel, uint32_t binding, uint64_t bytes,
                         const vrn_device *device)
{
    if (kernel->texel & (1u << binding)) {
        return bytes / 16 <= device->limits.maxTexelBufferElements;
    }
    return bytes <= device->limits.maxStorageBufferRange;
}

bool vrn_kernel_supported(const vrn_kernel *kernel, const vrn_op_desc *desc,
                          const vrn_device *device)
{
    const VkPhysicalDeviceLimits *limits = &device->limits;
    if (!vrn_device_has(device, kernel->needs) ||
        kernel->shared_bytes > limits->maxComputeSharedMemorySize ||
        kernel->row[0] > limits->maxComputeWorkGroupInvocations ||
        kernel->row[0] > limits->maxComputeWorkGroupSize[0]) {
        return false;
    }
    if (kernel->fits && !kernel->fits(kernel, desc)) return false;

    const vrn_operator *op = vrn_operator_of(desc->op);
    uint64_t bytes[VRN_BIND_COUNT] = {
        [VRN_BIND_X] = vrn_shape_bytes(desc->in),
        [VRN_BIND_Y] = vrn_shape_bytes(desc->out),
    };
    if (op->packed_floats) bytes[VRN_BIND_W] = op->packed_floats(desc, kernel) * sizeof(float);
    if (desc->epilogue.residual) bytes[VRN_BIND_R] = vrn_shape_bytes(desc->epilogue.residual_shape);
    for (uint32_t i = 0; i < VRN_BIND_COUNT; i++) {
        if (!binding_fits(kernel, i, bytes[i], device)) return false;
    }
    vrn_grid grid = kernel->grid(kernel, desc, 1);
    return grid.z <= limits->maxComputeWorkGroupCount[2] &&
           grid.x <=
               (uint64_t)limits->maxComputeWorkGroupCount[0] * limits->maxComputeWorkGroupCount[1];
}

void vrn_kernel_key(const vrn_kernel *kernel, const vrn_op_desc *desc, vrn_pipeline_key *key)
{
    const vrn_operator *op = vrn_operator_of(desc->op);
    memset(key, 0, sizeof *key);
    key->module = kernel->module;
    key->bindings = op->bindings;
    key->texel = kernel->texel;
    key->push_bytes = sizeof(uint32_t);
    uint32_t count = op->constants(desc, key->constants);
    for (uint32_t i = 0; i < count; i++) key->constant_ids[i] = i;
    for (uint32_t i = 0; i < kernel->row_count; i++, count++) {
        key->constant_ids[count] = VRN_ROW_CONSTANTS + i;
        key->constants[count] = kernel->row[i];
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
                       const vrn_pipeline *pipeline, VkDescriptorSet set, VkCommandBuffer buffer,
                       const vrn_device *device)
{
    vrn_pipeline_bind(pipeline, device, buffer, set, &images, sizeof images);
    vrn_dispatch_folded(buffer, device, kernel->grid(kernel, desc, images));
}

vrn_grid vrn_grid_flat(const vrn_kernel *kernel, uint64_t elements)
{
    return (vrn_grid){.x = (elements + kernel->row[0] - 1) / kernel->row[0], .z = 1};
}

vrn_grid vrn_grid_output(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images)
{
    return vrn_grid_flat(kernel, images * (vrn_shape_bytes(desc->out) / 16));
}
