#include "net/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/text.h"
#include "base/util.h"

/* A renamed name is at most this much longer than the old one: "shortcut" becomes "downsample". */
enum { GROWTH = 2 };

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Counters of a training run, which inference has no use for. */
static bool is_bookkeeping(const char *name)
{
    return ends_with(name, "num_batches_tracked") || strcmp(name, "n_averaged") == 0;
}

/* ---- Schemes --------------------------------------------------------------------------------- */

/* How names of other schemes begin, and how torchvision's do instead; the rest stays. '#' stands
 * for a number, which '#' in the new name repeats and '+' repeats plus one. */
static const struct {
    const char *from, *to;
    bool wrapped; /* perhaps behind "resnet." */
} schemes[] = {
    /* Hugging Face */
    {"classifier.1.", "fc.", false},
    {"embedder.embedder.convolution.", "conv1.", true},
    {"embedder.embedder.normalization.", "bn1.", true},
    {"encoder.stages.#.layers.#.shortcut.convolution.", "layer+.#.downsample.0.", true},
    {"encoder.stages.#.layers.#.shortcut.normalization.", "layer+.#.downsample.1.", true},
    {"encoder.stages.#.layers.#.layer.#.convolution.", "layer+.#.conv+.", true},
    {"encoder.stages.#.layers.#.layer.#.normalization.", "layer+.#.bn+.", true},
    /* CIFAR repositories */
    {"linear.", "fc.", false},
    {"layer#.#.shortcut.", "layer#.#.downsample.", false},
};

enum { NUMBERS_MAX = 3, DIGITS_MAX = 6 };

/* Moves *name behind a pattern that it begins with. */
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

static void rename_one(const char *name, char *out, size_t capacity)
{
    static const char wrapper[] = "resnet.";
    bool wrapped = strncmp(name, wrapper, strlen(wrapper)) == 0;
    *out = 0;
    for (size_t i = 0; i < VRN_COUNT(schemes); i++) {
        const char *rest = name + (wrapped && schemes[i].wrapped ? strlen(wrapper) : 0);
        unsigned numbers[NUMBERS_MAX] = {0}, *number = numbers;
        if (!match(&rest, schemes[i].from, numbers)) continue;
        for (const char *to = schemes[i].to; *to; to++) {
            if (*to == '#' || *to == '+') {
                vrn_append(out, capacity, "%u", *number++ + (*to == '+'));
            } else {
                vrn_append(out, capacity, "%c", *to);
            }
        }
        name = rest;
        break;
    }
    vrn_append(out, capacity, "%s", name);
}

/* ---- The list -------------------------------------------------------------------------------- */

/* How long the prefix is that every weight shares, in whole parts that end with a dot. A network
 * always has names that differ in their first part, so what all share is only wrapped around it. */
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

static int compare_entries(const void *a, const void *b)
{
    const vrn_named_tensor *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order ? order : (x->position > y->position) - (x->position < y->position);
}

static void fill(vrn_names *names, const vrn_tensor *tensors, size_t count)
{
    size_t prefix = shared_prefix(tensors, count);
    char *out = names->text;
    for (size_t i = 0; i < count; i++) {
        const char *name = tensors[i].name;
        if (is_bookkeeping(name)) {
            names->tracked |= ends_with(name, "num_batches_tracked");
            continue;
        }
        name += prefix;
        size_t capacity = strlen(name) + GROWTH + 1;
        rename_one(name, out, capacity);
        names->entries[names->count++] = (vrn_named_tensor){out, &tensors[i], i, false};
        out += capacity;
    }
    qsort(names->entries, names->count, sizeof *names->entries, compare_entries);
}

vrn_result vrn_names_create(vrn_names *names, const vrn_tensor *tensors, size_t count,
                            const char *subject, const vrn_log *log)
{
    *names = (vrn_names){0};
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes += strlen(tensors[i].name) + GROWTH + 1;
    names->entries = vrn_alloc(count, sizeof *names->entries);
    names->text = vrn_alloc(bytes, 1);
    if (!names->entries || !names->text) {
        vrn_names_free(names);
        return vrn_fail_memory(log);
    }
    fill(names, tensors, count);
    for (size_t i = 1; i < names->count; i++) {
        const vrn_named_tensor *a = &names->entries[i - 1], *b = &names->entries[i];
        if (strcmp(a->name, b->name) != 0) continue;
        vrn_result result =
            vrn_fail(log, VRN_ERROR_FILE, "%s: tensors '%.100s' and '%.100s' are both %.100s",
                     subject, a->tensor->name, b->tensor->name, a->name);
        vrn_names_free(names);
        return result;
    }
    return VRN_OK;
}

void vrn_names_free(vrn_names *names)
{
    vrn_free(names->entries);
    vrn_free(names->text);
    *names = (vrn_names){0};
}

vrn_named_tensor *vrn_names_find_prefix(const vrn_names *names, const char *prefix)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names->entries[middle].name, prefix) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == names->count) return NULL;
    vrn_named_tensor *entry = &names->entries[low];
    return strncmp(entry->name, prefix, strlen(prefix)) == 0 ? entry : NULL;
}

vrn_named_tensor *vrn_names_find(const vrn_names *names, const char *name)
{
    vrn_named_tensor *entry = vrn_names_find_prefix(names, name);
    return entry && strcmp(entry->name, name) == 0 ? entry : NULL;
}
