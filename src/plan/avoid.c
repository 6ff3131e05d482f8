#include "plan/avoid.h"

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/util.h"
#include "gpu/device.h"

/* As many kernels as a device can do without: far more than there are. */
enum { AVOIDED_MAX = 512 };

/* Entries are only added: a place is taken by counting, and is empty until it is filled. */
typedef struct avoided {
    atomic_uint count;
    _Atomic(const vrn_kernel *) kernels[AVOIDED_MAX];
} avoided;

static void *create(vrn_device *device)
{
    (void)device;
    avoided *list = vrn_alloc(1, sizeof *list);
    if (!list) return NULL;
    atomic_init(&list->count, 0);
    for (uint32_t i = 0; i < AVOIDED_MAX; i++) atomic_init(&list->kernels[i], NULL);
    return list;
}

static void destroy(void *data, vrn_device *device)
{
    (void)device;
    vrn_free(data);
}

static const vrn_attachment_kind avoided_kind = {create, destroy};

vrn_result vrn_avoid_kernel(vrn_device *device, const vrn_kernel *kernel)
{
    if (vrn_kernel_avoided(device, kernel)) return VRN_OK;
    avoided *list = vrn_device_attachment(device, &avoided_kind);
    if (!list) return VRN_ERROR_OUT_OF_MEMORY;
    const uint32_t place = atomic_fetch_add(&list->count, 1);
    if (place < AVOIDED_MAX) atomic_store(&list->kernels[place], kernel);
    return VRN_OK;
}

bool vrn_kernel_avoided(const vrn_device *device, const vrn_kernel *kernel)
{
    const avoided *list = vrn_device_find_attachment(device, &avoided_kind);
    const uint32_t count = list ? vrn_min_u32(atomic_load(&list->count), AVOIDED_MAX) : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (atomic_load(&list->kernels[i]) == kernel) return true;
    }
    return false;
}
