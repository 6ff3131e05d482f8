/* How fast kernels read on a CPU driver whose releases differ, where nobody has measured this one
 * (vrn_quirks.unmeasured): a tiny product is timed in each way to read that kernels know. */
#ifndef VRN_PLAN_SPEEDS_H
#define VRN_PLAN_SPEEDS_H

#include "ops/kernel.h"

/* Measures the driver of this device, unless it is a known one, or was measured before: the device
 * remembers the result, and its cache keeps it for this version of the driver. Takes a few tenths
 * of a second. If it fails, nothing is known of the driver, and the next call tries again.
 * Thread-safe. */
void vrn_speeds_measure(vrn_device *device);

/* How many times as long as the fastest way to read the kernel's own way took, at most
 * VRN_SPEEDS_WORST; 1 if the difference was small, or nothing was measured. Thread-safe. */
#define VRN_SPEEDS_WORST 100.0
double vrn_speeds_ratio(const vrn_device *device, const vrn_kernel *kernel);

#endif
