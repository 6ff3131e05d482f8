#include "checkpoint/tensor.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/half.h"
#include "base/text.h"
#include "base/util.h"

/* Files are little-endian, and values are copied as they are. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "checkpoints are read on little-endian machines only"
#endif

static const struct {
    const char *name;
    uint32_t size; /* of an element; 0: not a float */
} dtypes[] = {
    [VRN_DTYPE_F32] = {"float32", 4},   [VRN_DTYPE_F16] = {"float16", 2},
    [VRN_DTYPE_BF16] = {"bfloat16", 2}, [VRN_DTYPE_F64] = {"float64", 8},
    [VRN_DTYPE_I64] = {"int64", 0},     [VRN_DTYPE_OTHER] = {"another type", 0},
};

const char *vrn_dtype_name(vrn_dtype dtype)
{
    return dtypes[dtype].name;
}

bool vrn_dtype_is_float(vrn_dtype dtype)
{
    return dtypes[dtype].size != 0;
}

uint64_t vrn_tensor_count(const vrn_tensor *tensor)
{
    uint64_t count = 1;
    for (uint32_t i = 0; i < tensor->rank; i++) {
        /* The other sides may then be anything, and their product need not fit. */
        if (tensor->shape[i] == 0) return 0;
    }
    for (uint32_t i = 0; i < tensor->rank; i++) count *= tensor->shape[i];
    return count;
}

void vrn_tensor_format_shape(const vrn_tensor *tensor, char *text, size_t capacity)
{
    snprintf(text, capacity, "[");
    for (uint32_t i = 0; i < tensor->rank; i++) {
        vrn_append(text, capacity, "%s%" PRIu64, i ? ", " : "", tensor->shape[i]);
    }
    vrn_append(text, capacity, "]");
}

void vrn_tensor_set_contiguous(vrn_tensor *tensor)
{
    uint64_t stride = vrn_tensor_count(tensor) ? 1 : 0;
    for (uint32_t i = tensor->rank; i-- > 0;) {
        tensor->stride[i] = stride;
        stride *= tensor->shape[i];
    }
}

/* Converts `count` elements that lie `step` bytes apart. */
static void read_run(vrn_dtype dtype, const uint8_t *data, size_t step, size_t count, float *values)
{
    switch (dtype) {
    case VRN_DTYPE_F32:
        if (step == sizeof(float)) {
            memcpy(values, data, count * sizeof(float));
        } else {
            for (size_t i = 0; i < count; i++) memcpy(&values[i], data + i * step, sizeof(float));
        }
        break;
    case VRN_DTYPE_F16:
        for (size_t i = 0; i < count; i++) {
            uint16_t half;
            memcpy(&half, data + i * step, sizeof half);
            values[i] = vrn_half_to_float(half);
        }
        break;
    case VRN_DTYPE_BF16: /* the upper half of a float */
        for (size_t i = 0; i < count; i++) {
            uint16_t upper;
            memcpy(&upper, data + i * step, sizeof upper);
            uint32_t bits = (uint32_t)upper << 16;
            memcpy(&values[i], &bits, sizeof bits);
        }
        break;
    case VRN_DTYPE_F64:
        for (size_t i = 0; i < count; i++) {
            double wide;
            memcpy(&wide, data + i * step, sizeof wide);
            values[i] = (float)wide;
        }
        break;
    case VRN_DTYPE_I64:
    case VRN_DTYPE_OTHER: assert(false && "a float type"); break;
    }
}

/* Joins dimensions without gaps between them and drops those of size 1, so that runs are as long as
 * possible: a contiguous tensor is one run. Returns the rank, at least 1. */
static uint32_t join_dimensions(const vrn_tensor *tensor, uint64_t *shape, uint64_t *stride)
{
    uint32_t rank = 0;
    for (uint32_t i = 0; i < tensor->rank; i++) {
        if (tensor->shape[i] == 1) continue;
        if (rank && stride[rank - 1] == tensor->shape[i] * tensor->stride[i]) {
            shape[rank - 1] *= tensor->shape[i];
            stride[rank - 1] = tensor->stride[i];
        } else {
            shape[rank] = tensor->shape[i];
            stride[rank] = tensor->stride[i];
            rank++;
        }
    }
    if (rank == 0) {
        shape[0] = stride[0] = 1;
        rank = 1;
    }
    return rank;
}

void vrn_tensor_read_part(const vrn_tensor *tensor, uint64_t first, uint64_t count, float *values)
{
    assert(vrn_dtype_is_float(tensor->dtype));
    if (count == 0) return;
    size_t size = dtypes[tensor->dtype].size;
    uint64_t shape[VRN_MAX_RANK], stride[VRN_MAX_RANK], at[VRN_MAX_RANK];
    uint32_t rank = join_dimensions(tensor, shape, stride);
    assert(rank >= 1 && rank <= VRN_MAX_RANK);
    for (uint32_t i = rank; i-- > 0;) {
        at[i] = first % shape[i];
        first /= shape[i];
    }
    while (count) {
        uint64_t offset = 0;
        for (uint32_t i = 0; i < rank; i++) offset += at[i] * stride[i];
        uint32_t last = rank - 1;
        uint64_t run = vrn_min_u64(shape[last] - at[last], count);
        read_run(tensor->dtype, tensor->data + offset * size, (size_t)(stride[last] * size),
                 (size_t)run, values);
        values += run;
        count -= run;
        at[last] += run;
        for (uint32_t i = last; i > 0 && at[i] == shape[i]; i--) {
            at[i] = 0;
            at[i - 1]++;
        }
    }
}

const float *vrn_tensor_view(const vrn_tensor *tensor)
{
    uint64_t shape[VRN_MAX_RANK], stride[VRN_MAX_RANK];
    if (tensor->dtype != VRN_DTYPE_F32 || (uintptr_t)tensor->data % _Alignof(float) != 0 ||
        join_dimensions(tensor, shape, stride) != 1 || stride[0] != 1) {
        return NULL;
    }
    return (const float *)(const void *)tensor->data;
}

void vrn_tensor_read(const vrn_tensor *tensor, float *values)
{
    vrn_tensor_read_part(tensor, 0, vrn_tensor_count(tensor), values);
}
