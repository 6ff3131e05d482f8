/* Files beside checkpoints: indices of shards, and config.json. Each input is read as both. */
#include "checkpoint/neighbours.h"

#include <string.h>

#include "fuzz/fuzz.h"

const fuzz_bounds fuzz_target_bounds = {4 << 20, 64};

static void read_index(const uint8_t *data, size_t size)
{
    const vrn_source source = {"folder/model.safetensors.index.json", data, size, fuzz_log()};
    char **paths;
    size_t count;
    vrn_arena arena = {0};
    const vrn_result result = vrn_weights_parse(&paths, &count, &arena, &source);
    fuzz_expect(result == VRN_OK);
    for (size_t i = 0; i < count && result == VRN_OK; i++) {
        fuzz_require(strncmp(paths[i], "folder/", 7) == 0);
        fuzz_require(!strchr(paths[i] + 7, '/') && paths[i][7] != '.');
    }
    vrn_arena_free(&arena);
}

static void read_config(const uint8_t *data, size_t size)
{
    const vrn_source source = {"config.json", data, size, fuzz_log()};
    vrn_tensor_list list;
    vrn_tensor_list_init(&list, &source);
    const vrn_result result = vrn_config_parse(&list, &source);
    fuzz_expect(result == VRN_OK);
    for (size_t i = 0; i < list.metadata_count; i++) {
        fuzz_touch(list.metadata[i].key, strlen(list.metadata[i].key));
        fuzz_touch(list.metadata[i].value, strlen(list.metadata[i].value));
    }
    vrn_tensor_list_free(&list);
}

void fuzz_target(const uint8_t *data, size_t size)
{
    read_index(data, size);
    read_config(data, size);
}
