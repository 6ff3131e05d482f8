/* The queues of a device, which the library's threads and those of an application share. */
#ifndef VRN_GPU_QUEUE_LIST_H
#define VRN_GPU_QUEUE_LIST_H

#include <vkresnet/vulkan.h>

#include "base/log.h"
#include "base/os.h"

typedef struct vrn_device_queue {
    VkQueue handle;
    uint32_t family, index; /* the queue's index in its family */
    VkQueueFlags flags;     /* of the family */
    vrn_mutex *lock;        /* for the library's threads, see vrn_device_lock_queue */
} vrn_device_queue;

/* An application's locks, for its own threads; zeros: none. */
typedef struct vrn_queue_locks {
    void (*lock_one)(void *user); /* of the only queue */
    void (*unlock_one)(void *user);
    void (*lock)(void *user, uint32_t family, uint32_t index); /* of any queue */
    void (*unlock)(void *user, uint32_t family, uint32_t index);
    void *user;
} vrn_queue_locks;

typedef struct vrn_queue_list {
    vrn_device_queue *items; /* [count]: at first those that can compute */
    uint32_t count, compute_count;
    uint32_t families[VRN_MAX_QUEUE_FAMILIES]; /* [family_count], each once */
    uint32_t family_count;
    vrn_queue_locks locks;
} vrn_queue_list;

/* Makes the list of the queues [0, count) of each family, whose flags are in `flags`. The handles
 * are still to be filled in. Errors: VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_queue_list_create(vrn_queue_list *list, const vrn_queue_family *families,
                                 const VkQueueFlags *flags, uint32_t family_count,
                                 const vrn_log *log);

/* Accepts zeros and half-made lists. */
void vrn_queue_list_destroy(vrn_queue_list *list);

/* The queue with which the library copies weights: one that can only copy, if there is one. */
const vrn_device_queue *vrn_queue_list_uploads(const vrn_queue_list *list);

/* Call these around every use of a queue. */
void vrn_queue_lock(const vrn_queue_list *list, const vrn_device_queue *queue);
void vrn_queue_unlock(const vrn_queue_list *list, const vrn_device_queue *queue);

#endif
