#include "tools/readings.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/transform.h"
#include "base/util.h"
#include "net/arch.h"

typedef struct lister {
    vrn_readings *readings;
    const vrn_check_reading *from;
    const vrn_arch *base;
} lister;

static vrn_check_reading *next(const lister *l, const char *name)
{
    vrn_readings *readings = l->readings;
    if (readings->count == VRN_READINGS_MAX) return NULL;
    vrn_check_reading *reading = &readings->each[readings->count++];
    *reading = *l->from;
    reading->fit = (vrn_check_fit){0};
    reading->images = 0;
    vrn_append(reading->name, sizeof reading->name, "%s%s", *reading->name ? "; " : "", name);
    return reading;
}

/* ---- Architectures --------------------------------------------------------------------------- */

/* Adds a reading with architecture `arch`, unless that is invalid. */
static void add_arch(const lister *l, const char *name, vrn_arch arch)
{
    char differs[8];
    if (vrn_arch_complete(&arch, "", NULL) != VRN_OK) return;
    vrn_arch_format_difference(&arch, &l->from->arch, differs, sizeof differs);
    vrn_check_reading *reading = *differs ? next(l, name) : NULL;
    if (!reading) return;
    reading->arch = arch;
    vrn_arch_format_difference(&arch, l->base, reading->keys, sizeof reading->keys);
}

static void add_pools(const lister *l)
{
    static const struct {
        vrn_pool pool;
        const char *name;
    } pools[] = {
        {VRN_POOL_NONE, "no pool after the stem"},
        {VRN_POOL_MAX, "a 3x3 max pool after the stem"},
        {VRN_POOL_CAFFE, "a 3x3 max pool without padding after the stem, as in Caffe"},
        {VRN_POOL_MEAN, "a 2x2 average pool after the stem"},
    };
    for (size_t i = 0; i < VRN_COUNT(pools); i++) {
        vrn_arch arch = l->from->arch;
        arch.pool = pools[i].pool;
        add_arch(l, pools[i].name, arch);
    }
}

static void add_strides(const lister *l, vrn_arch arch)
{
    char name[64] = "strides of the stages ";
    for (uint32_t i = 0; i < arch.stages; i++) {
        vrn_append(name, sizeof name, "%s%u", i ? ":" : "", arch.strides[i]);
    }
    add_arch(l, name, arch);
}

/* Adds or removes a stage's stride, and exchanges the strides of two stages. */
static void add_stage_strides(const lister *l)
{
    const vrn_arch *from = &l->from->arch;
    for (uint32_t i = 0; i < from->stages; i++) {
        if (from->dilate[i]) continue;
        for (uint32_t k = i + 1; k < from->stages; k++) {
            vrn_arch arch = *from;
            if (from->dilate[k]) continue;
            arch.strides[i] = from->strides[k];
            arch.strides[k] = from->strides[i];
            add_strides(l, arch);
        }
        vrn_arch arch = *from;
        arch.strides[i] = from->strides[i] == 1 ? 2 : 1;
        add_strides(l, arch);
    }
}

/* Dilation instead of strides in none, the last or the last two of the stages. */
static void add_dilation(const lister *l)
{
    static const char *const names[] = {
        "no dilation",
        "dilation instead of the last stage's stride",
        "dilation instead of the last two stages' strides",
    };
    for (uint32_t dilated = 0; dilated < VRN_COUNT(names); dilated++) {
        vrn_arch arch = l->from->arch;
        if (dilated >= arch.stages) break;
        memset(arch.dilate, 0, sizeof arch.dilate);
        memset(arch.dilations, 0, sizeof arch.dilations);
        for (uint32_t i = arch.stages - dilated; i < arch.stages; i++) arch.dilate[i] = true;
        add_arch(l, names[dilated], arch);
    }
}

static void add_activations(const lister *l)
{
    static const char *const names[] = {
        [VRN_ACTIVATION_RELU] = "ReLU as activation",
        [VRN_ACTIVATION_LEAKY_RELU] = "LeakyReLU as activation",
        [VRN_ACTIVATION_SILU] = "SiLU as activation",
        [VRN_ACTIVATION_RELU6] = "ReLU6 as activation",
    };
    for (size_t i = 0; i < VRN_COUNT(names); i++) {
        vrn_arch arch = l->from->arch;
        arch.activation = (vrn_activation)i;
        add_arch(l, names[i], arch);
    }
}

static void add_standardization(const lister *l)
{
    static const char *const names[] = {
        [VRN_STANDARDIZE_NONE] = "weights without standardisation",
        [VRN_STANDARDIZE_DEVIATION] = "weights standardised by their deviation",
        [VRN_STANDARDIZE_VARIANCE] = "weights standardised by their variance",
        [VRN_STANDARDIZE_BIT] = "weights standardised as BiT's",
    };
    for (size_t i = 0; i < VRN_COUNT(names); i++) {
        vrn_arch arch = l->from->arch;
        arch.standardize = (vrn_standardize)i;
        add_arch(l, names[i], arch);
    }
}

