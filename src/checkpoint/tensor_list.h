/* The list of tensors and metadata that a reader fills, with the checks that all formats share. */
#ifndef VRN_CHECKPOINT_TENSOR_LIST_H
#define VRN_CHECKPOINT_TENSOR_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

#include "base/arena.h"
#include "base/os.h"
#include "checkpoint/source.h"
#include "checkpoint/tensor.h"

typedef struct vrn_tensor_list {
    vrn_arena arena; /* holds all of the list */
    vrn_tensor *tensors;
    size_t count, capacity;
    vrn_metadata *metadata;
    size_t metadata_count, metadata_capacity;
    uint64_t bytes, limit;         /* of all tensors' elements, and their limit */
    struct vrn_tensor_file *files; /* others that tensors point into */
    size_t file_count, file_capacity;
} vrn_tensor_list;

/* The size of `source`, which is that of all parts of a sharded checkpoint together, limits the
 * list's memory. */
void vrn_tensor_list_init(vrn_tensor_list *list, const vrn_source *source);
void vrn_tensor_list_free(vrn_tensor_list *list); /* accepts a zeroed struct */

/* Appends a tensor with `element_bits` for each element, and copies its name (`length` bytes,
 * UTF-8). The reader guarantees that the elements lie inside the file; this function checks that
 * the name is usable, that the number of elements fits, and that all tensors together are not much
 * larger than the file: storages may be shared and strides may be zero, so that a small file could
 * hold any amount. */
vrn_result vrn_tensor_list_add(vrn_tensor_list *list, const vrn_source *source,
                               const vrn_tensor *tensor, uint32_t element_bits, const char *name,
                               size_t length);

/* Appends a text; key and text already live in the list's arena. */
vrn_result vrn_tensor_list_add_metadata(vrn_tensor_list *list, const vrn_source *source,
                                        const char *key, const char *value);

/* Maps a file beside the source, once for each `location`, a path from the source's folder that the
 * caller has checked. It stays mapped as long as the list lives. Errors: VRN_ERROR_FILE (also if
 * the source is not a file), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_tensor_list_map(vrn_tensor_list *list, const vrn_source *source,
                               const char *location, const vrn_mapping **mapping);

/* Call it at the end: refuses a name that appears twice, and a list without a tensor. */
vrn_result vrn_tensor_list_finish(vrn_tensor_list *list, const vrn_source *source);

/* False if the product of a shape does not fit in 64 bits. A shape with a zero gives zero. */
bool vrn_shape_count(const uint64_t *shape, uint32_t rank, uint64_t *count);

#endif
