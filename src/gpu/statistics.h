/* What a driver's compiler reports about a kernel (VK_KHR_pipeline_executable_properties). */
#ifndef VRN_GPU_STATISTICS_H
#define VRN_GPU_STATISTICS_H

#include <vkresnet/diagnostics.h>

#include "gpu/device.h"
#include "gpu/pipeline.h"

/* Compiles a pipeline without keeping it and fills in what the driver reports: the fields of `out`
 * from `subgroup_size` on; the others stay unchanged. Nothing is allocated on the device and
 * nothing submitted, so it works on devices that can only compile. Thread-safe. Errors:
 * VRN_ERROR_UNSUPPORTED without the capability. */
vrn_result vrn_pipeline_measure(vrn_kernel_statistics *out, vrn_device *device,
                                const vrn_pipeline_key *key);

#endif
