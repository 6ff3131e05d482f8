/* Lists of images and their classes, as eval reads them. */
#include <string.h>

#include "cli/evaluation/labels.h"
#include "fuzz/fuzz.h"

const fuzz_bounds fuzz_target_bounds = {64 << 10, 64};

void fuzz_target(const uint8_t *data, size_t size)
{
    const cli_model model = {.info.classes = 1000, .imagenet = true};
    cli_labels labels = {0};
    const bool read = cli_labels_read_list(&labels, fuzz_file(data, size), &model);
    fuzz_expect(read);
    fuzz_require(!read || labels.images.count > 0);
    for (size_t i = 0; i < labels.images.count && read; i++) {
        fuzz_require(labels.classes[i] < model.info.classes);
        fuzz_touch(labels.images.items[i], strlen(labels.images.items[i]) + 1);
    }
    cli_labels_free(&labels);
}