/* Properties with two values. */
static void add_pairs(const lister *l)
{
    const vrn_arch *from = &l->from->arch;
    vrn_arch arch = *from;
    arch.stem_stride = from->stem_stride == 1 ? 2 : 1;
    add_arch(l, arch.stem_stride == 1 ? "a stem of stride 1" : "a stem of stride 2", arch);

    arch = *from;
    arch.stride_on_1x1 = !from->stride_on_1x1;
    add_arch(l,
             arch.stride_on_1x1 ? "blocks with the stride on their 1x1 convolution (v1)"
                                : "blocks with the stride on their 3x3 convolution (v1.5)",
             arch);

    arch = *from;
    if (vrn_arch_pads(from)) {
        const bool end = from->shortcut == VRN_SHORTCUT_PAD;
        arch.shortcut = end ? VRN_SHORTCUT_PAD_END : VRN_SHORTCUT_PAD;
        add_arch(l, end ? "all of option A's zeros at the end" : "option A's zeros on both sides",
                 arch);
    }

    /* timm's resnetaa has an average pool after the stem. */
    arch = *from;
    const bool blurs = from->antialias == VRN_ANTIALIAS_NONE;
    arch.antialias = blurs ? VRN_ANTIALIAS_MEAN : VRN_ANTIALIAS_NONE;
    if (blurs && arch.pool == VRN_POOL_MAX) arch.pool = VRN_POOL_MEAN;
    if (!blurs && (arch.pool == VRN_POOL_MEAN || arch.pool == VRN_POOL_MAX_BLUR))
        arch.pool = VRN_POOL_MAX;
    add_arch(l, blurs ? "strides by 2x2 average pools (anti-aliasing)" : "no anti-aliasing", arch);

    arch = *from;
    const bool usual = from->norm_eps < 1e-4f;
    arch.norm_eps = usual ? 1e-3f : 1e-5f;
    add_arch(l, usual ? "an epsilon of 0.001 in norms" : "an epsilon of 1e-5 in norms", arch);
}

/* ---- Preparations of images ------------------------------------------------------------------ */

static bool same_preparation(const vrn_transform *a, const vrn_transform *b, bool grey)
{
    const size_t bytes = grey ? sizeof a->mean[0] : sizeof a->mean;
    return vrn_transform_scale(a) == vrn_transform_scale(b) &&
           (grey || a->channels == b->channels) && memcmp(a->mean, b->mean, bytes) == 0 &&
           memcmp(a->std, b->std, bytes) == 0;
}

static void add_transform(const lister *l, const char *name, const vrn_transform *transform)
{
    const bool grey = l->base->in_channels == 1;
    if (same_preparation(transform, &l->from->transform, grey)) return;
    for (uint32_t i = 0; i < l->readings->count; i++) {
        const vrn_check_reading *other = &l->readings->each[i];
        if (other->prepares && same_preparation(transform, &other->transform, grey)) return;
    }
    vrn_check_reading *reading = next(l, name);
    if (!reading) return;
    reading->prepares = true;
    reading->transform = *transform;
}

/* Channel statistics commonly used in training. */
static const struct {
    const char *name;
    float scale, mean[3], std[3];
} statistics[] = {
    {"ImageNet's mean and deviation", 255, {0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}},
    {"CIFAR-10's mean and deviation", 255, {0.4914f, 0.4822f, 0.4465f}, {0.247f, 0.2435f, 0.2616f}},
    {"MNIST's mean and deviation", 255, {0.1307f, 0.1307f, 0.1307f}, {0.3081f, 0.3081f, 0.3081f}},
    {"a mean and deviation of 0.5", 255, {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}},
    {"values from 0 to 1, not normalised", 255, {0, 0, 0}, {1, 1, 1}},
    {"values from 0 to 255, not normalised", 1, {0, 0, 0}, {1, 1, 1}},
};

static void add_preparations(const lister *l)
{
    const vrn_transform *from = &l->from->transform;
    const bool grey = l->base->in_channels == 1;
    vrn_transform t = *from;
    t.scale = vrn_transform_scale(from) == 1 ? 255 : 1;
    add_transform(l, t.scale == 1 ? "values from 0 to 255, not to 1" : "values from 0 to 1", &t);
    t = *from;
    t.channels = from->channels == VRN_CHANNELS_RGB ? VRN_CHANNELS_BGR : VRN_CHANNELS_RGB;
    if (!grey) {
        add_transform(l, t.channels == VRN_CHANNELS_BGR ? "channels as BGR" : "channels as RGB",
                      &t);
    }
    for (size_t i = 0; i < VRN_COUNT(statistics); i++) {
        t = *from;
        t.channels = VRN_CHANNELS_RGB;
        t.scale = statistics[i].scale;
        memcpy(t.mean, statistics[i].mean, sizeof t.mean);
        memcpy(t.std, statistics[i].std, sizeof t.std);
        add_transform(l, statistics[i].name, &t);
    }
    vrn_transform caffe;
    if (!grey && vrn_transform_get_preset("caffe", &caffe)) {
        t = *from;
        t.channels = caffe.channels;
        t.scale = caffe.scale;
        memcpy(t.mean, caffe.mean, sizeof t.mean);
        memcpy(t.std, caffe.std, sizeof t.std);
        add_transform(l, "Caffe's BGR from 0 to 255, less the mean", &t);
    }
}

void vrn_readings_list(vrn_readings *readings, const vrn_check_reading *from, const vrn_arch *base,
                       bool photos)
{
    const lister l = {readings, from, base};
    readings->count = 0;
    if (photos) add_preparations(&l);
    add_pools(&l);
    add_pairs(&l);
    add_stage_strides(&l);
    add_dilation(&l);
    add_activations(&l);
    add_standardization(&l);
}
