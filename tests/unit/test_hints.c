/* Hints in the names of files, assumptions, refusals, and ignored tensors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <vkresnet/vkresnet.h>

#include "net/hints.h"
#include "unit/captured_log.h"
#include "unit/net_helpers.h"
#include "unit/parameter_maker.h"
#include "unit/safetensors_builder.h"

static void test_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *key; /* of the first hint; NULL: none */
        const char *value;
        unsigned number;
    } cases[] = {
        {"resnet50.pth", NULL, NULL, 0},
        {"resnetaa50.pth", "antialias", "mean", 0},
        {"my-ResNetAA50d.pth", "antialias", "mean", 0},
        {"resnet50_caffe.pth", "v1", "1", 0},
        {"resnet50_gn16.pth", "norm", "group", 0},
        {"signal.pth", NULL, NULL, 0},
        {"agn.pth", NULL, NULL, 0},
        {"gnu.pth", NULL, NULL, 0},
        {"resnetblur50.pth", "antialias", "blur", 0},
        {"r50_last_stride1.pth", "strides", "1:2:2:#", 1},
        {"leaky_relu.pth", "activation", "leaky_relu", 0},
        {"stem7_s1.pth", "stem_stride", "#", 1},
        {"system7_s1.pth", NULL, NULL, 0},
        {"", NULL, NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        vrn_hint hint;
        const bool found = vrn_hint_find(cases[i].text, 0, &hint);
        if (found != (cases[i].key != NULL)) fail_msg("'%s'", cases[i].text);
        if (!found) continue;
        assert_string_equal(hint.key, cases[i].key);
        assert_true(!hint.value == !cases[i].value);
        if (hint.value) assert_string_equal(hint.value, cases[i].value);
        assert_int_equal(hint.number, cases[i].number);
    }
}

/* A file of the networks below the prefixes, and one more tensor of `shape`, up to the first 0. */
static vrn_result load(vrn_model **model, const char *arch, const char *const prefixes[2],
                       const char *more, const uint64_t shape[4], const char *file,
                       const vrn_model_params *params)
{
    static safetensors_builder builder; /* the model points into it */
    vrn_arch parsed = parse(arch);
    builder_free(&builder);
    builder_start(&builder);
    for (int i = 0; i < 2 && prefixes[i]; i++) {
        maker m = {&builder, prefixes[i]};
        assert_int_equal(vrn_arch_visit_parameters(&parsed, put, &m, NULL), VRN_OK);
    }
    uint32_t rank = 0;
    while (rank < 4 && shape[rank]) rank++;
    if (more) builder_tensor(&builder, more, "F32", 4, rank, shape);
    builder_finish(&builder);
    return vrn_model_load_memory(model, builder.file, builder.size, file, params);
}

