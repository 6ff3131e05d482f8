#include "net/bind.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/util.h"
#include "net/arch.h"
#include "net/filters.h"
#include "net/graph.h"
#include "net/kinds.h"

vrn_result vrn_bind_check_size(const vrn_arch *arch, const vrn_names *names, const char *subject,
                               const char *text, const vrn_log *log)
{
    enum { TENSORS_OF_A_BLOCK = 4 }; /* at least: two convolutions, each with a bias or a norm */
    size_t blocks = 0;
    for (uint32_t i = 0; i < arch->stages; i++) blocks += arch->layers[i];
    if (blocks <= names->count / TENSORS_OF_A_BLOCK) {
        return vrn_filters_take(names, arch, subject, log);
    }
    return vrn_fail(log, VRN_ERROR_FILE,
                    "%s: expected the tensors of %zu blocks, found %zu in all (%s)", subject,
                    blocks, names->count, text);
}

/* A linear layer, of the head or of attention, may have no bias. */
static bool is_linear_bias(const char *name)
{
    const bool linear = strncmp(name, "fc.", 3) == 0 || strstr(name, ".se.fc") != NULL;
    return linear && strcmp(name + strlen(name) - 5, ".bias") == 0;
}

/* [K, C] as [K, C, 1, 1], which attention has either way, or the reverse. */
static vrn_tensor as_wanted(const vrn_tensor *tensor, const vrn_tensor *wanted)
{
    vrn_tensor same = *tensor;
    if (tensor->rank == 4 && wanted->rank == 2 && tensor->shape[2] == 1 && tensor->shape[3] == 1) {
        same.rank = 2;
        return same;
    }
    if (tensor->rank != 2 || wanted->rank != 4 || wanted->shape[2] * wanted->shape[3] != 1) {
        return same;
    }
    same.rank = 4;
    same.shape[2] = same.shape[3] = same.stride[2] = same.stride[3] = 1;
    return same;
}

vrn_result vrn_bind_tensor(vrn_tensor *wanted, vrn_named_tensor *entry,
                           vrn_assumptions *assumptions, const char *subject, const char *arch,
                           const vrn_log *log)
{
    static const float zero;
    char expected[128], found[128];
    vrn_tensor_format_shape(wanted, expected, sizeof expected);
    if (!entry && is_linear_bias(wanted->name)) {
        wanted->data = (const uint8_t *)&zero;
        memset(wanted->stride, 0, sizeof wanted->stride);
        if (strncmp(wanted->name, "fc.", 3) == 0)
            vrn_assume(assumptions, false, "%s: none, as in the file", wanted->name);
        return VRN_OK;
    }
    if (!entry) {
        return vrn_fail(log, VRN_ERROR_FILE, "%s: %s: expected %s, found no such tensor (%s)",
                        subject, wanted->name, expected, arch);
    }
    const vrn_tensor bound = as_wanted(entry->tensor, wanted), *tensor = &bound;
    size_t shape_bytes = wanted->rank * sizeof *wanted->shape;
    if (tensor->rank != wanted->rank || memcmp(tensor->shape, wanted->shape, shape_bytes) != 0) {
        vrn_tensor_format_shape(tensor, found, sizeof found);
        return vrn_fail(log, VRN_ERROR_FILE, "%s: %.200s: expected %s, found %s (%s)", subject,
                        tensor->name, expected, found, arch);
    }
    if (!vrn_dtype_is_float(tensor->dtype)) {
        return vrn_fail(log, VRN_ERROR_FILE,
                        "%s: %.200s: expected float32, float16, bfloat16 or float64, found %s",
                        subject, tensor->name, vrn_dtype_name(tensor->dtype));
    }
    const char *name = wanted->name;
    *wanted = *tensor;
    wanted->name = name;
    entry->used = true;
    return VRN_OK;
}

vrn_result vrn_bind_refuse(const vrn_names *names, bool beheaded, const char *subject,
                           const char *arch, const vrn_log *log)
{
    const vrn_named_tensor *first = NULL;
    for (size_t i = 0; i < names->inside; i++) {
        const vrn_named_tensor *entry = &names->entries[i];
        if (entry->used || (beheaded && strncmp(entry->name, "fc.", 3) == 0)) continue;
        if (!first || entry->position < first->position) first = entry;
    }
    if (!first) return VRN_OK;
    char found[128], kind[256];
    vrn_tensor_format_shape(first->tensor, found, sizeof found);
    vrn_kinds_describe(names, true, kind, sizeof kind);
    return vrn_fail(log, VRN_ERROR_FILE, "%s: %.200s: expected no such tensor, found %s (%s)%s",
                    subject, first->tensor->name, found, arch, kind);
}

