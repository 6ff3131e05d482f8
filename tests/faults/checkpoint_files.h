/* A model as PyTorch would have saved it, in both forms of .pth: made from the tensors of a
 * safetensors file. */
#ifndef VRN_TESTS_CHECKPOINT_FILES_H
#define VRN_TESTS_CHECKPOINT_FILES_H

#include <stdio.h>

#include "checkpoint/checkpoint.h"
#include "unit/checkpoint_builder.h"

static inline void files_put_int(bytes *b, uint64_t value)
{
    put(b, "J", 1);
    put_number(b, value, 4);
}

static inline void files_put_tuple(bytes *b, const uint64_t *values, uint32_t count)
{
    put(b, "(", 1);
    for (uint32_t i = 0; i < count; i++) files_put_int(b, values[i]);
    put(b, "t", 1);
}

/* One entry of the state dict: all tensors lie in one storage, "0". */
static inline void files_put_tensor(bytes *b, const vrn_tensor *tensor, uint64_t offset,
                                    uint64_t total)
{
    uint64_t strides[VRN_MAX_RANK], stride = 1;
    for (uint32_t i = tensor->rank; i-- > 0; stride *= tensor->shape[i]) strides[i] = stride;
    put(b, "X", 1);
    put_number(b, strlen(tensor->name), 4);
    put(b, tensor->name, strlen(tensor->name));
    put(b, TEXT("ctorch._utils\n_rebuild_tensor_v2\n((U\7storagectorch\nFloatStorage\n"
                "U\1"
                "0U\3cpu"));
    files_put_int(b, total);
    put(b, TEXT("tQ"));
    files_put_int(b, offset);
    files_put_tuple(b, tensor->shape, tensor->rank);
    files_put_tuple(b, strides, tensor->rank);
    put(b, TEXT("\x89"
                "ccollections\nOrderedDict\n)RtR"));
}

static inline void files_write(const char *path, const bytes *b)
{
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(b->data, 1, b->size, file) != b->size || fclose(file) != 0) abort();
}

/* Writes the checkpoint's tensors, which are floats, in both forms. */
static inline void files_write_pth(const vrn_checkpoint *checkpoint, const char *zip_path,
                                   const char *legacy_path)
{
    bytes pickle = {0}, storage = {0}, legacy = {0};
    const size_t count = vrn_checkpoint_count(checkpoint);
    uint64_t total = 0, offset = 0;
    for (size_t i = 0; i < count; i++) {
        total += vrn_tensor_count(vrn_checkpoint_tensor(checkpoint, i));
    }
    put(&pickle, TEXT("\x80\x02}("));
    for (size_t i = 0; i < count; i++) {
        const vrn_tensor *tensor = vrn_checkpoint_tensor(checkpoint, i);
        const uint64_t elements = vrn_tensor_count(tensor);
        float *values = malloc((size_t)elements * sizeof *values);
        if (!values) abort();
        vrn_tensor_read(tensor, values);
        put(&storage, values, (size_t)elements * sizeof *values);
        free(values);
        files_put_tensor(&pickle, tensor, offset, total);
        offset += elements;
    }
    put(&pickle, TEXT("u."));
    const zip_part parts[] = {
        {.name = "archive/data.pkl", .data = pickle.data, .size = pickle.size},
        {.name = "archive/data/0", .data = storage.data, .size = storage.size},
        {.name = "archive/version", .data = "3\n", .size = 2},
    };
    bytes zip = make_zip(parts, 3, false);
    files_write(zip_path, &zip);

    /* There a storage's id has a sixth part: of what it is a view. */
    put(&legacy, TEXT(PREAMBLE));
    for (size_t i = 0; i < pickle.size; i++) {
        if (i + 1 < pickle.size && pickle.data[i] == 't' && pickle.data[i + 1] == 'Q') {
            put(&legacy, "N", 1);
        }
        put(&legacy, pickle.data + i, 1);
    }
    put(&legacy, TEXT("\x80\x02]U\1"
                      "0a."));
    put_number(&legacy, total, 8);
    put(&legacy, storage.data, storage.size);
    files_write(legacy_path, &legacy);
    release(&pickle);
    release(&storage);
    release(&legacy);
    release(&zip);
}

#endif
