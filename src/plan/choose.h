/* Which kernel computes an operation on a device. */
#ifndef VRN_PLAN_CHOOSE_H
#define VRN_PLAN_CHOOSE_H

#include <vkresnet/diagnostics.h>

#include "ops/kernel.h"
#include "plan/tuned.h"

/* Whether an avoided kernel could compute an operation: why there may be no other. */
bool vrn_choice_avoided(const vrn_device *device, const vrn_op_desc *desc);

/* The best supported kernel for `images` images, but for those in `passed`, of which there are
 * `count`; one whose name begins with `prefer` (or NULL) comes first where there is one. NULL: the
 * device supports none, which a limit on what it can bind explains, or no other. This is the choice
 * where nobody has measured. */
const vrn_kernel *vrn_choose_kernel(const vrn_device *device, const vrn_op_desc *desc,
                                    uint32_t images, const char *prefer,
                                    const vrn_kernel *const *passed, uint32_t count);

/* What speaks for a kernel. */
typedef enum vrn_choice_why {
    VRN_CHOICE_MERIT,     /* it is expected to be the best */
    VRN_CHOICE_PREFERRED, /* by name */
    VRN_CHOICE_TUNED,     /* it was measured on this vrn_device .. */
    VRN_CHOICE_CACHED,    /* .. or before */
} vrn_choice_why;

/* As vrn_layer.why has it. */
const char *vrn_choice_why_name(vrn_choice_why why);

typedef struct vrn_choice {
    const vrn_kernel *kernel; /* NULL as by vrn_choose_kernel */
    vrn_choice_why why;
    const vrn_kernel *rejected; /* the best of the others, or NULL */
    double rejected_ms;         /* as measured for `images` images; 0: not measured */
} vrn_choice;

/* The kernels that a session should prefer, or NULL. */
static inline const char *vrn_choice_preferred(const vrn_session_params *params)
{
    return params->diagnostics ? params->diagnostics->kernel : NULL;
}

/* What was measured, where it was; else the heuristic's choice. With `prefer` measurements do not
 * count. tuned may be NULL. */
vrn_choice vrn_choose(vrn_tuned *tuned, const vrn_device *device, const vrn_op_desc *desc,
                      uint32_t images, const char *prefer);

#endif
