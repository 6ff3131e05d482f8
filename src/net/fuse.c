#include "net/fuse.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

/* What the pass knows of a value: who reads it, if it is one node only and nobody else looks. */
typedef struct value_use {
    uint32_t readers;
    uint32_t reader; /* node index, of the last one seen */
    bool kept;
} value_use;

typedef struct fusion {
    vrn_graph *graph;
    value_use *uses;    /* [count + 1] */
    bool *absorbed;     /* [count]: the node has gone into another */
    vrn_node *result;   /* [count]: by the node whose place it takes */
    vrn_value *renamed; /* [count + 1]: values of the old graph in the new one */
} fusion;

static void count_use(fusion *f, vrn_value value, uint32_t reader)
{
    if (value == VRN_NO_VALUE) return;
    f->uses[value].readers++;
    f->uses[value].reader = reader;
}

/* The only reader of a value, if it is of kind `op`; else NULL. */
static const vrn_node *only_reader(const fusion *f, vrn_value value, vrn_op op)
{
    const value_use *use = &f->uses[value];
    if (use->kept || use->readers != 1) return NULL;
    const vrn_node *node = &f->graph->nodes[use->reader];
    return node->desc.op == op ? node : NULL;
}

static vrn_value absorb(fusion *f, const vrn_node *node)
{
    uint32_t index = (uint32_t)(node - f->graph->nodes);
    f->absorbed[index] = true;
    return index + 1;
}

/* The second operand of the addition becomes the epilogue's residual. An option A shortcut that
 * only the addition reads is done by the epilogue too, if its channels stay in groups of four. */
static void absorb_residual(fusion *f, vrn_node *fused, const vrn_node *add)
{
    vrn_epilogue *e = &fused->desc.epilogue;
    fused->residual = add->residual;
    e->residual = true;
    e->residual_shape = vrn_graph_shape(f->graph, add->residual);
    e->residual_stride = 1;
    e->residual_offset = 0;
    if (add->residual == 0 || !only_reader(f, add->residual, VRN_OP_ADD)) return;
    const vrn_node *shortcut = &f->graph->nodes[add->residual - 1];
    if (shortcut->desc.op != VRN_OP_SHORTCUT || shortcut->desc.offset % 4 != 0) return;
    absorb(f, shortcut);
    fused->residual = shortcut->input;
    e->residual_shape = shortcut->desc.in;
    e->residual_stride = shortcut->desc.subsample;
    e->residual_offset = shortcut->desc.offset;
}

/* Follows the chain behind a convolution as far as it can be fused. */
static void fuse_convolution(fusion *f, uint32_t index)
{
    vrn_node fused = f->graph->nodes[index];
    vrn_value value = index + 1; /* of the last node that went in */

    const vrn_node *next = only_reader(f, value, VRN_OP_BATCH_NORM);
    if (next) {
        memcpy(fused.norm, next->own, sizeof fused.norm);
        fused.desc.eps = next->desc.eps;
        fused.desc.epilogue.bias = true;
        value = absorb(f, next);
    }
    next = only_reader(f, value, VRN_OP_ADD);
    if (next && next->input == value && next->residual != value) {
        absorb_residual(f, &fused, next);
        value = absorb(f, next);
    }
    next = only_reader(f, value, VRN_OP_RELU);
    if (next) {
        fused.desc.epilogue.relu = true;
        value = absorb(f, next);
    }
    const uint32_t place = value - 1;
    memcpy(fused.output, f->graph->nodes[place].name, sizeof fused.output);
    f->absorbed[index] = true;
    f->absorbed[place] = false;
    f->result[place] = fused;
}

static void rebuild(fusion *f)
{
    vrn_graph *graph = f->graph;
    uint32_t count = 0;
    f->renamed[0] = 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        if (f->absorbed[i]) continue;
        vrn_node node = f->result[i];
        node.input = f->renamed[node.input];
        if (node.residual != VRN_NO_VALUE) node.residual = f->renamed[node.residual];
        graph->nodes[count++] = node;
        f->renamed[i + 1] = count;
    }
    graph->count = count;
    graph->logits = f->renamed[graph->logits];
    graph->probabilities = f->renamed[graph->probabilities];
}

vrn_result vrn_graph_fuse(vrn_graph *graph, vrn_value *kept, uint32_t kept_count,
                          const vrn_log *log)
{
    fusion f = {
        .graph = graph,
        .uses = vrn_alloc((size_t)graph->count + 1, sizeof *f.uses),
        .absorbed = vrn_alloc(graph->count, sizeof *f.absorbed),
        .result = vrn_alloc(graph->count, sizeof *f.result),
        .renamed = vrn_alloc((size_t)graph->count + 1, sizeof *f.renamed),
    };
    vrn_result result = VRN_OK;
    if (!f.uses || !f.absorbed || !f.result || !f.renamed) {
        result = vrn_fail_memory(log);
        goto done;
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        count_use(&f, graph->nodes[i].input, i);
        count_use(&f, graph->nodes[i].residual, i);
        f.result[i] = graph->nodes[i];
    }
    for (uint32_t i = 0; i < kept_count; i++) f.uses[kept[i]].kept = true;
    f.uses[graph->logits].kept = true;
    f.uses[graph->probabilities].kept = true;

    for (uint32_t i = 0; i < graph->count; i++) {
        if (graph->nodes[i].desc.op == VRN_OP_CONV) fuse_convolution(&f, i);
    }
    rebuild(&f);
    for (uint32_t i = 0; i < kept_count; i++) kept[i] = f.renamed[kept[i]];

done:
    vrn_free(f.uses);
    vrn_free(f.absorbed);
    vrn_free(f.result);
    vrn_free(f.renamed);
    return result;
}
