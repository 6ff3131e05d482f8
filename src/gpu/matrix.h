/* The products of cooperative matrices that a device supports. */
#ifndef VRN_GPU_MATRIX_H
#define VRN_GPU_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

#include "gpu/instance.h"

/* A product of matrices, m x k times k x n: float16 summed in float32, or int8 summed in int32. */
typedef struct vrn_matrix_shape {
    uint32_t m, n, k;     /* for a flexible one in a device's list: sizes are multiples of these */
    uint32_t invocations; /* of the work group that holds the matrices; 0: a subgroup does */
    bool bytes;
    bool flexible; /* VK_NV_cooperative_matrix2 */
} vrn_matrix_shape;

enum { VRN_MATRIX_SHAPES_MAX = 32 };

typedef struct vrn_matrix_list {
    vrn_matrix_shape shapes[VRN_MATRIX_SHAPES_MAX];
    uint32_t count;
    uint32_t max_size; /* of a flexible matrix in either direction */
    /* shared memory that the driver takes, in bytes, if a work group holds the matrices */
    uint32_t reserved_shared;
} vrn_matrix_list;

/* Lists the products of a device with these features (gpu/features.h). Returns the features without
 * VRN_CAPABILITY_COOPERATIVE_MATRIX and .._2 where the device lists no products for them. */
uint32_t vrn_matrices_probe(vrn_matrix_list *list, const vrn_instance *instance,
                            VkPhysicalDevice physical, uint32_t features);

/* True if a product is in the list, or can be built from one that is. */
bool vrn_matrix_listed(const vrn_matrix_list *list, const vrn_matrix_shape *wanted);

/* True if the list has matrices that a work group holds. The second function removes them. */
bool vrn_matrices_of_work_groups(const vrn_matrix_list *list);
void vrn_matrices_drop_work_groups(vrn_matrix_list *list);

#endif
