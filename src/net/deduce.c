#include "net/deduce.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "base/util.h"
#include "net/arch.h"
#include "net/heads.h"
#include "net/filters.h"
#include "net/hints.h"
#include "net/kinds.h"

typedef struct deducer {
    vrn_arch *arch;
    vrn_names *names;
    const vrn_told *told;
    vrn_assumptions *assumptions;
    const char *subject;
    const vrn_log *log;
    vrn_result result; /* the first failure, the only one that is reported */
} deducer;

static bool has(const deducer *d, const char *name)
{
    return vrn_names_find(d->names, name) != NULL;
}

/* Fails with a tensor that is not as expected or, if it is NULL, is missing. */
static void misfit(deducer *d, const vrn_tensor *tensor, const char *name, const char *expected)
{
    char found[128] = "no such tensor", kind[256];
    if (d->result != VRN_OK) return;
    if (tensor) vrn_tensor_format_shape(tensor, found, sizeof found);
    vrn_kinds_describe(d->names, has(d, "layer1.0.conv1.weight"), kind, sizeof kind);
    d->result = vrn_fail(d->log, VRN_ERROR_FILE, "%s: %.200s: expected %s, found %s%s", d->subject,
                         tensor ? tensor->name : name, expected, found, kind);
}

/* Fails because similar files are known with different values. */
static void ask(deducer *d, const char *what)
{
    char kind[256];
    if (d->result != VRN_OK) return;
    vrn_kinds_describe(d->names, true, kind, sizeof kind);
    d->result = vrn_fail(d->log, VRN_ERROR_FILE, "%s: %s%s", d->subject, what, kind);
}

/* Finds the shape of a tensor and checks its rank, and that its channels fit the fields of
 * vrn_arch; after a failure returns a shape of ones. */
static const uint64_t *find_shape(deducer *d, const char *name, uint32_t rank, const char *expected)
{
    static const uint64_t ones[VRN_MAX_RANK] = {1, 1, 1, 1, 1, 1, 1, 1};
    const vrn_named_tensor *entry = vrn_names_find(d->names, name);
    const vrn_tensor *tensor = entry ? entry->tensor : NULL;
    bool fits = tensor && tensor->rank == rank;
    for (uint32_t i = 0; fits && i < rank; i++) {
        fits = tensor->shape[i] >= 1 && tensor->shape[i] <= VRN_MAX_CLASSES;
    }
    if (!fits) misfit(d, tensor, name, expected);
    return fits ? tensor->shape : ones;
}

/* True if the caller or the file gives the key. */
static bool decided(const deducer *d, const char *key)
{
    return vrn_arch_text_has(d->told->given, key) || vrn_arch_text_has(d->told->said, key);
}

static void deduce_stem(deducer *d)
{
    static const char expected[] = "a stem of three 3x3 convolutions, or of one convolution, [..., "
                                   "1 to 16, K, K] with a K of 7, 5, 3 or 1";
    const bool deep = has(d, "conv1.0.weight") && has(d, "conv1.6.weight");
    const char *name = deep ? "conv1.0.weight" : "conv1.weight";
    const vrn_named_tensor *conv = vrn_names_find_prefix(d->names, "conv1.");
    if (conv && !has(d, name)) misfit(d, conv->tensor, NULL, expected);
    const uint64_t *shape = find_shape(d, name, 4, expected), kernel = shape[2];
    const bool odd = kernel % 2 == 1 && kernel <= 7;
    if (shape[1] > VRN_MAX_IN_CHANNELS || shape[3] != kernel || (deep ? kernel != 3 : !odd)) {
        misfit(d, conv ? conv->tensor : NULL, name, expected);
    }
    vrn_arch *arch = d->arch;
    arch->in_channels = (uint32_t)shape[1];
    arch->stem = deep ? VRN_STEM_DEEP : kernel > 3 ? VRN_STEM_IMAGENET : VRN_STEM_CIFAR;
    if (!deep) arch->stem_kernel = (uint32_t)kernel;
    if (deep) arch->stem_width = (uint32_t)shape[0];
    if (deep) arch->stem_width2 = (uint32_t)find_shape(d, "conv1.3.weight", 4, expected)[0];
    if (deep) shape = find_shape(d, "conv1.6.weight", 4, expected);
    arch->stem_planes = (uint32_t)shape[0];
    if (has(d, "maxpool.0.weight") && has(d, "maxpool.1.weight")) arch->pool = VRN_POOL_CONV;
}

