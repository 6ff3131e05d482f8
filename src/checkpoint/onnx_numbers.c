#include "checkpoint/onnx_numbers.h"

#include <string.h>

#include "base/util.h"
#include "checkpoint/onnx_tensor.h"

enum { STEPS_MAX = 64 };

bool vrn_onnx_scalar(const vrn_onnx_model *model, uint32_t value, double *number)
{
    vrn_proto message;
    if (value == VRN_ONNX_NONE) return false;
    if (!vrn_onnx_find_tensor(model, value, &message)) {
        const uint32_t maker = model->values[value].node;
        vrn_proto attribute;
        if (maker == VRN_ONNX_NONE || !vrn_onnx_is(&model->nodes[maker], "Constant")) return false;
        if (!vrn_onnx_attribute(&model->nodes[maker], "value_float", &attribute)) return false;
        *number = vrn_onnx_float(&model->nodes[maker], "value_float", 0);
        return true;
    }
    vrn_onnx_tensor p = vrn_onnx_take_apart(message);
    uint8_t data[8] = {0};
    float real;
    if (!vrn_dtype_is_float(p.tensor.dtype) || p.count != 1 || !vrn_onnx_copy(&p, data, 1)) {
        return false;
    }
    p.tensor.data = data;
    vrn_tensor_read(&p.tensor, &real);
    *number = (double)real;
    return true;
}

/* A tensor's integers. */
static bool read_numbers(vrn_proto message, vrn_onnx_numbers *numbers)
{
    const vrn_onnx_tensor p = vrn_onnx_take_apart(message);
    uint8_t data[VRN_ONNX_NUMBERS_MAX * 8] = {0};
    const uint32_t size = p.size;
    if (p.type != VRN_ONNX_TYPE_INT64 && p.type != VRN_ONNX_TYPE_INT32) return false;
    if (p.tensor.rank > 2 || !vrn_onnx_copy(&p, data, VRN_ONNX_NUMBERS_MAX)) return false;
    numbers->count = (uint32_t)p.count;
    numbers->columns = p.tensor.rank == 2 ? (uint32_t)p.tensor.shape[1] : numbers->count;
    for (uint32_t i = 0; i < numbers->count; i++) {
        const uint8_t *at = data + (size_t)i * size;
        numbers->values[i] = size == 8 ? (int64_t)vrn_load_u64(at) : (int32_t)vrn_load_u32(at);
    }
    return true;
}

/* Constant's value_int and value_ints. */
static bool constant_numbers(const vrn_onnx_node *node, vrn_onnx_numbers *numbers)
{
    vrn_proto attribute;
    if (vrn_onnx_attribute(node, "value_int", &attribute)) {
        numbers->values[0] = vrn_onnx_int(node, "value_int", 0);
        numbers->count = numbers->columns = 1;
        return true;
    }
    for (uint32_t count = 0; count <= VRN_ONNX_NUMBERS_MAX; count++) {
        numbers->count = numbers->columns = count;
        if (vrn_onnx_ints(node, "value_ints", numbers->values, count)) return true;
    }
    return false;
}

static bool transpose_numbers(vrn_onnx_numbers *numbers)
{
    const vrn_onnx_numbers old = *numbers;
    if (old.columns == 0 || old.count % old.columns) return false;
    const uint32_t rows = old.count / old.columns;
    for (uint32_t i = 0; i < old.count; i++) {
        numbers->values[i % old.columns * rows + i / old.columns] = old.values[i];
    }
    numbers->columns = rows;
    return true;
}

/* Slice(rows, [-1], [a large negative number], [0], [-1]): the rows in reverse. */
static bool reverse_rows(const vrn_onnx_model *m, const vrn_onnx_node *node,
                         vrn_onnx_numbers *numbers)
{
    static const int64_t expected[] = {-1, 0, 0, -1};
    const vrn_onnx_numbers old = *numbers;
    for (uint32_t slot = 1; slot <= 4; slot++) {
        vrn_onnx_numbers at;
        vrn_proto message;
        if (!vrn_onnx_find_tensor(m, vrn_onnx_input(m, node, slot), &message)) return false;
        if (!read_numbers(message, &at) || at.count != 1) return false;
        if (slot == 2 ? at.values[0] > -VRN_ONNX_NUMBERS_MAX - 1
                      : at.values[0] != expected[slot - 1]) {
            return false;
        }
    }
    if (old.columns == 0 || old.count % old.columns) return false;
    for (uint32_t i = 0; i < old.count; i++) {
        const uint32_t row = old.count / old.columns - 1 - i / old.columns;
        numbers->values[i] = old.values[row * old.columns + i % old.columns];
    }
    return true;
}

/* A list of equal numbers, as long as `length` says. */
static bool fill_numbers(const vrn_onnx_node *node, const vrn_onnx_numbers *length,
                         vrn_onnx_numbers *numbers)
{
    vrn_onnx_numbers fill = {.count = 1};
    vrn_proto message;
    if (vrn_onnx_find_attribute(node, &message) && !read_numbers(message, &fill)) return false;
    if (length->count != 1 || length->values[0] < 0 || fill.count != 1) return false;
    if (length->values[0] > VRN_ONNX_NUMBERS_MAX) return false;
    numbers->count = numbers->columns = (uint32_t)length->values[0];
    for (uint32_t i = 0; i < numbers->count; i++) numbers->values[i] = fill.values[0];
    return true;
}

