#include "net/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

/* A renamed name is at most this much longer than the old one: "shortcut" becomes "downsample". */
enum { GROWTH = 2 };

/* ---- Matching -------------------------------------------------------------------------------- */

/* If *text begins with `word`, moves behind it. */
static bool skip(const char **text, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*text, word, length) != 0) return false;
    *text += length;
    return true;
}

/* Reads a decimal number of at most six digits, and moves behind it. */
static bool skip_number(const char **text, unsigned *number)
{
    unsigned digits = 0;
    *number = 0;
    for (; **text >= '0' && **text <= '9' && digits < 6; digits++, (*text)++) {
        *number = *number * 10 + (unsigned)(**text - '0');
    }
    return digits > 0;
}

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

/* "convolution.weight" and "normalization.bias", behind the module that holds them: true with the
 * rest of the name from its dot. */
static bool skip_unit(const char **text, bool *norm)
{
    *norm = skip(text, "normalization");
    return (*norm || skip(text, "convolution")) && **text == '.';
}

static bool from_hugging_face(const char *name, char *out, size_t capacity)
{
    const char *at = name;
    bool norm = false;
    if (skip(&at, "classifier.1.")) return snprintf(out, capacity, "fc.%s", at) > 0;
    skip(&at, "resnet.");
    if (skip(&at, "embedder.embedder.")) {
        return skip_unit(&at, &norm) &&
               snprintf(out, capacity, "%s%s", norm ? "bn1" : "conv1", at) > 0;
    }
    unsigned stage = 0, block = 0, layer = 0;
    if (!skip(&at, "encoder.stages.") || !skip_number(&at, &stage)) return false;
    if (!skip(&at, ".layers.") || !skip_number(&at, &block)) return false;
    if (skip(&at, ".shortcut.") && skip_unit(&at, &norm)) {
        return snprintf(out, capacity, "layer%u.%u.downsample.%d%s", stage + 1, block, norm, at) >
               0;
    }
    if (!skip(&at, ".layer.") || !skip_number(&at, &layer) || !skip(&at, ".")) return false;
    return skip_unit(&at, &norm) && snprintf(out, capacity, "layer%u.%u.%s%u%s", stage + 1, block,
                                             norm ? "bn" : "conv", layer + 1, at) > 0;
}

static bool from_cifar(const char *name, char *out, size_t capacity)
{
    const char *at = name;
    if (skip(&at, "linear.")) return snprintf(out, capacity, "fc.%s", at) > 0;
    unsigned stage = 0, block = 0;
    return skip(&at, "layer") && skip_number(&at, &stage) && skip(&at, ".") &&
           skip_number(&at, &block) && skip(&at, ".shortcut.") &&
           snprintf(out, capacity, "layer%u.%u.downsample.%s", stage, block, at) > 0;
}

static void rename_one(const char *name, char *out, size_t capacity)
{
    if (from_hugging_face(name, out, capacity) || from_cifar(name, out, capacity)) return;
    snprintf(out, capacity, "%s", name);
}

/* ---- The list -------------------------------------------------------------------------------- */

/* How long the prefix is that every weight shares, in whole parts that end with a dot. A network
 * always has names that differ in their first part, so what all share is only wrapped around it. */
static size_t shared_prefix(const vrn_tensor *const *tensors, size_t count)
{
    const char *first = NULL;
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = tensors[i]->name;
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

static void fill(vrn_names *names, const vrn_tensor *const *tensors, size_t count)
{
    size_t prefix = shared_prefix(tensors, count);
    char *out = names->text;
    for (size_t i = 0; i < count; i++) {
        const char *name = tensors[i]->name;
        if (is_bookkeeping(name)) {
            names->tracked |= ends_with(name, "num_batches_tracked");
            continue;
        }
        name += prefix;
        size_t capacity = strlen(name) + GROWTH + 1;
        rename_one(name, out, capacity);
        names->entries[names->count++] = (vrn_named_tensor){out, tensors[i], i, false};
        out += capacity;
    }
    qsort(names->entries, names->count, sizeof *names->entries, compare_entries);
}

vrn_result vrn_names_create(vrn_names *names, const vrn_tensor *const *tensors, size_t count,
                            const char *subject, const vrn_log *log)
{
    *names = (vrn_names){0};
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes += strlen(tensors[i]->name) + GROWTH + 1;
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
