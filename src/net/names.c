#include "net/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/text.h"
#include "base/util.h"

/* A renamed name is at most this much longer than the old one: "0." becomes "conv1.0.". */
enum { GROWTH = 8 };

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Counters of a training run, which inference does not need. */
static bool is_bookkeeping(const char *name)
{
    return ends_with(name, "num_batches_tracked") || ends_with(name, "n_averaged");
}

/* ---- Schemes --------------------------------------------------------------------------------- */

/* Each is recognised by the name of the first convolution of the first block. */
typedef enum scheme {
    SCHEME_TORCHVISION,
    SCHEME_THREE_CONVS, /* the same, with a stem of conv1, conv2 and conv3 */
    SCHEME_HUGGING_FACE,
    SCHEME_RESIDUAL_FUNCTION,
    SCHEME_DETECTRON,
    SCHEME_SEQUENTIAL,
    SCHEME_RESNETV2,
    SCHEME_RESNETV2_DEEP, /* the same, with a stem of three convolutions, and means in shortcuts */
    SCHEME_COUNT
} scheme;

static const char *const anchors[SCHEME_COUNT] = {
    [SCHEME_TORCHVISION] = "layer1.0.conv1.weight",
    [SCHEME_HUGGING_FACE] = "encoder.stages.0.layers.0.layer.0.convolution.weight",
    [SCHEME_RESIDUAL_FUNCTION] = "conv2_x.0.residual_function.0.weight",
    [SCHEME_DETECTRON] = "res2.0.conv1.weight",
    [SCHEME_SEQUENTIAL] = "4.0.conv1.weight",
    [SCHEME_RESNETV2] = "stages.0.blocks.0.conv1.weight",
};

#define ANY        UINT32_MAX
#define IN(scheme) (1u << SCHEME_##scheme)

/* Prefixes of names, with torchvision's prefix; the rest of the name is kept. '#' stands for a
 * number, which '#' in the new name repeats, '+' repeats plus one, and '-' minus one. */
