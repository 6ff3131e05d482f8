/* Translates the names in files to torchvision's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/graph.h"
#include "net/names.h"
#include "unit/captured_log.h"

/* A list of tensors that are names alone. */
typedef struct name_list {
    char (*names)[96];
    vrn_tensor *tensors;
    size_t count, capacity;
} name_list;

static void push_name(name_list *list, const char *name)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity * 2 + 16;
        list->names = realloc(list->names, list->capacity * sizeof *list->names);
        assert_non_null(list->names);
    }
    snprintf(list->names[list->count++], sizeof *list->names, "%s", name);
}

static vrn_result create(vrn_names *names, name_list *list, const vrn_log *log)
{
    list->tensors = calloc(list->count + 1, sizeof *list->tensors);
    assert_non_null(list->tensors);
    for (size_t i = 0; i < list->count; i++) list->tensors[i].name = list->names[i];
    return vrn_names_create(names, list->tensors, list->count, NULL, NULL, "file", log);
}

static void free_list(name_list *list)
{
    free(list->names);
    free(list->tensors);
    memset(list, 0, sizeof *list);
}

static void test_table(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"conv1.weight", "conv1.weight"},
        {"layer4.2.downsample.1.running_var", "layer4.2.downsample.1.running_var"},
        /* Hugging Face */
        {"embedder.embedder.convolution.weight", "conv1.weight"},
        {"embedder.embedder.normalization.running_mean", "bn1.running_mean"},
        {"encoder.stages.3.layers.11.layer.2.normalization.bias", "layer4.11.bn3.bias"},
        {"encoder.stages.1.layers.0.shortcut.convolution.weight", "layer2.0.downsample.0.weight"},
        {"encoder.stages.1.layers.0.shortcut.normalization.running_var",
         "layer2.0.downsample.1.running_var"},
        /* CIFAR repositories */
        {"layer3.0.shortcut.0.weight", "layer3.0.downsample.0.weight"},
        {"layer3.10.shortcut.1.running_mean", "layer3.10.downsample.1.running_mean"},
        /* antialiased-cnns */
        {"layer2.0.conv3.0.filt", "layer2.0.aa.filt"},
        {"layer2.0.conv3.1.weight", "layer2.0.conv3.weight"},
        /* timm's ResNetV2 */
        {"stages.0.blocks.0.conv1.weight", "layer1.0.conv1.weight"},
        /* Attention */
        {"layer2.1.se_module.fc1.bias", "layer2.1.se.fc1.bias"},
        {"layer2.1.se.fc.0.weight", "layer2.1.se.fc1.weight"},
        {"layer2.1.se.fc.2.weight", "layer2.1.se.fc2.weight"},
        {"layer4.0.se_layer.conv2.conv.weight", "layer4.0.se.fc2.weight"},
        {"layer4.0.eca.conv.weight", "layer4.0.se.conv.weight"},
        {"layer2.1.se.fc.1.weight", "layer2.1.se.fc.1.weight"},
        /* Nearly, and left alone */
        {"linear", "linear"},
        {"linear.weight", "linear.weight"},
        {"linear1.weight", "linear1.weight"},
        {"classifier.0.weight", "classifier.0.weight"},
        {"resnet.pooler.weight", "resnet.pooler.weight"},
        {"resnet.encoder.stages.0.layers.0.layer.0.convolutions.weight",
         "resnet.encoder.stages.0.layers.0.layer.0.convolutions.weight"},
        {"resnet.encoder.stages.x.layers.0.layer.0.convolution.weight",
         "resnet.encoder.stages.x.layers.0.layer.0.convolution.weight"},
        {"layer3.shortcut.0.weight", "layer3.shortcut.0.weight"},
        {"layer1234567.0.shortcut.0.weight", "layer1234567.0.shortcut.0.weight"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        /* Alone a name would be nothing but its own prefix. */
        name_list list = {0};
        push_name(&list, table[i][0]);
        push_name(&list, "other");
        vrn_names names;
        assert_int_equal(create(&names, &list, NULL), VRN_OK);
        const vrn_named_tensor *entry = vrn_names_find(&names, table[i][1]);
        if (!entry) fail_msg("'%s' did not become '%s'", table[i][0], table[i][1]);
        assert_ptr_equal(entry->tensor, &list.tensors[0]);
        assert_int_equal(entry->position, 0);
        vrn_names_free(&names);
        free_list(&list);
    }
}

