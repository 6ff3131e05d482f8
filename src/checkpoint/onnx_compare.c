#include "checkpoint/onnx_writer.h"

void vrn_onnx_refuse(vrn_onnx_writer *w, const vrn_onnx_node *node, const char *expected)
{
    char shown[VRN_ONNX_SHOWN_MAX];
    if (w->result) return;
    w->result = vrn_source_fail(w->source,
                                "a ResNet that cannot be run: node %s does not fit: "
                                "expected %s",
                                vrn_onnx_show(&w->model, node, shown), expected);
}

/* Looks at a convolution's norm. */
static void compare_norm(vrn_onnx_writer *w, const vrn_onnx_conv *conv)
{
    if (conv->norm == VRN_ONNX_NORM_GROUP && conv->bias.data) {
        vrn_onnx_refuse(w, conv->node, "a convolution without bias before a group norm");
    }
    if (w->first == NULL && conv->norm != VRN_ONNX_NORM_NONE) w->first = conv;
    const bool same = conv == &w->net.stem[0] || conv->norm == w->net.stem[0].norm;
    const bool equal = !w->first || conv->norm == VRN_ONNX_NORM_NONE ||
                       (conv->eps == w->first->eps && conv->norm_groups == w->first->norm_groups);
    if (same && equal) return;
    w->fold = true;
    if (conv->norm == VRN_ONNX_NORM_GROUP || w->net.stem[0].norm == VRN_ONNX_NORM_GROUP) {
        vrn_onnx_refuse(w, conv->node, "the same group norm after every convolution");
    }
}

/* v2: norms stay as they are, because those after a sum cannot be folded. `plain`: neither a norm
 * may follow nor a bias be there. */
static void compare_own(vrn_onnx_writer *w, const vrn_onnx_conv *conv, bool plain)
{
    const bool none = conv->norm == VRN_ONNX_NORM_NONE;
    const bool good = !plain || (none && !conv->bias.data);
    if (!good) vrn_onnx_refuse(w, conv->node, "a convolution without bias, and no norm after it");
    if (!plain && none && w->first->norm == VRN_ONNX_NORM_GROUP) {
        vrn_onnx_refuse(w, conv->node, "a group norm after the convolution");
    }
    if (none) return;
    if (conv->norm != w->first->norm || conv->eps != w->first->eps ||
        conv->norm_groups != w->first->norm_groups ||
        (conv->norm == VRN_ONNX_NORM_GROUP && conv->bias.data)) {
        vrn_onnx_refuse(w, conv->node, "the same kind of norm with the same epsilon everywhere");
    }
}

static void compare_preactivation(vrn_onnx_writer *w)
{
    const vrn_onnx_net *net = &w->net;
    const uint32_t last = net->stem_count - 1;
    const bool begun = net->blocks[0].before.norm == VRN_ONNX_NORM_NONE;
    w->first = net->has_final                                       ? &net->final
               : net->block_count > 1                               ? &net->blocks[1].before
               : !begun                                             ? &net->blocks[0].before
               : net->blocks[0].convs[0].norm != VRN_ONNX_NORM_NONE ? &net->blocks[0].convs[0]
                                                                    : NULL;
    if (!w->first) {
        vrn_onnx_refuse(w, net->blocks[0].node,
                        "at least one norm that is not folded into a convolution");
        return;
    }
    w->norm = w->first->norm;
    for (uint32_t i = 0; i <= last; i++) compare_own(w, &net->stem[i], i == last && !begun);
    for (size_t i = 0; i < net->block_count; i++) {
        const vrn_onnx_block *block = &net->blocks[i];
        if (i || !begun) compare_own(w, &block->before, false);
        for (uint32_t k = 0; k < block->count; k++) {
            compare_own(w, &block->convs[k], k == block->count - 1);
        }
        if (block->kind == VRN_ONNX_PROJECTION) compare_own(w, &block->shortcut, true);
    }
}

void vrn_onnx_compare_norms(vrn_onnx_writer *w)
{
    if (w->net.preactivation) {
        compare_preactivation(w);
        return;
    }
    for (uint32_t i = 0; i < w->net.stem_count; i++) compare_norm(w, &w->net.stem[i]);
    for (size_t i = 0; i < w->net.block_count; i++) {
        const vrn_onnx_block *block = &w->net.blocks[i];
        for (uint32_t k = 0; k < block->count; k++) compare_norm(w, &block->convs[k]);
        if (block->kind == VRN_ONNX_PROJECTION) compare_norm(w, &block->shortcut);
    }
    w->norm = w->fold ? VRN_ONNX_NORM_NONE : w->net.stem[0].norm;
}

/* Looks at a blur's coefficients. */
static void compare_blur(vrn_onnx_writer *w, uint32_t size, const vrn_onnx_node *node)
{
    if (size == 0) return;
    if (w->blur && size != w->blur) vrn_onnx_refuse(w, node, "a blur of the same size everywhere");
    w->blur = size;
}

void vrn_onnx_compare_blocks(vrn_onnx_writer *w)
{
    bool windows = false, means = false, first = false, second = false;
    uint32_t blurs = 0, mean_blurs = 0;
    compare_blur(w, w->net.pool_blur, w->net.stem[0].node);
    const vrn_onnx_block *zeros = NULL, *projects = NULL;
    bool end = true, middle = true;
    for (size_t i = 0; i < w->net.block_count; i++) {
        const vrn_onnx_block *block = &w->net.blocks[i];
        windows |= block->window > 1;
        blurs |= block->blur;
        mean_blurs |= block->mean_blur;
        compare_blur(w, block->blur, block->node);
        compare_blur(w, block->mean_blur, block->node);
        if (block->kind == VRN_ONNX_PROJECTION) {
            projects = block;
            means |= block->mean > 1;
        } else if (block->kind == VRN_ONNX_ZEROS) {
            zeros = block;
            end &= block->front == 0;
            middle &= block->front == (block->front + block->back) / 2;
        }
        if (block->count == 3) {
            first |= block->convs[0].stride > 1;
            second |= block->convs[1].stride > 1;
        }
        if (first && second)
            vrn_onnx_refuse(w, block->node, "the stride in the same convolution of each block");
    }
    for (size_t i = 0; i < w->net.block_count; i++) {
        const vrn_onnx_block *block = &w->net.blocks[i];
        if (block->stride == 1) continue;
        if (windows && (block->window != block->stride || block->blur != blurs)) {
            vrn_onnx_refuse(
                w, block->node,
                "the same anti-aliasing (a mean, or a blur) in every block with a stride");
        }
        if (means && block->kind == VRN_ONNX_PROJECTION &&
            (block->mean != block->stride || block->mean_blur != mean_blurs)) {
            vrn_onnx_refuse(w, block->node, "the same kind of shortcut in every block");
        }
    }
    if ((zeros && projects) || (zeros && !end && !middle)) {
        vrn_onnx_refuse(w, zeros->node, "the same kind of shortcut in every block");
    }
    w->antialias = !windows ? "none" : blurs ? "blur" : "mean";
    w->shortcut = zeros        ? (middle ? "pad" : "pad_end")
                  : mean_blurs ? "blur"
                  : means      ? "mean"
                               : "projection";
}
