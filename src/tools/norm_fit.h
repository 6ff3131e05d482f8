/* The batch norms of a model, with the statistics that training left in them; and what enters them
 * on a device, for one way to read the model. */
#ifndef VRN_TOOLS_NORM_FIT_H
#define VRN_TOOLS_NORM_FIT_H

#include "session/session.h"
#include "tools/moments.h"

typedef struct vrn_norm_target {
    char name[VRN_NAME_MAX];
    char input[VRN_NAME_MAX]; /* the tap of what enters it */
    uint32_t channels, first; /* the first of its channels among those of all norms */
    double eps;
    /* all its means are the same and all its variances: no training has changed them, or they were
     * folded away */
    bool untouched;
} vrn_norm_target;

typedef struct vrn_norm_targets {
    vrn_norm_target *norms; /* [count] */
    const char **taps;      /* [count + 1]: their inputs, then the network's */
    uint32_t count;
    float *mean, *variance; /* [channels]: running statistics */
    uint32_t channels;      /* of all norms */
    uint64_t image_bytes;   /* of all inputs, at the size that was given */
} vrn_norm_targets;

/* Reads them. Errors: VRN_ERROR_UNSUPPORTED (no batch norms, or all of them untouched; the log says
 * why), VRN_ERROR_INVALID_ARGUMENT (the size), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_norm_targets_create(vrn_norm_targets *targets, const vrn_model *model,
                                   uint32_t height, uint32_t width, const vrn_log *log);
void vrn_norm_targets_free(vrn_norm_targets *targets);

/* A model that is read in one way, at work. */
typedef struct vrn_observer {
    vrn_session *session; /* unfused; what enters the norms is its taps */
    vrn_moments *moments; /* [channels] */
    const vrn_norm_targets *targets;
    uint32_t images;
} vrn_observer;

/* `model` has the parameters that `targets` were read from. `params`: its size and transform count.
 * Errors: those of vrn_session_create. */
vrn_result vrn_observer_create(vrn_observer *observer, vrn_device *device, const vrn_model *model,
                               const vrn_norm_targets *targets, const vrn_session_params *params);
void vrn_observer_destroy(vrn_observer *observer);

/* Runs images, as many as the session takes at most, and adds what enters the norms. */
vrn_result vrn_observer_add(vrn_observer *observer, const vrn_inputs *inputs);

/* Forgets what was added. */
void vrn_observer_reset(vrn_observer *observer);

/* The input of image `index` of the last run, [H, W, C padded]. */
const float *vrn_observer_input(const vrn_observer *observer, uint32_t index);

/* How far the statistics are from the running ones: in all norms, and in one. `scratch`
 * [2 * channels of the targets]. */
vrn_check_fit vrn_observer_fit(const vrn_observer *observer, double *scratch);
vrn_check_fit vrn_observer_norm_fit(const vrn_observer *observer, uint32_t norm, double *scratch);

#endif
