#include "plan/weights.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/half.h"
#include "base/parallel.h"
#include "base/util.h"
#include "gpu/device.h"
#include "gpu/upload.h"
#include "ops/conv_shape.h"

/* Two requests with equal keys need the same bytes. */
typedef struct slot_key {
    vrn_op op;
    uint32_t weight, norm; /* parameters: the node's weight and a folded norm's */
    const vrn_layout *layout;
    uint32_t layout_number;
    vrn_type type;
    vrn_type rounded; /* vrn_node.w_rounded */
} slot_key;

typedef struct slot {
    slot_key key;
    uint32_t block;
    uint64_t offset, bytes;
    const vrn_weights_request *request; /* the first one, until the slot is filled */
} slot;

/* All sets of a device. The lock guards the list and the sets in it. */
typedef struct weights_store {
    vrn_attachment base;
    vrn_weights *first;
} weights_store;

struct vrn_weights {
    weights_store *store;
    vrn_weights *next; /* in the store's list */
    uint64_t model_id;
    uint32_t users;
    vrn_buffer *blocks;
    uint32_t block_count, block_capacity;
    slot *slots;
    uint32_t slot_count, slot_capacity;
    uint32_t cursor; /* where the last search ended: requests come in the same order each time */
};

/* The limit of a block, unless a single array is larger: some drivers refuse allocations of 1
 * GiB. */
static const uint64_t block_bytes_max = UINT64_C(256) << 20;

/* No destroy function: sessions, and with them their sets, are destroyed before their device. */
static const vrn_attachment_kind kind = {sizeof(weights_store), NULL};

vrn_result vrn_weights_acquire(vrn_weights **out, vrn_device *device, const vrn_model *model)
{
    *out = NULL;
    weights_store *store = vrn_device_attachment(device, &kind);
    if (!store) return VRN_ERROR_OUT_OF_MEMORY;
    vrn_mutex_lock(store->base.lock);
    vrn_weights *weights = store->first;
    while (weights && weights->model_id != vrn_model_id(model)) weights = weights->next;
    if (!weights) {
        weights = vrn_alloc(1, sizeof *weights);
        if (weights) {
            weights->store = store;
            weights->model_id = vrn_model_id(model);
            weights->next = store->first;
            store->first = weights;
        }
    }
    if (weights) weights->users++;
    vrn_mutex_unlock(store->base.lock);
    *out = weights;
    return weights ? VRN_OK : vrn_fail_memory(&device->log);
}

void vrn_weights_release(vrn_weights *weights, vrn_device *device)
{
    if (!weights) return;
    weights_store *store = weights->store;
    vrn_mutex_lock(store->base.lock);
    if (--weights->users == 0) {
        vrn_weights **link = &store->first;
        while (*link != weights) link = &(*link)->next;
        *link = weights->next;
        for (uint32_t i = 0; i < weights->block_count; i++) {
            vrn_buffer_destroy(&weights->blocks[i], device);
        }
        vrn_free(weights->blocks);
        vrn_free(weights->slots);
        vrn_free(weights);
    }
    vrn_mutex_unlock(store->base.lock);
}

uint64_t vrn_weights_bytes(vrn_weights *weights)
{
    uint64_t bytes = 0;
    vrn_mutex_lock(weights->store->base.lock);
    for (uint32_t i = 0; i < weights->block_count; i++) bytes += weights->blocks[i].size;
    vrn_mutex_unlock(weights->store->base.lock);
    return bytes;
}

static slot_key key_of(const vrn_weights_request *request)
{
    return (slot_key){
        .op = request->node->desc.op,
        .weight = request->node->own[VRN_PARAM_WEIGHT],
        .norm = request->node->norm[VRN_PARAM_WEIGHT],
        .layout = request->kernel->variant->layout,
        .layout_number = vrn_kernel_layout_number(request->kernel),
        .type = request->node->desc.w,
        .rounded = request->node->w_rounded,
    };
}

