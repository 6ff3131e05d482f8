/* The tuner: times the kernels that could compute each operation of a network, on the device. */
#ifndef VRN_TOOLS_TUNE_H
#define VRN_TOOLS_TUNE_H

#include "session/session.h"

/* Whether an operation of the session has several kernels, and nobody has timed them. */
bool vrn_tune_needed(const vrn_session *session);

/* Times what `tuned` does not know about the network that model and params make, and adds it as
 * fresh records. At the end the whole network runs with the new choices and without; where it is
 * not faster they become the heuristic's. */
vrn_result vrn_tune(vrn_tuned *tuned, vrn_device *device, const vrn_model *model,
                    const vrn_session_params *params);

/* The median of candidate[i] / incumbent[i], times of runs in turns: what disturbs the machine for
 * longer than a run cancels out. */
double vrn_tune_ratio(const double *candidate, const double *incumbent, uint32_t count);

/* Whether a candidate takes the incumbent's place: it must be faster by this share. */
#define VRN_TUNE_MARGIN 0.03
bool vrn_tune_better(const double *candidate, const double *incumbent, uint32_t count);

/* Whether a first run is so slow beside the best that a second is not worth its time. */
bool vrn_tune_hopeless(double first_ms, double best_ms);

#endif
