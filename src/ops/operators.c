#include "ops/operators.h"

#include <string.h>

static const vrn_operator *const operators[VRN_OP_COUNT] = {
    [VRN_OP_CONV] = &vrn_operator_conv,
    [VRN_OP_BATCH_NORM] = &vrn_operator_batch_norm,
    [VRN_OP_GROUP_NORM] = &vrn_operator_group_norm,
    [VRN_OP_RELU] = &vrn_operator_relu,
    [VRN_OP_MAX_POOL] = &vrn_operator_max_pool,
    [VRN_OP_MEAN_POOL] = &vrn_operator_mean_pool,
    [VRN_OP_BLUR] = &vrn_operator_blur,
    [VRN_OP_AVG_POOL] = &vrn_operator_avg_pool,
    [VRN_OP_ADD] = &vrn_operator_add,
    [VRN_OP_SHORTCUT] = &vrn_operator_shortcut,
    [VRN_OP_SCALE] = &vrn_operator_scale,
    [VRN_OP_LINEAR] = &vrn_operator_linear,
    [VRN_OP_CHANNEL_CONV] = &vrn_operator_channel_conv,
    [VRN_OP_SOFTMAX] = &vrn_operator_softmax,
};

const vrn_operator *vrn_operator_of(vrn_op op)
{
    return operators[op];
}

uint32_t vrn_kernel_count(vrn_op op)
{
    uint32_t count = operators[op]->row_count;
    for (uint32_t i = 0; operators[op]->families[i]; i++) {
        count += operators[op]->families[i]->row_count;
    }
    return count;
}

const vrn_kernel *vrn_kernel_at(vrn_op op, uint32_t index)
{
    if (index < operators[op]->row_count) return &operators[op]->rows[index];
    index -= operators[op]->row_count;
    for (uint32_t i = 0; operators[op]->families[i]; i++) {
        const vrn_kernel_family *family = operators[op]->families[i];
        if (index < family->row_count) return &family->rows[index];
        index -= family->row_count;
    }
    return NULL;
}

vrn_result vrn_kernel_prefix_check(const char *prefix, const vrn_log *log)
{
    if (!prefix) return VRN_OK;
    for (uint32_t op = 0; op < VRN_OP_COUNT; op++) {
        const vrn_kernel *kernel;
        for (uint32_t i = 0; (kernel = vrn_kernel_at((vrn_op)op, i)); i++) {
            if (strncmp(kernel->name, prefix, strlen(prefix)) == 0) return VRN_OK;
        }
    }
    return vrn_fail(
        log, VRN_ERROR_INVALID_ARGUMENT,
        "kernel '%s': no kernel's name begins with this; vkresnet selftest lists the names",
        prefix);
}

bool vrn_op_has_parameters(vrn_op op)
{
    return vrn_kernel_at(op, 0)->variant->layout != NULL;
}

bool vrn_op_takes_bytes(const vrn_op_desc *desc)
{
    const vrn_operator *op = operators[desc->op];
    return op->takes_bytes && desc->x.type == VRN_TYPE_I8 && op->takes_bytes(desc);
}

uint32_t vrn_stored(vrn_format format)
{
    static const uint32_t rounded[VRN_TYPE_COUNT] = {
        [VRN_TYPE_F32] = VRN_STORED_F32,
        [VRN_TYPE_F16] = VRN_STORED_F32_HALVES,
        [VRN_TYPE_I8] = VRN_STORED_F32_BYTES,
    };
    return format.type == VRN_TYPE_F32 ? rounded[format.rounded] : (uint32_t)format.type;
}

void vrn_op_constants(const vrn_op_desc *desc, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    memset(values, 0, VRN_OP_CONSTANTS_MAX * sizeof *values);
    operators[desc->op]->constants(desc, values);
    values[VRN_ID_TYPES + VRN_BIND_X] = desc->x.type;
    values[VRN_ID_TYPES + VRN_BIND_Y] = vrn_stored(desc->y);
    values[VRN_ID_TYPES + VRN_BIND_W] = desc->w;
    values[VRN_ID_TYPES + VRN_BIND_R] = desc->r.type;
}
