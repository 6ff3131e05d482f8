#include "checkpoint/onnx_net.h"

#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "checkpoint/onnx_numbers.h"

enum { STRIDE_MAX = 8 };

/* ---- Pools ----------------------------------------------------------------------------------- */

/* True if a 3x3 pool with stride 2, padded only at the end, has as many windows as with ceil_mode:
 * always with one row of padding; with two or none, depending on the side. */
static bool reaches_over(uint64_t side, int64_t behind, bool ceil)
{
    if (ceil && behind == 0) return true;
    if (ceil) return false;
    return behind == 1 || (behind == 2 && side && side % 2 == 0) ||
           (behind == 0 && side && side % 2 == 1);
}

static bool is_square(const int64_t pair[2], int64_t side)
{
    return pair[0] == side && pair[1] == side;
}

/* A mean over windows that do not overlap. */
static bool take_mean(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *node, uint32_t *side)
{
    vrn_onnx_window window;
    if (!vrn_onnx_read_window(w, node, &window)) return false;
    const int64_t kernel = window.kernel[0];
    bool good = is_square(window.kernel, kernel) && is_square(window.stride, kernel) &&
                kernel <= STRIDE_MAX;
    for (uint32_t i = 0; i < 4; i++) good = good && window.pads[i] == 0;
    if (!good) {
        return vrn_onnx_misfit(w, node,
                               "an average pool without padding, whose windows do not overlap");
    }
    *side = (uint32_t)kernel;
    vrn_onnx_use_node(w, node, value);
    w->height = w->height / *side;
    w->width = w->width / *side;
    return true;
}

/* A Pad of zeros everywhere, as older exporters put before AveragePool, changes nothing. */
static bool skip_empty_pad(vrn_onnx_walk *w, uint32_t *value)
{
    vrn_onnx_node *node = vrn_onnx_reader(w, *value);
    int64_t pads[8];
    if (!node || !vrn_onnx_is(node, "Pad")) return true;
    const vrn_onnx_node *next = vrn_onnx_reader(w, vrn_onnx_output(w->model, node));
    if (!next || !vrn_onnx_is(next, "AveragePool")) return true;
    if (!vrn_onnx_read_pad(w, node, pads)) return false;
    for (uint32_t i = 0; i < 8; i++) {
        if (pads[i]) return vrn_onnx_misfit(w, node, "no padding before an average pool");
    }
    vrn_onnx_use_node(w, node, value);
    return true;
}

static bool take_max(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *node, vrn_onnx_pool *pool)
{
    vrn_onnx_window window;
    if (!vrn_onnx_read_window(w, node, &window)) return false;
    const int64_t *pads = window.pads;
    bool good = is_square(window.kernel, 3) && is_square(window.stride, 2) && pads[0] == pads[1] &&
                (pads[0] == 1 || pads[0] == 0);
    if (pads[0] == 1) {
        good = good && pads[2] == 1 && pads[3] == 1 && !window.ceil;
        *pool = VRN_ONNX_POOL_MAX;
        w->height = w->height ? (w->height - 1) / 2 + 1 : 0;
        w->width = w->width ? (w->width - 1) / 2 + 1 : 0;
    } else {
        good = good && reaches_over(w->height, pads[2], window.ceil) &&
               reaches_over(w->width, pads[3], window.ceil);
        *pool = VRN_ONNX_POOL_CAFFE;
        w->height = w->height > 3 ? (w->height - 2) / 2 + 1 : w->height > 0;
        w->width = w->width > 3 ? (w->width - 2) / 2 + 1 : w->width > 0;
    }
    if (!good) {
        return vrn_onnx_misfit(w, node, "a max pool of 3x3, stride 2, and padding 1 or ceil_mode");
    }
    vrn_onnx_use_node(w, node, value);
    return true;
}

/* ---- Stem ------------------------------------------------------------------------------------ */

