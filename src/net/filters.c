#include "net/filters.h"

#include <string.h>

#include "base/log.h"
#include "checkpoint/blur.h"
#include "net/arch.h"

static bool is_filter(const vrn_named_tensor *entry)
{
    static const char end[] = ".filt";
    const size_t length = strlen(entry->name), own = sizeof end - 1;
    return length > own && strcmp(entry->name + length - own, end) == 0;
}

const vrn_named_tensor *vrn_filters_find(const vrn_names *names)
{
    for (size_t i = 0; i < names->inside; i++) {
        if (is_filter(&names->entries[i])) return &names->entries[i];
    }
    return NULL;
}

uint32_t vrn_filters_size(const vrn_tensor *filter)
{
    const uint64_t *shape = filter->shape;
    const bool fits = filter->rank == 4 && shape[0] <= VRN_MAX_CHANNELS && shape[1] == 1 &&
                      shape[2] == shape[3] && shape[2] >= 1 && shape[2] <= VRN_MAX_BLUR;
    return fits ? (uint32_t)shape[2] : 0;
}

static vrn_result check(const vrn_tensor *filter, uint32_t size, const char *subject,
                        const vrn_log *log)
{
    const bool good = size > 0 && vrn_filters_size(filter) == size && vrn_tensor_is_blur(filter);
    if (good) return VRN_OK;
    return vrn_fail(
        log, VRN_ERROR_FILE,
        "%s: %.200s: expected the filter of a blur of %u coefficients (1 2 1 for 3, 1 3 3 1 for 4) "
        "for each channel, found a different filter",
        subject, filter->name, size);
}

/* True if the architecture has a blur of this name. */
static bool is_wanted(const char *name, const vrn_arch *arch)
{
    if (strcmp(name, "maxpool.1.filt") == 0) {
        return arch->pool == VRN_POOL_MAX_BLUR || arch->pool == VRN_POOL_MAX2_BLUR;
    }
    const char *part = strncmp(name, "layer", 5) == 0 ? strchr(name, '.') : NULL;
    if (!part) return false;
    return (arch->antialias == VRN_ANTIALIAS_BLUR && strcmp(part, ".0.aa.filt") == 0) ||
           (arch->shortcut == VRN_SHORTCUT_BLUR && strcmp(part, ".0.downsample.0.filt") == 0);
}

vrn_result vrn_filters_take(const vrn_names *names, const vrn_arch *arch, const char *subject,
                            const vrn_log *log)
{
    const uint32_t size = arch->blur_size;
    for (size_t i = 0; i < names->inside; i++) {
        if (!is_filter(&names->entries[i]) || !is_wanted(names->entries[i].name, arch)) continue;
        vrn_result result = check(names->entries[i].tensor, size, subject, log);
        if (result) return result;
        names->entries[i].used = true;
    }
    return VRN_OK;
}
