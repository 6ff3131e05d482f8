#include "ops/kernel.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/half.h"
#include "base/hash.h"
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

uint32_t vrn_kernel_count(vrn_op op)
{
    return operators[op]->kernel_count;
}

const vrn_kernel *vrn_kernel_at(vrn_op op, uint32_t index)
{
    return index < operators[op]->kernel_count ? &operators[op]->kernels[index] : NULL;
}

bool vrn_op_has_parameters(vrn_op op)
{
    return operators[op]->packed_floats;
}

uint32_t vrn_kernel_pass_count(const vrn_kernel *kernel)
{
    return kernel->pass_count;
}

const vrn_pass *vrn_kernel_pass(const vrn_kernel *kernel, uint32_t pass)
{
    return &kernel->pass[pass];
}

uint32_t vrn_kernel_threads(const vrn_kernel *kernel, uint32_t pass)
{
    return kernel->pass[pass].row[0];
}

vrn_grid vrn_kernel_grid(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc,
                         uint32_t images)
{
    return kernel->pass[pass].grid(&kernel->pass[pass], desc, images);
}

uint32_t vrn_kernel_shared_bytes(const vrn_kernel *kernel)
{
    return kernel->shared_bytes;
}

double vrn_kernel_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images)
{
    return kernel->merit ? kernel->merit(kernel, desc, images) : 0;
}

uint64_t vrn_kernel_scratch_bytes(const vrn_kernel *kernel, const vrn_op_desc *desc,
                                  uint32_t scratch, uint32_t images)
{
    return kernel->scratch_bytes ? kernel->scratch_bytes(desc, kernel, scratch, images) : 0;
}

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
    return vrn_hash64(hash, &word, sizeof word);
}

uint64_t vrn_kernel_hash(uint64_t hash, const vrn_kernel *kernel)
{
    hash = vrn_hash64(hash, kernel->name, strlen(kernel->name) + 1);
    hash = hash_word(hash, kernel->needs);
    hash = hash_word(hash, kernel->layout);
    hash = hash_word(hash, kernel->shared_bytes);
    for (uint32_t i = 0; i < kernel->pass_count; i++) {
        const vrn_pass *pass = &kernel->pass[i];
        hash = vrn_hash64(hash, pass->module->words, pass->module->size);
        hash = hash_word(hash, pass->texel);
        hash = hash_word(hash, pass->arrays);
        hash = vrn_hash64(hash, pass->scratch, sizeof pass->scratch);
        hash = vrn_hash64(hash, pass->row, pass->row_count * sizeof pass->row[0]);
    }
    return hash;
}

vrn_result vrn_kernel_prefix_check(const char *prefix, const vrn_log *log)
{
    for (uint32_t op = 0; op < VRN_OP_COUNT && prefix; op++) {
        for (uint32_t i = 0; i < operators[op]->kernel_count; i++) {
            if (strncmp(operators[op]->kernels[i].name, prefix, strlen(prefix)) == 0) return VRN_OK;
        }
    }
    if (!prefix) return VRN_OK;
    return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                    "kernel '%s': no kernel of this build has a name that begins so", prefix);
}

void vrn_op_constants(const vrn_op_desc *desc, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    memset(values, 0, VRN_OP_CONSTANTS_MAX * sizeof *values);
    vrn_operator_of(desc->op)->constants(desc, values);
    values[VRN_TYPE_CONSTANTS + VRN_BIND_X] = desc->x.type;
    values[VRN_TYPE_CONSTANTS + VRN_BIND_Y] = desc->y.type;
    values[VRN_TYPE_CONSTANTS + VRN_BIND_W] = desc->w;
    values[VRN_TYPE_CONSTANTS + VRN_BIND_R] = desc->r.type;
}

uint64_t vrn_kernel_weight_bytes(const vrn_kernel *kernel, const vrn_op_desc *desc)
{
    const vrn_operator *op = vrn_operator_of(desc->op);
    if (!op->packed_floats) return 0;
    uint64_t numbers = op->packed_floats(desc, kernel);
    return desc->w == VRN_TYPE_F16 ? numbers * sizeof(uint16_t) : numbers * sizeof(float);
}

bool vrn_kernel_pack(const vrn_kernel *kernel, const vrn_op_desc *desc, const vrn_params *params,
                     void *target)
{
    const vrn_operator *op = vrn_operator_of(desc->op);
    if (!op->pack) return true;
    if (desc->w != VRN_TYPE_F16) {
        op->pack(desc, kernel, params, target);
        return true;
    }
    const uint64_t count = op->packed_floats(desc, kernel);
    float *floats = vrn_alloc(count, sizeof *floats);
    if (!floats) return false;
    op->pack(desc, kernel, params, floats);
    vrn_floats_to_halves(target, floats, count);
    vrn_free(floats);
    return true;
}

