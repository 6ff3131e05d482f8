/* Reads all tensors that a reader found, for the targets. */
#ifndef VRN_TESTS_FUZZ_TENSORS_H
#define VRN_TESTS_FUZZ_TENSORS_H

#include "checkpoint/source.h"
#include "checkpoint/tensor.h"
#include "checkpoint/tensor_list.h"

/* Reads every element, which must lie inside the source. `values` is what they come to at most. */
void fuzz_read_tensor(const vrn_tensor *tensor);

/* Calls a format's reader and reads all that it lists. */
void fuzz_read_list(vrn_result (*read)(vrn_tensor_list *list, const vrn_source *source),
                    const vrn_source *source);

/* Makes a mutated safetensors file one again whose header has the length that its first bytes say.
 * Does nothing in one of four cases. For LLVMFuzzerCustomMutator. */
size_t fuzz_mutate_safetensors(uint8_t *data, size_t size, size_t capacity, unsigned seed);

#endif
