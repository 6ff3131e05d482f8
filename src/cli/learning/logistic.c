#include "cli/learning/logistic.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "base/util.h"

enum {
    HISTORY = 8, /* of L-BFGS: pairs of steps and gradient changes */
    CHUNK = 256, /* samples with scores in memory at once */
    BLOCK = 8,   /* samples, or features, processed together in a pass over the parameters */
    SPLIT = 64,  /* features in one piece of the work */
    TRIALS = 30, /* the most steps of a line search */
    VECTORS = 4 + 2 * HISTORY,
};

static const double flat = 1e-7;   /* ends when the gradient's largest element is below this */
static const double nothing = 0.1; /* the least value to which the tolerance is relative */

double cli_logistic_bytes(uint32_t width, uint32_t classes)
{
    const double parameters = ((double)width + 1) * classes;
    return (parameters * (double)VECTORS + (double)CHUNK * classes) * sizeof(double);
}

/* ---- The function and its gradient ----------------------------------------------------------- */

typedef struct problem {
    const cli_samples *samples;
    double strength;
    bool threads;
    size_t size;    /* of the parameters */
    double *scores; /* [CHUNK, classes]: logits, then softmax less 1 at the label */
    double *losses; /* [CHUNK] */
    uint32_t *best; /* [CHUNK]: the class with the largest logit */
    /* inputs and outputs of a piece of the work */
    const double *parameters;
    double *gradient;
    size_t first, count; /* of the chunk */
} problem;

static const float *row_of(const problem *p, size_t sample)
{
    const cli_samples *s = p->samples;
    return s->values + (size_t)s->rows[p->first + sample] * s->width;
}

/* Computes the logits of up to BLOCK samples. Reads each row of parameters only once for all of
 * them. */
static void score_block(const problem *p, size_t from, size_t to)
{
    const uint32_t width = p->samples->width, classes = p->samples->classes;
    const double *bias = p->parameters + (size_t)width * classes;
    const float *rows[BLOCK] = {0};
    for (size_t i = from; i < to; i++) {
        memcpy(p->scores + i * classes, bias, classes * sizeof *bias);
        rows[i - from] = row_of(p, i);
    }
    for (uint32_t d = 0; d < width; d++) {
        const double *w = p->parameters + (size_t)d * classes;
        for (size_t i = from; i < to; i++) {
            const double x = (double)rows[i - from][d];
            double *scores = p->scores + i * classes;
            for (uint32_t k = 0; k < classes; k++) scores[k] += x * w[k];
        }
    }
}

/* Converts logits to softmax less 1 at the label, and computes the loss. */
static void finish_sample(problem *p, size_t i)
{
    const uint32_t classes = p->samples->classes;
    const uint32_t label = p->samples->labels[p->samples->rows[p->first + i]];
    double *scores = p->scores + i * classes, rest = 0;
    uint32_t best = 0;
    for (uint32_t k = 1; k < classes; k++) best = scores[k] > scores[best] ? k : best;
    const double largest = scores[best], own = scores[label];
    for (uint32_t k = 0; k < classes; k++) {
        scores[k] = exp(scores[k] - largest);
        if (k != best) rest += scores[k];
    }
    for (uint32_t k = 0; k < classes; k++) scores[k] /= 1 + rest;
    scores[label] -= 1;
    p->best[i] = best;
    p->losses[i] = largest + log1p(rest) - own;
}

static vrn_result score(void *user, uint32_t index)
{
    problem *p = user;
    const size_t from = (size_t)index * BLOCK;
    const size_t to = from + BLOCK < p->count ? from + BLOCK : p->count;
    score_block(p, from, to);
    for (size_t i = from; i < to; i++) finish_sample(p, i);
    return VRN_OK;
}

/* Adds a chunk to the gradient of SPLIT features; with the last features also to that of the
 * bias. */
