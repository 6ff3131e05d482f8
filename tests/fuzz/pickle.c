/* The pickle machine: alone, and as the object of a whole checkpoint, where its tensors find
 * storages. */
#include "checkpoint/pickle.h"

#include "checkpoint/checkpoint.h"
#include "fuzz/fuzz.h"
#include "fuzz/tensors.h"
#include "unit/checkpoint_builder.h"

const fuzz_bounds fuzz_target_bounds = {6 << 20, 80};

/* A pickle can hold itself, and the same value at any number of places: the walk has a limit. */
static void walk(const vrn_pickle_value *value, unsigned depth, unsigned *steps)
{
    char text[200];
    if (depth > 12 || *steps == 0) return;
    --*steps;
    vrn_pickle_describe(value, text, sizeof text);
    const vrn_pickle_value *items = NULL;
    size_t count = 0;
    switch (value->kind) {
    case VRN_PICKLE_TEXT:
    case VRN_PICKLE_BYTES: fuzz_touch(value->as.text, value->length); break;
    case VRN_PICKLE_TUPLE:
        items = value->as.items;
        count = value->length;
        break;
    case VRN_PICKLE_LIST:
    case VRN_PICKLE_DICT:
        items = value->as.container->values;
        count = value->as.container->count;
        break;
    case VRN_PICKLE_STORAGE:
        fuzz_touch(value->as.storage->key, value->as.storage->key_length);
        break;
    case VRN_PICKLE_TENSOR: fuzz_require(value->as.tensor->rank <= VRN_MAX_RANK); break;
    case VRN_PICKLE_UNSET: fuzz_require(!"a value that was never set"); break;
    case VRN_PICKLE_NONE:
    case VRN_PICKLE_BOOL:
    case VRN_PICKLE_INT:
    case VRN_PICKLE_FLOAT:
    case VRN_PICKLE_GLOBAL:
    case VRN_PICKLE_OPAQUE: break;
    }
    for (size_t i = 0; i < count; i++) walk(&items[i], depth + 1, steps);
}

static void run_alone(const uint8_t *data, size_t size)
{
    const vrn_source source = {"input", data, size, fuzz_log()};
    vrn_arena arena;
    vrn_pickle pickle;
    vrn_arena_init(&arena, size, 16);
    const vrn_result result = vrn_pickle_run(&pickle, &source, "data.pkl", data, size, &arena);
    fuzz_expect(result == VRN_OK);
    if (result == VRN_OK) {
        unsigned steps = 10000;
        fuzz_require(pickle.size <= size);
        walk(&pickle.value, 0, &steps);
        vrn_pickle_lookup(&pickle.value, "state_dict");
    }
    vrn_arena_free(&arena);
}

static void open_file(bytes *file)
{
    vrn_checkpoint *checkpoint;
    const vrn_result result =
        vrn_checkpoint_open_memory(&checkpoint, file->data, file->size, "input", fuzz_log());
    fuzz_expect(result == VRN_OK);
    for (size_t i = 0; result == VRN_OK && i < vrn_checkpoint_count(checkpoint); i++) {
        fuzz_read_tensor(vrn_checkpoint_tensor(checkpoint, i));
    }
    vrn_checkpoint_destroy(&checkpoint);
    release(file);
}

void fuzz_target(const uint8_t *data, size_t size)
{
    static const uint8_t values[256];
    run_alone(data, size);
    const zip_part parts[] = {{.name = "a/data.pkl", .data = data, .size = size},
                              {.name = "a/data/0", .data = values, .size = sizeof values},
                              {.name = "a/data/1", .data = values, .size = 32}};
    bytes zip = make_zip(parts, 3, size % 2);
    open_file(&zip);
    bytes legacy = make_legacy((const char *)data, size);
    open_file(&legacy);
}
