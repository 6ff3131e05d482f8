#include "checkpoint/reparam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"

typedef enum kind { WEIGHT_NORM, SPECTRAL_NORM, PRUNING } kind;

enum { PARTS_MAX = 3, NAME_CAPACITY = 1100 };

/* The suffixes of the parts' names, the distinctive one first, and the suffix of the result. */
static const struct {
    kind kind;
    const char *parts[PARTS_MAX];
    const char *result;
} forms[] = {
    {WEIGHT_NORM, {"weight_v", "weight_g"}, "weight"},
    {WEIGHT_NORM,
     {"parametrizations.weight.original1", "parametrizations.weight.original0"},
     "weight"},
    {SPECTRAL_NORM, {"weight_orig", "weight_u", "weight_v"}, "weight"},
    {SPECTRAL_NORM,
     {"parametrizations.weight.original", "parametrizations.weight.0._u",
      "parametrizations.weight.0._v"},
     "weight"},
    {PRUNING, {"weight_orig", "weight_mask"}, "weight"},
    {PRUNING, {"bias_orig", "bias_mask"}, "bias"},
};

/* The numbers of a list's tensors, sorted by their names. */
typedef struct index_entry {
    const char *name;
    size_t number;
} index_entry;

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const index_entry *)a)->name, ((const index_entry *)b)->name);
}

typedef struct computer {
    vrn_tensor_list *list;
    const vrn_source *source;
    index_entry *index; /* [count] */
    size_t count;
    bool *gone; /* [count], of the list's tensors */
} computer;

static vrn_tensor *find(const computer *c, const char *start, size_t length, const char *end)
{
    char name[NAME_CAPACITY] = "";
    vrn_append(name, sizeof name, "%.*s%s", (int)length, start, end);
    const index_entry wanted = {name, 0};
    const index_entry *entry =
        bsearch(&wanted, c->index, c->count, sizeof *c->index, compare_entries);
    return entry && !c->gone[entry->number] ? &c->list->tensors[entry->number] : NULL;
}

/* The values of a tensor in the list's arena. */
static float *read(const computer *c, const vrn_tensor *tensor)
{
    float *values =
        vrn_arena_alloc(&c->list->arena, (size_t)vrn_tensor_count(tensor), sizeof *values);
    if (values) vrn_tensor_read(tensor, values);
    return values;
}

/* The steps in g for a step in each dimension of v; false: their shapes do not fit. */
static bool gain_strides(const vrn_tensor *v, const vrn_tensor *g, uint64_t strides[VRN_MAX_RANK])
{
    uint64_t step = 1;
    memset(strides, 0, VRN_MAX_RANK * sizeof *strides);
    if (g->rank == 0) return true;
    if (g->rank != v->rank) return false;
    for (uint32_t i = v->rank; i-- > 0; step *= g->shape[i]) {
        if (g->shape[i] != 1 && g->shape[i] != v->shape[i]) return false;
        strides[i] = g->shape[i] == 1 ? 0 : step;
    }
    return true;
}

/* The index in g that belongs to element `i` of v. */
static uint64_t gain_of(const vrn_tensor *v, const uint64_t strides[VRN_MAX_RANK], uint64_t i)
{
    uint64_t at = 0;
    for (uint32_t d = v->rank; d-- > 0; i /= v->shape[d]) at += i % v->shape[d] * strides[d];
    return at;
}

static bool norm_weight(const computer *c, const vrn_tensor *v, const vrn_tensor *g, float *out)
{
    uint64_t strides[VRN_MAX_RANK];
    const uint64_t count = vrn_tensor_count(v), gains = vrn_tensor_count(g);
    if (!gain_strides(v, g, strides)) return false;
    float *gain = read(c, g);
    double *norm = vrn_arena_alloc(&c->list->arena, (size_t)gains, sizeof *norm);
    if (!gain || !norm) return false;
    for (uint64_t i = 0; i < count; i++) {
        norm[gain_of(v, strides, i)] += (double)out[i] * (double)out[i];
    }
    for (uint64_t i = 0; i < gains; i++) norm[i] = (double)gain[i] / sqrt(norm[i]);
    for (uint64_t i = 0; i < count; i++) {
        out[i] = (float)((double)out[i] * norm[gain_of(v, strides, i)]);
    }
    return true;
}

static bool norm_spectrum(const computer *c, const vrn_tensor *w, const vrn_tensor *u,
                          const vrn_tensor *v, float *out)
{
    const uint64_t count = vrn_tensor_count(w), rows = vrn_tensor_count(u),
                   columns = vrn_tensor_count(v);
    if (w->rank < 2 || u->rank != 1 || v->rank != 1 || rows != w->shape[0]) return false;
    if (columns == 0 || count / columns != rows || count % columns != 0) return false;
    const float *left = read(c, u), *right = read(c, v);
    double sigma = 0;
    if (!left || !right) return false;
    for (uint64_t i = 0; i < count; i++) {
        sigma += (double)left[i / columns] * (double)out[i] * (double)right[i % columns];
    }
    for (uint64_t i = 0; i < count; i++) out[i] = (float)((double)out[i] / sigma);
    return true;
}

