#include "cli/learning/classifier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"
#include "cli/learning/logistic.h"
#include "cli/learning/reduce.h"
#include "cli/system/report.h"

enum { ITERATIONS = 100, FINAL_ITERATIONS = 400 };

/* The tolerances for comparing strengths and for the final fit. */
static const double tolerance = 1e-3, final_tolerance = 1e-6;

/* The memory limit of one fit. */
static const double bytes_max = 4e9;

/* Limits in multiply-adds. fold_work: for a pass with all folds and strengths; above it only one
 * part is held out. The others are for a single pass: above strength_work few strengths are tried,
 * above iteration_work there are fewer iterations, and above shared_work threads share the pass. */
static const double fold_work = 1e9, strength_work = 1e9, iteration_work = 4e9, shared_work = 4e6;

typedef struct job {
    const cli_classifier_params *params;
    cli_classifier *classifier;
    const float *values; /* [count, width]: the training data */
    uint32_t width;
    uint32_t *folds;     /* [count]: the fold in which each sample is held out */
    uint32_t *predicted; /* [CLI_STRENGTHS, count] */
    double *losses;      /* [folds, CLI_STRENGTHS]: sums */
} job;

/* ---- Features -------------------------------------------------------------------------------- */

/* Shifts the mean of each feature to 0, and scales the mean squared length of samples to 1. All
 * features have the same scale, because those that vary more carry more information. False: all
 * samples are equal. */
static bool standardise(const cli_classifier_params *p, double *mean, double *scale)
{
    double squares = 0, all = 0;
    memset(mean, 0, p->width * sizeof *mean);
    for (size_t i = 0; i < p->count; i++) {
        const float *row = p->features + i * p->width;
        for (uint32_t c = 0; c < p->width; c++) mean[c] += (double)row[c];
    }
    for (uint32_t c = 0; c < p->width; c++) mean[c] /= (double)p->count;
    for (size_t i = 0; i < p->count; i++) {
        const float *row = p->features + i * p->width;
        for (uint32_t c = 0; c < p->width; c++) {
            const double distance = (double)row[c] - mean[c];
            squares += distance * distance;
            all += (double)row[c] * (double)row[c];
        }
    }
    const double rounding = 1e-12;
    if (!(squares > rounding * all)) return false;
    *scale = sqrt((double)p->count / squares);
    for (size_t i = 0; i < p->count; i++) {
        float *row = p->features + i * p->width;
        for (uint32_t c = 0; c < p->width; c++) {
            row[c] = (float)(((double)row[c] - mean[c]) * *scale);
        }
    }
    return true;
}

/* ---- Held-out samples ------------------------------------------------------------------------ */

/* Vigna's splitmix64. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void shuffle(uint32_t *rows, size_t count, uint64_t *state)
{
    for (size_t i = count; i > 1; i--) {
        const size_t k = (size_t)(draw(state) % i);
        const uint32_t kept = rows[i - 1];
        rows[i - 1] = rows[k];
        rows[k] = kept;
    }
}

/* Sorts the samples by class; those of class k begin at starts[k]. */
static void sort_by_class(const cli_classifier_params *p, uint32_t *rows, size_t *starts)
{
    memset(starts, 0, ((size_t)p->classes + 1) * sizeof *starts);
    for (size_t i = 0; i < p->count; i++) starts[p->labels[i] + 1]++;
    for (uint32_t k = 0; k < p->classes; k++) starts[k + 1] += starts[k];
    for (size_t i = 0; i < p->count; i++) rows[starts[p->labels[i]]++] = (uint32_t)i;
    memmove(starts + 1, starts, p->classes * sizeof *starts);
    starts[0] = 0;
}

/* Spreads each class evenly over the folds. */
static bool hold_out(job *j)
{
    const cli_classifier_params *p = j->params;
    const uint32_t folds = j->classifier->folds;
    uint32_t *rows = cli_alloc(p->count, sizeof *rows);
    size_t *starts = cli_alloc((size_t)p->classes + 1, sizeof *starts);
    bool good = rows && starts;
    uint64_t state = p->seed;
    uint32_t next = 0;
    for (size_t i = 0; i < p->count; i++) j->folds[i] = CLI_NOT_HELD_OUT;
    if (good) sort_by_class(p, rows, starts);
    for (uint32_t k = 0; k < p->classes && good; k++) {
        const size_t count = starts[k + 1] - starts[k];
        uint32_t *own = rows + starts[k];
        size_t taken = count > 1 && folds > 0 ? count : 0;
        shuffle(own, count, &state);
        if (taken && folds == 1) {
            const size_t part = (size_t)lround((double)p->holdout * (double)count);
            taken = part > 0 ? part : 1;
        }
        for (size_t i = 0; i < taken; i++) j->folds[own[i]] = folds > 1 ? next++ % folds : 0;
        j->classifier->held_out += taken;
    }
    free(rows);
    free(starts);
    return good;
}

