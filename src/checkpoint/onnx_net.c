#include "checkpoint/onnx_net.h"

#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "checkpoint/onnx_numbers.h"

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

/* A max pool without stride, and a blur with stride 2. */
static bool take_max_blur(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *node,
                          const vrn_onnx_window *window, vrn_onnx_net *net)
{
    const bool two = vrn_onnx_is_square(window->kernel, 2);
    bool good = two || vrn_onnx_is_square(window->kernel, 3);
    for (uint32_t i = 0; i < 4; i++) good = good && window->pads[i] == (two ? 0 : 1);
    if (!good) return vrn_onnx_misfit(w, node, "a max pool of 3x3 or 2x2 before the stem's blur");
    vrn_onnx_use_node(w, node, value);
    if (two && w->height) w->height -= w->height > 1;
    if (two && w->width) w->width -= w->width > 1;
    vrn_onnx_node *next = vrn_onnx_reader(w, *value);
    vrn_onnx_blur blur;
    if (!vrn_onnx_begins_blur(next)) {
        return vrn_onnx_misfit_behind(w, *value, "a blur after a max pool without stride");
    }
    if (!vrn_onnx_take_blur(w, value, next, &blur)) return false;
    net->pool = two ? VRN_ONNX_POOL_MAX2_BLUR : VRN_ONNX_POOL_MAX_BLUR;
    net->pool_blur = blur.size;
    good = blur.stride == 2 && blur.channels == net->stem[net->stem_count - 1].out;
    return good || vrn_onnx_misfit(w, next, "a blur with stride 2 after the stem's pool");
}

static bool take_max(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *node, vrn_onnx_net *net)
{
    vrn_onnx_window window;
    vrn_onnx_pool *pool = &net->pool;
    if (!vrn_onnx_read_window(w, node, &window)) return false;
    if (vrn_onnx_is_square(window.stride, 1)) return take_max_blur(w, value, node, &window, net);
    const int64_t *pads = window.pads;
    bool good = vrn_onnx_is_square(window.kernel, 3) && vrn_onnx_is_square(window.stride, 2) &&
                pads[0] == pads[1] && (pads[0] == 1 || pads[0] == 0);
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

/* BiT's: zeros around the image, and a max pool over them. */
static bool take_max_zeros(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *pad, vrn_onnx_net *net)
{
    static const char expected[] =
        "a max pool of 3x3, stride 2, over one row of zeros on each side";
    vrn_onnx_window window;
    int64_t pads[8];
    if (!vrn_onnx_read_pad(w, pad, pads)) return false;
    vrn_onnx_use_node(w, pad, value);
    vrn_onnx_node *node = vrn_onnx_reader(w, *value);
    if (!node || !vrn_onnx_is(node, "MaxPool")) return vrn_onnx_misfit(w, pad, expected);
    if (!vrn_onnx_read_window(w, node, &window)) return false;
    bool good = vrn_onnx_is_square(window.kernel, 3) && vrn_onnx_is_square(window.stride, 2) &&
                !window.ceil;
    for (uint32_t i = 0; i < 4; i++) {
        const uint32_t axis = i / 2 * 4 + i % 2; /* N or C; then H or W */
        good = good && window.pads[i] == 0 && pads[axis] == 0 && pads[axis + 2] == 1;
    }
    if (!good) return vrn_onnx_misfit(w, node, expected);
    net->pool = VRN_ONNX_POOL_MAX_ZEROS;
    w->height = w->height ? (w->height - 1) / 2 + 1 : 0;
    w->width = w->width ? (w->width - 1) / 2 + 1 : 0;
    vrn_onnx_use_node(w, node, value);
    return true;
}

/* ---- Stem ------------------------------------------------------------------------------------ */

/* True if a pool or a norm reads a value, as after the last convolution of v2's stem. */
static bool begins_preactivation(const vrn_onnx_walk *w, uint32_t value)
{
    static const char *const words[] = {"MaxPool", "Pad", "BatchNormalization",
                                        "GroupNormalization", "Reshape"};
    const vrn_onnx_value *v = &w->model->values[value];
    for (uint32_t i = 0; i < v->use_count; i++) {
        const vrn_onnx_node *node = &w->model->nodes[w->model->uses[v->first_use + i].node];
        for (size_t k = 0; k < VRN_COUNT(words); k++) {
            if (vrn_onnx_is(node, words[k])) return true;
        }
    }
    return false;
}

static bool take_pool(vrn_onnx_walk *w, vrn_onnx_net *net, uint32_t *value)
{
    uint32_t side = 0;
    if (!vrn_onnx_skip_empty_pad(w, value)) return false;
    vrn_onnx_node *pool = vrn_onnx_reader(w, *value);
    if (pool && vrn_onnx_is(pool, "MaxPool")) return take_max(w, value, pool, net);
    if (pool && vrn_onnx_is(pool, "Pad") && net->preactivation) {
        return take_max_zeros(w, value, pool, net);
    }
    if (!pool || !vrn_onnx_is(pool, "AveragePool")) return true;
    net->pool = VRN_ONNX_POOL_MEAN;
    if (!vrn_onnx_take_mean(w, value, pool, &side)) return false;
    return side == 2 || vrn_onnx_misfit(w, pool, "a 2x2 average pool after the stem");
}

static bool take_stem(vrn_onnx_walk *w, vrn_onnx_net *net, uint32_t *value)
{
    static const char place[] = "a ResNet's stem, one convolution or three";
    for (;;) {
        vrn_onnx_conv *conv = &net->stem[net->stem_count];
        if (!vrn_onnx_take_conv(w, value, vrn_onnx_reader(w, *value), place, conv)) return false;
        if (conv->groups != 1) return vrn_onnx_misfit(w, conv->node, place);
        net->stem_count++;
        net->preactivation = net->stem_count != 2 && begins_preactivation(w, *value);
        if (net->preactivation) break;
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
                                   "which only the first may have a stride");
        }
    }
    if (net->stem[0].dilation != 1) return vrn_onnx_misfit(w, net->stem[0].node, place);
    return take_pool(w, net, value);
}

