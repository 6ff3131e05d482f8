#include "gpu/quirks.h"

#include "base/log.h"
#include "base/util.h"

typedef struct quirk {
    VkDriverId driver;
    uint32_t first_version, last_version; /* driverVersion as the driver packs it, inclusive */
    uint32_t without;                     /* vrn_capability bits */
    const char *reason;
    const char *link;
} quirk;

static const quirk quirks[] = {
    {
        .driver = VK_DRIVER_ID_MESA_LLVMPIPE,
        .last_version = UINT32_MAX,
        .without = VRN_CAPABILITY_COOPERATIVE_MATRIX,
        .reason = "cooperative matrices are emulated on the processor, far slower than plain code",
        .link = "https://docs.mesa3d.org/drivers/llvmpipe.html",
    },
};

uint32_t vrn_quirks_without(const vrn_probe *probe, const vrn_log *log)
{
    uint32_t without = 0;
    for (uint32_t i = 0; i < VRN_COUNT(quirks); i++) {
        const quirk *q = &quirks[i];
        if (q->driver != probe->driver_id || probe->info.driver_version < q->first_version ||
            probe->info.driver_version > q->last_version ||
            !(q->without & probe->info.capabilities)) {
            continue;
        }
        without |= q->without;
        vrn_log_write(log, VRN_LOG_INFO, "%s: quirk: %s (%s)", probe->info.name, q->reason,
                      q->link);
    }
    return without;
}