/* ---- Whole networks -------------------------------------------------------------------------- */

typedef enum scheme {
    TORCHVISION,
    HUGGING_FACE,
    CIFAR,
} scheme;

typedef struct renamer {
    name_list *list;
    const char *prefix;
    scheme scheme;
    bool tracked;
} renamer;

/* The inverse of what is tested, written from the other side: the module, and then its leaf. */
static void hugging_face_name(const vrn_parameter *parameter, char *out, size_t capacity)
{
    const char *leaf = strrchr(parameter->name, '.');
    unsigned stage = 0, block = 0, unit = 0;
    const char *node = parameter->node->name;
    if (strcmp(node, "fc") == 0) {
        snprintf(out, capacity, "classifier.1%s", leaf);
    } else if (strcmp(node, "conv1") == 0) {
        snprintf(out, capacity, "resnet.embedder.embedder.convolution%s", leaf);
    } else if (strcmp(node, "bn1") == 0) {
        snprintf(out, capacity, "resnet.embedder.embedder.normalization%s", leaf);
    } else if (sscanf(node, "layer%u.%u.downsample.%u", &stage, &block, &unit) == 3) {
        snprintf(out, capacity, "resnet.encoder.stages.%u.layers.%u.shortcut.%s%s", stage - 1,
                 block, unit ? "normalization" : "convolution", leaf);
    } else if (sscanf(node, "layer%u.%u.conv%u", &stage, &block, &unit) == 3) {
        snprintf(out, capacity, "resnet.encoder.stages.%u.layers.%u.layer.%u.convolution%s",
                 stage - 1, block, unit - 1, leaf);
    } else {
        assert_int_equal(sscanf(node, "layer%u.%u.bn%u", &stage, &block, &unit), 3);
        snprintf(out, capacity, "resnet.encoder.stages.%u.layers.%u.layer.%u.normalization%s",
                 stage - 1, block, unit - 1, leaf);
    }
}

static void cifar_name(const vrn_parameter *parameter, char *out, size_t capacity)
{
    const char *down = strstr(parameter->name, "downsample");
    if (strncmp(parameter->name, "fc", 2) == 0) {
        snprintf(out, capacity, "linear%s", parameter->name + 2);
    } else if (down) {
        snprintf(out, capacity, "%.*sshortcut%s", (int)(down - parameter->name), parameter->name,
                 down + 10);
    } else {
        snprintf(out, capacity, "%s", parameter->name);
    }
}

static vrn_result push_renamed(void *user, const vrn_parameter *parameter)
{
    renamer *r = user;
    char name[80], full[96];
    switch (r->scheme) {
    case TORCHVISION: snprintf(name, sizeof name, "%s", parameter->name); break;
    case HUGGING_FACE: hugging_face_name(parameter, name, sizeof name); break;
    case CIFAR: cifar_name(parameter, name, sizeof name); break;
    }
    snprintf(full, sizeof full, "%s%s", r->prefix, name);
    push_name(r->list, full);
    if (r->tracked && parameter->role == VRN_PARAM_VAR) {
        snprintf(strrchr(full, '.'), 24, ".num_batches_tracked");
        push_name(r->list, full);
    }
    return VRN_OK;
}

typedef struct finder {
    const vrn_names *names;
    size_t found;
} finder;

static vrn_result find_parameter(void *user, const vrn_parameter *parameter)
{
    finder *f = user;
    if (strncmp(parameter->name, "fc.", 3) == 0) return VRN_OK; /* net/heads.h */
    if (!vrn_names_find(f->names, parameter->name)) fail_msg("no '%s'", parameter->name);
    f->found++;
    return VRN_OK;
}

