/* ONNX, of which lengths stand in lengths: as bytes, and as the lines of text of which
 * unit/onnx_builder.h makes a file, so that graphs change rather than messages break. */
#include <stdlib.h>
#include <string.h>

#include "checkpoint/format.h"

#include "fuzz/fuzz.h"
#include "fuzz/tensors.h"
#include "unit/onnx_builder.h"

const fuzz_bounds fuzz_target_bounds = {16 << 20, 60};

enum { TENSORS_MAX = 64 };

static void read_file(const uint8_t *data, size_t size)
{
    const vrn_source source = {"input", data, size, fuzz_log()};
    if (vrn_checkpoint_onnx.recognise(&source)) fuzz_read_list(vrn_checkpoint_onnx.read, &source);
}

/* Lines of more tensors than a network of the seeds has would be slow, and large. */
static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text; text++) count += *text == '\n';
    return count;
}

void fuzz_target(const uint8_t *data, size_t size)
{
    if (size == 0 || data[0] == 8) {
        read_file(data, size);
        return;
    }
    char *text = malloc(size + 1);
    if (!text) abort();
    memcpy(text, data, size);
    text[size] = 0;
    if (count_lines(text) <= TENSORS_MAX) {
        onnx_message file = onnx_build(text);
        read_file(file.data, file.size);
        free(file.data);
    }
    free(text);
}
