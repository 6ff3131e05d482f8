/* A named array of numbers inside a file that is mapped into memory. */
#ifndef VRN_CHECKPOINT_TENSOR_H
#define VRN_CHECKPOINT_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum vrn_dtype {
    VRN_DTYPE_F32,
    VRN_DTYPE_F16,
    VRN_DTYPE_BF16,
    VRN_DTYPE_F64,
    VRN_DTYPE_I64, /* num_batches_tracked; not readable as weights */
    VRN_DTYPE_OTHER,
} vrn_dtype;

#define VRN_MAX_RANK 8

/* The first element is at `data`, which may be unaligned; element (i, j, ...) lies i * stride[0] +
 * j * stride[1] + ... elements further. Every element is known to lie inside the file. */
typedef struct vrn_tensor {
    const char *name;
    vrn_dtype dtype;
    uint32_t rank;
    uint64_t shape[VRN_MAX_RANK];
    uint64_t stride[VRN_MAX_RANK];
    const uint8_t *data;
} vrn_tensor;

/* A text that a file holds beside its tensors. */
typedef struct vrn_metadata {
    const char *key, *value; /* UTF-8 */
} vrn_metadata;

/* "float16". Static. */
const char *vrn_dtype_name(vrn_dtype dtype);

/* True for the four types that vrn_tensor_read understands. */
bool vrn_dtype_is_float(vrn_dtype dtype);

/* The number of elements; the loaders guarantee that it fits in 64 bits. */
uint64_t vrn_tensor_count(const vrn_tensor *tensor);

/* Writes "[64, 3, 7, 7]". */
void vrn_tensor_format_shape(const vrn_tensor *tensor, char *text, size_t capacity);

/* Sets the strides of a tensor without gaps, by its shape. */
void vrn_tensor_set_contiguous(vrn_tensor *tensor);

/* Converts every element, in C order, to `values` [vrn_tensor_count]. Only for float types. A
 * float64 beyond float32's range becomes infinite. */
void vrn_tensor_read(const vrn_tensor *tensor, float *values);

/* The elements in the file, if they are float32, in C order, aligned and without gaps; else NULL.
 * They live as long as the file is mapped. */
const float *vrn_tensor_view(const vrn_tensor *tensor);

/* The same as vrn_tensor_read for `count` elements from index `first` on; the tensor must have all
 * of them. */
void vrn_tensor_read_part(const vrn_tensor *tensor, uint64_t first, uint64_t count, float *values);

#endif
