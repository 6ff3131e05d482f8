/* The linear classifier of `vkresnet fit`: its optimum, its coordinates, and what is held out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/learning/classifier.h"
#include "cli/learning/logistic.h"
#include "cli/learning/reduce.h"

typedef struct data {
    float *values;
    uint32_t *labels, *rows;
    cli_samples samples;
} data;

static double noise(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) / 9007199254740992.0 * 2 - 1;
}

/* Clouds around a point for each class, in turns. */
static data make_data(size_t count, uint32_t width, uint32_t classes, double spread)
{
    data d = {.values = malloc(count * width * sizeof(float)),
              .labels = malloc(count * sizeof(uint32_t)),
              .rows = malloc(count * sizeof(uint32_t))};
    uint64_t state = 7;
    double *centres = malloc((size_t)classes * width * sizeof *centres);
    for (size_t i = 0; i < (size_t)classes * width; i++) centres[i] = noise(&state);
    for (size_t i = 0; i < count; i++) {
        d.rows[i] = (uint32_t)i;
        d.labels[i] = (uint32_t)(i % classes);
        for (uint32_t c = 0; c < width; c++) {
            d.values[i * width + c] =
                (float)(centres[d.labels[i] * width + c] + spread * noise(&state));
        }
    }
    free(centres);
    d.samples = (cli_samples){d.values, d.labels, d.rows, count, width, classes};
    return d;
}

static void free_data(data *d)
{
    free(d->values);
    free(d->labels);
    free(d->rows);
}

/* The definition, as it stands in logistic.h. */
static double loss_of(const double *parameters, const cli_samples *s, double strength)
{
    double loss = 0, squares = 0;
    for (size_t i = 0; i < s->count; i++) {
        double sum = 0, own = 0;
        for (uint32_t k = 0; k < s->classes; k++) {
            double logit = parameters[(size_t)s->width * s->classes + k];
            for (uint32_t c = 0; c < s->width; c++) {
                logit += (double)s->values[(size_t)s->rows[i] * s->width + c] *
                         parameters[(size_t)c * s->classes + k];
            }
            sum += exp(logit);
            if (k == s->labels[s->rows[i]]) own = logit;
        }
        loss += log(sum) - own;
    }
    for (size_t i = 0; i < (size_t)s->width * s->classes; i++)
        squares += parameters[i] * parameters[i];
    return loss / (double)s->count + strength / 2 * squares;
}

/* No parameter can be moved to make the loss smaller: it is convex, so this is the minimum. */
static void test_optimum(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        uint32_t width, classes;
    } cases[] = {{30, 5, 2}, {261, 9, 3}, {40, 17, 13}, {7, 70, 3}};
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        data d = make_data(cases[n].count, cases[n].width, cases[n].classes, 1);
        const size_t size = ((size_t)cases[n].width + 1) * cases[n].classes;
        double *alone = calloc(size, sizeof *alone), *shared = calloc(size, sizeof *shared);
        cli_logistic_params params = {.strength = 0.01, .iterations = 1000, .tolerance = 1e-14};
        assert_true(cli_logistic_fit(alone, &d.samples, &params));
        params.threads = true;
        assert_true(cli_logistic_fit(shared, &d.samples, &params));
        assert_memory_equal(alone, shared, size * sizeof *alone);
        const double h = 1e-5;
        for (size_t i = 0; i < size; i++) {
            const double kept = alone[i];
            alone[i] = kept + h;
            const double above = loss_of(alone, &d.samples, 0.01);
            alone[i] = kept - h;
            const double below = loss_of(alone, &d.samples, 0.01);
            alone[i] = kept;
            const double slope = (above - below) / (2 * h);
            if (!(fabs(slope) < 3e-6)) fail_msg("case %zu, parameter %zu: slope %g", n, i, slope);
        }
        free(alone);
        free(shared);
        free_data(&d);
    }
}

/* Coordinates of their own keep all products, and weights for them become weights for the
 * features with the same scores; also where samples are the same, or depend on each other. */
static void test_coordinates(void **state)
{
    (void)state;
    enum { COUNT = 12, WIDTH = 40, CLASSES = 3 };
    data d = make_data(COUNT, WIDTH, CLASSES, 1);
    memcpy(d.values + 5 * WIDTH, d.values + 3 * WIDTH, WIDTH * sizeof(float));
    for (int c = 0; c < WIDTH; c++) d.values[7 * WIDTH + c] = 0;
    cli_reduced reduced;
    assert_true(cli_reduce(&reduced, d.values, COUNT, WIDTH));
    assert_int_equal(reduced.rank, COUNT - 2);
    double weights[COUNT * CLASSES], expanded[WIDTH * CLASSES], scores[COUNT][CLASSES] = {0};
    uint64_t seed = 3;
    for (uint32_t i = 0; i < reduced.rank * CLASSES; i++) weights[i] = noise(&seed);
    for (int i = 0; i < COUNT; i++) {
        for (uint32_t k = 0; k < reduced.rank * CLASSES; k++) {
            scores[i][k % CLASSES] +=
                (double)reduced.values[i * reduced.rank + k / CLASSES] * weights[k];
        }
        for (int j = 0; j < COUNT; j++) {
            double a = 0, b = 0;
            for (int c = 0; c < WIDTH; c++) {
                a += (double)d.values[i * WIDTH + c] * (double)d.values[j * WIDTH + c];
            }
            for (uint32_t c = 0; c < reduced.rank; c++) {
                b += (double)reduced.values[i * reduced.rank + c] *
                     (double)reduced.values[j * reduced.rank + c];
            }
            assert_true(fabs(a - b) < 1e-3);
        }
    }
    cli_reduced_expand(&reduced, weights, CLASSES, expanded, d.values, WIDTH);
    for (int i = 0; i < COUNT; i++) {
        for (int k = 0; k < CLASSES; k++) {
            double score = 0;
            for (int c = 0; c < WIDTH; c++) {
                score += (double)d.values[i * WIDTH + c] * expanded[c * CLASSES + k];
            }
            assert_true(fabs(score - scores[i][k]) < 1e-3);
        }
    }
    cli_reduced_free(&reduced);
    free_data(&d);
}

