#include "net/fuse.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"

/* What the pass knows about a value and about the node that writes it. */
typedef struct place {
    uint32_t readers;
    uint32_t reader;   /* index of the last node that reads the value */
    bool kept;         /* the caller reads the value */
    vrn_value renamed; /* the value in the new graph */
    bool absorbed;     /* the node was fused into another */
    vrn_node result;   /* the node that replaces it */
} place;

typedef struct fusion {
    vrn_graph *graph;
    place *places; /* [count + 1], by value */
} fusion;

static void count_use(fusion *f, vrn_value value, uint32_t reader)
{
    if (value == VRN_NO_VALUE) return;
    f->places[value].readers++;
    f->places[value].reader = reader;
}

/* The only reader of a value, if it is of kind `op`; else NULL. */
static const vrn_node *only_reader(const fusion *f, vrn_value value, vrn_op op)
{
    const place *use = &f->places[value];
    if (use->kept || use->readers != 1) return NULL;
    const vrn_node *node = &f->graph->nodes[use->reader];
    return node->desc.op == op ? node : NULL;
}

static vrn_value absorb(fusion *f, const vrn_node *node)
{
    vrn_value value = (vrn_value)(node - f->graph->nodes) + 1;
    f->places[value].absorbed = true;
    return value;
}

/* The second operand of the addition becomes the epilogue's residual. An option A shortcut that
 * only the addition reads is also done by the epilogue, if its channels stay in groups of four. */
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

/* A sigmoid would not keep the zeros that pad the last four channels. */
static bool takes_activation(const vrn_node *node, const vrn_node *activation)
{
    return activation->desc.epilogue.activation != VRN_ACTIVATION_SIGMOID ||
           node->desc.out.c % 4 == 0;
}

/* A norm that no convolution has absorbed absorbs the activation after it. */
static void fuse_norm(fusion *f, uint32_t index)
{
    place *at = &f->places[index + 1];
    const vrn_node *next = only_reader(f, index + 1, VRN_OP_RELU);
    if (at->absorbed || at->result.desc.op != VRN_OP_BATCH_NORM || !next) return;
    vrn_node fused = at->result;
    fused.desc.epilogue = next->desc.epilogue;
    fused.desc.epilogue.relu = true;
    memcpy(fused.output, next->name, sizeof fused.output);
    at->absorbed = true;
    f->places[next - f->graph->nodes + 1].result = fused;
}

/* Follows the chain after an operator with an epilogue as far as it can be fused. */
static void fuse_chain(fusion *f, uint32_t index)
{
    vrn_node fused = f->graph->nodes[index];
    vrn_value value = index + 1; /* of the last node that was absorbed */

    const bool conv = fused.desc.op == VRN_OP_CONV, scale = fused.desc.op == VRN_OP_SCALE;
    const vrn_node *next = only_reader(f, value, VRN_OP_BATCH_NORM);
    if (conv && next) {
        memcpy(fused.norm, next->own, sizeof fused.norm);
        fused.desc.eps = next->desc.eps;
        fused.desc.epilogue.bias = true;
        value = absorb(f, next);
    }
    next = only_reader(f, value, VRN_OP_ADD);
    if ((conv || scale) && next && next->input == value && next->residual != value) {
        absorb_residual(f, &fused, next);
        value = absorb(f, next);
    }
    next = only_reader(f, value, VRN_OP_RELU);
    if (next && takes_activation(&fused, next)) {
        fused.desc.epilogue.relu = true;
        fused.desc.epilogue.activation = next->desc.epilogue.activation;
        fused.desc.epilogue.slope = next->desc.epilogue.slope;
        value = absorb(f, next);
    }
    memcpy(fused.output, f->graph->nodes[value - 1].name, sizeof fused.output);
    f->places[index + 1].absorbed = true;
    f->places[value].absorbed = false;
    f->places[value].result = fused;
}

static void rebuild(fusion *f)
{
    vrn_graph *graph = f->graph;
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->count; i++) {
        place *at = &f->places[i + 1];
        if (at->absorbed) continue;
        vrn_node *node = &graph->nodes[count++];
        *node = at->result;
        node->input = f->places[node->input].renamed;
        if (node->residual != VRN_NO_VALUE) node->residual = f->places[node->residual].renamed;
        if (node->gate != VRN_NO_VALUE) node->gate = f->places[node->gate].renamed;
        at->renamed = count;
    }
    graph->count = count;
    graph->logits = f->places[graph->logits].renamed;
    graph->probabilities = f->places[graph->probabilities].renamed;
}

