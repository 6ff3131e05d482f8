/* Direct convolution: functions shared by the float and int8 kernels. The numbers of a kernel's row
 * (ops/kernel.h) are VRN_DIRECT_* (ops/interface.h). */
#ifndef VRN_OPS_CONV_DIRECT_H
#define VRN_OPS_CONV_DIRECT_H

#include "ops/kernel.h"

bool vrn_direct_fits(const vrn_kernel *kernel, const vrn_op_desc *desc);
vrn_grid vrn_direct_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *desc,
                         uint32_t images);

/* For the variants for GPUs. */
uint32_t vrn_direct_registers(const vrn_kernel *kernel);
double vrn_direct_gpu_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                            const vrn_cores *cores);

#endif
