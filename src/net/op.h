/* Describes operators as plain numbers: kinds, shapes and parameters. Graphs consist of these, and
 * kernel tables and the reference use nothing else. No Vulkan here. */
#ifndef VRN_NET_OP_H
#define VRN_NET_OP_H

#include <stdbool.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

typedef enum vrn_op {
    VRN_OP_CONV,       /* cross-correlation, as torch.nn.Conv2d */
    VRN_OP_BATCH_NORM, /* inference form: with the running statistics */
    VRN_OP_GROUP_NORM,
    VRN_OP_RELU, /* or another activation, as the epilogue has it */
    VRN_OP_MAX_POOL,
    VRN_OP_MEAN_POOL, /* over windows; pixels outside the image are not counted */
    VRN_OP_BLUR,      /* binomial coefficients over windows; the image is reflected at its edges */
    VRN_OP_AVG_POOL,  /* global: one value a channel */
    VRN_OP_ADD,       /* first input plus second */
    VRN_OP_SHORTCUT,  /* option A: strided subsampling, channels padded with zeros */
    VRN_OP_SCALE,     /* each channel of the input times its own value, the gate */
    VRN_OP_LINEAR,
    VRN_OP_CHANNEL_CONV, /* a filter of kernel.x numbers along the channels of one pixel, as
                            torch.nn.Conv1d with padding */
    VRN_OP_SOFTMAX,
    VRN_OP_COUNT
} vrn_op;

/* "conv", "batch_norm", ... */
const char *vrn_op_name(vrn_op op);

/* One image's activations. On the device: [N, H, W, C/4] elements of four channels; those beyond C
 * are zero. */
typedef struct vrn_shape {
    uint32_t h, w, c;
} vrn_shape;

/* How the numbers of a tensor are stored on the device (shaders/tensor.glsl). Everything is
 * computed in float32, or from int8 values in int32. */
typedef enum vrn_type {
    VRN_TYPE_F32,
    VRN_TYPE_F16, /* values beyond its range are clamped */
    VRN_TYPE_I8,  /* -127 to 127 */
    VRN_TYPE_COUNT
} vrn_type;

typedef struct vrn_format {
    vrn_type type;
    float scale; /* VRN_TYPE_I8: an int8 times this is the value */
    /* VRN_TYPE_F32: the numbers are rounded, and clamped, to those that this type can hold. */
    vrn_type rounded;
} vrn_format;

/* "fp32", "fp16", "int8" */
const char *vrn_type_name(vrn_type type);

/* Bytes of an element: four numbers. */
uint32_t vrn_type_bytes4(vrn_type type);

typedef struct vrn_extent {
    uint32_t y, x;
} vrn_extent;

/* One more activation than vrn_activation has, for heads and gates. */
#define VRN_ACTIVATION_SIGMOID ((vrn_activation)4)

/* A max pool over windows; kernel.y = 0: none. */
typedef struct vrn_max_pool {
    vrn_extent kernel, stride, padding;
} vrn_max_pool;

/* The end of a convolution or of VRN_OP_SCALE, applied before the result is stored:
 * y = act(result + bias + residual). Of other operators with one: y = act(result + bias). */
typedef struct vrn_epilogue {
    bool bias;                 /* a folded norm's, or the convolution's own */
    bool relu;                 /* an activation follows: a ReLU or another one */
    vrn_activation activation; /* which one */
    float slope;               /* of VRN_ACTIVATION_LEAKY_RELU */
    bool residual;             /* adds another tensor */
    vrn_shape residual_shape;  /* of the other tensor */
    /* The other tensor is read as by VRN_OP_SHORTCUT: pixel (y, x) reads (y * stride, x * stride),
     * and channel c reads c - offset, or zero outside. 1 and 0: the tensor as it is. */
    uint32_t residual_stride;
    uint32_t residual_offset;
    vrn_max_pool pool; /* VRN_OP_CONV: of the activation's result; `out` is its output */
} vrn_epilogue;

typedef struct vrn_op_desc {
    vrn_op op;
    vrn_shape in, out;
    vrn_extent kernel, stride, padding, dilation; /* convolutions, and pools over windows */
    uint32_t groups;                              /* VRN_OP_CONV, VRN_OP_GROUP_NORM */
    float eps;                                    /* norms */
    /* VRN_OP_SHORTCUT: stride, zero channels before the others; VRN_OP_MAX_POOL's offset: 1 if
     * zeros outside the image take part in the maximum */
    uint32_t subsample, offset;
    vrn_epilogue epilogue;
    vrn_format x, y, r; /* input; output; residual, or VRN_OP_ADD's second operand */
    vrn_type w;         /* parameters */
} vrn_op_desc;

/* Parameters of an operator, by role: index into the arrays of parameters of nodes and kernels. */
enum {
    /* conv [K, C/groups, kh, kw]; linear [K, C]; channel conv [1, 1, kw]; norms' gamma [C] */
    VRN_PARAM_WEIGHT = 0,
    VRN_PARAM_BIAS = 1, /* conv and linear [K]; norms' beta [C] */
    VRN_PARAM_MEAN = 2, /* batch norm's running_mean [C] */
    VRN_PARAM_VAR = 3,  /* batch norm's running_var [C] */
    VRN_PARAM_COUNT = 4
};

/* Bytes of one image's activations on the device, padding included. */
uint64_t vrn_tensor_bytes(vrn_shape shape, vrn_type type);

/* Bytes of the gate of VRN_OP_SCALE, which is float32. */
uint64_t vrn_gate_bytes(const vrn_op_desc *desc);

/* The shape of the operation's own result: `out`, or what the epilogue's pool reads. */
vrn_shape vrn_op_result(const vrn_op_desc *desc);

/* Operations for one image; a multiply-add counts as two. */
double vrn_op_flops(const vrn_op_desc *desc);

#endif
