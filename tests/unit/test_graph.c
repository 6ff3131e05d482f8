/* The graph of an architecture: names, shapes, strides and dilations, against torchvision's own
 * (tests/data/net/torchvision.txt) and, for what torchvision does not have, against tables. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/fuse.h"
#include "net/graph.h"
#include "unit/captured_log.h"
#include "unit/net_helpers.h"

/* tests/data/net/make_torchvision.py */
enum { HEIGHT = 65, WIDTH = 50 };

static vrn_graph build(const char *text, uint32_t height, uint32_t width)
{
    vrn_arch arch = parse(text);
    vrn_graph graph;
    assert_int_equal(vrn_graph_build(&graph, &arch, height, width, NULL), VRN_OK);
    return graph;
}

static const vrn_node *node_of(const vrn_graph *graph, const char *name)
{
    vrn_value value = vrn_graph_find(graph, name);
    if (value == VRN_NO_VALUE || value == 0) fail_msg("no node '%s'", name);
    return &graph->nodes[value - 1];
}

/* ---- Against torchvision --------------------------------------------------------------------- */

/* Lines that the library makes for one architecture, hashed as the script does, and the next ones
 * that the file gives in full. */
typedef struct listing {
    uint64_t hash, parameters;
    int count;
    char *text; /* all lines */
    size_t length, capacity;
} listing;

static void list_line(listing *list, const char *line)
{
    size_t length = strlen(line) + 1;
    if (list->count++ == 0) list->hash = UINT64_C(0xcbf29ce484222325);
    if (list->length + length >= list->capacity) {
        list->capacity = (list->capacity + length) * 2;
        list->text = realloc(list->text, list->capacity);
        assert_non_null(list->text);
    }
    memcpy(list->text + list->length, line, length);
    list->text[list->length + length - 1] = '\n';
    list->text[list->length + length] = 0;
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = (uint8_t)list->text[list->length + i];
        list->hash = (list->hash ^ byte) * UINT64_C(0x100000001b3);
    }
    list->length += length;
}

static vrn_result list_parameter(void *user, const vrn_parameter *parameter)
{
    listing *list = user;
    char line[256];
    int used = snprintf(line, sizeof line, "%s ", parameter->name);
    uint64_t elements = 1;
    for (uint32_t i = 0; i < parameter->rank; i++) {
        used += snprintf(line + used, sizeof line - (size_t)used, "%s%" PRIu64, i ? "," : "",
                         parameter->shape[i]);
        elements *= parameter->shape[i];
    }
    if (!parameter->buffer) list->parameters += elements;
    list_line(list, line);
    return VRN_OK;
}

static void list_node(listing *list, const vrn_node *node)
{
    const vrn_op_desc *d = &node->desc;
    char line[256];
    int used =
        snprintf(line, sizeof line, "%s %u,%u,%u ", node->name, d->out.c, d->out.h, d->out.w);
    size_t left = sizeof line - (size_t)used;
    if (d->op == VRN_OP_CONV || d->op == VRN_OP_MAX_POOL) {
        snprintf(line + used, left,
                 "kernel %u,%u stride %u,%u padding %u,%u dilation %u,%u groups %u", d->kernel.y,
                 d->kernel.x, d->stride.y, d->stride.x, d->padding.y, d->padding.x, d->dilation.y,
                 d->dilation.x, d->groups);
    } else if (d->op == VRN_OP_BATCH_NORM || d->op == VRN_OP_GROUP_NORM) {
        snprintf(line + used, left, "eps %.0fe-6 groups %u", (double)d->eps * 1e6, d->groups);
    } else {
        return;
    }
    list_line(list, line);
}

typedef struct comparison {
    char arch[128];
    listing tensors, layers;
    size_t tensor_at, layer_at; /* where the next line given in full must stand */
    int compared;
} comparison;

static void start(comparison *c, const char *text)
{
    free(c->tensors.text);
    free(c->layers.text);
    int compared = c->compared;
    memset(c, 0, sizeof *c);
    c->compared = compared;
    snprintf(c->arch, sizeof c->arch, "%s", text);
    vrn_arch arch = parse(text);
    assert_int_equal(vrn_arch_visit_parameters(&arch, list_parameter, &c->tensors, NULL), VRN_OK);
    vrn_graph graph = build(text, HEIGHT, WIDTH);
    for (uint32_t i = 0; i < graph.count; i++) list_node(&c->layers, &graph.nodes[i]);
    vrn_graph_free(&graph);
}

