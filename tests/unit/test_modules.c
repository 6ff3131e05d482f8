/* Records of modules, in files of whole modules and TorchScript: what is run, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <vkresnet/vkresnet.h>

#include "unit/captured_log.h"
#include "unit/net_helpers.h"
#include "unit/parameter_maker.h"
#include "unit/safetensors_builder.h"

/* Records of modules, which files of whole modules have, decide: what no ResNet has is refused. */
static void test_network(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *key, *record, *chosen;
        const char *words; /* of the refusal, or of an assumption */
        bool refused;
        const char *blur; /* the record of layer1.0.aa */
    } cases[] = {
        {"", "module.fc.1", "Tanh", NULL, "fc.1 is a Tanh, which cannot be run there", true},
        {"", "module.avgpool", "AdaptiveMaxPool2d", NULL, "avgpool is an AdaptiveMaxPool2d", true},
        {"", "module.layer1.0.bn1", "BatchNorm2d eps=0.1", NULL, "its epsilon", true},
        {"", "module.layer1.0.bn1", "BatchNorm2d eps=1e-05", NULL, "standardize=none", false},
        {"", "module.last", "Softmax", NULL, "probabilities=softmax: last is a Softmax", false},
        {"", "module.last", "Sigmoid", NULL, "probabilities=sigmoid: last is a Sigmoid", false},
        {"", "module.layer1.0.se.gate", "Sigmoid", NULL, "strides", false},
        {"", "module.layer1.0.se", "Gate program call=sigmoid", NULL, "strides", false},
        {"", "module.layer1.0", "Block program call=tanh", NULL,
         "does something that no ResNet does", true},
        {"t.", "module.", "Outer program call=flip", NULL, "calls torch.flip: --prefix t", true},
        {"t.", "module.", "Outer program call=flip", "t", "strides", false},
        {"t.", "module.0", "Scale", NULL, "the module 0 around the network (Scale)", false},
        /* timm pads a blur of even size more than others do */
        {"", "module.layer1.0.conv1", "Conv2d stride=1,1", NULL, "layer1.0.aa is a BlurPool2d",
         true, "BlurPool2d stride=1 padding=2,2 filt_size=4 pad_mode=reflect"},
        {"", "module.layer1.0.conv1", "Conv2d stride=1,1", NULL, "layer1.0.aa is a BlurPool2d",
         true, "BlurPool2d stride=1 filt_size=4 pad_mode=reflect"},
        /* these are accepted: only the strides of the other stages are missing */
        {"", "module.layer1.0.conv1", "Conv2d stride=1,1", NULL, "expected 4 entries", true,
         "BlurPool2d stride=1 padding=1,2 filt_size=4 pad_mode=reflect"},
        {"", "module.layer1.0.conv1", "Conv2d stride=1,1", NULL, "expected 4 entries", true,
         "BlurPool2d stride=1 padding=2,2 filt_size=5 pad_mode=reflect"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        safetensors_builder builder;
        vrn_arch arch = parse("resnet18");
        builder_start(&builder);
        maker m = {&builder, cases[i].prefix};
        assert_int_equal(vrn_arch_visit_parameters(&arch, put, &m, NULL), VRN_OK);
        char conv[64], norm[64];
        snprintf(conv, sizeof conv, "module.%sconv1", cases[i].prefix);
        snprintf(norm, sizeof norm, "module.%sbn1", cases[i].prefix);
        builder_metadata(&builder, conv, "Conv2d stride=2,2");
        builder_metadata(&builder, norm, "BatchNorm2d eps=1e-05");
        builder_metadata(&builder, cases[i].key, cases[i].record);
        if (cases[i].blur) builder_metadata(&builder, "module.layer1.0.aa", cases[i].blur);
        builder_finish(&builder);
        captured_log captured;
        const vrn_model_params params = {.log = capture_log(&captured), .prefix = cases[i].chosen};
        vrn_model *model;
        const vrn_result result =
            vrn_model_load_memory(&model, builder.file, builder.size, "a", &params);
        if (!result != !cases[i].refused) fail_msg("case %zu: %d: %s", i, result, captured.text);
        const char *assumption;
        bool found = result && strstr(captured.text, cases[i].words), doubtful;
        for (uint32_t k = 0;
             !result && (assumption = vrn_model_get_assumption(model, k, &doubtful)) != NULL; k++) {
            found |= strstr(assumption, cases[i].words) != NULL;
        }
        if (!found) fail_msg("case %zu: no '%s': %s", i, cases[i].words, captured.text);
        vrn_model_destroy(&model);
        builder_free(&builder);
    }
}