/* Counts blocks by their first convolution. Each count is bounded by the number of tensors. */
static void deduce_layers(deducer *d)
{
    char name[48];
    for (uint32_t stage = 0; stage < VRN_MAX_STAGES; stage++) {
        uint32_t blocks = 0;
        do {
            snprintf(name, sizeof name, "layer%u.%u.conv1.weight", stage + 1, blocks);
        } while (has(d, name) && ++blocks <= VRN_MAX_BLOCKS);
        if (blocks == 0) break;
        d->arch->layers[stage] = blocks;
        d->arch->stages = stage + 1;
    }
    d->arch->block = has(d, "layer1.0.conv3.weight") ? VRN_BLOCK_BOTTLENECK : VRN_BLOCK_BASIC;
    if (d->arch->stages) return;
    misfit(d, NULL, "layer1.0.conv1.weight", "the first convolution of the first block");
}

static void deduce_planes(deducer *d, uint32_t stage)
{
    bool bottleneck = d->arch->block == VRN_BLOCK_BOTTLENECK;
    uint32_t expansion = vrn_arch_expansion(d->arch->block);
    char name[48];
    snprintf(name, sizeof name, "layer%u.0.conv%d.weight", stage + 1, bottleneck ? 3 : 2);
    uint64_t out = find_shape(d, name, 4, "a convolution")[0];
    if (d->result == VRN_OK && out % expansion) {
        misfit(d, vrn_names_find(d->names, name)->tensor, name, "a multiple of 4 output channels");
    }
    d->arch->planes[stage] = (uint32_t)(out / expansion);
}

/* The base widths for which width / groups = int(planes * base_width / 64.0): a range that every
 * stage narrows. */
typedef struct width_range {
    uint64_t low, high;
} width_range;

static width_range widths_of(uint64_t per_group, uint64_t planes)
{
    return (width_range){(64 * per_group + planes - 1) / planes,
                         (64 * (per_group + 1) + planes - 1) / planes - 1};
}

static uint32_t choose_width(width_range range, uint32_t groups)
{
    vrn_arch named;
    const char *name;
    for (uint32_t i = 0; (name = vrn_arch_get_known_name(i)) != NULL; i++) {
        if (vrn_arch_parse(&named, name, NULL) != VRN_OK || named.groups != groups) continue;
        if (named.block != VRN_BLOCK_BOTTLENECK) continue;
        if (named.width_per_group >= range.low && named.width_per_group <= range.high) {
            return named.width_per_group;
        }
    }
    return (uint32_t)vrn_min_u64(range.low, UINT32_MAX);
}

static void deduce_widths(deducer *d)
{
    vrn_arch *arch = d->arch;
    width_range range = {1, UINT32_MAX};
    for (uint32_t stage = 0; stage < arch->stages && d->result == VRN_OK; stage++) {
        char name[48];
        snprintf(name, sizeof name, "layer%u.0.conv2.weight", stage + 1);
        const uint64_t *shape = find_shape(d, name, 4, "a 3x3 convolution");
        uint64_t width = shape[0], per_group = shape[1];
        if (d->result == VRN_OK && width % per_group) {
            misfit(d, vrn_names_find(d->names, name)->tensor, name,
                   "output channels in equal groups");
        }
        if (stage == 0) arch->groups = (uint32_t)(width / per_group);
        width_range here = widths_of(per_group, arch->planes[stage]);
        width_range both = {vrn_max_u64(range.low, here.low), vrn_min_u64(range.high, here.high)};
        /* If stages disagree, the later comparison of every tensor's shape reports the wrong
         * one. */
        if (both.low > both.high) break;
        range = both;
    }
    arch->width_per_group = choose_width(range, arch->groups);
}

/* Option A if the first block that changes the number of channels has no downsample. If no block
 * changes it, the second stage's first block decides. */