static void expect_digest(const comparison *c, const listing *list, const char *what,
                          const char *digest)
{
    char found[64];
    snprintf(found, sizeof found, "%d %016" PRIx64, list->count, list->hash);
    if (strcmp(found, digest) != 0) {
        fail_msg("%s: %s: expected %s, found %s:\n%s", c->arch, what, digest, found, list->text);
    }
}

static void expect_line(const comparison *c, const listing *list, size_t *at, const char *line)
{
    const char *found = list->text + *at;
    size_t length = strcspn(found, "\n");
    if (length != strlen(line) || memcmp(found, line, length) != 0) {
        fail_msg("%s: expected '%s', found '%.*s'", c->arch, line, (int)length, found);
    }
    *at += length + 1;
}

static void compare_line(comparison *c, char *line)
{
    char *value = strchr(line, ' ');
    assert_non_null(value);
    *value++ = 0;
    if (strcmp(line, "arch") == 0) {
        start(c, value);
    } else if (strcmp(line, "parameters") == 0) {
        if (c->tensors.parameters != strtoull(value, NULL, 10)) {
            fail_msg("%s: expected %s parameters, found %" PRIu64, c->arch, value,
                     c->tensors.parameters);
        }
        c->compared++;
    } else if (strcmp(line, "tensors") == 0) {
        expect_digest(c, &c->tensors, line, value);
    } else if (strcmp(line, "layers") == 0) {
        expect_digest(c, &c->layers, line, value);
    } else if (strcmp(line, "tensor") == 0) {
        expect_line(c, &c->tensors, &c->tensor_at, value);
    } else if (strcmp(line, "layer") == 0) {
        expect_line(c, &c->layers, &c->layer_at, value);
    } else {
        assert_string_equal(line, "refuse"); /* test_arch.c reads these */
    }
}

static void test_torchvision(void **state)
{
    (void)state;
    FILE *file = fopen(VRN_TEST_SOURCE_DIR "/tests/data/net/torchvision.txt", "r");
    assert_non_null(file);
    comparison c = {.compared = 0};
    char line[512];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        compare_line(&c, line);
    }
    fclose(file);
    free(c.tensors.text);
    free(c.layers.text);
    assert_true(c.compared >= 24);
}

/* The counts of notes and papers, beside the generated ones: a wrong script would not find them. */
static vrn_result count_parameter(void *user, const vrn_parameter *parameter)
{
    uint64_t elements = 1;
    for (uint32_t i = 0; i < parameter->rank; i++) elements *= parameter->shape[i];
    if (!parameter->buffer) *(uint64_t *)user += elements;
    return VRN_OK;
}

static void test_parameter_counts(void **state)
{
    (void)state;
    static const struct {
        const char *arch;
        uint64_t parameters;
    } cases[] = {
        {"resnet18", 11689512},
        {"resnet34", 21797672},
        {"resnet50", 25557032},
        {"resnet101", 44549160},
        {"resnet152", 60192808},
        {"resnext50_32x4d", 25028904},
        {"resnext101_32x8d", 88791336},
        {"resnext101_64x4d", 83455272},
        {"wide_resnet50_2", 68883240},
        {"wide_resnet101_2", 126886696},
        /* Idelbayev's list has 0.27, 0.46, 0.66, 0.85, 1.7 and 19.4 million. */
        {"resnet20", 269722},
        {"resnet32", 464154},
        {"resnet44", 658586},
        {"resnet56", 853018},
        {"resnet110", 1727962},
        {"resnet1202", 19421274},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vrn_arch arch = parse(cases[i].arch);
        uint64_t count = 0;
        assert_int_equal(vrn_arch_visit_parameters(&arch, count_parameter, &count, NULL), VRN_OK);
        if (count != cases[i].parameters) fail_msg("%s: found %" PRIu64, cases[i].arch, count);
    }
}

/* Indices count up in the order of the visits, and are those of the nodes. */
static vrn_result check_index(void *user, const vrn_parameter *parameter)
{
    assert_int_equal(parameter->index, (*(uint32_t *)user)++);
    assert_int_equal(parameter->node->own[parameter->role], parameter->index);
    return VRN_OK;
}

