#include "net/op.h"

#include "base/util.h"

static const char *const op_names[VRN_OP_COUNT] = {
    [VRN_OP_CONV] = "conv",
    [VRN_OP_BATCH_NORM] = "batch_norm",
    [VRN_OP_GROUP_NORM] = "group_norm",
    [VRN_OP_RELU] = "relu",
    [VRN_OP_MAX_POOL] = "max_pool",
    [VRN_OP_MEAN_POOL] = "mean_pool",
    [VRN_OP_BLUR] = "blur",
    [VRN_OP_AVG_POOL] = "avg_pool",
    [VRN_OP_ADD] = "add",
    [VRN_OP_SHORTCUT] = "shortcut",
    [VRN_OP_SCALE] = "scale",
    [VRN_OP_LINEAR] = "linear",
    [VRN_OP_CHANNEL_CONV] = "channel_conv",
    [VRN_OP_SOFTMAX] = "softmax",
};

const char *vrn_op_name(vrn_op op)
{
    return op >= 0 && op < VRN_OP_COUNT ? op_names[op] : "unknown";
}

static const struct {
    const char *name;
    uint32_t bytes4;
} types[VRN_TYPE_COUNT] = {
    [VRN_TYPE_F32] = {"fp32", 16},
    [VRN_TYPE_F16] = {"fp16", 8},
    [VRN_TYPE_I8] = {"int8", 4},
};

const char *vrn_type_name(vrn_type type)
{
    return types[type].name;
}

uint32_t vrn_type_bytes4(vrn_type type)
{
    return types[type].bytes4;
}

uint64_t vrn_tensor_bytes(vrn_shape shape, vrn_type type)
{
    return (uint64_t)shape.h * shape.w * vrn_c4(shape.c) * vrn_type_bytes4(type);
}

uint64_t vrn_gate_bytes(const vrn_op_desc *desc)
{
    return vrn_tensor_bytes((vrn_shape){1, 1, desc->in.c}, VRN_TYPE_F32);
}

static double elements(vrn_shape shape)
{
    return (double)shape.h * shape.w * shape.c;
}

static uint32_t result_side(uint32_t in, uint32_t kernel, uint32_t stride, uint32_t padding,
                            uint32_t dilation)
{
    return (in + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

vrn_shape vrn_op_result(const vrn_op_desc *d)
{
    if (d->epilogue.pool.kernel.y == 0) return d->out;
    return (vrn_shape){
        .h = result_side(d->in.h, d->kernel.y, d->stride.y, d->padding.y, d->dilation.y),
        .w = result_side(d->in.w, d->kernel.x, d->stride.x, d->padding.x, d->dilation.x),
        .c = d->out.c,
    };
}

static double own_flops(const vrn_op_desc *desc)
{
    double in = elements(desc->in), out = elements(vrn_op_result(desc));
    double window = (double)desc->kernel.y * desc->kernel.x;
    switch (desc->op) {
    case VRN_OP_CONV: return 2 * out * window * ((double)desc->in.c / desc->groups);
    case VRN_OP_BATCH_NORM: return 2 * out; /* a scale and a shift */
    case VRN_OP_GROUP_NORM: return 5 * out; /* sum, sum of squares (2), scale and shift (2) */
    case VRN_OP_RELU: return out;
    case VRN_OP_MAX_POOL:
    case VRN_OP_MEAN_POOL: return out * window;
    case VRN_OP_BLUR: return 2 * out * window;
    case VRN_OP_AVG_POOL: return in;
    case VRN_OP_ADD:
    case VRN_OP_SCALE: return out;
    case VRN_OP_SHORTCUT: return 0;                                /* only moves values */
    case VRN_OP_LINEAR: return 2 * in * desc->out.c + desc->out.c; /* with its bias */
    case VRN_OP_CHANNEL_CONV: return 2 * out * window;
    case VRN_OP_SOFTMAX: return 4 * out; /* maximum, exponential, sum, division */
    case VRN_OP_COUNT: break;
    }
    return 0;
}

double vrn_op_flops(const vrn_op_desc *desc)
{
    int epilogue = desc->epilogue.bias + desc->epilogue.relu + desc->epilogue.residual;
    vrn_extent pool = desc->epilogue.pool.kernel;
    double pooled = (double)pool.y * pool.x * elements(desc->out);
    return own_flops(desc) + epilogue * elements(vrn_op_result(desc)) + pooled;
}
