#include "net/bind.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/util.h"
#include "net/arch.h"
#include "net/filters.h"
#include "net/graph.h"
#include "net/kinds.h"

vrn_result vrn_bind_check_size(const vrn_binding *b, const vrn_arch *arch)
{
    enum { TENSORS_OF_A_BLOCK = 4 }; /* the minimum: two convolutions, each with a bias or a norm */
    size_t blocks = 0;
    for (uint32_t i = 0; i < arch->stages; i++) blocks += arch->layers[i];
    if (blocks <= b->names->count / TENSORS_OF_A_BLOCK) {
        return vrn_filters_take(b->names, arch, b->subject, b->log);
    }
    return vrn_fail(
        b->log, VRN_ERROR_FILE,
        "%s: expected the tensors of %zu blocks, found only %zu tensors (the architecture "
        "is %s)",
        b->subject, blocks, b->names->count, b->arch);
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

/* Fails with a tensor of the network that is not as expected. */
static vrn_result misfit(const vrn_binding *b, const char *name, const char *expected,
                         const char *found)
{
    char kind[256];
    vrn_kinds_describe(b->names, true, kind, sizeof kind);
    return vrn_fail(b->log, VRN_ERROR_FILE,
                    "%s: %.200s: expected %s, found %s (the architecture is %s)%s", b->subject,
                    name, expected, found, b->arch, kind);
}

vrn_result vrn_bind_tensor(const vrn_binding *b, vrn_tensor *wanted, vrn_named_tensor *entry)
{
    static const float zero;
    char expected[128], found[128];
    vrn_tensor_format_shape(wanted, expected, sizeof expected);
    if (!entry && is_linear_bias(wanted->name)) {
        wanted->data = (const uint8_t *)&zero;
        memset(wanted->stride, 0, sizeof wanted->stride);
        if (strncmp(wanted->name, "fc.", 3) == 0)
            vrn_assume(b->assumptions, false, "%s: zero, because the file has none%s", wanted->name,
                       strcmp(wanted->name, "fc.bias") == 0
                           ? " (the file of a cosine head, which normalises features and weights, "
                             "looks the same)"
                           : "");
        return VRN_OK;
    }
    if (!entry) return misfit(b, wanted->name, expected, "no such tensor");
    const vrn_tensor bound = as_wanted(entry->tensor, wanted), *tensor = &bound;
    size_t shape_bytes = wanted->rank * sizeof *wanted->shape;
    if (tensor->rank != wanted->rank || memcmp(tensor->shape, wanted->shape, shape_bytes) != 0) {
        vrn_tensor_format_shape(tensor, found, sizeof found);
        return misfit(b, tensor->name, expected, found);
    }
    if (!vrn_dtype_is_float(tensor->dtype)) {
        return vrn_fail(b->log, VRN_ERROR_FILE,
                        "%s: %.200s: expected float32, float16, bfloat16 or float64, found %s: "
                        "save the network in one of these",
                        b->subject, tensor->name, vrn_dtype_name(tensor->dtype));
    }
    const char *name = wanted->name;
    *wanted = *tensor;
    wanted->name = name;
    entry->used = true;
    return VRN_OK;
}

vrn_result vrn_bind_refuse(const vrn_binding *b, bool beheaded)
{
    const vrn_named_tensor *first = NULL;
    for (size_t i = 0; i < b->names->inside; i++) {
        const vrn_named_tensor *entry = &b->names->entries[i];
        if (entry->used || (beheaded && strncmp(entry->name, "fc.", 3) == 0)) continue;
        if (!first || entry->position < first->position) first = entry;
    }
    if (!first) return VRN_OK;
    char found[128];
    vrn_tensor_format_shape(first->tensor, found, sizeof found);
    return misfit(b, first->tensor->name, "no such tensor", found);
}

/* ---- What lies beside ------------------------------------------------------------------------ */

/* Modules that only training has. */
static bool is_of_training(const char *name)
{
    static const char *const parts[] = {"criterion", "loss",     "metric",      "proj", "predictor",
                                        "prototype", "momentum", "queue",       "acc",  "auroc",
                                        "f1",        "confmat",  "class_weight"};
    for (size_t i = 0; i < VRN_COUNT(parts); i++) {
        if (strstr(name, parts[i])) return true;
    }
    return false;
}

static bool is_weight(const char *name)
{
    const size_t length = strlen(name);
    return length >= 6 && strcmp(name + length - 6, "weight") == 0;
}

/* True if a tensor beside the network normalises its input. */
static bool normalizes(const vrn_named_tensor *entry)
{
    static const char *const parts[] = {"mean", "std"};
    const char *last = strrchr(entry->name, '.');
    last = last ? last + 1 : entry->name;
    bool named = false;
    for (size_t i = 0; i < VRN_COUNT(parts); i++) named |= strcmp(last, parts[i]) == 0;
    return named && vrn_tensor_count(entry->tensor) <= VRN_MAX_IN_CHANNELS;
}

/* The normalisation of MadryLab's robustness, whose networks are used without it. */
static bool is_of_robustness(const char *name)
{
    return strstr(name, ".new_mean") || strstr(name, ".new_std");
}

/* True if the tensor seems to belong before the network: it has a number for each input channel, or
 * it makes or reads these channels. */
static bool is_before(const vrn_named_tensor *entry, const vrn_tensor *stem, size_t stem_position)
{
    const vrn_tensor *tensor = entry->tensor;
    const uint64_t channels = stem->rank == 4 ? stem->shape[1] : 0;
    if (entry->position > stem_position || channels == 0) return false;
    const bool makes = tensor->rank == 4 && tensor->shape[0] == channels &&
                       tensor->shape[1] <= VRN_MAX_IN_CHANNELS;
    const bool reads = tensor->rank == 4 && tensor->shape[1] == channels;
    return makes || reads || (channels > 1 && vrn_tensor_count(tensor) == channels);
}

/* True if the tensor may belong between the features and a head beside the network: a norm, a
 * square layer, attention, or a pool's exponent. */
static bool is_between(const vrn_named_tensor *entry, uint64_t features)
{
    const vrn_tensor *tensor = entry->tensor;
    const size_t length = strlen(entry->name);
    if (vrn_tensor_count(tensor) == 1) {
        return length > 2 && strcmp(entry->name + length - 2, ".p") == 0;
    }
    if (tensor->rank == 1) return is_weight(entry->name) && tensor->shape[0] == features;
    const bool square = tensor->shape[0] == features || tensor->shape[0] == 3 * features;
    return tensor->rank >= 2 && square && tensor->shape[1] == features;
}

/* True if the tensor may belong to a layer or norm that reads the logits. */
static bool reads_logits(const vrn_named_tensor *entry, uint64_t classes)
{
    const vrn_tensor *tensor = entry->tensor;
    if (tensor->rank == 2) return tensor->shape[1] == classes && strstr(entry->name, "weight");
    return tensor->rank == 1 && tensor->shape[0] == classes && strstr(entry->name, "running_mean");
}

static vrn_result refuse_beside(const vrn_binding *b, const char *name, const char *what)
{
    return vrn_fail(b->log, VRN_ERROR_FILE, "%s: %.80s: %s: --prefix %.*s selects only the network",
                    b->subject, name, what, (int)strlen(b->names->prefix) - 1, b->names->prefix);
}

vrn_result vrn_bind_leave(const vrn_binding *b, bool chosen)
{
    const vrn_names *names = b->names;
    const vrn_named_tensor *stem = vrn_names_find_prefix(names, "conv1.");
    const vrn_named_tensor *last = vrn_names_find(names, "fc.weight");
    const vrn_named_tensor *first = last ? last : vrn_names_find(names, "fc.0.weight");
    if (!last) last = vrn_names_find(names, "fc.2.weight");
    const uint64_t features = first && first->tensor->rank > 1 ? first->tensor->shape[1] : 0;
    const uint64_t classes = last && last->tensor->rank > 1 ? last->tensor->shape[0] : 0;
    const bool beside =
        first && strncmp(first->tensor->name, names->prefix, strlen(names->prefix)) != 0;
    char list[160] = "";
    size_t count = 0;
    bool doubtful = false; /* another head */
    for (size_t i = names->inside; i < names->count; i++) {
        const vrn_named_tensor *entry = &names->entries[i];
        const vrn_tensor *tensor = entry->tensor;
        if (entry->used || entry->elsewhere) continue;
        if (count++ < 3) vrn_append(list, sizeof list, "%s%.48s", *list ? ", " : "", entry->name);
        doubtful |= is_of_robustness(entry->name);
        if (is_of_robustness(entry->name)) continue;
        if (chosen || !vrn_dtype_is_float(tensor->dtype) || is_of_training(entry->name)) continue;
        if (normalizes(entry)) {
            return vrn_fail(b->log, VRN_ERROR_FILE,
                            "%s: %.80s: this model normalises its input itself; --prefix %.*s "
                            "selects the network inside it, which expects normalised input",
                            b->subject, entry->name, (int)strlen(names->prefix) - 1, names->prefix);
        }
        if (stem && is_before(entry, stem->tensor, stem->position)) {
            return refuse_beside(b, entry->name,
                                 "this seems to change the network's input, and is not supported");
        }
        doubtful |= tensor->rank == 2 && features && tensor->shape[1] == features;
        if (classes && reads_logits(entry, classes)) {
            return refuse_beside(b, entry->name,
                                 "this seems to read the network's logits, and is not supported");
        }
        if (beside && features && is_between(entry, features)) {
            return refuse_beside(b, entry->name,
                                 "this seems to stand between the network and its head, and is not "
                                 "supported");
        }
    }
    if (count) {
        vrn_assume(b->assumptions, doubtful, "%zu tensor%s beside %s%.60s%s %s ignored: %s%s",
                   count, count == 1 ? "" : "s", *names->prefix ? "'" : "the network",
                   names->prefix, *names->prefix ? "'" : "", count == 1 ? "is" : "are", list,
                   count > 3 ? ", ..." : "");
    }
    if (*names->others) {
        vrn_assume(
            b->assumptions, !chosen,
            "using the network with the prefix '%.60s', not %.100s (--prefix selects another)",
            names->prefix, names->others);
    }
    return VRN_OK;
}

/* Counts the tensors that an architecture needs. */
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
    return vrn_fail(
        log, VRN_ERROR_INVALID_ARGUMENT,
        "architecture: expected one with the same parameters as the model, found others");
}
