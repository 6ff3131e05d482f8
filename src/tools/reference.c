#include "tools/reference.h"

#include <math.h>
#include <stddef.h>

/* Element (y, x, c) of image n in a dense NHWC tensor. */
static size_t at(vrn_shape s, uint32_t n, uint32_t y, uint32_t x, uint32_t c)
{
    return (((size_t)n * s.h + y) * s.w + x) * s.c + c;
}

/* The input position of a window's element; false if it is outside. */
static bool position(uint32_t out, uint32_t tap, uint32_t stride, uint32_t padding,
                     uint32_t dilation, uint32_t size, uint32_t *in)
{
    int64_t p = (int64_t)out * stride + (int64_t)tap * dilation - padding;
    *in = (uint32_t)p;
    return p >= 0 && p < size;
}

static double convolve(const vrn_op_desc *d, const float *x, const float *w, uint32_t n,
                       uint32_t oy, uint32_t ox, uint32_t k)
{
    uint32_t channels = d->in.c / d->groups;
    uint32_t first = k / (d->out.c / d->groups) * channels;
    double sum = 0;
    for (uint32_t r = 0; r < d->kernel.y; r++) {
        uint32_t iy, ix;
        if (!position(oy, r, d->stride.y, d->padding.y, d->dilation.y, d->in.h, &iy)) continue;
        for (uint32_t s = 0; s < d->kernel.x; s++) {
            if (!position(ox, s, d->stride.x, d->padding.x, d->dilation.x, d->in.w, &ix)) continue;
            for (uint32_t c = 0; c < channels; c++) {
                size_t weight = (((size_t)k * channels + c) * d->kernel.y + r) * d->kernel.x + s;
                sum += (double)x[at(d->in, n, iy, ix, first + c)] * w[weight];
            }
        }
    }
    return sum;
}

static double normalize(double value, const float *const norm[VRN_PARAM_COUNT], double eps,
                        uint32_t c)
{
    return (value - norm[VRN_PARAM_MEAN][c]) / sqrt(norm[VRN_PARAM_VAR][c] + eps) *
               norm[VRN_PARAM_WEIGHT][c] +
           norm[VRN_PARAM_BIAS][c];
}

static double shortcut(vrn_shape shape, uint32_t stride, uint32_t offset, const float *from,
                       uint32_t n, uint32_t y, uint32_t x, uint32_t c)
{
    if (c < offset || c - offset >= shape.c) return 0;
    return from[at(shape, n, y * stride, x * stride, c - offset)];
}

static double activate(double x, vrn_activation activation, double slope)
{
    if (activation == VRN_ACTIVATION_SIGMOID) return 1 / (1 + exp(-x));
    switch (activation) {
    case VRN_ACTIVATION_RELU: return fmax(x, 0);
    case VRN_ACTIVATION_LEAKY_RELU: return x < 0 ? x * slope : x;
    case VRN_ACTIVATION_SILU: return x / (1 + exp(-x));
    case VRN_ACTIVATION_RELU6: return fmin(fmax(x, 0), 6);
    }
    return x;
}

static double epilogue(const vrn_op_desc *d, double value, const float *residual, uint32_t n,
                       uint32_t y, uint32_t x, uint32_t c)
{
    const vrn_epilogue *e = &d->epilogue;
    if (e->residual) {
        value += shortcut(e->residual_shape, e->residual_stride, e->residual_offset, residual, n, y,
                          x, c);
    }
    return e->relu ? activate(value, e->activation, (double)e->slope) : value;
}

/* The maximum or the mean of a window. */
static double pool(const vrn_op_desc *d, const float *x, uint32_t n, uint32_t oy, uint32_t ox,
                   uint32_t c)
{
    double largest = -INFINITY, sum = 0, count = 0;
    for (uint32_t r = 0; r < d->kernel.y; r++) {
        uint32_t iy, ix;
        if (!position(oy, r, d->stride.y, d->padding.y, d->dilation.y, d->in.h, &iy)) continue;
        for (uint32_t s = 0; s < d->kernel.x; s++) {
            if (!position(ox, s, d->stride.x, d->padding.x, d->dilation.x, d->in.w, &ix)) continue;
            const double value = x[at(d->in, n, iy, ix, c)];
            largest = fmax(largest, value);
            sum += value;
            count++;
        }
    }
    if (d->offset && count < d->kernel.y * d->kernel.x) largest = fmax(largest, 0);
    return d->op == VRN_OP_MEAN_POOL ? sum / count : largest;
}

