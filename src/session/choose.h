/* Which kernel computes an operation on a device. */
#ifndef VRN_SESSION_CHOOSE_H
#define VRN_SESSION_CHOOSE_H

#include "ops/kernel.h"

/* The best supported kernel for `images` images; one whose name begins with `prefer` comes first where
 * there is one. NULL: the device supports none, which a limit on what it can bind explains. */
const vrn_kernel *vrn_choose_kernel(const vrn_device *device, const vrn_op_desc *desc,
                                    uint32_t images, const char *prefer);

#endif