static const struct {
    uint32_t schemes;
    const char *from, *to;
} rules[] = {
    {IN(THREE_CONVS), "conv1.", "conv1.0."},
    {IN(THREE_CONVS), "bn1.", "conv1.1."},
    {IN(THREE_CONVS), "conv2.", "conv1.3."},
    {IN(THREE_CONVS), "bn2.", "conv1.4."},
    {IN(THREE_CONVS), "conv3.", "conv1.6."},
    {IN(THREE_CONVS), "bn3.", "bn1."},
    {IN(TORCHVISION), "stem.7.", "bn1."},
    {IN(TORCHVISION), "stem.#.", "conv1.#."},
    {ANY, "embedder.embedder.convolution.", "conv1."},
    {ANY, "embedder.embedder.normalization.", "bn1."},
    {ANY, "encoder.stages.#.layers.#.shortcut.convolution.", "layer+.#.downsample.0."},
    {ANY, "encoder.stages.#.layers.#.shortcut.normalization.", "layer+.#.downsample.1."},
    {ANY, "encoder.stages.#.layers.#.layer.#.convolution.", "layer+.#.conv+."},
    {ANY, "encoder.stages.#.layers.#.layer.#.normalization.", "layer+.#.bn+."},
    {ANY, "layer#.#.shortcut.", "layer#.#.downsample."},
    {IN(TORCHVISION), "bn.", "norm."},
    {ANY, "layer#.#.conv#.0.filt", "layer#.#.aa.filt"},
    {ANY, "layer#.#.conv#.1.", "layer#.#.conv#."},
    {ANY, "layer#.#.se_module.", "layer#.#.se."},
    {ANY, "layer#.#.se_layer.conv1.conv.", "layer#.#.se.fc1."},
    {ANY, "layer#.#.se_layer.conv2.conv.", "layer#.#.se.fc2."},
    {ANY, "layer#.#.se.fc.0.", "layer#.#.se.fc1."},
    {ANY, "layer#.#.se.fc.2.", "layer#.#.se.fc2."},
    {ANY, "layer#.#.eca.", "layer#.#.se."},
    {IN(TORCHVISION), "layer0.conv1.", "conv1."},
    {IN(TORCHVISION), "layer0.bn1.", "bn1."},
    {IN(RESIDUAL_FUNCTION), "conv1.0.", "conv1."},
    {IN(RESIDUAL_FUNCTION), "conv1.1.", "bn1."},
    {IN(RESIDUAL_FUNCTION), "conv#_x.#.shortcut.", "layer-.#.downsample."},
    {IN(RESIDUAL_FUNCTION), "conv#_x.#.residual_function.0.", "layer-.#.conv1."},
    {IN(RESIDUAL_FUNCTION), "conv#_x.#.residual_function.1.", "layer-.#.bn1."},
    {IN(RESIDUAL_FUNCTION), "conv#_x.#.residual_function.3.", "layer-.#.conv2."},
    {IN(RESIDUAL_FUNCTION), "conv#_x.#.residual_function.4.", "layer-.#.bn2."},
    {IN(RESIDUAL_FUNCTION), "conv#_x.#.residual_function.6.", "layer-.#.conv3."},
    {IN(RESIDUAL_FUNCTION), "conv#_x.#.residual_function.7.", "layer-.#.bn3."},
    {IN(DETECTRON), "stem.conv1.norm.", "bn1."},
    {IN(DETECTRON), "stem.conv1.", "conv1."},
    {IN(DETECTRON), "res#.#.shortcut.norm.", "layer-.#.downsample.1."},
    {IN(DETECTRON), "res#.#.shortcut.", "layer-.#.downsample.0."},
    {IN(DETECTRON), "res#.#.conv#.norm.", "layer-.#.bn#."},
    {IN(DETECTRON), "res#.#.conv#.", "layer-.#.conv#."},
    {IN(RESNETV2), "stem.conv.", "conv1."},
    {IN(RESNETV2), "stages.#.blocks.#.downsample.conv.", "layer+.#.downsample.0."},
    {IN(RESNETV2_DEEP), "stem.conv1.", "conv1.0."},
    {IN(RESNETV2_DEEP), "stem.norm1.", "conv1.1."},
    {IN(RESNETV2_DEEP), "stem.conv2.", "conv1.3."},
    {IN(RESNETV2_DEEP), "stem.norm2.", "conv1.4."},
    {IN(RESNETV2_DEEP), "stem.conv3.", "conv1.6."},
    {IN(RESNETV2_DEEP), "stages.#.blocks.#.downsample.conv.", "layer+.#.downsample.1."},
    {IN(RESNETV2) | IN(RESNETV2_DEEP), "stages.#.blocks.#.norm#.", "layer+.#.bn#."},
    {IN(RESNETV2) | IN(RESNETV2_DEEP), "stages.#.blocks.#.conv#.", "layer+.#.conv#."},
    {IN(SEQUENTIAL), "0.", "conv1."},
    {IN(SEQUENTIAL), "1.", "bn1."},
    {IN(SEQUENTIAL), "4.", "layer1."},
    {IN(SEQUENTIAL), "5.", "layer2."},
    {IN(SEQUENTIAL), "6.", "layer3."},
    {IN(SEQUENTIAL), "7.", "layer4."},
};

enum { NUMBERS_MAX = 3, DIGITS_MAX = 6 };

/* Moves *name past a pattern that it begins with. */
static bool match(const char **name, const char *pattern, unsigned numbers[NUMBERS_MAX])
{
    const char *at = *name;
    for (; *pattern; pattern++) {
        if (*pattern != '#') {
            if (*at++ != *pattern) return false;
            continue;
        }
        const char *end = at;
        for (*numbers = 0; *end >= '0' && *end <= '9' && end - at < DIGITS_MAX; end++) {
            *numbers = *numbers * 10 + (unsigned)(*end - '0');
        }
        if (end == at) return false;
        at = end;
        numbers++;
    }
    *name = at;
    return true;
}