static void deduce_shortcut(deducer *d)
{
    vrn_arch complete = *d->arch;
    vrn_stage stages[VRN_MAX_STAGES];
    vrn_arch_fill(&complete, 0);
    vrn_arch_stages(&complete, stages);
    for (uint32_t i = 0; i < d->arch->stages; i++) {
        char prefix[48];
        snprintf(prefix, sizeof prefix, "layer%u.0.downsample.0.filt", i + 1);
        if (has(d, prefix)) {
            d->arch->shortcut = VRN_SHORTCUT_BLUR;
            return;
        }
    }
    for (uint32_t i = 0; i < d->arch->stages; i++) {
        if (!stages[i].reshapes) continue;
        char prefix[48];
        snprintf(prefix, sizeof prefix, "layer%u.0.downsample.", i + 1);
        bool projects = vrn_names_find_prefix(d->names, prefix) != NULL;
        snprintf(prefix, sizeof prefix, "layer%u.0.downsample.1.weight", i + 1);
        const vrn_named_tensor *second = vrn_names_find(d->names, prefix);
        bool mean = second && second->tensor->rank == 4;
        d->arch->shortcut = mean       ? VRN_SHORTCUT_MEAN
                            : projects ? VRN_SHORTCUT_PROJECTION
                                       : VRN_SHORTCUT_PAD;
        return;
    }
}

static void deduce_blur(deducer *d)
{
    vrn_arch *arch = d->arch;
    if (d->result) return;
    const vrn_named_tensor *filter = vrn_filters_find(d->names);
    if (!filter) return;
    arch->blur_size = vrn_filters_size(filter->tensor);
    for (uint32_t i = 0; i < arch->stages; i++) {
        char name[32];
        snprintf(name, sizeof name, "layer%u.0.aa.filt", i + 1);
        if (has(d, name)) arch->antialias = VRN_ANTIALIAS_BLUR;
    }
    const bool usual = arch->stem != VRN_STEM_CIFAR && arch->pool == VRN_POOL_DEFAULT;
    if (usual && !has(d, "maxpool.1.filt")) arch->pool = VRN_POOL_MAX;
    if (has(d, "maxpool.1.filt") && !decided(d, "pool")) {
        arch->pool = VRN_POOL_MAX2_BLUR;
        vrn_assume(d->assumptions, false,
                   "pool=max2_blur: a max pool of 2x2 before the stem's blur (else --arch "
                   "pool=max_blur)");
    }
}

/* From the modules of the first block, and the width of each stage's first block. */
static void deduce_attention(deducer *d)
{
    vrn_arch *arch = d->arch;
    const bool squeezes = has(d, "layer1.0.se.fc1.weight"),
               filters = has(d, "layer1.0.se.conv.weight");
    if (!squeezes && !filters) return;
    arch->attention = squeezes ? VRN_ATTENTION_SE : VRN_ATTENTION_ECA;
    for (uint32_t stage = 0; stage < arch->stages && d->result == VRN_OK; stage++) {
        char name[48];
        snprintf(name, sizeof name, "layer%u.0.se.%s.weight", stage + 1, squeezes ? "fc1" : "conv");
        const vrn_named_tensor *fc = vrn_names_find(d->names, name);
        const uint32_t rank = !squeezes ? 3 : fc && fc->tensor->rank == 2 ? 2 : 4;
        const uint64_t *shape = find_shape(d, name, rank,
                                           squeezes ? "a linear layer of the channels' means"
                                                    : "a filter along the channels' means");
        arch->attention_width[stage] = (uint32_t)shape[squeezes ? 0 : 2];
    }
}

/* No norm after the stem, and the first norm of each block has as many channels as its input. */
static void deduce_preactivation(deducer *d)
{
    if (d->result || has(d, "bn1.weight") || !has(d, "layer1.0.bn1.weight")) return;
    d->arch->preactivation = d->told->said && strstr(d->told->said, "v2=1");
    for (uint32_t i = 0; i < d->arch->stages && !d->arch->preactivation; i++) {
        char name[2][48];
        snprintf(name[0], sizeof name[0], "layer%u.0.conv1.weight", i + 1);
        snprintf(name[1], sizeof name[1], "layer%u.0.bn1.weight", i + 1);
        const uint64_t *conv = find_shape(d, name[0], 4, "a convolution");
        const uint64_t *norm = find_shape(d, name[1], 1, "a norm");
        d->arch->preactivation = conv[0] != conv[1] && norm[0] == conv[1];
    }
    d->arch->final_norm = d->arch->preactivation && has(d, "norm.weight");
    if (d->arch->preactivation && !d->arch->final_norm && !decided(d, "final_norm")) {
        vrn_assume(d->assumptions, false,
                   "final_norm=0: neither a norm nor an activation after the last stage");
    }
}

