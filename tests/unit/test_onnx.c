/* ONNX: networks as exporters write them, other networks, and broken files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "captured_log.h"
#include "net_helpers.h"
#include "onnx_builder.h"
#include "safetensors_builder.h"

/* ---- A network, and changes of it ------------------------------------------------------------ */

/* Two basic blocks, the second with a projection, folded; parts can be exchanged. */
#define WEIGHTS                                                                                    \
    "float w1 4,3,7,7\nfloat b1 4\nfloat w2 4,4,3,3\nfloat b2 4\nfloat w3 4,4,3,3\nfloat b3 4\n"   \
    "float w4 8,4,3,3\nfloat b4 8\nfloat w5 8,8,3,3\nfloat b5 8\nfloat w6 8,4,1,1\nfloat b6 8\n"   \
    "float w7 5,8\nfloat b7 5\n"
#define ENDS "input x n,3,h,w\noutput y\n"
#define STEM "Conv x,w1,b1 c1 strides=[2,2] pads=[3,3,3,3]\nRelu c1 r1\n"
#define POOL "MaxPool r1 p1 kernel_shape=[3,3] strides=[2,2] pads=[1,1,1,1]\n"
#define LAYER1                                                                                     \
    "Conv p1,w2,b2 c2 pads=[1,1,1,1]\nRelu c2 r2\nConv r2,w3,b3 c3 pads=[1,1,1,1]\n"               \
    "Add c3,p1 a1\nRelu a1 r3\n"
#define LAYER2                                                                                     \
    "Conv r3,w4,b4 c4 pads=[1,1,1,1] strides=[2,2]\nRelu c4 r4\nConv r4,w5,b5 c5 pads=[1,1,1,1]\n" \
    "Conv r3,w6,b6 c6 strides=[2,2]\nAdd c5,c6 a2\nRelu a2 r5\n"
#define HEAD  "GlobalAveragePool r5 g\nFlatten g f\nGemm f,w7,b7 y transB=1\n"
#define PLAIN "resnet,layers=1:1,planes=4:8,num_classes=5,norm=none"

static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (!at) fail_msg("no '%s' in the network", from);
    char *result = malloc(strlen(text) + strlen(to) + 1);
    assert_non_null(result);
    sprintf(result, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return result;
}

static vrn_result load(vrn_model **model, const char *lines, captured_log *captured)
{
    onnx_message file = onnx_build(lines);
    const vrn_model_params params = {.log = capture_log(captured)};
    vrn_result result = vrn_model_load_memory(model, file.data, file.size, "file", &params);
    assert_int_equal(captured->errors, result != VRN_OK);
    free(file.data);
    return result;
}

/* The network's architecture. Its data is gone. */
static void expect_arch(const char *lines, const char *expected)
{
    captured_log captured;
    char found[512];
    vrn_model *model;
    if (load(&model, lines, &captured)) fail_msg("%s", captured.text);
    vrn_arch_format(vrn_model_arch(model), found, sizeof found);
    assert_string_equal(found, expected);
    vrn_model_destroy(&model);
}

static const char network[] = ENDS WEIGHTS STEM POOL LAYER1 LAYER2 HEAD;

/* With one or two parts exchanged. */
static void expect_changed(const char *from, const char *to, const char *expected)
{
    char *changed = replaced(network, from, to);
    expect_arch(changed, expected);
    free(changed);
}

static void expect_refused(const char *from, const char *to, const char *words)
{
    captured_log captured;
    vrn_model *model;
    char *changed = replaced(network, from, to);
    vrn_result result = load(&model, changed, &captured);
    if (result != VRN_ERROR_FILE) fail_msg("expected '%s', found %d", words, (int)result);
    assert_true(said_once(&captured, words));
    free(changed);
}

/* ---- Right ones ------------------------------------------------------------------------------ */

