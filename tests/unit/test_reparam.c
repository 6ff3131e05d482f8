/* Weights that a file stores as factors: weight_norm, spectral_norm, pruning. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "checkpoint/reparam.h"

/* A part with its values. */
typedef struct part {
    const char *name;
    uint32_t rank;
    uint64_t shape[3];
    float values[8];
} part;

static void add(vrn_tensor_list *list, const vrn_source *source, const part *from)
{
    vrn_tensor tensor = {
        .dtype = VRN_DTYPE_F32, .rank = from->rank, .data = (const uint8_t *)from->values};
    memcpy(tensor.shape, from->shape, sizeof from->shape);
    vrn_tensor_set_contiguous(&tensor);
    assert_int_equal(vrn_tensor_list_add(list, source, &tensor, 32, from->name, strlen(from->name)),
                     VRN_OK);
}

/* `wanted` is the last tensor's name of the result, in the place of the first part. */
static void expect(const part *parts, size_t count, size_t left, const char *wanted,
                   const float *values)
{
    static const uint8_t file[4096];
    const vrn_source source = {"file", file, sizeof file, NULL, NULL};
    vrn_tensor_list list;
    vrn_tensor_list_init(&list, &source);
    for (size_t i = 0; i < count; i++) add(&list, &source, &parts[i]);
    assert_int_equal(vrn_weights_compute(&list, &source), VRN_OK);
    if (list.count != left) fail_msg("%s: %zu tensors", wanted, list.count);
    const vrn_tensor *found = NULL;
    for (size_t i = 0; i < list.count; i++) {
        if (strcmp(list.tensors[i].name, wanted) == 0) found = &list.tensors[i];
    }
    if (!found) fail_msg("no %s", wanted);
    float read[8];
    vrn_tensor_read(found, read);
    for (size_t i = 0; values && i < vrn_tensor_count(found); i++) {
        if (!(fabsf(read[i] - values[i]) < 1e-6f)) fail_msg("%s [%zu]: %g", wanted, i, read[i]);
    }
    vrn_tensor_list_free(&list);
}

/* Figures by PyTorch's definitions: rows of 3, 4 and 0, 5 have the norm 5. */
static void test_weight_norm(void **state)
{
    (void)state;
    const part v = {"fc.weight_v", 2, {2, 2}, {3, 4, 0, 5}};
    const part rows[] = {v, {"fc.weight_g", 2, {2, 1}, {10, 1}}, {"fc.bias", 1, {2}, {1, 2}}};
    expect(rows, 3, 2, "fc.weight", (const float[]){6, 8, 0, 1});
    const part columns[] = {v, {"fc.weight_g", 2, {1, 2}, {6, 0}}};
    expect(columns, 2, 1, "fc.weight", (const float[]){6, 0, 0, 0});
    const part all[] = {v, {"fc.weight_g", 0, {0}, {7.0710678f}}};
    expect(all, 2, 1, "fc.weight", (const float[]){3, 4, 0, 5});
    const part form[] = {
        {"a.parametrizations.weight.original0", 2, {2, 1}, {10, 1}},
        {"a.parametrizations.weight.original1", 2, {2, 2}, {3, 4, 0, 5}},
    };
    expect(form, 2, 1, "a.weight", (const float[]){6, 8, 0, 1});
}

/* u = (1, 0), v = (0, 1): their product with W is W's second number. */
static void test_spectral_norm(void **state)
{
    (void)state;
    const part old[] = {
        {"c.weight_orig", 3, {2, 2, 1}, {1, 2, 3, 4}},
        {"c.weight_u", 1, {2}, {1, 0}},
        {"c.weight_v", 1, {2}, {0, 1}},
    };
    expect(old, 3, 1, "c.weight", (const float[]){0.5f, 1, 1.5f, 2});
    const part form[] = {
        {"parametrizations.weight.original", 2, {2, 2}, {1, 2, 3, 4}},
        {"parametrizations.weight.0._u", 1, {2}, {1, 0}},
        {"parametrizations.weight.0._v", 1, {2}, {0, 1}},
    };
    expect(form, 3, 1, "weight", (const float[]){0.5f, 1, 1.5f, 2});
}

static void test_pruning(void **state)
{
    (void)state;
    const part parts[] = {
        {"c.weight_orig", 2, {2, 2}, {1, 2, 3, 4}},
        {"c.weight_mask", 2, {2, 2}, {1, 0, 0, 1}},
        {"c.bias_orig", 1, {2}, {5, 6}},
        {"c.bias_mask", 1, {2}, {0, 1}},
    };
    expect(parts, 4, 2, "c.weight", (const float[]){1, 0, 0, 4});
    expect(parts, 4, 2, "c.bias", (const float[]){0, 6});
}

/* What does not fit stays, for others to refuse by name. */
static void test_left_alone(void **state)
{
    (void)state;
    const part alone[] = {{"fc.weight_v", 2, {2, 2}, {3, 4, 0, 5}}, {"fc.bias", 1, {2}, {0}}};
    expect(alone, 2, 2, "fc.weight_v", NULL);
    const part shapes[] = {{"fc.weight_v", 2, {2, 2}, {3, 4, 0, 5}},
                           {"fc.weight_g", 2, {3, 1}, {1, 2, 3}}};
    expect(shapes, 2, 2, "fc.weight_g", NULL);
    const part mask[] = {{"weight_orig", 2, {2, 2}, {1, 2, 3, 4}},
                         {"weight_mask", 2, {1, 2}, {1, 1}}};
    expect(mask, 2, 2, "weight_orig", NULL);
    const part vectors[] = {{"weight_orig", 2, {2, 2}, {1, 2, 3, 4}},
                            {"weight_u", 1, {3}, {1, 0, 0}},
                            {"weight_v", 1, {2}, {1, 0}}};
    expect(vectors, 3, 3, "weight_orig", NULL);
    const part other[] = {{"myweight_v", 2, {2, 2}, {3, 4, 0, 5}},
                          {"myweight_g", 2, {2, 1}, {1, 2}}};
    expect(other, 2, 2, "myweight_v", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weight_norm),
        cmocka_unit_test(test_spectral_norm),
        cmocka_unit_test(test_pruning),
        cmocka_unit_test(test_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
