#include "tools/cases.h"

#include "base/util.h"
#include "ops/kernel.h"

/* clang-format off */
#define CONV(k_, s_, p_, d_, g_)                                                                   \
    .op = VRN_OP_CONV, .kernel = {k_, k_}, .stride = {s_, s_}, .padding = {p_, p_},                \
    .dilation = {d_, d_}, .groups = g_
#define POOL(k_, s_, p_) .pool = {.kernel = {k_, k_}, .stride = {s_, s_}, .padding = {p_, p_}}
#define SHAPE(h_, w_, c_) {h_, w_, c_}
#define ADD_RELU(h_, w_, c_)                                                                       \
    .epilogue = {.relu = true, .residual = true, .residual_shape = SHAPE(h_, w_, c_),              \
                 .residual_stride = 1}

const vrn_op_case vrn_op_cases[] = {
    {"1x1", 1, {CONV(1, 1, 0, 1, 1), .in = SHAPE(7, 7, 32), .out = {.c = 64}}, 0, 0},
    {"1x1 prime", 3, {CONV(1, 1, 0, 1, 1), .in = SHAPE(5, 11, 13), .out = {.c = 17}}, 1, 1},
    {"1x1 stride 2", 2, {CONV(1, 2, 0, 1, 1), .in = SHAPE(14, 13, 24), .out = {.c = 48}}, 0, 1},
    {"1x1 wide", 1, {CONV(1, 1, 0, 1, 1), .in = SHAPE(3, 3, 256), .out = {.c = 130}}, 0, 0},
    {"one pixel", 1, {CONV(1, 1, 0, 1, 1), .in = SHAPE(1, 1, 1), .out = {.c = 1}}, 1, 0},
    {"3x3", 1, {CONV(3, 1, 1, 1, 1), .in = SHAPE(8, 8, 16), .out = {.c = 16}}, 0, 0},
    {"3x3 tile - 1", 1, {CONV(3, 1, 1, 1, 1), .in = SHAPE(9, 7, 20), .out = {.c = 63}}, 0, 1},
    {"3x3 tile", 1, {CONV(3, 1, 1, 1, 1), .in = SHAPE(8, 8, 4), .out = {.c = 64}}, 0, 1},
    {"3x3 tile + 1", 1, {CONV(3, 1, 1, 1, 1), .in = SHAPE(13, 5, 5), .out = {.c = 65}}, 0, 1},
    {"3x3 large", 2, {CONV(3, 1, 1, 1, 1), .in = SHAPE(17, 19, 36), .out = {.c = 132}}, 0, 1},
    {"3x3 stride 2", 2, {CONV(3, 2, 1, 1, 1), .in = SHAPE(15, 12, 8), .out = {.c = 12}}, 0, 1},
    {"3x3 dilation 2", 1, {CONV(3, 1, 2, 2, 1), .in = SHAPE(9, 10, 12), .out = {.c = 16}}, 0, 1},
    {"3x3 dilation 4", 1, {CONV(3, 1, 4, 4, 1), .in = SHAPE(6, 5, 8), .out = {.c = 8}}, 0, 0},
    {"3x3 no padding", 1, {CONV(3, 1, 0, 1, 1), .in = SHAPE(6, 7, 4), .out = {.c = 8}}, 1, 0},
    {"3x3 padding 3", 1, {CONV(3, 1, 3, 1, 1), .in = SHAPE(2, 3, 4), .out = {.c = 8}}, 0, 0},
    {"stem 7x7", 2, {CONV(7, 2, 3, 1, 1), .in = SHAPE(23, 29, 3), .out = {.c = 64}}, 0, 1},
    {"stem 7x7 of 1", 1, {CONV(7, 2, 3, 1, 1), .in = SHAPE(13, 11, 1), .out = {.c = 32}}, 0, 1},
    {"stem and pool", 2, {CONV(7, 2, 3, 1, 1), .in = SHAPE(45, 37, 3), .out = {.c = 32},
                          .epilogue = {.relu = true, POOL(3, 2, 1)}}, 0, 1},
    {"stem of 1 and pool 2x2", 1, {CONV(3, 1, 1, 1, 1), .in = SHAPE(17, 33, 1), .out = {.c = 16},
                                   .epilogue = {POOL(2, 2, 0)}}, 1, 0},
    {"stem 3x3", 1, {CONV(3, 1, 1, 1, 1), .in = SHAPE(32, 32, 3), .out = {.c = 16}}, 0, 1},
    {"stem of a pixel", 1, {CONV(7, 2, 3, 1, 1), .in = SHAPE(1, 1, 3), .out = {.c = 8}}, 0, 0},
    {"5x2, 3x1", 1, {.op = VRN_OP_CONV, .kernel = {5, 2}, .stride = {3, 1}, .padding = {2, 0},
                     .dilation = {1, 3}, .groups = 1, .in = SHAPE(19, 11, 6), .out = {.c = 10}},
     1, 0},
    {"groups of 4", 1, {CONV(3, 1, 1, 1, 32), .in = SHAPE(9, 9, 128), .out = {.c = 128}}, 0, 1},
    {"groups of 8", 1, {CONV(3, 2, 1, 1, 4), .in = SHAPE(9, 8, 32), .out = {.c = 32}}, 0, 1},
    {"groups 4 to 8", 1, {CONV(3, 1, 1, 1, 2), .in = SHAPE(5, 5, 8), .out = {.c = 16}}, 0, 0},
    {"groups of 20", 2, {CONV(3, 1, 1, 1, 3), .in = SHAPE(5, 6, 60), .out = {.c = 60}}, 0, 1},
    {"groups of 3", 1, {CONV(3, 1, 1, 1, 5), .in = SHAPE(6, 5, 15), .out = {.c = 10}}, 1, 1},
    {"depthwise", 1, {CONV(3, 1, 1, 1, 7), .in = SHAPE(6, 6, 7), .out = {.c = 7}}, 0, 0},
    {"groups of 16", 5, {CONV(3, 1, 1, 1, 8), .in = SHAPE(7, 7, 128), .out = {.c = 128}}, 0, 1},
    {"groups of 32", 1, {CONV(3, 2, 1, 1, 3), .in = SHAPE(13, 9, 96), .out = {.c = 96},
                         .epilogue = {.relu = true}}, 0, 1},
    {"groups of 8 in 48", 2, {CONV(3, 1, 1, 1, 6), .in = SHAPE(5, 7, 48), .out = {.c = 48},
                              .epilogue = {.relu = true}}, 0, 1},
    {"1x1 from 100", 1, {CONV(1, 1, 0, 1, 1), .in = SHAPE(5, 5, 100), .out = {.c = 72},
                         .epilogue = {.relu = true}}, 0, 1},
    {"3x3 of 80 to 48", 2, {CONV(3, 1, 1, 1, 1), .in = SHAPE(6, 9, 80), .out = {.c = 48},
                            ADD_RELU(6, 9, 48)}, 0, 1},
    /* Cases with whole blocks of 64 or 128 channels. */
    {"3x3 of 64, add, silu", 2, {CONV(3, 1, 1, 1, 1), .in = SHAPE(9, 7, 64), .out = {.c = 96},
                                 .epilogue = {.relu = true, .activation = VRN_ACTIVATION_SILU,
                                              .residual = true, .residual_shape = SHAPE(9, 7, 96),
                                              .residual_stride = 1}}, 0, 1},
    {"3x3 of 128, add", 1, {CONV(3, 1, 1, 1, 1), .in = SHAPE(5, 9, 128), .out = {.c = 32},
                            .epilogue = {.residual = true, .residual_shape = SHAPE(5, 9, 32),
                                         .residual_stride = 1}}, 0, 1},
    {"3x3 stride 2 of 128", 1, {CONV(3, 2, 1, 1, 1), .in = SHAPE(13, 10, 128), .out = {.c = 64},
                                .epilogue = {.relu = true}}, 0, 1},
    {"3x3 dilation 2 of 256", 2, {CONV(3, 1, 2, 2, 1), .in = SHAPE(5, 6, 256), .out = {.c = 32},
                                  ADD_RELU(5, 6, 32)}, 0, 1},
    {"1x1 stride 2 of 128", 3, {CONV(1, 2, 0, 1, 1), .in = SHAPE(7, 9, 128), .out = {.c = 160}}, 0,
     1},
    {"late, add, relu", 1, {CONV(3, 1, 1, 1, 1), .in = SHAPE(7, 7, 72), .out = {.c = 144},
                            ADD_RELU(7, 7, 144)}, 0, 1},
    {"early and wide", 3, {CONV(1, 1, 0, 1, 1), .in = SHAPE(13, 14, 64), .out = {.c = 140}}, 0, 1},
    {"1x1 of 128 to 64", 3, {CONV(1, 1, 0, 1, 1), .in = SHAPE(5, 9, 128), .out = {.c = 64},
                             ADD_RELU(5, 9, 64)}, 1, 1},
    {"3x3 of 128 to 96", 2, {CONV(3, 1, 1, 1, 1), .in = SHAPE(9, 7, 128), .out = {.c = 96},
                             ADD_RELU(9, 7, 96)}, 0, 1},
    {"3x3 of 66 to 70", 1, {CONV(3, 1, 1, 1, 1), .in = SHAPE(6, 9, 66), .out = {.c = 70},
                            ADD_RELU(6, 9, 70)}, 0, 1},
    {"3x3 of 512 to 96", 2, {CONV(3, 1, 1, 1, 1), .in = SHAPE(9, 17, 512), .out = {.c = 96},
                             ADD_RELU(9, 17, 96)}, 0, 1},
    {"3x3 stride 2 of 64", 2, {CONV(3, 2, 1, 1, 1), .in = SHAPE(13, 10, 64), .out = {.c = 32},
                               .epilogue = {.relu = true,
                                            .activation = VRN_ACTIVATION_SILU}}, 0, 1},
    {"relu", 1, {CONV(1, 1, 0, 1, 1), .in = SHAPE(6, 6, 12), .out = {.c = 20},
                 .epilogue = {.relu = true}}, 0, 1},
    {"leaky relu", 1, {CONV(1, 1, 0, 1, 1), .in = SHAPE(6, 6, 12), .out = {.c = 20},
                       .epilogue = {.relu = true, .activation = VRN_ACTIVATION_LEAKY_RELU,
                                    .slope = 0.1f}}, 0, 1},
    {"silu", 2, {CONV(3, 1, 1, 1, 1), .in = SHAPE(9, 7, 16), .out = {.c = 24},
                 .epilogue = {.relu = true, .activation = VRN_ACTIVATION_SILU}}, 0, 1},
    {"relu6", 1, {CONV(1, 1, 0, 1, 1), .in = SHAPE(6, 6, 12), .out = {.c = 20},
                  .epilogue = {.relu = true, .activation = VRN_ACTIVATION_RELU6}}, 0, 1},
    {"add, relu", 2, {CONV(3, 1, 1, 1, 1), .in = SHAPE(7, 9, 12), .out = {.c = 20},
                      ADD_RELU(7, 9, 20)}, 0, 1},
    {"option A, relu", 2, {CONV(3, 1, 1, 1, 1), .in = SHAPE(8, 8, 32), .out = {.c = 32},
                           .epilogue = {.relu = true, .residual = true,
                                        .residual_shape = SHAPE(16, 15, 16),
                                        .residual_stride = 2, .residual_offset = 8}}, 0, 1},
    {"option A to 14", 1, {CONV(3, 1, 1, 1, 1), .in = SHAPE(5, 4, 14), .out = {.c = 14},
                           .epilogue = {.residual = true, .residual_shape = SHAPE(10, 7, 6),
                                        .residual_stride = 2, .residual_offset = 4}}, 0, 1},
    /* All features that a kernel of each kind supports, at once. */
    {"all of it", 2, {.op = VRN_OP_CONV, .kernel = {3, 3}, .stride = {2, 1}, .padding = {1, 2},
                      .dilation = {1, 2}, .groups = 1, .in = SHAPE(11, 9, 13), .out = {.c = 70},
                      ADD_RELU(6, 9, 70)}, 1, 1},
    {"all of 3x3", 2, {CONV(3, 1, 1, 1, 1), .in = SHAPE(9, 11, 29), .out = {.c = 45},
                       ADD_RELU(9, 11, 45)}, 1, 1},
    {"all of 1x1", 2, {CONV(1, 1, 0, 1, 1), .in = SHAPE(7, 9, 29), .out = {.c = 70},
                       ADD_RELU(7, 9, 70)}, 1, 1},
    {"all of groups", 2, {CONV(3, 2, 1, 1, 2), .in = SHAPE(9, 10, 48), .out = {.c = 96},
                          ADD_RELU(5, 5, 96)}, 1, 1},
    {"batch norm", 2, {.op = VRN_OP_BATCH_NORM, .in = SHAPE(5, 7, 13), .eps = 1e-5f}, 0, 0},
    {"batch norm, eps", 1, {.op = VRN_OP_BATCH_NORM, .in = SHAPE(9, 9, 64), .eps = 1e-2f}, 0, 0},
    {"batch norm, silu", 2, {.op = VRN_OP_BATCH_NORM, .in = SHAPE(5, 7, 13), .eps = 1e-5f,
                             .epilogue = {.relu = true, .activation = VRN_ACTIVATION_SILU}}, 0, 0},
    {"group norm", 2, {.op = VRN_OP_GROUP_NORM, .groups = 4, .in = SHAPE(7, 5, 20), .eps = 1e-5f},
     0, 0},
    {"group norm of 2", 1,
     {.op = VRN_OP_GROUP_NORM, .groups = 32, .in = SHAPE(11, 13, 64), .eps = 1e-5f}, 0, 0},
    {"group norm of 1", 2,
     {.op = VRN_OP_GROUP_NORM, .groups = 5, .in = SHAPE(3, 3, 5), .eps = 1e-3f}, 0, 0},
    {"relu alone", 3, {.op = VRN_OP_RELU, .in = SHAPE(5, 7, 11)}, 0, 0},
    {"leaky relu alone", 2,
     {.op = VRN_OP_RELU, .in = SHAPE(5, 7, 11),
      .epilogue = {.activation = VRN_ACTIVATION_LEAKY_RELU, .slope = 0.1f}}, 0, 0},
    {"silu alone", 2, {.op = VRN_OP_RELU, .in = SHAPE(5, 7, 11),
                       .epilogue = {.activation = VRN_ACTIVATION_SILU}}, 0, 0},
    {"sigmoid alone", 3, {.op = VRN_OP_RELU, .in = SHAPE(1, 1, 7),
                          .epilogue = {.activation = VRN_ACTIVATION_SIGMOID}}, 0, 0},
    {"relu6 alone", 2, {.op = VRN_OP_RELU, .in = SHAPE(5, 7, 11),
                        .epilogue = {.activation = VRN_ACTIVATION_RELU6}}, 0, 0},
    {"add alone", 3, {.op = VRN_OP_ADD, .in = SHAPE(5, 7, 11)}, 0, 0},
    {"shortcut", 2, {.op = VRN_OP_SHORTCUT, .subsample = 2, .offset = 8, .in = SHAPE(8, 8, 16),
                     .out = {.c = 32}}, 0, 0},
    {"shortcut odd", 2, {.op = VRN_OP_SHORTCUT, .subsample = 2, .offset = 3, .in = SHAPE(9, 7, 5),
                         .out = {.c = 13}}, 0, 0},
    {"shortcut stride 1", 1, {.op = VRN_OP_SHORTCUT, .subsample = 1, .offset = 1,
                              .in = SHAPE(4, 5, 6), .out = {.c = 9}}, 0, 0},
    {"max pool", 2, {.op = VRN_OP_MAX_POOL, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1},
                     .dilation = {1, 1}, .in = SHAPE(13, 16, 10)}, 0, 0},
    {"max pool 2x3", 1, {.op = VRN_OP_MAX_POOL, .kernel = {2, 3}, .stride = {2, 1},
                         .padding = {0, 1}, .dilation = {1, 2}, .in = SHAPE(8, 9, 4)}, 0, 0},
    {"max pool over the edge", 1, {.op = VRN_OP_MAX_POOL, .kernel = {3, 3}, .stride = {2, 2},
                                   .dilation = {1, 1}, .in = SHAPE(13, 16, 10),
                                   .out = {6, 8, 10}}, 0, 0},
    {"max pool with zeros", 2, {.op = VRN_OP_MAX_POOL, .kernel = {3, 3}, .stride = {2, 2},
                                .padding = {1, 1}, .dilation = {1, 1}, .offset = 1,
                                .in = SHAPE(12, 15, 10)}, 0, 0},
    {"mean pool", 2, {.op = VRN_OP_MEAN_POOL, .kernel = {2, 2}, .stride = {2, 2},
                      .dilation = {1, 1}, .in = SHAPE(8, 6, 10)}, 0, 0},
    {"mean pool over the edge", 1, {.op = VRN_OP_MEAN_POOL, .kernel = {2, 2}, .stride = {2, 2},
                                    .dilation = {1, 1}, .in = SHAPE(7, 9, 5), .out = {4, 5, 5}}, 0,
     0},
    {"blur", 2, {.op = VRN_OP_BLUR, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1},
                 .in = SHAPE(9, 6, 10), .out = {5, 3, 10}}, 0, 0},
    {"blur of 4", 1, {.op = VRN_OP_BLUR, .kernel = {4, 4}, .stride = {2, 2}, .padding = {1, 1},
                      .in = SHAPE(7, 8, 5), .out = {4, 4, 5}}, 0, 0},
    {"blur 7x2", 1, {.op = VRN_OP_BLUR, .kernel = {7, 2}, .stride = {1, 3}, .padding = {3, 0},
                     .in = SHAPE(5, 7, 4), .out = {5, 3, 4}}, 0, 0},
    {"average pool", 3, {.op = VRN_OP_AVG_POOL, .in = SHAPE(7, 7, 37), .out = {.c = 37}}, 0, 0},
    {"average of one", 1, {.op = VRN_OP_AVG_POOL, .in = SHAPE(1, 1, 8), .out = {.c = 8}}, 0, 0},
    {"linear", 3, {.op = VRN_OP_LINEAR, .in = SHAPE(1, 1, 37), .out = {.c = 101}}, 1, 0},
    {"linear to ten", 1, {.op = VRN_OP_LINEAR, .in = SHAPE(1, 1, 64), .out = {.c = 10}}, 1, 0},
    {"linear of 7 images", 7, {.op = VRN_OP_LINEAR, .in = SHAPE(1, 1, 260), .out = {.c = 83}}, 1,
     0},
    {"linear of 70 images", 70, {.op = VRN_OP_LINEAR, .in = SHAPE(1, 1, 96), .out = {.c = 130}}, 1,
     0},
    {"linear, relu", 2, {.op = VRN_OP_LINEAR, .in = SHAPE(1, 1, 72), .out = {.c = 37},
                         .epilogue = {.relu = true}}, 1, 0},
    {"linear, sigmoid", 5, {.op = VRN_OP_LINEAR, .in = SHAPE(1, 1, 18), .out = {.c = 140},
                            .epilogue = {.relu = true,
                                         .activation = VRN_ACTIVATION_SIGMOID}}, 1, 0},
    {"scale", 3, {.op = VRN_OP_SCALE, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1},
                  .groups = 1, .in = SHAPE(5, 7, 13)}, 0, 0},
    {"scale, add, silu", 2, {.op = VRN_OP_SCALE, .kernel = {1, 1}, .stride = {1, 1},
                             .dilation = {1, 1}, .groups = 1, .in = SHAPE(6, 5, 24),
                             .epilogue = {.relu = true, .activation = VRN_ACTIVATION_SILU,
                                          .residual = true, .residual_shape = SHAPE(6, 5, 24),
                                          .residual_stride = 1}}, 0, 0},
    {"scale, option A, relu", 2, {.op = VRN_OP_SCALE, .kernel = {1, 1}, .stride = {1, 1},
                                  .dilation = {1, 1}, .groups = 1, .in = SHAPE(4, 4, 32),
                                  .epilogue = {.relu = true, .residual = true,
                                               .residual_shape = SHAPE(8, 7, 16),
                                               .residual_stride = 2, .residual_offset = 8}}, 0, 0},
    {"channel conv", 3, {.op = VRN_OP_CHANNEL_CONV, .kernel = {1, 5}, .stride = {1, 1},
                         .padding = {0, 2}, .dilation = {1, 1}, .in = SHAPE(1, 1, 23)}, 0, 0},
    {"channel conv, sigmoid", 2, {.op = VRN_OP_CHANNEL_CONV, .kernel = {1, 3}, .stride = {1, 1},
                                  .padding = {0, 1}, .dilation = {1, 1}, .in = SHAPE(1, 1, 68),
                                  .epilogue = {.relu = true,
                                               .activation = VRN_ACTIVATION_SIGMOID}}, 0, 0},
    {"average pool, wide", 2, {.op = VRN_OP_AVG_POOL, .in = SHAPE(9, 5, 140), .out = {.c = 140}}, 0,
     0},
    {"softmax", 3, {.op = VRN_OP_SOFTMAX, .in = SHAPE(1, 1, 1000)}, 0, 0},
    {"softmax of 3", 2, {.op = VRN_OP_SOFTMAX, .in = SHAPE(1, 1, 3)}, 0, 0},
};
/* clang-format on */