/* Whether a tensor beside the network is what its input is normalised with. */
static bool normalizes(const vrn_named_tensor *entry)
{
    static const char *const parts[] = {"mean", "std"};
    const char *last = strrchr(entry->name, '.');
    last = last ? last + 1 : entry->name;
    bool named = false;
    for (size_t i = 0; i < VRN_COUNT(parts); i++) named |= strcmp(last, parts[i]) == 0;
    return named && vrn_tensor_count(entry->tensor) <= VRN_MAX_IN_CHANNELS;
}

/* Whether a tensor beside the network may belong to its answer: it reads the logits, or stands
 * before a head that lies beside the network as well. */
static bool may_belong(const vrn_names *names, const vrn_tensor *tensor)
{
    const vrn_named_tensor *last = vrn_names_find(names, "fc.weight");
    const vrn_named_tensor *first = last ? last : vrn_names_find(names, "fc.0.weight");
    if (!last) last = vrn_names_find(names, "fc.2.weight");
    if (!first || !last || first->tensor->rank != 2 || last->tensor->rank != 2) return false;
    if (tensor->rank < 1 || tensor->rank > 2) return false;
    const uint64_t width = tensor->shape[tensor->rank - 1];
    const bool beside = strncmp(first->tensor->name, names->prefix, strlen(names->prefix)) != 0;
    return (tensor->rank == 2 && width == last->tensor->shape[0]) ||
           (beside && width == first->tensor->shape[1]);
}

vrn_result vrn_bind_leave(const vrn_names *names, bool chosen, vrn_assumptions *assumptions,
                          const char *subject, const vrn_log *log)
{
    char list[160] = "";
    size_t count = 0;
    bool doubtful = false;
    for (size_t i = names->inside; i < names->count; i++) {
        const vrn_named_tensor *entry = &names->entries[i];
        if (normalizes(entry) && !chosen) {
            return vrn_fail(log, VRN_ERROR_FILE,
                            "%s: %.80s: this model normalises its input itself; --prefix %.*s "
                            "selects the network inside it, which expects normalised input",
                            subject, entry->name, (int)strlen(names->prefix) - 1, names->prefix);
        }
        doubtful |= may_belong(names, entry->tensor);
        if (count++ < 3) vrn_append(list, sizeof list, "%s%.48s", *list ? ", " : "", entry->name);
    }
    if (count) {
        vrn_assume(assumptions, doubtful && !chosen,
                   "%zu tensors beside '%.60s' are ignored%s: %s%s", count, names->prefix,
                   doubtful ? ", but some of them may contribute to the result" : "", list,
                   count > 3 ? ", .." : "");
    }
    if (*names->others) {
        vrn_assume(assumptions, !chosen,
                   "using the network below '%.60s', not %.100s (--prefix chooses)", names->prefix,
                   names->others);
    }
    return VRN_OK;
}

/* Counts the tensors that are as an architecture has them. */
typedef struct comparison {
    const vrn_tensor *tensors;
    size_t count, same;
} comparison;

static vrn_result compare_parameter(void *user, const vrn_parameter *parameter)
{
    comparison *c = user;
    if (parameter->index >= c->count) return VRN_OK;
    const vrn_tensor *tensor = &c->tensors[parameter->index];
    c->same +=
        strcmp(tensor->name, parameter->name) == 0 && tensor->rank == parameter->rank &&
        memcmp(tensor->shape, parameter->shape, parameter->rank * sizeof *parameter->shape) == 0;
    return VRN_OK;
}

vrn_result vrn_bind_compare(const vrn_tensor *tensors, size_t count, const vrn_arch *arch,
                            const vrn_log *log)
{
    vrn_graph graph;
    comparison c = {.tensors = tensors, .count = count};
    vrn_result result = vrn_graph_build(&graph, arch, 1, 1, log);
    if (result) return result;
    const uint32_t needed = graph.parameter_count;
    result = vrn_graph_visit_parameters(&graph, compare_parameter, &c);
    vrn_graph_free(&graph);
    if (result || (c.same == needed && needed == count)) return result;
    return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                    "architecture: expected one with the same parameters");
}
