/* Only + - * / and sqrt in double are used, which IEEE 754 rounds alike everywhere, and this file
 * is compiled without contraction to fused multiply-adds. The library's log is not: libraries
 * differ in its last bit. */
#include "net/random.h"

#include <math.h>
#include <string.h>

#include "base/parallel.h"
#include "base/util.h"

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15)

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

vrn_random vrn_random_create(uint64_t seed, uint64_t stream)
{
    return (vrn_random){mix(mix(seed) + (stream + 1) * GOLDEN_GAMMA)};
}

uint64_t vrn_random_bits(vrn_random *random)
{
    random->state += GOLDEN_GAMMA;
    return mix(random->state);
}

double vrn_random_uniform(vrn_random *random)
{
    return ((double)(vrn_random_bits(random) >> 12) + 0.5) * (1.0 / 4503599627370496.0);
}

/* Natural logarithm of a positive normal number: x = m * 2^e with m in [sqrt(1/2), sqrt(2)), and
 * log(m) = 2 atanh(s) = 2 (s + s^3/3 + s^5/5 + ...), s = (m - 1) / (m + 1), |s| < 0.172. */
static double natural_log(double x)
{
    int exponent = 0;
    double m = frexp(x, &exponent);
    if (m < 0.70710678118654752440) {
        m *= 2;
        exponent--;
    }
    double s = (m - 1) / (m + 1), square = s * s, sum = 0;
    for (int k = 23; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
    return exponent * 0.69314718055994530942 + 2 * s * sum;
}

/* c[0] x^7 + c[1] x^6 + ... + c[7] */
static double polynomial(const double c[8], double x)
{
    double sum = c[0];
    for (int i = 1; i < 8; i++) sum = sum * x + c[i];
    return sum;
}

/* Wichura's Algorithm AS 241 (PPND16), Applied Statistics 37, 1988: the inverse of the normal
 * distribution as quotients of polynomials, one for the middle and two for the tails. */
typedef struct quotient {
    double above[8], below[8];
} quotient;

static const quotient middle = {
    {2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4,
     4.5921953931549871457e+4, 1.3731693765509461125e+4, 1.9715909503065514427e+3,
     1.3314166789178437745e+2, 3.3871328727963666080e+0},
    {5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4,
     2.1213794301586595867e+4, 5.3941960214247511077e+3, 6.8718700749205790830e+2,
     4.2313330701600911252e+1, 1.0},
};
static const quotient near_tail = {
    {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
     1.27045825245236838258e+0, 3.64784832476320460504e+0, 5.76949722146069140550e+0,
     4.63033784615654529590e+0, 1.42343711074968357734e+0},
    {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
     1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e+0,
     2.05319162663775882187e+0, 1.0},
};
static const quotient far_tail = {
    {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
     2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e+0,
     5.46378491116411436990e+0, 6.65790464350110377720e+0},
    {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
     5.99832206555887937690e-1, 1.0},
};

/* The quantiles p of the normal distribution. */
static void quantiles(const double *restrict p, double *restrict x, uint64_t count)
{
    /* Uses the middle's formula for all values, without a branch, so that compilers vectorise
     * it. */
    for (uint64_t i = 0; i < count; i++) {
        double q = p[i] - 0.5, r = 0.180625 - q * q;
        x[i] = q * polynomial(middle.above, r) / polynomial(middle.below, r);
    }
    for (uint64_t i = 0; i < count; i++) {
        double q = p[i] - 0.5;
        if (q >= -0.425 && q <= 0.425) continue;
        double r = sqrt(-natural_log(q < 0 ? p[i] : 1 - p[i]));
        x[i] = r <= 5 ? polynomial(near_tail.above, r - 1.6) / polynomial(near_tail.below, r - 1.6)
                      : polynomial(far_tail.above, r - 5) / polynomial(far_tail.below, r - 5);
        if (q < 0) x[i] = -x[i];
    }
}

double vrn_random_normal(vrn_random *random)
{
    double p = vrn_random_uniform(random), x;
    quantiles(&p, &x, 1);
    return x;
}

/* Values of one distribution, filled in parts of PART on all cores: value i takes the i-th number
 * of the stream, on any core. */
typedef struct fill_work {
    float *values;
    uint64_t count;
    vrn_random random;
    bool normal;
    double scale; /* the deviation of a normal distribution, the bound of a uniform one */
} fill_work;

enum { PART = 1 << 15, BLOCK = 256 };

static vrn_result fill_part(void *user, uint32_t index)
{
    const fill_work *work = user;
    const uint64_t first = (uint64_t)index * PART, end = vrn_min_u64(first + PART, work->count);
    vrn_random random = {work->random.state + first * GOLDEN_GAMMA};
    double p[BLOCK], x[BLOCK];
    for (uint64_t at = first; at < end; at += BLOCK) {
        const uint64_t n = vrn_min_u64(BLOCK, end - at);
        for (uint64_t i = 0; i < n; i++) p[i] = vrn_random_uniform(&random);
        for (uint64_t i = 0; i < n; i++) x[i] = 2 * p[i] - 1;
        if (work->normal) quantiles(p, x, n);
        for (uint64_t i = 0; i < n; i++) work->values[at + i] = (float)(work->scale * x[i]);
    }
    return VRN_OK;
}

static bool is_last_norm_of_block(const vrn_arch *arch, const char *node)
{
    const char *last = arch->block == VRN_BLOCK_BOTTLENECK ? ".bn3" : ".bn2";
    size_t length = strlen(node);
    return length > 4 && strcmp(node + length - 4, last) == 0;
}

/* The number of inputs of each output, for operators other than image convolutions. */
static uint32_t fan_in(const vrn_node *node)
{
    return node->desc.op == VRN_OP_LINEAR ? node->desc.in.c : node->desc.kernel.x;
}

void vrn_random_parameter(float *values, const vrn_arch *arch, const vrn_parameter *parameter,
                          vrn_random random)
{
    const vrn_node *node = parameter->node;
    uint64_t count = 1;
    for (uint32_t i = 0; i < parameter->rank; i++) count *= parameter->shape[i];

    const bool conv = node->desc.op == VRN_OP_CONV && parameter->role == VRN_PARAM_WEIGHT;
    if (conv || node->desc.op == VRN_OP_LINEAR || node->desc.op == VRN_OP_CHANNEL_CONV) {
        const uint64_t *shape = parameter->shape;
        fill_work work = {values, count, random, conv, 0};
        work.scale = work.normal ? sqrt(2.0 / (double)(shape[0] * shape[2] * shape[3]))
                                 : 1 / sqrt((double)fan_in(node));
        vrn_parallel_for((uint32_t)((count + PART - 1) / PART), fill_part, &work);
        return;
    }
    bool one = parameter->role == VRN_PARAM_VAR || parameter->role == VRN_PARAM_WEIGHT;
    if (parameter->role == VRN_PARAM_WEIGHT && arch->zero_init_residual &&
        is_last_norm_of_block(arch, node->name)) {
        one = false;
    }
    for (uint64_t i = 0; i < count; i++) values[i] = one ? 1.0f : 0.0f;
}
