/* Models: deduced from tensors, described by metadata, saved and loaded again. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/half.h"
#include "net/graph.h"
#include "net/model.h"
#include "unit/captured_log.h"
#include "unit/net_helpers.h"
#include "unit/safetensors_builder.h"

static const char temporary[] = "test_model.tmp.safetensors";

/* ---- Files of an architecture, perhaps with faults ------------------------------------------- */

typedef struct variation {
    const char *leave_out; /* the parameter of this name */
    const char *reshape;   /* gives this parameter .. */
    uint64_t shape[4];     /* .. another shape: entries that are not 0 count */
    const char *retype;    /* makes this parameter int64 */
    const char *add;       /* one more tensor at the end, [2, 3] */
    bool untracked;        /* no num_batches_tracked */
} variation;

typedef struct file_maker {
    safetensors_builder *builder;
    variation v;
} file_maker;

static bool is(const char *a, const char *b)
{
    return a && strcmp(a, b) == 0;
}

static vrn_result put_parameter(void *user, const vrn_parameter *parameter)
{
    file_maker *maker = user;
    const char *name = parameter->name;
    uint64_t shape[4];
    memcpy(shape, parameter->shape, sizeof shape);
    if (is(maker->v.leave_out, name)) return VRN_OK;
    for (int i = 0; i < 4; i++) {
        if (is(maker->v.reshape, name) && maker->v.shape[i]) shape[i] = maker->v.shape[i];
    }
    bool integer = is(maker->v.retype, name);
    builder_tensor(maker->builder, name, integer ? "I64" : "F32", integer ? 8 : 4, parameter->rank,
                   shape);
    if (parameter->role == VRN_PARAM_VAR && !maker->v.untracked) {
        char counter[96];
        snprintf(counter, sizeof counter, "%.*snum_batches_tracked",
                 (int)(strlen(name) - strlen("running_var")), name);
        builder_tensor(maker->builder, counter, "I64", 8, 0, NULL);
    }
    return VRN_OK;
}

static void put_network(safetensors_builder *builder, const char *text, const variation *v)
{
    vrn_arch arch = parse(text);
    file_maker maker = {builder, v ? *v : (variation){.untracked = false}};
    assert_int_equal(vrn_arch_visit_parameters(&arch, put_parameter, &maker, NULL), VRN_OK);
    if (maker.v.add) builder_tensor(builder, maker.v.add, "F32", 4, 2, (uint64_t[]){2, 3});
}

static vrn_result load_built(vrn_model **model, safetensors_builder *builder, const char *arch,
                             vrn_log log)
{
    builder_finish(builder);
    vrn_model_params params = {.log = log, .arch = arch};
    return vrn_model_load_memory(model, builder->file, builder->size, "net.safetensors", &params);
}

/* ---- Deduction ------------------------------------------------------------------------------- */

/* `given`: keys of params->arch, or NULL. */
static void assert_deduced_with(const char *text, bool untracked, const char *given,
                                const char *expected)
{
    safetensors_builder builder;
    captured_log captured;
    builder_start(&builder);
    put_network(&builder, text, &(variation){.untracked = untracked});
    vrn_model *model = NULL;
    if (load_built(&model, &builder, given, capture_log(&captured)) != VRN_OK) {
        fail_msg("%s: %s", text, captured.text);
    }
    vrn_model_info info;
    vrn_model_get_info(model, &info);
    assert_string_equal(info.name, expected);
    char found[256];
    vrn_arch read;
    vrn_model_get_arch(model, &read);
    vrn_arch_format(&read, found, sizeof found);
    assert_string_equal(found, expected);
    vrn_model_destroy(&model);
    assert_null(model);
    builder_free(&builder);
}

static void assert_deduced(const char *text, bool untracked, const char *expected)
{
    assert_deduced_with(text, untracked, NULL, expected);
}

