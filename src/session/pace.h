/* How long the steps of a network take on the device. It is learned from the timestamps of
 * recordings while an application spreads networks over several of them. */
#ifndef VRN_SESSION_PACE_H
#define VRN_SESSION_PACE_H

#include "plan/program.h"

/* Zero it. Steps that were never measured have the pace of those that were. */
typedef struct vrn_pace {
    double *paces;   /* [steps] milliseconds for 1e9 operations; 0: not measured */
    double common;   /* the pace of the last measurement; 0: nothing was measured */
    double input_ms; /* the preparation of one image; 0: not measured */
} vrn_pace;

vrn_result vrn_pace_create(vrn_pace *pace, const vrn_program *program);
void vrn_pace_destroy(vrn_pace *pace); /* accepts zeros */

/* The milliseconds of a step for `images`. If nothing was measured, `guess` milliseconds for 1e9
 * operations are assumed. */
double vrn_pace_ms(const vrn_pace *pace, const vrn_program *program, uint32_t step, uint32_t images,
                   double guess);

/* Learns that steps [first, last], or parts of them, took `ms` instead of `expected_ms`. */
void vrn_pace_learn(vrn_pace *pace, const vrn_program *program, uint32_t first, uint32_t last,
                    double expected_ms, double guess, double ms);

#endif
