#include "plan/avoid.h"

#include "gpu/device.h"

/* The largest number of kernels that can be avoided on a device: far more than exist. */
enum { AVOIDED_MAX = 512 };

typedef struct avoided {
    vrn_attachment base;
    const vrn_kernel *kernels[AVOIDED_MAX];
    uint32_t count;
} avoided;

static const vrn_attachment_kind avoided_kind = {sizeof(avoided), NULL};

vrn_result vrn_avoid_kernel(vrn_device *device, const vrn_kernel *kernel)
{
    if (vrn_kernel_avoided(device, kernel)) return VRN_OK;
    avoided *list = vrn_device_attachment(device, &avoided_kind);
    if (!list) return VRN_ERROR_OUT_OF_MEMORY;
    vrn_mutex_lock(list->base.lock);
    if (list->count < AVOIDED_MAX) list->kernels[list->count++] = kernel;
    vrn_mutex_unlock(list->base.lock);
    return VRN_OK;
}

bool vrn_kernel_avoided(const vrn_device *device, const vrn_kernel *kernel)
{
    const avoided *list = vrn_device_find_attachment(device, &avoided_kind);
    bool found = false;
    if (!list) return false;
    vrn_mutex_lock(list->base.lock);
    for (uint32_t i = 0; i < list->count; i++) found = found || list->kernels[i] == kernel;
    vrn_mutex_unlock(list->base.lock);
    return found;
}
