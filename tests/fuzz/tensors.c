#include "fuzz/tensors.h"

#include <string.h>

#include "fuzz/fuzz.h"

enum { PART = 256 };

void fuzz_read_tensor(const vrn_tensor *tensor)
{
    char shape[64];
    float values[PART];
    vrn_tensor_format_shape(tensor, shape, sizeof shape);
    fuzz_touch(tensor->name, strlen(tensor->name));
    if (!vrn_dtype_is_float(tensor->dtype)) return;
    const uint64_t count = vrn_tensor_count(tensor);
    /* The beginning, and the end: of a tensor with large strides the last element is the
     * farthest. */
    for (uint64_t first = 0; first < count;) {
        const uint64_t part = count - first < PART ? count - first : PART;
        vrn_tensor_read_part(tensor, first, part, values);
        fuzz_touch(values, (size_t)part * sizeof *values);
        first = first == 0 && count > 2 * PART ? count - PART : first + part;
    }
    const float *view = vrn_tensor_view(tensor);
    if (view) fuzz_touch(view, (size_t)count * sizeof *view);
}

void fuzz_read_list(vrn_result (*read)(vrn_tensor_list *list, const vrn_source *source),
                    const vrn_source *source)
{
    vrn_tensor_list list;
    vrn_tensor_list_init(&list, source);
    vrn_result result = read(&list, source);
    if (result == VRN_OK) result = vrn_tensor_list_finish(&list, source);
    fuzz_expect(result == VRN_OK);
    for (size_t i = 0; result == VRN_OK && i < list.count; i++) fuzz_read_tensor(&list.tensors[i]);
    vrn_tensor_list_free(&list);
}

#if defined(VRN_FUZZ)
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t capacity);

size_t fuzz_mutate_safetensors(uint8_t *data, size_t size, size_t capacity, unsigned seed)
{
    enum { LENGTH = 8 };
    size = LLVMFuzzerMutate(data, size, capacity);
    if (size <= LENGTH || data[LENGTH] != '{' || seed % 4 == 0) return size;
    size_t depth = 0, end = LENGTH;
    while (end < size) {
        depth += data[end] == '{';
        depth -= data[end] == '}' && depth > 0;
        end++;
        if (depth == 0) break;
    }
    for (size_t i = 0; i < LENGTH; i++) data[i] = (uint8_t)((uint64_t)(end - LENGTH) >> (8 * i));
    return size;
}
#endif