static void test_indices(void **state)
{
    (void)state;
    vrn_graph graph = build("resnet50", 64, 64);
    uint32_t count = 0;
    assert_int_equal(vrn_graph_visit_parameters(&graph, check_index, &count), VRN_OK);
    assert_int_equal(count, graph.parameter_count);
    count = 0;
    vrn_arch arch = parse("resnet50");
    assert_int_equal(vrn_arch_visit_parameters(&arch, check_index, &count, NULL), VRN_OK);
    assert_int_equal(count, graph.parameter_count);

    /* Fusion takes a norm's parameters along. */
    uint32_t norm[VRN_PARAM_COUNT];
    memcpy(norm, node_of(&graph, "layer2.0.bn2")->own, sizeof norm);
    assert_int_equal(vrn_graph_fuse(&graph, NULL, 0, NULL), VRN_OK);
    const vrn_node *fused = node_of(&graph, "layer2.0.conv2");
    assert_memory_equal(fused->norm, norm, sizeof norm);
    assert_int_equal(fused->own[VRN_PARAM_WEIGHT] + 1, norm[VRN_PARAM_WEIGHT]);
    assert_int_equal(fused->own[VRN_PARAM_BIAS], VRN_NO_PARAMETER);
    assert_string_equal(fused->output, "layer2.0.relu2");
    vrn_graph_free(&graph);
}

static void test_pool_in_stem(void **state)
{
    (void)state;
    vrn_graph graph = build("resnet18", 64, 64);
    vrn_value kept[2] = {vrn_graph_find(&graph, "layer1"), vrn_graph_find(&graph, "maxpool")};
    assert_int_equal(vrn_graph_fuse(&graph, kept, 2, NULL), VRN_OK);
    const uint32_t count = graph.count;
    vrn_value stem = 1;
    vrn_op_desc desc;
    assert_false(vrn_graph_pooled(&graph, 0, &stem, 1, &desc)); /* the caller reads it */
    assert_false(vrn_graph_pooled(&graph, 2, NULL, 0, &desc));  /* a convolution follows */
    assert_false(vrn_graph_pooled(&graph, count - 1, NULL, 0, &desc));
    assert_true(vrn_graph_pooled(&graph, 0, kept, 2, &desc));
    const double flops = vrn_op_flops(&graph.nodes[0].desc) + vrn_op_flops(&graph.nodes[1].desc);
    assert_true(vrn_op_flops(&desc) == flops);
    vrn_graph_absorb_pool(&graph, 0, kept, 2);
    assert_int_equal(graph.count, count - 1);
    assert_int_equal(graph.nodes[0].desc.out.h, 16);
    assert_int_equal(vrn_op_result(&graph.nodes[0].desc).h, 32);
    assert_string_equal(graph.nodes[0].output, "maxpool");
    assert_int_equal(kept[1], 1);
    assert_string_equal(graph.nodes[kept[0] - 1].name, "layer1.1.conv2");
    assert_int_equal(node_of(&graph, "layer1.0.conv1")->input, 1);
    assert_int_equal(node_of(&graph, "layer1.0.conv2")->residual, 1);
    assert_int_equal(graph.probabilities, graph.count);
    vrn_graph_free(&graph);

    graph = build("resnet18,pool=max_zeros", 64, 64);
    assert_int_equal(vrn_graph_fuse(&graph, NULL, 0, NULL), VRN_OK);
    assert_false(vrn_graph_pooled(&graph, 0, NULL, 0, &desc));
    vrn_graph_free(&graph);
}

static vrn_result stop_at_bias(void *user, const vrn_parameter *parameter)
{
    ++*(int *)user;
    return parameter->role == VRN_PARAM_BIAS ? VRN_ERROR_FILE : VRN_OK;
}

static void test_visitor_stops(void **state)
{
    (void)state;
    vrn_arch arch = parse("resnet18");
    int visited = 0;
    assert_int_equal(vrn_arch_visit_parameters(&arch, stop_at_bias, &visited, NULL),
                     VRN_ERROR_FILE);
    assert_int_equal(visited, 3); /* conv1.weight, bn1.weight, bn1.bias */
}