static bool equal(const slot_key *a, const slot_key *b)
{
    return a->op == b->op && a->weight == b->weight && a->norm == b->norm &&
           a->layout == b->layout && a->layout_number == b->layout_number && a->type == b->type &&
           a->rounded == b->rounded;
}

static slot *find_slot(vrn_weights *weights, const slot_key *key)
{
    for (uint32_t i = 0; i < weights->slot_count; i++) {
        uint32_t index = (weights->cursor + i) % weights->slot_count;
        if (equal(&weights->slots[index].key, key)) {
            weights->cursor = index + 1;
            return &weights->slots[index];
        }
    }
    return NULL;
}

/* Adds slots for the requests that have none, in new blocks whose buffers do not exist yet. */
static vrn_result add_slots(vrn_weights *weights, vrn_device *device,
                            const vrn_weights_request *requests, uint32_t count)
{
    const uint64_t alignment = vrn_buffer_alignment(device);
    const uint64_t limit = vrn_min_u64(block_bytes_max, device->probe.info.max_allocation);
    vrn_buffer *block = NULL;
    for (uint32_t i = 0; i < count; i++) {
        slot_key key = key_of(&requests[i]);
        if (find_slot(weights, &key)) continue;
        uint64_t bytes = vrn_kernel_weight_bytes(requests[i].kernel, &requests[i].node->desc);
        uint64_t reserved = vrn_round_up(bytes, alignment);
        if (!block || block->size + reserved > limit) {
            vrn_buffer *blocks = vrn_grow(weights->blocks, weights->block_count,
                                          &weights->block_capacity, sizeof *blocks);
            if (!blocks) return vrn_fail_memory(&device->log);
            weights->blocks = blocks;
            block = &blocks[weights->block_count++];
            *block = (vrn_buffer){0};
        }
        slot *slots =
            vrn_grow(weights->slots, weights->slot_count, &weights->slot_capacity, sizeof *slots);
        if (!slots) return vrn_fail_memory(&device->log);
        weights->slots = slots;
        slots[weights->slot_count++] = (slot){
            .key = key,
            .block = weights->block_count - 1,
            .offset = block->size,
            .bytes = bytes,
            .request = &requests[i],
        };
        block->size += reserved;
    }
    return VRN_OK;
}

/* Parameters as floats, a node's own and those of the norm folded into it. They point into the file
 * if it stores floats, else to converted copies. */
typedef struct loaded {
    vrn_params params;
    uint64_t counts[2][VRN_PARAM_COUNT]; /* own and norm; 0: none */
    float *converted[2][VRN_PARAM_COUNT];
} loaded;

static void unload_parameters(loaded *l)
{
    for (uint32_t i = 0; i < 2 * VRN_PARAM_COUNT; i++) {
        vrn_free(l->converted[i / VRN_PARAM_COUNT][i % VRN_PARAM_COUNT]);
    }
}

/* Shifts and scales the weights of each output channel (vrn_standardize). */
static void standardize(float *values, const vrn_tensor *tensor, vrn_standardize how)
{
    const uint64_t each = vrn_tensor_count(tensor) / tensor->shape[0];
    for (uint64_t k = 0; k < tensor->shape[0]; k++) {
        float *w = values + k * each;
        double sum = 0, squares = 0;
        for (uint64_t i = 0; i < each; i++) sum += (double)w[i];
        const double mean = sum / (double)each;
        for (uint64_t i = 0; i < each; i++) {
            squares += ((double)w[i] - mean) * ((double)w[i] - mean);
        }
        const double by =
            how == VRN_STANDARDIZE_DEVIATION
                ? sqrt(squares / ((double)each - 1)) + 1e-5
                : sqrt(squares / (double)each + (how == VRN_STANDARDIZE_BIT ? 1e-8 : 1e-6));
        for (uint64_t i = 0; i < each; i++) w[i] = (float)(((double)w[i] - mean) / by);
    }
}

/* Compares the bits of magnitudes, which needs no branches. NaN is above infinity, and becomes
 * infinity. */