static void rename_one(scheme kind, const char *name, char *out, size_t capacity)
{
    *out = 0;
    for (size_t i = 0; i < VRN_COUNT(rules); i++) {
        const char *rest = name;
        unsigned numbers[NUMBERS_MAX] = {0}, *number = numbers;
        if (!(rules[i].schemes >> kind & 1) || !match(&rest, rules[i].from, numbers)) continue;
        for (const char *to = rules[i].to; *to; to++) {
            if (*to == '#' || *to == '+' || *to == '-') {
                const unsigned shifted = *number + (*to == '+') - (*to == '-' && *number > 0);
                vrn_append(out, capacity, "%u", shifted);
                number++;
            } else {
                vrn_append(out, capacity, "%c", *to);
            }
        }
        name = rest;
        break;
    }
    vrn_append(out, capacity, "%s", name);
}

/* ---- Where the network lies ------------------------------------------------------------------ */

/* A network in the file: the first convolution of its first block, and where the prefix of its name
 * ends. */
typedef struct place {
    const vrn_tensor *anchor;
    size_t prefix;
    scheme scheme;
    bool copy; /* another name for the memory of an earlier one: the same network */
} place;

enum { PLACES_MAX = 64 };

typedef struct places {
    place each[PLACES_MAX];
    size_t count, networks; /* with copies, and without */
} places;

static bool has_tensor(const vrn_tensor *tensors, size_t count, const place *at, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(tensors[i].name, at->anchor->name, at->prefix) == 0 &&
            strcmp(tensors[i].name + at->prefix, name) == 0) {
            return true;
        }
    }
    return false;
}

static void find_places(places *found, const vrn_tensor *tensors, size_t count)
{
    found->count = found->networks = 0;
    for (size_t i = 0; i < count * SCHEME_COUNT && found->count < PLACES_MAX; i++) {
        const vrn_tensor *tensor = &tensors[i / SCHEME_COUNT];
        const char *anchor = anchors[i % SCHEME_COUNT];
        if (!anchor || !ends_with(tensor->name, anchor)) continue;
        place at = {.anchor = tensor,
                    .prefix = strlen(tensor->name) - strlen(anchor),
                    .scheme = (scheme)(i % SCHEME_COUNT)};
        if (at.prefix && tensor->name[at.prefix - 1] != '.') continue;
        if (at.scheme == SCHEME_SEQUENTIAL && !has_tensor(tensors, count, &at, "0.weight")) {
            continue;
        }
        if (at.scheme == SCHEME_TORCHVISION && has_tensor(tensors, count, &at, "conv3.weight")) {
            at.scheme = SCHEME_THREE_CONVS;
        }
        if (at.scheme == SCHEME_RESNETV2 && has_tensor(tensors, count, &at, "stem.conv3.weight")) {
            at.scheme = SCHEME_RESNETV2_DEEP;
        }
        for (size_t k = 0; k < found->count; k++) {
            at.copy |= tensor->data && found->each[k].anchor->data == tensor->data;
        }
        if (at.copy && found->count >= PLACES_MAX / 2) continue; /* leaves room for networks */
        found->networks += !at.copy;
        found->each[found->count++] = at;
    }
}

/* Without the dot at its end. */
static int shown(const place *at)
{
    return (int)(at->prefix ? vrn_min_u64(at->prefix - 1, 80) : 0);
}

/* The preferred network: a prefix, or the preferred part of the file. */
typedef struct wish {
    const char *prefix, *part;
    const char *subject;
    const vrn_log *log;
} wish;

/* The rating of a place: 0 unless it is the only one or in a preferred part. */
static int rate(const place *at, const places *found, const wish *w)
{
    static const char *const averaged[] = {"model_ema.", "state_dict_ema."};
    const char *name = at->anchor->name;
    const size_t part = w->part ? strlen(w->part) : 0;
    for (size_t i = VRN_COUNT(averaged); i > 0; i--) {
        if (strncmp(name, averaged[i - 1], strlen(averaged[i - 1])) == 0) return (int)i + 2;
    }
    if (part && strncmp(name, w->part, part) == 0 && name[part] == '.') return 2;
    return found->networks == 1;
}