/* ---- Head ------------------------------------------------------------------------------------ */

static bool take_features(vrn_onnx_walk *w, vrn_onnx_net *net, uint32_t *value)
{
    if (!vrn_onnx_skip_empty_pad(w, value)) return false;
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
        return vrn_onnx_misfit(w, &m->nodes[i], "no nodes besides those of a ResNet");
    }
    return true;
}

/* Memory for another block. */
static vrn_onnx_block *next_block(vrn_onnx_walk *w, vrn_onnx_net *net)
{
    vrn_arena *arena = &w->model->list->arena;
    vrn_onnx_block *blocks = vrn_arena_grow(arena, net->blocks, &net->block_capacity,
                                            net->block_count + 1, sizeof *blocks);
    if (!blocks) {
        w->result = vrn_arena_fail(arena, w->model->source->name, w->model->source->log);
        return NULL;
    }
    net->blocks = blocks;
    blocks[net->block_count] = (vrn_onnx_block){0};
    return &blocks[net->block_count];
}

static bool add_block(vrn_onnx_walk *w, vrn_onnx_net *net, uint32_t *channels)
{
    const vrn_onnx_block *block = &net->blocks[net->block_count];
    *channels = block->convs[block->count - 1].out;
    if (net->block_count && net->blocks[0].count != block->count) {
        return vrn_onnx_misfit(w, block->node, "blocks with as many convolutions as the first one");
    }
    net->block_count++;
    return true;
}

static bool take_blocks(vrn_onnx_walk *w, vrn_onnx_net *net, uint32_t *value, uint32_t channels)
{
    while (w->model->values[*value].use_count >= 2) {
        vrn_onnx_block *block = next_block(w, net);
        if (!block || !vrn_onnx_take_block(w, block, value, channels)) return false;
        if (!add_block(w, net, &channels)) return false;
    }
    return true;
}

/* The reader of a value, or of two that which is no Add; NULL: there are others. */
static vrn_onnx_node *find_norm(const vrn_onnx_walk *w, uint32_t value)
{
    const vrn_onnx_value *v = &w->model->values[value];
    vrn_onnx_node *found = vrn_onnx_reader(w, value);
    for (uint32_t i = 0; i < 2 && v->use_count == 2; i++) {
        vrn_onnx_node *node = &w->model->nodes[w->model->uses[v->first_use + i].node];
        if (!vrn_onnx_is(node, "Add")) found = node;
    }
    return found;
}

/* v2. `begun`: the norm and the activation of the first block are the stem's. */
static bool take_preactivation_blocks(vrn_onnx_walk *w, vrn_onnx_net *net, uint32_t *value,
                                      uint32_t channels, bool begun)
{
    static const char expected[] = "the norm with which a block begins";
    for (;; begun = false) {
        vrn_onnx_block *block = next_block(w, net);
        if (!block) return false;
        const uint32_t start = *value;
        const bool single = w->model->values[start].use_count == 1;
        if (!begun) {
            vrn_onnx_node *norm = find_norm(w, start);
            block->before.out = channels;
            block->before.node = norm;
            if (!vrn_onnx_take_norm(w, value, norm, &block->before)) return false;
            if (block->before.norm == VRN_ONNX_NORM_NONE) {
                return (single && net->block_count) || vrn_onnx_misfit_behind(w, start, expected);
            }
            if (!vrn_onnx_take_activation(w, value)) return false;
        }
        if (single && !begun && w->model->values[*value].use_count == 1) {
            net->has_final = true;
            net->final = block->before;
            return true;
        }
        if (!vrn_onnx_take_preactivation(w, block, start, value, channels)) return false;
        if (!add_block(w, net, &channels)) return false;
    }
}

static bool walk(vrn_onnx_walk *w, vrn_onnx_net *net)
{
    uint32_t value = w->model->input;
    if (!take_stem(w, net, &value)) return false;
    const uint32_t channels = net->stem[net->stem_count - 1].out;
    const bool begun =
        !net->preactivation && net->pool == VRN_ONNX_POOL_NONE && vrn_onnx_ends_plain(w, value);
    net->preactivation |= begun;
    if (!(net->preactivation ? take_preactivation_blocks(w, net, &value, channels, begun)
                             : take_blocks(w, net, &value, channels))) {
        return false;
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
