#include "checkpoint/onnx_block.h"

#include <string.h>

#include "checkpoint/onnx_blur.h"
#include "checkpoint/onnx_numbers.h"

/* ---- Means ---- */

bool vrn_onnx_is_square(const int64_t pair[2], int64_t side)
{
    return pair[0] == side && pair[1] == side;
}

/* A mean over windows that do not overlap. */
bool vrn_onnx_take_mean(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *node, uint32_t *side)
{
    vrn_onnx_window window;
    if (!vrn_onnx_read_window(w, node, &window)) return false;
    const int64_t kernel = window.kernel[0];
    bool good = vrn_onnx_is_square(window.kernel, kernel) &&
                vrn_onnx_is_square(window.stride, kernel) && kernel <= VRN_ONNX_STRIDE_MAX;
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
bool vrn_onnx_skip_empty_pad(vrn_onnx_walk *w, uint32_t *value)
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
                   step <= VRN_ONNX_STRIDE_MAX && axis >= 0 && axis <= 3 &&
                   (axis >= 2 || step == 1);
            if (good && axis >= 2) strides[axis - 2] *= step;
        }
        if (!good || strides[0] > VRN_ONNX_STRIDE_MAX || strides[1] > VRN_ONNX_STRIDE_MAX) {
            return vrn_onnx_misfit(w, node, "a Slice of every n-th row and column (option A)");
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
                      strides[0] == strides[1] && strides[0] <= VRN_ONNX_STRIDE_MAX;
    if (!good)
        return vrn_onnx_misfit(w, node,
                               "channels of zeros, and the same stride in both directions");
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
           vrn_onnx_is_square(window.kernel, 1);
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

static bool is_add(const vrn_onnx_node *node)
{
    return node && node->input_count == 2 && (vrn_onnx_is(node, "Add") || vrn_onnx_is(node, "Sum"));
}

/* A stride other than a convolution's. */
typedef struct striding {
    uint32_t stride; /* 1: there is none */
    uint32_t blur;   /* coefficients; 0: a mean */
} striding;

/* A convolution, perhaps after a mean or a blur, which strides. */
static bool take_windowed(vrn_onnx_walk *w, vrn_onnx_node *node, uint32_t *value, const char *place,
                          striding *before, vrn_onnx_conv *conv)
{
    vrn_onnx_blur blur = {0};
    *before = (striding){.stride = 1};
    if (vrn_onnx_begins_blur(node)) {
        if (!vrn_onnx_take_blur(w, value, node, &blur)) return false;
        *before = (striding){blur.stride, blur.size};
        if (blur.stride == 1) return vrn_onnx_misfit(w, node, "a blur with a stride above 1");
    } else if (node && vrn_onnx_is(node, "AveragePool")) {
        if (!vrn_onnx_take_mean(w, value, node, &before->stride)) return false;
    }
    if (before->stride > 1) node = vrn_onnx_reader(w, *value);
    if (!vrn_onnx_take_conv(w, value, node, place, conv)) return false;
    const bool good = !blur.size || blur.channels == conv->in;
    return good || vrn_onnx_misfit(w, conv->node, "as many channels as in the blur before it");
}

/* The convolutions after the first one, up to the Add. */
static bool take_way(vrn_onnx_walk *w, vrn_onnx_block *block, uint32_t *value)
{
    static const char place[] = "a block of two or three convolutions and an Add";
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
        if (!vrn_onnx_take_activation(w, value) || !vrn_onnx_skip_empty_pad(w, value)) return false;
        vrn_onnx_node *node = vrn_onnx_reader(w, *value);
        if (!node || block->count == VRN_ONNX_BLOCK_MAX) {
            return vrn_onnx_misfit_behind(w, *value, place);
        }
        striding before;
        vrn_onnx_conv *conv = &block->convs[block->count++];
        if (!take_windowed(w, node, value, place, &before, conv)) return false;
        block->window = before.stride;
        block->blur = before.blur;
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
    striding means[2] = {{.stride = 1}, {.stride = 1}};
    uint32_t way = 2; /* the use that begins the convolutions */
    static const char place[] = "the convolution of a block";
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
        if (!take_windowed(w, first[i], &ends[i], place, &means[i], &convs[i])) return false;
        sides[i][0] = w->height;
        sides[i][1] = w->width;
    }
    if (way < 2) {
        vrn_onnx_conv *conv = &block->convs[0];
        if (!take_windowed(w, first[way], &ends[0], place, &means[0], conv)) return false;
    } else {
        const bool swapped = is_add(vrn_onnx_reader(w, ends[0]));
        const uint32_t other = ends[1];
        way = swapped ? 1 : 0;
        ends[1] = ends[1 - way];
        ends[0] = way ? other : ends[0];
        block->kind = VRN_ONNX_PROJECTION;
        block->shortcut = convs[1 - way];
        block->convs[0] = convs[way];
        block->mean = means[1 - way].stride;
        block->mean_blur = means[1 - way].blur;
        block->node = first[1 - way];
        means[0] = means[way];
        w->height = sides[way][0];
        w->width = sides[way][1];
    }
    if (means[0].stride > 1)
        return vrn_onnx_misfit(w, first[0], "no pool or blur before a block's convolution");
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
    if (last == 0) return vrn_onnx_misfit(w, convs[0].node, "a block of two or three convolutions");
    for (uint32_t i = 0; i <= last; i++) {
        const bool middle = !basic && i == 1;
        const bool good =
            convs[i].kernel == (basic || middle ? 3u : 1u) && (middle || convs[i].groups == 1) &&
            convs[i].in == channels && (middle || convs[i].kernel == 1 || convs[i].dilation == 1) &&
            (i < last || convs[i].stride == 1) && (block->stride == 1 || convs[i].stride == 1);
        if (!good) {
            return vrn_onnx_misfit(
                w, convs[i].node,
                basic ? "a block of two 3x3 convolutions, of which only the first may have a stride"
                      : "a block of convolutions of 1x1, 3x3 and 1x1, of which only the 3x3 may "
                        "have groups or dilation, and only the first or the second a stride");
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

/* The Add of both paths. */
static bool join(vrn_onnx_walk *w, const uint32_t ends[2], uint32_t *value)
{
    vrn_onnx_node *add = vrn_onnx_reader(w, ends[0]);
    const uint32_t a = vrn_onnx_input(w->model, add, 0), b = vrn_onnx_input(w->model, add, 1);
    if (!((a == ends[0] && b == ends[1]) || (a == ends[1] && b == ends[0]))) {
        return vrn_onnx_misfit(w, add, "the sum of a block's convolutions and its shortcut");
    }
    vrn_onnx_use_node(w, add, value);
    return true;
}

bool vrn_onnx_take_block(vrn_onnx_walk *w, vrn_onnx_block *block, uint32_t *value, uint32_t in)
{
    uint32_t ends[2] = {*value, *value};
    return take_ways(w, block, *value, ends) && join(w, ends, value) && check_block(w, block, in) &&
           vrn_onnx_take_activation(w, value);
}

/* ---- Pre-activation -------------------------------------------------------------------------- */

bool vrn_onnx_ends_plain(const vrn_onnx_walk *w, uint32_t value)
{
    enum { NODES_MAX = 16 };
    const vrn_onnx_model *m = w->model;
    const vrn_onnx_value *v = &m->values[value];
    for (uint32_t i = 0; i < v->use_count; i++) {
        const vrn_onnx_node *node = &m->nodes[m->uses[v->first_use + i].node];
        for (uint32_t k = 0; node && k < NODES_MAX && !is_add(node); k++) {
            node = vrn_onnx_reader(w, vrn_onnx_output(m, node));
        }
        if (is_add(node)) return !vrn_onnx_is_activation(w, vrn_onnx_output(m, node));
    }
    return false;
}

/* A shortcut that is not the identity begins after the first activation. */
static bool take_projection(vrn_onnx_walk *w, vrn_onnx_block *block, vrn_onnx_node *node,
                            uint32_t *value)
{
    static const char place[] = "the shortcut of a block";
    const uint64_t height = w->height, width = w->width;
    striding mean;
    block->kind = VRN_ONNX_PROJECTION;
    block->node = node;
    if (!take_windowed(w, node, value, place, &mean, &block->shortcut)) return false;
    block->mean = mean.stride;
    block->mean_blur = mean.blur;
    w->height = height;
    w->width = width;
    return true;
}

bool vrn_onnx_take_preactivation(vrn_onnx_walk *w, vrn_onnx_block *block, uint32_t start,
                                 uint32_t *value, uint32_t in)
{
    static const char place[] = "the first convolution of a block";
    const vrn_onnx_model *m = w->model;
    const vrn_onnx_value *v = &m->values[*value];
    uint32_t ends[2] = {*value, start};
    vrn_onnx_node *first = vrn_onnx_reader(w, *value), *shortcut = NULL;
    if (v->use_count == 2) {
        for (uint32_t i = 0; i < 2; i++) {
            vrn_onnx_node *node = &m->nodes[m->uses[v->first_use + i].node];
            const bool direct = is_add(vrn_onnx_reader(w, vrn_onnx_output(m, node)));
            if (!shortcut && (direct || vrn_onnx_is(node, "AveragePool"))) {
                shortcut = node;
            } else {
                first = node;
            }
        }
    }
    if (!first || (v->use_count == 2 && !shortcut)) {
        return vrn_onnx_misfit_behind(w, *value, "a block with one shortcut");
    }
    block->node = first;
    block->mean = 1;
    if (shortcut) {
        ends[1] = *value;
        if (!take_projection(w, block, shortcut, &ends[1])) return false;
    }
    if (!vrn_onnx_take_conv(w, &ends[0], first, place, &block->convs[0])) return false;
    return take_way(w, block, &ends[0]) && join(w, ends, value) && check_block(w, block, in);
}
