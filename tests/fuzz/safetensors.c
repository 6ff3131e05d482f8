/* Safetensors: JSON, and the data after it. */
#include "checkpoint/format.h"

#include "fuzz/fuzz.h"
#include "fuzz/tensors.h"

const fuzz_bounds fuzz_target_bounds = {2 << 20, 40};

void fuzz_target(const uint8_t *data, size_t size)
{
    const vrn_source source = {"input", data, size, fuzz_log()};
    const vrn_checkpoint_format *format = &vrn_checkpoint_safetensors;
    if (format->recognise(&source)) fuzz_read_list(format->read, &source);
}

#if defined(VRN_FUZZ)
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed)
{
    return fuzz_mutate_safetensors(data, size, capacity, seed);
}
#endif
