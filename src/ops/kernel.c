#include "ops/kernel.h"

#include <string.h>

#include "base/alloc.h"
#include "base/half.h"
#include "base/hash.h"
#include "base/util.h"

_Static_assert((int)VRN_TYPE_F32 == VRN_STORED_F32 && (int)VRN_TYPE_F16 == VRN_STORED_F16 &&
                   (int)VRN_TYPE_I8 == VRN_STORED_I8,
               "vrn_type, as shaders know it");
_Static_assert(VRN_OP_CONSTANTS_MAX + 1 + VRN_NUMBERS_MAX <= VRN_MAX_CONSTANTS,
               "the constants of a pipeline's key");
_Static_assert(VRN_ID_THREADS == VRN_OP_CONSTANTS_MAX && VRN_ID_NUMBERS == VRN_ID_THREADS + 1,
               "an operator's constants, the work group's size, a row's numbers");

uint32_t vrn_kernel_pass_count(const vrn_kernel *kernel)
{
    uint32_t count = 0;
    while (count < VRN_PASSES_MAX && kernel->variant->shader[count].module) count++;
    return count;
}

const vrn_pass *vrn_kernel_pass(const vrn_kernel *kernel, uint32_t pass)
{
    return &kernel->variant->family->pass[pass];
}

const vrn_shader *vrn_kernel_shader(const vrn_kernel *kernel, uint32_t pass)
{
    return &kernel->variant->shader[pass];
}

uint32_t vrn_kernel_threads(const vrn_kernel *kernel, uint32_t pass)
{
    const uint32_t threads = kernel->variant->shader[pass].threads;
    return threads ? threads : kernel->variant->family->threads(kernel);
}

uint32_t vrn_kernel_shared_bytes(const vrn_kernel *kernel)
{
    const vrn_kernel_family *family = kernel->variant->family;
    return family->shared_bytes ? family->shared_bytes(kernel) : 0;
}

uint32_t vrn_kernel_registers(const vrn_kernel *kernel)
{
    const vrn_kernel_family *family = kernel->variant->family;
    return family->registers ? family->registers(kernel) : 0;
}

uint32_t vrn_kernel_subgroup_size(const vrn_kernel *kernel)
{
    const vrn_kernel_family *family = kernel->variant->family;
    return family->subgroup_size ? family->subgroup_size(kernel) : 0;
}

vrn_matrix_shape vrn_kernel_matrix(const vrn_kernel *kernel)
{
    const vrn_kernel_family *family = kernel->variant->family;
    return family->matrix ? family->matrix(kernel) : (vrn_matrix_shape){0};
}

bool vrn_kernel_takes_bytes(const vrn_kernel *kernel)
{
    return kernel->variant->layout && kernel->variant->layout->bytes;
}

uint32_t vrn_kernel_layout_number(const vrn_kernel *kernel)
{
    return kernel->variant->layout && kernel->variant->layout->by_number ? kernel->number[0] : 0;
}

uint64_t vrn_kernel_hash(uint64_t hash, const vrn_kernel *kernel)
{
    hash = vrn_hash64(hash, kernel->name, strlen(kernel->name) + 1);
    hash = vrn_hash_word(hash, kernel->variant->needs);
    hash = vrn_hash64(hash, kernel->number, sizeof kernel->number);
    for (uint32_t i = 0; i < vrn_kernel_pass_count(kernel); i++) {
        const vrn_shader *shader = vrn_kernel_shader(kernel, i);
        const vrn_pass *pass = vrn_kernel_pass(kernel, i);
        hash = vrn_hash64(hash, shader->module->words, shader->module->size);
        hash = vrn_hash_word(hash, shader->texel);
        hash = vrn_hash_word(hash, vrn_kernel_threads(kernel, i));
        hash = vrn_hash64(hash, pass->scratch, sizeof pass->scratch);
    }
    return hash;
}

bool vrn_kernel_fits(const vrn_kernel *kernel, const vrn_op_desc *desc)
{
    const vrn_kernel_family *family = kernel->variant->family;
    if (family->pools != (desc->epilogue.pool.kernel.y > 0)) return false;
    return !family->fits || family->fits(kernel, desc);
}