vrn_type vrn_kernel_binding_type(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                 const vrn_op_desc *desc)
{
    if (kernel->pass[pass].scratch[binding]) return VRN_TYPE_F32;
    switch (binding) {
    case VRN_BIND_X: return desc->x.type;
    case VRN_BIND_Y: return desc->y.type;
    case VRN_BIND_W:
    case VRN_BIND_BLOCKS: return desc->w;
    default: return desc->r.type;
    }
}

/* What a texel buffer's element is. */
typedef struct texel {
    VkFormat format;
    uint32_t bytes;
} texel;

static texel texel_of(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                      const vrn_op_desc *desc)
{
    static const texel texels[VRN_TYPE_COUNT] = {
        [VRN_TYPE_F32] = {VK_FORMAT_R32G32B32A32_SFLOAT, 16},
        [VRN_TYPE_F16] = {VK_FORMAT_R16G16B16A16_SFLOAT, 8},
        [VRN_TYPE_I8] = {VK_FORMAT_R8G8B8A8_SNORM, 4},
    };
    if (kernel->bytes && binding == VRN_BIND_X) return (texel){VK_FORMAT_R32_UINT, 4};
    if (kernel->bytes && binding == VRN_BIND_W) return (texel){VK_FORMAT_R32G32B32A32_UINT, 16};
    return texels[vrn_kernel_binding_type(kernel, pass, binding, desc)];
}

VkFormat vrn_kernel_texel_format(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                 const vrn_op_desc *desc)
{
    return texel_of(kernel, pass, binding, desc).format;
}

bool vrn_op_takes_bytes(const vrn_op_desc *desc)
{
    const vrn_operator *op = vrn_operator_of(desc->op);
    return op->takes_bytes && desc->x.type == VRN_TYPE_I8 && op->takes_bytes(desc);
}

uint64_t vrn_kernel_binding_bytes(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                  const vrn_op_desc *desc, uint32_t images)
{
    uint32_t scratch = kernel->pass[pass].scratch[binding];
    if (scratch) return kernel->scratch_bytes(desc, kernel, scratch, images);
    switch (binding) {
    case VRN_BIND_X: return vrn_tensor_bytes(desc->in, desc->x.type) * images;
    case VRN_BIND_Y: return vrn_tensor_bytes(desc->out, desc->y.type) * images;
    case VRN_BIND_BLOCKS:
        if (!(kernel->pass[pass].arrays & 1u << VRN_BIND_BLOCKS)) return 0;
        return vrn_kernel_weight_bytes(kernel, desc);
    case VRN_BIND_W: return vrn_kernel_weight_bytes(kernel, desc);
    default:
        if (desc->op == VRN_OP_ADD) return vrn_tensor_bytes(desc->in, desc->r.type) * images;
        if (!desc->epilogue.residual) return 0;
        return vrn_tensor_bytes(desc->epilogue.residual_shape, desc->r.type) * images;
    }
}

uint32_t vrn_block_bytes(vrn_type type)
{
    return VRN_BLOCK_NUMBERS / 4 * vrn_type_bytes4(type);
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
            uint32_t block = vrn_block_bytes(desc->w);
            counts->array_buffers += (uint32_t)((bytes + block - 1) / block);
        } else if (kernel->pass[pass].texel & 1u << b) {
            counts->texel_buffers++;
        } else {
            counts->storage_buffers++;
        }
    }
}

uint64_t vrn_kernel_binding_limit(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                  const vrn_op_desc *desc, const vrn_device *device)
{
    if (kernel->pass[pass].texel & (1u << binding)) {
        return (uint64_t)device->probe.limits.maxTexelBufferElements *
               texel_of(kernel, pass, binding, desc).bytes;
    }
    if (binding == VRN_BIND_BLOCKS) {
        return (uint64_t)device->probe.max_array * vrn_block_bytes(desc->w);
    }
    return device->probe.limits.maxStorageBufferRange;
}

/* What a pass binds for one image must fit the device's limits; more images are run in slices. */
static bool pass_supported(const vrn_kernel *kernel, uint32_t index, const vrn_op_desc *desc,
                           const vrn_device *device)
{
    const VkPhysicalDeviceLimits *limits = &device->probe.limits;
    const vrn_pass *pass = &kernel->pass[index];
    if (pass->row[0] > limits->maxComputeWorkGroupInvocations ||
        pass->row[0] > limits->maxComputeWorkGroupSize[0]) {
        return false;
    }
    for (uint32_t b = 0; b < VRN_BIND_COUNT; b++) {
        if (vrn_kernel_binding_bytes(kernel, index, b, desc, 1) >
            vrn_kernel_binding_limit(kernel, index, b, desc, device)) {
            return false;
        }
    }
    vrn_grid grid = pass->grid(pass, desc, 1);
    return grid.z <= limits->maxComputeWorkGroupCount[2] &&
           grid.x <=
               (uint64_t)limits->maxComputeWorkGroupCount[0] * limits->maxComputeWorkGroupCount[1];
}

