/* A library in the manner of libplacebo: it makes the device, from extensions and features that its
 * user names, it owns the queues and their locks, and it renders on threads of its own. Its user
 * never sees the VkDeviceCreateInfo. */
#ifndef VRN_TESTS_EMBEDDING_OWNER_H
#define VRN_TESTS_EMBEDDING_OWNER_H

#include <stdatomic.h>

#include <pthread.h>

#include "application.h"

typedef struct owner_params {
    VkInstance instance;
    VkPhysicalDevice physical;
    uint32_t family;
    const VkPhysicalDeviceFeatures2 *features; /* with a chain: all to be enabled */
    const char *const *extensions;
    uint32_t extension_count;
} owner_params;

typedef struct owner {
    VkDevice device;
    VkQueue queue;
    uint32_t family;
    pthread_mutex_t lock; /* of the queue */
    pthread_t thread;
    atomic_bool ends;
    atomic_uint frames; /* that its thread has rendered */
} owner;

void owner_create(owner *o, const owner_params *params);

/* Around each use of a queue, on any thread. user: the owner. */
void owner_lock_queue(void *user, uint32_t family, uint32_t index);
void owner_unlock_queue(void *user, uint32_t family, uint32_t index);

/* After its user has let go of the device. */
void owner_destroy(owner *o);

#endif
