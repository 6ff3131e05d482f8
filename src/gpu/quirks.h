/* Known faults of drivers: what the library does without there, although the driver offers it. */
#ifndef VRN_GPU_QUIRKS_H
#define VRN_GPU_QUIRKS_H

#include <stdint.h>

#include "gpu/probe.h"

typedef struct vrn_quirks {
    uint32_t without;       /* vrn_capability bits to switch off */
    bool no_pipeline_cache; /* pipelines are better made without a VkPipelineCache */
    bool freeze_constants;  /* specialization constants are better put into the code before the
                             * driver sees it (gpu/freeze.h) */
} vrn_quirks;

/* What applies to this device; logs each at VRN_LOG_INFO with its reason. */
vrn_quirks vrn_quirks_find(const vrn_probe *probe, const vrn_log *log);

#endif