/* ---- Heads of two layers --------------------------------------------------------------------- */

enum { RECORDS_MAX = 8, FEATURES = 512, WIDTH = 7, CLASSES = 5 };

static void put_linear(safetensors_builder *builder, const char *name, uint64_t in, uint64_t out)
{
    char tensor[96];
    snprintf(tensor, sizeof tensor, "%s.weight", name);
    builder_tensor(builder, tensor, "F32", 4, 2, (const uint64_t[]){out, in});
    snprintf(tensor, sizeof tensor, "%s.bias", name);
    builder_tensor(builder, tensor, "F32", 4, 1, &out);
}

typedef struct head_case {
    const char *prefix;                /* of the network */
    const char *first, *last;          /* the linear layers; or NULL */
    const char *given;                 /* --arch */
    const char *refusal;               /* words of it; NULL: it loads .. */
    vrn_head head;                     /* .. with this head .. */
    const char *assumed, *not_assumed; /* .. and these words in its assumptions, or not; or NULL */
    const char *records[RECORDS_MAX][2];
} head_case;

static vrn_result load_head(vrn_model **model, const head_case *c, safetensors_builder *builder,
                            const vrn_log log)
{
    const vrn_arch arch = parse("resnet18,head=none");
    char key[96];
    builder_start(builder);
    maker m = {builder, c->prefix};
    assert_int_equal(vrn_arch_visit_parameters(&arch, put, &m, NULL), VRN_OK);
    if (c->first) put_linear(builder, c->first, FEATURES, WIDTH);
    if (c->last) put_linear(builder, c->last, WIDTH, CLASSES);
    snprintf(key, sizeof key, "module.%sconv1", c->prefix);
    builder_metadata(builder, key, "Conv2d stride=2,2");
    snprintf(key, sizeof key, "module.%srelu", c->prefix);
    builder_metadata(builder, key, "ReLU");
    for (int i = 0; i < RECORDS_MAX && c->records[i][0]; i++) {
        builder_metadata(builder, c->records[i][0], c->records[i][1]);
    }
    builder_finish(builder);
    const vrn_model_params params = {.log = log, .arch = c->given};
    return vrn_model_load_memory(model, builder->file, builder->size, "a", &params);
}

static void check_head(const head_case *c, size_t number)
{
    safetensors_builder builder;
    captured_log captured;
    vrn_model *model = NULL;
    const vrn_result result = load_head(&model, c, &builder, capture_log(&captured));
    if (!result != !c->refusal) fail_msg("case %zu: %d: %s", number, result, captured.text);
    if (result) {
        assert_int_equal(result, VRN_ERROR_FILE);
        if (!strstr(captured.text, c->refusal)) fail_msg("case %zu: %s", number, captured.text);
    } else {
        vrn_arch arch;
        vrn_model_get_arch(model, &arch);
        if (arch.head != c->head) fail_msg("case %zu: head %d", number, (int)arch.head);
        if (c->head == VRN_HEAD_MLP) {
            assert_int_equal(arch.head_width, WIDTH);
            assert_int_equal(arch.num_classes, CLASSES);
        }
        const char *text;
        bool found = !c->assumed, doubtful;
        for (uint32_t i = 0; (text = vrn_model_get_assumption(model, i, &doubtful)) != NULL; i++) {
            found |= c->assumed && strstr(text, c->assumed);
            if (c->not_assumed && strstr(text, c->not_assumed))
                fail_msg("case %zu: %s", number, text);
        }
        if (!found) fail_msg("case %zu: no '%s'", number, c->assumed);
    }
    vrn_model_destroy(&model);
    builder_free(&builder);
}

