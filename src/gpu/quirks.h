/* Known faults of drivers: features that the library does not use there although the driver offers
 * them. */
#ifndef VRN_GPU_QUIRKS_H
#define VRN_GPU_QUIRKS_H

#include <stdint.h>

#include "gpu/probe.h"

typedef struct vrn_quirks {
    uint32_t without;        /* vrn_capability bits to switch off */
    bool no_pipeline_cache;  /* make pipelines without a VkPipelineCache */
    bool freeze_constants;   /* write specialization constants into the code before the driver
                             * gets it (gpu/freeze.h) */
    bool straight_addresses; /* read through addresses only in code without loops and branches */
    bool unmeasured;         /* how fast this release of the driver reads is not known
                              * (plan/speeds.h) */
} vrn_quirks;

/* The quirks of this device. Logs each at VRN_LOG_INFO with its reason. */
vrn_quirks vrn_quirks_find(const vrn_probe *probe, const vrn_log *log);

#endif