static void test_plain(void **state)
{
    (void)state;
    expect_arch(network, PLAIN);
    expect_arch(ENDS WEIGHTS STEM "Identity r1 p1\n" LAYER1 LAYER2 HEAD, PLAIN ",pool=none");
    expect_changed(POOL,
                   "MaxPool r1 p1 kernel_shape=[3,3] strides=[2,2] pads=[0,0,0,0] ceil_mode=1\n",
                   PLAIN ",pool=caffe");
    expect_changed(POOL, "MaxPool r1 p1 kernel_shape=[3,3] strides=[2,2] pads=[0,0,1,1]\n",
                   PLAIN ",pool=caffe");
    expect_changed(POOL, "AveragePool r1 p1 kernel_shape=[2,2] strides=[2,2]\n",
                   PLAIN ",pool=mean");
    expect_changed("strides=[2,2] pads=[3,3,3,3]", "strides=[4,4] pads=[3,3,3,3]",
                   "resnet,layers=1:1,planes=4:8,num_classes=5,norm=none,stem_stride=4");
    expect_changed("Add c3,p1 a1", "Add p1,c3 a1", PLAIN);
    expect_changed("Add c3,p1 a1", "Sum c3,p1 a1", PLAIN);
    expect_changed("w3,b3 c3 pads=[1,1,1,1]", "w3,b3 c3 auto_pad=SAME_UPPER", PLAIN);
}

static void test_heads(void **state)
{
    (void)state;
    static const char *const heads[][2] = {
        {"ReduceMean r5 g axes=[2,3]\nFlatten g f axis=1\nGemm f,w7,b7 y transB=1\n", PLAIN},
        {"int axes -1,-2\nReduceMean r5,axes g keepdims=0\nGemm g,w7,b7 y transB=1\n", PLAIN},
        {"int shape -1,8\nGlobalAveragePool r5 g\nReshape g,shape f\nGemm f,w7,b7 y transB=1\n",
         PLAIN},
        {"GlobalAveragePool r5 g\nSqueeze g f axes=[2,3]\nTranspose w7 t\nMatMul f,t m\n"
         "Add m,b7 y\n",
         PLAIN},
        {"float turned 8,5\nGlobalAveragePool r5 g\nFlatten g f\nGemm f,turned,b7 y\n", PLAIN},
        {"GlobalAveragePool r5 g\nFlatten g f\nDropout f d\nGemm d,w7 z transB=1\n"
         "Softmax z y axis=-1\n",
         PLAIN},
        {"GlobalAveragePool r5 g\nFlatten g f\nGemm f,w7,b7 z transB=1\nSigmoid z y\n",
         PLAIN ",probabilities=sigmoid"},
        {"GlobalAveragePool r5 g\nFlatten g y\n",
         "resnet,layers=1:1,head=none,planes=4:8,norm=none"},
        {"Identity r5 y\n", "resnet,layers=1:1,head=none,planes=4:8,norm=none"},
        {"float h1 6,8\nfloat h2 5,6\nGlobalAveragePool r5 g\nFlatten g f\nGemm f,h1 u transB=1\n"
         "Relu u v\nGemm v,h2,b7 y transB=1\n",
         "resnet,layers=1:1,head=mlp,planes=4:8,num_classes=5,norm=none,head_width=6"},
        /* what exporters make of x.view(x.size(0), -1) */
        {"int zero 0\nint one -1\nGlobalAveragePool r5 g\nShape g s\nGather s,zero i\n"
         "Unsqueeze i j axes=[0]\nConcat j,one k axis=0\nReshape g,k f\nGemm f,w7,b7 y transB=1\n",
         PLAIN},
    };
    for (size_t i = 0; i < VRN_COUNT(heads); i++) expect_changed(HEAD, heads[i][0], heads[i][1]);
}

