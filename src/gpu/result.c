#include "gpu/result.h"

#include <stddef.h>
#include <stdio.h>

#include "base/util.h"

#define NAMED(result)                                                                              \
    {                                                                                              \
        result, #result                                                                            \
    }

static const struct {
    VkResult result;
    const char *name;
} names[] = {
    NAMED(VK_NOT_READY),
    NAMED(VK_TIMEOUT),
    NAMED(VK_INCOMPLETE),
    NAMED(VK_ERROR_OUT_OF_HOST_MEMORY),
    NAMED(VK_ERROR_OUT_OF_DEVICE_MEMORY),
    NAMED(VK_ERROR_INITIALIZATION_FAILED),
    NAMED(VK_ERROR_DEVICE_LOST),
    NAMED(VK_ERROR_MEMORY_MAP_FAILED),
    NAMED(VK_ERROR_LAYER_NOT_PRESENT),
    NAMED(VK_ERROR_EXTENSION_NOT_PRESENT),
    NAMED(VK_ERROR_FEATURE_NOT_PRESENT),
    NAMED(VK_ERROR_INCOMPATIBLE_DRIVER),
    NAMED(VK_ERROR_TOO_MANY_OBJECTS),
    NAMED(VK_ERROR_FORMAT_NOT_SUPPORTED),
    NAMED(VK_ERROR_FRAGMENTED_POOL),
    NAMED(VK_ERROR_UNKNOWN),
    NAMED(VK_ERROR_OUT_OF_POOL_MEMORY),
    NAMED(VK_ERROR_INVALID_EXTERNAL_HANDLE),
    NAMED(VK_ERROR_FRAGMENTATION),
    NAMED(VK_ERROR_INVALID_OPAQUE_CAPTURE_ADDRESS),
};

const char *vrn_vk_result_name(VkResult result, vrn_vk_result_text *room)
{
    for (size_t i = 0; i < VRN_COUNT(names); i++) {
        if (names[i].result == result) return names[i].name;
    }
    snprintf(room->text, sizeof room->text, "VkResult %d", (int)result);
    return room->text;
}
