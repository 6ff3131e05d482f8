#include "checkpoint/onnx_model.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "checkpoint/onnx_fields.h"

enum { OPSET_MIN = 7, SIDE_MAX = 1 << 16 };

static vrn_result fail_damaged(const vrn_onnx_model *m)
{
    return vrn_source_fail(m->source,
                           "expected an ONNX model: this file is damaged, incomplete or of another "
                           "kind (Core ML's .mlmodel and TensorFlow's .pb cannot be read); give "
                           "PyTorch's weights or an ONNX file");
}

static vrn_result fail_memory(const vrn_onnx_model *m)
{
    return vrn_arena_fail(&m->list->arena, m->source->name, m->source->log);
}

/* ---- Counting -------------------------------------------------------------------------------- */

/* The sizes of a graph's tables. */
typedef struct counts {
    uint64_t nodes, links, names;
} counts;

static bool count_node(vrn_proto message, counts *c)
{
    vrn_proto_field field;
    while (vrn_proto_next(&message, &field)) {
        if (field.number <= NODE_ATTRIBUTE && field.wire != VRN_WIRE_BYTES) return false;
        if (field.number == NODE_DOMAIN && field.wire != VRN_WIRE_BYTES) return false;
        if (field.number == NODE_ATTRIBUTE && !vrn_onnx_attribute_is_sound(field.bytes))
            return false;
        if (field.number == NODE_INPUT || field.number == NODE_OUTPUT) c->links++;
    }
    return !message.failed;
}

static vrn_result count_graph(vrn_onnx_model *m, vrn_proto graph, counts *c)
{
    vrn_proto_field field;
    while (vrn_proto_next(&graph, &field)) {
        const uint32_t n = field.number;
        const bool known = n == GRAPH_NODE || n == GRAPH_INITIALIZER || n == GRAPH_INPUT ||
                           n == GRAPH_OUTPUT || n == GRAPH_SPARSE;
        if (!known) continue;
        if (field.wire != VRN_WIRE_BYTES) return fail_damaged(m);
        if (n == GRAPH_SPARSE) {
            return vrn_source_fail(m->source, "expected dense initializers, found a sparse one: "
                                              "save the weights as dense tensors");
        }
        if (n == GRAPH_NODE) {
            c->nodes++;
            if (!count_node(field.bytes, c)) return fail_damaged(m);
        } else {
            c->names++;
        }
    }
    c->names += c->links;
    return graph.failed || c->names >= VRN_ONNX_NONE ? fail_damaged(m) : VRN_OK;
}

/* ---- Values ---------------------------------------------------------------------------------- */

static int compare_values(const void *a, const void *b)
{
    const vrn_onnx_text *x = &((const vrn_onnx_value *)a)->name;
    const vrn_onnx_text *y = &((const vrn_onnx_value *)b)->name;
    return vrn_compare_bytes(x->at, x->length, y->at, y->length);
}

static uint32_t find_value(const vrn_onnx_model *m, vrn_onnx_text name)
{
    const vrn_onnx_value wanted = {.name = name};
    if (name.length == 0) return VRN_ONNX_NONE;
    const vrn_onnx_value *found =
        bsearch(&wanted, m->values, m->value_count, sizeof *m->values, compare_values);
    return found ? (uint32_t)(found - m->values) : VRN_ONNX_NONE;
}

/* The first text of a field in a message; empty: none. */
static vrn_onnx_text text_in(vrn_proto message, uint32_t number)
{
    vrn_proto_field field;
    while (vrn_proto_next(&message, &field)) {
        if (field.number == number && field.wire == VRN_WIRE_BYTES)
            return vrn_onnx_text_of(field.bytes);
    }
    return (vrn_onnx_text){"", 0};
}

static void add_name(vrn_onnx_model *m, vrn_onnx_text name)
{
    if (name.length) m->values[m->value_count++].name = name;
}

