/* Runs one kernel on one case and compares it with the reference, for the self-test of a device and
 * the tests of the kernels. */
#ifndef VRN_TOOLS_KERNEL_CHECK_H
#define VRN_TOOLS_KERNEL_CHECK_H

#include <vkresnet/diagnostics.h>

#include "tools/case_data.h"
#include "ops/trial.h"

/* The resources that all checks share. */
typedef struct vrn_checker {
    vrn_bench bench;
    vrn_buffer readback;
} vrn_checker;

vrn_result vrn_checker_create(vrn_checker *checker, vrn_device *device);
void vrn_checker_destroy(
    vrn_checker *checker); /* accepts a zeroed struct whose bench has a device */

typedef struct vrn_kernel_verdict {
    size_t wrong;       /* wrong values, including those written outside the output */
    double worst;       /* largest error as a share of the tolerance; infinite for NaN */
    vrn_mismatch first; /* if wrong > 0 */
} vrn_kernel_verdict;

/* Runs a kernel that the device supports on the data. All memory is filled with a pattern first,
 * which shows values that the kernel does not write, and writes outside its output and scratch
 * memory. Wrong values are not an error; errors come from making and running the kernel. */
vrn_result vrn_kernel_check(vrn_kernel_verdict *verdict, vrn_checker *checker,
                            const vrn_kernel *kernel, const vrn_case_data *data);

#endif
