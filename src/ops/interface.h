/* The interface between kernels in C (src/ops) and in GLSL (shaders): bindings, ids of
 * specialization constants, push constants and sizes. Both include this file, so it has only
 * definitions of numbers, and structs of uint, int and float. */
#ifndef VRN_OPS_INTERFACE_H
#define VRN_OPS_INTERFACE_H

#ifndef GL_core_profile
#include <stdint.h>
typedef uint32_t uint;
#endif

/* Bindings of set 0, with the same meaning in every kernel of the network. */
#define VRN_BIND_X 0 /* input activations */
#define VRN_BIND_Y 1 /* output activations */
#define VRN_BIND_W 2 /* packed parameters, the bias first; or the gate of VRN_OP_SCALE */
#define VRN_BIND_R 3 /* residual, or the second operand of an addition */
/* Every Vulkan device allows four storage buffers per stage. With VRN_CAPABILITY_BUFFER_ARRAYS: the
 * packed parameters again, as an array of blocks; or (vrn_shader.line_bytes) output, residual
 * and input. */
#define VRN_BIND_BLOCKS 4
#define VRN_BIND_COUNT  5

/* vrn_activation, and VRN_ACTIVATION_SIGMOID. */
#define VRN_ACTIVATE_RELU       0
#define VRN_ACTIVATE_LEAKY_RELU 1
#define VRN_ACTIVATE_SILU       2
#define VRN_ACTIVATE_RELU6      3
#define VRN_ACTIVATE_SIGMOID    4

/* The storage type of a tensor: vrn_type (net/op.h), or float32 that is rounded to float16 or int8
 * when it is written. */
#define VRN_STORED_F32        0
#define VRN_STORED_F16        1
#define VRN_STORED_I8         2
#define VRN_STORED_F32_HALVES 3
#define VRN_STORED_F32_BYTES  4

/* Ids of specialization constants: an operator's own, the same for all its kernels, from 0 on; the
 * types of the first four bindings; the work group's size along x; the numbers of a kernel's row
 * (ops/kernel.h). The first VRN_PUSHED_CONSTANTS describe the shape and can be pushed instead; the
 * others switch code on and off. */
#define VRN_PUSHED_CONSTANTS 20
#define VRN_ID_TYPES         34
#define VRN_ID_THREADS       38
#define VRN_ID_NUMBERS       39

/* Push constants of every kernel of the network. */
struct vrn_push {
    uint images;                     /* of this dispatch */
    float x_scale, y_scale, r_scale; /* of int8 tensors */
};

/* Follows vrn_push if the pass is `pushed` (vrn_pass): */
struct vrn_push_shape {
    uint number; /* the row's first */
    uint shape[VRN_PUSHED_CONSTANTS];
};

/* Replaces both if the shader is `addressed` (vrn_shader). `at` has the addresses of its bindings,
 * the lower word first. At most 128 bytes, which every device has. */
struct vrn_push_addressed {
    uint images, number;
    uint at[8];
    uint shape[VRN_PUSHED_CONSTANTS];
    float y_scale;
};

/* Replaces that if the shader is also `straight`: adds the position of the dispatch among several,
 * and the numbers 0 to 15. More than 128 bytes. */
#define VRN_STRAIGHT_DIGITS 16
struct vrn_push_straight {
    uint images, number;
    uint at[8];
    uint shape[VRN_PUSHED_CONSTANTS];
    float y_scale;
    uint first, last;        /* 1: the first, the last */
    uint k;                  /* the first row of its weights */
    uint window_y, window_x; /* the position of the window */
    uint channel;            /* of the input; after stack.comp, the number in a window */
    uint digit[VRN_STRAIGHT_DIGITS];
};