/* Collects every name in the graph, each once. */
static void collect_names(vrn_onnx_model *m, vrn_proto graph)
{
    vrn_proto_field field, part;
    while (vrn_proto_next(&graph, &field)) {
        vrn_proto message = field.bytes;
        if (field.number == GRAPH_INITIALIZER) add_name(m, text_in(message, TENSOR_NAME));
        if (field.number == GRAPH_INPUT || field.number == GRAPH_OUTPUT) {
            add_name(m, text_in(message, VALUE_NAME));
        }
        while (field.number == GRAPH_NODE && vrn_proto_next(&message, &part)) {
            if (part.number == NODE_INPUT || part.number == NODE_OUTPUT) {
                add_name(m, vrn_onnx_text_of(part.bytes));
            }
        }
    }
    qsort(m->values, m->value_count, sizeof *m->values, compare_values);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < m->value_count; i++) {
        if (kept && compare_values(&m->values[kept - 1], &m->values[i]) == 0) continue;
        m->values[kept] = m->values[i];
        m->values[kept].node = VRN_ONNX_NONE;
        m->values[kept].same = kept;
        kept++;
    }
    m->value_count = kept;
}

/* ---- Filling in ------------------------------------------------------------------------------ */

static bool is_float_type(int64_t type)
{
    return type == 1 || type == 10 || type == 11 || type == 16; /* float32, 16, 64, bfloat16 */
}

/* True if a node's first output is its first input. */
static bool copies(const vrn_onnx_node *node)
{
    if (vrn_onnx_is(node, "Identity") || vrn_onnx_is(node, "CastLike")) return true;
    if (vrn_onnx_is(node, "Cast")) return is_float_type(vrn_onnx_int(node, "to", 0));
    return vrn_onnx_is(node, "Dropout") && node->output_count == 1 && node->input_count < 3;
}

static bool is_quantized(const vrn_onnx_node *node)
{
    static const char *const words[] = {
        "QLinear",       "QuantizeLinear", "DequantizeLinear", "DynamicQuantize", "ConvInteger",
        "MatMulInteger", "QGemm"};
    for (size_t i = 0; i < VRN_COUNT(words); i++) {
        const size_t length = strlen(words[i]);
        if (node->op.length >= length && memcmp(node->op.at, words[i], length) == 0) return true;
    }
    return false;
}

static vrn_result fail_node(const vrn_onnx_model *m, const vrn_onnx_node *node, const char *what)
{
    char shown[VRN_ONNX_SHOWN_MAX];
    return vrn_source_fail(m->source, "node %s: %s", vrn_onnx_show(m, node, shown), what);
}

/* Reads names, then links, which follow one another. */
static void read_links(vrn_onnx_model *m, vrn_onnx_node *node, uint32_t number, uint32_t *first,
                       uint32_t *count)
{
    vrn_proto message = node->message;
    vrn_proto_field field;
    *first = m->link_count;
    while (vrn_proto_next(&message, &field)) {
        if (field.number == number)
            m->links[m->link_count++] = find_value(m, vrn_onnx_text_of(field.bytes));
    }
    *count = m->link_count - *first;
}

static vrn_result read_node(vrn_onnx_model *m, vrn_proto message)
{
    vrn_onnx_node *node = &m->nodes[m->node_count];
    *node = (vrn_onnx_node){.message = message,
                            .name = text_in(message, NODE_NAME),
                            .op = text_in(message, NODE_OP),
                            .domain = text_in(message, NODE_DOMAIN)};
    read_links(m, node, NODE_INPUT, &node->first_input, &node->input_count);
    read_links(m, node, NODE_OUTPUT, &node->first_output, &node->output_count);
    const uint32_t index = m->node_count++;
    if (is_quantized(node)) {
        return fail_node(
            m, node, "quantized models cannot be read: export the network before it is quantized");
    }
    for (uint32_t i = 0; i < node->output_count; i++) {
        const uint32_t link = m->links[node->first_output + i];
        if (link == VRN_ONNX_NONE) continue;
        vrn_onnx_value *value = &m->values[link];
        if (value->node != VRN_ONNX_NONE) return fail_node(m, node, "its output is computed twice");
        value->node = index;
    }
    return VRN_OK;
}

static vrn_result fill(vrn_onnx_model *m, vrn_proto graph)
{
    vrn_proto_field field;
    vrn_result result = VRN_OK;
    while (!result && vrn_proto_next(&graph, &field)) {
        uint32_t value = VRN_ONNX_NONE;
        if (field.number == GRAPH_INITIALIZER) {
            value = find_value(m, text_in(field.bytes, TENSOR_NAME));
            if (value != VRN_ONNX_NONE) m->values[value].tensor = field.bytes;
        } else if (field.number == GRAPH_OUTPUT) {
            value = find_value(m, text_in(field.bytes, VALUE_NAME));
            if (value != VRN_ONNX_NONE) m->values[value].output = true;
        } else if (field.number == GRAPH_NODE) {
            result = read_node(m, field.bytes);
        }
    }
    return result;
}