/* Multiply-adds of the literature, in 1e9, at 224 x 224: those of convolutions and linear layer. */
static void test_flops(void **state)
{
    (void)state;
    static const struct {
        const char *arch;
        double giga;
    } cases[] = {
        {"resnet18", 1.814},          {"resnet34", 3.664},         {"resnet50", 4.089},
        {"resnet101", 7.801},         {"resnet152", 11.514},       {"resnext50_32x4d", 4.230},
        {"resnext101_32x8d", 16.414}, {"wide_resnet50_2", 11.398}, {"wide_resnet101_2", 22.753},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vrn_graph graph = build(cases[i].arch, 224, 224);
        double weighted = 0, all = 0;
        for (uint32_t n = 0; n < graph.count; n++) {
            const vrn_op_desc *desc = &graph.nodes[n].desc;
            double flops = vrn_op_flops(desc);
            all += flops;
            if (desc->op == VRN_OP_CONV || desc->op == VRN_OP_LINEAR) weighted += flops;
        }
        vrn_graph_free(&graph);
        double error = weighted / 2e9 - cases[i].giga;
        if (error < -6e-4 || error > 6e-4) {
            fail_msg("%s: %.4f multiply-adds", cases[i].arch, weighted / 2e9);
        }
        assert_true(all > weighted && all < 1.05 * weighted);
    }
}

/* ---- What torchvision has not ---------------------------------------------------------------- */

static void assert_shape(const vrn_graph *graph, const char *name, uint32_t h, uint32_t w,
                         uint32_t c)
{
    vrn_value value = vrn_graph_find(graph, name);
    if (value == VRN_NO_VALUE) fail_msg("no '%s'", name);
    vrn_shape shape = vrn_graph_shape(graph, value);
    if (shape.h != h || shape.w != w || shape.c != c) {
        fail_msg("%s: expected %u x %u x %u, found %u x %u x %u", name, h, w, c, shape.h, shape.w,
                 shape.c);
    }
}

static void test_cifar(void **state)
{
    (void)state;
    vrn_graph graph = build("resnet20", 33, 32);
    assert_int_equal(vrn_graph_find(&graph, "maxpool"), VRN_NO_VALUE);
    assert_shape(&graph, "conv1", 33, 32, 16);
    assert_int_equal(node_of(&graph, "conv1")->desc.kernel.y, 3);
    assert_int_equal(node_of(&graph, "conv1")->desc.padding.x, 1);
    assert_shape(&graph, "layer1", 33, 32, 16);
    assert_shape(&graph, "layer2", 17, 16, 32);
    assert_shape(&graph, "layer3", 9, 8, 64);
    assert_shape(&graph, "avgpool", 1, 1, 64);
    assert_shape(&graph, "fc", 1, 1, 10);

    const vrn_node *shortcut = node_of(&graph, "layer2.0.shortcut");
    assert_int_equal(shortcut->desc.op, VRN_OP_SHORTCUT);
    assert_int_equal(shortcut->desc.subsample, 2);
    assert_int_equal(shortcut->desc.offset, 8);
    assert_int_equal(shortcut->input, vrn_graph_find(&graph, "layer1"));
    assert_shape(&graph, "layer2.0.shortcut", 17, 16, 32);
    assert_int_equal(vrn_graph_find(&graph, "layer1.0.shortcut"), VRN_NO_VALUE);
    assert_int_equal(vrn_graph_find(&graph, "layer2.1.shortcut"), VRN_NO_VALUE);
    assert_int_equal(vrn_graph_find(&graph, "layer2.0.downsample"), VRN_NO_VALUE);
    vrn_graph_free(&graph);

    /* Channels that grow without a stride, and by an odd number: the extra zero goes behind. */
    graph = build("resnet,layers=1:1,planes=3:16,stem=cifar,shortcut=pad,block=bottleneck", 8, 8);
    shortcut = node_of(&graph, "layer1.0.shortcut");
    assert_int_equal(shortcut->desc.subsample, 1);
    assert_int_equal(shortcut->desc.offset, 4); /* 3 to 12 */
    assert_shape(&graph, "layer1.0.shortcut", 8, 8, 12);
    vrn_graph_free(&graph);
}

static void test_first_version_strides(void **state)
{
    (void)state;
    vrn_graph graph = build("resnet50,v1=1,dilate=0:0:1", 64, 64);
    assert_int_equal(node_of(&graph, "layer2.0.conv1")->desc.stride.y, 2);
    assert_int_equal(node_of(&graph, "layer2.0.conv2")->desc.stride.y, 1);
    assert_shape(&graph, "layer2.0.conv1", 8, 8, 128);
    assert_shape(&graph, "layer2.0.downsample", 8, 8, 512);
    /* Dilation replaces the stride, wherever it would have been. */
    assert_int_equal(node_of(&graph, "layer4.0.conv1")->desc.stride.y, 1);
    assert_int_equal(node_of(&graph, "layer4.1.conv2")->desc.dilation.y, 2);
    assert_shape(&graph, "layer4", 4, 4, 2048);
    vrn_graph_free(&graph);
}

