/* What the tuner decides, from times. vrn_device_tune times the kernels that could compute each
 * operation of a network. */
#ifndef VRN_TOOLS_TUNE_H
#define VRN_TOOLS_TUNE_H

#include <stdbool.h>
#include <stdint.h>

/* The median of candidate[i] / incumbent[i], times of runs in turns: what disturbs the machine for
 * longer than a run cancels out. */
double vrn_tune_ratio(const double *candidate, const double *incumbent, uint32_t count);

/* Whether a candidate takes the incumbent's place: it must be faster by this share. */
#define VRN_TUNE_MARGIN 0.03
bool vrn_tune_better(const double *candidate, const double *incumbent, uint32_t count);

/* Whether a first run is so slow beside the best that a second is not worth its time. */
bool vrn_tune_hopeless(double first_ms, double best_ms);

#endif