static float largest_magnitude(const float *values, size_t count)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bits &= 0x7fffffffu;
        largest = bits > largest ? bits : largest;
    }
    largest = vrn_min_u32(largest, 0x7f800000u);
    float value;
    memcpy(&value, &largest, sizeof value);
    return value;
}

/* Rounds weights to the bytes that vrn_layout_int8 would pack. A folded norm scales all weights of
 * a channel, so their bytes are the same without it. False: out of memory. */
static bool round_to_bytes(loaded *l, const vrn_op_desc *d)
{
    const size_t each = (size_t)vrn_conv_in(d) * vrn_conv_window(d);
    const float *from = l->params.own[VRN_PARAM_WEIGHT];
    float *to = l->converted[0][VRN_PARAM_WEIGHT];
    if (!to) to = l->converted[0][VRN_PARAM_WEIGHT] = vrn_alloc(d->out.c * each, sizeof *to);
    if (!to) return false;
    for (uint32_t k = 0; k < d->out.c; k++, from += each, to += each) {
        const double step = (double)largest_magnitude(from, each) / 127;
        for (size_t i = 0; i < each; i++) {
            to[i] = step > 0 ? (float)((double)lrint((double)from[i] / step) * step) : 0;
        }
    }
    l->params.own[VRN_PARAM_WEIGHT] = l->converted[0][VRN_PARAM_WEIGHT];
    return true;
}

/* Folds the norm into weights and biases, as packing would, and rounds both to halves. Winograd's
 * transform comes later, and its results stay floats. False: out of memory. */
static bool round_to_halves(loaded *l, const vrn_op_desc *d)
{
    const size_t each = (size_t)vrn_conv_in(d) * vrn_conv_window(d);
    float **weights = &l->converted[0][VRN_PARAM_WEIGHT],
          **biases = &l->converted[0][VRN_PARAM_BIAS];
    if (!*weights) *weights = vrn_alloc(d->out.c * each, sizeof **weights);
    if (!*biases) *biases = vrn_alloc(d->out.c, sizeof **biases);
    if (!*weights || !*biases) return false;
    for (uint32_t k = 0; k < d->out.c; k++) {
        const double scale = vrn_params_scale(&l->params, k);
        const float *from = l->params.own[VRN_PARAM_WEIGHT] + k * each;
        float *to = *weights + k * each;
        for (size_t i = 0; i < each; i++) to[i] = (float)(from[i] * scale);
        vrn_round_to_halves(to, each);
        (*biases)[k] = (float)vrn_params_bias(&l->params, k);
    }
    vrn_round_to_halves(*biases, d->out.c);
    l->params = (vrn_params){.own = {[VRN_PARAM_WEIGHT] = *weights, [VRN_PARAM_BIAS] = *biases}};
    return true;
}

static bool round_parameters(loaded *l, const vrn_node *node)
{
    if (node->w_rounded == VRN_TYPE_I8) return round_to_bytes(l, &node->desc);
    return node->w_rounded != VRN_TYPE_F16 || round_to_halves(l, &node->desc);
}

/* Loads the parameters that exist; a convolution may have no bias, and a group norm has no
 * statistics. False: out of memory. Unload them in either case. */
static bool load_parameters(loaded *l, const vrn_model *model, const vrn_node *node)
{
    *l = (loaded){.params.norm_eps = node->desc.eps};
    for (uint32_t i = 0; i < 2 * VRN_PARAM_COUNT; i++) {
        const uint32_t norm = i / VRN_PARAM_COUNT, role = i % VRN_PARAM_COUNT;
        const vrn_tensor *tensor =
            vrn_model_parameter(model, norm ? node->norm[role] : node->own[role]);
        if (!tensor) continue;
        const float **values = norm ? &l->params.norm[role] : &l->params.own[role];
        const uint64_t count = l->counts[norm][role] = vrn_tensor_count(tensor);
        const vrn_standardize how = vrn_model_arch(model)->standardize;
        const bool changes =
            how != VRN_STANDARDIZE_NONE && node->desc.op == VRN_OP_CONV && tensor->rank == 4;
        *values = changes ? NULL : vrn_tensor_view(tensor);
        if (*values || count == 0) continue;
        float *converted = l->converted[norm][role] = vrn_alloc(count, sizeof *converted);
        if (!converted) return false;
        vrn_tensor_read(tensor, converted);
        if (changes) standardize(converted, tensor, how);
        *values = converted;
    }
    return true;
}