double vrn_kernel_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                        const vrn_cores *cores)
{
    const vrn_kernel_family *family = kernel->variant->family;
    return family->merit ? family->merit(kernel, desc, images, cores) : 0;
}

vrn_grid vrn_kernel_grid(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc,
                         uint32_t images)
{
    const uint32_t threads = vrn_kernel_threads(kernel, pass);
    return vrn_kernel_pass(kernel, pass)->grid(kernel, threads, desc, images);
}

uint64_t vrn_kernel_scratch_bytes(const vrn_kernel *kernel, const vrn_op_desc *desc,
                                  uint32_t scratch, uint32_t images)
{
    const vrn_kernel_family *family = kernel->variant->family;
    return family->scratch_bytes ? family->scratch_bytes(kernel, desc, scratch, images) : 0;
}

uint64_t vrn_kernel_scratch(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                            uint64_t alignment, uint64_t offsets[VRN_SCRATCH_MAX])
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < VRN_SCRATCH_MAX; i++) {
        if (offsets) offsets[i] = bytes;
        bytes += vrn_round_up(vrn_kernel_scratch_bytes(kernel, desc, i + 1, images), alignment);
    }
    return bytes;
}

void vrn_kernel_key(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc,
                    vrn_pipeline_key *key)
{
    const vrn_shader *shader = vrn_kernel_shader(kernel, pass);
    const bool pushed = shader->addressed || vrn_kernel_pass(kernel, pass)->pushed;
    uint32_t values[VRN_OP_CONSTANTS_MAX], count = 0;
    memset(key, 0, sizeof *key);
    key->module = shader->module;
    key->bindings = vrn_kernel_bindings(kernel, pass, desc);
    key->texel = shader->texel;
    key->arrays = shader->arrays;
    key->subgroup_size = vrn_kernel_subgroup_size(kernel);
    key->push_bytes = shader->straight    ? sizeof(struct vrn_push_straight)
                      : shader->addressed ? sizeof(struct vrn_push_addressed)
                      : pushed            ? sizeof(struct vrn_push) + sizeof(struct vrn_push_shape)
                                          : sizeof(struct vrn_push);
    vrn_op_constants(desc, values);
    for (uint32_t b = 0; b < VRN_TYPED_BINDINGS; b++) {
        if (b == VRN_BIND_Y && !vrn_kernel_pass(kernel, pass)->scratch[b]) continue;
        values[VRN_ID_TYPES + b] = vrn_kernel_binding_type(kernel, pass, b, desc);
    }
    for (uint32_t i = pushed ? VRN_PUSHED_CONSTANTS : 0; i < VRN_OP_CONSTANTS_MAX; i++) {
        /* Bindings that the operator does not have have no type. */
        if (i >= VRN_ID_TYPES && !(key->bindings & 1u << (i - VRN_ID_TYPES))) continue;
        key->constant_ids[count] = i;
        key->constants[count++] = values[i];
    }
    key->constant_ids[count] = VRN_ID_THREADS;
    key->constants[count++] = vrn_kernel_threads(kernel, pass);
    const uint32_t first = shader->addressed ? 1 : 0; /* the first number is pushed */
    for (uint32_t i = first; i < shader->numbers; i++) {
        key->constant_ids[count] = VRN_ID_NUMBERS + i;
        key->constants[count++] = kernel->number[i];
    }
    key->constant_count = count;
}

uint64_t vrn_kernel_weight_bytes(const vrn_kernel *kernel, const vrn_op_desc *desc)
{
    const vrn_layout *layout = kernel->variant->layout;
    if (!layout) return 0;
    return layout->numbers(kernel, desc) *
           (desc->w == VRN_TYPE_F16 ? sizeof(uint16_t) : sizeof(float));
}

bool vrn_kernel_pack(const vrn_kernel *kernel, const vrn_op_desc *desc, const vrn_params *params,
                     void *target)
{
    const vrn_layout *layout = kernel->variant->layout;
    if (!layout) return true;
    if (desc->w != VRN_TYPE_F16) {
        layout->pack(kernel, desc, params, target);
        return true;
    }
    const uint64_t count = layout->numbers(kernel, desc);
    float *floats = vrn_alloc(count, sizeof *floats);
    if (!floats) return false;
    layout->pack(kernel, desc, params, floats);
    vrn_floats_to_halves(target, floats, count);
    vrn_free(floats);
    return true;
}

