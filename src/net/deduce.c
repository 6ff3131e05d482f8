#include "net/deduce.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "net/arch.h"

typedef struct deducer {
    vrn_arch *arch;
    const vrn_names *names;
    const char *subject;
    const vrn_log *log;
    vrn_result result; /* the first failure, which alone is said */
} deducer;

static bool has(const deducer *d, const char *name)
{
    return vrn_names_find(d->names, name) != NULL;
}

/* Fails with a tensor that is not as expected, or, where it is NULL, not there under this name. */
static void misfit(deducer *d, const vrn_tensor *tensor, const char *name, const char *expected)
{
    char found[128] = "no such tensor";
    if (d->result != VRN_OK) return;
    if (tensor) vrn_tensor_format_shape(tensor, found, sizeof found);
    d->result = vrn_fail(d->log, VRN_ERROR_FILE, "%s: %.200s: expected %s, found %s", d->subject,
                         tensor ? tensor->name : name, expected, found);
}

/* Finds the shape of a tensor and makes sure of its rank, and that its channels fit the numbers of
 * vrn_arch; else of a tensor of ones. */
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

static void deduce_stem(deducer *d)
{
    static const char expected[] = "a stem of one convolution, [.., 3, 7, 7] or [.., 3, 3, 3]";
    const vrn_named_tensor *conv = vrn_names_find_prefix(d->names, "conv1.");
    if (conv && !has(d, "conv1.weight")) misfit(d, conv->tensor, NULL, expected);
    const uint64_t *shape = find_shape(d, "conv1.weight", 4, expected), kernel = shape[2];
    if (shape[1] != 3 || shape[3] != kernel || (kernel != 7 && kernel != 3)) {
        misfit(d, conv ? conv->tensor : NULL, "conv1.weight", expected);
    }
    d->arch->stem = kernel == 7 ? VRN_STEM_IMAGENET : VRN_STEM_CIFAR;
}

static void deduce_norm(deducer *d)
{
    d->arch->norm = !has(d, "bn1.running_mean") ? VRN_NORM_GROUP
                    : d->names->tracked         ? VRN_NORM_BATCH
                                                : VRN_NORM_FROZEN_BATCH;
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
    if (out % expansion) {
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
        /* Where stages disagree, comparing every tensor's shape will say which one does not fit. */
        if (both.low > both.high) break;
        range = both;
    }
    arch->width_per_group = choose_width(range, arch->groups);
}

/* Padding if the first block that changes the shape has nothing called downsample. That a later
 * stage strides is its default; a dilated one would keep its size, but tensors do not show that. */
static void deduce_shortcut(deducer *d)
{
    vrn_stage stages[VRN_MAX_STAGES];
    vrn_arch_stages(d->arch, stages);
    for (uint32_t i = 0; i < d->arch->stages; i++) {
        if (!stages[i].reshapes) continue;
        char prefix[48];
        snprintf(prefix, sizeof prefix, "layer%u.0.downsample.", i + 1);
        bool projects = vrn_names_find_prefix(d->names, prefix) != NULL;
        d->arch->shortcut = projects ? VRN_SHORTCUT_PROJECTION : VRN_SHORTCUT_PAD;
        return;
    }
}

vrn_result vrn_deduce_arch(vrn_arch *arch, const vrn_names *names, const char *subject,
                           const vrn_log *log)
{
    memset(arch, 0, sizeof *arch);
    deducer d = {arch, names, subject, log, VRN_OK};
    deduce_stem(&d);
    deduce_layers(&d);
    deduce_norm(&d);
    for (uint32_t i = 0; i < arch->stages; i++) deduce_planes(&d, i);
    if (arch->block == VRN_BLOCK_BOTTLENECK) deduce_widths(&d);
    if (d.result == VRN_OK) deduce_shortcut(&d);
    arch->num_classes =
        (uint32_t)find_shape(&d, "fc.weight", 2, "the linear layer, [classes, channels]")[0];
    if (d.result != VRN_OK) return d.result;
    vrn_result result = vrn_arch_complete(arch, subject, log);
    return result == VRN_ERROR_INVALID_ARGUMENT ? VRN_ERROR_FILE : result;
}
