#include "checkpoint/blur.h"

#include <math.h>

/* Coefficient k of `size`: (size - 1)! / (k! (size - 1 - k)!) / 2^(size - 1). */
static double coefficient(uint64_t size, uint64_t k)
{
    double value = 1;
    for (uint64_t i = 0; i < k; i++) value = value * (double)(size - 1 - i) / (double)(i + 1);
    return ldexp(value, 1 - (int)size);
}

bool vrn_tensor_is_blur(const vrn_tensor *tensor)
{
    if (tensor->rank != 4 || !vrn_dtype_is_float(tensor->dtype)) return false;
    const uint64_t *shape = tensor->shape, size = shape[2], count = vrn_tensor_count(tensor);
    if (shape[1] != 1 || size != shape[3] || size > INT16_MAX) return false;
    for (uint64_t i = 0; i < count; i++) {
        const double expected = coefficient(size, i / size % size) * coefficient(size, i % size);
        float value;
        vrn_tensor_read_part(tensor, i, 1, &value);
        if (!(fabs((double)value - expected) <= 1e-3 * expected)) return false;
    }
    return true;
}
