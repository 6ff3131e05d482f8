#include "checkpoint/checkpoint.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/os.h"
#include "base/util.h"
#include "checkpoint/format.h"
#include "checkpoint/neighbours.h"
#include "checkpoint/reparam.h"

struct vrn_checkpoint {
    const char *name; /* in the arena of the list */
    vrn_mapping *mappings;
    size_t mapping_count;
    vrn_tensor_list list;
};

/* Makes an object for files of `source->size` bytes in all. */
static vrn_result create(vrn_checkpoint **out, size_t mappings, const vrn_source *source)
{
    vrn_checkpoint *checkpoint = vrn_alloc(1, sizeof *checkpoint);
    *out = checkpoint;
    if (!checkpoint) return vrn_fail_memory(source->log);
    checkpoint->mappings = vrn_alloc(mappings, sizeof *checkpoint->mappings);
    vrn_tensor_list_init(&checkpoint->list, source);
    checkpoint->name = vrn_arena_text(&checkpoint->list.arena, source->name, strlen(source->name));
    return checkpoint->mappings && checkpoint->name ? VRN_OK : vrn_fail_memory(source->log);
}

/* Maps the files, which are one checkpoint, and reads them. */
static vrn_result open_files(vrn_checkpoint **out, const char *name, char *const *paths,
                             size_t count, const vrn_log *log)
{
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t size = 0;
        int64_t changed;
        if (vrn_file_look(paths[i], &size, &changed)) total += vrn_min_u64(size, SIZE_MAX / 2);
    }
    const vrn_source whole = {name, NULL, (size_t)vrn_min_u64(total, SIZE_MAX), log};
    vrn_result result = create(out, count, &whole);
    for (size_t i = 0; i < count && !result; i++) {
        vrn_mapping *mapping = &(*out)->mappings[i];
        result = vrn_map_file(mapping, paths[i], log);
        if (result) break;
        (*out)->mapping_count++;
        const vrn_source source = {paths[i], mapping->data, mapping->size, log, paths[i]};
        (*out)->list.metadata_count = 0; /* parts repeat it */
        result = vrn_checkpoint_read(&(*out)->list, &source, vrn_checkpoint_formats);
    }
    return result ? result : vrn_weights_compute(&(*out)->list, &whole);
}

vrn_result vrn_checkpoint_open(vrn_checkpoint **checkpoint, const char *path, const vrn_log *log)
{
    *checkpoint = NULL;
    char *file = NULL, **parts = &file;
    size_t count = 1;
    vrn_arena arena = {0};
    vrn_result result = vrn_weights_find(&file, path, log);
    if (!result && vrn_weights_is_index(file)) {
        result = vrn_weights_parts(&parts, &count, &arena, file, log);
    }
    if (!result) result = open_files(checkpoint, path, parts, count, log);
    if (!result) result = vrn_config_read(&(*checkpoint)->list, file, log);
    if (result) vrn_checkpoint_destroy(checkpoint);
    vrn_arena_free(&arena);
    vrn_free(file);
    return result;
}

vrn_result vrn_checkpoint_open_memory(vrn_checkpoint **checkpoint, const void *data, size_t size,
                                      const char *name, const vrn_log *log)
{
    const vrn_source source = {name, data, size, log};
    vrn_result result = create(checkpoint, 0, &source);
    if (!result) {
        result = vrn_checkpoint_read(&(*checkpoint)->list, &source, vrn_checkpoint_formats);
    }
    if (!result) result = vrn_weights_compute(&(*checkpoint)->list, &source);
    if (result) vrn_checkpoint_destroy(checkpoint);
    return result;
}

void vrn_checkpoint_destroy(vrn_checkpoint **checkpoint)
{
    if (!checkpoint || !*checkpoint) return;
    vrn_tensor_list_free(&(*checkpoint)->list);
    for (size_t i = 0; i < (*checkpoint)->mapping_count; i++) {
        vrn_unmap_file(&(*checkpoint)->mappings[i]);
    }
    vrn_free((*checkpoint)->mappings);
    vrn_free(*checkpoint);
    *checkpoint = NULL;
}

const char *vrn_checkpoint_name(const vrn_checkpoint *checkpoint)
{
    return checkpoint->name;
}

size_t vrn_checkpoint_count(const vrn_checkpoint *checkpoint)
{
    return checkpoint->list.count;
}

const vrn_tensor *vrn_checkpoint_tensor(const vrn_checkpoint *checkpoint, size_t index)
{
    return &checkpoint->list.tensors[index];
}

const char *vrn_checkpoint_metadata(const vrn_checkpoint *checkpoint, const char *key)
{
    for (size_t i = 0; checkpoint && i < checkpoint->list.metadata_count; i++) {
        const vrn_metadata *pair = &checkpoint->list.metadata[i];
        if (strcmp(pair->key, key) == 0) return pair->value;
    }
    return NULL;
}

const vrn_metadata *vrn_checkpoint_metadata_at(const vrn_checkpoint *checkpoint, size_t index)
{
    return index < checkpoint->list.metadata_count ? &checkpoint->list.metadata[index] : NULL;
}