/* Layers of which every one is exchanged. */
static void test_activations(void **state)
{
    (void)state;
    static const char *const kinds[][3] = {
        {"LeakyRelu ", " alpha=0.125", PLAIN ",activation=leaky_relu,negative_slope=0.125"},
        {"Clip ", " min=0.0 max=6.0", PLAIN ",activation=relu6"},
        {"Clip ", " min=0.0", PLAIN},
    };
    for (size_t i = 0; i < VRN_COUNT(kinds); i++) {
        char *text = replaced(network, "", "");
        for (const char *at; (at = strstr(text, "\nRelu ")) != NULL;) {
            const size_t end = (size_t)(at - text) + 1 + strcspn(at + 1, "\n");
            char *changed = malloc(strlen(text) + 64);
            sprintf(changed, "%.*s\n%s%.*s%s%s", (int)(at - text), text, kinds[i][0],
                    (int)(end - (size_t)(at - text) - 6), at + 6, kinds[i][1], text + end);
            free(text);
            text = changed;
        }
        expect_arch(text, kinds[i][2]);
        free(text);
    }
    expect_arch(ENDS "float w 4,3,3,3\nfloat v 4,4,3,3\nfloat h 5,4\n"
                     "Conv x,w c pads=[1,1,1,1]\nSigmoid c s\nMul c,s r\nConv r,v d "
                     "pads=[1,1,1,1]\nSigmoid d t\nMul d,t q\nConv q,v e pads=[1,1,1,1]\n"
                     "Add e,r a\nSigmoid a u\nMul u,a o\nGlobalAveragePool o g\nFlatten g f\n"
                     "Gemm f,h y transB=1\n",
                "resnet,layers=1,stem=cifar,planes=4,num_classes=5,norm=none,activation=silu");
}

/* Blocks of three convolutions, groups, dilation, v1, zeros, means. */
static void test_blocks(void **state)
{
    (void)state;
    static const char head[] = "float h 5,8\nGlobalAveragePool o g\nFlatten g f\n"
                               "Gemm f,h y transB=1\n";
    static const char *const blocks[][2] = {
        {"float a 2,4,1,1\nfloat b 2,1,3,3\nfloat c 8,2,1,1\nfloat d 8,4,1,1\n"
         "Conv r,a c1\nRelu c1 r1\nConv r1,b c2 pads=[1,1,1,1] strides=[2,2] group=2\nRelu c2 r2\n"
         "Conv r2,c c3\nConv r,d s strides=[2,2]\nAdd c3,s a1\nRelu a1 o\n",
         "resnet,block=bottleneck,layers=1,stem=cifar,planes=2,num_classes=5,groups=2,"
         "width_per_group=32,norm=none,stem_planes=4,strides=2"},
        {"float a 2,4,1,1\nfloat b 2,2,3,3\nfloat c 8,2,1,1\nfloat d 8,4,1,1\n"
         "Conv r,a c1 strides=[2,2]\nRelu c1 r1\nConv r1,b c2 pads=[2,2,2,2] dilations=[2,2]\n"
         "Relu c2 r2\nConv r2,c c3\nConv r,d s strides=[2,2]\nAdd s,c3 a1\nRelu a1 o\n",
         "resnet,block=bottleneck,layers=1,stem=cifar,planes=2,num_classes=5,norm=none,v1=1,"
         "stem_planes=4,strides=2,dilations=2"},
        {"float a 8,4,3,3\nfloat b 8,8,3,3\nint axes 2,3\nint zeros 0,0\nint ends "
         "9223372036854775807,9223372036854775807\nint steps 2,2\nint pads 0,2,0,0,0,2,0,0\n"
         "Conv r,a c1 pads=[1,1,1,1] strides=[2,2]\nRelu c1 r1\nConv r1,b c2 pads=[1,1,1,1]\n"
         "Slice r,zeros,ends,axes,steps s\nPad s,pads t\nAdd c2,t a1\nRelu a1 o\n",
         "resnet,layers=1,stem=cifar,planes=8,num_classes=5,norm=none,shortcut=pad,stem_planes=4,"
         "strides=2"},
        {"float a 8,4,3,3\nfloat b 8,8,3,3\nint pads 0,0,0,0,0,4,0,0\n"
         "AveragePool r s kernel_shape=[1,1] strides=[2,2]\nPad s,pads t mode=constant\n"
         "Conv r,a c1 pads=[1,1,1,1] strides=[2,2]\nRelu c1 r1\nConv r1,b c2 pads=[1,1,1,1]\n"
         "Add c2,t a1\nRelu a1 o\n",
         "resnet,layers=1,stem=cifar,planes=8,num_classes=5,norm=none,shortcut=pad_end,"
         "stem_planes=4,strides=2"},
        {"float a 8,4,3,3\nfloat b 8,8,3,3\nfloat d 8,4,1,1\n"
         "Conv r,a c1 pads=[1,1,1,1]\nRelu c1 r1\nAveragePool r1 q kernel_shape=[2,2] "
         "strides=[2,2]\nConv q,b c2 pads=[1,1,1,1]\n"
         "AveragePool r s kernel_shape=[2,2] strides=[2,2] ceil_mode=1\nConv s,d t\n"
         "Add c2,t a1\nRelu a1 o\n",
         "resnet,layers=1,stem=cifar,planes=8,num_classes=5,norm=none,shortcut=mean,stem_planes=4,"
         "antialias=mean,strides=2"},
        /* padding of its own, as other converters have it */
        {"float a 8,4,3,3\nfloat b 8,8,3,3\nfloat d 8,4,1,1\nint pads 0,0,1,1,0,0,1,1\n"
         "Pad r,pads p\nConv p,a c1\nRelu c1 r1\nConv r1,b c2 pads=[1,1,1,1]\nConv r,d t\n"
         "Add c2,t a1\nRelu a1 o\n",
         "resnet,layers=1,stem=cifar,planes=8,num_classes=5,norm=none,stem_planes=4"},
    };
    for (size_t i = 0; i < VRN_COUNT(blocks); i++) {
        char lines[4096];
        snprintf(lines, sizeof lines,
                 ENDS "float w 4,3,3,3\nConv x,w c0 pads=[1,1,1,1]\nRelu c0 r\n%s%s", blocks[i][0],
                 head);
        expect_arch(lines, blocks[i][1]);
    }
}

