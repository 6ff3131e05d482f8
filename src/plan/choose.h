/* Chooses the kernel that computes an operation on a device. */
#ifndef VRN_PLAN_CHOOSE_H
#define VRN_PLAN_CHOOSE_H

#include <vkresnet/diagnostics.h>

#include "ops/kernel.h"
#include "plan/tuned.h"

/* True if a kernel that is avoided (plan/avoid.h) could compute an operation. This may explain why
 * no kernel is left. */
bool vrn_choice_avoided(const vrn_device *device, const vrn_op_desc *desc);

/* True if `prefer` is not NULL and the kernel's name begins with it. */
bool vrn_choice_prefers(const char *prefer, const vrn_kernel *kernel);

/* Returns the best supported kernel for `images` images that is not in `passed` [count]. If
 * `prefer` is not NULL, kernels whose names begin with it come first. NULL: the device supports
 * none, because of its limits on bindings, or no other. Measurements are not considered. */
const vrn_kernel *vrn_choose_kernel(const vrn_device *device, const vrn_op_desc *desc,
                                    uint32_t images, const char *prefer,
                                    const vrn_kernel *const *passed, uint32_t count);

/* Why a kernel was chosen. */
typedef enum vrn_choice_why {
    VRN_CHOICE_MERIT,     /* expected to be the fastest */
    VRN_CHOICE_PREFERRED, /* by name */
    VRN_CHOICE_TUNED,     /* measured on this vrn_device */
    VRN_CHOICE_CACHED,    /* measured earlier, and read from the cache */
} vrn_choice_why;

/* The text for vrn_layer.why. */
const char *vrn_choice_why_name(vrn_choice_why why);

typedef struct vrn_choice {
    const vrn_kernel *kernel; /* NULL as for vrn_choose_kernel */
    vrn_choice_why why;
    const vrn_kernel *rejected; /* the best of the others, or NULL */
    double rejected_ms;         /* as measured for `images` images; 0: not measured */
} vrn_choice;

/* The prefix of the kernels that a session prefers, or NULL. */
static inline const char *vrn_choice_preferred(const vrn_session_params *params)
{
    return params->diagnostics ? params->diagnostics->kernel : NULL;
}

/* Returns the fastest kernel by measurement, or the heuristic's choice if there is no measurement.
 * With `prefer`, measurements are ignored. `tuned` may be NULL. */
vrn_choice vrn_choose(vrn_tuned *tuned, const vrn_device *device, const vrn_op_desc *desc,
                      uint32_t images, const char *prefer);

#endif
