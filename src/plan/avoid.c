#include "plan/avoid.h"

#include "base/util.h"

void vrn_avoid_kernel(vrn_device *device, const vrn_kernel *kernel)
{
    if (vrn_kernel_avoided(device, kernel)) return;
    uint32_t place = atomic_fetch_add(&device->avoided_count, 1);
    if (place < VRN_AVOIDED_MAX) atomic_store(&device->avoided[place], kernel);
}

bool vrn_kernel_avoided(const vrn_device *device, const vrn_kernel *kernel)
{
    const uint32_t count = vrn_min_u32(atomic_load(&device->avoided_count), VRN_AVOIDED_MAX);
    for (uint32_t i = 0; i < count; i++) {
        if (atomic_load(&device->avoided[i]) == kernel) return true;
    }
    return false;
}
