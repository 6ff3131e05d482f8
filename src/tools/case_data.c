#include "tools/case_data.h"

#include <math.h>

#include "base/alloc.h"
#include "base/util.h"
#include "net/format.h"
#include "ops/conv_shape.h"
#include "tools/reference.h"

static size_t dense_floats(vrn_shape s)
{
    return (size_t)s.h * s.w * s.c;
}

/* A random number in [-1, 1). */
static float next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(int32_t)(*state >> 32) / 2147483648.0f;
}

/* Sets *failed if memory runs out. */
static float *random_floats(size_t count, float low, float high, uint64_t *state, bool *failed)
{
    float *values = vrn_alloc(count, sizeof *values);
    if (!values) *failed = true;
    for (size_t i = 0; values && i < count; i++) {
        values[i] = low + (high - low) * 0.5f * (next_random(state) + 1);
    }
    return values;
}

/* Random numbers that the format can hold. */
static float *random_tensor(vrn_shape shape, uint32_t images, vrn_format format, uint64_t *state,
                            bool *failed)
{
    const size_t count = dense_floats(shape) * images;
    float *values = random_floats(count, -1, 1, state, failed);
    for (size_t i = 0; values && i < count; i++) values[i] = vrn_format_round(format, values[i]);
    return values;
}

/* Weights [K, each]. For bytes: multiples of 1/127 of each channel's largest, which is 1. */
static float *random_weights(const vrn_op_desc *d, size_t each, uint64_t *state, bool *failed)
{
    const vrn_format bytes = {.type = VRN_TYPE_I8, .scale = 1 / 127.0f};
    float *values = random_floats(each * d->out.c, -1, 1, state, failed);
    for (size_t i = 0; values && d->w == VRN_TYPE_I8 && i < each * d->out.c; i++) {
        values[i] = i % each ? vrn_format_round(bytes, values[i]) : 1;
    }
    return values;
}

/* Values outside the output's range are clamped. */
static void clamp_expected(vrn_case_data *data)
{
    const vrn_op_desc *d = &data->desc;
    const float end = vrn_format_values(d->y) == VRN_TYPE_I8 ? 127 * d->y.scale : INFINITY;
    for (size_t i = 0; i < dense_floats(d->out) * data->images; i++) {
        data->expected[i] = fminf(end, fmaxf(-end, data->expected[i]));
    }
}

vrn_result vrn_case_data_create(vrn_case_data *data, const vrn_op_case *c, vrn_type type,
                                const vrn_log *log)
{
    uint64_t state = 42;
    bool failed = false;
    *data = (vrn_case_data){
        .name = c->name, .desc = vrn_case_desc(c, type), .type = type, .images = c->images};
    const vrn_op_desc *d = &data->desc;
    data->residual_shape = d->op == VRN_OP_ADD ? d->in : d->epilogue.residual_shape;
    data->x = random_tensor(d->in, c->images, d->x, &state, &failed);
    if (dense_floats(data->residual_shape)) {
        data->residual = random_tensor(data->residual_shape, c->images, d->r, &state, &failed);
    }
    if (d->op == VRN_OP_CONV || d->op == VRN_OP_LINEAR) {
        const size_t each = (size_t)vrn_conv_in(d) * vrn_conv_window(d);
        data->params.own[VRN_PARAM_WEIGHT] = random_weights(d, each, &state, &failed);
        if (c->bias) {
            data->params.own[VRN_PARAM_BIAS] = random_floats(d->out.c, -1, 1, &state, &failed);
        }
    }
    if (d->op == VRN_OP_SCALE || d->op == VRN_OP_CHANNEL_CONV) {
        const size_t count = d->op == VRN_OP_SCALE ? (size_t)c->images * d->in.c : d->kernel.x;
        data->params.own[VRN_PARAM_WEIGHT] = random_floats(count, -1, 1, &state, &failed);
    }
    if (c->fold || d->op == VRN_OP_BATCH_NORM || d->op == VRN_OP_GROUP_NORM) {
        const float **norm = c->fold ? data->params.norm : data->params.own;
        norm[VRN_PARAM_WEIGHT] = random_floats(d->out.c, 0.5f, 1.5f, &state, &failed);
        norm[VRN_PARAM_BIAS] = random_floats(d->out.c, -1, 1, &state, &failed);
        norm[VRN_PARAM_MEAN] = random_floats(d->out.c, -1, 1, &state, &failed);
        norm[VRN_PARAM_VAR] = random_floats(d->out.c, 0.5f, 1.5f, &state, &failed);
    }
    data->expected = vrn_alloc(dense_floats(d->out) * c->images, sizeof *data->expected);
    if (failed || !data->expected) {
        vrn_case_data_free(data);
        return vrn_fail_memory(log);
    }
    data->params.norm_eps = 0.1f; /* large enough to show if a kernel omits it */
    vrn_reference_run(d, c->images, data->x, data->residual, &data->params, data->expected);
    clamp_expected(data);
    return VRN_OK;
}

