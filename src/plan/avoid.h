/* Kernels that compute wrongly on a device, as the self-test found: no session is made with
 * them. */
#ifndef VRN_PLAN_AVOID_H
#define VRN_PLAN_AVOID_H

#include "ops/kernel.h"

/* From now on the kernel is not chosen on this device. Errors: VRN_ERROR_OUT_OF_MEMORY. Both are
 * thread-safe. */
vrn_result vrn_avoid_kernel(vrn_device *device, const vrn_kernel *kernel);
bool vrn_kernel_avoided(const vrn_device *device, const vrn_kernel *kernel);

#endif
