#include "plan/choose.h"

#include <string.h>

#include "ops/support.h"
#include "plan/avoid.h"
#include "plan/speeds.h"

static bool usable(const vrn_kernel *kernel, const vrn_op_desc *desc, const vrn_device *device)
{
    return vrn_kernel_supported(kernel, desc, device) && !vrn_kernel_avoided(device, kernel);
}

bool vrn_choice_avoided(const vrn_device *device, const vrn_op_desc *desc)
{
    const vrn_kernel *kernel;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(desc->op, i)); i++) {
        if (vrn_kernel_supported(kernel, desc, device) && vrn_kernel_avoided(device, kernel)) {
            return true;
        }
    }
    return false;
}

/* The order of classes: kernels made for this kind of device, those first whose way to read was
 * found to be fast; then for any kind; then for the other kind. */
static double class_merit(const vrn_kernel *kernel, const vrn_device *device)
{
    vrn_kernel_suits home =
        device->probe.info.type == VRN_DEVICE_CPU ? VRN_SUITS_CPU : VRN_SUITS_GPU;
    if (kernel->variant->suits == home) return 2e6 - 5e3 * (vrn_speeds_ratio(device, kernel) - 1);
    return kernel->variant->suits == VRN_SUITS_ANY ? 1e6 : 0;
}

bool vrn_choice_prefers(const char *prefer, const vrn_kernel *kernel)
{
    return prefer && strncmp(kernel->name, prefer, strlen(prefer)) == 0;
}

const vrn_kernel *vrn_choose_kernel(const vrn_device *device, const vrn_op_desc *desc,
                                    uint32_t images, const char *prefer,
                                    const vrn_kernel *const *passed, uint32_t count)
{
    const vrn_kernel *kernel, *best = NULL;
    double best_merit = -1;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(desc->op, i)); i++) {
        bool skip = false;
        for (uint32_t k = 0; k < count; k++) skip = skip || passed[k] == kernel;
        if (skip || !usable(kernel, desc, device)) continue;
        double merit = class_merit(kernel, device);
        if (vrn_choice_prefers(prefer, kernel)) merit += 4e6;
        merit += vrn_kernel_merit(kernel, desc, images, &device->probe.cores);
        if (merit > best_merit) {
            best_merit = merit;
            best = kernel;
        }
    }
    return best;
}

/* Finds a kernel by a name from a file. NULL unless the table has it and the device supports it. */
static const vrn_kernel *named_kernel(const vrn_device *device, const vrn_op_desc *desc,
                                      const char *name)
{
    const vrn_kernel *kernel;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(desc->op, i)); i++) {
        if (strcmp(kernel->name, name) == 0) {
            return usable(kernel, desc, device) ? kernel : NULL;
        }
    }
    return NULL;
}

const char *vrn_choice_why_name(vrn_choice_why why)
{
    static const char *const names[] = {
        [VRN_CHOICE_MERIT] = "merit",
        [VRN_CHOICE_PREFERRED] = "preferred",
        [VRN_CHOICE_TUNED] = "tuned",
        [VRN_CHOICE_CACHED] = "cache",
    };
    return names[why];
}

vrn_choice vrn_choose(vrn_tuned *tuned, const vrn_device *device, const vrn_op_desc *desc,
                      uint32_t images, const char *prefer)
{
    vrn_choice choice = {.kernel = vrn_choose_kernel(device, desc, images, prefer, NULL, 0)};
    if (choice.kernel && vrn_choice_prefers(prefer, choice.kernel))
        choice.why = VRN_CHOICE_PREFERRED;
    const vrn_tuned_record *record =
        tuned && choice.kernel && !prefer ? vrn_tuned_find(tuned, device, desc, images) : NULL;
    const vrn_kernel *kernel = record ? named_kernel(device, desc, record->kernel) : NULL;
    if (kernel) {
        choice.kernel = kernel;
        choice.why = record->fresh ? VRN_CHOICE_TUNED : VRN_CHOICE_CACHED;
        choice.rejected = named_kernel(device, desc, record->rejected);
        if (choice.rejected) choice.rejected_ms = record->rejected_ms;
    }
    if (choice.kernel && !choice.rejected) {
        choice.rejected = vrn_choose_kernel(device, desc, images, NULL, &choice.kernel, 1);
    }
    return choice;
}
