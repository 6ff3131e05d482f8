/* NumPy's arrays, as infer reads them. */
#include "cli/formats/npy.h"

#include "fuzz/fuzz.h"

const fuzz_bounds fuzz_target_bounds = {128 << 10, 2};

void fuzz_target(const uint8_t *data, size_t size)
{
    cli_npy npy;
    const bool opened = cli_npy_open(&npy, fuzz_file(data, size));
    fuzz_expect(opened);
    if (!opened) return;
    uint64_t count = 1;
    bool empty = false;
    for (uint32_t i = 0; i < npy.rank; i++) empty = empty || npy.shape[i] == 0;
    for (uint32_t i = 0; i < npy.rank && !empty; i++) count *= npy.shape[i];
    if (empty) count = 0;
    fuzz_require(count <= size / sizeof(float)); /* the values are all there */
    for (float values[64]; count > 0;) {
        const size_t part = count < 64 ? (size_t)count : 64;
        fuzz_require(cli_npy_read(&npy, values, part));
        fuzz_touch(values, part * sizeof *values);
        count -= part;
    }
    cli_npy_close(&npy);
}