static void test_node_order(void **state)
{
    (void)state;
    static const char *const bottleneck[] = {
        "conv1",
        "bn1",
        "relu",
        "maxpool",
        "layer1.0.conv1",
        "layer1.0.bn1",
        "layer1.0.relu1",
        "layer1.0.conv2",
        "layer1.0.bn2",
        "layer1.0.relu2",
        "layer1.0.conv3",
        "layer1.0.bn3",
        "layer1.0.downsample.0",
        "layer1.0.downsample.1",
        "layer1.0.add",
        "layer1.0.relu",
        "avgpool",
        "fc",
        "softmax",
    };
    static const char *const basic[] = {
        "conv1",          "bn1",
        "relu",           "layer1.0.conv1",
        "layer1.0.bn1",   "layer1.0.relu1",
        "layer1.0.conv2", "layer1.0.bn2",
        "layer1.0.add",   "layer1.0.relu",
        "layer2.0.conv1", "layer2.0.bn1",
        "layer2.0.relu1", "layer2.0.conv2",
        "layer2.0.bn2",   "layer2.0.shortcut",
        "layer2.0.add",   "layer2.0.relu",
        "avgpool",        "fc",
        "softmax",
    };
    vrn_graph graph = build("resnet,block=bottleneck,layers=1", 9, 9);
    assert_int_equal(graph.count, sizeof bottleneck / sizeof *bottleneck);
    for (uint32_t i = 0; i < graph.count; i++) {
        assert_string_equal(graph.nodes[i].name, bottleneck[i]);
    }
    vrn_graph_free(&graph);
    graph = build("resnet,layers=1:1,stem=cifar,shortcut=pad", 9, 9);
    assert_int_equal(graph.count, sizeof basic / sizeof *basic);
    for (uint32_t i = 0; i < graph.count; i++) assert_string_equal(graph.nodes[i].name, basic[i]);
    vrn_graph_free(&graph);
}

static void assert_consistent(const vrn_graph *graph)
{
    for (uint32_t i = 0; i < graph->count; i++) {
        const vrn_node *node = &graph->nodes[i];
        const vrn_op_desc *desc = &node->desc;
        assert_true(node->input <= i); /* computed before */
        vrn_shape in = vrn_graph_shape(graph, node->input);
        assert_memory_equal(&in, &desc->in, sizeof in);
        assert_true(desc->out.h >= 1 && desc->out.w >= 1 && desc->out.c >= 1);
        assert_true(desc->groups >= 1 && desc->in.c % desc->groups == 0);
        assert_string_equal(node->output, node->name);
        assert_int_equal(node->norm[VRN_PARAM_WEIGHT], VRN_NO_PARAMETER);
        assert_false(desc->epilogue.bias || desc->epilogue.relu || desc->epilogue.residual);
        assert_int_equal(desc->epilogue.residual_stride, 1);
        if (desc->op == VRN_OP_ADD) {
            assert_true(node->residual <= i && node->residual != node->input);
            vrn_shape residual = vrn_graph_shape(graph, node->residual);
            assert_memory_equal(&residual, &desc->in, sizeof residual);
        } else {
            assert_int_equal(node->residual, VRN_NO_VALUE);
        }
        if (desc->op != VRN_OP_SCALE) {
            assert_int_equal(node->gate, VRN_NO_VALUE);
            continue;
        }
        assert_true(node->gate <= i && node->gate != node->input);
        const vrn_shape gate = vrn_graph_shape(graph, node->gate);
        assert_true(gate.h == 1 && gate.w == 1 && gate.c == desc->in.c);
    }
    assert_int_equal(graph->logits, graph->count - 1);
    assert_int_equal(graph->probabilities, graph->count);
}

