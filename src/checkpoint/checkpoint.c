#include "checkpoint/checkpoint.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/os.h"
#include "checkpoint/format.h"

struct vrn_checkpoint {
    const char *name;    /* in the arena of the list */
    vrn_mapping mapping; /* of vrn_checkpoint_open */
    vrn_tensor_list list;
};

/* Makes the object; takes the mapping over, also when it fails. */
static vrn_result open_source(vrn_checkpoint **out, vrn_mapping *mapping, const vrn_source *source)
{
    vrn_checkpoint *checkpoint = vrn_alloc(1, sizeof *checkpoint);
    if (!checkpoint) {
        vrn_unmap_file(mapping);
        return vrn_fail_memory(source->log);
    }
    checkpoint->mapping = *mapping;
    vrn_tensor_list_init(&checkpoint->list, source);
    checkpoint->name = vrn_arena_text(&checkpoint->list.arena, source->name, strlen(source->name));
    vrn_result result = checkpoint->name
                            ? vrn_checkpoint_read(&checkpoint->list, source, vrn_checkpoint_formats)
                            : vrn_fail_memory(source->log);
    if (result != VRN_OK) vrn_checkpoint_destroy(&checkpoint);
    *out = checkpoint;
    return result;
}

vrn_result vrn_checkpoint_open(vrn_checkpoint **checkpoint, const char *path, const vrn_log *log)
{
    *checkpoint = NULL;
    vrn_mapping mapping;
    vrn_result result = vrn_map_file(&mapping, path, log);
    if (result != VRN_OK) return result;
    vrn_source source = {path, mapping.data, mapping.size, log};
    return open_source(checkpoint, &mapping, &source);
}

vrn_result vrn_checkpoint_open_memory(vrn_checkpoint **checkpoint, const void *data, size_t size,
                                      const char *name, const vrn_log *log)
{
    *checkpoint = NULL;
    vrn_mapping none = {0};
    vrn_source source = {name, data, size, log};
    return open_source(checkpoint, &none, &source);
}

void vrn_checkpoint_destroy(vrn_checkpoint **checkpoint)
{
    if (!checkpoint || !*checkpoint) return;
    vrn_tensor_list_free(&(*checkpoint)->list);
    vrn_unmap_file(&(*checkpoint)->mapping);
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
