#include "checkpoint/onnx_gate.h"

#include "base/util.h"
#include "checkpoint/onnx_numbers.h"
#include "checkpoint/onnx_weights.h"

/* ReduceMean over rows and columns. */
static bool reduces_image(const vrn_onnx_walk *w, const vrn_onnx_node *node)
{
    vrn_onnx_numbers axes = {.count = 2, .columns = 2};
    if (!vrn_onnx_ints(node, "axes", axes.values, 2) &&
        !vrn_onnx_numbers_of(w->model, vrn_onnx_input(w->model, node, 1), &axes)) {
        return false;
    }
    for (uint32_t i = 0; i < axes.count; i++) {
        if (axes.values[i] < 0) axes.values[i] += 4;
    }
    return axes.count == 2 && axes.values[0] + axes.values[1] == 5 &&
           axes.values[0] * axes.values[1] == 6;
}

bool vrn_onnx_is_mean(const vrn_onnx_walk *w, const vrn_onnx_node *node)
{
    return vrn_onnx_is(node, "GlobalAveragePool") ||
           (vrn_onnx_is(node, "ReduceMean") && reduces_image(w, node));
}

void vrn_onnx_skip_reshapes(const vrn_onnx_walk *w, uint32_t *value)
{
    static const char *const words[] = {"Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose"};
    for (;;) {
        vrn_onnx_node *node = vrn_onnx_reader(w, *value);
        bool known = false;
        for (size_t i = 0; node && i < VRN_COUNT(words); i++) known |= vrn_onnx_is(node, words[i]);
        if (!known) return;
        vrn_onnx_use_node(w, node, value);
    }
}

/* The other reader of a value besides a Mul; NULL: it has no two such readers. */
static vrn_onnx_node *find_pool(const vrn_onnx_walk *w, uint32_t value, vrn_onnx_node **product)
{
    const vrn_onnx_value *v = &w->model->values[value];
    vrn_onnx_node *pool = NULL;
    *product = NULL;
    if (v->use_count != 2) return NULL;
    for (uint32_t i = 0; i < 2; i++) {
        vrn_onnx_node *node = &w->model->nodes[w->model->uses[v->first_use + i].node];
        if (vrn_onnx_is_mean(w, node)) pool = node;
        if (vrn_onnx_is(node, "Mul")) *product = node;
    }
    return *product ? pool : NULL;
}

static bool is_filter(const vrn_tensor *weight)
{
    return weight->rank == 3 && weight->shape[0] == 1 && weight->shape[1] == 1 &&
           weight->shape[2] % 2 == 1;
}

/* A convolution of one pixel or along the channels, or a linear layer. */
static bool take_layer(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_gate *gate)
{
    static const char expected[] = "linear layers of the channels' means (squeeze and excitation), "
                                   "or a filter along them (ECA)";
    vrn_onnx_node *node = vrn_onnx_reader(w, *value);
    if (gate->count == VRN_COUNT(gate->weight)) return vrn_onnx_misfit(w, node, expected);
    vrn_tensor *weight = &gate->weight[gate->count], *bias = &gate->bias[gate->count];
    gate->count++;
    if (!node || !vrn_onnx_is(node, "Conv")) {
        vrn_onnx_linear linear;
        if (!vrn_onnx_take_linear(w, value, &linear)) return false;
        *weight = linear.weight;
        *bias = linear.bias;
        return true;
    }
    vrn_result result = vrn_onnx_weight(w->model, node, 1, weight);
    if (result) {
        w->result = w->result ? w->result : result;
        return false;
    }
    const bool point = weight->rank == 4 && weight->shape[2] == 1 && weight->shape[3] == 1;
    const bool filter = is_filter(weight);
    int64_t pads[2] = {0, 0}, strides[2] = {1, 1};
    if (filter) vrn_onnx_ints(node, "pads", pads, 2);
    if (!filter) vrn_onnx_ints(node, "strides", strides, 2);
    const int64_t same = filter ? (int64_t)weight->shape[2] / 2 : 0;
    const bool good = (point || (filter && gate->count == 1)) && pads[0] == same &&
                      pads[1] == same && strides[0] == 1 && strides[1] == 1 &&
                      vrn_onnx_int(node, "group", 1) == 1 &&
                      !(filter && vrn_onnx_input(w->model, node, 2) != VRN_ONNX_NONE);
    if (!good) return vrn_onnx_misfit(w, node, expected);
    if (vrn_onnx_input(w->model, node, 2) != VRN_ONNX_NONE) {
        result = vrn_onnx_vector(w->model, node, 2, weight->shape[0], bias);
        if (result && !w->result) w->result = result;
        if (result) return false;
    }
    vrn_onnx_use_node(w, node, value);
    return true;
}

bool vrn_onnx_take_gate(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_gate *gate)
{
    vrn_onnx_node *product, *pool = find_pool(w, *value, &product);
    if (!pool) return true;
    const uint32_t channels_of = *value;
    uint32_t at = *value;
    gate->node = pool;
    vrn_onnx_use_node(w, pool, &at);
    vrn_onnx_skip_reshapes(w, &at);
    if (!take_layer(w, &at, gate)) return false;
    const vrn_onnx_node *next = vrn_onnx_reader(w, at);
    if (next && vrn_onnx_is(next, "Relu")) {
        vrn_onnx_use_node(w, vrn_onnx_reader(w, at), &at);
        if (!take_layer(w, &at, gate)) return false;
    }
    if ((gate->count == 1) != is_filter(&gate->weight[0])) {
        return vrn_onnx_misfit(w, pool,
                               "two linear layers with a ReLU between them, or one filter");
    }
    vrn_onnx_skip_reshapes(w, &at);
    vrn_onnx_node *sigmoid = vrn_onnx_reader(w, at);
    if (!sigmoid || !vrn_onnx_is(sigmoid, "Sigmoid")) {
        return vrn_onnx_misfit_behind(w, at, "the sigmoid of a block's attention");
    }
    vrn_onnx_use_node(w, sigmoid, &at);
    vrn_onnx_skip_reshapes(w, &at);
    vrn_onnx_node *expand = vrn_onnx_reader(w, at); /* to the shape of the channels */
    if (expand && vrn_onnx_is(expand, "Expand")) vrn_onnx_use_node(w, expand, &at);
    if (vrn_onnx_reader(w, at) != product) {
        return vrn_onnx_misfit_behind(w, at, "the product of the channels and their attention");
    }
    const uint32_t a = vrn_onnx_input(w->model, product, 0),
                   b = vrn_onnx_input(w->model, product, 1);
    if (!((a == channels_of && b == at) || (a == at && b == channels_of))) {
        return vrn_onnx_misfit(w, product, "the product of the channels and their attention");
    }
    vrn_onnx_use_node(w, product, value);
    return true;
}
