#include "checkpoint/onnx_weights.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "checkpoint/onnx_numbers.h"
#include "checkpoint/onnx_tensor.h"

enum { DEPTH_MAX = 12 };

static vrn_result transpose(const vrn_onnx_model *m, const vrn_onnx_node *node, vrn_tensor *tensor)
{
    const vrn_tensor old = *tensor;
    int64_t order[VRN_MAX_RANK];
    bool named = vrn_onnx_ints(node, "perm", order, old.rank);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < old.rank; i++) {
        if (!named) order[i] = (int64_t)(old.rank - 1 - i);
        if (order[i] < 0 || order[i] >= (int64_t)old.rank || (seen >> order[i] & 1)) {
            char shown[VRN_ONNX_SHOWN_MAX];
            return vrn_source_fail(m->source, "node %s: its perm is not a permutation",
                                   vrn_onnx_show(m, node, shown));
        }
        seen |= 1u << order[i];
        tensor->shape[i] = old.shape[order[i]];
        tensor->stride[i] = old.stride[order[i]];
    }
    return VRN_OK;
}

/* Inserts sides of 1. */
static vrn_result unsqueeze(const vrn_onnx_model *m, const vrn_onnx_node *node, vrn_tensor *tensor)
{
    const vrn_tensor old = *tensor;
    vrn_onnx_numbers axes = {.count = 0};
    bool good = vrn_onnx_numbers_of(m, vrn_onnx_input(m, node, 1), &axes);
    for (uint32_t n = 1; !good && n <= 3; n++) {
        good = vrn_onnx_ints(node, "axes", axes.values, n);
        axes.count = n;
    }
    good = good && axes.count + old.rank <= VRN_MAX_RANK;
    uint32_t from = 0;
    tensor->rank = good ? old.rank + axes.count : old.rank;
    for (uint32_t i = 0; good && i < tensor->rank; i++) {
        bool new = false;
        for (uint32_t k = 0; k < axes.count; k++) new |= axes.values[k] == (int64_t)i;
        if (!new &&from == old.rank) good = false;
        if (!good) break;
        tensor->shape[i] = new ? 1 : old.shape[from];
        tensor->stride[i] = new ? 0 : old.stride[from];
        from += !new;
    }
    if (good && from == old.rank) return VRN_OK;
    char shown[VRN_ONNX_SHOWN_MAX];
    return vrn_source_fail(m->source, "node %s: its axes are not axes of its result",
                           vrn_onnx_show(m, node, shown));
}

/* Fails because an input is not a constant of floats. */
static vrn_result fail_input(const vrn_onnx_model *m, const vrn_onnx_node *node, uint32_t slot,
                             const char *found)
{
    char shown[VRN_ONNX_SHOWN_MAX];
    return vrn_source_fail(m->source,
                           "node %s: expected weights as its input %" PRIu32 ", found %s",
                           vrn_onnx_show(m, node, shown), slot + 1, found);
}

vrn_result vrn_onnx_weight(const vrn_onnx_model *model, const vrn_onnx_node *node, uint32_t slot,
                           vrn_tensor *tensor)
{
    const vrn_onnx_model *m = model;
    uint32_t value = vrn_onnx_input(m, node, slot);
    const vrn_onnx_node *turned = NULL; /* the node that reshapes it */
    vrn_proto message;
    char name[VRN_ONNX_SHOWN_MAX];
    if (value == VRN_ONNX_NONE) return fail_input(m, node, slot, "none");
    if (!m->values[value].tensor.at && m->values[value].node != VRN_ONNX_NONE) {
        const vrn_onnx_node *maker = &m->nodes[m->values[value].node];
        if (vrn_onnx_is(maker, "Transpose") || vrn_onnx_is(maker, "Unsqueeze")) {
            turned = maker;
            value = vrn_onnx_input(m, maker, 0);
        }
    }
    if (!vrn_onnx_find_tensor(m, value, &message))
        return fail_input(m, node, slot, "a computed value");
    vrn_onnx_tensor p = vrn_onnx_take_apart(message);
    vrn_onnx_show_text(m->values[value].name, name);
    if (p.fault) return vrn_source_fail(m->source, "%s: %s", name, p.fault);
    if (!vrn_dtype_is_float(p.tensor.dtype)) {
        char type[64] = "";
        vrn_append(type, sizeof type, "numbers of type %" PRIu64, p.type);
        return fail_input(m, node, slot, type);
    }
    vrn_result result = vrn_onnx_find_data(m, &p, name);
    *tensor = p.tensor;
    if (result || !turned) return result;
    return vrn_onnx_is(turned, "Transpose") ? transpose(m, turned, tensor)
                                            : unsqueeze(m, turned, tensor);
}

vrn_result vrn_onnx_vector(const vrn_onnx_model *model, const vrn_onnx_node *node, uint32_t slot,
                           uint64_t count, vrn_tensor *tensor)
{
    static const char *const reshaping[] = {"Reshape", "Unsqueeze", "Squeeze", "Expand"};
    const vrn_onnx_node *reader = node;
    bool expanded = false;
    for (uint32_t depth = 0; depth < DEPTH_MAX; depth++) {
        const uint32_t value = vrn_onnx_input(model, reader, slot);
        if (value == VRN_ONNX_NONE || model->values[value].tensor.at) break;
        if (model->values[value].node == VRN_ONNX_NONE) break;
        const vrn_onnx_node *maker = &model->nodes[model->values[value].node];
        bool known = false;
        for (size_t i = 0; i < VRN_COUNT(reshaping); i++) known |= vrn_onnx_is(maker, reshaping[i]);
        if (!known) break;
        expanded |= vrn_onnx_is(maker, "Expand");
        reader = maker;
        slot = 0;
    }
    vrn_result result = vrn_onnx_weight(model, reader, slot, tensor);
    if (result) return result;
    const uint64_t found = vrn_tensor_count(tensor);
    if (found != count && !(expanded && found == 1)) {
        char shown[VRN_ONNX_SHOWN_MAX], shape[128];
        vrn_tensor_format_shape(tensor, shape, sizeof shape);
        return vrn_source_fail(model->source, "node %s: expected weights [%" PRIu64 "], found %s",
                               vrn_onnx_show(model, node, shown), count, shape);
    }
    tensor->rank = 1;
    tensor->shape[0] = count;
    tensor->stride[0] = found == count ? 1 : 0;
    return VRN_OK;
}