/* The values of a parameter, of which the first and the last are compared. */
static void expect_values(const vrn_model *model, const char *name, float first, float last)
{
    uint64_t count;
    float *values = values_of(model, name, &count);
    assert_float_equal(values[0], first, 1e-4f);
    assert_float_equal(values[count - 1], last, 1e-4f);
    free(values);
}

/* The same network with batch norms: behind a convolution with and without a bias; where one is
 * missing, all are folded. */
static void test_norms(void **state)
{
    (void)state;
    static const char norms[] =
        ENDS "float w 2,3,3,3\nfloat v 2,2,3,3\nfloat h 5,2\nfloat g 2\nfloat o 2\n"
             "Conv x,w,o c pads=[1,1,1,1]\nBatchNormalization c,g,o,o,g n epsilon=0.25\nRelu n r\n"
             "Conv r,v d pads=[1,1,1,1]\nBatchNormalization d,g,o,o,g m epsilon=0.25\nRelu m q\n"
             "Conv q,v e pads=[1,1,1,1]\nBatchNormalization e,g,o,o,g k epsilon=0.25\nAdd k,r a\n"
             "Relu a z\nGlobalAveragePool z p\nFlatten p f\nGemm f,h y transB=1\n";
    captured_log captured;
    vrn_model *model;
    char found[512];
    onnx_message file = onnx_build(norms);
    const vrn_model_params params = {.log = capture_log(&captured)};
    if (vrn_model_load_memory(&model, file.data, file.size, "file", &params))
        fail_msg("%s", captured.text);
    vrn_arch_format(vrn_model_arch(model), found, sizeof found);
    assert_string_equal(found, "resnet,layers=1,stem=cifar,planes=2,num_classes=5,norm_eps=0.25");
    expect_values(model, "bn1.running_mean", 0, 0); /* the mean less the same bias */
    expect_values(model, "layer1.0.bn1.running_mean", 0.01f, 0.02f);
    expect_values(model, "layer1.0.bn1.running_var", 0.01f, 0.02f);
    vrn_model_destroy(&model);
    free(file.data);

    char *mixed = replaced(norms, "BatchNormalization d,g,o,o,g m epsilon=0.25\nRelu m", "Relu d");
    file = onnx_build(mixed);
    if (vrn_model_load_memory(&model, file.data, file.size, "file", &params))
        fail_msg("%s", captured.text);
    vrn_arch_format(vrn_model_arch(model), found, sizeof found);
    assert_string_equal(found, "resnet,layers=1,stem=cifar,planes=2,num_classes=5,norm=none");
    /* 0.01 * 0.01 / sqrt(0.26), 0.54 * 0.02 / sqrt(0.27); bias - mean is zero */
    expect_values(model, "conv1.weight", 0.000196f, 0.020785f);
    expect_values(model, "conv1.bias", 0.01f, 0.02f);
    expect_values(model, "layer1.0.conv1.weight", 0.01f, 0.36f);
    expect_values(model, "layer1.0.conv1.bias", 0, 0);
    vrn_model_destroy(&model);
    free(file.data);
    free(mixed);
}