/* An operator's constants. For convolutions, linear layers and VRN_OP_SCALE: */
#define VRN_CONV_IN_H       0
#define VRN_CONV_IN_W       1
#define VRN_CONV_IN_C4      2
#define VRN_CONV_OUT_H      3
#define VRN_CONV_OUT_W      4
#define VRN_CONV_OUT_C4     5
#define VRN_CONV_KERNEL_H   6
#define VRN_CONV_KERNEL_W   7
#define VRN_CONV_STRIDE_Y   8
#define VRN_CONV_STRIDE_X   9
#define VRN_CONV_PAD_Y      10
#define VRN_CONV_PAD_X      11
#define VRN_CONV_DILATION_Y 12
#define VRN_CONV_DILATION_X 13
#define VRN_CONV_GROUPS     14
#define VRN_CONV_GROUP_IN   15
#define VRN_CONV_GROUP_OUT  16
#define VRN_CONV_OUT_C      17
#define VRN_CONV_RELU       18
#define VRN_CONV_RESIDUAL   19
/* The activation, if there is one, and its slope as the bits of a float. */
#define VRN_CONV_ACTIVATION 20
#define VRN_CONV_SLOPE_BITS 27
/* The residual is an option A shortcut of a larger tensor, which the constants after the first
 * describe. */
#define VRN_CONV_OPTION_A    21
#define VRN_CONV_RES_H       22
#define VRN_CONV_RES_W       23
#define VRN_CONV_RES_C4      24
#define VRN_CONV_RES_STRIDE  25
#define VRN_CONV_RES_OFFSET4 26
/* The max pool after the epilogue; VRN_CONV_OUT_H and .._W are then its output. */
#define VRN_CONV_POOL_KERNEL_H 28
#define VRN_CONV_POOL_KERNEL_W 29
#define VRN_CONV_POOL_STRIDE_Y 30
#define VRN_CONV_POOL_STRIDE_X 31
#define VRN_CONV_POOL_PAD_Y    32
#define VRN_CONV_POOL_PAD_X    33

/* Pools over windows. */
#define VRN_MAX_POOL_IN_H       0
#define VRN_MAX_POOL_IN_W       1
#define VRN_MAX_POOL_C4         2
#define VRN_MAX_POOL_OUT_H      3
#define VRN_MAX_POOL_OUT_W      4
#define VRN_MAX_POOL_KERNEL_H   5
#define VRN_MAX_POOL_KERNEL_W   6
#define VRN_MAX_POOL_STRIDE_Y   7
#define VRN_MAX_POOL_STRIDE_X   8
#define VRN_MAX_POOL_PAD_Y      9
#define VRN_MAX_POOL_PAD_X      10
#define VRN_MAX_POOL_DILATION_Y 11
#define VRN_MAX_POOL_DILATION_X 12
/* for max pools: zeros outside the image take part in the maximum */
#define VRN_MAX_POOL_ZEROS 13

#define VRN_AVG_POOL_IN_H 0
#define VRN_AVG_POOL_IN_W 1
#define VRN_AVG_POOL_C4   2

/* ReLU, addition and batch norm. */
#define VRN_ELEMENTWISE_PIXELS     0
#define VRN_ELEMENTWISE_C4         1
#define VRN_ELEMENTWISE_EPS_BITS   2
#define VRN_ELEMENTWISE_ACTIVATION 3
#define VRN_ELEMENTWISE_SLOPE_BITS 4
#define VRN_ELEMENTWISE_C          5
#define VRN_ELEMENTWISE_RELU       6

#define VRN_GROUP_NORM_PIXELS   0
#define VRN_GROUP_NORM_C        1
#define VRN_GROUP_NORM_GROUPS   2
#define VRN_GROUP_NORM_EPS_BITS 3

#define VRN_SHORTCUT_IN_H   0
#define VRN_SHORTCUT_IN_W   1
#define VRN_SHORTCUT_IN_C   2
#define VRN_SHORTCUT_OUT_H  3
#define VRN_SHORTCUT_OUT_W  4
#define VRN_SHORTCUT_OUT_C  5
#define VRN_SHORTCUT_STRIDE 6
#define VRN_SHORTCUT_OFFSET 7

#define VRN_CHANNEL_CONV_C          0
#define VRN_CHANNEL_CONV_KERNEL     1
#define VRN_CHANNEL_CONV_RELU       2
#define VRN_CHANNEL_CONV_ACTIVATION 3
#define VRN_CHANNEL_CONV_SLOPE_BITS 4

#define VRN_SOFTMAX_C 0

/* The meaning of the numbers of a family's rows. */
#define VRN_NUMBERS_MAX 10

#define VRN_DIRECT_LANES_C 0
#define VRN_DIRECT_PIXELS  1
#define VRN_DIRECT_COLUMNS 2

#define VRN_POOLED_SIDE    0 /* of a work group's square of the output */
#define VRN_POOLED_PIXELS  1
#define VRN_POOLED_COLUMNS 2