vrn_result vrn_graph_fuse(vrn_graph *graph, vrn_value *kept, uint32_t kept_count,
                          const vrn_log *log)
{
    fusion f = {graph, vrn_alloc((size_t)graph->count + 1, sizeof *f.places)};
    if (!f.places) return vrn_fail_memory(log);
    for (uint32_t i = 0; i < graph->count; i++) {
        count_use(&f, graph->nodes[i].input, i);
        count_use(&f, graph->nodes[i].residual, i);
        count_use(&f, graph->nodes[i].gate, i);
        f.places[i + 1].result = graph->nodes[i];
    }
    for (uint32_t i = 0; i < kept_count; i++) f.places[kept[i]].kept = true;
    f.places[graph->logits].kept = true;
    f.places[graph->probabilities].kept = true;

    for (uint32_t i = 0; i < graph->count; i++) {
        const vrn_op op = graph->nodes[i].desc.op;
        const bool ends = op == VRN_OP_CONV || op == VRN_OP_SCALE || op == VRN_OP_LINEAR ||
                          op == VRN_OP_CHANNEL_CONV;
        if (ends) fuse_chain(&f, i);
        if (op == VRN_OP_BATCH_NORM) fuse_norm(&f, i);
    }
    rebuild(&f);
    for (uint32_t i = 0; i < kept_count; i++) kept[i] = f.places[kept[i]].renamed;
    vrn_free(f.places);
    return VRN_OK;
}

static bool reads(const vrn_node *node, vrn_value value)
{
    return node->input == value || node->residual == value || node->gate == value;
}

static bool equal_formats(vrn_format a, vrn_format b)
{
    return a.type == b.type && a.rounded == b.rounded && a.scale == b.scale;
}

bool vrn_graph_pooled(const vrn_graph *graph, uint32_t index, const vrn_value *kept,
                      uint32_t kept_count, vrn_op_desc *desc)
{
    const vrn_value value = index + 1;
    if (value >= graph->count) return false;
    const vrn_node *conv = &graph->nodes[index], *pool = &graph->nodes[value];
    const vrn_op_desc *p = &pool->desc;
    if (conv->desc.op != VRN_OP_CONV || p->op != VRN_OP_MAX_POOL || pool->input != value ||
        p->offset != 0 || p->dilation.y != 1 || p->dilation.x != 1 ||
        !equal_formats(conv->desc.y, p->y) || graph->logits == value ||
        graph->probabilities == value) {
        return false;
    }
    for (uint32_t i = 0; i < kept_count; i++) {
        if (kept[i] == value) return false;
    }
    for (uint32_t i = value + 1; i < graph->count; i++) {
        if (reads(&graph->nodes[i], value)) return false;
    }
    *desc = conv->desc;
    desc->epilogue.pool = (vrn_max_pool){p->kernel, p->stride, p->padding};
    desc->out = p->out;
    const vrn_shape result = vrn_op_result(desc);
    return result.h == conv->desc.out.h && result.w == conv->desc.out.w;
}

static void renumber(vrn_value *value, vrn_value removed)
{
    if (*value != VRN_NO_VALUE && *value > removed) --*value;
}

void vrn_graph_absorb_pool(vrn_graph *graph, uint32_t index, vrn_value *kept, uint32_t kept_count)
{
    const vrn_value value = index + 1; /* goes; the pool's takes its number */
    vrn_node *conv = &graph->nodes[index];
    vrn_graph_pooled(graph, index, NULL, 0, &conv->desc);
    memcpy(conv->output, graph->nodes[value].output, sizeof conv->output);
    graph->count--;
    for (uint32_t i = value; i < graph->count; i++) {
        vrn_node *node = &graph->nodes[i];
        *node = graph->nodes[i + 1];
        renumber(&node->input, value);
        renumber(&node->residual, value);
        renumber(&node->gate, value);
    }
    renumber(&graph->logits, value);
    renumber(&graph->probabilities, value);
    for (uint32_t i = 0; i < kept_count; i++) renumber(&kept[i], value);
}