static bool prune(const computer *c, const vrn_tensor *w, const vrn_tensor *mask, float *out)
{
    if (w->rank != mask->rank || memcmp(w->shape, mask->shape, w->rank * sizeof *w->shape) != 0) {
        return false;
    }
    const float *keep = read(c, mask);
    if (!keep) return false;
    for (uint64_t i = 0; i < vrn_tensor_count(w); i++) out[i] *= keep[i];
    return true;
}

/* Computes one weight from its parts, if they fit each other. */
static vrn_result compute(const computer *c, size_t form, vrn_tensor *const parts[PARTS_MAX],
                          size_t length)
{
    vrn_arena *arena = &c->list->arena;
    vrn_tensor *w = parts[0];
    const kind how = forms[form].kind;
    if (!parts[1] || (how == SPECTRAL_NORM && !parts[2])) return VRN_OK;
    char name[NAME_CAPACITY] = "";
    vrn_append(name, sizeof name, "%.*s%s", (int)length, w->name, forms[form].result);
    float *out = read(c, w);
    char *copy = out ? vrn_arena_text(arena, name, strlen(name)) : NULL;
    if (!copy) return vrn_arena_fail(arena, c->source->name, c->source->log);
    const bool fits = how == WEIGHT_NORM     ? norm_weight(c, w, parts[1], out)
                      : how == SPECTRAL_NORM ? norm_spectrum(c, w, parts[1], parts[2], out)
                                             : prune(c, w, parts[1], out);
    if (!fits && arena->exceeded) return vrn_arena_fail(arena, c->source->name, c->source->log);
    if (!fits) return VRN_OK;
    for (size_t i = 1; i < PARTS_MAX && parts[i]; i++) c->gone[parts[i] - c->list->tensors] = true;
    w->name = copy;
    w->dtype = VRN_DTYPE_F32;
    w->data = (const uint8_t *)out;
    vrn_tensor_set_contiguous(w);
    return VRN_OK;
}

/* Looks for the parts of a form, of which tensor `i` is the first. */
static vrn_result try_form(const computer *c, size_t i, size_t form, bool *done)
{
    vrn_tensor *parts[PARTS_MAX] = {&c->list->tensors[i]};
    const char *name = parts[0]->name, *end = forms[form].parts[0];
    const size_t length = strlen(name), own = strlen(end);
    if (length < own || strcmp(name + length - own, end) != 0) return VRN_OK;
    if (length > own && name[length - own - 1] != '.') return VRN_OK;
    bool usable = true;
    for (size_t k = 0; k < PARTS_MAX && forms[form].parts[k]; k++) {
        if (k > 0) parts[k] = find(c, name, length - own, forms[form].parts[k]);
        usable = usable && parts[k] && vrn_dtype_is_float(parts[k]->dtype) &&
                 vrn_tensor_count(parts[k]) > 0;
    }
    /* If a weight has several parametrizations, the first does not give the weight. */
    usable = usable && !find(c, name, length - own, "parametrizations.weight.1._u");
    *done = usable;
    return usable ? compute(c, form, parts, length - own) : VRN_OK;
}

vrn_result vrn_weights_compute(vrn_tensor_list *list, const vrn_source *source)
{
    const size_t count = list->count;
    computer c = {.list = list, .source = source, .count = count};
    bool any = false;
    for (size_t i = 0; i < count && !any; i++) {
        for (size_t k = 0; k < VRN_COUNT(forms) && !any; k++) {
            any = strstr(list->tensors[i].name, forms[k].parts[0]) != NULL;
        }
    }
    if (!any) return VRN_OK;
    c.index = vrn_arena_alloc(&list->arena, count, sizeof *c.index);
    c.gone = vrn_arena_alloc(&list->arena, count, sizeof *c.gone);
    if (!c.index || !c.gone) return vrn_arena_fail(&list->arena, source->name, source->log);
    for (size_t i = 0; i < count; i++) c.index[i] = (index_entry){list->tensors[i].name, i};
    qsort(c.index, count, sizeof *c.index, compare_entries);
    for (size_t i = 0; i < count; i++) {
        bool done = false;
        for (size_t k = 0; k < VRN_COUNT(forms) && !done && !c.gone[i]; k++) {
            vrn_result result = try_form(&c, i, k, &done);
            if (result) return result;
        }
    }
    list->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!c.gone[i]) list->tensors[list->count++] = list->tensors[i];
    }
    return VRN_OK;
}
