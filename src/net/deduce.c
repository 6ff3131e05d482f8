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
} deducer;

static const vrn_tensor *find(const deducer *d, const char *name)
{
    const vrn_named_tensor *entry = vrn_names_find(d->names, name);
    return entry ? entry->tensor : NULL;
}

static vrn_result misfit(const deducer *d, const vrn_tensor *tensor, const char *expected)
{
    char found[128];
    vrn_tensor_format_shape(tensor, found, sizeof found);
    return vrn_fail(d->log, VRN_ERROR_FILE, "%s: %.200s: expected %s, found %s", d->subject,
                    tensor->name, expected, found);
}

static vrn_result missing(const deducer *d, const char *name, const char *expected)
{
    return vrn_fail(d->log, VRN_ERROR_FILE, "%s: %s: expected %s, found no such tensor", d->subject,
                    name, expected);
}

/* Finds a tensor and makes sure of its rank, and that its channels fit the numbers of vrn_arch. */
static vrn_result find_shaped(const deducer *d, const char *name, uint32_t rank,
                              const char *expected, const vrn_tensor **found)
{
    const vrn_tensor *tensor = find(d, name);
    *found = tensor;
    if (!tensor) return missing(d, name, expected);
    bool fits = tensor->rank == rank;
    for (uint32_t i = 0; fits && i < rank; i++) {
        fits = tensor->shape[i] >= 1 && tensor->shape[i] <= VRN_MAX_CLASSES;
    }
    return fits ? VRN_OK : misfit(d, tensor, expected);
}

static vrn_result deduce_stem(const deducer *d)
{
    static const char expected[] = "a stem of one convolution, [.., 3, 7, 7] or [.., 3, 3, 3]";
    const vrn_tensor *conv = NULL;
    const vrn_named_tensor *deep = vrn_names_find_prefix(d->names, "conv1.");
    if (deep && !find(d, "conv1.weight")) return misfit(d, deep->tensor, expected);
    vrn_result result = find_shaped(d, "conv1.weight", 4, expected, &conv);
    if (result) return result;
    uint64_t kernel = conv->shape[2];
    if (conv->shape[1] != 3 || conv->shape[3] != kernel || (kernel != 7 && kernel != 3)) {
        return misfit(d, conv, expected);
    }
    d->arch->stem = kernel == 7 ? VRN_STEM_IMAGENET : VRN_STEM_CIFAR;
    return VRN_OK;
}

static void deduce_norm(const deducer *d)
{
    d->arch->norm = !find(d, "bn1.running_mean") ? VRN_NORM_GROUP
                    : d->names->tracked          ? VRN_NORM_BATCH
                                                 : VRN_NORM_FROZEN_BATCH;
}

/* Counts blocks by their first convolution. Each count is bounded by the number of tensors. */
static vrn_result deduce_layers(const deducer *d)
{
    char name[48];
    for (uint32_t stage = 0; stage < VRN_MAX_STAGES; stage++) {
        uint32_t blocks = 0;
        do {
            snprintf(name, sizeof name, "layer%u.%u.conv1.weight", stage + 1, blocks);
        } while (find(d, name) && ++blocks <= VRN_MAX_BLOCKS);
        if (blocks == 0) break;
        d->arch->layers[stage] = blocks;
        d->arch->stages = stage + 1;
    }
    d->arch->block = find(d, "layer1.0.conv3.weight") ? VRN_BLOCK_BOTTLENECK : VRN_BLOCK_BASIC;
    if (d->arch->stages) return VRN_OK;
    return missing(d, "layer1.0.conv1.weight", "the first convolution of the first block");
}

static vrn_result deduce_planes(const deducer *d, uint32_t stage)
{
    bool bottleneck = d->arch->block == VRN_BLOCK_BOTTLENECK;
    uint32_t expansion = vrn_arch_expansion(d->arch->block);
    const vrn_tensor *last = NULL;
    char name[48];
    snprintf(name, sizeof name, "layer%u.0.conv%d.weight", stage + 1, bottleneck ? 3 : 2);
    vrn_result result = find_shaped(d, name, 4, "a convolution", &last);
    if (result) return result;
    if (last->shape[0] % expansion) return misfit(d, last, "a multiple of 4 output channels");
    d->arch->planes[stage] = (uint32_t)last->shape[0] / expansion;
    return VRN_OK;
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

static vrn_result deduce_widths(const deducer *d)
{
    vrn_arch *arch = d->arch;
    width_range range = {1, UINT32_MAX};
    for (uint32_t stage = 0; stage < arch->stages; stage++) {
        const vrn_tensor *conv = NULL;
        char name[48];
        snprintf(name, sizeof name, "layer%u.0.conv2.weight", stage + 1);
        vrn_result result = find_shaped(d, name, 4, "a 3x3 convolution", &conv);
        if (result) return result;
        uint64_t width = conv->shape[0], per_group = conv->shape[1];
        if (width % per_group) return misfit(d, conv, "output channels in equal groups");
        if (stage == 0) arch->groups = (uint32_t)(width / per_group);
        width_range here = widths_of(per_group, arch->planes[stage]);
        width_range both = {vrn_max_u64(range.low, here.low), vrn_min_u64(range.high, here.high)};
        /* Where stages disagree, comparing every tensor's shape will say which one does not fit. */
        if (both.low > both.high) break;
        range = both;
    }
    arch->width_per_group = choose_width(range, arch->groups);
    return VRN_OK;
}

/* Padding if the first block that changes the shape has nothing called downsample. That a later
 * stage strides is its default; a dilated one would keep its size, but tensors do not show that. */
static void deduce_shortcut(const deducer *d)
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
    deducer d = {arch, names, subject, log};
    vrn_result result = deduce_stem(&d);
    if (!result) result = deduce_layers(&d);
    if (result) return result;
    deduce_norm(&d);
    for (uint32_t i = 0; !result && i < arch->stages; i++) result = deduce_planes(&d, i);
    if (!result && arch->block == VRN_BLOCK_BOTTLENECK) result = deduce_widths(&d);
    if (result) return result;
    deduce_shortcut(&d);

    const vrn_tensor *fc = NULL;
    result = find_shaped(&d, "fc.weight", 2, "the linear layer, [classes, channels]", &fc);
    if (result) return result;
    arch->num_classes = (uint32_t)fc->shape[0];
    result = vrn_arch_complete(arch, subject, log);
    return result == VRN_ERROR_INVALID_ARGUMENT ? VRN_ERROR_FILE : result;
}
