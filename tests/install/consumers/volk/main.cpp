// An application in C++ with an instance, a device and a volk of its own, which the library must
// leave alone.
// volk MODEL
#include <cstdio>
#include <vector>

#include <volk.h>

#include "../classify.h"

namespace
{

bool createDevice(VkInstance &instance, VkDevice &device)
{
    VkApplicationInfo application = {VK_STRUCTURE_TYPE_APPLICATION_INFO};
    application.apiVersion = VK_API_VERSION_1_1;
    VkInstanceCreateInfo instanceInfo = {VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    instanceInfo.pApplicationInfo = &application;
    if (vkCreateInstance(&instanceInfo, nullptr, &instance) != VK_SUCCESS) return false;
    volkLoadInstance(instance);

    uint32_t count = 1;
    VkPhysicalDevice physical = VK_NULL_HANDLE;
    if (vkEnumeratePhysicalDevices(instance, &count, &physical) < 0 || count == 0) return false;
    const float priority = 1;
    VkDeviceQueueCreateInfo queue = {VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
    queue.queueCount = 1;
    queue.pQueuePriorities = &priority;
    VkDeviceCreateInfo info = {VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
    info.queueCreateInfoCount = 1;
    info.pQueueCreateInfos = &queue;
    if (vkCreateDevice(physical, &info, nullptr, &device) != VK_SUCCESS) return false;
    volkLoadDevice(device);
    return true;
}

// What volk's variables hold: one of the loader, of the instance, and of the device.
std::vector<const void *> entryPoints()
{
    return {reinterpret_cast<const void *>(vkGetInstanceProcAddr),
            reinterpret_cast<const void *>(vkCreateDevice),
            reinterpret_cast<const void *>(vkCreateBuffer),
            reinterpret_cast<const void *>(vkQueueSubmit)};
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    VkInstance instance = VK_NULL_HANDLE;
    VkDevice device = VK_NULL_HANDLE;
    if (volkInitialize() != VK_SUCCESS || !createDevice(instance, device)) {
        std::fprintf(stderr, "no device for the application itself\n");
        return std::getenv("VRN_TEST_REQUIRE_DEVICE") ? 1 : SKIPPED;
    }
    const std::vector<const void *> before = entryPoints();

    library vrn;
#define LINK(name) vrn.name = vrn_##name;
    FUNCTIONS(LINK)
    int status = classify(&vrn, argv[1]);

    if (entryPoints() != before || volkGetLoadedInstance() != instance ||
        volkGetLoadedDevice() != device) {
        std::fprintf(stderr, "the library has changed the application's volk\n");
        status = 1;
    }
    VkBufferCreateInfo info = {VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
    info.size = 64;
    info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
    VkBuffer buffer = VK_NULL_HANDLE;
    if (vkCreateBuffer(device, &info, nullptr, &buffer) != VK_SUCCESS) status = 1;
    vkDestroyBuffer(device, buffer, nullptr);
    if (vkDeviceWaitIdle(device) != VK_SUCCESS) status = 1;
    vkDestroyDevice(device, nullptr);
    vkDestroyInstance(instance, nullptr);
    return status;
}
