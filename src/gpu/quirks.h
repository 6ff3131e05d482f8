/* Known faults of drivers: what the library does without there, although the driver offers it. */
#ifndef VRN_GPU_QUIRKS_H
#define VRN_GPU_QUIRKS_H

#include <stdint.h>

#include "gpu/probe.h"

/* The capability bits to switch off on this device; logs each at VRN_LOG_INFO with its reason. */
uint32_t vrn_quirks_without(const vrn_probe *probe, const vrn_log *log);

/* Whether pipelines are better made without a VkPipelineCache; logs it likewise. */
bool vrn_quirks_no_pipeline_cache(const vrn_probe *probe, const vrn_log *log);

/* Whether specialization constants are better put into the code before the driver sees it. */
bool vrn_quirks_freeze_constants(const vrn_probe *probe, const vrn_log *log);

#endif
