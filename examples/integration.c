#include "integration.h"

#include <stdio.h>

#include <volk.h>

static void print_message(void *user, vrn_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "%s\n", text);
}

vrn_device *integrate(renderer *r, const char *extension, bool validation, const vertex *vertices,
                      uint32_t vertex_count)
{
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = r->family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = extension != NULL,
        .ppEnabledExtensionNames = &extension,
    };
    const vrn_device_requirements_params requirements = {
        .log = {.message = print_message},
        .instance = r->instance,
        .physical_device = r->physical,
        .get_instance_proc_addr = vkGetInstanceProcAddr,
        .api_version = VK_API_VERSION_1_2,
    };
    vrn_device_additions *additions;
    if (vrn_device_additions_create(&additions, &info, &requirements)) return NULL;
    renderer_create(r, &info, vertices, vertex_count);
    const vrn_device_import_params import = {
        .log = requirements.log,
        .instance = r->instance,
        .physical_device = r->physical,
        .device = r->device,
        .get_instance_proc_addr = vkGetInstanceProcAddr,
        .api_version = VK_API_VERSION_1_2,
        .debug_utils = validation,
        .created_with = &info,
        .queue_family = r->family,
        .queue = r->queue,
    };
    vrn_device *device;
    vrn_device_import(&device, &import);
    vrn_device_additions_destroy(&additions);
    return device;
}
