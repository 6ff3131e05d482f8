#include "net/heads.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "base/util.h"
#include "net/arch.h"
#include "net/kinds.h"
#include "net/records.h"

/* The names of classifiers, the likelier first. */
static const char *const head_names[] = {
    "fc",  "linear", "last_linear", "classifier", "head.fc", "cls_head.fc", "head",
    "out", "output", "logits",      "1",          "2",       "3",
};

enum { LAYERS_MAX = 4 };

/* Linear layers of one Sequential, or one alone, by the places of their weights. */
typedef struct layers {
    size_t weight[LAYERS_MAX];
    size_t count;
    bool others; /* there are other layers, too */
} layers;

/* Channels of the last stage's output; 0: no such convolution. */
static uint64_t count_features(const vrn_names *names)
{
    uint64_t features = 0;
    for (uint32_t i = 0; i < VRN_MAX_STAGES * 2; i++) {
        char name[48];
        snprintf(name, sizeof name, "layer%u.0.conv%u.weight", i / 2 + 1, i % 2 + 2);
        const vrn_named_tensor *entry = vrn_names_find(names, name);
        if (entry && entry->tensor->rank == 4) features = entry->tensor->shape[0];
    }
    return features;
}

/* "weight" of "fc.weight" and "fc.3.weight" with `name` "fc"; else NULL. */
static const char *part_of(const char *tensor, const char *name, size_t length)
{
    if (strncmp(tensor, name, length) != 0 || tensor[length] != '.') return NULL;
    const char *rest = tensor + length + 1;
    const char *digits = rest;
    while (vrn_is_digit(*digits)) digits++;
    return digits > rest && *digits == '.' ? digits + 1 : rest;
}

/* A 1x1 convolution of one pixel is a linear layer: timm's ResNetV2 has one. */
static bool is_linear(const vrn_tensor *tensor, const char *name, size_t length)
{
    static const char head[] = "head.fc";
    const size_t own = sizeof head - 1;
    if (tensor->rank == 2) return true;
    return tensor->rank == 4 && tensor->shape[2] == 1 && tensor->shape[3] == 1 && length >= own &&
           memcmp(name + length - own, head, own) == 0;
}

/* The number N of "fc.N.weight"; -1: none. */
static int number_in(const char *name)
{
    const char *end = strrchr(name, '.'), *digits = end;
    while (digits && digits > name && vrn_is_digit(digits[-1])) digits--;
    if (!digits || digits == end || end - digits > 4 || (digits > name && digits[-1] != '.')) {
        return -1;
    }
    int number = 0;
    for (; digits < end; digits++) number = number * 10 + (*digits - '0');
    return number;
}

static layers find_layers(const vrn_names *names, const char *name, size_t length)
{
    layers found = {0};
    for (size_t i = 0; i < names->count; i++) {
        const vrn_tensor *tensor = names->entries[i].tensor;
        const char *part = part_of(tensor->name, name, length);
        if (!part) continue;
        const bool weight = strcmp(part, "weight") == 0;
        if (weight && is_linear(tensor, name, length) && found.count < LAYERS_MAX) {
            found.weight[found.count++] = i;
        } else if (weight || strcmp(part, "bias") != 0) {
            found.others = true;
        }
    }
    /* Names are sorted as texts: fc.12 is before fc.3. */
    for (size_t i = 1; i < found.count; i++) {
        for (size_t k = i; k > 0; k--) {
            const size_t a = found.weight[k - 1], b = found.weight[k];
            if (number_in(names->entries[a].tensor->name) <=
                number_in(names->entries[b].tensor->name)) {
                break;
            }
            found.weight[k - 1] = b;
            found.weight[k] = a;
        }
    }
    return found;
}

/* The sibling of a weight: "fc.bias" of "fc.weight"; the number of entries if there is none. */
static size_t bias_of(const vrn_names *names, size_t weight)
{
    const char *name = names->entries[weight].tensor->name;
    const size_t length = strlen(name) - strlen("weight");
    if (!names->entries[weight].outside) {
        char bias[1024];
        const char *own = names->entries[weight].name;
        snprintf(bias, sizeof bias, "%.*sbias", (int)(strlen(own) - strlen("weight")), own);
        const vrn_named_tensor *entry = vrn_names_find(names, bias);
        return entry ? (size_t)(entry - names->entries) : names->count;
    }
    for (size_t i = 0; i < names->count; i++) {
        const char *other = names->entries[i].tensor->name;
        if (strncmp(other, name, length) == 0 && strcmp(other + length, "bias") == 0) return i;
    }
    return names->count;
}

