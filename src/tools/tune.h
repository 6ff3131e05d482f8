/* The tuner's decisions. vrn_device_tune times the kernels that can compute each operation of a
 * network. */
#ifndef VRN_TOOLS_TUNE_H
#define VRN_TOOLS_TUNE_H

#include <stdbool.h>
#include <stdint.h>

/* The median of candidate[i] / incumbent[i], the times of alternating runs. Disturbances longer
 * than a run cancel out. */
double vrn_tune_ratio(const double *candidate, const double *incumbent, uint32_t count);

/* True if a candidate replaces the incumbent. It must be faster by VRN_TUNE_MARGIN. */
#define VRN_TUNE_MARGIN 0.03
bool vrn_tune_better(const double *candidate, const double *incumbent, uint32_t count);

/* True if a kernel's first run is so much slower than the best time that a second run is
 * pointless. */
bool vrn_tune_hopeless(double first_ms, double best_ms);

#endif