vrn_op_desc vrn_case_rounded_desc(const vrn_op_case *c, vrn_type type)
{
    vrn_op_desc desc = vrn_case_desc(c, VRN_TYPE_F32);
    desc.y = (vrn_format){.rounded = type, .scale = type == VRN_TYPE_I8 ? 3 / 127.0f : 0};
    return desc;
}

vrn_result vrn_case_data_create_rounded(vrn_case_data *data, const vrn_op_case *c, vrn_type type,
                                        const vrn_log *log)
{
    vrn_result result = vrn_case_data_create(data, c, VRN_TYPE_F32, log);
    if (result) return result;
    data->desc = vrn_case_rounded_desc(c, type);
    data->type = type;
    clamp_expected(data);
    return VRN_OK;
}

void vrn_case_data_free(vrn_case_data *data)
{
    vrn_free(data->x);
    vrn_free(data->residual);
    vrn_free(data->expected);
    for (uint32_t i = 0; i < VRN_PARAM_COUNT; i++) {
        vrn_free((void *)(uintptr_t)data->params.own[i]);
        vrn_free((void *)(uintptr_t)data->params.norm[i]);
    }
    *data = (vrn_case_data){0};
}

void vrn_case_store(void *to, const float *from, vrn_format format, vrn_shape shape,
                    uint32_t images)
{
    const uint32_t padded = vrn_c4(shape.c) * 4;
    for (size_t i = 0; i < (size_t)images * shape.h * shape.w; i++) {
        for (uint32_t c = 0; c < padded; c++) {
            vrn_format_store(format, to, i * padded + c, c < shape.c ? from[i * shape.c + c] : 0);
        }
    }
}

/* Kernels sum in float32 and in their own order, so the error grows with the number of terms, which
 * are at most 1 in magnitude. 4e-6 of a typical sum is far above that error and far below any
 * mistake. Sums of bytes are exact. */
double vrn_case_tolerance(const vrn_op_desc *d, double expected)
{
    const bool sums = d->op == VRN_OP_CONV || d->op == VRN_OP_LINEAR;
    const double terms = sums ? (double)vrn_conv_in(d) * vrn_conv_window(d) : 1;
    double relative = 4e-6 * sqrt(terms) + 4e-6;
    /* Halves have 11 bits. The result is rounded to them, and so is each weight after it is folded
     * and packed. For transformed weights, the inverse transform multiplies that error by up to
     * 10. */
    if (d->w == VRN_TYPE_F16) relative += 4e-3 * sqrt(terms);
    if (vrn_format_values(d->y) == VRN_TYPE_F16) relative += 5e-4;
    double rounding = vrn_format_values(d->y) == VRN_TYPE_I8 ? 0.51 * (double)d->y.scale : 0;
    return relative * fmax(1, fabs(expected)) + rounding;
}