/* Renames both tensors of a layer; they are found again by their names in the file, as renaming
 * sorts. */
static void take(vrn_names *names, const char *weight_name, const char *weight, const char *bias)
{
    for (size_t i = 0; i < names->count; i++) {
        if (names->entries[i].tensor->name != weight_name) continue;
        const size_t b = bias_of(names, i);
        const char *bias_name = b < names->count ? names->entries[b].tensor->name : NULL;
        vrn_names_rename(names, i, weight);
        for (size_t k = 0; bias_name && k < names->count; k++) {
            if (names->entries[k].tensor->name != bias_name) continue;
            vrn_names_rename(names, k, bias);
            break;
        }
        return;
    }
}

/* True if two layers are adjacent in a Sequential, without an activation between them. */
static bool are_neighbours(const char *first, const char *last)
{
    const int a = number_in(first), b = number_in(last);
    return a >= 0 && b == a + 1;
}

static vrn_result take_layers(vrn_found_head *found, vrn_names *names,
                              const vrn_checkpoint *checkpoint, const layers *l, bool any,
                              vrn_assumptions *assumptions, const char *subject, const vrn_log *log)
{
    const vrn_tensor *first = names->entries[l->weight[0]].tensor;
    const vrn_tensor *last = names->entries[l->weight[l->count - 1]].tensor;
    if (l->count > 2 || l->others || (l->count == 2 && last->shape[1] != first->shape[0])) {
        char kind[256];
        vrn_kinds_describe(names, true, kind, sizeof kind);
        return vrn_fail(log, VRN_ERROR_FILE,
                        "%s: %.100s: expected a head of one linear layer, or of two with a ReLU "
                        "between them, found more%s; --arch head=none gives the features",
                        subject, first->name, kind);
    }
    if (l->count == 2 && are_neighbours(first->name, last->name) && !any) {
        return vrn_fail(log, VRN_ERROR_FILE,
                        "%s: %.100s and %.60s: expected a ReLU between the head's two layers, "
                        "found nothing; --arch head=none gives the features",
                        subject, first->name, last->name);
    }
    const bool projects = l->count == 2 && first->shape[0] == first->shape[1];
    const bool trains = strstr(names->prefix, "encoder_q") || strstr(names->prefix, "encoder_k") ||
                        strstr(names->prefix, "base_encoder") ||
                        strstr(names->prefix, "momentum_encoder");
    if ((projects || trains) && !any) {
        return vrn_fail(
            log, VRN_ERROR_FILE,
            "%s: %.100s: expected a classifier, found what seems to be a projection head from "
            "self-supervised training (SimCLR, MoCo); "
            "--arch head=none gives the features, --arch head=%s uses it as a classifier",
            subject, first->name, l->count == 2 ? "mlp" : "linear");
    }
    char fault[VRN_PAIR_FAULT_MAX] = "";
    if (l->count == 2) vrn_record_check_pair(fault, checkpoint, first->name, last->name);
    if (*fault && !any) {
        return vrn_fail(log, VRN_ERROR_FILE,
                        "%s: %s: expected a ReLU between the head's layers; --arch head=none gives "
                        "the features, --arch head=mlp runs a ReLU there",
                        subject, fault);
    }
    if (*fault) vrn_assume(assumptions, true, "head=mlp: a ReLU is run although %s", fault);
    found->classes = (uint32_t)vrn_min_u64(last->shape[0], UINT32_MAX);
    found->head = l->count == 2 ? VRN_HEAD_MLP : VRN_HEAD_LINEAR;
    if (l->count == 1) {
        take(names, first->name, "fc.weight", "fc.bias");
        return VRN_OK;
    }
    found->width = (uint32_t)vrn_min_u64(first->shape[0], UINT32_MAX);
    vrn_assume(assumptions, !any, "head=mlp: a ReLU between %.60s and %.60s", first->name,
               last->name);
    take(names, first->name, "fc.0.weight", "fc.0.bias");
    take(names, last->name, "fc.2.weight", "fc.2.bias");
    return VRN_OK;
}