/* A Pad by reflection and one filter for each channel. */
static void test_blurs(void **state)
{
    (void)state;
#define REFLECTION "int pads 0,0,0,0,0,0,1,1\nPad m1,pads q mode=reflect\n"
#define MAX        "MaxPool r1 m1 kernel_shape=[3,3] strides=[1,1] pads=[1,1,1,1]\n"
#define FILTER     "quarter k 4,1,2,2\nConv q,k p1 kernel_shape=[2,2] strides=[2,2] group=4\n"
    expect_changed(POOL, MAX REFLECTION FILTER, PLAIN ",blur_size=2,pool=max_blur");
    expect_changed(POOL, "MaxPool r1 m1 kernel_shape=[2,2] strides=[1,1]\n" REFLECTION FILTER,
                   PLAIN ",blur_size=2,pool=max2_blur");
    static const char *const wrong[][2] = {
        {"mode=reflect", "mode=edge"},
        {"quarter k", "float k"},
        {"group=4", "group=2"},
        {"strides=[2,2] group", "strides=[1,1] group"},
        {"0,0,1,1", "0,0,0,1"},
        {"kernel_shape=[2,2] strides=[2,2]", "kernel_shape=[2,2] strides=[2,2] pads=[1,1,1,1]"},
    };
    for (size_t i = 0; i < VRN_COUNT(wrong); i++) {
        char *pool = replaced(MAX REFLECTION FILTER, wrong[i][0], wrong[i][1]);
        expect_refused(POOL, pool, "a blur");
        free(pool);
    }
}