static void test_networks(void **state)
{
    (void)state;
    static const char *const archs[] = {"resnet18", "resnet50", "resnet20,shortcut=projection"};
    static const char *const prefixes[] = {
        "", "module.", "model.", "backbone.", "module.model.encoder.", "resnet."};
    for (size_t a = 0; a < 3; a++) {
        for (size_t p = 0; p < 6; p++) {
            for (int s = TORCHVISION; s <= CIFAR; s++) {
                vrn_arch arch;
                assert_int_equal(vrn_arch_parse(&arch, archs[a], NULL), VRN_OK);
                name_list list = {0};
                renamer r = {&list, prefixes[p], (scheme)s, p % 2 == 1};
                assert_int_equal(vrn_arch_visit_parameters(&arch, push_renamed, &r, NULL), VRN_OK);
                vrn_names names;
                assert_int_equal(create(&names, &list, NULL), VRN_OK);
                assert_true(names.tracked == (p % 2 == 1));
                finder f = {&names, 0};
                assert_int_equal(vrn_arch_visit_parameters(&arch, find_parameter, &f, NULL),
                                 VRN_OK);
                assert_int_equal(f.found + 2, names.count);
                vrn_names_free(&names);
                free_list(&list);
            }
        }
    }
}

static void test_prefix_is_of_all(void **state)
{
    (void)state;
    name_list list = {0};
    push_name(&list, "module.conv1.weight");
    push_name(&list, "module.bn1.weight");
    push_name(&list, "n_averaged"); /* torch.optim.swa_utils.AveragedModel */
    vrn_names names;
    assert_int_equal(create(&names, &list, NULL), VRN_OK);
    assert_int_equal(names.count, 2);
    assert_non_null(vrn_names_find(&names, "conv1.weight"));
    vrn_names_free(&names);
    free_list(&list);

    push_name(&list, "module.conv1.weight");
    push_name(&list, "module.bn1.weight");
    push_name(&list, "extra.weight");
    assert_int_equal(create(&names, &list, NULL), VRN_OK);
    assert_non_null(vrn_names_find(&names, "module.conv1.weight"));
    vrn_names_free(&names);
    free_list(&list);
}

static void test_one_name_twice(void **state)
{
    (void)state;
    name_list list = {0};
    push_name(&list, "conv1.weight");
    push_name(&list, "layer2.0.shortcut.0.weight");
    push_name(&list, "layer2.0.downsample.0.weight");
    captured_log captured;
    vrn_log log = capture_log(&captured);
    vrn_names names;
    assert_int_equal(create(&names, &list, &log), VRN_ERROR_FILE);
    assert_true(said_once(&captured, "file: expected one tensor for layer2.0.downsample.0.weight, "
                                     "found two: 'layer2.0.shortcut.0.weight' and "
                                     "'layer2.0.downsample.0.weight'"));
    assert_null(names.entries);
    free_list(&list);
}

static void test_finding(void **state)
{
    (void)state;
    name_list list = {0};
    vrn_names names;
    assert_int_equal(create(&names, &list, NULL), VRN_OK);
    assert_null(vrn_names_find(&names, "conv1.weight"));
    assert_null(vrn_names_find_prefix(&names, ""));
    vrn_names_free(&names);
    free_list(&list);

    push_name(&list, "layer2.0.downsample.1.weight");
    push_name(&list, "layer2.0.conv1.weight");
    push_name(&list, "layer2.0.downsample.0.weight");
    assert_int_equal(create(&names, &list, NULL), VRN_OK);
    /* All share "layer2.0.": what is left is told apart behind it. */
    assert_string_equal(vrn_names_find_prefix(&names, "downsample.")->name, "downsample.0.weight");
    assert_int_equal(vrn_names_find_prefix(&names, "downsample.1")->position, 0);
    assert_null(vrn_names_find_prefix(&names, "downsample.2"));
    assert_null(vrn_names_find_prefix(&names, "zzz"));
    assert_null(vrn_names_find(&names, "downsample"));
    assert_int_equal(vrn_names_find(&names, "conv1.weight")->position, 1);
    vrn_names_free(&names);
    free_list(&list);
}