/* The shape of a constant. */
static bool shape_of(const vrn_onnx_model *m, const vrn_onnx_node *node, vrn_onnx_numbers *numbers)
{
    vrn_proto message;
    if (!vrn_onnx_find_tensor(m, vrn_onnx_input(m, node, 0), &message)) return false;
    const vrn_onnx_tensor p = vrn_onnx_take_apart(message);
    if (p.fault || vrn_onnx_int(node, "start", 0) != 0) return false;
    numbers->count = numbers->columns = p.tensor.rank;
    for (uint32_t i = 0; i < p.tensor.rank; i++) numbers->values[i] = (int64_t)p.tensor.shape[i];
    return true;
}

/* One number of a list, or arithmetic with two numbers that stay small. */
static bool combine(const vrn_onnx_node *node, const vrn_onnx_numbers *a, const vrn_onnx_numbers *b,
                    vrn_onnx_numbers *numbers)
{
    const int64_t most = INT32_MAX, y = b->values[0];
    if (b->count != 1 || y < -most || y > most) return false;
    numbers->count = numbers->columns = 1;
    if (vrn_onnx_is(node, "Gather")) {
        if (y < 0 || y >= (int64_t)a->count) return false;
        numbers->values[0] = a->values[y];
        return true;
    }
    const int64_t x = a->values[0];
    if (a->count != 1 || x < -most || x > most) return false;
    numbers->values[0] = vrn_onnx_is(node, "Mul")   ? x * y
                         : vrn_onnx_is(node, "Add") ? x + y
                                                    : x - y;
    return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): `steps` deep at most */
static bool compute(const vrn_onnx_model *m, uint32_t value, vrn_onnx_numbers *numbers,
                    uint32_t *steps)
{
    static const char *const plain[] = {"Cast", "Squeeze", "Unsqueeze"};
    static const char *const pairs[] = {"Gather", "Mul", "Add", "Sub"};
    vrn_proto message;
    if (value == VRN_ONNX_NONE || (*steps)-- == 0) {
        *steps = 0;
        return false;
    }
    const uint32_t maker = m->values[value].node;
    const vrn_onnx_node *node = maker == VRN_ONNX_NONE ? NULL : &m->nodes[maker];
    if (!node || vrn_onnx_is(node, "Constant")) {
        if (vrn_onnx_find_tensor(m, value, &message)) return read_numbers(message, numbers);
        return node && constant_numbers(node, numbers);
    }
    vrn_onnx_numbers first = {.count = 0}, other = {.count = 0};
    if (vrn_onnx_is(node, "Shape")) return shape_of(m, node, numbers);
    if (!compute(m, vrn_onnx_input(m, node, 0), &first, steps)) return false;
    *numbers = first;
    for (size_t i = 0; i < VRN_COUNT(plain); i++) {
        if (vrn_onnx_is(node, plain[i])) return true;
    }
    if (vrn_onnx_is(node, "Transpose")) return transpose_numbers(numbers);
    if (vrn_onnx_is(node, "Slice")) return reverse_rows(m, node, numbers);
    if (vrn_onnx_is(node, "Reshape")) {
        if (!compute(m, vrn_onnx_input(m, node, 1), &other, steps)) return false;
        if (other.count < 1 || other.count > 2) return false;
        const int64_t columns = other.values[other.count - 1];
        if (columns != -1 && (columns < 1 || columns > VRN_ONNX_NUMBERS_MAX)) return false;
        numbers->columns = columns == -1 ? numbers->count : (uint32_t)columns;
        return true;
    }
    for (size_t i = 0; i < VRN_COUNT(pairs); i++) {
        if (!vrn_onnx_is(node, pairs[i])) continue;
        return compute(m, vrn_onnx_input(m, node, 1), &other, steps) &&
               combine(node, &first, &other, numbers);
    }
    if (vrn_onnx_is(node, "ConstantOfShape")) return fill_numbers(node, &first, numbers);
    if (!vrn_onnx_is(node, "Concat")) return false;
    for (uint32_t slot = 1; slot < node->input_count; slot++) {
        if (!compute(m, vrn_onnx_input(m, node, slot), &other, steps)) return false;
        if (other.count > VRN_ONNX_NUMBERS_MAX - numbers->count) return false;
        memcpy(numbers->values + numbers->count, other.values, other.count * sizeof *other.values);
        numbers->count += other.count;
    }
    numbers->columns = numbers->count;
    return true;
}

bool vrn_onnx_numbers_of(const vrn_onnx_model *model, uint32_t value, vrn_onnx_numbers *numbers)
{
    *numbers = (vrn_onnx_numbers){0};
    uint32_t steps = STEPS_MAX;
    return compute(model, value, numbers, &steps);
}