static bool take_stem(vrn_onnx_walk *w, vrn_onnx_net *net, uint32_t *value)
{
    static const char place[] = "a ResNet's stem, one convolution or three";
    for (;;) {
        vrn_onnx_conv *conv = &net->stem[net->stem_count];
        if (!vrn_onnx_take_conv(w, value, vrn_onnx_reader(w, *value), place, conv)) return false;
        if (conv->groups != 1) return vrn_onnx_misfit(w, conv->node, place);
        net->stem_count++;
        if (!vrn_onnx_take_activation(w, value)) return false;
        vrn_onnx_node *next = vrn_onnx_reader(w, *value);
        if (!next || !vrn_onnx_is(next, "Conv")) break;
        if (net->stem_count == VRN_ONNX_STEM_MAX) return vrn_onnx_misfit(w, next, place);
    }
    for (uint32_t i = 0; i < net->stem_count && net->stem_count > 1; i++) {
        const vrn_onnx_conv *conv = &net->stem[i];
        if (net->stem_count == 2 || conv->kernel != 3 || (i && conv->stride != 1) ||
            conv->dilation != 1) {
            return vrn_onnx_misfit(w, conv->node,
                                   "a stem of one convolution, or of three 3x3 convolutions of "
                                   "which the first may stride");
        }
    }
    if (net->stem[0].dilation != 1) return vrn_onnx_misfit(w, net->stem[0].node, place);
    if (!skip_empty_pad(w, value)) return false;
    vrn_onnx_node *pool = vrn_onnx_reader(w, *value);
    if (pool && vrn_onnx_is(pool, "MaxPool")) return take_max(w, value, pool, &net->pool);
    if (!pool || !vrn_onnx_is(pool, "AveragePool")) return true;
    uint32_t side = 0;
    net->pool = VRN_ONNX_POOL_MEAN;
    if (!take_mean(w, value, pool, &side)) return false;
    return side == 2 || vrn_onnx_misfit(w, pool, "a 2x2 average pool after the stem");
}

/* ---- Shortcuts ------------------------------------------------------------------------------- */

/* Slices that take every n-th row and column, from `node` on. */
static bool take_slices(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *node, int64_t strides[2])
{
    const vrn_onnx_model *m = w->model;
    for (; node && vrn_onnx_is(node, "Slice"); node = vrn_onnx_reader(w, *value)) {
        vrn_onnx_numbers lists[4]; /* begins, ends, axes, steps */
        bool good = true;
        for (uint32_t i = 0; i < 4; i++) {
            good = good && vrn_onnx_numbers_of(m, vrn_onnx_input(m, node, i + 1), &lists[i]) &&
                   lists[i].count == lists[0].count;
        }
        for (uint32_t i = 0; good && i < lists[0].count; i++) {
            int64_t axis = lists[2].values[i], step = lists[3].values[i];
            if (axis < 0) axis += 4;
            good = lists[0].values[i] == 0 && lists[1].values[i] >= INT32_MAX && step >= 1 &&
                   step <= STRIDE_MAX && axis >= 0 && axis <= 3 && (axis >= 2 || step == 1);
            if (good && axis >= 2) strides[axis - 2] *= step;
        }
        if (!good || strides[0] > STRIDE_MAX || strides[1] > STRIDE_MAX) {
            return vrn_onnx_misfit(w, node, "every n-th row and column, as option A takes them");
        }
        vrn_onnx_use_node(w, node, value);
    }
    return true;
}

/* Option A, from its first node on: rows and columns are left out, by slices or a pool of 1x1, and
 * channels of zeros added. */
static bool take_zeros(vrn_onnx_walk *w, vrn_onnx_block *block, vrn_onnx_node *node,
                       uint32_t *value)
{
    int64_t strides[2] = {1, 1}, pads[8];
    block->kind = VRN_ONNX_ZEROS;
    block->node = node;
    if (vrn_onnx_is(node, "AveragePool")) {
        vrn_onnx_window window;
        if (!vrn_onnx_read_window(w, node, &window)) return false;
        for (uint32_t i = 0; i < 4; i++) {
            if (window.pads[i]) return vrn_onnx_misfit(w, node, "a pool without padding");
        }
        memcpy(strides, window.stride, sizeof strides);
        vrn_onnx_use_node(w, node, value);
        node = vrn_onnx_reader(w, *value);
    } else if (vrn_onnx_is(node, "Slice")) {
        if (!take_slices(w, value, node, strides)) return false;
        node = vrn_onnx_reader(w, *value);
    }
    if (!node || !vrn_onnx_is(node, "Pad")) {
        return vrn_onnx_misfit_behind(w, *value, "a Pad with channels of zeros");
    }
    if (!vrn_onnx_read_pad(w, node, pads)) return false;
    const bool good = !pads[0] && !pads[2] && !pads[3] && !pads[4] && !pads[6] && !pads[7] &&
                      strides[0] == strides[1] && strides[0] <= STRIDE_MAX;
    if (!good) return vrn_onnx_misfit(w, node, "channels of zeros, and one stride for both sides");
    block->front = (uint32_t)pads[1];
    block->back = (uint32_t)pads[5];
    block->mean = (uint32_t)strides[0];
    vrn_onnx_use_node(w, node, value);
    return true;
}

