/* Completes and checks an architecture, and derives its stages. arch.c has its text form. */
#include "net/arch.h"

#include <string.h>

#include "base/log.h"
#include "base/util.h"

uint32_t vrn_arch_expansion(vrn_block block)
{
    return block == VRN_BLOCK_BOTTLENECK ? 4 : 1;
}

void vrn_arch_stages(const vrn_arch *arch, vrn_stage stages[VRN_MAX_STAGES])
{
    memset(stages, 0, VRN_MAX_STAGES * sizeof *stages);
    uint64_t channels = arch->stem_planes;
    uint32_t dilation = 1;
    for (uint32_t i = 0; i < arch->stages; i++) {
        vrn_stage *stage = &stages[i];
        stage->in = channels;
        stage->width = arch->planes[i];
        if (arch->block == VRN_BLOCK_BOTTLENECK) {
            /* torchvision: width = int(planes * (base_width / 64.0)) * groups. */
            stage->width = stage->width * arch->width_per_group / 64 * arch->groups;
        }
        stage->out = (uint64_t)arch->planes[i] * vrn_arch_expansion(arch->block);
        stage->stride = arch->strides[i];
        stage->first_dilation = dilation;
        if (arch->dilate[i]) {
            dilation *= stage->stride;
            stage->stride = 1;
        }
        stage->dilation = dilation;
        if (arch->dilations[i]) {
            dilation = stage->first_dilation = stage->dilation = arch->dilations[i];
        }
        stage->attention = arch->attention_width[i];
        stage->reshapes = stage->stride != 1 || stage->in != stage->out;
        channels = stage->out;
    }
}

/* A sixteenth (Hu et al. 2018); or (log2(C) + 1) / 2, truncated, or one more if that is even (Wang
 * et al. 2020). */
static uint32_t attention_width(vrn_attention attention, uint64_t channels)
{
    uint32_t log2 = 0;
    while (channels >> (log2 + 1)) log2++;
    if (attention == VRN_ATTENTION_ECA) return (log2 + 1) / 2 | 1;
    return (uint32_t)vrn_min_u64(vrn_max_u64(channels / 16, 1), VRN_MAX_CHANNELS);
}

static bool blurs(const vrn_arch *arch)
{
    return arch->antialias == VRN_ANTIALIAS_BLUR || arch->shortcut == VRN_SHORTCUT_BLUR ||
           arch->pool == VRN_POOL_MAX_BLUR || arch->pool == VRN_POOL_MAX2_BLUR;
}

static vrn_pool default_pool(const vrn_arch *arch)
{
    static const vrn_pool pools[] = {
        [VRN_ANTIALIAS_NONE] = VRN_POOL_MAX,
        [VRN_ANTIALIAS_MEAN] = VRN_POOL_MEAN,
        [VRN_ANTIALIAS_BLUR] = VRN_POOL_MAX_BLUR,
    };
    if (arch->stem == VRN_STEM_CIFAR) return VRN_POOL_NONE;
    return arch->antialias < VRN_COUNT(pools) ? pools[arch->antialias] : VRN_POOL_MAX;
}