/* ---- Fitting --------------------------------------------------------------------------------- */

/* Strengths are in descending order, and each fit starts from the previous result. */
static double strength_of(const cli_classifier *c, uint32_t i)
{
    const uint32_t step = c->strength_count == CLI_STRENGTHS ? i : 2 + 3 * i;
    return pow(10, -(double)step / 2);
}

/* The multiply-adds of a pass. */
static double work_of(const job *j)
{
    return (double)j->params->count * j->width * j->params->classes;
}

/* Reduces the number of iterations if each takes long. */
static uint32_t limit_iterations(const job *j, uint32_t most)
{
    enum { LEAST = 20 };
    const double fit = most * iteration_work / fmax(work_of(j), iteration_work);
    return fit > (double)LEAST ? (uint32_t)fit : LEAST;
}

/* The samples of a fold, or all others. */
static cli_samples choose(const job *j, uint32_t *rows, uint32_t fold, bool inside)
{
    const cli_classifier_params *p = j->params;
    cli_samples samples = {
        .values = j->values,
        .labels = p->labels,
        .rows = rows,
        .width = j->width,
        .classes = p->classes,
    };
    for (size_t i = 0; i < p->count; i++) {
        if ((j->folds[i] == fold) == inside) rows[samples.count++] = (uint32_t)i;
    }
    return samples;
}

static bool is_large(const job *j)
{
    return work_of(j) > shared_work;
}

static vrn_result fit_fold(void *user, uint32_t fold)
{
    const job *j = user;
    const cli_classifier_params *p = j->params;
    const bool alone = j->classifier->folds == 1;
    uint32_t *rows = vrn_alloc(2 * p->count, sizeof *rows);
    double *parameters = vrn_alloc(((size_t)j->width + 1) * p->classes, sizeof *parameters);
    bool good = rows && parameters;
    if (good) {
        const cli_samples learned = choose(j, rows, fold, false);
        const cli_samples held_out = choose(j, rows + p->count, fold, true);
        const uint32_t count = j->classifier->strength_count;
        for (uint32_t i = 0; i < count && good; i++) {
            double loss = 0;
            if (alone) cli_progress_tuning(NULL, i, count + 1, "the classifier");
            const cli_logistic_params fit = {
                .strength = strength_of(j->classifier, i),
                .iterations = limit_iterations(j, ITERATIONS),
                .tolerance = tolerance,
                .threads = alone && is_large(j),
            };
            good = cli_logistic_fit(parameters, &learned, &fit) &&
                   cli_logistic_judge(parameters, &held_out, j->predicted + i * p->count, &loss);
            j->losses[fold * CLI_STRENGTHS + i] = loss * (double)held_out.count;
        }
    }
    vrn_free(rows);
    vrn_free(parameters);
    return good ? VRN_OK : VRN_ERROR_OUT_OF_MEMORY;
}

/* Strengths whose count of correct samples is within one standard error of the best are considered
 * equal. Among them chooses the one with the smallest loss, or a stronger one with hardly more
 * loss, which is less overconfident if the samples are easy. */
static uint32_t choose_strength(const cli_classifier *c)
{
    const double hardly = 0.02, all = (double)c->held_out;
    const cli_strength *strengths = c->strengths;
    size_t most = 0;
    for (uint32_t i = 0; i < c->strength_count; i++) {
        if (strengths[i].right > most) most = strengths[i].right;
    }
    const double best = (double)most, chance = all > 0 ? sqrt(best * (all - best) / all) : 0;
    double loss = INFINITY;
    for (uint32_t i = 0; i < c->strength_count; i++) {
        if ((double)strengths[i].right >= best - chance) loss = fmin(loss, strengths[i].loss);
    }
    uint32_t chosen = 0;
    while ((double)strengths[chosen].right < best - chance ||
           strengths[chosen].loss > loss + hardly) {
        chosen++;
    }
    return chosen;
}

/* Sums the results of the folds for each strength, and chooses one. */
static void compare(job *j)
{
    const cli_classifier_params *p = j->params;
    cli_classifier *c = j->classifier;
    for (uint32_t i = 0; i < c->strength_count; i++) {
        cli_strength *s = &c->strengths[i];
        s->strength = strength_of(c, i);
        for (uint32_t fold = 0; fold < c->folds; fold++) {
            s->loss += j->losses[fold * CLI_STRENGTHS + i];
        }
        if (c->held_out > 0) s->loss /= (double)c->held_out;
        for (size_t k = 0; k < p->count; k++) {
            s->right += j->predicted[i * p->count + k] == p->labels[k];
        }
    }
    c->chosen = choose_strength(c);
    memcpy(c->predicted, j->predicted + c->chosen * p->count, p->count * sizeof *c->predicted);
}