/* Norms before convolutions, as exporters write them: those after a convolution are folded. */
static void test_preactivation(void **state)
{
    (void)state;
    static const char folded[] =
        ENDS "float w 4,3,3,3\nfloat v 4,4,3,3\nfloat o 4\nfloat h 5,4\nfloat b 5\n"
             "Conv x,w c pads=[1,1,1,1]\nBatchNormalization c,o,o,o,o n\nRelu n r\n"
             "Conv r,v,o d pads=[1,1,1,1]\nRelu d q\nConv q,v e pads=[1,1,1,1]\nAdd e,c a\n"
             "BatchNormalization a,o,o,o,o m\nRelu m z\nGlobalAveragePool z p\nFlatten p f\n"
             "Gemm f,h,b y transB=1\n";
    static const char arch[] = "resnet,layers=1,stem=cifar,planes=4,num_classes=5,v2=1";
    captured_log captured;
    vrn_model *model;
    if (load(&model, folded, &captured)) fail_msg("%s", captured.text);
    bool doubtful;
    assert_null(vrn_model_get_assumption(model, 0, &doubtful));
    vrn_model_destroy(&model);
    char expected[128];
    snprintf(expected, sizeof expected, "%s,final_norm=1", arch);
    expect_arch(folded, expected);

    onnx_message file = onnx_build(folded);
    const vrn_model_params params = {.log = capture_log(&captured)};
    if (vrn_model_load_memory(&model, file.data, file.size, "file", &params))
        fail_msg("%s", captured.text);
    expect_values(model, "layer1.0.bn1.weight", 0.01f, 0.04f);
    expect_values(model, "layer1.0.bn2.weight", 1, 1); /* adds the bias of what was folded */
    expect_values(model, "layer1.0.bn2.bias", 0.01f, 0.04f);
    expect_values(model, "layer1.0.bn2.running_mean", 0, 0);
    expect_values(model, "layer1.0.bn2.running_var", 1, 1);
    expect_values(model, "norm.running_mean", 0.01f, 0.04f);
    vrn_model_destroy(&model);
    free(file.data);

    static const char *const changes[][3] = {
        /* kuangliu's end; {from, to, expected architecture} */
        {"BatchNormalization a,o,o,o,o m\nRelu m z\nGlobalAveragePool z", "GlobalAveragePool a",
         "resnet,layers=1,stem=cifar,planes=4,num_classes=5,v2=1"},
        {"Conv r,v,o d pads=[1,1,1,1]\nRelu d q",
         "Conv r,v d pads=[1,1,1,1]\nBatchNormalization d,o,o,o,o k\nRelu k q",
         "resnet,layers=1,stem=cifar,planes=4,num_classes=5,v2=1,final_norm=1"},
        /* the first norm folded into the stem, and a shortcut from behind it */
        {"Conv x,w c pads=[1,1,1,1]\nBatchNormalization c,o,o,o,o n\nRelu n r\n",
         "float u 4,4,1,1\nConv x,w,o c pads=[1,1,1,1]\nRelu c r\nConv r,u s strides=[2,2]\n",
         NULL},
    };
    for (size_t i = 0; i < VRN_COUNT(changes); i++) {
        char *changed = replaced(folded, changes[i][0], changes[i][1]);
        if (changes[i][2]) {
            expect_arch(changed, changes[i][2]);
        } else {
            char *strided = replaced(changed, "d pads=[1,1,1,1]", "d pads=[1,1,1,1] strides=[2,2]");
            char *joined = replaced(strided, "Add e,c a", "Add e,s a");
            expect_arch(joined, "resnet,layers=1,stem=cifar,planes=4,num_classes=5,v2=1,"
                                "final_norm=1,strides=2");
            free(joined);
            free(strided);
        }
        free(changed);
    }
    static const char *const wrong[][3] = {
        {"o m\n", "o m epsilon=0.5\n", "the same epsilon"},
        {"Conv q,v e", "Conv q,v,o e", "a convolution without bias, and no norm after it"},
        {"Conv x,w c", "Conv x,w,o c", "a convolution without bias, and no norm after it"},
        {"Relu n r", "Tanh n r", "node 'r' (Tanh)"},
        {"BatchNormalization c,o,o,o,o n", "Neg c n", "node 'n' (Neg) does not fit"},
        {"Add e,c a", "Add e,r a", "node"},
    };
    for (size_t i = 0; i < VRN_COUNT(wrong); i++) {
        char *changed = replaced(folded, wrong[i][0], wrong[i][1]);
        if (load(&model, changed, &captured) != VRN_ERROR_FILE) fail_msg("case %zu", i);
        if (!said_once(&captured, wrong[i][2])) fail_msg("case %zu: %s", i, captured.text);
        free(changed);
    }
}

/* Ways to store numbers. */
static void test_data(void **state)
{
    (void)state;
    static const char *const kinds[] = {"float", "half", "typed", "packed", "half_typed"};
    for (size_t i = 0; i < VRN_COUNT(kinds); i++) {
        char line[64];
        snprintf(line, sizeof line, "%s w2 4,4,3,3", kinds[i]);
        char *changed = replaced(network, "float w2 4,4,3,3", line);
        onnx_message file = onnx_build(changed);
        captured_log captured;
        vrn_model *model;
        const vrn_model_params params = {.log = capture_log(&captured)};
        if (vrn_model_load_memory(&model, file.data, file.size, "file", &params))
            fail_msg("%s: %s", kinds[i], captured.text);
        uint64_t count;
        float *values = values_of(model, "layer1.0.conv1.weight", &count);
        assert_int_equal(count, 144);
        for (size_t k = 0; k < count; k++)
            assert_float_equal(values[k], (float)(k + 1) * 0.01f, 1e-3f);
        free(values);
        vrn_model_destroy(&model);
        free(file.data);
        free(changed);
    }
}