/* One node for each layer of a gate, and one for its product with the shortcut and the ReLU. */
static void test_attention(void **state)
{
    (void)state;
    static const char *const squeezes[] = {
        "conv1",
        "layer1.0.conv1",
        "layer1.0.conv2",
        "layer1.0.se.avgpool",
        "layer1.0.se.fc1",
        "layer1.0.se.fc2",
        "layer1.0.se.scale",
        "avgpool",
        "fc",
        "softmax",
    };
    vrn_graph graph = build("resnet,layers=1,planes=8,stem=cifar,attention=se", 9, 9);
    assert_int_equal(node_of(&graph, "layer1.0.se.fc1")->desc.out.c, 1); /* 8 / 16 */
    assert_int_equal(vrn_graph_find(&graph, "layer1.0.se"),
                     vrn_graph_find(&graph, "layer1.0.se.scale"));
    assert_int_equal(vrn_graph_fuse(&graph, NULL, 0, NULL), VRN_OK);
    assert_int_equal(graph.count, sizeof squeezes / sizeof *squeezes);
    for (uint32_t i = 0; i < graph.count; i++) {
        assert_string_equal(graph.nodes[i].name, squeezes[i]);
    }
    const vrn_node *scale = node_of(&graph, "layer1.0.se.scale");
    assert_true(scale->desc.epilogue.relu && scale->desc.epilogue.residual);
    assert_int_equal(scale->input, vrn_graph_find(&graph, "layer1.0.conv2"));
    assert_int_equal(scale->residual, vrn_graph_find(&graph, "conv1"));
    assert_int_equal(scale->gate, vrn_graph_find(&graph, "layer1.0.se.fc2"));
    assert_string_equal(scale->output, "layer1.0.relu");
    assert_int_equal(node_of(&graph, "layer1.0.se.fc2")->desc.epilogue.activation,
                     VRN_ACTIVATION_SIGMOID);
    vrn_graph_free(&graph);

    /* A sigmoid of zeros is no zero: it stays by itself where channels are filled up. */
    graph = build("resnet,layers=1,planes=6,stem=cifar,attention=eca", 9, 9);
    assert_int_equal(vrn_graph_fuse(&graph, NULL, 0, NULL), VRN_OK);
    assert_int_equal(node_of(&graph, "layer1.0.se.conv")->desc.kernel.x, 1); /* log2(6) */
    assert_false(node_of(&graph, "layer1.0.se.conv")->desc.epilogue.relu);
    assert_int_equal(node_of(&graph, "layer1.0.se.scale")->gate,
                     vrn_graph_find(&graph, "layer1.0.se.gate"));
    vrn_graph_free(&graph);
}

static void test_consistency(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {1, 7}, {2, 3}, {224, 224}, {65536, 65536}};
    static const char *const archs[] = {
        "resnet18",
        "resnext50_32x4d,dilate=1:1:1",
        "wide_resnet50_2",
        "resnet20",
        "resnet110",
        "resnet20,shortcut=projection",
        "resnet152,norm=group",
        "resnet50,shortcut=pad",
        "resnet50,attention=se",
        "resnet20,attention=eca",
        "resnet50,antialias=blur",
        "resnet50,v2=1,final_norm=1",
        "resnet18,v2=1,attention=se",
        "resnet18,antialias=blur,blur_size=7,shortcut=blur,pool=max2_blur",
        "resnet18,stem=deep,stem_width2=24,pool=conv",
        "resnet,layers=1:1:1:1:1:1:1:1",
    };
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            vrn_graph graph = build(archs[i], sizes[s][0], sizes[s][1]);
            assert_consistent(&graph);
            vrn_graph_free(&graph);
            assert_null(graph.nodes);
        }
    }
}

static void test_deep(void **state)
{
    (void)state;
    vrn_graph graph = build("resnet1202", 32, 32);
    assert_consistent(&graph);
    /* 600 blocks of 7 nodes, two shortcuts, three in the stem and three at the head. */
    assert_int_equal(graph.count, 600 * 7 + 2 + 3 + 3);
    assert_shape(&graph, "layer3.199", 8, 8, 64);
    vrn_graph_free(&graph);

    graph = build("resnet,layers=4096:1,planes=1:1", 8, 8);
    assert_consistent(&graph);
    assert_shape(&graph, "layer1.4095.relu1", 2, 2, 1);
    vrn_graph_free(&graph);
}

