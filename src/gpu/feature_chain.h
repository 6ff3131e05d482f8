/* A pNext chain of feature structures: those of an application, and others that the library
 * adds. */
#ifndef VRN_GPU_FEATURE_CHAIN_H
#define VRN_GPU_FEATURE_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include <vulkan/vulkan_core.h>

/* Starts zeroed, or with the first structure of an application. Must not move after structures were
 * added. */
typedef struct vrn_feature_chain {
    const void *first;
    size_t used;
    uint64_t memory[128]; /* for the structures that are added here, one after the other */
} vrn_feature_chain;

/* The structure of this type in the chain, or NULL. */
void *vrn_feature_chain_find(const vrn_feature_chain *chain, VkStructureType type);

/* The same. If there is none, a zeroed one of `size` bytes is put in front. */
void *vrn_feature_chain_get(vrn_feature_chain *chain, VkStructureType type, size_t size);

#endif