static bool reads_features(const vrn_tensor *tensor, uint64_t features)
{
    return tensor->rank == 2 && tensor->shape[1] == features && tensor->shape[0] != features;
}

/* Marks linear layers beside the head, which do not change its result. */
static void leave_others(vrn_names *names, uint64_t features, vrn_assumptions *assumptions)
{
    char list[160] = "";
    for (size_t i = 0; i < names->inside; i++) {
        vrn_named_tensor *entry = &names->entries[i];
        if (strncmp(entry->name, "fc.", 3) == 0 || strncmp(entry->name, "layer", 5) == 0) continue;
        if (!reads_features(entry->tensor, features) || strstr(entry->name, "pool")) continue;
        const char *name = entry->tensor->name;
        if (strcmp(name + strlen(name) - vrn_min_u64(strlen(name), 7), ".weight") == 0) {
            const size_t bias = bias_of(names, i);
            if (bias < names->count) names->entries[bias].used = true;
        }
        entry->used = true;
        vrn_append(list, sizeof list, "%s%.60s", *list ? ", " : "", name);
    }
    if (*list) vrn_assume(assumptions, true, "another head is ignored: %s", list);
}

/* Marks layers of self-supervised training inside a network, which do not contribute to a
 * result. */
static void leave_projections(vrn_names *names, vrn_assumptions *assumptions)
{
    static const char *const parts[] = {"projection_head.", "projector.", "prototypes.",
                                        "predictor.", "projection."};
    const char *first = NULL;
    for (size_t i = 0; i < names->inside * VRN_COUNT(parts); i++) {
        vrn_named_tensor *entry = &names->entries[i / VRN_COUNT(parts)];
        const char *part = parts[i % VRN_COUNT(parts)];
        if (strncmp(entry->name, part, strlen(part)) != 0) continue;
        entry->used = true;
        if (!first) first = entry->tensor->name;
    }
    if (first) {
        vrn_assume(assumptions, true,
                   "%.80s and the other tensors of the projection head are ignored", first);
    }
}

/* Marks the tensors of a head that is not wanted. */
static void leave(vrn_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (part_of(names->entries[i].tensor->name, name, strlen(name)))
            names->entries[i].used = true;
    }
}

/* ---- Heads under other names ----------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), own = strlen(end);
    return length >= own && strcmp(text + length - own, end) == 0;
}

static bool is_trunk(const char *name)
{
    static const char *const parts[] = {"layer", "conv1.", "bn1.", "norm.", "maxpool."};
    for (size_t i = 0; i < VRN_COUNT(parts); i++) {
        if (strncmp(name, parts[i], strlen(parts[i])) == 0) return true;
    }
    return false;
}

/* Names of modules for training, which contain no classifier. */
static bool is_of_training(const char *name)
{
    static const char *const parts[] = {"proj",   "prototype", "momentum", "queue", "contrast",
                                        "target", "criterion", "loss",     "embed", "head.mlp."};
    for (size_t i = 0; i < VRN_COUNT(parts); i++) {
        if (strstr(name, parts[i])) return true;
    }
    return false;
}

/* True for a matrix; a 1x1 convolution counts if it has a classifier's name. */
static bool is_flat(const vrn_tensor *tensor)
{
    const bool point = tensor->rank == 4 && tensor->shape[2] == 1 && tensor->shape[3] == 1;
    return tensor->rank == 2 ||
           (point && (strncmp(tensor->name, "fc.", 3) == 0 || strstr(tensor->name, ".fc.")));
}

/* True if names differ only in numbers, as fc1.weight and fc2.weight do. */
static bool are_numbered(const char *a, const char *b)
{
    while (*a && *b) {
        while (vrn_is_digit(*a)) a++;
        while (vrn_is_digit(*b)) b++;
        if (*a != *b) return false;
        a += *a != 0;
        b += *b != 0;
    }
    return *a == *b;
}

