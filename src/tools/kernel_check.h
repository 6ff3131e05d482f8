/* One kernel on one case, held against the reference: what the self-test of a device and the tests
 * of the kernels do. */
#ifndef VRN_TOOLS_KERNEL_CHECK_H
#define VRN_TOOLS_KERNEL_CHECK_H

#include <vkresnet/diagnostics.h>

#include "tools/case_data.h"
#include "tools/trial.h"

/* What all checks share. */
typedef struct vrn_checker {
    vrn_bench bench;
    vrn_buffer readback;
} vrn_checker;

vrn_result vrn_checker_create(vrn_checker *checker, vrn_device *device);
void vrn_checker_destroy(
    vrn_checker *checker); /* accepts a zeroed struct whose bench has a device */

typedef struct vrn_kernel_verdict {
    size_t wrong;       /* values, those outside the output included */
    double worst;       /* error, as a share of what is tolerated; infinite for what is no number */
    vrn_mismatch first; /* where wrong > 0 */
} vrn_kernel_verdict;

/* Runs a kernel that the device supports on the data. All memory is filled with a pattern before:
 * what the kernel leaves out shows, and so does what it writes outside of its output and scratch
 * memory. Errors are those of making and running it; wrong values are none. */
vrn_result vrn_kernel_check(vrn_kernel_verdict *verdict, vrn_checker *checker,
                            const vrn_kernel *kernel, const vrn_case_data *data);

#endif
