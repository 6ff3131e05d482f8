/* How a network is cut into submissions, and its dispatches into parts, so that no driver takes a
 * slow device for one that hangs: how long a dispatch takes is its work times the pace that was
 * measured in earlier runs. */
#ifndef VRN_SESSION_SPLIT_H
#define VRN_SESSION_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

typedef struct vrn_split {
    double limit_ms; /* what a submission is planned to take at most; infinite: there is no limit */
    double pace;     /* milliseconds for 1e9 operations */
    bool measured;   /* the pace is not a guess */
    uint32_t version; /* of the plan: what was recorded by an older one is recorded again */
} vrn_split;

/* Decides, once kernels are chosen, by `limit_ms` (vrn_session_params.submission_limit_ms), and
 * which steps can be dispatched in parts. */
void vrn_split_create(vrn_session *session, double limit_ms);

/* How many images pass at once, of a slice. */
uint32_t vrn_split_images(const vrn_session *session);

/* How many parts a step's dispatches have for so many images, and what one of them takes. */
uint32_t vrn_split_parts(const vrn_session *session, uint32_t step, uint32_t images, double *ms);

/* A run of so many images took this long: the next plan may be another. */
void vrn_split_learn(vrn_session *session, uint32_t images, double ms);

#endif