vrn_result vrn_weights_extremes(vrn_extremes *extremes, const vrn_model *model,
                                const vrn_node *node)
{
    const vrn_op_desc *d = &node->desc;
    const size_t each = (size_t)vrn_conv_in(d) * vrn_conv_window(d);
    loaded l;
    *extremes = (vrn_extremes){0};
    const bool good = load_parameters(&l, model, node);
    for (uint32_t k = 0; k < d->out.c && good; k++) {
        double weight = largest_magnitude(l.params.own[VRN_PARAM_WEIGHT] + k * each, each) *
                        fabs(vrn_params_scale(&l.params, k));
        double bias = fabs(vrn_params_bias(&l.params, k));
        if (!(weight <= extremes->weight))
            extremes->weight = isnan(weight) ? INFINITY : (float)weight;
        if (!(bias <= extremes->bias)) extremes->bias = isnan(bias) ? INFINITY : (float)bias;
    }
    unload_parameters(&l);
    return good ? VRN_OK : VRN_ERROR_OUT_OF_MEMORY;
}

/* True if all values are finite and variances valid. On most devices a ReLU would turn a NaN from a
 * convolution into zero and hide it. An infinite variance, which training leaves if it overflows,
 * would disable its channel. */
static bool is_sound(const float *const *values, const uint64_t *counts, double eps)
{
    for (uint32_t i = 0; i < VRN_PARAM_COUNT; i++) {
        if (counts[i] > 0 && !isfinite(largest_magnitude(values[i], counts[i]))) return false;
    }
    for (uint64_t i = 0; i < counts[VRN_PARAM_VAR]; i++) {
        if (!((double)values[VRN_PARAM_VAR][i] + eps > 0)) return false;
    }
    return true;
}

/* The weight that belongs to unsound parameters; VRN_NO_PARAMETER: all are sound. */
static uint32_t find_unsound(const loaded *l, const vrn_node *node)
{
    if (!is_sound(l->params.own, l->counts[0], node->desc.eps)) return node->own[VRN_PARAM_WEIGHT];
    if (!is_sound(l->params.norm, l->counts[1], node->desc.eps))
        return node->norm[VRN_PARAM_WEIGHT];
    return VRN_NO_PARAMETER;
}

/* New slots that are adjacent in a block, packed together. */
typedef struct piece {
    const vrn_model *model;
    const slot *slots;
    uint32_t count;
    char *memory;  /* the destination of the first slot */
    char *scratch; /* packing writes here, in any order; NULL: it writes to `memory` */
} piece;

static vrn_result fill_slot(void *user, uint32_t index)
{
    const piece *p = user;
    index = p->count - 1 - index; /* start with the large ones, which come last in a network */
    const slot *s = &p->slots[index];
    const vrn_weights_request *request = s->request;
    const vrn_node *node = request->node;
    const uint64_t at = s->offset - p->slots[0].offset;
    char *target = (p->scratch ? p->scratch : p->memory) + at;
    loaded l;
    vrn_result result = VRN_ERROR_OUT_OF_MEMORY;
    if (load_parameters(&l, p->model, node)) {
        if (find_unsound(&l, node) != VRN_NO_PARAMETER) {
            result = VRN_ERROR_FILE;
        } else if (!round_parameters(&l, node)) {
            result = VRN_ERROR_OUT_OF_MEMORY;
        } else if (vrn_kernel_pack(request->kernel, &node->desc, &l.params, target)) {
            result = VRN_OK;
        }
        if (p->scratch && !result) memcpy(p->memory + at, target, s->bytes);
    }
    unload_parameters(&l);
    return result;
}