/* Finds the values that depend on the image, and the copies. Nodes come after those whose outputs
 * they read, as ONNX demands, so there are no cycles. */
static vrn_result connect(vrn_onnx_model *m)
{
    m->values[m->input].image = true;
    for (uint32_t i = 0; i < m->node_count; i++) {
        vrn_onnx_node *node = &m->nodes[i];
        for (uint32_t k = 0; k < node->input_count; k++) {
            const uint32_t link = m->links[node->first_input + k];
            if (link == VRN_ONNX_NONE) continue;
            const vrn_onnx_value *value = &m->values[link];
            if (value->node != VRN_ONNX_NONE && value->node >= i) {
                return fail_node(m, node, "it reads a value that a later node computes");
            }
            const bool sees =
                !vrn_onnx_is(node, "Shape") && (k == 0 || !vrn_onnx_is(node, "CastLike"));
            node->image |= value->image && sees;
        }
        if (node->image && vrn_onnx_output(m, node) == VRN_ONNX_NONE) {
            return fail_node(m, node, "it has no output");
        }
        const bool copy = copies(node) && node->input_count > 0;
        for (uint32_t k = 0; k < node->output_count; k++) {
            const uint32_t link = m->links[node->first_output + k];
            if (link == VRN_ONNX_NONE) continue;
            if (m->values[link].tensor.at || link == m->input) {
                return fail_node(m, node, "its output is computed twice");
            }
            m->values[link].image = node->image;
            const uint32_t from = vrn_onnx_input(m, node, 0);
            if (!copy || k > 0 || from == VRN_ONNX_NONE) continue;
            m->values[link].same = from;
            m->values[from].output |= m->values[link].output;
        }
        node->used = copy;
    }
    return VRN_OK;
}

/* Lists the readers of each value. */
static vrn_result list_uses(vrn_onnx_model *m)
{
    m->uses = vrn_arena_alloc(&m->list->arena, m->link_count, sizeof *m->uses);
    if (!m->uses) return fail_memory(m);
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < m->node_count; i++) {
            const vrn_onnx_node *node = &m->nodes[i];
            if (node->used || vrn_onnx_is(node, "Shape")) continue;
            for (uint32_t k = 0; k < node->input_count; k++) {
                const uint32_t from = vrn_onnx_input(m, node, k);
                if (from == VRN_ONNX_NONE) continue;
                vrn_onnx_value *value = &m->values[from];
                if (pass) m->uses[value->first_use + value->use_count] = (vrn_onnx_use){i, k};
                value->use_count++;
            }
        }
        uint32_t at = 0;
        for (uint32_t i = 0; i < m->value_count && pass == 0; i++) {
            m->values[i].first_use = at;
            at += m->values[i].use_count;
            m->values[i].use_count = 0;
        }
    }
    return VRN_OK;
}

/* ---- The input ------------------------------------------------------------------------------- */

/* The message of a field inside another, or one without bytes. */
static vrn_proto message_in(vrn_proto message, uint32_t number)
{
    const vrn_onnx_text text = text_in(message, number);
    return (vrn_proto){(const uint8_t *)text.at, text.length, false};
}

static vrn_result read_input(vrn_onnx_model *m, vrn_proto info)
{
    const vrn_proto tensor = message_in(message_in(info, VALUE_TYPE), TYPE_TENSOR);
    vrn_proto parts = tensor, shape;
    vrn_proto_field field;
    uint64_t sides[4] = {0}, rank = 0;
    while (vrn_proto_next(&parts, &field)) {
        if (field.number == TENSOR_TYPE && field.wire == VRN_WIRE_VARINT &&
            !is_float_type((int64_t)field.value)) {
            return vrn_source_fail(m->source, "expected an input of floats, found one of another "
                                              "type: export the network without the preparation "
                                              "of its input");
        }
    }
    shape = message_in(tensor, TENSOR_SHAPE);
    const bool known = shape.left > 0;
    while (vrn_proto_next(&shape, &field)) {
        if (field.number != SHAPE_DIMENSION || field.wire != VRN_WIRE_BYTES) continue;
        vrn_proto_field size;
        while (rank < 4 && vrn_proto_next(&field.bytes, &size)) {
            const bool number = size.number == DIMENSION_VALUE && size.wire == VRN_WIRE_VARINT;
            if (number && size.value <= SIDE_MAX) sides[rank] = size.value;
        }
        rank++;
    }
    if (known && rank != 4) {
        return vrn_source_fail(
            m->source, "expected an input [N, C, H, W], found one of %" PRIu64 " dimension%s", rank,
            rank == 1 ? "" : "s");
    }
    m->channels = sides[1];
    m->height = sides[2];
    m->width = sides[3];
    return VRN_OK;
}