/* A ReLU between two layers is run, something else is refused. */
static void test_sequential(void **state)
{
    (void)state;
    static const char *const others[] = {"Tanh",      "GELU",     "LeakyReLU negative_slope=0.2",
                                         "SiLU",      "ReLU6",    "Sigmoid",
                                         "CELU",      "Softplus", "Hardsigmoid",
                                         "Hardtanh",  "RReLU",    "Hardswish",
                                         "PReLU",     "Softmax",  "BatchNorm1d eps=1e-05",
                                         "LayerNorm", "ELU",      "Upsample"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        head_case c = {.prefix = "",
                       .first = "fc.0",
                       .last = "fc.3",
                       .head = VRN_HEAD_MLP,
                       .records = {{"module.fc", "Sequential"},
                                   {"module.fc.0", "Linear"},
                                   {"module.fc.1", others[i]},
                                   {"module.fc.2", "Dropout"},
                                   {"module.fc.3", "Linear"}}};
        char refusal[160];
        snprintf(refusal, sizeof refusal,
                 "a: fc.1 is %s %.*s: expected a ReLU between the head's layers; --arch head=none "
                 "gives the features, --arch head=mlp runs a ReLU there",
                 strchr("EU", *others[i]) || strcmp(others[i], "RReLU") == 0 ? "an" : "a",
                 (int)strcspn(others[i], " "), others[i]);
        c.refusal = refusal;
        check_head(&c, i);
        c.records[2][0] = "module.fc.2"; /* the order in the file does not matter */
        c.records[2][1] = "ReLU";
        c.records[3][0] = "module.fc.1";
        c.records[3][1] = others[i];
        check_head(&c, i);
        c.refusal = NULL;
        c.given = "head=none";
        c.head = VRN_HEAD_NONE;
        c.not_assumed = "ReLU";
        check_head(&c, i);
        c.given = "head=mlp";
        c.head = VRN_HEAD_MLP;
        c.not_assumed = NULL;
        c.assumed = "head=mlp: a ReLU is run although fc.1 is a";
        check_head(&c, i);
    }
}

