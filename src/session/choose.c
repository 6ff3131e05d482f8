#include "session/choose.h"

#include <string.h>

/* Classes of merit: a kernel made for this kind of device, one for any, one for the other kind. */
static double class_merit(const vrn_kernel *kernel, const vrn_device *device)
{
    vrn_kernel_suits home = device->info.type == VRN_DEVICE_CPU ? VRN_SUITS_CPU : VRN_SUITS_GPU;
    if (kernel->suits == home) return 2e6;
    return kernel->suits == VRN_SUITS_ANY ? 1e6 : 0;
}

const vrn_kernel *vrn_choose_kernel(const vrn_device *device, const vrn_op_desc *desc,
                                    uint32_t images, const char *prefer)
{
    const vrn_operator *op = vrn_operator_of(desc->op);
    const vrn_kernel *best = NULL;
    double best_merit = -1;
    for (uint32_t i = 0; i < op->kernel_count; i++) {
        const vrn_kernel *kernel = &op->kernels[i];
        if (!vrn_kernel_supported(kernel, desc, device)) continue;
        double merit = class_merit(kernel, device);
        if (prefer && strncmp(kernel->name, prefer, strlen(prefer)) == 0) merit += 4e6;
        if (kernel->merit) merit += kernel->merit(kernel, desc, images);
        if (merit > best_merit) {
            best_merit = merit;
            best = kernel;
        }
    }
    return best;
}
