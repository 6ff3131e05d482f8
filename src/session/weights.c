#include "session/weights.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/util.h"
#include "gpu/upload.h"

/* Two requests with equal keys need the same bytes. */
typedef struct slot_key {
    char name[VRN_NAME_MAX], norm[VRN_NAME_MAX];
    uint32_t layout;
} slot_key;

typedef struct slot {
    slot_key key;
    uint32_t block;
    uint64_t offset, bytes;
} slot;

struct vrn_weights {
    vrn_weights *next; /* in the device's list */
    uint64_t model_id;
    uint32_t users;
    vrn_buffer *blocks;
    uint32_t block_count;
    slot *slots;
    uint32_t slot_count, slot_capacity;
    uint32_t cursor; /* where the last search ended: requests come in the order of earlier ones */
};

/* Blocks are no larger, unless one array is: some drivers refuse allocations of a gibibyte. */
static const uint64_t block_bytes_max = UINT64_C(256) << 20;

vrn_result vrn_weights_acquire(vrn_weights **out, vrn_device *device, const vrn_model *model)
{
    *out = NULL;
    vrn_result result = VRN_OK;
    vrn_mutex_lock(device->weights_lock);
    vrn_weights *weights = device->weights;
    while (weights && weights->model_id != vrn_model_id(model)) weights = weights->next;
    if (!weights) {
        weights = vrn_alloc(1, sizeof *weights);
        if (weights) {
            weights->model_id = vrn_model_id(model);
            weights->next = device->weights;
            device->weights = weights;
        } else {
            result = vrn_fail_memory(&device->log);
        }
    }
    if (weights) weights->users++;
    vrn_mutex_unlock(device->weights_lock);
    *out = weights;
    return result;
}

void vrn_weights_release(vrn_weights *weights, vrn_device *device)
{
    if (!weights) return;
    vrn_mutex_lock(device->weights_lock);
    if (--weights->users == 0) {
        vrn_weights **link = &device->weights;
        while (*link != weights) link = &(*link)->next;
        *link = weights->next;
        for (uint32_t i = 0; i < weights->block_count; i++) {
            vrn_buffer_destroy(&weights->blocks[i], device);
        }
        vrn_free(weights->blocks);
        vrn_free(weights->slots);
        vrn_free(weights);
    }
    vrn_mutex_unlock(device->weights_lock);
}

uint64_t vrn_weights_bytes(vrn_weights *weights, vrn_device *device)
{
    uint64_t bytes = 0;
    vrn_mutex_lock(device->weights_lock);
    for (uint32_t i = 0; i < weights->block_count; i++) bytes += weights->blocks[i].size;
    vrn_mutex_unlock(device->weights_lock);
    return bytes;
}

static slot_key key_of(const vrn_weights_request *request)
{
    slot_key key;
    memset(&key, 0, sizeof key); /* keys are compared as bytes */
    snprintf(key.name, sizeof key.name, "%s", request->node->name);
    snprintf(key.norm, sizeof key.norm, "%s", request->node->folded_norm);
    key.layout = request->kernel->layout;
    return key;
}

static slot *find(vrn_weights *weights, const slot_key *key)
{
    for (uint32_t i = 0; i < weights->slot_count; i++) {
        uint32_t index = (weights->cursor + i) % weights->slot_count;
        if (memcmp(&weights->slots[index].key, key, sizeof *key) == 0) {
            weights->cursor = index + 1;
            return &weights->slots[index];
        }
    }
    return NULL;
}

/* Adds slots for the requests that have none, block by block; memory comes later. */
static vrn_result add_slots(vrn_weights *weights, vrn_device *device,
                            const vrn_weights_request *requests, uint32_t count,
                            uint64_t **block_sizes, uint32_t *block_count)
{
    const uint64_t alignment = vrn_buffer_alignment(device);
    const uint64_t limit = vrn_min_u64(block_bytes_max, device->info.max_allocation);
    uint64_t *sizes = NULL;
    uint32_t blocks = 0;
    for (uint32_t i = 0; i < count; i++) {
        slot_key key = key_of(&requests[i]);
        if (find(weights, &key)) continue;
        const vrn_operator *op = vrn_operator_of(requests[i].node->desc.op);
        uint64_t bytes =
            sizeof(float) * op->packed_floats(&requests[i].node->desc, requests[i].kernel);
        uint64_t reserved = vrn_round_up(bytes, alignment);
        if (blocks == 0 || sizes[blocks - 1] + reserved > limit) {
            uint64_t *grown = vrn_realloc(sizes, (size_t)blocks + 1, sizeof *grown);
            if (!grown) goto out_of_memory;
            sizes = grown;
            sizes[blocks++] = 0;
        }
        if (weights->slot_count == weights->slot_capacity) {
            uint32_t capacity = weights->slot_capacity ? weights->slot_capacity * 2 : 64;
            slot *grown = vrn_realloc(weights->slots, capacity, sizeof *grown);
            if (!grown) goto out_of_memory;
            weights->slots = grown;
            weights->slot_capacity = capacity;
        }
        weights->slots[weights->slot_count++] = (slot){
            .key = key,
            .block = weights->block_count + blocks - 1,
            .offset = sizes[blocks - 1],
            .bytes = bytes,
        };
        sizes[blocks - 1] += reserved;
    }
    *block_sizes = sizes;
    *block_count = blocks;
    return VRN_OK;

out_of_memory:
    vrn_free(sizes);
    return vrn_fail_memory(&device->log);
}