static void test_heads(void **state)
{
    (void)state;
    static const head_case cases[] = {
        {"",
         "fc.0",
         "fc.2",
         NULL,
         NULL,
         VRN_HEAD_MLP,
         NULL,
         "although",
         {{"module.fc", "Sequential"},
          {"module.fc.0", "Linear"},
          {"module.fc.1", "ReLU"},
          {"module.fc.2", "Linear"}}},
        {"",
         "fc.0",
         "fc.2",
         NULL,
         "there is no activation between fc.0 and fc.2: expected a ReLU",
         VRN_HEAD_MLP,
         NULL,
         NULL,
         {{"module.fc", "Sequential"},
          {"module.fc.0", "Linear"},
          {"module.fc.1", "Dropout"},
          {"module.fc.2", "Linear"}}},
        /* code that is not in the file runs a ModuleList */
        {"",
         "fc.0",
         "fc.2",
         NULL,
         NULL,
         VRN_HEAD_MLP,
         "head=mlp: a ReLU between",
         NULL,
         {{"module.fc", "ModuleList"},
          {"module.fc.0", "Linear"},
          {"module.fc.1", "Dropout"},
          {"module.fc.2", "Linear"}}},
        /* no record of the layers */
        {"",
         "fc.0",
         "fc.2",
         NULL,
         NULL,
         VRN_HEAD_MLP,
         "head=mlp: a ReLU between",
         NULL,
         {{"module.fc", "Sequential"}}},
        /* long Sequentials */
        {"",
         "fc.3",
         "fc.17",
         NULL,
         "fc.16 is a SiLU",
         VRN_HEAD_MLP,
         NULL,
         NULL,
         {{"module.fc", "Sequential"},
          {"module.fc.3", "Linear"},
          {"module.fc.16", "SiLU"},
          {"module.fc.17", "Linear"}}},
        {"",
         "fc.16",
         "fc.99",
         NULL,
         "fc.20 is a Tanh",
         VRN_HEAD_MLP,
         NULL,
         NULL,
         {{"module.fc", "Sequential"},
          {"module.fc.16", "Linear"},
          {"module.fc.20", "Tanh"},
          {"module.fc.99", "Linear"}}},
        {"",
         "fc.9",
         "fc.100",
         NULL,
         NULL,
         VRN_HEAD_MLP,
         NULL,
         "is the head: no other layer",
         {{"module.fc", "Sequential"},
          {"module.fc.9", "Linear"},
          {"module.fc.99", "ReLU"},
          {"module.fc.100", "Linear"},
          {"module.fc.101", "Dropout"}}},
        /* activations before or after the pair, or in another Sequential, are not between */
        {"",
         "fc.1",
         "fc.3",
         NULL,
         "fc.0 is a Tanh, which cannot be run there; --arch head=none gives",
         VRN_HEAD_MLP,
         NULL,
         NULL,
         {{"module.fc", "Sequential"},
          {"module.fc.0", "Tanh"},
          {"module.fc.1", "Linear"},
          {"module.fc.2", "ReLU"},
          {"module.fc.3", "Linear"}}},
        {"",
         "fc.1",
         "fc.3",
         "head=none",
         NULL,
         VRN_HEAD_NONE,
         NULL,
         "Tanh",
         {{"module.fc", "Sequential"},
          {"module.fc.0", "Tanh"},
          {"module.fc.1", "Linear"},
          {"module.fc.2", "ReLU"},
          {"module.fc.3", "Linear"}}},
        {"",
         "fc.0",
         "fc.2",
         NULL,
         NULL,
         VRN_HEAD_MLP,
         "probabilities=softmax: fc.3 is",
         NULL,
         {{"module.fc", "Sequential"},
          {"module.fc.0", "Linear"},
          {"module.fc.1", "ReLU"},
          {"module.fc.2", "Linear"},
          {"module.fc.3", "Softmax"}}},
        {"",
         "fc.0",
         "fc.2",
         "head=none",
         NULL,
         VRN_HEAD_NONE,
         NULL,
         "probabilities",
         {{"module.fc", "Sequential"},
          {"module.fc.0", "Linear"},
          {"module.fc.1", "ReLU"},
          {"module.fc.2", "Linear"},
          {"module.fc.3", "Softmax"}}},
        /* the head is beside the network, or it is something of training */
        {"net.",
         "head.0",
         "head.2",
         NULL,
         "head.1 is a GELU: expected",
         VRN_HEAD_MLP,
         NULL,
         NULL,
         {{"module.", "Model"},
          {"module.head", "Sequential"},
          {"module.head.0", "Linear"},
          {"module.head.1", "GELU"},
          {"module.head.2", "Linear"}}},
        {"net.",
         "head.mlp.0",
         "head.mlp.2",
         NULL,
         NULL,
         VRN_HEAD_NONE,
         NULL,
         "although",
         {{"module.", "DINO"},
          {"module.head.mlp", "Sequential"},
          {"module.head.mlp.0", "Linear"},
          {"module.head.mlp.1", "GELU"},
          {"module.head.mlp.2", "Linear"}}},
        {"net.",
         "net.fc",
         NULL,
         NULL,
         NULL,
         VRN_HEAD_LINEAR,
         NULL,
         "although",
         {{"module.", "BYOL"},
          {"module.net.fc", "Linear"},
          {"module.projector.net.0", "Linear"},
          {"module.projector.net.1", "GELU"},
          {"module.projector.net.2", "Linear"}}},
        /* modules with names */
        {"",
         "fc.fc1",
         "fc.fc2",
         NULL,
         "fc.act is a SiLU: expected a ReLU",
         VRN_HEAD_MLP,
         NULL,
         NULL,
         {{"module.fc", "Head"},
          {"module.fc.fc1", "Linear"},
          {"module.fc.act", "SiLU"},
          {"module.fc.fc2", "Linear"}}},
        {"",
         "fc.fc1",
         "fc.fc2",
         NULL,
         "fc.act is a GELU, which cannot be run there; --arch head=none",
         VRN_HEAD_MLP,
         NULL,
         NULL,
         {{"module.fc", "Head"},
          {"module.fc.fc1", "Linear"},
          {"module.fc.act", "GELU"},
          {"module.fc.fc2", "Linear"}}},
        {"",
         "fc.fc1",
         "fc.fc2",
         "head=mlp",
         NULL,
         VRN_HEAD_MLP,
         "head=mlp: a ReLU is run although fc.act is a GELU",
         NULL,
         {{"module.fc", "Head"},
          {"module.fc.fc1", "Linear"},
          {"module.fc.act", "GELU"},
          {"module.fc.fc2", "Linear"}}},
        {"",
         "fc.fc1",
         "fc.fc2",
         NULL,
         NULL,
         VRN_HEAD_MLP,
         "probabilities=sigmoid",
         NULL,
         {{"module.fc", "Head"},
          {"module.fc.fc1", "Linear"},
          {"module.fc.end", "Sigmoid"},
          {"module.fc.fc2", "Linear"}}},
        /* programs */
        {"net.",
         "fc1",
         "fc2",
         NULL,
         "there is no activation between fc1 and fc2",
         VRN_HEAD_MLP,
         NULL,
         NULL,
         {{"module.", "Model program straight=fc1>fc2"},
          {"module.fc1", "Linear program"},
          {"module.fc2", "Linear program"}}},
        {"net.",
         "fc1",
         "fc2",
         "head=none",
         NULL,
         VRN_HEAD_NONE,
         NULL,
         NULL,
         {{"module.", "Model program straight=fc1>fc2"},
          {"module.fc1", "Linear program"},
          {"module.fc2", "Linear program"}}},
        {"net.",
         "fc1",
         "fc2",
         NULL,
         NULL,
         VRN_HEAD_MLP,
         "a ReLU between",
         NULL,
         {{"module.", "Model program straight=fc1>fc20"},
          {"module.fc1", "Linear program"},
          {"module.fc2", "Linear program"}}},
        {"",
         "fc.fc1",
         "fc.fc2",
         NULL,
         "fc is a Head program call=gelu",
         VRN_HEAD_MLP,
         NULL,
         NULL,
         {{"module.fc", "Head program call=gelu"},
          {"module.fc.fc1", "Linear program"},
          {"module.fc.fc2", "Linear program"}}},
        {"",
         "fc.fc1",
         "fc.fc2",
         "head=none",
         NULL,
         VRN_HEAD_NONE,
         NULL,
         "gelu",
         {{"module.fc", "Head program call=gelu"},
          {"module.fc.fc1", "Linear program"},
          {"module.fc.fc2", "Linear program"}}},
        /* metadata of others, which has no 'module.' before its keys */
        {"",
         "fc",
         NULL,
         NULL,
         NULL,
         VRN_HEAD_LINEAR,
         NULL,
         "although",
         {{"7", "Linear"},
          {"8", "Linear"},
          {"fc.0", "Linear"},
          {"fc.1", "Tanh"},
          {"", "Linear"},
          {"x.7", "Linear"},
          {"x.8", "Linear"}}},
        /* head=none does not excuse the network itself */
        {"",
         "fc",
         NULL,
         "head=none",
         "avgpool is an AdaptiveMaxPool2d",
         VRN_HEAD_NONE,
         NULL,
         NULL,
         {{"module.fc", "Linear"}, {"module.avgpool", "AdaptiveMaxPool2d"}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_head(&cases[i], i);
}

/* timm's ResNetV2 has other names than torchvision's. */
static vrn_result put_resnetv2(void *user, const vrn_parameter *parameter)
{
    static const char *const parts[][2] = {{".bn1.", ".norm1."},
                                           {".bn2.", ".norm2."},
                                           {".bn3.", ".norm3."},
                                           {".downsample.0.", ".downsample.conv."},
                                           {"fc.", "head.fc."}};
    char name[160], changed[200];
    unsigned stage, block;
    int end = 0;
    snprintf(name, sizeof name, "%s", parameter->name);
    if (sscanf(parameter->name, "layer%u.%u%n", &stage, &block, &end) == 2) {
        snprintf(name, sizeof name, "stages.%u.blocks.%u%s", stage - 1, block,
                 parameter->name + end);
    } else if (strncmp(name, "conv1.", 6) == 0) {
        snprintf(name, sizeof name, "stem.%s", "conv.weight");
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const char *at = strstr(name, parts[i][0]);
        if (!at || (i == 4 && at != name)) continue;
        snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - name), name, parts[i][1],
                 at + strlen(parts[i][0]));
        snprintf(name, sizeof name, "%.159s", changed);
    }
    builder_tensor(user, name, "F32", 4, parameter->rank, parameter->shape);
    return VRN_OK;
}

static void test_resnetv2(void **state)
{
    (void)state;
    safetensors_builder builder;
    vrn_arch arch = parse("resnet,block=bottleneck,layers=1:1,planes=32:32,stem_planes=64,"
                          "num_classes=5,norm=group,norm_groups=16,v2=1,final_norm=1");
    builder_start(&builder);
    assert_int_equal(vrn_arch_visit_parameters(&arch, put_resnetv2, &builder, NULL), VRN_OK);
    static const char *const records[][2] = {
        {"module.stem.conv", "StdConv2d stride=2,2 padding=3,3 eps=1e-08"},
        {"module.stem.pad", "ConstantPad2d padding=1,1"},
        {"module.stem.pool", "MaxPool2d kernel_size=3 stride=2 padding=0 ceil_mode=0"},
        {"module.stages.0.blocks.0.conv1", "StdConv2d stride=1,1 eps=1e-08"},
        {"module.stages.0.blocks.0.conv2", "StdConv2d stride=1,1 padding=1,1 eps=1e-08"},
        {"module.stages.0.blocks.0.norm1", "GroupNormAct num_groups=16 eps=0.03"},
        {"module.stages.0.blocks.0.norm1.act", "SiLU"},
        {"module.stages.1.blocks.0.conv1", "StdConv2d stride=1,1 eps=1e-08"},
        {"module.stages.1.blocks.0.conv2", "StdConv2d stride=4,4 padding=1,1 eps=1e-08"},
    };
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        builder_metadata(&builder, records[i][0], records[i][1]);
    }
    builder_finish(&builder);
    captured_log captured;
    const vrn_model_params params = {.log = capture_log(&captured)};
    vrn_model *model;
    if (vrn_model_load_memory(&model, builder.file, builder.size, "a", &params))
        fail_msg("%s", captured.text);
    char found[512];
    vrn_arch_format(vrn_model_arch(model), found, sizeof found);
    assert_string_equal(found, "resnet,block=bottleneck,layers=1:1,planes=32:32,num_classes=5,"
                               "norm=group,norm_groups=16,norm_eps=0.03,v2=1,final_norm=1,"
                               "stem_planes=64,pool=max_zeros,strides=1:4,activation=silu,"
                               "standardize=bit");
    vrn_model_destroy(&model);
    builder_free(&builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_sequential),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_resnetv2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