static size_t count_right(const cli_classifier *c, const float *features, const uint32_t *labels,
                          size_t count, uint32_t width, uint32_t classes)
{
    size_t right = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t best = 0;
        double top = -INFINITY;
        for (uint32_t k = 0; k < classes; k++) {
            double logit = (double)c->bias[k];
            for (uint32_t w = 0; w < width; w++) {
                logit += (double)c->weight[(size_t)k * width + w] * (double)features[i * width + w];
            }
            if (logit > top) best = k;
            top = fmax(top, logit);
        }
        right += best == labels[i];
    }
    return right;
}

/* The weights are for the features as they were given, whatever their scale and offset; each sample
 * is held out once; and what is hard is not all known. */
static void test_classifier(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        uint32_t width, classes;
        double spread;
        float offset, scale;
    } cases[] = {{60, 8, 3, 0.5, 0, 1}, {60, 8, 3, 3, 100, 0.01f}, {40, 300, 4, 1, -3, 1000}};
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        data d = make_data(cases[n].count, cases[n].width, cases[n].classes, cases[n].spread);
        const size_t values = cases[n].count * cases[n].width;
        float *kept = malloc(values * sizeof *kept);
        for (size_t i = 0; i < values; i++) {
            kept[i] = d.values[i] = d.values[i] * cases[n].scale + cases[n].offset;
        }
        cli_classifier c;
        const cli_classifier_params params = {
            .features = d.values,
            .labels = d.labels,
            .count = cases[n].count,
            .width = cases[n].width,
            .classes = cases[n].classes,
            .holdout = 0.2f,
        };
        assert_true(cli_classifier_fit(&c, &params));
        assert_int_equal(c.folds, 5);
        assert_int_equal(c.held_out, cases[n].count);
        size_t right = 0;
        for (size_t i = 0; i < cases[n].count; i++) right += c.predicted[i] == d.labels[i];
        assert_int_equal(right, c.strengths[c.chosen].right);
        assert_int_equal(c.strength_count, CLI_STRENGTHS);
        const double all = (double)cases[n].count;
        for (int i = 0; i < CLI_STRENGTHS; i++) {
            const double most = (double)c.strengths[i].right;
            assert_true((double)right >= most - sqrt(most * (all - most) / all));
            if (c.strengths[i].right >= right) {
                assert_true(c.strengths[c.chosen].loss <= c.strengths[i].loss + 0.02);
            }
        }
        if (n == 0) assert_int_equal(right, cases[n].count);
        if (n == 1) assert_in_range(right, 25, 55);
        assert_int_equal(
            count_right(&c, kept, d.labels, cases[n].count, cases[n].width, cases[n].classes),
            c.right_in_training);
        cli_classifier_free(&c);
        free(kept);
        free_data(&d);
    }
}

/* Many classes hold one part out; with too many the memory is not even asked for. */
static void test_many_classes(void **state)
{
    (void)state;
    enum { CLASSES = 400, COUNT = 3 * CLASSES, WIDTH = 64 };
    data d = make_data(COUNT, WIDTH, CLASSES, 0.05);
    cli_classifier c;
    cli_classifier_params params = {.features = d.values,
                                    .labels = d.labels,
                                    .count = COUNT,
                                    .width = WIDTH,
                                    .classes = CLASSES,
                                    .holdout = 0.2f};
    assert_true(cli_classifier_fit(&c, &params));
    assert_int_equal(c.folds, 1);
    assert_int_equal(c.held_out, CLASSES);
    assert_true(c.right_in_training > COUNT * 99 / 100);
    assert_true(c.strengths[c.chosen].right > CLASSES * 95 / 100);
    cli_classifier_free(&c);
    params.classes = 1000000;
    params.width = 2048;
    assert_false(cli_classifier_fit(&c, &params));
    assert_null(c.weight);
    cli_classifier_free(&c);
    free_data(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimum),
        cmocka_unit_test(test_coordinates),
        cmocka_unit_test(test_classifier),
        cmocka_unit_test(test_many_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
