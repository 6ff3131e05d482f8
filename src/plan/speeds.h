/* How fast kernels read memory on a release of a CPU driver that is not in the table of known
 * releases (vrn_quirks.unmeasured). Releases differ, so a small matrix product is timed with each
 * way to read that kernels use. */
#ifndef VRN_PLAN_SPEEDS_H
#define VRN_PLAN_SPEEDS_H

#include "ops/kernel.h"

/* Measures the driver of this device, unless its release is known or was measured before. The
 * device remembers the result, and its cache keeps it for this version of the driver. Takes a few
 * tenths of a second. If it fails, nothing is known of the driver, and the next call tries again.
 * Thread-safe. */
void vrn_speeds_measure(vrn_device *device);

/* The measured time of the kernel's way to read, divided by that of the fastest way; at most
 * VRN_SPEEDS_WORST. 1 if the difference was small, or nothing was measured. Thread-safe. */
#define VRN_SPEEDS_WORST 100.0
double vrn_speeds_ratio(const vrn_device *device, const vrn_kernel *kernel);

#endif