static bool find_strength(job *j)
{
    enum { FEW = 3 };
    const cli_classifier_params *p = j->params;
    cli_classifier *c = j->classifier;
    c->strength_count = work_of(j) > strength_work ? FEW : CLI_STRENGTHS;
    c->folds = p->holdout > 0 ? (uint32_t)lround(1 / (double)p->holdout) : 0;
    if (c->folds > 0 && work_of(j) * (double)CLI_STRENGTHS * c->folds > fold_work) c->folds = 1;
    if (!hold_out(j)) return false;
    if (c->held_out == 0) c->folds = 0;
    for (size_t i = 0; i < CLI_STRENGTHS * p->count; i++) j->predicted[i] = CLI_NOT_HELD_OUT;
    j->losses = cli_alloc(c->folds, CLI_STRENGTHS * sizeof *j->losses);
    if (!j->losses) return false;
    if (vrn_parallel_for(c->folds, fit_fold, j) != VRN_OK) return cli_error("out of memory");
    compare(j);
    if (c->folds == 0) c->chosen = c->strength_count / 2; /* the middle one, without a test */
    return true;
}

/* Trains on all samples, and converts the parameters to those for the original features. */
static bool fit_all(job *j, const cli_reduced *reduced, const double *mean, double scale)
{
    const cli_classifier_params *p = j->params;
    cli_classifier *c = j->classifier;
    const size_t classes = p->classes;
    uint32_t *rows = cli_alloc(p->count, sizeof *rows);
    uint32_t *predicted = cli_alloc(p->count, sizeof *predicted);
    double *parameters = cli_alloc((size_t)j->width + 1, classes * sizeof *parameters);
    double *expanded = reduced->rank ? cli_alloc(p->width, classes * sizeof *expanded) : NULL;
    double loss;
    bool good = rows && predicted && parameters && (expanded || !reduced->rank);
    if (good) {
        const cli_samples samples = choose(j, rows, UINT32_MAX - 1, false);
        const cli_logistic_params fit = {
            .strength = c->strengths[c->chosen].strength,
            .iterations = limit_iterations(j, FINAL_ITERATIONS),
            .tolerance = final_tolerance,
            .threads = is_large(j),
        };
        good = (cli_logistic_fit(parameters, &samples, &fit) &&
                cli_logistic_judge(parameters, &samples, predicted, &loss)) ||
               cli_error("out of memory");
    }
    const double *bias = good ? parameters + j->width * classes : NULL, *weights = parameters;
    if (good && reduced->rank) {
        cli_reduced_expand(reduced, parameters, p->classes, expanded, p->features, p->width);
        weights = expanded;
    }
    for (size_t k = 0; k < classes && good; k++) {
        double moved = bias[k];
        for (uint32_t i = 0; i < p->width; i++) {
            const double weight = weights[i * classes + k] * scale;
            c->weight[k * p->width + i] = (float)weight;
            moved -= weight * mean[i];
        }
        c->bias[k] = (float)moved;
    }
    for (size_t i = 0; i < p->count && good; i++)
        c->right_in_training += predicted[i] == p->labels[i];
    free(rows);
    free(predicted);
    free(parameters);
    free(expanded);
    return good;
}

bool cli_classifier_fit(cli_classifier *classifier, const cli_classifier_params *params)
{
    const cli_classifier_params *p = params;
    *classifier = (cli_classifier){0};
    if (cli_logistic_bytes(p->width, p->classes) > bytes_max) {
        return cli_error("%u classes with %u features each: too many to train a classifier in 4 GB",
                         p->classes, p->width);
    }
    job j = {.params = p, .classifier = classifier, .values = p->features, .width = p->width};
    cli_reduced reduced = {0};
    double scale = 1, *mean = cli_alloc(p->width, sizeof *mean);
    j.folds = cli_alloc(p->count, sizeof *j.folds);
    j.predicted = cli_alloc(p->count, CLI_STRENGTHS * sizeof *j.predicted);
    classifier->predicted = cli_alloc(p->count, sizeof *classifier->predicted);
    classifier->weight = cli_alloc(p->classes, p->width * sizeof *classifier->weight);
    classifier->bias = cli_alloc(p->classes, sizeof *classifier->bias);
    bool good = mean && j.folds && j.predicted && classifier->predicted && classifier->weight &&
                classifier->bias;
    if (good && !standardise(p, mean, &scale)) {
        good =
            cli_error("all %zu photos have the same features: there is nothing to learn", p->count);
    }
    if (good && p->count < p->width) {
        good = cli_reduce(&reduced, p->features, p->count, p->width) || cli_error("out of memory");
        j.values = reduced.values;
        j.width = reduced.rank;
    }
    good = good && find_strength(&j) && fit_all(&j, &reduced, mean, scale);
    cli_progress_hide();
    cli_reduced_free(&reduced);
    free(mean);
    free(j.folds);
    free(j.predicted);
    free(j.losses);
    return good;
}

void cli_classifier_free(cli_classifier *classifier)
{
    free(classifier->weight);
    free(classifier->bias);
    free(classifier->predicted);
    *classifier = (cli_classifier){0};
}