void vrn_arch_fill(vrn_arch *arch, uint32_t base_planes)
{
    bool cifar = arch->stem == VRN_STEM_CIFAR, features = arch->head == VRN_HEAD_NONE;
    if (base_planes == 0) base_planes = cifar ? 16 : 64;
    if (arch->stages == 0) {
        while (arch->stages < VRN_MAX_STAGES && arch->layers[arch->stages]) arch->stages++;
    }
    for (uint32_t i = 0; i < vrn_min_u32(arch->stages, VRN_MAX_STAGES); i++) {
        if (arch->planes[i] == 0) arch->planes[i] = base_planes << i;
        if (arch->strides[i] == 0) arch->strides[i] = i == 0 ? 1 : 2;
        if (arch->attention != VRN_ATTENTION_NONE && arch->attention_width[i] == 0) {
            const uint64_t out = (uint64_t)arch->planes[i] * vrn_arch_expansion(arch->block);
            arch->attention_width[i] = attention_width(arch->attention, out);
        }
    }
    if (arch->num_classes == 0 && !features) arch->num_classes = cifar ? 10 : 1000;
    if (arch->groups == 0) arch->groups = 1;
    if (arch->width_per_group == 0) arch->width_per_group = 64;
    if (arch->norm_groups == 0) arch->norm_groups = 32;
    if (arch->norm_eps == 0) arch->norm_eps = 1e-5f;
    if (arch->in_channels == 0) arch->in_channels = 3;
    if (arch->stem_kernel == 0) arch->stem_kernel = arch->stem == VRN_STEM_IMAGENET ? 7 : 3;
    if (arch->stem_stride == 0) arch->stem_stride = cifar ? 1 : 2;
    if (arch->stem_planes == 0) arch->stem_planes = arch->planes[0];
    if (arch->stem_width == 0 && arch->stem == VRN_STEM_DEEP) {
        arch->stem_width = vrn_max_u32(arch->stem_planes / 2, 1);
    }
    if (arch->stem_width2 == 0) arch->stem_width2 = arch->stem_width;
    if (arch->pool == VRN_POOL_DEFAULT) arch->pool = default_pool(arch);
    if (arch->blur_size == 0 && blurs(arch)) arch->blur_size = 3;
    if (arch->probabilities == VRN_PROBABILITIES_DEFAULT) {
        arch->probabilities =
            arch->num_classes == 1 ? VRN_PROBABILITIES_SIGMOID : VRN_PROBABILITIES_SOFTMAX;
    }
    if (arch->negative_slope == 0) arch->negative_slope = 0.01f;
    if (arch->head_width == 0 && arch->head == VRN_HEAD_MLP) arch->head_width = 512;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

typedef struct checker {
    const vrn_arch *arch;
    const char *subject;
    const vrn_log *log;
    vrn_result result; /* the first refusal, the only one that is reported */
} checker;

#define REFUSE(c, ...) ((c)->result = (c)->result ? (c)->result : VRN_ARCH_REFUSE(c, __VA_ARGS__))

static bool features_have_classes(const vrn_arch *arch)
{
    return arch->head == VRN_HEAD_NONE && arch->num_classes != 0;
}

static void check_stages(checker *c)
{
    const vrn_arch *arch = c->arch;
    if (arch->stages < 1 || arch->stages > VRN_MAX_STAGES) {
        REFUSE(c, "layers: expected 1 to %u stages, found %u", (unsigned)VRN_MAX_STAGES,
               arch->stages);
    }
    for (uint32_t i = arch->stages; i < VRN_MAX_STAGES; i++) {
        if (arch->layers[i] || arch->planes[i] || arch->dilate[i] || arch->strides[i] ||
            arch->dilations[i] || arch->attention_width[i]) {
            REFUSE(c,
                   "layers, planes, dilate, strides, dilations or attention_width: entry %u is "
                   "beyond the %u stage%s",
                   i + 1, arch->stages, arch->stages == 1 ? "" : "s");
        }
    }
    if (features_have_classes(arch)) {
        REFUSE(c, "num_classes: expected none with head=none, found %u", arch->num_classes);
    }
    if (arch->stem == VRN_STEM_DEEP && arch->stem_kernel != 3) {
        REFUSE(c, "stem_kernel: expected 3 for a deep stem, found %u", arch->stem_kernel);
    }
    if (arch->stem_kernel % 2 == 0) {
        REFUSE(c, "stem_kernel: expected 1, 3, 5 or 7, found %u", arch->stem_kernel);
    }
    if (arch->dilate[0]) {
        REFUSE(c, "dilate: %s",
               "expected false for the first stage, which has no stride to replace");
    }
}

static void check_attention(checker *c)
{
    for (uint32_t i = 0; i < c->arch->stages; i++) {
        const uint32_t width = c->arch->attention_width[i];
        if (c->arch->attention == VRN_ATTENTION_NONE && width) {
            REFUSE(c, "attention_width: expected none without attention, found %u", width);
        }
        if (c->arch->attention == VRN_ATTENTION_ECA &&
            (width % 2 == 0 || width > VRN_MAX_CHANNEL_KERNEL)) {
            REFUSE(c, "attention_width: expected an odd number of at most %u for eca, found %u",
                   (unsigned)VRN_MAX_CHANNEL_KERNEL, width);
        }
    }
}

static void check_preactivation(checker *c)
{
    const vrn_arch *arch = c->arch;
    if (arch->final_norm && !arch->preactivation) {
        REFUSE(c, "final_norm: %s", "expected v2=1, whose blocks end without a norm");
    }
    if (!arch->preactivation) return;
    if ((arch->shortcut != VRN_SHORTCUT_PROJECTION && arch->shortcut != VRN_SHORTCUT_MEAN) ||
        arch->antialias != VRN_ANTIALIAS_NONE) {
        REFUSE(c, "v2: %s", "expected shortcut=projection or mean, and antialias=none");
    }
    if (arch->norm == VRN_NORM_NONE) REFUSE(c, "v2: %s", "expected norms");
}

static void check_basic_block(checker *c, const vrn_stage *stages)
{
    const vrn_arch *arch = c->arch;
    if (arch->groups != 1 || arch->width_per_group != 64) {
        REFUSE(c,
               "BasicBlock only supports groups=1 and base_width=64, found groups=%u and "
               "width_per_group=%u",
               arch->groups, arch->width_per_group);
    }
    if (arch->stride_on_1x1) {
        REFUSE(c, "v1: %s", "a BasicBlock has no 1x1 convolution to stride on");
    }
    for (uint32_t i = 0; i < arch->stages; i++) {
        uint32_t dilation = stages[i].first_dilation;
        if (arch->layers[i] > 1) dilation = vrn_max_u32(dilation, stages[i].dilation);
        if (dilation > 1) {
            REFUSE(c, "Dilation > 1 not supported in BasicBlock, found %u in layer%u", dilation,
                   i + 1);
        }
    }
}

static void check_norm_channels(checker *c, uint64_t channels, const char *where, uint32_t number)
{
    if (c->arch->norm != VRN_NORM_GROUP || channels % c->arch->norm_groups == 0) return;
    REFUSE(c,
           "GroupNorm: num_channels must be divisible by num_groups: %u channels in %s%u, %u "
           "groups",
           (unsigned)channels, where, number, c->arch->norm_groups);
}

static void check_stage_channels(checker *c, const vrn_stage *stage, uint32_t number)
{
    if (stage->width < 1 || stage->width > VRN_MAX_CHANNELS || stage->out > VRN_MAX_CHANNELS) {
        REFUSE(c,
               "layer%u: expected 1 to %u channels, found a width of %llu and %llu output channels",
               number, (unsigned)VRN_MAX_CHANNELS, (unsigned long long)stage->width,
               (unsigned long long)stage->out);
    }
    if (stage->reshapes && vrn_arch_pads(c->arch) && stage->out < stage->in) {
        REFUSE(c, "layer%u: a padding shortcut cannot go from %u channels down to %u", number,
               (unsigned)stage->in, (unsigned)stage->out);
    }
    check_norm_channels(c, stage->width, "layer", number);
    check_norm_channels(c, stage->out, "layer", number);
}

/* Upper bound of a stage's parameters; norms count with 4 a channel. */
static uint64_t stage_parameters(const vrn_arch *arch, const vrn_stage *stage, uint32_t blocks)
{
    uint64_t width = stage->width, out = stage->out;
    uint64_t shortcut = stage->reshapes ? (stage->in + 4) * out : 0;
    shortcut += blocks * (2 * out + 1) * (stage->attention + UINT64_C(1));
    if (arch->block == VRN_BLOCK_BASIC) {
        uint64_t first = (stage->in * 9 + 4) * out, other = (out * 9 + 4) * out;
        return first + shortcut + other * (2 * (uint64_t)blocks - 1);
    }
    uint64_t rest = (width / arch->groups * 9 + 4) * width + (width + 4) * out;
    return (stage->in + 4) * width + shortcut + (out + 4) * width * (blocks - 1) + rest * blocks;
}

static void check_channels(checker *c, const vrn_stage *stages)
{
    const vrn_arch *arch = c->arch;
    uint64_t stem = arch->stem_planes, wide = vrn_max_u32(arch->stem_width, arch->stem_width2),
             window = 49;
    uint64_t parameters = stem * (arch->in_channels * window + 4) +
                          (wide * wide + wide * stem + stem * stem) * window;
    check_norm_channels(c, stem, "bn", 1);
    if (arch->stem == VRN_STEM_DEEP) check_norm_channels(c, arch->stem_width, "conv", 1);
    if (arch->stem == VRN_STEM_DEEP) check_norm_channels(c, arch->stem_width2, "conv", 1);
    for (uint32_t i = 0; i < arch->stages && !c->result; i++) {
        check_stage_channels(c, &stages[i], i + 1);
        parameters += stage_parameters(arch, &stages[i], arch->layers[i]);
    }
    parameters += (stages[arch->stages - 1].out + 1) * (arch->num_classes + arch->head_width) +
                  (uint64_t)arch->head_width * arch->num_classes;
    if (parameters > VRN_MAX_PARAMETERS) {
        REFUSE(c, "expected at most %llu parameters, found %llu",
               (unsigned long long)VRN_MAX_PARAMETERS, (unsigned long long)parameters);
    }
}

vrn_result vrn_arch_complete(vrn_arch *arch, const char *subject, const vrn_log *log)
{
    checker c = {arch, subject, log, VRN_OK};
    vrn_arch_fill(arch, 0);
    check_stages(&c); /* the number of stages, which bounds the other checks */
    if (!c.result) check_attention(&c);
    if (!c.result) check_preactivation(&c);
    if (!c.result) c.result = vrn_arch_check_keys(arch, subject, log);
    if (c.result) return c.result;
    vrn_stage stages[VRN_MAX_STAGES];
    vrn_arch_stages(arch, stages);
    if (arch->block == VRN_BLOCK_BASIC) check_basic_block(&c, stages);
    check_channels(&c, stages);
    return c.result;
}

vrn_result vrn_arch_check(vrn_arch *arch, const vrn_log *log)
{
    return vrn_arch_complete(arch, "architecture", log);
}
