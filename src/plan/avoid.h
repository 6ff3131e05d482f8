/* Kernels that the self-test found wrong on a device. Sessions do not use them. */
#ifndef VRN_PLAN_AVOID_H
#define VRN_PLAN_AVOID_H

#include "ops/kernel.h"

/* Excludes a kernel from being chosen on this device from now on. Errors: VRN_ERROR_OUT_OF_MEMORY.
 * Both functions are thread-safe. */
vrn_result vrn_avoid_kernel(vrn_device *device, const vrn_kernel *kernel);
bool vrn_kernel_avoided(const vrn_device *device, const vrn_kernel *kernel);

#endif
