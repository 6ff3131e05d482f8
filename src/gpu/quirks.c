#include "gpu/quirks.h"

#include <stddef.h>

#include "base/log.h"
#include "base/util.h"

typedef struct quirk {
    VkDriverId driver;
    uint32_t first_version, last_version; /* driverVersion as the driver packs it, inclusive */
    uint32_t without;                     /* vrn_capability bits */
    bool no_pipeline_cache, freeze_constants;
    const char *reason;
    const char *link;
} quirk;

static const quirk quirks[] = {
    {
        .driver = VK_DRIVER_ID_MESA_LLVMPIPE,
        .last_version = UINT32_MAX,
        .without = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_COOPERATIVE_MATRIX_2,
        .reason = "cooperative matrices are emulated on the processor, far slower than plain code",
        .link = "https://docs.mesa3d.org/drivers/llvmpipe.html",
    },
    {
        .driver = VK_DRIVER_ID_GOOGLE_SWIFTSHADER,
        .last_version = UINT32_MAX,
        .no_pipeline_cache = true,
        .reason = "a pipeline cache is locked while it compiles, so that threads wait for each "
                  "other, and has no data to keep",
        .link = "https://swiftshader.googlesource.com/SwiftShader/+/HEAD/src/Vulkan/"
                "VkPipelineCache.hpp",
    },
    {
        .driver = VK_DRIVER_ID_GOOGLE_SWIFTSHADER,
        .last_version = UINT32_MAX,
        .freeze_constants = true,
        .reason =
            "code is optimised before specialization constants have their values: branches on "
            "them stay, and loops are not unrolled",
        .link = "https://swiftshader.googlesource.com/SwiftShader/+/HEAD/src/Vulkan/VkPipeline.cpp",
    },
    /* Adreno's drivers before 1.0.66, which give pipelines back damaged, are older than Vulkan 1.1
     * and refused for that. */
};

static bool applies(const quirk *q, const vrn_probe *probe)
{
    return q->driver == probe->driver_id && probe->info.driver_version >= q->first_version &&
           probe->info.driver_version <= q->last_version;
}

static void report(const quirk *q, const vrn_probe *probe, const vrn_log *log)
{
    vrn_log_write(log, VRN_LOG_INFO, "%s: quirk: %s (%s)", probe->info.name, q->reason, q->link);
}

uint32_t vrn_quirks_without(const vrn_probe *probe, const vrn_log *log)
{
    uint32_t without = 0;
    for (uint32_t i = 0; i < VRN_COUNT(quirks); i++) {
        const quirk *q = &quirks[i];
        if (!applies(q, probe) || !(q->without & probe->info.capabilities)) continue;
        without |= q->without;
        report(q, probe, log);
    }
    return without;
}

/* Whether a quirk applies whose flag, which lies at this offset, is set; logs each. */
static bool any_flag(const vrn_probe *probe, size_t flag, const vrn_log *log)
{
    bool any = false;
    for (uint32_t i = 0; i < VRN_COUNT(quirks); i++) {
        const quirk *q = &quirks[i];
        const bool *set = (const bool *)((const char *)q + flag);
        if (!applies(q, probe) || !*set) continue; /* NOLINT(clang-analyzer-core.uninitialized*) */
        any = true;
        report(q, probe, log);
    }
    return any;
}

bool vrn_quirks_no_pipeline_cache(const vrn_probe *probe, const vrn_log *log)
{
    return any_flag(probe, offsetof(quirk, no_pipeline_cache), log);
}

bool vrn_quirks_freeze_constants(const vrn_probe *probe, const vrn_log *log)
{
    return any_flag(probe, offsetof(quirk, freeze_constants), log);
}