static vrn_result add_gradient(void *user, uint32_t index)
{
    problem *p = user;
    const uint32_t width = p->samples->width, classes = p->samples->classes;
    const uint32_t end = vrn_min_u32((index + 1) * SPLIT, width);
    for (uint32_t d = index * SPLIT; d < end; d += BLOCK) {
        const uint32_t stop = vrn_min_u32(d + BLOCK, end);
        for (size_t i = 0; i < p->count; i++) {
            const float *x = row_of(p, i);
            const double *scores = p->scores + i * classes;
            for (uint32_t e = d; e < stop; e++) {
                const double factor = (double)x[e];
                double *g = p->gradient + (size_t)e * classes;
                for (uint32_t k = 0; k < classes; k++) g[k] += factor * scores[k];
            }
        }
    }
    for (size_t i = 0; i < p->count && end == width; i++) {
        const double *scores = p->scores + i * classes;
        double *g = p->gradient + (size_t)width * classes;
        for (uint32_t k = 0; k < classes; k++) g[k] += scores[k];
    }
    return VRN_OK;
}

static void share(problem *p, uint32_t count, vrn_parallel_function function)
{
    if (p->threads) {
        vrn_parallel_for(count, function, p);
    } else {
        for (uint32_t i = 0; i < count; i++) function(p, i);
    }
}

/* Computes the loss at `parameters` and its gradient. */
static double evaluate(problem *p, const double *parameters, double *gradient)
{
    const cli_samples *s = p->samples;
    const size_t weights = (size_t)s->width * s->classes;
    double loss = 0, squares = 0;
    p->parameters = parameters;
    p->gradient = gradient;
    memset(gradient, 0, p->size * sizeof *gradient);
    for (p->first = 0; p->first < s->count; p->first += CHUNK) {
        p->count = s->count - p->first < CHUNK ? s->count - p->first : CHUNK;
        share(p, vrn_div_up((uint32_t)p->count, BLOCK), score);
        share(p, vrn_div_up(s->width, SPLIT), add_gradient);
        for (size_t i = 0; i < p->count; i++) loss += p->losses[i];
    }
    for (size_t i = 0; i < p->size; i++) {
        gradient[i] /= (double)s->count;
        if (i >= weights) continue;
        gradient[i] += p->strength * parameters[i];
        squares += parameters[i] * parameters[i];
    }
    return loss / (double)s->count + p->strength / 2 * squares;
}

static bool begin(problem *p, const cli_samples *samples)
{
    *p = (problem){.samples = samples};
    p->size = ((size_t)samples->width + 1) * samples->classes;
    p->scores = vrn_alloc(samples->classes, CHUNK * sizeof *p->scores);
    p->losses = vrn_alloc(CHUNK, sizeof *p->losses);
    p->best = vrn_alloc(CHUNK, sizeof *p->best);
    return p->scores && p->losses && p->best;
}

static void end(problem *p)
{
    vrn_free(p->scores);
    vrn_free(p->losses);
    vrn_free(p->best);
}

/* ---- L-BFGS ---------------------------------------------------------------------------------- */

static double multiply(const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

static void add_scaled(double *to, double factor, const double *from, size_t count)
{
    for (size_t i = 0; i < count; i++) to[i] += factor * from[i];
}

static double largest_of(const double *values, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(values[i]));
    return largest;
}

/* The last steps and gradient changes, the newest at (`next` - 1) % HISTORY. */
typedef struct history {
    double *steps[HISTORY], *changes[HISTORY];
    double inverse[HISTORY]; /* 1 / (step * change) */
    uint32_t count, next;
} history;

/* Algorithm 7.4: applies the approximate inverse Hessian to a gradient. */
static void choose_direction(double *direction, const double *gradient, const history *h,
                             size_t size)
{
    double factors[HISTORY] = {0};
    for (size_t i = 0; i < size; i++) direction[i] = -gradient[i];
    for (uint32_t i = 0; i < h->count; i++) {
        const uint32_t at = (h->next + HISTORY - 1 - i) % HISTORY;
        factors[at] = h->inverse[at] * multiply(h->steps[at], direction, size);
        add_scaled(direction, -factors[at], h->changes[at], size);
    }
    if (h->count > 0) {
        const uint32_t newest = (h->next + HISTORY - 1) % HISTORY;
        const double *change = h->changes[newest];
        const double scale = 1 / (h->inverse[newest] * multiply(change, change, size));
        for (size_t i = 0; i < size; i++) direction[i] *= scale;
    }
    for (uint32_t i = h->count; i-- > 0;) {
        const uint32_t at = (h->next + HISTORY - 1 - i) % HISTORY;
        const double factor = h->inverse[at] * multiply(h->changes[at], direction, size);
        add_scaled(direction, factors[at] - factor, h->steps[at], size);
    }
}