static vrn_result choose_place(const places *found, const wish *w, const place **chosen)
{
    char list[512] = "";
    int best = 0;
    bool tied = false;
    size_t length = w->prefix ? strlen(w->prefix) : 0;
    while (length > 0 && w->prefix[length - 1] == '.') length--;
    *chosen = NULL;
    for (size_t i = 0; i < found->count; i++) {
        const place *at = &found->each[i];
        if (at->copy && !w->prefix) continue;
        vrn_append(list, sizeof list, "%s'%.*s'", i ? ", " : "", shown(at), at->anchor->name);
        const size_t own = at->prefix ? at->prefix - 1 : 0;
        const bool same =
            own == length && w->prefix && memcmp(at->anchor->name, w->prefix, length) == 0;
        const int rating = w->prefix ? same : rate(at, found, w);
        tied = rating == best ? tied || rating > 0 : rating < best && tied;
        if (rating > best) *chosen = at;
        best = rating > best ? rating : best;
    }
    if (w->prefix && !*chosen) {
        const char *others = found->count == 1  ? "one with the prefix "
                             : found->count > 1 ? "others, with the prefixes "
                                                : "none";
        return vrn_fail(w->log, VRN_ERROR_FILE,
                        "%s: expected a ResNet with the prefix '%.80s', found %s%s", w->subject,
                        w->prefix, others, list);
    }
    if ((*chosen && !tied) || found->count == 0) return VRN_OK;
    *chosen = NULL;
    const place *named = &found->each[shown(found->each) == 0 && found->count > 1];
    return vrn_fail(
        w->log, VRN_ERROR_FILE,
        "%s: expected one ResNet, found %zu, with the prefixes %s: choose one with --prefix %.*s",
        w->subject, found->networks, list, shown(named), named->anchor->name);
}

/* The length of the prefix that every weight shares, in whole parts that end with a dot. A
 * network's names always differ in their first part, so a prefix that all share belongs to a
 * wrapper. */
static size_t shared_prefix(const vrn_tensor *tensors, size_t count)
{
    const char *first = NULL;
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = tensors[i].name;
        if (is_bookkeeping(name)) continue;
        if (!first) {
            first = name;
            length = strlen(name);
        }
        size_t same = 0;
        while (same < length && name[same] == first[same]) same++;
        length = same;
    }
    while (length > 0 && first[length - 1] != '.') length--;
    return length;
}

/* ---- The list -------------------------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
    const vrn_named_tensor *x = a, *y = b;
    if (x->outside != y->outside) return x->outside ? 1 : -1;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->position > y->position) - (x->position < y->position);
}

static void sort(vrn_names *names)
{
    qsort(names->entries, names->count, sizeof *names->entries, compare_entries);
}

/* True if a name lies below another network's prefix. */
static bool is_elsewhere(const char *name, const places *found, const place *taken)
{
    for (size_t i = 0; i < found->count; i++) {
        const place *at = &found->each[i];
        if (at == taken || at->prefix == 0) continue;
        if (strncmp(name, at->anchor->name, at->prefix) == 0) return true;
    }
    return false;
}

static void fill(vrn_names *names, const vrn_tensor *tensors, size_t count, const places *found,
                 const place *at, const char *prefix, size_t length)
{
    const scheme kind = at ? at->scheme : SCHEME_TORCHVISION;
    char *out = names->text;
    for (size_t i = 0; i < count; i++) {
        const char *name = tensors[i].name;
        const bool outside = strncmp(name, prefix, length) != 0;
        if (is_bookkeeping(name)) {
            names->tracked |= !outside && ends_with(name, "num_batches_tracked");
            continue;
        }
        size_t capacity = strlen(name) + GROWTH + 1;
        if (outside) {
            vrn_append(strcpy(out, ""), capacity, "%s", name);
        } else {
            rename_one(kind, name + length, out, capacity);
            names->shortcut |= strstr(name + length, ".shortcut.") != NULL;
            names->senet |= strncmp(name + length, "layer0.conv1.", 13) == 0;
        }
        names->inside += !outside;
        names->entries[names->count++] =
            (vrn_named_tensor){out, &tensors[i], .position = i, .outside = outside,
                               .elsewhere = outside && is_elsewhere(name, found, at)};
        out += capacity;
    }
    sort(names);
}