const uint32_t vrn_op_case_count = VRN_COUNT(vrn_op_cases);

/* The side of the output for a side of the input and a window. */
static uint32_t out_side(const vrn_op_desc *d, uint32_t in, uint32_t kernel, uint32_t stride,
                         uint32_t padding, uint32_t dilation)
{
    if (d->op == VRN_OP_AVG_POOL || d->op == VRN_OP_LINEAR) return 1;
    if (d->op == VRN_OP_SHORTCUT) return (in - 1) / d->subsample + 1;
    return kernel ? (in + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1 : in;
}

/* Operands are between -1 and 1, results mostly between -3 and 3. */
static void set_formats(vrn_op_desc *d, vrn_type type)
{
    const bool floats_out = d->op == VRN_OP_GROUP_NORM || d->op == VRN_OP_SOFTMAX;
    const vrn_format in = {.type = type, .scale = type == VRN_TYPE_I8 ? 1 / 127.0f : 0};
    if (d->op != VRN_OP_SOFTMAX) d->x = in;
    d->r = in;
    if (!floats_out) {
        d->y = (vrn_format){.type = type, .scale = type == VRN_TYPE_I8 ? 3 / 127.0f : 0};
    }
    if (type == VRN_TYPE_F16 && (d->op == VRN_OP_CONV || d->op == VRN_OP_LINEAR)) d->w = type;
    if (vrn_op_takes_bytes(d)) d->w = VRN_TYPE_I8;
}

vrn_op_desc vrn_case_desc(const vrn_op_case *c, vrn_type type)
{
    vrn_op_desc d = c->desc;
    if (d.out.c == 0) d.out.c = d.in.c;
    if (d.out.h == 0) { /* else given, because windows extend past the edge */
        d.out.h = out_side(&d, d.in.h, d.kernel.y, d.stride.y, d.padding.y, d.dilation.y);
        d.out.w = out_side(&d, d.in.w, d.kernel.x, d.stride.x, d.padding.x, d.dilation.x);
    }
    if (d.epilogue.pool.kernel.y) {
        const vrn_max_pool *p = &d.epilogue.pool;
        d.out.h = out_side(&d, d.out.h, p->kernel.y, p->stride.y, p->padding.y, 1);
        d.out.w = out_side(&d, d.out.w, p->kernel.x, p->stride.x, p->padding.x, 1);
    }
    if (d.op == VRN_OP_CONV) d.epilogue.bias = c->bias || c->fold;
    set_formats(&d, type);
    return d;
}

uint32_t vrn_case_traits(const vrn_op_case *c)
{
    const vrn_op_desc d = vrn_case_desc(c, VRN_TYPE_F32);
    const uint32_t rows = d.out.h * d.out.w * c->images;
    const bool option_a = d.epilogue.residual_stride > 1;
    const bool traits[] = {
        d.kernel.y * d.kernel.x > 1,
        d.stride.y > 1 || d.stride.x > 1 || d.subsample > 1,
        d.padding.y > 0 || d.padding.x > 0,
        d.dilation.y > 1 || d.dilation.x > 1,
        d.groups > 1,
        d.in.c % 4 != 0, /* channels that do not fill their last vec4 */
        d.out.c % 4 != 0,
        c->images > 1,
        d.out.c > 64 && (rows > 64 || d.op != VRN_OP_CONV), /* several tiles in each direction */
        c->bias,
        c->fold,
        d.epilogue.relu,
        d.epilogue.residual && !option_a,
        d.epilogue.residual && option_a,
        d.epilogue.pool.kernel.y > 0,
    };
    uint32_t bits = 0;
    for (uint32_t i = 0; i < VRN_COUNT(traits); i++) bits |= (uint32_t)traits[i] << i;
    return bits;
}