uint32_t vrn_kernel_bindings(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc)
{
    return vrn_operator_of(desc->op)->bindings | vrn_kernel_shader(kernel, pass)->arrays;
}

vrn_type vrn_kernel_binding_type(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                 const vrn_op_desc *desc)
{
    if (vrn_kernel_pass(kernel, pass)->scratch[binding]) return VRN_TYPE_F32;
    switch (binding) {
    case VRN_BIND_X: return desc->x.type;
    case VRN_BIND_Y: return desc->y.type;
    case VRN_BIND_W:
    case VRN_BIND_BLOCKS: return desc->w;
    default: return desc->r.type;
    }
}

uint64_t vrn_kernel_binding_bytes(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                  const vrn_op_desc *desc, uint32_t images)
{
    const vrn_shader *shader = vrn_kernel_shader(kernel, pass);
    if (binding == VRN_BIND_BLOCKS && (shader->arrays & VRN_BIT_BLOCKS) && shader->line_bytes) {
        binding = VRN_BIND_X;
    }
    const uint32_t scratch = vrn_kernel_pass(kernel, pass)->scratch[binding];
    if (scratch) return vrn_kernel_scratch_bytes(kernel, desc, scratch, images);
    switch (binding) {
    case VRN_BIND_X: return vrn_tensor_bytes(desc->in, desc->x.type) * images;
    case VRN_BIND_Y: return vrn_tensor_bytes(desc->out, desc->y.type) * images;
    case VRN_BIND_BLOCKS:
        if (!(shader->arrays & VRN_BIT_BLOCKS)) return 0;
        return vrn_kernel_weight_bytes(kernel, desc);
    case VRN_BIND_W:
        if (desc->op == VRN_OP_SCALE) return vrn_gate_bytes(desc) * images;
        return vrn_kernel_weight_bytes(kernel, desc);
    default:
        if (desc->op == VRN_OP_ADD) return vrn_tensor_bytes(desc->in, desc->r.type) * images;
        if (!desc->epilogue.residual) return 0;
        return vrn_tensor_bytes(desc->epilogue.residual_shape, desc->r.type) * images;
    }
}

vrn_texel vrn_kernel_texel(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                           const vrn_op_desc *desc)
{
    static const vrn_texel texels[VRN_TYPE_COUNT] = {
        [VRN_TYPE_F32] = {VK_FORMAT_R32G32B32A32_SFLOAT, 16},
        [VRN_TYPE_F16] = {VK_FORMAT_R16G16B16A16_SFLOAT, 8},
        [VRN_TYPE_I8] = {VK_FORMAT_R8G8B8A8_SNORM, 4},
    };
    if (vrn_kernel_takes_bytes(kernel)) {
        if (binding == VRN_BIND_X) return (vrn_texel){VK_FORMAT_R32_UINT, 4};
        if (binding == VRN_BIND_W) return (vrn_texel){VK_FORMAT_R32G32B32A32_UINT, 16};
    }
    return texels[vrn_kernel_binding_type(kernel, pass, binding, desc)];
}

uint32_t vrn_kernel_block_bytes(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc)
{
    const uint32_t line_bytes = vrn_kernel_shader(kernel, pass)->line_bytes;
    return line_bytes ? line_bytes : VRN_BLOCK_NUMBERS / 4 * vrn_type_bytes4(desc->w);
}

uint64_t vrn_kernel_block_count(const vrn_kernel *kernel, uint32_t pass, const vrn_op_desc *desc,
                                uint32_t images)
{
    const uint64_t bytes = vrn_kernel_binding_bytes(kernel, pass, VRN_BIND_BLOCKS, desc, images);
    const uint32_t block = vrn_kernel_block_bytes(kernel, pass, desc);
    return (bytes + block - 1) / block +
           (vrn_kernel_shader(kernel, pass)->line_bytes ? VRN_STATIONARY_LINES : 0);
}

vrn_grid vrn_grid_output(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *desc,
                         uint32_t images)
{
    (void)kernel;
    return vrn_grid_flat(threads, images * (vrn_tensor_bytes(desc->out, VRN_TYPE_F32) / 16));
}

const vrn_kernel_family vrn_family_output = {.pass = {{.grid = vrn_grid_output}}};