#define VRN_PRODUCT_M       0 /* of Winograd's F(m x m, 3 x 3); 0: not Winograd's */
#define VRN_PRODUCT_LANES_C 1
#define VRN_PRODUCT_PIXELS  2
#define VRN_PRODUCT_COLUMNS 3

/* After VRN_PRODUCT_M: rows of a work group, and k of a round. */
#define VRN_ADDRESS_ROWS    1
#define VRN_ADDRESS_STEP    2
#define VRN_ADDRESS_LINES   3 /* 1: the input is padded, and lines of windows are read as a whole */
#define VRN_ADDRESS_PARTS   4 /* 2: each sixteen output channels have their own input channels */
#define VRN_ADDRESS_VECTORS 5 /* of eight output channels, in a work group */
#define VRN_ADDRESS_PANEL   32 /* output channels whose weights are adjacent */
/* A value of VRN_ADDRESS_LINES: as 1, but pixels have three channels, without a fourth. */
#define VRN_ADDRESS_LINES_RGB 2
/* Whether work groups that follow each other have the same pixels, or else the same output
 * channels: the same pixels if the cache of a processor's core holds all weights (256 KiB). */
#define VRN_ADDRESS_PIXELS_FIRST(depth, columns) ((depth) * (columns) <= 65536)

/* After VRN_PRODUCT_M: rows of a work group, and k of a dispatch. */
#define VRN_STRAIGHT_ROWS  1
#define VRN_STRAIGHT_STEP  2
#define VRN_STRAIGHT_GROUP 3 /* products that are added up before they are added to a sum */

/* stack.comp: the numbers of a column, with the zeros that fill them up; the columns of a window,
 * with those for whose numbers the weights are zero; the columns of a line. A window has a multiple
 * of 64 numbers. A column has at least 16, because conv_straight.comp has as many zeros before the
 * weights, and reads 16. */
#define VRN_STACK_UNIT(kernel_w) ((kernel_w) > 4 ? 8u : 16u)
#define VRN_STACK_NUMBERS(numbers, kernel_w)                                                       \
    ((numbers) <= 16u ? 16u                                                                        \
                      : ((numbers) + VRN_STACK_UNIT(kernel_w) - 1u) / VRN_STACK_UNIT(kernel_w) *   \
                            VRN_STACK_UNIT(kernel_w))
#define VRN_STACK_COLUMNS(kernel_w)                                                                \
    (((kernel_w) + 64u / VRN_STACK_UNIT(kernel_w) - 1u) / (64u / VRN_STACK_UNIT(kernel_w)) *       \
     (64u / VRN_STACK_UNIT(kernel_w)))
#define VRN_STACK_WIDTH(out_w, stride_x, kernel_w)                                                 \
    (((out_w)-1u) * (stride_x) + VRN_STACK_COLUMNS(kernel_w))

#define VRN_TILE_SPLIT     0
#define VRN_TILE_M         1
#define VRN_TILE_N         2
#define VRN_TILE_K         3
#define VRN_TILE_THREAD_M4 4
#define VRN_TILE_THREAD_N4 5

#define VRN_MATRIX_M           0
#define VRN_MATRIX_N           1
#define VRN_MATRIX_K           2
#define VRN_MATRIX_FRAGMENT_M  3
#define VRN_MATRIX_FRAGMENT_N  4
#define VRN_MATRIX_FRAGMENT_K  5
#define VRN_MATRIX_SUBGROUPS_M 6
#define VRN_MATRIX_SUBGROUPS_N 7
#define VRN_MATRIX_SCOPE       8
#define VRN_MATRIX_SIZE        9 /* of a subgroup; not a constant */

#define VRN_GEMV_LANES  0
#define VRN_GEMV_IMAGES 1

#define VRN_AVG_POOL_LANES 0

/* A block of VRN_BIND_BLOCKS: vec4s of k times vec4s of output channels. As float32 or float16, its
 * size is a multiple of every device's alignment of storage buffers (at most 256 bytes). */
#define VRN_BLOCK_K4      2
#define VRN_BLOCK_N4      8
#define VRN_BLOCK_NUMBERS 256

/* conv_stationary.comp. A row's number after VRN_PRODUCT_M: the number of k whose weights a work
 * group keeps at once. */