static void test_deduces_every_name(void **state)
{
    (void)state;
    const char *name;
    for (uint32_t i = 0; (name = vrn_arch_get_known_name(i)) != NULL; i++) {
        const bool pads = parse(name).shortcut == VRN_SHORTCUT_PAD;
        assert_deduced_with(name, false, pads ? "shortcut=pad" : NULL, name);
    }
}

static void test_deduces_variants(void **state)
{
    (void)state;
    static const char *const same[] = {
        "resnet18,num_classes=21",
        "resnet20,shortcut=projection",
        "resnet50,width_per_group=32",
        "resnet50,groups=8,width_per_group=16",
        "resnet,block=bottleneck,layers=1:2:1,stem=cifar,planes=64:96:128",
        "resnet,layers=1:1:1:1:1:1:1:1,planes=8:8:8:8:8:8:8:8",
        "resnet50,stem=deep,shortcut=mean",
        "resnet50,stem=deep,shortcut=mean,stem_width=24",
        "resnet18,in_channels=1",
        "resnet18,stem_kernel=5",
        "resnet,layers=1:1,planes=8:16,stem_planes=24",
        "resnet18,head=none",
        "resnet18,head=mlp,num_classes=7,head_width=100",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) assert_deduced(same[i], false, same[i]);

    assert_deduced("resnet18", true, "resnet18,norm=frozen");
    /* What tensors cannot tell has its default. */
    assert_deduced("resnet50,dilate=0:1:1,v1=1,norm_eps=0.001", false, "resnet50");
    /* .. or is asked for. */
    assert_deduced_with("resnet50,norm=group,norm_groups=16", false, "norm=group,norm_groups=16",
                        "resnet50,norm=group,norm_groups=16");
    assert_deduced_with("resnet18,norm=group", false, "norm=group", "resnet18,norm=group");
    assert_deduced_with("resnet18,stem=cifar", false, "pool=none", "resnet18,stem=cifar");
    assert_deduced_with("resnet50,stem=cifar,pool=max", false, "pool=max",
                        "resnet50,stem=cifar,pool=max");
    assert_deduced_with("resnet50", false, "v1=1,dilate=0:1:1", "resnet50,dilate=0:1:1,v1=1");
    assert_deduced_with("resnet8", false, "shortcut=pad_end", "resnet8,shortcut=pad_end");
    assert_deduced_with("resnet8", false, "shortcut=pad", "resnet8");
    /* int(planes * width / 64.0) is the same for 96 and 97 with planes 16: the smallest .. */
    assert_deduced("resnet,block=bottleneck,layers=1,planes=16,width_per_group=97", false,
                   "resnet,block=bottleneck,layers=1,planes=16,width_per_group=96");
    /* .. unless a network with a name has one of them, such as 64 or ResNeXt's 4. */
    assert_deduced("resnet,block=bottleneck,layers=1,planes=16,width_per_group=66", false,
                   "resnet,block=bottleneck,layers=1,planes=16");
    assert_deduced("resnet,block=bottleneck,layers=1,planes=16,groups=32,width_per_group=7", false,
                   "resnet,block=bottleneck,layers=1,planes=16,groups=32,width_per_group=4");
    /* .. with as many groups: int(10 * 7 / 64.0) to int(10 * 12 / 64.0) are all 1. */
    assert_deduced("resnet,block=bottleneck,layers=1,planes=10,groups=32,width_per_group=12", false,
                   "resnet,block=bottleneck,layers=1,planes=10,groups=32,width_per_group=8");
    assert_deduced("resnet,block=bottleneck,layers=1,planes=10,groups=8,width_per_group=12", false,
                   "resnet,block=bottleneck,layers=1,planes=10,groups=8,width_per_group=7");
    /* A later, wider stage decides what the first one leaves open. */
    assert_deduced("resnet,block=bottleneck,layers=1:1,planes=16:64,width_per_group=97", false,
                   "resnet,block=bottleneck,layers=1:1,planes=16:64,width_per_group=97");
}

typedef struct fault {
    const char *arch; /* of the file */
    variation v;
    const char *given; /* params->arch */
    const char *words; /* in the message */
} fault;