static vrn_result add_blocks(vrn_weights *weights, vrn_device *device, const uint64_t *sizes,
                             uint32_t count)
{
    vrn_buffer *grown =
        vrn_realloc(weights->blocks, (size_t)weights->block_count + count, sizeof *grown);
    if (!grown) return vrn_fail_memory(&device->log);
    weights->blocks = grown;
    for (uint32_t i = 0; i < count; i++) {
        vrn_result result = vrn_buffer_create(&weights->blocks[weights->block_count], device,
                                              VRN_BUFFER_DEVICE, sizes[i], "weights");
        if (result) return result;
        weights->block_count++;
    }
    return VRN_OK;
}

/* Parameters of one module, as floats, in one allocation. */
typedef struct loaded {
    float *floats;
    const float *param[VRN_PARAM_COUNT];
} loaded;

/* Reads what there is of a module: a convolution has no bias, a group norm no statistics. */
static vrn_result load(loaded *into, const vrn_model *model, const char *module, const vrn_log *log)
{
    static const char *const suffixes[VRN_PARAM_COUNT] = {
        [VRN_PARAM_WEIGHT] = "weight",
        [VRN_PARAM_BIAS] = "bias",
        [VRN_PARAM_MEAN] = "running_mean",
        [VRN_PARAM_VAR] = "running_var",
    };
    *into = (loaded){0};
    if (!*module) return VRN_OK;
    const vrn_tensor *tensors[VRN_PARAM_COUNT];
    uint64_t count = 0;
    for (uint32_t i = 0; i < VRN_PARAM_COUNT; i++) {
        char name[VRN_NAME_MAX + 16];
        snprintf(name, sizeof name, "%s.%s", module, suffixes[i]);
        tensors[i] = vrn_model_find(model, name);
        if (tensors[i]) count += vrn_tensor_count(tensors[i]);
    }
    into->floats = vrn_alloc(count, sizeof(float));
    if (!into->floats) return vrn_fail_memory(log);
    float *next = into->floats;
    for (uint32_t i = 0; i < VRN_PARAM_COUNT; i++) {
        if (!tensors[i]) continue;
        vrn_tensor_read(tensors[i], next);
        into->param[i] = next;
        next += vrn_tensor_count(tensors[i]);
    }
    return VRN_OK;
}

/* Packs in plain memory, as packing writes here and there, and device memory wants to be written in
 * order. */
static vrn_result fill(const vrn_weights *weights, const slot *s, const vrn_model *model,
                       const vrn_weights_request *request, vrn_upload *upload)
{
    const vrn_log *log = &upload->device->log;
    const vrn_node *node = request->node;
    loaded own, norm = {0};
    vrn_params params = {.norm_eps = node->desc.eps};
    void *memory;
    float *packed = vrn_alloc(s->bytes / sizeof(float), sizeof(float));
    vrn_result result = load(&own, model, node->name, log);
    if (!result) result = load(&norm, model, node->folded_norm, log);
    if (!result && !packed) result = vrn_fail_memory(log);
    if (!result) {
        result =
            vrn_upload_reserve(upload, &weights->blocks[s->block], s->offset, s->bytes, &memory);
    }
    if (!result) {
        memcpy(params.own, own.param, sizeof params.own);
        memcpy(params.norm, norm.param, sizeof params.norm);
        vrn_operator_of(node->desc.op)->pack(&node->desc, request->kernel, &params, packed);
        memcpy(memory, packed, s->bytes);
    }
    vrn_free(packed);
    vrn_free(own.floats);
    vrn_free(norm.floats);
    return result;
}

/* Packs the slots from `first` on; each has a request, of which the first is taken. */
static vrn_result fill_slots(vrn_weights *weights, vrn_device *device, const vrn_model *model,
                             const vrn_weights_request *requests, uint32_t count, uint32_t first)
{
    vrn_upload upload = {.device = device};
    vrn_result result = VRN_OK;
    uint32_t next = first;
    for (uint32_t i = 0; i < count && next < weights->slot_count && !result; i++) {
        slot_key key = key_of(&requests[i]);
        if (memcmp(&weights->slots[next].key, &key, sizeof key) != 0) continue;
        result = fill(weights, &weights->slots[next++], model, &requests[i], &upload);
    }
    vrn_result ended = vrn_upload_end(&upload);
    return result ? result : ended;
}

vrn_result vrn_weights_prepare(vrn_weights *weights, vrn_device *device, const vrn_model *model,
                               vrn_weights_request *requests, uint32_t count)
{
    uint64_t *sizes = NULL;
    uint32_t blocks = 0;
    vrn_mutex_lock(device->weights_lock);
    const uint32_t old_slots = weights->slot_count, old_blocks = weights->block_count;
    vrn_result result = add_slots(weights, device, requests, count, &sizes, &blocks);
    if (!result && blocks) result = add_blocks(weights, device, sizes, blocks);
    if (!result && blocks) {
        result = fill_slots(weights, device, model, requests, count, old_slots);
    }
    if (result) { /* what is half made goes again */
        while (weights->block_count > old_blocks) {
            vrn_buffer_destroy(&weights->blocks[--weights->block_count], device);
        }
        weights->slot_count = old_slots;
    }
    for (uint32_t i = 0; i < count && !result; i++) {
        slot_key key = key_of(&requests[i]);
        const slot *s = find(weights, &key);
        requests[i].range = (vrn_range){
            .buffer = weights->blocks[s->block].handle, .offset = s->offset, .bytes = s->bytes};
    }
    vrn_mutex_unlock(device->weights_lock);
    vrn_free(sizes);
    return result;
}