#define VRN_STATIONARY_DEPTH  1
#define VRN_STATIONARY_N      32 /* output channels of a work group */
#define VRN_STATIONARY_LINES  2  /* buffers in VRN_BIND_BLOCKS before those of the input */
#define VRN_STATIONARY_GROUPS 8  /* the fewest work groups, if there are enough rows */
/* Of an unfolded window (unfold.comp): it has a multiple of this many numbers. */
#define VRN_STATIONARY_UNFOLDED 64

/* gemm_input_stationary.comp. A row's number after VRN_PRODUCT_M: the rows of a work group. */
#define VRN_INPUT_STATIONARY_ROWS 1

/* Kernels between an application's images and buffers and the network (ops/transfer.h,
 * ops/preprocess.h): the work group's size, bindings, constants and push constants. `first`,
 * `x_first` and `y_first` are the offsets of input and output in their bindings. */
#define VRN_TRANSFER_THREADS  64
#define VRN_TRANSFER_X        0
#define VRN_TRANSFER_Y        1
#define VRN_PREPROCESS_X      0
#define VRN_PREPROCESS_Y      1
#define VRN_PREPROCESS_FILTER 2

#define VRN_FETCH_CHROMA      2 /* of planes: a binding */
#define VRN_FETCH_READING     0
#define VRN_FETCH_BGRA        1
#define VRN_PACK_PLANAR       0
#define VRN_RESAMPLE_VERTICAL 0

/* VRN_FETCH_READING: the encoding of an image's values, perhaps with VRN_FETCH_GREY. */
#define VRN_FETCH_AS_IS  0u /* in sRGB's encoding */
#define VRN_FETCH_LINEAR 1u /* linear light */
#define VRN_FETCH_PQ     2u /* BT.2100 PQ, in BT.2020's primaries */
#define VRN_FETCH_HLG    3u /* BT.2100 HLG, likewise */
#define VRN_FETCH_GREY   4u /* red stands for all three */

struct vrn_fetch_push {
    uint left, top;     /* of the part, in the picture */
    uint width, height; /* of the part */
    uint stride;        /* of a buffer: pixels from a row to the next */
    uint first;         /* of a buffer, in pixels */
    float exposure;     /* of an image: a factor for linear light */
    /* of planes: bits of a sample, and what is subtracted from luma and chroma; whether chroma has
     * half the columns and rows; and the factors, in 1 / 2^20 of a step of 8 bits */
    uint bits;
    int luma_zero, chroma_zero;
    uint half_columns, half_rows;
    int luma, red_cr, green_cb, green_cr, blue_cb;
};

struct vrn_pack_push {
    uint total;   /* N * H * W */
    uint pixels;  /* H * W */
    uint first;   /* in numbers */
    uint y_first; /* in elements of four */
};

struct vrn_unpack_push {
    uint total;    /* N * C * H * W */
    uint channels; /* C */
    uint pixels;   /* H * W */
    uint x_first;  /* in elements of four */
    uint y_first;  /* in numbers */
    float scale;   /* of bytes */
};

struct vrn_top_push {
    uint images, classes, top;
    uint x_first; /* in numbers */
    uint y_first; /* in pairs */
};

/* Coefficients of a resize are integers, times two to the power of this. */
#define VRN_FILTER_BITS 22

struct vrn_resample_push {
    uint src_width; /* pixels from a source row to the next */
    uint dst_width, dst_height;
    uint taps; /* coefficients of each output position */
};

struct vrn_normalize_push {
    uint src_width, src_height;
    uint dst_width, dst_height;
    int left, top; /* of the crop, in the source; may be negative */
    uint first;    /* output element where this image begins */
    uint grey;     /* 1: one channel, of the brightness */
    uint fill;     /* RGB8, as the source: the colour outside it */
    uint bgr;      /* 1: the output's order is blue, green, red */
    float scale;
    float mean[3];
    float std[3];
};

/* The measurement of computing and copying (tools/peak.c): steps of a round, and operations of a
 * step; and the push constants of each. */
#define VRN_FMA_STEPS      16
#define VRN_FMA_STEP_FLOPS (3 * 4 * 2)

struct vrn_fma_push {
    float scale, shift; /* 0 < scale < 1: values stay ordinary numbers */
    uint rounds;
};

struct vrn_copy_push {
    uint count; /* in vec4s */
};

#endif