static uint32_t reflect(uint32_t out, uint32_t tap, uint32_t stride, uint32_t padding,
                        uint32_t size)
{
    const int64_t last = (int64_t)size - 1;
    int64_t p = (int64_t)out * stride + tap - padding;
    p = p < 0 ? -p : p;
    p = p > last ? 2 * last - p : p;
    return (uint32_t)(p < 0 ? 0 : p);
}

static double binomial(uint32_t n, uint32_t k)
{
    double value = 1;
    for (uint32_t i = 0; i < k; i++) value = value * (n - i) / (i + 1);
    return value;
}

static double blur(const vrn_op_desc *d, const float *x, uint32_t n, uint32_t oy, uint32_t ox,
                   uint32_t c)
{
    double sum = 0;
    for (uint32_t r = 0; r < d->kernel.y; r++) {
        const uint32_t iy = reflect(oy, r, d->stride.y, d->padding.y, d->in.h);
        for (uint32_t s = 0; s < d->kernel.x; s++) {
            const uint32_t ix = reflect(ox, s, d->stride.x, d->padding.x, d->in.w);
            const double weight = binomial(d->kernel.y - 1, r) * binomial(d->kernel.x - 1, s);
            sum += weight * (double)x[at(d->in, n, iy, ix, c)];
        }
    }
    return ldexp(sum, -(int)(d->kernel.y + d->kernel.x - 2));
}

static double pool_average(const vrn_op_desc *d, const float *x, uint32_t n, uint32_t c)
{
    double sum = 0;
    for (uint32_t y = 0; y < d->in.h; y++) {
        for (uint32_t i = 0; i < d->in.w; i++) sum += x[at(d->in, n, y, i, c)];
    }
    return sum / ((double)d->in.h * d->in.w);
}

static double linear(const vrn_op_desc *d, const float *x, const vrn_params *p, uint32_t n,
                     uint32_t k)
{
    double sum = p->own[VRN_PARAM_BIAS][k];
    for (uint32_t c = 0; c < d->in.c; c++) {
        sum +=
            (double)x[(size_t)n * d->in.c + c] * p->own[VRN_PARAM_WEIGHT][(size_t)k * d->in.c + c];
    }
    return sum;
}

static double convolve_channels(const vrn_op_desc *d, const float *x, const float *w, uint32_t n,
                                uint32_t k)
{
    double sum = 0;
    for (uint32_t s = 0; s < d->kernel.x; s++) {
        uint32_t c;
        if (!position(k, s, 1, d->kernel.x / 2, 1, d->in.c, &c)) continue;
        sum += (double)x[(size_t)n * d->in.c + c] * w[s];
    }
    return sum;
}

static double softmax(const vrn_op_desc *d, const float *x, uint32_t n, uint32_t k)
{
    const float *row = x + (size_t)n * d->in.c;
    double largest = -INFINITY, sum = 0;
    for (uint32_t c = 0; c < d->in.c; c++) {
        if (row[c] > largest) largest = row[c]; /* fmax crashes gcc 12 for aarch64 */
    }
    for (uint32_t c = 0; c < d->in.c; c++) sum += exp(row[c] - largest);
    return exp(row[k] - largest) / sum;
}

/* Mean and 1 / sqrt(var + eps) of a group of channels of an image. */
static void group_moments(const vrn_op_desc *d, const float *x, uint32_t n, uint32_t group,
                          double *mean, double *scale)
{
    uint32_t channels = d->in.c / d->groups;
    size_t pixels = (size_t)d->in.h * d->in.w, count = pixels * channels;
    const float *from = x + n * pixels * d->in.c + (size_t)group * channels;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) sum += from[i / channels * d->in.c + i % channels];
    *mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        double difference = from[i / channels * d->in.c + i % channels] - *mean;
        squares += difference * difference;
    }
    *scale = 1 / sqrt(squares / (double)count + d->eps);
}

static void run_group_norm(const vrn_op_desc *d, uint32_t images, const float *x,
                           const vrn_params *p, float *y)
{
    uint32_t channels = d->in.c / d->groups;
    for (uint32_t n = 0; n < images; n++) {
        for (uint32_t c = 0; c < d->in.c; c++) {
            double mean, scale;
            group_moments(d, x, n, c / channels, &mean, &scale);
            for (uint32_t i = 0; i < d->in.h * d->in.w; i++) {
                size_t index = ((size_t)n * d->in.h * d->in.w + i) * d->in.c + c;
                y[index] = (float)((x[index] - mean) * scale * p->own[VRN_PARAM_WEIGHT][c] +
                                   p->own[VRN_PARAM_BIAS][c]);
            }
        }
    }
}