static void test_readings(void **state)
{
    (void)state;
    static const struct {
        const char *arch, *prefixes[2], *more;
        uint64_t shape[4];
        const char *file, *given, *prefix;
        const char *words;   /* of the refusal; NULL: it loads .. */
        const char *text;    /* .. as this, .. */
        const char *assumed; /* .. and assumes that */
    } cases[] = {
        {.arch = "resnet8",
         .prefixes = {""},
         .file = "a.pth",
         .words = "give --arch shortcut=pad if before and after"},
        {.arch = "resnet8",
         .prefixes = {""},
         .file = "a.pth",
         .given = "shortcut=pad_end",
         .text = "resnet8,norm=frozen,shortcut=pad_end",
         .assumed = "norm_eps"},
        {.arch = "resnet8,head=none",
         .prefixes = {""},
         .more = "linear.weight",
         .shape = {10, 64},
         .file = "a.pth",
         .text = "resnet8,norm=frozen",
         .assumed = "shortcut=pad: zeros"},
        {.arch = "resnet18",
         .prefixes = {""},
         .file = "stem7_s1.pth",
         .words = "give --arch pool=none or --arch pool=max"},
        {.arch = "resnet18",
         .prefixes = {""},
         .file = "stem7_s1.pth",
         .given = "pool=none",
         .text = "resnet18,norm=frozen,stem_stride=1,pool=none",
         .assumed = "stem_stride=1: the file's name says so (else --arch stem_stride=2)"},
        {.arch = "resnet18",
         .prefixes = {""},
         .file = "stem7_s1.pth",
         .given = "stem_stride=2",
         .text = "resnet18,norm=frozen",
         .assumed = "pool=max"},
        {.arch = "resnet18",
         .prefixes = {""},
         .file = "dir_silu/r18.pth",
         .text = "resnet18,norm=frozen",
         .assumed = "activation=relu"},
        {.arch = "resnet18",
         .prefixes = {""},
         .file = "r18_silu.pth",
         .text = "resnet18,norm=frozen,activation=silu",
         .assumed = "activation=silu: the file's"},
        {.arch = "resnet18",
         .prefixes = {""},
         .file = "r18_silu.pth",
         .given = "activation=relu",
         .text = "resnet18,norm=frozen",
         .assumed = "norm_eps=1e-5"},
        {.arch = "resnet18",
         .prefixes = {""},
         .file = "r18_dilated.pth",
         .words = "the file's name contains 'dilated', but neither this word nor the tensors"},
        {.arch = "resnet18,norm=group",
         .prefixes = {""},
         .file = "r18_gn16.pth",
         .text = "resnet18,norm=group,norm_groups=16",
         .assumed = "norm_groups=16: the file's"},
        {.arch = "resnet18,norm=group",
         .prefixes = {""},
         .file = "r18.pth",
         .words = "norms with running statistics, found none. For group norms"},
        {.arch = "resnet18",
         .prefixes = {"model."},
         .more = "criterion.weight",
         .shape = {10},
         .file = "a",
         .text = "resnet18,norm=frozen",
         .assumed = "1 tensor beside 'model.' is ignored: criterion.weight"},
        {.arch = "resnet18",
         .prefixes = {"model."},
         .more = "mean",
         .shape = {3},
         .file = "a",
         .words = "mean: this model normalises its input itself; --prefix model selects"},
        {.arch = "resnet18",
         .prefixes = {"model."},
         .more = "mean",
         .shape = {3},
         .file = "a",
         .prefix = "model",
         .text = "resnet18,norm=frozen",
         .assumed = "1 tensor beside"},
        {.arch = "resnet18",
         .prefixes = {"module.model."},
         .more = "module.normalizer.new_mean",
         .shape = {3, 1, 1},
         .file = "a",
         .text = "resnet18,norm=frozen",
         .assumed = "1 tensor beside"},
        {.arch = "resnet18",
         .prefixes = {"net."},
         .more = "pool.p",
         .shape = {1},
         .file = "a",
         .text = "resnet18,norm=frozen",
         .assumed = "1 tensor beside"},
        {.arch = "resnet18",
         .prefixes = {"net."},
         .more = "last.weight",
         .shape = {4, 1000},
         .file = "a",
         .words = "last.weight: this seems to read the network's logits, and is not supported: "
                  "--prefix net selects"},
        {.arch = "resnet18",
         .prefixes = {"net."},
         .more = "out.running_mean",
         .shape = {1000},
         .file = "a",
         .words = "out.running_mean: this seems to read the network's logits"},
        {.arch = "resnet18,head=none",
         .prefixes = {""},
         .more = "prototypes.weight",
         .shape = {30, 128},
         .file = "a",
         .text = "resnet18,head=none,norm=frozen",
         .assumed = "prototypes.weight and the other tensors of the projection head are ignored"},
        {.arch = "resnet18",
         .prefixes = {""},
         .file = "wideresnet18_places365.pth",
         .words = "the file's name contains 'wideresnet18'"},
        {.arch = "resnet18",
         .prefixes = {"net."},
         .more = "projector.weight",
         .shape = {4, 1000},
         .file = "a",
         .text = "resnet18,norm=frozen",
         .assumed = "1 tensor beside"},
        {.arch = "resnet18,head=none",
         .prefixes = {""},
         .more = "some.name.weight",
         .shape = {7, 512},
         .file = "a",
         .text = "resnet18,num_classes=7,norm=frozen",
         .assumed = "some.name.weight is the head"},
        {.arch = "resnet18,head=none",
         .prefixes = {"0."},
         .more = "1.4.weight",
         .shape = {7, 1024},
         .file = "a",
         .text = "resnet18,head=none,norm=frozen",
         .assumed = "head=none: 1.4.weight, which reads two pools"},
        {.arch = "resnet18",
         .prefixes = {""},
         .more = "layer1.0.conv1.lora_A.weight",
         .shape = {4, 64, 1, 1},
         .file = "a",
         .words = "merge them first"},
        {.arch = "resnet50,head=none",
         .prefixes = {"module.backbone."},
         .more = "module.classifier.0.weight",
         .shape = {512, 2048, 3, 3},
         .file = "a",
         .text = "resnet50,head=none,dilate=0:1:1,norm=frozen",
         .assumed = "dilate=0:1:1: the file has the head of"},
        {.arch = "resnet50,head=none",
         .prefixes = {"backbone."},
         .more = "classifier.0.convs.0.0.weight",
         .shape = {256, 2048, 1, 1},
         .file = "a",
         .given = "dilate=0:0:1",
         .text = "resnet50,head=none,dilate=0:0:1,norm=frozen",
         .assumed = "norm_eps"},
        {.arch = "resnet50,head=none",
         .prefixes = {"backbone."},
         .more = "classifier.0.weight",
         .shape = {5, 2048},
         .file = "a",
         .text = "resnet50,num_classes=5,norm=frozen",
         .assumed = "strides: 1 for the first stage, 2 for the others, without dilation"},
        {.arch = "resnet18",
         .prefixes = {"student.", "teacher."},
         .file = "a",
         .words = "found 2, with the prefixes 'student', 'teacher': choose one with --prefix"},
        {.arch = "resnet18",
         .prefixes = {"student.", "teacher."},
         .file = "a",
         .prefix = "teacher.",
         .text = "resnet18,norm=frozen",
         .assumed = "using the network with the prefix 'teacher.', not 'student'"},
        {.arch = "resnet18",
         .prefixes = {"state_dict.", "state_dict_ema."},
         .file = "a",
         .text = "resnet18,norm=frozen",
         .assumed = "using the network with the prefix 'state_dict_ema.', not 'state_dict'"},
        {.arch = "resnet18",
         .prefixes = {"module.encoder_q."},
         .file = "a",
         .words = "a projection head from self-supervised training"},
        {.arch = "resnet18",
         .prefixes = {"module.encoder_q."},
         .file = "a",
         .given = "head=none",
         .text = "resnet18,head=none,norm=frozen",
         .assumed = "norm_eps"},
        {.arch = "resnet18,head=mlp,head_width=512",
         .prefixes = {""},
         .file = "a",
         .words = "a projection head from self-supervised training"},
        {.arch = "resnet18,head=mlp,head_width=100",
         .prefixes = {""},
         .file = "a",
         .text = "resnet18,head=mlp,norm=frozen,head_width=100",
         .assumed = "head=mlp: a ReLU"},
        {.arch = "resnet18",
         .prefixes = {""},
         .more = "aux.weight",
         .shape = {3, 512},
         .file = "a",
         .text = "resnet18,norm=frozen",
         .assumed = "another head is ignored: aux"},
        {.arch = "resnet18",
         .prefixes = {""},
         .more = "layer1.0.bn1.IN.weight",
         .shape = {32},
         .file = "a",
         .words = "this seems to be IBN-Net"},
        {.arch = "resnet18",
         .prefixes = {""},
         .more = "layer1.0.conv1.gain",
         .shape = {64},
         .file = "a",
         .words = "a normalizer-free network"},
        {.arch = "resnet18",
         .prefixes = {""},
         .more = "attnpool.k_proj.weight",
         .shape = {512, 512},
         .file = "a",
         .words = "CLIP's ResNet"},
        {.arch = "resnet18",
         .prefixes = {""},
         .file = "a",
         .given = "stages=3",
         .words = "arch: unknown key 'stages'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        captured_log captured;
        const vrn_model_params params = {
            .log = capture_log(&captured), .arch = cases[i].given, .prefix = cases[i].prefix};
        vrn_model *model = NULL;
        const vrn_result result = load(&model, cases[i].arch, cases[i].prefixes, cases[i].more,
                                       cases[i].shape, cases[i].file, &params);
        if (!result != !cases[i].words) fail_msg("case %zu: %d: %s", i, result, captured.text);
        if (result) {
            if (!strstr(captured.text, cases[i].words)) fail_msg("case %zu: %s", i, captured.text);
            assert_null(model);
            continue;
        }
        vrn_arch arch;
        char text[1024];
        vrn_model_get_arch(model, &arch);
        vrn_arch_format(&arch, text, sizeof text);
        assert_string_equal(text, cases[i].text);
        const char *assumption;
        bool found = false, doubtful;
        for (uint32_t k = 0; (assumption = vrn_model_get_assumption(model, k, &doubtful)); k++) {
            found |= strncmp(assumption, cases[i].assumed, strlen(cases[i].assumed)) == 0;
        }
        if (!found) fail_msg("case %zu: nothing begins with '%s'", i, cases[i].assumed);
        vrn_model_destroy(&model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_readings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
