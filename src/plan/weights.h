/* A model's parameters on a device, packed for kernels and shared by all sessions that use them. */
#ifndef VRN_PLAN_WEIGHTS_H
#define VRN_PLAN_WEIGHTS_H

#include "gpu/memory.h"
#include "net/graph.h"
#include "net/model.h"
#include "ops/kernel.h"

/* The set of packed parameters of one model on one device; reference-counted. */
typedef struct vrn_weights vrn_weights;

/* The parameters that a kernel binds at VRN_BIND_W for one node. */
typedef struct vrn_weights_request {
    const vrn_node *node;
    const vrn_kernel *kernel;
    vrn_range range; /* out */
} vrn_weights_request;

/* Finds the set of a model, or creates an empty one. */
vrn_result vrn_weights_acquire(vrn_weights **weights, vrn_device *device, const vrn_model *model);

/* Fills in all requests. Packs and uploads the parameters that no session has requested before.
 * Thread-safe. */
vrn_result vrn_weights_prepare(vrn_weights *weights, vrn_device *device, const vrn_model *model,
                               vrn_weights_request *requests, uint32_t count);

/* The largest magnitudes among the parameters of a convolution or a linear layer, with the norm
 * folded in; infinite where one is NaN. */
typedef struct vrn_extremes {
    float weight, bias;
} vrn_extremes;

/* Errors: VRN_ERROR_OUT_OF_MEMORY, which is not logged. Thread-safe. */
vrn_result vrn_weights_extremes(vrn_extremes *extremes, const vrn_model *model,
                                const vrn_node *node);

/* The bytes that the set takes on the device. */
uint64_t vrn_weights_bytes(vrn_weights *weights);

/* Releases the set; the last user frees it. Accepts NULL. */
void vrn_weights_release(vrn_weights *weights, vrn_device *device);

#endif