static void keep_pair(history *h, const double *from, const double *to, const double *before,
                      const double *after, size_t size)
{
    double *step = h->steps[h->next], *change = h->changes[h->next];
    for (size_t i = 0; i < size; i++) {
        step[i] = to[i] - from[i];
        change[i] = after[i] - before[i];
    }
    const double curvature = multiply(step, change, size);
    if (!(curvature > 1e-12 * multiply(step, step, size))) return;
    h->inverse[h->next] = 1 / curvature;
    h->next = (h->next + 1) % HISTORY;
    if (h->count < HISTORY) h->count++;
}

typedef struct state {
    double *gradient, *direction, *trial, *trial_gradient;
    double value;
} state;

/* Searches along the direction for a sufficient decrease (Armijo). False: the function does not
 * decrease. */
static bool step_on(problem *p, state *s, const double *parameters, double first)
{
    const double slope = multiply(s->gradient, s->direction, p->size);
    if (!(slope < 0)) return false;
    double length = first;
    for (int i = 0; i < TRIALS; i++) {
        memcpy(s->trial, parameters, p->size * sizeof *parameters);
        add_scaled(s->trial, length, s->direction, p->size);
        const double value = evaluate(p, s->trial, s->trial_gradient);
        if (value <= s->value + 1e-4 * length * slope) {
            s->value = value;
            return true;
        }
        length /= 2;
    }
    return false;
}

static void minimise(problem *p, double *parameters, state *s, history *h,
                     const cli_logistic_params *params)
{
    s->value = evaluate(p, parameters, s->gradient);
    for (uint32_t i = 0; i < params->iterations; i++) {
        if (largest_of(s->gradient, p->size) <= flat) return;
        choose_direction(s->direction, s->gradient, h, p->size);
        /* The first step has a length of at most 1; later ones know the scale. */
        const double norm = sqrt(multiply(s->gradient, s->gradient, p->size));
        const double before = s->value;
        if (!step_on(p, s, parameters, h->count > 0 ? 1 : fmin(1, 1 / norm))) {
            if (h->count == 0) return;
            h->count = 0; /* retry without the history */
            continue;
        }
        keep_pair(h, parameters, s->trial, s->gradient, s->trial_gradient, p->size);
        memcpy(parameters, s->trial, p->size * sizeof *parameters);
        memcpy(s->gradient, s->trial_gradient, p->size * sizeof *s->gradient);
        if (before - s->value <= params->tolerance * fmax(before, nothing)) return;
    }
}

bool cli_logistic_fit(double *parameters, const cli_samples *samples,
                      const cli_logistic_params *params)
{
    problem p;
    state s = {0};
    history h = {0};
    bool good = begin(&p, samples);
    double *vectors = good ? vrn_alloc(p.size, VECTORS * sizeof *vectors) : NULL;
    if (vectors) {
        double **const all[] = {&s.gradient, &s.direction, &s.trial, &s.trial_gradient};
        double *at = vectors;
        for (size_t i = 0; i < VRN_COUNT(all); i++, at += p.size) *all[i] = at;
        for (int i = 0; i < HISTORY; i++, at += 2 * p.size) {
            h.steps[i] = at;
            h.changes[i] = at + p.size;
        }
        p.strength = params->strength;
        p.threads = params->threads;
        minimise(&p, parameters, &s, &h, params);
    }
    vrn_free(vectors);
    end(&p);
    return vectors != NULL;
}

bool cli_logistic_judge(const double *parameters, const cli_samples *samples, uint32_t *predicted,
                        double *loss)
{
    problem p;
    const bool good = begin(&p, samples);
    *loss = 0;
    p.parameters = parameters;
    for (; good && p.first < samples->count; p.first += CHUNK) {
        p.count = samples->count - p.first < CHUNK ? samples->count - p.first : CHUNK;
        for (uint32_t i = 0; i < vrn_div_up((uint32_t)p.count, BLOCK); i++) score(&p, i);
        for (size_t i = 0; i < p.count; i++) {
            predicted[samples->rows[p.first + i]] = p.best[i];
            *loss += p.losses[i];
        }
    }
    if (samples->count > 0) *loss /= (double)samples->count;
    end(&p);
    return good;
}