/* Trunks of every scheme, wherever they lie. */
static void test_places(void **state)
{
    (void)state;
    static const struct {
        const char *names[6];
        const char *prefix, *wanted, *becomes[2];
    } cases[] = {
        {{"model.layer1.0.conv1.weight", "criterion.weight"},
         "model.",
         NULL,
         {"layer1.0.conv1.weight"}},
        {{"backbone.body.layer1.0.conv1.weight", "backbone.fpn.0.weight", "rpn.conv.weight"},
         "backbone.body.",
         NULL,
         {"layer1.0.conv1.weight"}},
        {{"x.conv2_x.0.residual_function.0.weight", "x.conv3_x.1.shortcut.1.bias", "x.fc.bias"},
         "x.",
         NULL,
         {"layer1.0.conv1.weight", "layer2.1.downsample.1.bias"}},
        {{"res2.0.conv1.weight", "res3.0.conv2.norm.weight", "stem.conv1.norm.bias"},
         "",
         NULL,
         {"layer2.0.bn2.weight", "bn1.bias"}},
        {{"0.4.0.conv1.weight", "0.0.weight", "0.7.1.bn2.bias", "2.weight"},
         "0.",
         NULL,
         {"conv1.weight", "layer4.1.bn2.bias"}},
        {{"layer1.0.conv1.weight", "conv1.weight", "bn2.bias", "conv3.weight"},
         "",
         NULL,
         {"conv1.0.weight", "conv1.4.bias"}},
        {{"stem.0.weight", "stem.7.bias", "layer1.0.conv1.weight"},
         "",
         NULL,
         {"conv1.0.weight", "bn1.bias"}},
        {{"student.layer1.0.conv1.weight", "teacher.layer1.0.conv1.weight"},
         "teacher.",
         "teacher",
         {"layer1.0.conv1.weight"}},
        {{"state_dict.layer1.0.conv1.weight", "state_dict_ema.layer1.0.conv1.weight"},
         "state_dict_ema.",
         NULL,
         {"layer1.0.conv1.weight"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        name_list list = {0};
        for (size_t k = 0; k < 6 && cases[i].names[k]; k++) push_name(&list, cases[i].names[k]);
        vrn_names names;
        list.tensors = calloc(list.count, sizeof *list.tensors);
        for (size_t k = 0; k < list.count; k++) list.tensors[k].name = list.names[k];
        assert_int_equal(
            vrn_names_create(&names, list.tensors, list.count, cases[i].wanted, NULL, "file", NULL),
            VRN_OK);
        assert_string_equal(names.prefix, cases[i].prefix);
        for (size_t k = 0; k < 2 && cases[i].becomes[k]; k++) {
            if (!vrn_names_find(&names, cases[i].becomes[k]))
                fail_msg("case %zu: no %s", i, cases[i].becomes[k]);
        }
        vrn_names_free(&names);
        free_list(&list);
    }
}

static void test_several_places(void **state)
{
    (void)state;
    name_list list = {0};
    push_name(&list, "student.layer1.0.conv1.weight");
    push_name(&list, "teacher.layer1.0.conv1.weight");
    captured_log captured;
    vrn_log log = capture_log(&captured);
    vrn_names names;
    assert_int_equal(create(&names, &list, &log), VRN_ERROR_FILE);
    assert_true(said_once(&captured, "file: expected one ResNet, found 2, with the prefixes "
                                     "'student', 'teacher': choose one with --prefix student"));
    log = capture_log(&captured);
    assert_int_equal(
        vrn_names_create(&names, list.tensors, list.count, "pupil", NULL, "file", &log),
        VRN_ERROR_FILE);
    assert_true(said_once(
        &captured,
        "expected a ResNet with the prefix 'pupil', found others, with the prefixes 'student'"));
    /* The same memory twice is one network. */
    static const uint8_t data[4];
    list.tensors[0].data = list.tensors[1].data = data;
    assert_int_equal(vrn_names_create(&names, list.tensors, list.count, NULL, NULL, "file", NULL),
                     VRN_OK);
    assert_string_equal(names.prefix, "student.");
    assert_string_equal(names.others, "");
    assert_true(names.entries[1].elsewhere); /* the copy, which belongs to no wrapper */
    vrn_names_free(&names);
    assert_int_equal(
        vrn_names_create(&names, list.tensors, list.count, "teacher", NULL, "file", NULL), VRN_OK);
    assert_string_equal(names.prefix, "teacher.");
    vrn_names_free(&names);
    free_list(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_prefix_is_of_all),
        cmocka_unit_test(test_one_name_twice),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_several_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