/* Reports which parameters of a piece are unsound. Names no layer if memory runs out. */
static void fail_unsound(const piece *p, const vrn_log *log)
{
    const char *file = vrn_model_file(p->model);
    const vrn_tensor *weight = NULL;
    for (uint32_t i = 0; i < p->count && !weight; i++) {
        const vrn_node *node = p->slots[i].request->node;
        loaded l;
        if (load_parameters(&l, p->model, node))
            weight = vrn_model_parameter(p->model, find_unsound(&l, node));
        unload_parameters(&l);
    }
    const char *name = weight ? weight->name : "a layer";
    const size_t length = strlen(name) - (weight ? strlen(".weight") : 0);
    vrn_fail(log, VRN_ERROR_FILE,
             "%s: the parameters of %.*s are not all finite numbers, or a variance is negative",
             file ? file : "the random model", (int)length, name);
}

/* How many of `count` slots make a piece: those in the same block that fit into
 * VRN_UPLOAD_PIECE_BYTES. */
static uint32_t piece_length(const slot *slots, uint32_t count, uint64_t *bytes)
{
    uint32_t length = 0;
    *bytes = 0;
    while (length < count && slots[length].block == slots[0].block) {
        uint64_t end = slots[length].offset + slots[length].bytes - slots[0].offset;
        if (length > 0 && end > VRN_UPLOAD_PIECE_BYTES) break;
        *bytes = end;
        length++;
    }
    return length;
}

/* Packs the slots from `first` on. */
static vrn_result fill_slots(const vrn_weights *weights, vrn_device *device, const vrn_model *model,
                             uint32_t first)
{
    vrn_upload upload = {.device = device};
    vrn_result result = VRN_OK;
    char *scratch = NULL;
    uint64_t scratch_bytes = 0, bytes;
    for (uint32_t i = first; i < weights->slot_count && !result;) {
        piece p = {.model = model, .slots = weights->slots + i};
        p.count = piece_length(p.slots, weights->slot_count - i, &bytes);
        i += p.count;
        void *memory;
        bool cached;
        result = vrn_upload_reserve(&upload, &weights->blocks[p.slots[0].block], p.slots[0].offset,
                                    bytes, &memory, &cached);
        if (result) break;
        p.memory = memory;
        if (!cached && bytes > scratch_bytes) {
            vrn_free(scratch);
            scratch_bytes = bytes;
            scratch = vrn_alloc(bytes, 1);
            if (!scratch) result = vrn_fail_memory(&device->log);
        }
        if (result) break;
        p.scratch = cached ? NULL : scratch;
        result = vrn_parallel_for(p.count, fill_slot, &p);
        if (result == VRN_ERROR_OUT_OF_MEMORY) vrn_fail_memory(&device->log);
        if (result == VRN_ERROR_FILE) fail_unsound(&p, &device->log);
    }
    vrn_free(scratch);
    return vrn_upload_end(&upload, result);
}

vrn_result vrn_weights_prepare(vrn_weights *weights, vrn_device *device, const vrn_model *model,
                               vrn_weights_request *requests, uint32_t count)
{
    vrn_mutex_lock(weights->store->base.lock);
    const uint32_t old_slots = weights->slot_count, old_blocks = weights->block_count;
    vrn_result result = add_slots(weights, device, requests, count);
    for (uint32_t i = old_blocks; i < weights->block_count && !result; i++) {
        result = vrn_buffer_create(&weights->blocks[i], device, VRN_BUFFER_DEVICE,
                                   weights->blocks[i].size, "weights");
    }
    if (!result) result = fill_slots(weights, device, model, old_slots);
    if (result) { /* remove what was added */
        while (weights->block_count > old_blocks) {
            vrn_buffer_destroy(&weights->blocks[--weights->block_count], device);
        }
        weights->slot_count = old_slots;
    }
    for (uint32_t i = 0; i < count && !result; i++) {
        slot_key key = key_of(&requests[i]);
        const slot *s = find_slot(weights, &key);
        requests[i].range = (vrn_range){
            .buffer = weights->blocks[s->block].handle, .offset = s->offset, .bytes = s->bytes};
    }
    vrn_mutex_unlock(weights->store->base.lock);
    return result;
}