/* Finds linear layers of any name in a file that has only them besides its trunk. */
static layers find_unnamed(const vrn_names *names, uint64_t features)
{
    layers found = {0};
    for (size_t i = 0; i < names->count; i++) {
        const vrn_named_tensor *entry = &names->entries[i];
        const char *name = entry->tensor->name;
        if (entry->used || entry->elsewhere || (!entry->outside && is_trunk(entry->name))) continue;
        if (!vrn_dtype_is_float(entry->tensor->dtype)) continue;
        const bool weight = ends_with(name, ".weight") && is_flat(entry->tensor);
        if (weight && !is_of_training(name) && found.count < LAYERS_MAX) {
            found.weight[found.count++] = i;
        } else if (!ends_with(name, ".bias") || entry->tensor->rank != 1) {
            found.others = true;
        }
    }
    /* Names of Sequentials are sorted as texts; the first layer reads the features. */
    const size_t first = found.count == 2 ? found.weight[0] : 0;
    if (found.count == 2 && names->entries[first].tensor->shape[1] != features) {
        found.weight[0] = found.weight[1];
        found.weight[1] = first;
    }
    const vrn_tensor *front = names->entries[found.weight[0]].tensor;
    const vrn_tensor *back = names->entries[found.weight[found.count > 1]].tensor;
    const bool fits = found.count > 0 && front->shape[1] == features &&
                      (found.count == 1 || (back->shape[1] == front->shape[0] &&
                                            are_numbered(back->name, front->name)));
    if (found.others || found.count > 2 || !fits) found.count = 0;
    return found;
}

/* Adds an assumption about a layer that seems to be a head of an unknown kind. */
static void mention_unknown(const vrn_names *names, uint64_t features, vrn_assumptions *assumptions)
{
    for (size_t i = 0; i < names->count; i++) {
        const vrn_named_tensor *entry = &names->entries[i];
        const vrn_tensor *tensor = entry->tensor;
        if (entry->used || entry->elsewhere || tensor->rank != 2 || is_of_training(tensor->name)) {
            continue;
        }
        if (!entry->outside && is_trunk(entry->name)) continue;
        if (tensor->shape[1] != features && tensor->shape[1] != 2 * features) continue;
        vrn_assume(assumptions, true, "head=none: %.80s%s is not known as a head that can be run",
                   tensor->name,
                   tensor->shape[1] == features
                       ? ""
                       : ", which reads two pools of the features (fastai's concatenation),");
        return;
    }
}

vrn_result vrn_heads_find(vrn_found_head *found, vrn_names *names, const vrn_checkpoint *checkpoint,
                          bool any, bool none, vrn_assumptions *assumptions, const char *subject,
                          const vrn_log *log)
{
    *found = (vrn_found_head){.head = VRN_HEAD_NONE};
    const uint64_t features = count_features(names);
    vrn_result result = VRN_OK;
    /* Inside, and then beside each module that the network is in. */
    for (size_t length = strlen(names->prefix); !result && found->head == VRN_HEAD_NONE;) {
        for (size_t i = 0; i < VRN_COUNT(head_names) && found->head == VRN_HEAD_NONE; i++) {
            const bool number = vrn_is_digit(*head_names[i]);
            if (number && length == strlen(names->prefix)) continue;
            char name[VRN_PREFIX_MAX + 16];
            snprintf(name, sizeof name, "%.*s%s", (int)length, names->prefix, head_names[i]);
            const layers l = find_layers(names, name, strlen(name));
            if (l.count == 0 || names->entries[l.weight[0]].tensor->shape[1] != features) continue;
            if (none) {
                leave(names, name);
                continue;
            }
            result = take_layers(found, names, checkpoint, &l, any, assumptions, subject, log);
            if (result) return result;
        }
        if (length == 0) break;
        length--;
        while (length > 0 && names->prefix[length - 1] != '.') length--;
    }
    if (!result && found->head == VRN_HEAD_NONE && !none) {
        const layers l = find_unnamed(names, features);
        if (l.count) {
            const char *name = names->entries[l.weight[0]].tensor->name;
            vrn_assume(assumptions, true, "%.80s is the head: no other layer can be", name);
            result = take_layers(found, names, checkpoint, &l, any, assumptions, subject, log);
        } else {
            mention_unknown(names, features, assumptions);
        }
    }
    leave_projections(names, assumptions);
    leave_others(names, features, assumptions);
    return result;
}