static void test_metadata(void **state)
{
    (void)state;
    captured_log captured;
    vrn_model *model;
    vrn_model_info info;
    char *changed = replaced(network, "input x n,3,h,w",
                             "input x n,3,64,64\nproperty class_names [\"a\",\"b\",\"c\",\"d\","
                             "\"e\"]\nproperty vkresnet.mean 0.5,0.5,0.5\nproperty other 1");
    if (load(&model, changed, &captured)) fail_msg("%s", captured.text);
    vrn_model_get_info(model, &info);
    assert_string_equal(vrn_model_get_class_name(model, 4), "e");
    assert_int_equal(info.transform.crop, 64);
    assert_int_equal(info.transform.resize, 73);
    assert_true(info.transform.mean[2] == 0.5f);
    bool doubtful;
    assert_null(vrn_model_get_assumption(model, 0, &doubtful)); /* the graph says all */
    vrn_model_destroy(&model);
    free(changed);

    /* A pool of a fixed size: checked where the input's is known. */
    static const char pool[] = "AveragePool r5 g kernel_shape=[2,2]\nFlatten g f\n"
                               "Gemm f,w7,b7 y transB=1\n";
    changed = replaced(network, HEAD, pool);
    if (load(&model, changed, &captured)) fail_msg("%s", captured.text);
    const char *assumed = vrn_model_get_assumption(model, 0, &doubtful);
    assert_true(assumed && strstr(assumed, "last pool") && doubtful);
    vrn_model_destroy(&model);
    char *sized = replaced(changed, "n,3,h,w", "n,3,16,16");
    if (load(&model, sized, &captured)) fail_msg("%s", captured.text);
    vrn_model_destroy(&model);
    free(sized);
    sized = replaced(changed, "n,3,h,w", "n,3,32,32");
    assert_int_equal(load(&model, sized, &captured), VRN_ERROR_FILE);
    assert_true(said_once(&captured, "node 'g' (AveragePool) does not fit"));
    free(sized);
    free(changed);
}

/* Names and shapes alone tell that norms were folded. */
static void test_folded_by_names(void **state)
{
    (void)state;
    static const char *const convs[] = {"conv1", "layer1.0.conv1", "layer1.0.conv2"};
    captured_log captured;
    vrn_model *model;
    char name[64], found[512];
    safetensors_builder b;
    builder_start(&b);
    for (size_t i = 0; i < VRN_COUNT(convs); i++) {
        const uint64_t side = i ? 3 : 7;
        snprintf(name, sizeof name, "%s.weight", convs[i]);
        builder_tensor(&b, name, "F32", 4, 4, (const uint64_t[]){4, i ? 4 : 3, side, side});
        snprintf(name, sizeof name, "%s.bias", convs[i]);
        builder_tensor(&b, name, "F32", 4, 1, (const uint64_t[]){4});
    }
    builder_tensor(&b, "fc.weight", "F32", 4, 2, (const uint64_t[]){5, 4});
    builder_tensor(&b, "fc.bias", "F32", 4, 1, (const uint64_t[]){5});
    builder_finish(&b);
    const vrn_model_params params = {.log = capture_log(&captured)};
    if (vrn_model_load_memory(&model, b.file, b.size, "file", &params))
        fail_msg("%s", captured.text);
    vrn_arch_format(vrn_model_arch(model), found, sizeof found);
    assert_string_equal(found, "resnet,layers=1,planes=4,num_classes=5,norm=none");
    vrn_model_destroy(&model);
    builder_free(&b);
}

/* ---- Others ---------------------------------------------------------------------------------- */

