/* How a program is divided into submissions, and its dispatches into parts, so that no driver
 * mistakes a slow device for one that hangs. The time of a dispatch is its work times the pace that
 * was measured in earlier runs. */
#ifndef VRN_SESSION_SPLIT_H
#define VRN_SESSION_SPLIT_H

#include "plan/program.h"

/* How fast a session's device runs its program, guessed or measured. */
typedef struct vrn_split {
    double pace;      /* milliseconds for 1e9 operations */
    bool measured;    /* the pace is not a guess */
    uint32_t version; /* of the plan: commands of an older version are recorded again */
} vrn_split;

/* A guess, for a slow device of its kind. */
vrn_split vrn_split_guess(const vrn_device *device);

/* How many images of a slice run at once. */
uint32_t vrn_split_images(const vrn_split *split, const vrn_program *program);

/* The milliseconds of a step for `images`. */
double vrn_split_ms(const vrn_split *split, const vrn_program *program, uint32_t step,
                    uint32_t images);

/* The number of parts for one of a step's dispatches, which takes `ms` undivided, so that no part
 * takes longer than the limit. 1 if the step cannot be divided. */
uint32_t vrn_split_parts(const vrn_step *step, double ms, double limit_ms);

/* Learns that a run of `images` took `ms`. The next plan may differ. */
void vrn_split_learn(vrn_split *split, const vrn_program *program, uint32_t images, double ms);

#endif