/* Follows hints in the names of the file and of its network. Hints are ignored if the tensors, the
 * file or the caller say something else. */
static void follow_hints(deducer *d, const char *text, const char *whose, bool statistics)
{
    vrn_hint hint;
    for (size_t i = 0; text && vrn_hint_find(text, i, &hint) && !d->result; i++) {
        const bool norm = strncmp(hint.key, "norm", 4) == 0;
        const bool v1 = strcmp(hint.key, "v1") == 0;
        if (decided(d, hint.key) || (norm && statistics)) continue;
        if (v1 && d->arch->block == VRN_BLOCK_BASIC) continue;
        if (strcmp(hint.word, "bit") == 0 && (statistics || !d->names->resnetv2)) continue;
        if (!hint.value) {
            d->result = vrn_fail(d->log, VRN_ERROR_FILE,
                                 "%s: %s contains '%.*s', but neither this word nor the tensors "
                                 "give the exact value of %s: if the word means nothing here, give "
                                 "--arch %s=%s",
                                 d->subject, whose, hint.length, hint.found, hint.key, hint.key,
                                 hint.other);
            return;
        }
        char pair[64] = "";
        vrn_append(pair, sizeof pair, "%s=", hint.key);
        for (const char *c = hint.value; *c; c++) {
            if (*c == '#') {
                vrn_append(pair, sizeof pair, "%u", hint.number);
            } else {
                vrn_append(pair, sizeof pair, "%c", *c);
            }
        }
        vrn_assume(d->assumptions, true, "%s: %s says so (else --arch %s=%s)", pair, whose,
                   hint.key, hint.other);
        d->result = vrn_arch_override(d->arch, pair, whose, d->log);
        if (d->result) d->result = VRN_ERROR_FILE;
    }
}

/* The tensor `name` beside the network, which lies below "..backbone."; or NULL. */
static const vrn_tensor *find_beside(const deducer *d, const char *name)
{
    static const char backbone[] = "backbone.";
    const size_t length = strlen(d->names->prefix), own = sizeof backbone - 1;
    if (length < own || strcmp(d->names->prefix + length - own, backbone) != 0) return NULL;
    char whole[VRN_PREFIX_MAX + 64];
    snprintf(whole, sizeof whole, "%.*s%s", (int)(length - own), d->names->prefix, name);
    const vrn_named_tensor *entry = vrn_names_find_in_file(d->names, whole);
    return entry ? entry->tensor : NULL;
}

/* torchvision's networks for segmentation, FCN and DeepLabV3, make their ResNets with
 * replace_stride_with_dilation=[False, True, True]. */
static void follow_segmenter(deducer *d)
{
    const vrn_tensor *fcn = find_beside(d, "classifier.0.weight");
    const bool deeplab = find_beside(d, "classifier.0.convs.0.0.weight") != NULL;
    if (d->result || !(deeplab || (fcn && fcn->rank == 4)) || decided(d, "strides") ||
        decided(d, "dilate") || decided(d, "dilations") || d->arch->stages != 4 ||
        d->arch->block != VRN_BLOCK_BOTTLENECK) {
        return;
    }
    d->arch->dilate[2] = d->arch->dilate[3] = true;
    vrn_assume(d->assumptions, true,
               "dilate=0:1:1: the file has the head of torchvision's %s, whose backbones are "
               "dilated (else --arch dilate=0:0:0)",
               deeplab ? "DeepLabV3 networks" : "FCN networks");
}

/* Hu et al.'s networks, by Caffe's rules, as legacy_senet.py has them (Cadene, timm). */
static void follow_senet(deducer *d)
{
    if (d->result || !d->names->senet) return;
    if (d->arch->block == VRN_BLOCK_BASIC && d->arch->attention) {
        ask(d, "the basic blocks of timm's legacy_senet (layer0, se_module) cannot be run: they "
               "have a ReLU before their squeeze-and-excitation");
    }
    if (!decided(d, "pool")) {
        d->arch->pool = VRN_POOL_CAFFE;
        vrn_assume(d->assumptions, false, "pool=caffe: the stem is called layer0");
    }
    if (!decided(d, "v1") && d->arch->block == VRN_BLOCK_BOTTLENECK && d->arch->groups == 1) {
        d->arch->stride_on_1x1 = true;
        vrn_assume(d->assumptions, false, "v1=1: the stem is called layer0");
    }
}

