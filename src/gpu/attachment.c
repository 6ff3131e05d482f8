#include "gpu/attachment.h"

#include "base/alloc.h"

/* One of a list, which only grows: whoever reads it needs no lock. */
struct vrn_attachment {
    const vrn_attachment_kind *kind;
    void *data;
    struct vrn_attachment *next;
};

void *vrn_device_find_attachment(const vrn_device *device, const vrn_attachment_kind *kind)
{
    const struct vrn_attachment *a = atomic_load(&device->attachments);
    while (a && a->kind != kind) a = a->next;
    return a ? a->data : NULL;
}

static void *attach(vrn_device *device, const vrn_attachment_kind *kind)
{
    struct vrn_attachment *a = vrn_alloc(1, sizeof *a);
    if (a) a->data = kind->create(device);
    if (!a || !a->data) {
        vrn_free(a);
        vrn_fail_memory(&device->log);
        return NULL;
    }
    a->kind = kind;
    a->next = atomic_load(&device->attachments);
    atomic_store(&device->attachments, a);
    return a->data;
}

void *vrn_device_attachment(vrn_device *device, const vrn_attachment_kind *kind)
{
    vrn_mutex_lock(device->attachments_lock);
    void *data = vrn_device_find_attachment(device, kind);
    if (!data) data = attach(device, kind);
    vrn_mutex_unlock(device->attachments_lock);
    return data;
}

void vrn_device_destroy_attachments(vrn_device *device)
{
    struct vrn_attachment *a = atomic_load(&device->attachments);
    atomic_store(&device->attachments, NULL);
    while (a) {
        struct vrn_attachment *next = a->next;
        a->kind->destroy(a->data, device);
        vrn_free(a);
        a = next;
    }
}
