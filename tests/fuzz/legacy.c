/* PyTorch's form from before zip archives: five pickles and the storages. */
#include "checkpoint/format.h"
#include "fuzz/fuzz.h"
#include "fuzz/tensors.h"

const fuzz_bounds fuzz_target_bounds = {4 << 20, 64};

void fuzz_target(const uint8_t *data, size_t size)
{
    const vrn_source source = {"input", data, size, fuzz_log()};
    fuzz_read_list(vrn_checkpoint_torch_legacy.read, &source);
}
