#include "checkpoint/tensor_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/util.h"

/* Bounds far above any real checkpoint: tied weights are stored once and named twice, and a name is
 * a module's path. */
enum {
    LIST_MULTIPLE = 16,
    OVERLAP_MULTIPLE = 8,
    OVERLAP_FREE = 1 << 20,
    NAME_MAX_BYTES = 1024,
    FILES_MAX = 4096,
};

/* A file beside the source. */
struct vrn_tensor_file {
    const char *location;
    vrn_mapping mapping;
};

void vrn_tensor_list_init(vrn_tensor_list *list, const vrn_source *source)
{
    *list = (vrn_tensor_list){0};
    vrn_arena_init(&list->arena, source->size, LIST_MULTIPLE);
    list->limit = (uint64_t)source->size * OVERLAP_MULTIPLE + OVERLAP_FREE;
}

void vrn_tensor_list_free(vrn_tensor_list *list)
{
    for (size_t i = 0; i < list->file_count; i++) vrn_unmap_file(&list->files[i].mapping);
    vrn_arena_free(&list->arena);
    *list = (vrn_tensor_list){0};
}

bool vrn_shape_count(const uint64_t *shape, uint32_t rank, uint64_t *count)
{
    *count = 1;
    bool empty = false, fits = true;
    for (uint32_t i = 0; i < rank; i++) {
        empty |= shape[i] == 0;
        fits = fits && vrn_mul_u64(*count, shape[i], count);
    }
    if (empty) *count = 0;
    return empty || fits;
}

vrn_result vrn_tensor_list_add(vrn_tensor_list *list, const vrn_source *source,
                               const vrn_tensor *tensor, uint32_t element_bits, const char *name,
                               size_t length)
{
    if (length == 0 || length > NAME_MAX_BYTES) {
        return vrn_source_fail(source,
                               "a tensor's name: expected 1 to %d bytes, found %zu bytes: %.*s",
                               NAME_MAX_BYTES, length, (int)vrn_min_u64(length, 64), name);
    }
    if (!vrn_utf8_valid(name, length)) {
        return vrn_source_fail(
            source, "a tensor's name: expected UTF-8 without NUL, found other bytes: %.*s",
            (int)vrn_min_u64(length, 64), name);
    }
    uint64_t elements, bits;
    if (!vrn_shape_count(tensor->shape, tensor->rank, &elements) ||
        !vrn_mul_u64(elements, element_bits, &bits)) {
        return vrn_source_fail(source, "%.*s: its shape has too many values", (int)length, name);
    }
    if (bits / 8 > list->limit - list->bytes) {
        return vrn_source_fail(source,
                               "%.*s: expected tensors of about the file's size in total, found "
                               "tensors that share bytes and exceed %d times its size",
                               (int)length, name, OVERLAP_MULTIPLE);
    }
    vrn_tensor *tensors = vrn_arena_grow(&list->arena, list->tensors, &list->capacity,
                                         list->count + 1, sizeof *tensors);
    char *copy = tensors ? vrn_arena_text(&list->arena, name, length) : NULL;
    if (tensors) list->tensors = tensors;
    if (!copy) return vrn_arena_fail(&list->arena, source->name, source->log);
    list->tensors[list->count] = *tensor;
    list->tensors[list->count++].name = copy;
    list->bytes += bits / 8;
    return VRN_OK;
}

vrn_result vrn_tensor_list_add_metadata(vrn_tensor_list *list, const vrn_source *source,
                                        const char *key, const char *value)
{
    vrn_metadata *metadata = vrn_arena_grow(&list->arena, list->metadata, &list->metadata_capacity,
                                            list->metadata_count + 1, sizeof *metadata);
    if (!metadata) return vrn_arena_fail(&list->arena, source->name, source->log);
    list->metadata = metadata;
    metadata[list->metadata_count++] = (vrn_metadata){key, value};
    return VRN_OK;
}

vrn_result vrn_tensor_list_map(vrn_tensor_list *list, const vrn_source *source,
                               const char *location, const vrn_mapping **mapping)
{
    for (size_t i = 0; i < list->file_count; i++) {
        *mapping = &list->files[i].mapping;
        if (strcmp(list->files[i].location, location) == 0) return VRN_OK;
    }
    if (!source->path) {
        return vrn_source_fail(source,
                               "its values are in another file, %s, which cannot be found because "
                               "this one was read from memory",
                               location);
    }
    if (list->file_count == FILES_MAX) {
        return vrn_source_fail(source, "expected values in at most %d other files, found more",
                               FILES_MAX);
    }
    struct vrn_tensor_file *files = vrn_arena_grow(&list->arena, list->files, &list->file_capacity,
                                                   list->file_count + 1, sizeof *files);
    if (files) list->files = files;
    char *copy = files ? vrn_arena_text(&list->arena, location, strlen(location)) : NULL;
    if (!copy) return vrn_arena_fail(&list->arena, source->name, source->log);
    size_t folder = strlen(source->path);
    while (folder > 0 && !vrn_is_separator(source->path[folder - 1])) folder--;
    char *start = vrn_strndup(source->path, folder);
    char *path = start ? vrn_join(start, "", location) : NULL;
    vrn_result result = path ? VRN_OK : vrn_fail_memory(source->log);
    struct vrn_tensor_file *file = &files[list->file_count];
    *file = (struct vrn_tensor_file){.location = copy};
    if (!result) result = vrn_map_file(&file->mapping, path, source->log);
    vrn_free(start);
    vrn_free(path);
    if (result) return result;
    list->file_count++;
    const size_t size = file->mapping.size, most = SIZE_MAX / 2 / LIST_MULTIPLE;
    list->limit += (uint64_t)vrn_min_u64(size, most) * OVERLAP_MULTIPLE;
    list->arena.limit +=
        vrn_min_u64(SIZE_MAX - list->arena.limit, vrn_min_u64(size, most) * LIST_MULTIPLE);
    *mapping = &file->mapping;
    return VRN_OK;
}

static int compare_names(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* Sorts `names` and refuses equal ones. */
static vrn_result refuse_equal(const char **names, size_t count, const char *what,
                               const vrn_source *source)
{
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(names[i - 1], names[i]) == 0) {
            return vrn_source_fail(source, "%s: expected each %s once, found this one twice",
                                   names[i], what);
        }
    }
    return VRN_OK;
}

vrn_result vrn_tensor_list_finish(vrn_tensor_list *list, const vrn_source *source)
{
    if (list->count == 0) return vrn_source_fail(source, "expected tensors, found none");
    size_t most = (size_t)vrn_max_u64(list->count, list->metadata_count);
    const char **names = vrn_arena_alloc(&list->arena, most, sizeof *names);
    if (!names) return vrn_arena_fail(&list->arena, source->name, source->log);
    for (size_t i = 0; i < list->count; i++) names[i] = list->tensors[i].name;
    vrn_result result = refuse_equal(names, list->count, "tensor name", source);
    if (result != VRN_OK) return result;
    for (size_t i = 0; i < list->metadata_count; i++) names[i] = list->metadata[i].key;
    return refuse_equal(names, list->metadata_count, "metadata key", source);
}