/* Returns the last part of a path. */
static const char *last_part(const char *path)
{
    const char *last = path;
    for (; path && *path; path++) {
        if (*path == '/' || *path == '\\') last = path + 1;
    }
    return last;
}

static void deduce_norm(deducer *d, bool statistics)
{
    const bool grouped = d->arch->norm == VRN_NORM_GROUP;
    const bool folded = has(d, "conv1.bias") || has(d, "conv1.0.bias");
    if (statistics) {
        if (grouped) return; /* stated by the caller or the file: the statistics will not fit */
        if (!d->names->tracked && !decided(d, "norm")) d->arch->norm = VRN_NORM_FROZEN_BATCH;
    } else if (folded && !has(d, "bn1.weight") && !has(d, "layer1.0.bn1.weight")) {
        d->arch->norm = VRN_NORM_NONE; /* the file has no names of norms */
    } else if (!has(d, "bn1.weight") && has(d, "layer1.0.bn1.running_mean")) {
        ask(d, "expected a norm after the stem (bn1), or blocks that begin with a norm of their "
               "input (v2), found neither");
    } else if (d->names->resnetv2 && (grouped || !decided(d, "norm"))) {
        vrn_arch *arch = d->arch;
        arch->norm = VRN_NORM_GROUP;
        const bool standardized = decided(d, "standardize") || arch->standardize;
        if (!standardized) arch->standardize = VRN_STANDARDIZE_VARIANCE;
        vrn_assume(d->assumptions, true,
                   "norm=group,norm_groups=32%s: the norms have no running statistics, as in "
                   "timm's ResNetV2 (%s)",
                   standardized ? "" : ",standardize=variance",
                   arch->pool == VRN_POOL_MAX_ZEROS
                       ? "BiT"
                       : "if it is BiT: --arch pool=max_zeros,standardize=bit");
    } else if (!grouped) {
        ask(d, "expected norms with running statistics, found none. For group norms, give --arch "
               "norm=group,norm_groups=32. For batch norms, save model.state_dict(), because "
               "model.named_parameters() leaves the statistics out. Instance norms, and batch "
               "norms with track_running_stats=False, cannot be run");
    }
}

/* True if the names are those of the CIFAR repositories, which call their head linear. Their option
 * A (akamaster's, Idelbayev's) pads on both sides. */
static bool named_as_cifar(const deducer *d)
{
    const vrn_named_tensor *head = vrn_names_find(d->names, "fc.weight");
    return d->names->shortcut || (head && strstr(head->tensor->name, "linear."));
}

