#include "gpu/feature_chain.h"

#include <assert.h>

#include "base/util.h"

void *vrn_feature_chain_find(const vrn_feature_chain *chain, VkStructureType type)
{
    /* Vulkan's chains use pointers to const, even for structures that may change. */
    VkBaseOutStructure *at = (VkBaseOutStructure *)(uintptr_t)chain->first;
    while (at && at->sType != type) at = at->pNext;
    return at;
}

void *vrn_feature_chain_get(vrn_feature_chain *chain, VkStructureType type, size_t size)
{
    void *found = vrn_feature_chain_find(chain, type);
    if (found) return found;
    const size_t words = (size_t)vrn_round_up(size, sizeof(uint64_t)) / sizeof(uint64_t);
    assert(chain->used + words <= sizeof chain->memory / sizeof chain->memory[0]);
    VkBaseInStructure *made = (void *)(chain->memory + chain->used);
    chain->used += words;
    made->sType = type;
    made->pNext = chain->first;
    chain->first = made;
    return made;
}