static void test_no_resnet(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {STEM, "Transpose x t perm=[0,3,1,2]\nConv t,w1,b1 c1 strides=[2,2]\nRelu c1 r1\n",
         "node 't' (Transpose) does not fit: expected a ResNet's stem"},
        {STEM, "Sub x,b1 t\nConv t,w1,b1 c1 strides=[2,2]\nRelu c1 r1\n",
         "node 't' (Sub) does not fit"},
        {"pads=[3,3,3,3]", "pads=[2,2,3,3]", "with a padding of 3 on each side"},
        {"strides=[2,2] pads=[3,3,3,3]", "strides=[2,1] pads=[3,3,3,3]",
         "the same in both directions"},
        {"strides=[2,2] pads=[3,3,3,3]", "auto_pad=SAME_UPPER strides=[2,2]", "auto_pad"},
        {"Relu c2 r2", "Tanh c2 r2", "node 'r2' (Tanh) does not fit: expected the activation"},
        {"Relu c2 r2", "LeakyRelu c2 r2", "expected the same activation as before"},
        {"Relu c2 r2", "Clip c2 r2 min=-1.0 max=1.0", "node 'r2' (Clip)"},
        {"Add c3,p1 a1", "Add c3,c2 a1", "node 'c2' (Conv) does not fit: expected the first block"},
        {"Add c3,p1 a1", "Mul c3,p1 a1", "node 'a1' (Mul) does not fit"},
        {"Relu a1 r3", "Identity a1 r3", "expected the activation"},
        {"Conv r3,w6,b6 c6 strides=[2,2]", "Conv r3,w6,b6 c6", "expected a shortcut"},
        {"c5 pads=[1,1,1,1]", "c5 pads=[1,1,1,1] strides=[2,2]",
         "of which only the first may have a stride"},
        {"c2 pads=[1,1,1,1]", "c2 pads=[2,2,2,2] dilations=[2,2]", "node 'c2' (Conv)"},
        {HEAD, "GlobalMaxPool r5 g\nFlatten g f\nGemm f,w7,b7 y transB=1\n",
         "node 'g' (GlobalMaxPool) does not fit: expected another block"},
        {"Gemm f,w7,b7 y transB=1", "Gemm f,w7,b7 y transB=1 alpha=0.5", "node 'y' (Gemm)"},
        {"Gemm f,w7,b7 y transB=1", "Gemm f,w7,b7 z transB=1\nMul z,b7 y",
         "node 'y' (Mul) does not fit: expected the network's output"},
        {"output y", "output y\noutput q\nExp r5 q", "node 'q' (Exp)"},
        {POOL, "MaxPool r1 p1 kernel_shape=[2,2] strides=[2,2]\n", "node 'p1' (MaxPool)"},
        {POOL, "MaxPool r1 p1 kernel_shape=[3,3] strides=[2,2] pads=[0,0,0,0]\n",
         "node 'p1' (MaxPool)"},
        {"Conv p1,w2,b2 c2", "QLinearConv p1,w2,b2 c2",
         "'c2' (QLinearConv): quantized models cannot be read"},
    };
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        expect_refused(cases[i][0], cases[i][1], cases[i][2]);
    }
}

static void test_broken(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"float w2 4,4,3,3\n", "", "node 'c2' (Conv): expected weights as its input 2"},
        {"float w2 4,4,3,3", "int w2 1,2", "found numbers of type 7"},
        {"float w2 4,4,3,3", "float w2 4,4,3,5", "of 1x1, 3x3, 5x5 or 7x7"},
        {"float b2 4", "float b2 5", "node 'c2' (Conv): expected weights [4], found [5]"},
        {"float w7 5,8", "float w7 5,9", "[5, 9]"},
        {"Relu c2 r2\n", "", "the graph ends with 'c2': expected the activation"},
        {LAYER1 LAYER2, LAYER2 LAYER1, "it reads a value that a later node computes"},
        {"Relu a1 r3", "Relu a1 r2", "its output is computed twice"},
        {"input x n,3,h,w", "input x 3,h,w", "found one of 3 dimensions"},
        {"input x n,3,h,w", "input x n,3,h,w\ninput z n,3,h,w", "one input, found 2: x, z"},
        {"output y", "output y\nopset 6", "expected an ONNX model of opset 7 or later, found 6"},
        {"pads=[3,3,3,3]", "pads=[3,3,3]", "pads of four numbers"},
    };
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        expect_refused(cases[i][0], cases[i][1], cases[i][2]);
    }
    /* Cut anywhere, and with any byte changed: nothing but a message. */
    onnx_message file = onnx_build(network);
    for (size_t size = 0; size < file.size; size += size < 600 ? 1 : 37) {
        captured_log captured;
        vrn_model *model;
        const vrn_model_params params = {.log = capture_log(&captured)};
        uint8_t *copy = malloc(size + 1);
        memcpy(copy, file.data, size);
        assert_int_equal(vrn_model_load_memory(&model, copy, size, "file", &params),
                         VRN_ERROR_FILE);
        assert_int_equal(captured.errors, 1);
        free(copy);
    }
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),       cmocka_unit_test(test_heads),
        cmocka_unit_test(test_activations), cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_norms),       cmocka_unit_test(test_data),
        cmocka_unit_test(test_blurs),       cmocka_unit_test(test_preactivation),
        cmocka_unit_test(test_metadata),    cmocka_unit_test(test_folded_by_names),
        cmocka_unit_test(test_no_resnet),   cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