static void test_faults(void **state)
{
    (void)state;
    static const fault faults[] = {
        {"resnet8",
         {.leave_out = "layer2.0.bn1.bias"},
         NULL,
         "layer2.0.bn1.bias: expected [32], found no such tensor (the architecture is resnet8)"},
        {"resnet8",
         {.leave_out = "conv1.weight"},
         NULL,
         "net.safetensors: conv1.weight: expected a stem of three 3x3 convolutions"},
        {"resnet8",
         {.leave_out = "fc.weight"},
         NULL,
         "fc.bias: expected no such tensor, found [10] (the architecture is resnet8,head=none)"},
        {"resnet8", {.leave_out = "bn1.running_var"}, NULL, "bn1.running_var: expected [16]"},
        {"resnet8",
         {.reshape = "conv1.weight", .shape = {0, 17}},
         NULL,
         "conv1.weight: expected a stem of three 3x3 convolutions, or of one convolution, [..., 1 "
         "to 16, K, K] with a K of 7, 5, 3 or 1, found [16, 17, 3, 3]"},
        {"resnet8",
         {.reshape = "conv1.weight", .shape = {0, 0, 4, 4}},
         NULL,
         "found [16, 3, 4, 4]"},
        {"resnet8",
         {.reshape = "conv1.weight", .shape = {24}},
         NULL,
         "a padding shortcut cannot go from 24 channels down to 16"},
        {"resnet8",
         {.reshape = "layer3.0.conv2.weight", .shape = {0, 32}},
         NULL,
         "layer3.0.conv2.weight: expected [64, 64, 3, 3], found [64, 32, 3, 3]"},
        {"resnet8",
         {.reshape = "layer3.0.bn2.running_mean", .shape = {65}},
         NULL,
         "layer3.0.bn2.running_mean: expected [64], found [65]"},
        {"resnet8",
         {.reshape = "fc.weight", .shape = {0, 65}},
         NULL,
         "fc.weight: expected no such tensor, found [10, 65] (the architecture is resnet8,"},
        {"resnet8",
         {.retype = "layer1.0.conv1.weight"},
         NULL,
         "layer1.0.conv1.weight: expected float32, float16, bfloat16 or float64, found"},
        {"resnet8",
         {.add = "layer1.0.se.fc1.weight"},
         NULL,
         "net.safetensors: layer2.0.se.fc1.weight: expected a linear layer of the channels' "
         "means, found no such tensor"},
        {"resnet8",
         {.add = "maxpool.1.filt"},
         NULL,
         "net.safetensors: maxpool.1.filt: expected the filter of a blur of 3 coefficients"},
        {"resnet8", {.add = "maxpool.0.filt"}, NULL, "maxpool.0.filt: expected no such tensor"},
        {"resnet8,attention=se",
         {.leave_out = "layer2.0.se.fc2.weight"},
         NULL,
         "layer2.0.se.fc2.weight: expected [32, 2, 1, 1], found no such tensor"},
        {"resnet8,attention=eca",
         {.leave_out = "layer3.0.se.conv.weight"},
         NULL,
         "layer3.0.se.conv.weight: expected a filter along the channels' means, found no such"},
        {"resnet8", {.add = "layer4.0.conv2.weight"}, NULL, "layer4.0.conv2.weight: expected no"},
        /* Deep stems (timm's resnet50d) and average pools in the shortcut */
        {"resnet50",
         {.leave_out = "conv1.weight", .add = "conv1.0.weight"},
         NULL,
         "conv1.0.weight: expected a stem of three 3x3 convolutions"},
        {"resnet50",
         {.leave_out = "layer1.0.downsample.0.weight"},
         NULL,
         "layer1.0.downsample.0.weight: expected [256, 64, 1, 1], found no such tensor (the arch"},
        {"resnet50",
         {.reshape = "layer1.0.conv3.weight", .shape = {255}},
         NULL,
         "layer1.0.conv3.weight: expected a multiple of 4 output channels, found [255, 64, 1, 1]"},
        {"resnet50",
         {.reshape = "layer1.0.conv2.weight", .shape = {0, 48}},
         NULL,
         "layer1.0.conv2.weight: expected output channels in equal groups, found [64, 48, 3, 3]"},
        {"resnet50",
         {.reshape = "layer3.0.conv2.weight", .shape = {0, 128}},
         NULL,
         "layer3.0.conv2.weight: expected [256, 256, 3, 3], found [256, 128, 3, 3]"},
        {"resnet50",
         {.leave_out = "layer3.2.conv1.weight"},
         NULL,
         "layer3.2.bn1.weight: expected no such tensor"},
        /* An architecture that is given wins, and then the tensors must fit it. */
        {"resnet8",
         {.add = NULL},
         "resnet8,num_classes=11",
         "fc.weight: expected [11, 64], found [10, 64]"},
        {"resnet8",
         {.add = NULL},
         "resnet8,shortcut=projection",
         "layer2.0.downsample.0.weight: expected [32, 16, 1, 1], found no such"},
        {"resnet8,norm=group,norm_groups=8",
         {.add = NULL},
         NULL,
         "net.safetensors: expected norms with running statistics, found none. For"},
        {"resnet8,norm=group,norm_groups=8",
         {.add = NULL},
         "norm=group,norm_groups=32,shortcut=pad",
         "GroupNorm: num_channels must be"},
        /* Files of a kind that come both ways */
        {"resnet18,stem=cifar", {.add = NULL}, NULL, "give --arch pool=none or --arch pool=max"},
        /* .. even where the file is far too small for it. */
        {"resnet8",
         {.add = NULL},
         "resnet,layers=4096:4096:4096,planes=1:1:1,stem=cifar",
         "expected the tensors of 12288 blocks, found only 37 tensors"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        safetensors_builder builder;
        captured_log captured;
        builder_start(&builder);
        put_network(&builder, faults[i].arch, &faults[i].v);
        vrn_model *model = (vrn_model *)&builder;
        const bool pads =
            strncmp(faults[i].arch, "resnet8", 7) == 0; /* it would be asked for first */
        const char *given = faults[i].given || !pads ? faults[i].given : "shortcut=pad";
        vrn_result result = load_built(&model, &builder, given, capture_log(&captured));
        if (result != VRN_ERROR_FILE || !said_once(&captured, faults[i].words)) {
            fail_msg("fault %zu: result %d", i, result);
        }
        assert_null(model);
        builder_free(&builder);
    }
}

static void test_given_arch(void **state)
{
    (void)state;
    safetensors_builder builder;
    captured_log captured;
    builder_start(&builder);
    put_network(&builder, "resnet50,num_classes=21", NULL);
    vrn_model *model = NULL;
    const char *text = "resnet50,num_classes=21,dilate=0:1:1,v1=1";
    assert_int_equal(load_built(&model, &builder, text, capture_log(&captured)), VRN_OK);
    assert_true(vrn_model_arch(model)->dilate[3] && vrn_model_arch(model)->stride_on_1x1);
    vrn_model_destroy(&model);

    vrn_model_params params = {.log = capture_log(&captured), .arch = "resnet50,foo=1"};
    assert_int_equal(vrn_model_load_memory(&model, builder.file, builder.size, "x", &params),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_true(said_once(&captured, "unknown key 'foo'"));
    builder_free(&builder);
}

static void test_not_a_network(void **state)
{
    (void)state;
    safetensors_builder builder;
    captured_log captured;
    vrn_model *model = NULL;
    builder_start(&builder);
    builder_tensor(&builder, "embedding", "F32", 4, 2, (uint64_t[]){7, 8});
    assert_int_equal(load_built(&model, &builder, NULL, capture_log(&captured)), VRN_ERROR_FILE);
    assert_true(said_once(&captured, "net.safetensors: conv1.weight: expected a stem"));
    builder_free(&builder);

    builder_start(&builder);
    builder_tensor(&builder, "conv1.weight", "F32", 4, 4, (uint64_t[]){16, 3, 3, 3});
    builder_tensor(&builder, "fc.weight", "F32", 4, 2, (uint64_t[]){10, 16});
    assert_int_equal(load_built(&model, &builder, NULL, capture_log(&captured)), VRN_ERROR_FILE);
    assert_true(said_once(&captured, "layer1.0.conv1.weight: expected the first convolution"));
    builder_free(&builder);

    assert_int_equal(vrn_model_load(&model, "no/such/file.pth", NULL), VRN_ERROR_FILE);
    assert_int_equal(vrn_model_load(&model, NULL, NULL), VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(vrn_model_load_memory(&model, NULL, 8, NULL, NULL),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_null(model);
}

/* ---- Metadata -------------------------------------------------------------------------------- */

static void test_metadata(void **state)
{
    (void)state;
    safetensors_builder builder;
    captured_log captured;
    builder_start(&builder);
    put_network(&builder, "resnet8,num_classes=3", &(variation){.untracked = true});
    builder_metadata(&builder, "vkresnet.name", "tiny");
    builder_metadata(&builder, "vkresnet.arch", "resnet8,num_classes=3,norm_eps=0.5");
    builder_metadata(&builder, "vkresnet.classes", "a cat\nein Hund\n");
    builder_metadata(&builder, "vkresnet.resize", "40");
    builder_metadata(&builder, "vkresnet.crop", "0");
    builder_metadata(&builder, "vkresnet.interpolation", "bicubic");
    builder_metadata(&builder, "vkresnet.mean", "0.5, -0.25,1e-1");
    builder_metadata(&builder, "vkresnet.std", "1,0,2.5");
    builder_metadata(&builder, "vkresnet.license", "CC0");
    vrn_model *model = NULL;
    assert_int_equal(load_built(&model, &builder, NULL, capture_log(&captured)), VRN_OK);

    for (int saved = 0; saved < 2; saved++) {
        vrn_model_info info;
        vrn_model_get_info(model, &info);
        assert_string_equal(info.name, "tiny");
        vrn_arch arch;
        vrn_model_get_arch(model, &arch);
        assert_int_equal(arch.norm, VRN_NORM_BATCH);
        assert_true(arch.norm_eps == 0.5f);
        assert_int_equal(info.transform.resize, 40);
        assert_int_equal(info.transform.crop, 0);
        assert_int_equal(info.transform.interpolation, VRN_INTERPOLATION_BICUBIC);
        assert_true(info.transform.mean[0] == 0.5f && info.transform.mean[1] == -0.25f &&
                    info.transform.mean[2] == 0.1f);
        assert_true(info.transform.std[0] == 1 && info.transform.std[1] == 0 &&
                    info.transform.std[2] == 2.5f);
        assert_true(info.has_class_names);
        assert_string_equal(vrn_model_get_class_name(model, 0), "a cat");
        assert_string_equal(vrn_model_get_class_name(model, 1), "ein Hund");
        assert_string_equal(vrn_model_get_class_name(model, 2), "");
        assert_null(vrn_model_get_class_name(model, 3));
        /* All of it survives saving, the license too. */
        assert_int_equal(vrn_model_save(model, temporary, NULL), VRN_OK);
        vrn_model_destroy(&model);
        assert_int_equal(vrn_model_load(&model, temporary, NULL), VRN_OK);
    }
    vrn_model_destroy(&model);
    builder_free(&builder);

    char text[4096];
    FILE *file = fopen(temporary, "rb");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    assert_non_null(strstr(text + 8, "\"vkresnet.license\":\"CC0\""));
    assert_non_null(strstr(text + 8, "\"format\":\"pt\""));
    remove(temporary);
}

static void test_metadata_nonsense(void **state)
{
    (void)state;
    char long_name[300];
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    const struct {
        const char *key, *value, *words;
    } cases[] = {
        {"vkresnet.name", long_name, "vkresnet.name: expected at most 255 bytes"},
        {"vkresnet.arch", "resnet8,foo=1", "net.safetensors: vkresnet.arch: unknown key 'foo'"},
        {"vkresnet.arch", "", "vkresnet.arch: unknown architecture ''"},
        {"vkresnet.arch", "resnet14", "expected"},
        {"vkresnet.classes", "a\nb",
         "vkresnet.classes: expected 10, one name for each class, found 2"},
        {"vkresnet.resize", "-1",
         "vkresnet.resize: expected N, HxW, longer:N or letterbox, of pixels up to 65536, found "
         "'-1'"},
        {"vkresnet.resize", "12x", "vkresnet.resize: expected N, HxW"},
        {"vkresnet.channels", "RGB", "vkresnet.channels: expected rgb or bgr, found 'RGB'"},
        {"vkresnet.scale", "0", "vkresnet.scale: expected a number above 0, found '0'"},
        {"vkresnet.fill", "1,2", "vkresnet.fill: expected three numbers from 0 to 255"},
        {"vkresnet.threshold", "1.5", "vkresnet.threshold: expected a number from 0 to 1"},
        {"vkresnet.crop", "65537", "vkresnet.crop: expected a number"},
        {"vkresnet.crop", "", "vkresnet.crop: expected a number"},
        {"vkresnet.interpolation", "lanczos",
         "vkresnet.interpolation: expected bilinear or bicubic, found 'lanczos'"},
        {"vkresnet.mean", "0.485,0.456", "vkresnet.mean: expected three numbers"},
        {"vkresnet.mean", "0.485;0.456;0.406", "vkresnet.mean: expected three numbers"},
        {"vkresnet.mean", "1,2,3,4", "vkresnet.mean: expected three numbers"},
        {"vkresnet.mean", "1,2,nan", "vkresnet.mean: expected three numbers"},
        {"vkresnet.std", "1,-2,3",
         "vkresnet.std: expected three numbers of at least 0, separated by commas"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        safetensors_builder builder;
        captured_log captured;
        builder_start(&builder);
        put_network(&builder, "resnet8", NULL);
        builder_metadata(&builder, cases[i].key, cases[i].value);
        vrn_model *model = NULL;
        vrn_result result = load_built(&model, &builder, "shortcut=pad", capture_log(&captured));
        if (result != VRN_ERROR_FILE || !said_once(&captured, cases[i].words)) {
            fail_msg("%s=%s: result %d", cases[i].key, cases[i].value, result);
        }
        builder_free(&builder);
    }
}

static void test_no_size(void **state)
{
    (void)state;
    safetensors_builder builder;
    captured_log captured;
    builder_start(&builder);
    put_network(&builder, "resnet8", NULL);
    builder_metadata(&builder, "vkresnet.resize", "0");
    builder_metadata(&builder, "vkresnet.crop", "0");
    vrn_model *model = NULL;
    assert_int_equal(load_built(&model, &builder, "shortcut=pad", capture_log(&captured)),
                     VRN_ERROR_FILE);
    assert_true(said_once(&captured, "vkresnet.crop: expected a size"));
    builder_free(&builder);
}

static void test_default_transforms(void **state)
{
    (void)state;
    static const struct {
        const char *arch;
        uint32_t resize, crop;
    } cases[] = {{"resnet8", 32, 32}, {"resnet,layers=1,planes=8", 256, 224}};
    for (int i = 0; i < 2; i++) {
        vrn_arch arch = parse(cases[i].arch);
        vrn_model *model = NULL;
        assert_int_equal(vrn_model_create_random(&model, &arch, 1, NULL), VRN_OK);
        vrn_model_info info;
        vrn_model_get_info(model, &info);
        assert_int_equal(info.transform.resize, cases[i].resize);
        assert_int_equal(info.transform.crop, cases[i].crop);
        assert_true(info.transform.mean[1] == 0.456f && info.transform.std[2] == 0.225f);
        assert_false(info.has_class_names);
        assert_null(vrn_model_get_class_name(model, 0));
        assert_string_equal(info.name, cases[i].arch);
        vrn_model_destroy(&model);
    }
}

/* What the caller says counts where the file says nothing. */
static void test_given_metadata(void **state)
{
    (void)state;
    const vrn_transform given = {.resize = 50, .crop = 40, .mean = {0.25f}, .std = {1, 2, 3}};
    for (int named = 0; named < 2; named++) {
        safetensors_builder builder;
        builder_start(&builder);
        put_network(&builder, "resnet18", &(variation){.untracked = true});
        if (named) builder_metadata(&builder, "vkresnet.name", "its own");
        if (named) builder_metadata(&builder, "vkresnet.resize", "60");
        builder_finish(&builder);
        vrn_model *model = NULL;
        vrn_model_info info;
        const vrn_model_params params = {.name = "given", .transform = &given};
        assert_int_equal(
            vrn_model_load_memory(&model, builder.file, builder.size, "net.safetensors", &params),
            VRN_OK);
        vrn_model_get_info(model, &info);
        assert_string_equal(info.name, named ? "its own" : "given");
        assert_int_equal(info.transform.resize, named ? 60 : 50);
        assert_int_equal(info.transform.crop, 40);
        assert_true(info.transform.mean[0] == 0.25f && info.transform.std[2] == 3);
        vrn_model_destroy(&model);
        builder_free(&builder);
    }
}

static void test_given_nonsense(void **state)
{
    (void)state;
    const vrn_transform cases[] = {{.mean = {1}},
                                   {.crop = 1, .interpolation = (vrn_interpolation)99}};
    for (int i = 0; i < 2; i++) {
        safetensors_builder builder;
        captured_log captured;
        builder_start(&builder);
        put_network(&builder, "resnet18", &(variation){.untracked = true});
        builder_finish(&builder);
        vrn_model *model = NULL;
        const vrn_model_params params = {.log = capture_log(&captured), .transform = &cases[i]};
        assert_int_equal(
            vrn_model_load_memory(&model, builder.file, builder.size, "net.safetensors", &params),
            VRN_ERROR_INVALID_ARGUMENT);
        assert_null(model);
        assert_true(said_once(&captured, "vrn_model_params.transform: "));
        builder_free(&builder);
    }
}

/* ---- Saving ---------------------------------------------------------------------------------- */

typedef struct visitor {
    const vrn_model *model, *other;
    bool fp16;
    size_t count;
} visitor;

static vrn_result compare_parameter(void *user, const vrn_parameter *parameter)
{
    visitor *v = user;
    uint64_t count = 0, other_count = 0;
    float *values = values_of(v->model, parameter->name, &count);
    float *others = values_of(v->other, parameter->name, &other_count);
    assert_true(count == other_count);
    for (uint64_t i = 0; i < count; i++) {
        float expected = v->fp16 ? vrn_half_to_float(vrn_float_to_half(values[i])) : values[i];
        if (others[i] != expected) fail_msg("%s: element %" PRIu64, parameter->name, i);
    }
    free(values);
    free(others);
    v->count++;
    return VRN_OK;
}

static void assert_survives(const char *text, bool fp16)
{
    vrn_arch arch = parse(text);
    vrn_model *model = NULL, *loaded = NULL;
    assert_int_equal(vrn_model_create_random(&model, &arch, 9, NULL), VRN_OK);
    assert_int_equal(vrn_model_save(model, temporary, &(vrn_model_save_params){.fp16 = fp16}),
                     VRN_OK);
    assert_int_equal(vrn_model_load(&loaded, temporary, NULL), VRN_OK);
    vrn_model_info info;
    vrn_model_get_info(loaded, &info);
    char found[256];
    vrn_arch read;
    vrn_model_get_arch(loaded, &read);
    vrn_arch_format(&read, found, sizeof found);
    assert_string_equal(found, text);
    visitor v = {.model = model, .other = loaded, .fp16 = fp16};
    assert_int_equal(vrn_arch_visit_parameters(&arch, compare_parameter, &v, NULL), VRN_OK);
    assert_true(v.count > 20);

    /* Over the very file that it is read from. */
    assert_int_equal(vrn_model_save(loaded, temporary, NULL), VRN_OK);
    assert_int_equal(vrn_arch_visit_parameters(&arch, compare_parameter, &v, NULL), VRN_OK);
    vrn_model_destroy(&loaded);
    vrn_model_destroy(&model);
    remove(temporary);
}

static void test_saving(void **state)
{
    (void)state;
    assert_survives("resnet20", false);
    assert_survives("resnet20", true);
    assert_survives("resnet20,norm=group,norm_groups=8", false);
    assert_survives("resnet20,norm=frozen,shortcut=projection", false);
    assert_survives("resnet,block=bottleneck,layers=1:2,planes=8:24,groups=2,width_per_group=24,"
                    "dilate=1,norm_eps=0.001,v1=1,zero_init_residual=1",
                    false);
    assert_survives("resnet18", true);

    vrn_arch arch = parse("resnet8");
    vrn_model *model = NULL;
    assert_int_equal(vrn_model_create_random(&model, &arch, 9, NULL), VRN_OK);
    assert_int_equal(vrn_model_save(model, "no/such/folder/x", NULL), VRN_ERROR_FILE);
    assert_int_equal(vrn_model_save(model, NULL, NULL), VRN_ERROR_INVALID_ARGUMENT);
    vrn_model_destroy(&model);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void test_counting(void **state)
{
    (void)state;
    vrn_arch arch = parse("resnet8");
    vrn_model *model = NULL, *other = NULL;
    assert_int_equal(vrn_model_create_random(&model, &arch, 1, NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&other, &arch, 1, NULL), VRN_OK);
    assert_true(vrn_model_id(model) != 0 && vrn_model_id(model) != vrn_model_id(other));
    vrn_model *held = vrn_model_hold(model);
    vrn_model_destroy(&model);
    assert_null(model);
    assert_non_null(parameter_of(held, "fc.bias"));
    assert_null(vrn_model_parameter(held, VRN_NO_PARAMETER));
    vrn_model_release(held);
    vrn_model_destroy(&other);
    vrn_model_destroy(&other);
    vrn_model_destroy(NULL);
    vrn_model_release(NULL);
}

/* Idelbayev's files: a 'module.' prefix, a linear head, no num_batches_tracked. */
static void test_real_files(void **state)
{
    (void)state;
    static const struct {
        const char *path, *arch;
        uint64_t parameters;
    } files[] = {
        {VRN_TEST_DATA "/cifar10/resnet20-12fca82f.th", "resnet20,norm=frozen", 269722},
        {VRN_TEST_DATA "/cifar10/resnet56-4bfd9763.th", "resnet56,norm=frozen", 853018},
    };
    for (int i = 0; i < 2; i++) {
        FILE *there = fopen(files[i].path, "rb");
        if (!there) skip();
        fclose(there);
        captured_log captured;
        vrn_model *model = NULL;
        vrn_model_params params = {.log = capture_log(&captured)};
        if (vrn_model_load(&model, files[i].path, &params) != VRN_OK) fail_msg("%s", captured.text);
        vrn_model_info info;
        vrn_model_get_info(model, &info);
        assert_string_equal(info.name, files[i].arch);
        assert_true(info.parameters == files[i].parameters);
        vrn_model_destroy(&model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deduces_every_name),
        cmocka_unit_test(test_deduces_variants),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_given_arch),
        cmocka_unit_test(test_not_a_network),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_metadata_nonsense),
        cmocka_unit_test(test_no_size),
        cmocka_unit_test(test_default_transforms),
        cmocka_unit_test(test_given_metadata),
        cmocka_unit_test(test_given_nonsense),

        cmocka_unit_test(test_saving),
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_real_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
