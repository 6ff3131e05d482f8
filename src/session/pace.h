/* How long each pass of a network's kernels takes on the device. It is learned from the timestamps
 * of recordings while an application spreads networks over several of them. The passes of a step
 * are told apart because they differ: Winograd's products take many times as long as its
 * transforms. */
#ifndef VRN_SESSION_PACE_H
#define VRN_SESSION_PACE_H

#include "plan/program.h"

/* The number of a pass: VRN_PASSES_MAX of them for each step, of which a kernel may have fewer. */
static inline uint32_t vrn_pace_pass(uint32_t step, uint32_t pass)
{
    return step * VRN_PASSES_MAX + pass;
}

/* Zero it before its first use. Passes that were never measured are assumed to have the pace of the
 * last measurement. */
typedef struct vrn_pace {
    /* [passes] milliseconds for 1e9 operations, as if each pass of a step did an equal share of its
     * work; 0: not measured */
    double *paces;
    double common;   /* the pace of the last measurement; 0: nothing was measured */
    double input_ms; /* the preparation of one image; 0: not measured */
} vrn_pace;

vrn_result vrn_pace_create(vrn_pace *pace, const vrn_program *program);
void vrn_pace_destroy(vrn_pace *pace); /* accepts zeros */

/* The milliseconds of a pass for `images`. If nothing was measured, `guess` milliseconds for 1e9
 * operations are assumed. */
double vrn_pace_ms(const vrn_pace *pace, const vrn_program *program, uint32_t pass, uint32_t images,
                   double guess);

/* Passes that were recorded together: all of those between the first and the last, and a share of
 * these two. Zero it. */
typedef struct vrn_stretch {
    uint32_t first, last; /* vrn_pace_pass; nothing is learned if the last comes before the first */
    double first_share, last_share; /* the same if there is only one */
    uint32_t images;
} vrn_stretch;

/* Adds a share of a pass, which must follow what was added before. */
void vrn_stretch_add(vrn_stretch *stretch, uint32_t pass, double share);

/* Learns that a stretch took `ms`. It may have been recorded before others were learned. */
void vrn_pace_learn(vrn_pace *pace, const vrn_program *program, const vrn_stretch *stretch,
                    double guess, double ms);

#endif