static bool lacks(char why[VRN_WHY_MAX], const char *format, ...) VRN_PRINTF(2, 3);
static bool lacks(char why[VRN_WHY_MAX], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (why) vsnprintf(why, VRN_WHY_MAX, format, args);
    va_end(args);
    return false;
}

bool vrn_kernel_possible(const vrn_kernel *kernel, const vrn_device *device, char why[VRN_WHY_MAX])
{
    const vrn_subgroup_info *subgroup = &device->probe.subgroup;
    const vrn_matrix_list *matrices = &device->probe.matrices;
    const uint32_t lacking = kernel->needs & ~device->probe.info.capabilities;
    const uint32_t reserved = kernel->matrix.invocations ? matrices->reserved_shared : 0;
    const uint32_t shared = kernel->shared_bytes + reserved;
    if (lacking) return lacks(why, "needs %s", vrn_capability_name(lacking & (~lacking + 1)));
    if (shared > device->probe.limits.maxComputeSharedMemorySize) {
        return lacks(why, "needs %u bytes of shared memory, of %u", shared,
                     device->probe.limits.maxComputeSharedMemorySize);
    }
    if (kernel->subgroup_size && (kernel->subgroup_size < subgroup->size_min ||
                                  kernel->subgroup_size > subgroup->size_max)) {
        return lacks(why, "needs subgroups of %u, of %u to %u", kernel->subgroup_size,
                     subgroup->size_min, subgroup->size_max);
    }
    if (kernel->matrix.m && !vrn_matrix_listed(matrices, &kernel->matrix)) {
        return lacks(why, "needs matrices of %u x %u x %u, which the device does not list",
                     kernel->matrix.m, kernel->matrix.n, kernel->matrix.k);
    }
    return true;
}

bool vrn_kernel_supported(const vrn_kernel *kernel, const vrn_op_desc *desc,
                          const vrn_device *device)
{
    if (kernel->bytes != (desc->w == VRN_TYPE_I8) || !vrn_kernel_possible(kernel, device, NULL)) {
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
    key->subgroup_size = kernel->subgroup_size;
    uint32_t values[VRN_OP_CONSTANTS_MAX], count = 0;
    vrn_op_constants(desc, values);
    for (uint32_t b = 0; b < VRN_TYPED_BINDINGS; b++) {
        values[VRN_TYPE_CONSTANTS + b] = vrn_kernel_binding_type(kernel, pass, b, desc);
    }
    key->push_bytes = (p->pushed ? VRN_PUSH_WORDS_MAX : VRN_PUSH_WORDS) * sizeof(uint32_t);
    for (uint32_t i = p->pushed ? VRN_PUSHED_CONSTANTS : 0; i < VRN_OP_CONSTANTS_MAX; i++) {
        /* Bindings that the operator has not are of no type, and what it does not write is not
         * there. */
        if (i >= VRN_TYPE_CONSTANTS && !(op->bindings & 1u << (i - VRN_TYPE_CONSTANTS))) continue;
        key->constant_ids[count] = i;
        key->constants[count++] = values[i];
    }
    for (uint32_t i = 0; i < p->row_count; i++, count++) {
        key->constant_ids[count] = VRN_ROW_CONSTANTS + i;
        key->constants[count] = p->row[i];
    }
    key->constant_count = count;
}

double vrn_params_scale(const vrn_params *params, uint32_t k)
{
    if (!params->norm[VRN_PARAM_WEIGHT]) return 1;
    return params->norm[VRN_PARAM_WEIGHT][k] /
           sqrt((double)params->norm[VRN_PARAM_VAR][k] + params->norm_eps);
}

double vrn_params_bias(const vrn_params *params, uint32_t k)
{
    double bias = params->own[VRN_PARAM_BIAS] ? params->own[VRN_PARAM_BIAS][k] : 0;
    if (!params->norm[VRN_PARAM_WEIGHT]) return bias;
    return (bias - params->norm[VRN_PARAM_MEAN][k]) * vrn_params_scale(params, k) +
           params->norm[VRN_PARAM_BIAS][k];
}

void vrn_dispatch_folded(VkCommandBuffer buffer, const vrn_device *device, vrn_grid grid)
{
    uint64_t limit = device->probe.limits.maxComputeWorkGroupCount[0];
    uint64_t y = (grid.x + limit - 1) / limit;
    uint64_t x = y ? (grid.x + y - 1) / y : 0;
    device->vk.CmdDispatch(buffer, (uint32_t)x, (uint32_t)y, grid.z);
}

vrn_grid vrn_grid_flat(const vrn_pass *pass, uint64_t elements)
{
    return (vrn_grid){.x = (elements + pass->row[0] - 1) / pass->row[0], .z = 1};
}

vrn_grid vrn_grid_output(const vrn_pass *pass, const vrn_op_desc *desc, uint32_t images)
{
    return vrn_grid_flat(pass, images * (vrn_tensor_bytes(desc->out, VRN_TYPE_F32) / 16));
}
