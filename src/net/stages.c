/* Completing and checking an architecture, and what follows from it. Its text is in arch.c. */
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
    uint64_t channels = arch->planes[0];
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
        stage->stride = i == 0 ? 1 : 2;
        stage->first_dilation = dilation;
        if (arch->dilate[i]) {
            dilation *= stage->stride;
            stage->stride = 1;
        }
        stage->dilation = dilation;
        stage->reshapes = stage->stride != 1 || stage->in != stage->out;
        channels = stage->out;
    }
}

void vrn_arch_fill(vrn_arch *arch, uint32_t base_planes)
{
    bool imagenet = arch->stem == VRN_STEM_IMAGENET;
    if (base_planes == 0) base_planes = imagenet ? 64 : 16;
    if (arch->stages == 0) {
        while (arch->stages < VRN_MAX_STAGES && arch->layers[arch->stages]) arch->stages++;
    }
    for (uint32_t i = 0; i < vrn_min_u32(arch->stages, VRN_MAX_STAGES); i++) {
        if (arch->planes[i] == 0) arch->planes[i] = base_planes << i;
    }
    if (arch->num_classes == 0) arch->num_classes = imagenet ? 1000 : 10;
    if (arch->groups == 0) arch->groups = 1;
    if (arch->width_per_group == 0) arch->width_per_group = 64;
    if (arch->norm_groups == 0) arch->norm_groups = 32;
    if (arch->norm_eps == 0) arch->norm_eps = 1e-5f;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

typedef struct checker {
    const vrn_arch *arch;
    const char *subject;
    const vrn_log *log;
    vrn_result result; /* the first refusal, which alone is said */
} checker;

#define REFUSE(c, ...) ((c)->result = (c)->result ? (c)->result : VRN_ARCH_REFUSE(c, __VA_ARGS__))

static void check_stages(checker *c)
{
    const vrn_arch *arch = c->arch;
    if (arch->stages < 1 || arch->stages > VRN_MAX_STAGES) {
        REFUSE(c, "layers: expected 1 to %u stages, found %u", (unsigned)VRN_MAX_STAGES,
               arch->stages);
    }
    for (uint32_t i = arch->stages; i < VRN_MAX_STAGES; i++) {
        if (arch->layers[i] || arch->planes[i] || arch->dilate[i]) {
            REFUSE(c, "layers, planes or dilate: entry %u is beyond the %u stages", i + 1,
                   arch->stages);
        }
    }
    if (arch->dilate[0]) {
        REFUSE(c,
               "replace_stride_with_dilation should be None or a %u-element tuple: the first "
               "stage has no stride to replace",
               arch->stages - 1);
    }
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
               "layer%u: expected 1 to %u channels, found a width of %llu and %llu channels of "
               "output",
               number, (unsigned)VRN_MAX_CHANNELS, (unsigned long long)stage->width,
               (unsigned long long)stage->out);
    }
    if (stage->reshapes && c->arch->shortcut == VRN_SHORTCUT_PAD && stage->out < stage->in) {
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
    uint64_t stem = arch->planes[0], parameters = stem * (3 * 49 + 4);
    check_norm_channels(c, stem, "bn", 1);
    for (uint32_t i = 0; i < arch->stages && !c->result; i++) {
        check_stage_channels(c, &stages[i], i + 1);
        parameters += stage_parameters(arch, &stages[i], arch->layers[i]);
    }
    parameters += (stages[arch->stages - 1].out + 1) * arch->num_classes;
    if (parameters > VRN_MAX_PARAMETERS) {
        REFUSE(c, "expected at most %llu parameters, found %llu",
               (unsigned long long)VRN_MAX_PARAMETERS, (unsigned long long)parameters);
    }
}

vrn_result vrn_arch_complete(vrn_arch *arch, const char *subject, const vrn_log *log)
{
    checker c = {arch, subject, log, VRN_OK};
    vrn_arch_fill(arch, 0);
    check_stages(&c);
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