/* Assumes the properties that neither the tensors nor the caller nor the file gives. */
static void assume_rest(deducer *d)
{
    const vrn_arch *arch = d->arch;
    vrn_assumptions *a = d->assumptions;
    if (arch->stem == VRN_STEM_CIFAR && arch->stages > 3 && !d->names->shortcut &&
        !decided(d, "pool") && arch->pool == VRN_POOL_DEFAULT && arch->stem_kernel == 3) {
        ask(d, "the tensors do not show whether a max pool follows the 3x3 stem: give --arch "
               "pool=none or --arch pool=max");
    }
    if (arch->stem_kernel > 3 && arch->stem_stride == 1 && !decided(d, "stem_stride") &&
        !decided(d, "pool") && arch->pool == VRN_POOL_DEFAULT) {
        ask(d, "its name says that the stem has stride 1, but the file does not show whether a max "
               "pool follows the stem: give --arch pool=none or --arch pool=max");
    }
    if (d->names->detectron && arch->block == VRN_BLOCK_BOTTLENECK && !decided(d, "v1")) {
        ask(d, "the tensors do not show whether blocks stride in a 1x1 convolution (Detectron2's "
               "STRIDE_IN_1X1, as in MSRA's R-50) or in the 3x3: give --arch v1=1 or --arch v1=0");
    }
    if (arch->shortcut == VRN_SHORTCUT_PAD && !decided(d, "shortcut") && !named_as_cifar(d)) {
        ask(d, "its shortcuts have no weights (option A), and the tensors do not show where they "
               "add channels of zeros: give --arch shortcut=pad if before and after the others (as "
               "in Idelbayev's resnet20), or --arch shortcut=pad_end if all after them (as in "
               "fb.resnet.torch)");
    }
    if (!decided(d, "stem_stride") && !arch->stem_stride) {
        vrn_assume(a, false, "stem_stride=%d", arch->stem == VRN_STEM_CIFAR ? 1 : 2);
    }
    if (!decided(d, "pool") && !arch->pool) {
        static const char *const pools[] = {"max", "mean", "max_blur"};
        vrn_assume(a, false, "pool=%s",
                   arch->stem == VRN_STEM_CIFAR ? "none" : pools[arch->antialias]);
    }
    if (!decided(d, "head") && arch->head == VRN_HEAD_NONE) {
        vrn_assume(a, false, "head=none: no linear layer that reads the features was found");
    }
    if (!decided(d, "strides") && !arch->strides[0] && !arch->dilate[2]) {
        vrn_assume(a, false,
                   "strides: 1 for the first stage, 2 for the others, without dilation (else "
                   "--arch strides, dilate or dilations)");
    }
    if (!decided(d, "v1") && arch->block == VRN_BLOCK_BOTTLENECK && !arch->stride_on_1x1) {
        vrn_assume(a, false, "v1=0: blocks have their stride in the 3x3 convolution");
    }
    if (!decided(d, "activation") && !arch->activation) vrn_assume(a, false, "activation=relu");
    if (!decided(d, "norm_eps") && arch->norm_eps == 0 && arch->norm != VRN_NORM_NONE)
        vrn_assume(a, false, "norm_eps=1e-5");
    if (!decided(d, "antialias") && !arch->antialias) vrn_assume(a, false, "antialias=none");
    if (!decided(d, "standardize") && !arch->standardize) {
        vrn_assume(a, false, "standardize=none");
    }
    if (!decided(d, "shortcut") && arch->shortcut == VRN_SHORTCUT_PAD) {
        vrn_assume(a, false,
                   "shortcut=pad: zeros before and after the old channels, as the names of tensors "
                   "suggest (else --arch shortcut=pad_end)");
    }
}

vrn_result vrn_deduce_arch(vrn_arch *arch, vrn_names *names, const vrn_told *told,
                           vrn_assumptions *assumptions, const char *subject, const vrn_log *log)
{
    memset(arch, 0, sizeof *arch);
    deducer d = {arch, names, told, assumptions, subject, log, VRN_OK};
    deduce_stem(&d);
    deduce_layers(&d);
    for (uint32_t i = 0; i < arch->stages; i++) deduce_planes(&d, i);
    if (arch->block == VRN_BLOCK_BOTTLENECK) deduce_widths(&d);
    if (d.result == VRN_OK) deduce_shortcut(&d);
    deduce_blur(&d);
    deduce_preactivation(&d);
    if (d.result == VRN_OK) deduce_attention(&d);
    if (d.result != VRN_OK) return d.result;

    vrn_found_head head;
    const bool any = decided(&d, "head");
    const bool none = told->given && strstr(told->given, "head=none");
    d.result = vrn_heads_find(&head, names, told->checkpoint, any, none, assumptions, subject, log);
    arch->head = head.head;
    arch->num_classes = head.classes;
    arch->head_width = head.width;

    const bool statistics =
        has(&d, arch->preactivation ? "layer1.0.bn1.running_mean" : "bn1.running_mean");
    if (!d.result && told->said && vrn_arch_override(arch, told->said, subject, log)) {
        d.result = VRN_ERROR_FILE;
    }
    follow_hints(&d, told->network, "the name of its network", statistics);
    follow_hints(&d, last_part(told->file), "the file's name", statistics);
    follow_segmenter(&d);
    follow_senet(&d);
    if (!d.result && told->given) d.result = vrn_arch_override(arch, told->given, "arch", log);
    if (d.result) return d.result;
    deduce_norm(&d, statistics);
    assume_rest(&d);
    if (d.result != VRN_OK) return d.result;
    vrn_result result = vrn_arch_complete(arch, subject, log);
    return result == VRN_ERROR_INVALID_ARGUMENT ? VRN_ERROR_FILE : result;
}