/* Finds the input that is not an initializer. */
static vrn_result find_input(vrn_onnx_model *m, vrn_proto graph)
{
    vrn_proto_field field;
    vrn_result result = VRN_OK;
    char names[160] = "", shown[VRN_ONNX_SHOWN_MAX];
    uint32_t count = 0;
    m->input = VRN_ONNX_NONE;
    while (!result && vrn_proto_next(&graph, &field)) {
        if (field.number != GRAPH_INPUT) continue;
        const uint32_t value = find_value(m, text_in(field.bytes, VALUE_NAME));
        if (value == VRN_ONNX_NONE || m->values[value].tensor.at) continue;
        vrn_append(names, sizeof names, "%s%.40s", count ? ", " : "",
                   vrn_onnx_show_text(m->values[value].name, shown));
        if (count++ > 0) continue;
        m->input = value;
        result = read_input(m, field.bytes);
    }
    if (result || count == 1) return result;
    return vrn_source_fail(m->source, "expected a network with one input, found %" PRIu32 "%s%s",
                           count, count ? ": " : "", names);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void read_opset(vrn_onnx_model *m, vrn_proto message)
{
    vrn_proto_field field;
    const vrn_onnx_text domain = text_in(message, OPSET_DOMAIN);
    if (domain.length && !vrn_onnx_text_is(domain, "ai.onnx")) return;
    while (vrn_proto_next(&message, &field)) {
        if (field.number == OPSET_VERSION && field.wire == VRN_WIRE_VARINT) m->opset = field.value;
    }
}

vrn_result vrn_onnx_model_read(vrn_onnx_model *model, vrn_tensor_list *list,
                               const vrn_source *source)
{
    vrn_onnx_model *m = model;
    *m = (vrn_onnx_model){.source = source, .list = list};
    vrn_proto file = {source->data, source->size, false}, graph = {0};
    vrn_proto_field field;
    counts c = {0};
    while (vrn_proto_next(&file, &field)) {
        if (field.wire != VRN_WIRE_BYTES) continue;
        if (field.number == MODEL_GRAPH && graph.at) return fail_damaged(m);
        if (field.number == MODEL_GRAPH) graph = field.bytes;
        if (field.number == MODEL_OPSET) read_opset(m, field.bytes);
        if (field.number == MODEL_FUNCTIONS) {
            return vrn_source_fail(
                source,
                "expected an ONNX model without functions, found one with them, as PyTorch 2.0 "
                "to 2.4 export it with dynamo: export it with another version, or inline "
                "the functions");
        }
    }
    if (file.failed || !graph.at) return fail_damaged(m);
    if (m->opset < OPSET_MIN) {
        return vrn_source_fail(source,
                               "expected an ONNX model of opset %d or later, found %" PRIu64
                               ": export it again with opset_version=17",
                               OPSET_MIN, m->opset);
    }
    vrn_result result = count_graph(m, graph, &c);
    if (result) return result;
    m->nodes = vrn_arena_alloc(&list->arena, (size_t)c.nodes, sizeof *m->nodes);
    m->links = vrn_arena_alloc(&list->arena, (size_t)c.links, sizeof *m->links);
    m->values = vrn_arena_alloc(&list->arena, (size_t)c.names, sizeof *m->values);
    if (!m->nodes || !m->links || !m->values) return fail_memory(m);
    collect_names(m, graph);
    result = fill(m, graph);
    if (!result) result = find_input(m, graph);
    if (!result) result = connect(m);
    return result ? result : list_uses(m);
}