/* True if a node begins such a shortcut. */
static bool begins_zeros(const vrn_onnx_walk *w, const vrn_onnx_node *node)
{
    vrn_onnx_walk quiet = *w;
    vrn_onnx_window window;
    int64_t pads[8];
    quiet.result = VRN_ERROR_FILE; /* logs nothing */
    if (vrn_onnx_is(node, "Slice")) return true;
    if (vrn_onnx_is(node, "Pad")) {
        return vrn_onnx_read_pad(&quiet, node, pads) && (pads[1] || pads[5]);
    }
    return vrn_onnx_is(node, "AveragePool") && vrn_onnx_read_window(&quiet, node, &window) &&
           is_square(window.kernel, 1);
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

static bool is_add(const vrn_onnx_node *node)
{
    return node && node->input_count == 2 && (vrn_onnx_is(node, "Add") || vrn_onnx_is(node, "Sum"));
}

/* True at the beginning of a path: a convolution, or a mean before one. */
static bool begin_way(vrn_onnx_walk *w, vrn_onnx_node *node, uint32_t *value, uint32_t *mean,
                      vrn_onnx_conv *conv)
{
    *mean = 1;
    if (vrn_onnx_is(node, "AveragePool")) {
        if (!take_mean(w, value, node, mean)) return false;
        node = vrn_onnx_reader(w, *value);
    }
    return vrn_onnx_take_conv(w, value, node, "the convolution of a block", conv);
}

/* The convolutions after the first one, up to the Add. */
static bool take_way(vrn_onnx_walk *w, vrn_onnx_block *block, uint32_t *value)
{
    static const char place[] = "a block of two convolutions or three, and an Add";
    block->count = 1;
    block->window = 1;
    if (!vrn_onnx_take_gate(w, value, &block->gate)) return false;
    while (!is_add(vrn_onnx_reader(w, *value))) {
        if (block->gate.count) {
            return vrn_onnx_misfit_behind(w, *value, "the Add after a block's attention");
        }
        if (block->window > 1) {
            return vrn_onnx_misfit_behind(w, *value,
                                          "an average pool only before a block's last convolution");
        }
        if (!vrn_onnx_take_activation(w, value) || !skip_empty_pad(w, value)) return false;
        vrn_onnx_node *node = vrn_onnx_reader(w, *value);
        if (node && vrn_onnx_is(node, "AveragePool")) {
            if (!take_mean(w, value, node, &block->window)) return false;
            node = vrn_onnx_reader(w, *value);
        }
        if (!node || block->count == VRN_ONNX_BLOCK_MAX) {
            return vrn_onnx_misfit_behind(w, *value, place);
        }
        vrn_onnx_conv *conv = &block->convs[block->count++];
        if (!vrn_onnx_take_conv(w, value, node, place, conv)) return false;
        if (!vrn_onnx_take_gate(w, value, &block->gate)) return false;
    }
    return true;
}

/* Takes both paths of a block up to its Add: ends[0] is the end of the convolutions. */
static bool take_ways(vrn_onnx_walk *w, vrn_onnx_block *block, uint32_t start, uint32_t ends[2])
{
    const vrn_onnx_model *m = w->model;
    const vrn_onnx_value *v = &m->values[start];
    vrn_onnx_node *first[2];
    vrn_onnx_conv convs[2];
    uint32_t means[2] = {1, 1}, way = 2; /* the use that begins the convolutions */
    uint64_t sides[2][2];
    if (v->use_count != 2) {
        return vrn_onnx_misfit(w, &m->nodes[m->uses[v->first_use + 2].node],
                               "a block with exactly two branches");
    }
    const uint64_t height = w->height, width = w->width;
    for (uint32_t i = 0; i < 2; i++) first[i] = &m->nodes[m->uses[v->first_use + i].node];
    for (uint32_t i = 0; i < 2 && way == 2; i++) {
        if (is_add(first[i]) || begins_zeros(w, first[i])) way = 1 - i;
    }
    ends[0] = ends[1] = start;
    block->node = first[0];
    block->mean = 1;
    if (way < 2 && !is_add(first[1 - way]) && !take_zeros(w, block, first[1 - way], &ends[1])) {
        return false;
    }
    for (uint32_t i = 0; i < 2 && way == 2; i++) {
        ends[i] = start;
        w->height = height;
        w->width = width;
        if (!begin_way(w, first[i], &ends[i], &means[i], &convs[i])) return false;
        sides[i][0] = w->height;
        sides[i][1] = w->width;
    }
    if (way < 2) {
        if (!begin_way(w, first[way], &ends[0], &means[0], &block->convs[0])) return false;
    } else {
        const bool swapped = is_add(vrn_onnx_reader(w, ends[0]));
        const uint32_t other = ends[1];
        way = swapped ? 1 : 0;
        ends[1] = ends[1 - way];
        ends[0] = way ? other : ends[0];
        block->kind = VRN_ONNX_PROJECTION;
        block->shortcut = convs[1 - way];
        block->convs[0] = convs[way];
        block->mean = means[1 - way];
        block->node = first[1 - way];
        means[0] = means[way];
        w->height = sides[way][0];
        w->width = sides[way][1];
    }
    if (means[0] > 1)
        return vrn_onnx_misfit(w, first[0], "no average pool before a block's convolution");
    return take_way(w, block, &ends[0]);
}

/* Checks that a block is of a kind that the library has. */
static bool check_block(vrn_onnx_walk *w, vrn_onnx_block *block, uint32_t in)
{
    const vrn_onnx_conv *convs = block->convs, *shortcut = &block->shortcut;
    const bool basic = block->count == 2;
    const uint32_t last = block->count - 1, out = convs[last].out;
    uint32_t channels = in;
    block->stride = block->window;
    if (last == 0) return vrn_onnx_misfit(w, convs[0].node, "a block of two convolutions or three");
    for (uint32_t i = 0; i <= last; i++) {
        const bool middle = !basic && i == 1;
        const bool good =
            convs[i].kernel == (basic || middle ? 3u : 1u) && (middle || convs[i].groups == 1) &&
            convs[i].in == channels && (middle || convs[i].kernel == 1 || convs[i].dilation == 1) &&
            (i < last || convs[i].stride == 1) && (block->stride == 1 || convs[i].stride == 1);
        if (!good) {
            return vrn_onnx_misfit(
                w, convs[i].node,
                basic ? "a block of two 3x3 convolutions, of which the first may stride"
                      : "a block of convolutions of 1x1, 3x3 and 1x1, of which only the 3x3 may "
                        "have groups or dilation, and the first or the second may stride");
        }
        channels = convs[i].out;
        block->stride *= convs[i].stride;
    }
    bool good = block->kind == VRN_ONNX_IDENTITY && block->stride == 1 && in == out;
    if (block->kind == VRN_ONNX_PROJECTION) {
        good = shortcut->kernel == 1 && shortcut->groups == 1 && shortcut->in == in &&
               shortcut->out == out && shortcut->stride * block->mean == block->stride &&
               (block->stride > 1 || in != out);
    } else if (block->kind == VRN_ONNX_ZEROS) {
        good = block->mean == block->stride && out > in &&
               (uint64_t)block->front + block->back == out - in &&
               (block->front == 0 || block->front == (out - in) / 2);
    }
    return good || vrn_onnx_misfit(w, block->node,
                                   "a shortcut of option A or B, with the block's stride, only "
                                   "where the shape changes");
}

static bool take_block(vrn_onnx_walk *w, vrn_onnx_net *net, uint32_t *value, uint32_t *channels)
{
    vrn_arena *arena = &w->model->list->arena;
    vrn_onnx_block *blocks = vrn_arena_grow(arena, net->blocks, &net->block_capacity,
                                            net->block_count + 1, sizeof *blocks);
    if (!blocks) {
        w->result = vrn_arena_fail(arena, w->model->source->name, w->model->source->log);
        return false;
    }
    net->blocks = blocks;
    vrn_onnx_block *block = &blocks[net->block_count];
    *block = (vrn_onnx_block){0};
    uint32_t ends[2] = {*value, *value};
    if (!take_ways(w, block, *value, ends)) return false;
    vrn_onnx_node *add = vrn_onnx_reader(w, ends[0]);
    const uint32_t a = vrn_onnx_input(w->model, add, 0), b = vrn_onnx_input(w->model, add, 1);
    if (!((a == ends[0] && b == ends[1]) || (a == ends[1] && b == ends[0]))) {
        return vrn_onnx_misfit(w, add, "the sum of a block's convolutions and its shortcut");
    }
    if (!check_block(w, block, *channels)) return false;
    *channels = block->convs[block->count - 1].out;
    if (net->block_count && blocks[0].count != block->count) {
        return vrn_onnx_misfit(w, block->node, "blocks with as many convolutions as the first one");
    }
    net->block_count++;
    vrn_onnx_use_node(w, add, value);
    return vrn_onnx_take_activation(w, value);
}

/* ---- Head ------------------------------------------------------------------------------------ */

static bool take_features(vrn_onnx_walk *w, vrn_onnx_net *net, uint32_t *value)
{
    if (!skip_empty_pad(w, value)) return false;
    vrn_onnx_node *node = vrn_onnx_reader(w, *value);
    vrn_onnx_window window;
    bool good = node && vrn_onnx_is_mean(w, node);
    if (node && vrn_onnx_is(node, "AveragePool")) {
        if (!vrn_onnx_read_window(w, node, &window)) return false;
        net->features_size = !w->height || !w->width;
        good = true;
        for (uint32_t i = 0; i < 4; i++) good = good && window.pads[i] == 0;
        if (w->height) good = good && window.kernel[0] == (int64_t)w->height;
        if (w->width) good = good && window.kernel[1] == (int64_t)w->width;
    }
    if (!good)
        return vrn_onnx_misfit_behind(w, *value,
                                      "another block, or the average pool over the image");
    vrn_onnx_use_node(w, node, value);
    return true;
}

static bool take_head(vrn_onnx_walk *w, vrn_onnx_net *net, uint32_t *value)
{
    static const char *const ends[][2] = {
        {"Softmax", "softmax"}, {"LogSoftmax", "softmax"}, {"Sigmoid", "sigmoid"}};
    if (!take_features(w, net, value)) return false;
    vrn_onnx_skip_reshapes(w, value);
    if (w->model->values[*value].use_count == 0) return true; /* features alone */
    if (!vrn_onnx_take_linear(w, value, &net->head[net->head_count++])) return false;
    vrn_onnx_node *node = vrn_onnx_reader(w, *value);
    if (node && vrn_onnx_is(node, "Relu")) {
        vrn_onnx_use_node(w, node, value);
        if (!vrn_onnx_take_linear(w, value, &net->head[net->head_count++])) return false;
        node = vrn_onnx_reader(w, *value);
    }
    for (size_t i = 0; node && i < VRN_COUNT(ends); i++) {
        const int64_t axis = vrn_onnx_int(node, "axis", 1);
        if (!vrn_onnx_is(node, ends[i][0]) || (axis != 1 && axis != -1)) continue;
        net->probabilities = ends[i][1];
        vrn_onnx_use_node(w, node, value);
        break;
    }
    return true;
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* Fails with the first node that is not part of the network. */
static bool check_rest(vrn_onnx_walk *w)
{
    const vrn_onnx_model *m = w->model;
    for (uint32_t i = 0; i < m->node_count; i++) {
        if (!m->nodes[i].image || m->nodes[i].used) continue;
        return vrn_onnx_misfit(w, &m->nodes[i], "nothing besides the network");
    }
    return true;
}

static bool walk(vrn_onnx_walk *w, vrn_onnx_net *net)
{
    uint32_t value = w->model->input;
    if (!take_stem(w, net, &value)) return false;
    uint32_t channels = net->stem[net->stem_count - 1].out;
    while (w->model->values[value].use_count >= 2) {
        if (!take_block(w, net, &value, &channels)) return false;
    }
    if (net->block_count == 0) {
        return vrn_onnx_misfit_behind(w, value, "the first block, which has two branches");
    }
    if (w->model->values[value].use_count > 0 && !take_head(w, net, &value)) return false;
    if (!w->model->values[value].output) {
        return vrn_onnx_misfit_behind(w, value, "the network's output");
    }
    return check_rest(w);
}

vrn_result vrn_onnx_net_read(vrn_onnx_net *net, vrn_onnx_model *model)
{
    vrn_onnx_walk w = {.model = model, .height = model->height, .width = model->width};
    *net = (vrn_onnx_net){0};
    walk(&w, net);
    net->activation = w.activation;
    net->slope = w.slope;
    return w.result;
}
