/* Whether a device supports a kernel, and how large the kernel's bindings may be there. */
#ifndef VRN_OPS_SUPPORT_H
#define VRN_OPS_SUPPORT_H

#include "gpu/descriptor.h"
#include "ops/kernel.h"

/* True if the device can run the kernel on this operation, by its capabilities and limits. */
bool vrn_kernel_supported(const vrn_kernel *kernel, const vrn_op_desc *desc,
                          const vrn_device *device);

enum { VRN_WHY_MAX = 96 };

/* True if the device has the kernel's capabilities, shared memory, subgroups, matrices and work
 * groups, for any operation. Otherwise `why`, unless NULL, receives what it lacks. */
bool vrn_kernel_possible(const vrn_kernel *kernel, const vrn_device *device, char why[VRN_WHY_MAX]);

/* The largest range that a binding of a pass may have on the device. */
uint64_t vrn_kernel_binding_limit(const vrn_kernel *kernel, uint32_t pass, uint32_t binding,
                                  const vrn_op_desc *desc, const vrn_device *device);

/* True if every binding for this many images is within that limit. */
bool vrn_kernel_bindable(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                         const vrn_device *device);

/* Adds the descriptors of the sets of a kernel's passes, for this many images. */
void vrn_kernel_count_descriptors(const vrn_kernel *kernel, const vrn_op_desc *desc,
                                  uint32_t images, vrn_descriptor_counts *counts);

#endif