static void test_find(void **state)
{
    (void)state;
    vrn_graph graph = build("resnet50", 64, 64);
    static const char *const same[][2] = {
        {"layer1", "layer1.2.relu"},
        {"layer2.3", "layer2.3.relu"},
        {"layer1.0.downsample", "layer1.0.downsample.1"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_string_equal(node_of(&graph, same[i][0])->name, same[i][1]);
    }
    static const char *const nodes[] = {"conv1",   "bn1",          "relu",
                                        "maxpool", "layer4.2.bn3", "layer3.5.add",
                                        "avgpool", "fc",           "softmax"};
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        assert_string_equal(node_of(&graph, nodes[i])->name, nodes[i]);
    }
    static const char *const unknown[] = {
        "",         ".",         "layer",        "layer5", "layer1.",
        "layer1.3", "layer1.0.", "layer1.0.con", "conv",   "conv1.weight",
        "fc.bias",  "layer10",   "input"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        if (vrn_graph_find(&graph, unknown[i]) != VRN_NO_VALUE) fail_msg("'%s'", unknown[i]);
    }
    assert_int_equal(vrn_graph_find(&graph, "fc"), graph.logits);
    vrn_shape input = vrn_graph_shape(&graph, 0);
    assert_int_equal(input.h, 64);
    assert_int_equal(input.c, 3);
    vrn_graph_free(&graph);
}

/* The linear layer as a convolution of what the average pool reads, at the end of the graph and
 * once. */
static void test_class_map(void **state)
{
    (void)state;
    vrn_graph graph = build("resnet50,num_classes=21", 224, 160);
    const uint32_t count = graph.count;
    assert_int_equal(vrn_graph_find(&graph, VRN_CLASS_MAP), VRN_NO_VALUE);
    vrn_value value, again;
    assert_int_equal(vrn_graph_add_class_map(&graph, &value, NULL), VRN_OK);
    assert_int_equal(vrn_graph_add_class_map(&graph, &again, NULL), VRN_OK);
    assert_int_equal(graph.count, count + 1);
    assert_int_equal(value, graph.count);
    assert_int_equal(again, value);
    assert_shape(&graph, VRN_CLASS_MAP, 7, 5, 21);
    const vrn_node *map = node_of(&graph, VRN_CLASS_MAP);
    assert_int_equal(map->desc.op, VRN_OP_CONV);
    assert_int_equal(map->input, vrn_graph_find(&graph, "layer4"));
    assert_memory_equal(map->own, node_of(&graph, "fc")->own, sizeof map->own);
    vrn_graph_free(&graph);
}

static void test_input_bounds(void **state)
{
    (void)state;
    static const struct {
        uint32_t height, width;
        const char *words;
    } cases[] = {
        {0, 5, "0x5 pixels is too small"},
        {5, 0, "5x0 pixels is too small"},
        {65537, 1, "65537x1 pixels is too large: expected at most 65536x65536"},
        {1, UINT32_MAX, "too large"},
    };
    vrn_arch arch = parse("resnet18");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        captured_log captured;
        vrn_log log = capture_log(&captured);
        vrn_graph graph;
        assert_int_equal(vrn_graph_build(&graph, &arch, cases[i].height, cases[i].width, &log),
                         VRN_ERROR_INVALID_ARGUMENT);
        assert_true(said_once(&captured, cases[i].words));
        assert_null(graph.nodes);
    }
}

static void test_op_names(void **state)
{
    (void)state;
    for (int op = 0; op < VRN_OP_COUNT; op++) {
        const char *name = vrn_op_name((vrn_op)op);
        assert_non_null(name);
        assert_string_not_equal(name, "unknown");
    }
    assert_string_equal(vrn_op_name(VRN_OP_CONV), "conv");
    assert_string_equal(vrn_op_name(VRN_OP_SOFTMAX), "softmax");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torchvision),   cmocka_unit_test(test_parameter_counts),
        cmocka_unit_test(test_indices),       cmocka_unit_test(test_pool_in_stem),
        cmocka_unit_test(test_visitor_stops), cmocka_unit_test(test_flops),
        cmocka_unit_test(test_cifar),         cmocka_unit_test(test_first_version_strides),
        cmocka_unit_test(test_node_order),    cmocka_unit_test(test_attention),
        cmocka_unit_test(test_consistency),   cmocka_unit_test(test_deep),
        cmocka_unit_test(test_find),          cmocka_unit_test(test_class_map),
        cmocka_unit_test(test_input_bounds),  cmocka_unit_test(test_op_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