static double convolved(const vrn_op_desc *d, const float *x, const float *residual,
                        const vrn_params *p, uint32_t n, uint32_t oy, uint32_t ox, uint32_t c)
{
    double value = convolve(d, x, p->own[VRN_PARAM_WEIGHT], n, oy, ox, c);
    if (p->own[VRN_PARAM_BIAS]) value += p->own[VRN_PARAM_BIAS][c];
    if (p->norm[VRN_PARAM_WEIGHT]) value = normalize(value, p->norm, p->norm_eps, c);
    return epilogue(d, value, residual, n, oy, ox, c);
}

/* The largest result in a window of the pool after a convolution. */
static double pooled(const vrn_op_desc *d, const float *x, const vrn_params *p, uint32_t n,
                     uint32_t oy, uint32_t ox, uint32_t c)
{
    const vrn_shape result = vrn_op_result(d);
    const vrn_max_pool *pool = &d->epilogue.pool;
    double largest = -INFINITY;
    for (uint32_t r = 0; r < pool->kernel.y; r++) {
        uint32_t y, at_x;
        if (!position(oy, r, pool->stride.y, pool->padding.y, 1, result.h, &y)) continue;
        for (uint32_t s = 0; s < pool->kernel.x; s++) {
            if (!position(ox, s, pool->stride.x, pool->padding.x, 1, result.w, &at_x)) continue;
            largest = fmax(largest, convolved(d, x, NULL, p, n, y, at_x, c));
        }
    }
    return largest;
}

static double output(const vrn_op_desc *d, const float *x, const float *residual,
                     const vrn_params *p, uint32_t n, uint32_t oy, uint32_t ox, uint32_t c)
{
    double value = 0;
    switch (d->op) {
    case VRN_OP_CONV:
        return d->epilogue.pool.kernel.y ? pooled(d, x, p, n, oy, ox, c)
                                         : convolved(d, x, residual, p, n, oy, ox, c);
    case VRN_OP_BATCH_NORM:
        value = normalize(x[at(d->in, n, oy, ox, c)], p->own, d->eps, c);
        return epilogue(d, value, residual, n, oy, ox, c);
    case VRN_OP_RELU:
        return activate(x[at(d->in, n, oy, ox, c)], d->epilogue.activation,
                        (double)d->epilogue.slope);
    case VRN_OP_MAX_POOL:
    case VRN_OP_MEAN_POOL: return pool(d, x, n, oy, ox, c);
    case VRN_OP_BLUR: return blur(d, x, n, oy, ox, c);
    case VRN_OP_AVG_POOL: return pool_average(d, x, n, c);
    case VRN_OP_ADD: return (double)x[at(d->in, n, oy, ox, c)] + residual[at(d->in, n, oy, ox, c)];
    case VRN_OP_SHORTCUT: return shortcut(d->in, d->subsample, d->offset, x, n, oy, ox, c);
    case VRN_OP_SCALE:
        value = (double)x[at(d->in, n, oy, ox, c)] * p->own[VRN_PARAM_WEIGHT][n * d->in.c + c];
        return epilogue(d, value, residual, n, oy, ox, c);
    case VRN_OP_LINEAR: return epilogue(d, linear(d, x, p, n, c), residual, n, 0, 0, c);
    case VRN_OP_CHANNEL_CONV:
        value = convolve_channels(d, x, p->own[VRN_PARAM_WEIGHT], n, c);
        return epilogue(d, value, residual, n, 0, 0, c);
    case VRN_OP_SOFTMAX: return softmax(d, x, n, c);
    case VRN_OP_GROUP_NORM: /* done by run_group_norm, because its statistics cover many outputs */
    case VRN_OP_COUNT: break;
    }
    return value;
}

void vrn_reference_run(const vrn_op_desc *d, uint32_t images, const float *x, const float *residual,
                       const vrn_params *params, float *y)
{
    if (d->op == VRN_OP_GROUP_NORM) {
        run_group_norm(d, images, x, params, y);
        return;
    }
    for (uint32_t n = 0; n < images; n++) {
        for (uint32_t oy = 0; oy < d->out.h; oy++) {
            for (uint32_t ox = 0; ox < d->out.w; ox++) {
                for (uint32_t c = 0; c < d->out.c; c++) {
                    y[at(d->out, n, oy, ox, c)] =
                        (float)output(d, x, residual, params, n, oy, ox, c);
                }
            }
        }
    }
}
