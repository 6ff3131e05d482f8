/* How a program is cut into submissions, and its dispatches into parts, so that no driver takes a
 * slow device for one that hangs: how long a dispatch takes is its work times the pace that was
 * measured in earlier runs. */
#ifndef VRN_SESSION_SPLIT_H
#define VRN_SESSION_SPLIT_H

#include "plan/program.h"

/* What a session knows of its device's speed. */
typedef struct vrn_split {
    double pace;      /* milliseconds for 1e9 operations */
    bool measured;    /* the pace is not a guess */
    uint32_t version; /* of the plan: what was recorded by an older one is recorded again */
} vrn_split;

/* A guess, for a slow device of its kind. */
vrn_split vrn_split_guess(const vrn_device *device);

/* How many images pass at once, of a slice. */
uint32_t vrn_split_images(const vrn_split *split, const vrn_program *program);

/* What a step takes for so many images. */
double vrn_split_ms(const vrn_split *split, const vrn_program *program, uint32_t step,
                    uint32_t images);

/* How many parts a step's dispatches have, each of which takes `ms` as a whole, so that none takes
 * longer than the limit: one where the step cannot be divided. */
uint32_t vrn_split_parts(const vrn_step *step, double ms, double limit_ms);

/* A run of so many images took this long: the next plan may be another. */
void vrn_split_learn(vrn_split *split, const vrn_program *program, uint32_t images, double ms);

#endif
