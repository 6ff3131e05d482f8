/* How long the steps of a network take on the device: learned while an application spreads networks
 * over several recordings, from the timestamps of these. */
#ifndef VRN_SESSION_PACE_H
#define VRN_SESSION_PACE_H

#include "plan/program.h"

/* Zero it. Steps that were never measured have the pace of those that were. */
typedef struct vrn_pace {
    double *paces;   /* [steps] milliseconds for 1e9 operations; 0: not measured */
    double common;   /* of what was measured last; 0: nothing was */
    double input_ms; /* the preparation of one image; 0: not measured */
} vrn_pace;

vrn_result vrn_pace_create(vrn_pace *pace, const vrn_program *program);
void vrn_pace_destroy(vrn_pace *pace); /* accepts zeros */

/* Milliseconds of a step for so many images, by `guess` milliseconds for 1e9 operations where
 * nothing was measured. */
double vrn_pace_ms(const vrn_pace *pace, const vrn_program *program, uint32_t step, uint32_t images,
                   double guess);

/* Steps [first, last], or parts of them, that were expected to take so long took `ms`. */
void vrn_pace_learn(vrn_pace *pace, const vrn_program *program, uint32_t first, uint32_t last,
                    double expected_ms, double guess, double ms);

#endif
