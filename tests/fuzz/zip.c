/* Zip archives: the directory, every entry, and the checkpoint in one. */
#include "fuzz/fuzz.h"

#include "checkpoint/format.h"
#include "checkpoint/zip.h"
#include "fuzz/tensors.h"

const fuzz_bounds fuzz_target_bounds = {4 << 20, 48};

static void read_entries(const vrn_source *source)
{
    vrn_arena arena;
    vrn_zip zip;
    vrn_arena_init(&arena, source->size, 16);
    vrn_result result = vrn_zip_open(&zip, source, &arena);
    fuzz_expect(result == VRN_OK);
    for (size_t i = 0; result == VRN_OK && i < zip.count; i++) {
        const vrn_zip_entry *entry = &zip.entries[i];
        const uint8_t *bytes;
        fuzz_touch(entry->name, entry->name_length);
        fuzz_require(vrn_zip_find(&zip, entry->name, entry->name_length));
        const vrn_result found = vrn_zip_data(&zip, entry, &arena, &bytes);
        fuzz_expect(found == VRN_OK);
        if (found != VRN_OK) continue;
        fuzz_touch(bytes, (size_t)entry->size);
        if (entry->method != 0) continue; /* unpacked into the arena */
        fuzz_require(bytes >= source->data && entry->size <= source->size &&
                     bytes + entry->size <= source->data + source->size);
    }
    vrn_arena_free(&arena);
}

void fuzz_target(const uint8_t *data, size_t size)
{
    const vrn_source source = {"input", data, size, fuzz_log()};
    read_entries(&source);
    fuzz_read_list(vrn_checkpoint_torch_zip.read, &source);
}
