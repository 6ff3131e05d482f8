#include "gpu/additions.h"

#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "gpu/feature_chain.h"
#include "gpu/features.h"

struct vrn_device_additions {
    vrn_feature_chain chain;
    VkPhysicalDeviceFeatures core; /* for pEnabledFeatures */
    const char *extensions[];
};

/* Enables a member of a feature structure. */
static void set(void *structure, size_t offset)
{
    const VkBool32 on = VK_TRUE;
    memcpy((char *)structure + offset, &on, sizeof on);
}

static void add_feature(vrn_device_additions *additions, VkDeviceCreateInfo *info,
                        const vrn_requirement *item)
{
    vrn_feature_chain *chain = &additions->chain;
    void *version = NULL;
    if (item->version_offset) version = vrn_feature_chain_find(chain, item->version_type);
    if (version) {
        set(version, item->version_offset);
    } else if (item->type == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2 &&
               !vrn_feature_chain_find(chain, item->type)) {
        set(&additions->core, item->offset - offsetof(VkPhysicalDeviceFeatures2, features));
        info->pEnabledFeatures = &additions->core;
    } else {
        const size_t size = vrn_features_structure_bytes(item->type);
        set(vrn_feature_chain_get(chain, item->type, size), item->offset);
    }
}

/* True if the application's own extensions exclude the item. */
static bool excluded(const vrn_requirement *item, vrn_extensions enabled)
{
    return item->capability == VRN_CAPABILITY_BUFFER_ADDRESSES &&
           vrn_extensions_have(enabled, VK_EXT_BUFFER_DEVICE_ADDRESS_EXTENSION_NAME);
}

vrn_result vrn_additions_create(vrn_device_additions **out, VkDeviceCreateInfo *info,
                                const vrn_device_requirements *requirements, const vrn_log *log)
{
    const vrn_extensions enabled = {info->ppEnabledExtensionNames, info->enabledExtensionCount};
    const vrn_feature_chain lent = {.first = info->pNext};
    *out = NULL;
    if (info->pEnabledFeatures &&
        vrn_feature_chain_find(&lent, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "VkDeviceCreateInfo: pEnabledFeatures is given beside a "
                        "VkPhysicalDeviceFeatures2; Vulkan allows one of them");
    }
    const size_t most = (size_t)enabled.count + requirements->count;
    vrn_device_additions *additions =
        vrn_alloc(1, sizeof *additions + most * sizeof additions->extensions[0]);
    if (!additions) return vrn_fail_memory(log);
    additions->chain.first = info->pNext;
    if (info->pEnabledFeatures) additions->core = *info->pEnabledFeatures;
    uint32_t count = enabled.count;
    if (count) memcpy(additions->extensions, enabled.names, count * sizeof *enabled.names);
    for (uint32_t i = 0; i < requirements->count; i++) {
        const vrn_requirement *item = &requirements->items[i];
        if (excluded(item, enabled)) continue;
        if (item->extension &&
            !vrn_extensions_have((vrn_extensions){additions->extensions, count}, item->extension)) {
            additions->extensions[count++] = item->extension;
        }
        if (item->feature) add_feature(additions, info, item);
    }
    info->pNext = additions->chain.first;
    info->enabledExtensionCount = count;
    info->ppEnabledExtensionNames = additions->extensions;
    *out = additions;
    return VRN_OK;
}

void vrn_device_additions_destroy(vrn_device_additions **additions)
{
    if (!additions) return;
    vrn_free(*additions);
    *additions = NULL;
}
