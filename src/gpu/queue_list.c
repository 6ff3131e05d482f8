#include "gpu/queue_list.h"

#include "base/alloc.h"

static vrn_result add_family(vrn_queue_list *list, const vrn_queue_family *family,
                             VkQueueFlags flags)
{
    for (uint32_t i = 0; i < family->count; i++) {
        vrn_device_queue *queue = &list->items[list->count++];
        *queue = (vrn_device_queue){
            .family = family->index, .index = i, .flags = flags, .lock = vrn_mutex_create()};
        if (!queue->lock) return VRN_ERROR_OUT_OF_MEMORY;
    }
    return VRN_OK;
}

vrn_result vrn_queue_list_create(vrn_queue_list *list, const vrn_queue_family *families,
                                 const VkQueueFlags *flags, uint32_t family_count,
                                 const vrn_log *log)
{
    uint32_t count = 0;
    *list = (vrn_queue_list){.family_count = family_count};
    for (uint32_t i = 0; i < family_count; i++) {
        list->families[i] = families[i].index;
        count += families[i].count;
    }
    list->items = vrn_alloc(count, sizeof *list->items);
    vrn_result result = list->items ? VRN_OK : VRN_ERROR_OUT_OF_MEMORY;
    for (int computes = 1; computes >= 0; computes--) {
        for (uint32_t i = 0; i < family_count && !result; i++) {
            if (!(flags[i] & VK_QUEUE_COMPUTE_BIT) != !computes) continue;
            result = add_family(list, &families[i], flags[i]);
        }
        if (computes) list->compute_count = list->count;
    }
    return result ? vrn_fail_memory(log) : VRN_OK;
}

void vrn_queue_list_destroy(vrn_queue_list *list)
{
    for (uint32_t i = 0; i < list->count; i++) vrn_mutex_destroy(&list->items[i].lock);
    vrn_free(list->items);
    *list = (vrn_queue_list){0};
}

const vrn_device_queue *vrn_queue_list_uploads(const vrn_queue_list *list)
{
    return &list->items[list->count > list->compute_count ? list->compute_count : 0];
}

void vrn_queue_lock(const vrn_queue_list *list, const vrn_device_queue *queue)
{
    const vrn_queue_locks *locks = &list->locks;
    vrn_mutex_lock(queue->lock);
    if (locks->lock_one) locks->lock_one(locks->user);
    if (locks->lock) locks->lock(locks->user, queue->family, queue->index);
}

void vrn_queue_unlock(const vrn_queue_list *list, const vrn_device_queue *queue)
{
    const vrn_queue_locks *locks = &list->locks;
    if (locks->unlock) locks->unlock(locks->user, queue->family, queue->index);
    if (locks->unlock_one) locks->unlock_one(locks->user);
    vrn_mutex_unlock(queue->lock);
}