static vrn_result refuse_equal(const vrn_names *names, const char *subject, const vrn_log *log)
{
    for (size_t i = 1; i < names->count; i++) {
        const vrn_named_tensor *a = &names->entries[i - 1], *b = &names->entries[i];
        if (a->outside != b->outside || strcmp(a->name, b->name) != 0) continue;
        return vrn_fail(log, VRN_ERROR_FILE,
                        "%s: expected one tensor for %.100s, found two: '%.100s' and '%.100s'",
                        subject, a->name, a->tensor->name, b->tensor->name);
    }
    return VRN_OK;
}

vrn_result vrn_names_create(vrn_names *names, const vrn_tensor *tensors, size_t count,
                            const char *wanted, const char *part, const char *subject,
                            const vrn_log *log)
{
    *names = (vrn_names){0};
    places found;
    const place *at = NULL;
    find_places(&found, tensors, count);
    vrn_result result = choose_place(&found, &(wish){wanted, part, subject, log}, &at);
    if (result) return result;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes += strlen(tensors[i].name) + GROWTH + 1;
    names->entries = vrn_alloc(count, sizeof *names->entries);
    names->text = vrn_alloc(bytes, 1);
    if (!names->entries || !names->text) {
        vrn_names_free(names);
        return vrn_fail_memory(log);
    }
    const char *prefix = at ? at->anchor->name : count ? tensors[0].name : "";
    const size_t length = at ? at->prefix : shared_prefix(tensors, count);
    snprintf(names->prefix, sizeof names->prefix, "%.*s", (int)vrn_min_u64(length, VRN_PREFIX_MAX),
             prefix);
    for (size_t i = 0; i < found.count; i++) {
        if (&found.each[i] == at || found.each[i].copy) continue;
        if (at && at->copy && found.each[i].anchor->data == at->anchor->data) continue;
        vrn_append(names->others, sizeof names->others, "%s'%.*s'", *names->others ? ", " : "",
                   shown(&found.each[i]), found.each[i].anchor->name);
    }
    names->detectron = at && at->scheme == SCHEME_DETECTRON;
    names->sequential = at && at->scheme == SCHEME_SEQUENTIAL;
    names->resnetv2 = at && (at->scheme == SCHEME_RESNETV2 || at->scheme == SCHEME_RESNETV2_DEEP);
    fill(names, tensors, count, &found, at, prefix, length);
    result = refuse_equal(names, subject, log);
    if (result) vrn_names_free(names);
    return result;
}

void vrn_names_free(vrn_names *names)
{
    vrn_free(names->entries);
    vrn_free(names->text);
    *names = (vrn_names){0};
}

void vrn_names_rename(vrn_names *names, size_t index, const char *name)
{
    names->inside += names->entries[index].outside;
    names->entries[index].outside = false;
    names->entries[index].name = name;
    sort(names);
}

vrn_named_tensor *vrn_names_find_prefix(const vrn_names *names, const char *prefix)
{
    size_t low = 0, high = names->inside;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names->entries[middle].name, prefix) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == names->inside) return NULL;
    vrn_named_tensor *entry = &names->entries[low];
    return strncmp(entry->name, prefix, strlen(prefix)) == 0 ? entry : NULL;
}

vrn_named_tensor *vrn_names_find(const vrn_names *names, const char *name)
{
    vrn_named_tensor *entry = vrn_names_find_prefix(names, name);
    return entry && strcmp(entry->name, name) == 0 ? entry : NULL;
}

vrn_named_tensor *vrn_names_find_in_file(const vrn_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->entries[i].tensor->name, name) == 0) return &names->entries[i];
    }
    return NULL;
}
