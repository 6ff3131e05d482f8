/* The batch norms of a model with the statistics that training stored in them, and the statistics
 * of their inputs on a device, for one reading of the model. */
#ifndef VRN_TOOLS_NORM_FIT_H
#define VRN_TOOLS_NORM_FIT_H

#include "session/session.h"
#include "tools/moments.h"

typedef struct vrn_norm_target {
    char name[VRN_NAME_MAX];
    char input[VRN_NAME_MAX]; /* the tap of its input */
    uint32_t channels, first; /* `first`: the index of its first channel among those of all norms */
    double eps;
    /* all its means are equal, and all its variances: they were never trained, or were folded
     * away */
    bool untouched;
} vrn_norm_target;

typedef struct vrn_norm_targets {
    vrn_norm_target *norms; /* [count] */
    const char **taps;      /* [count + 1]: their inputs, then the network's */
    uint32_t count;
    float *mean, *variance; /* [channels]: running statistics */
    uint32_t channels;      /* of all norms */
    uint64_t image_bytes;   /* of all inputs, at the given size */
} vrn_norm_targets;

/* Reads the norms of a model. Errors: VRN_ERROR_UNSUPPORTED (no batch norms, or all are untouched;
 * the log says why), VRN_ERROR_INVALID_ARGUMENT (the size), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_norm_targets_create(vrn_norm_targets *targets, const vrn_model *model,
                                   uint32_t height, uint32_t width, const vrn_log *log);
void vrn_norm_targets_free(vrn_norm_targets *targets);

/* A session that observes one reading of a model. */
typedef struct vrn_observer {
    vrn_session *session; /* unfused; its taps are the inputs of the norms */
    vrn_moments *moments; /* [channels] */
    const vrn_norm_targets *targets;
    uint32_t images;
} vrn_observer;

/* `model` must have the parameters from which `targets` were read. Only the batch, size and
 * transform of `params` are used. Errors: those of vrn_session_create. */
vrn_result vrn_observer_create(vrn_observer *observer, vrn_device *device, const vrn_model *model,
                               const vrn_norm_targets *targets, const vrn_session_params *params);
void vrn_observer_destroy(vrn_observer *observer);

/* Runs images, at most the session's batch, and adds the inputs of the norms. */
vrn_result vrn_observer_add(vrn_observer *observer, const vrn_inputs *inputs);

/* Discards everything that was added. */
void vrn_observer_reset(vrn_observer *observer);

/* The input of image `index` of the last run, [H, W, C padded]. */
const float *vrn_observer_input(const vrn_observer *observer, uint32_t index);

/* How far the observed statistics are from the running ones, in all norms or in one. `scratch` has
 * 2 * targets->channels elements. */
vrn_check_fit vrn_observer_fit(const vrn_observer *observer, double *scratch);
vrn_check_fit vrn_observer_norm_fit(const vrn_observer *observer, uint32_t norm, double *scratch);

#endif
