#include "failing_driver.h"

#include <stdatomic.h>
#include <string.h>

#include <volk.h>

#include "gpu/vk.h"

#define KINDS(X)                                                                                   \
    X(Instance)                                                                                    \
    X(Device)                                                                                      \
    X(DebugUtilsMessengerEXT)                                                                      \
    X(Buffer)                                                                                      \
    X(BufferView)                                                                                  \
    X(DeviceMemory)                                                                                \
    X(ShaderModule)                                                                                \
    X(DescriptorSetLayout)                                                                         \
    X(DescriptorPool)                                                                              \
    X(PipelineLayout)                                                                              \
    X(PipelineCache)                                                                               \
    X(Pipeline)                                                                                    \
    X(CommandPool)                                                                                 \
    X(QueryPool)                                                                                   \
    X(Fence)

enum {
#define ENUM(name) KIND_##name,
    KINDS(ENUM)
#undef ENUM
        KIND_COUNT
};

static const char *const kind_names[] = {
#define NAME(name) #name,
    KINDS(NAME)
#undef NAME
};

/* What the library would have found. One set serves all devices: the loader's functions are the
 * same for devices of one driver. */
static struct {
    PFN_vkGetInstanceProcAddr get;
    PFN_vkCreateInstance create_instance;
    PFN_vkEnumerateInstanceExtensionProperties extensions;
    vrn_instance_table instance;
    vrn_device_table device;
} driver;

static struct {
    atomic_ullong count, calls, submits, dispatches, at;
    atomic_int error;
    _Atomic(const char *) hit;
    atomic_bool lost; /* some device */
    atomic_bool busy; /* something was submitted; RADV without a GPU cannot even wait */
    _Atomic(VkDevice) last_device;
    atomic_llong alive[KIND_COUNT];
} state;

void failing_driver_at(uint64_t n, VkResult error)
{
    atomic_store(&state.count, 0);
    atomic_store(&state.calls, 0);
    atomic_store(&state.submits, 0);
    atomic_store(&state.dispatches, 0);
    atomic_store(&state.hit, NULL);
    atomic_store(&state.error, error);
    atomic_store(&state.at, n);
}

uint64_t failing_driver_count(void)
{
    return atomic_load(&state.count);
}

uint64_t failing_driver_calls(void)
{
    return atomic_load(&state.calls);
}

const char *failing_driver_hit(void)
{
    return atomic_load(&state.hit);
}

uint64_t failing_driver_submits(void)
{
    return atomic_load(&state.submits);
}

uint64_t failing_driver_dispatches(void)
{
    return atomic_load(&state.dispatches);
}

int64_t failing_driver_alive(const char **kind)
{
    int64_t alive = 0;
    for (int i = 0; i < KIND_COUNT; i++) {
        const int64_t count = atomic_load(&state.alive[i]);
        if (count && !alive) *kind = kind_names[i];
        alive += count < 0 ? -count : count; /* destroyed too often is no better */
    }
    return alive;
}

/* Whether this call of `function` is to fail, and how. A device that is lost says so first. */
static VkResult fault(const char *function, bool can_be_lost)
{
    atomic_fetch_add(&state.calls, 1);
    if (can_be_lost && atomic_load(&state.lost)) return VK_ERROR_DEVICE_LOST;
    if (atomic_fetch_add(&state.count, 1) + 1 != atomic_load(&state.at)) return VK_SUCCESS;
    atomic_store(&state.hit, function);
    const VkResult error = (VkResult)atomic_load(&state.error);
    const VkDevice device = atomic_load(&state.last_device);
    if (error == VK_ERROR_DEVICE_LOST && device) {
        if (atomic_load(&state.busy)) driver.device.DeviceWaitIdle(device);
        atomic_store(&state.lost, true);
    }
    return error;
}

static void count(int kind, int change)
{
    atomic_fetch_add(&state.alive[kind], change);
}

/* ---- Functions that can fail and make nothing: name, parameters, arguments, whether a loss shows
 * there ---- */

#define PLAIN(X)                                                                                   \
    X(BindBufferMemory, (VkDevice d, VkBuffer b, VkDeviceMemory m, VkDeviceSize o), (d, b, m, o),  \
      false)                                                                                       \
    X(MapMemory,                                                                                   \
      (VkDevice d, VkDeviceMemory m, VkDeviceSize o, VkDeviceSize s, VkMemoryMapFlags f,           \
       void **p),                                                                                  \
      (d, m, o, s, f, p), false)                                                                   \
    X(AllocateDescriptorSets,                                                                      \
      (VkDevice d, const VkDescriptorSetAllocateInfo *i, VkDescriptorSet *s), (d, i, s), false)    \
    X(AllocateCommandBuffers,                                                                      \
      (VkDevice d, const VkCommandBufferAllocateInfo *i, VkCommandBuffer *b), (d, i, b), false)    \
    X(ResetDescriptorPool, (VkDevice d, VkDescriptorPool p, VkDescriptorPoolResetFlags f),         \
      (d, p, f), false)                                                                            \
    X(GetPipelineCacheData, (VkDevice d, VkPipelineCache c, size_t * s, void *p), (d, c, s, p),    \
      false)                                                                                       \
    X(MergePipelineCaches, (VkDevice d, VkPipelineCache c, uint32_t n, const VkPipelineCache *o),  \
      (d, c, n, o), false)                                                                         \
    X(ResetCommandBuffer, (VkCommandBuffer b, VkCommandBufferResetFlags f), (b, f), false)         \
    X(BeginCommandBuffer, (VkCommandBuffer b, const VkCommandBufferBeginInfo *i), (b, i), false)   \
    X(EndCommandBuffer, (VkCommandBuffer b), (b), false)                                           \
    X(ResetFences, (VkDevice d, uint32_t n, const VkFence *f), (d, n, f), true)                    \
    X(WaitForFences, (VkDevice d, uint32_t n, const VkFence *f, VkBool32 a, uint64_t t),           \
      (d, n, f, a, t), true)                                                                       \
    X(GetQueryPoolResults,                                                                         \
      (VkDevice d, VkQueryPool q, uint32_t a, uint32_t n, size_t s, void *p, VkDeviceSize e,       \
       VkQueryResultFlags f),                                                                      \
      (d, q, a, n, s, p, e, f), true)                                                              \
    X(GetPipelineExecutablePropertiesKHR,                                                          \
      (VkDevice d, const VkPipelineInfoKHR *i, uint32_t *n, VkPipelineExecutablePropertiesKHR *p), \
      (d, i, n, p), false)                                                                         \
    X(GetPipelineExecutableStatisticsKHR,                                                          \
      (VkDevice d, const VkPipelineExecutableInfoKHR *i, uint32_t *n,                              \
       VkPipelineExecutableStatisticKHR *s),                                                       \
      (d, i, n, s), false)                                                                         \
    X(QueueWaitIdle, (VkQueue q), (q), true)                                                       \
    X(DeviceWaitIdle, (VkDevice d), (d), true)

#define DEFINE(name, parameters, arguments, lost)                                                  \
    static VKAPI_ATTR VkResult VKAPI_CALL failing_##name parameters                                \
    {                                                                                              \
        const VkResult error = fault("vk" #name, lost);                                            \
        return error ? error : driver.device.name arguments;                                       \
    }
PLAIN(DEFINE)
#undef DEFINE

static VKAPI_ATTR VkResult VKAPI_CALL failing_QueueSubmit(VkQueue queue, uint32_t n,
                                                          const VkSubmitInfo *infos, VkFence fence)
{
    const VkResult error = fault("vkQueueSubmit", true);
    if (error) return error;
    atomic_fetch_add(&state.submits, n);
    atomic_store(&state.busy, true);
    return driver.device.QueueSubmit(queue, n, infos, fence);
}

static VKAPI_ATTR void VKAPI_CALL failing_CmdDispatch(VkCommandBuffer buffer, uint32_t x,
                                                      uint32_t y, uint32_t z)
{
    atomic_fetch_add(&state.dispatches, 1);
    driver.device.CmdDispatch(buffer, x, y, z);
}

static VKAPI_ATTR void VKAPI_CALL failing_CmdDispatchBase(VkCommandBuffer buffer, uint32_t bx,
                                                          uint32_t by, uint32_t bz, uint32_t x,
                                                          uint32_t y, uint32_t z)
{
    atomic_fetch_add(&state.dispatches, 1);
    driver.device.CmdDispatchBase(buffer, bx, by, bz, x, y, z);
}

/* ---- Functions that make and destroy objects of a device ---- */

#define OBJECTS(X)                                                                                 \
    X(CreateBuffer, DestroyBuffer, Buffer, VkBufferCreateInfo)                                     \
    X(CreateBufferView, DestroyBufferView, BufferView, VkBufferViewCreateInfo)                     \
    X(AllocateMemory, FreeMemory, DeviceMemory, VkMemoryAllocateInfo)                              \
    X(CreateShaderModule, DestroyShaderModule, ShaderModule, VkShaderModuleCreateInfo)             \
    X(CreateDescriptorSetLayout, DestroyDescriptorSetLayout, DescriptorSetLayout,                  \
      VkDescriptorSetLayoutCreateInfo)                                                             \
    X(CreateDescriptorPool, DestroyDescriptorPool, DescriptorPool, VkDescriptorPoolCreateInfo)     \
    X(CreatePipelineLayout, DestroyPipelineLayout, PipelineLayout, VkPipelineLayoutCreateInfo)     \
    X(CreatePipelineCache, DestroyPipelineCache, PipelineCache, VkPipelineCacheCreateInfo)         \
    X(CreateCommandPool, DestroyCommandPool, CommandPool, VkCommandPoolCreateInfo)                 \
    X(CreateQueryPool, DestroyQueryPool, QueryPool, VkQueryPoolCreateInfo)                         \
    X(CreateFence, DestroyFence, Fence, VkFenceCreateInfo)

#define DEFINE(create, destroy, kind, info_type)                                                   \
    static VKAPI_ATTR VkResult VKAPI_CALL failing_##create(VkDevice device, const info_type *info, \
                                                           const VkAllocationCallbacks *allocator, \
                                                           Vk##kind *made)                         \
    {                                                                                              \
        VkResult result = fault("vk" #create, false);                                              \
        if (!result) result = driver.device.create(device, info, allocator, made);                 \
        if (!result) count(KIND_##kind, 1);                                                        \
        return result;                                                                             \
    }                                                                                              \
    static VKAPI_ATTR void VKAPI_CALL failing_##destroy(VkDevice device, Vk##kind handle,          \
                                                        const VkAllocationCallbacks *allocator)    \
    {                                                                                              \
        if (handle) count(KIND_##kind, -1);                                                        \
        driver.device.destroy(device, handle, allocator);                                          \
    }
OBJECTS(DEFINE)
#undef DEFINE

static VKAPI_ATTR VkResult VKAPI_CALL failing_CreateComputePipelines(
    VkDevice device, VkPipelineCache cache, uint32_t n, const VkComputePipelineCreateInfo *infos,
    const VkAllocationCallbacks *allocator, VkPipeline *made)
{
    VkResult result = fault("vkCreateComputePipelines", false);
    if (result) {
        for (uint32_t i = 0; i < n; i++) made[i] = VK_NULL_HANDLE;
        return result;
    }
    result = driver.device.CreateComputePipelines(device, cache, n, infos, allocator, made);
    if (!result) count(KIND_Pipeline, (int)n);
    return result;
}

static VKAPI_ATTR void VKAPI_CALL failing_DestroyPipeline(VkDevice device, VkPipeline handle,
                                                          const VkAllocationCallbacks *allocator)
{
    if (handle) count(KIND_Pipeline, -1);
    driver.device.DestroyPipeline(device, handle, allocator);
}

static VKAPI_ATTR void VKAPI_CALL failing_DestroyDevice(VkDevice device,
                                                        const VkAllocationCallbacks *allocator)
{
    count(KIND_Device, -1);
    atomic_store(&state.last_device, VK_NULL_HANDLE);
    atomic_store(&state.lost, false);
    driver.device.DestroyDevice(device, allocator);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL failing_GetDeviceProcAddr(VkDevice device,
                                                                          const char *name)
{
    PFN_vkVoidFunction found = driver.instance.GetDeviceProcAddr(device, name);
    if (!found) return NULL;
#define WRAP(function)                                                                             \
    if (strcmp(name, "vk" #function) == 0) {                                                       \
        driver.device.function = (PFN_vk##function)found;                                          \
        return (PFN_vkVoidFunction)failing_##function;                                             \
    }
#define WRAP_PLAIN(function, parameters, arguments, lost) WRAP(function)
#define WRAP_OBJECT(create, destroy, kind, info)          WRAP(create) WRAP(destroy)
    PLAIN(WRAP_PLAIN)
    OBJECTS(WRAP_OBJECT)
    WRAP(QueueSubmit)
    WRAP(CmdDispatch)
    WRAP(CmdDispatchBase)
    WRAP(CreateComputePipelines)
    WRAP(DestroyPipeline)
    WRAP(DestroyDevice)
#undef WRAP_OBJECT
#undef WRAP_PLAIN
#undef WRAP
    return found;
}

/* ---- The instance ---- */

static VKAPI_ATTR VkResult VKAPI_CALL failing_CreateDevice(VkPhysicalDevice physical,
                                                           const VkDeviceCreateInfo *info,
                                                           const VkAllocationCallbacks *allocator,
                                                           VkDevice *device)
{
    VkResult result = fault("vkCreateDevice", false);
    if (!result) result = driver.instance.CreateDevice(physical, info, allocator, device);
    if (result) return result;
    count(KIND_Device, 1);
    atomic_store(&state.last_device, *device);
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL failing_EnumeratePhysicalDevices(VkInstance instance,
                                                                       uint32_t *n,
                                                                       VkPhysicalDevice *devices)
{
    const VkResult error = fault("vkEnumeratePhysicalDevices", false);
    return error ? error : driver.instance.EnumeratePhysicalDevices(instance, n, devices);
}

static VKAPI_ATTR VkResult VKAPI_CALL failing_EnumerateDeviceExtensionProperties(
    VkPhysicalDevice physical, const char *layer, uint32_t *n, VkExtensionProperties *extensions)
{
    const VkResult error = fault("vkEnumerateDeviceExtensionProperties", false);
    if (error) return error;
    return driver.instance.EnumerateDeviceExtensionProperties(physical, layer, n, extensions);
}

static VKAPI_ATTR VkResult VKAPI_CALL failing_CreateDebugUtilsMessengerEXT(
    VkInstance instance, const VkDebugUtilsMessengerCreateInfoEXT *info,
    const VkAllocationCallbacks *allocator, VkDebugUtilsMessengerEXT *messenger)
{
    VkResult result = fault("vkCreateDebugUtilsMessengerEXT", false);
    if (result) return result;
    result = driver.instance.CreateDebugUtilsMessengerEXT(instance, info, allocator, messenger);
    if (!result) count(KIND_DebugUtilsMessengerEXT, 1);
    return result;
}

static VKAPI_ATTR void VKAPI_CALL failing_DestroyDebugUtilsMessengerEXT(
    VkInstance instance, VkDebugUtilsMessengerEXT messenger, const VkAllocationCallbacks *allocator)
{
    if (messenger) count(KIND_DebugUtilsMessengerEXT, -1);
    driver.instance.DestroyDebugUtilsMessengerEXT(instance, messenger, allocator);
}

static VKAPI_ATTR void VKAPI_CALL failing_DestroyInstance(VkInstance instance,
                                                          const VkAllocationCallbacks *allocator)
{
    count(KIND_Instance, -1);
    driver.instance.DestroyInstance(instance, allocator);
}

static VKAPI_ATTR VkResult VKAPI_CALL failing_CreateInstance(const VkInstanceCreateInfo *info,
                                                             const VkAllocationCallbacks *allocator,
                                                             VkInstance *instance)
{
    VkResult result = fault("vkCreateInstance", false);
    if (!result) result = driver.create_instance(info, allocator, instance);
    if (!result) count(KIND_Instance, 1);
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL failing_EnumerateInstanceExtensionProperties(
    const char *layer, uint32_t *n, VkExtensionProperties *extensions)
{
    const VkResult error = fault("vkEnumerateInstanceExtensionProperties", false);
    return error ? error : driver.extensions(layer, n, extensions);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL failing_GetInstanceProcAddr(VkInstance instance,
                                                                            const char *name)
{
    PFN_vkVoidFunction found = driver.get(instance, name);
    if (!found) return NULL;
#define WRAP(function)                                                                             \
    if (strcmp(name, "vk" #function) == 0) {                                                       \
        driver.instance.function = (PFN_vk##function)found;                                        \
        return (PFN_vkVoidFunction)failing_##function;                                             \
    }
    WRAP(DestroyInstance)
    WRAP(EnumeratePhysicalDevices)
    WRAP(EnumerateDeviceExtensionProperties)
    WRAP(CreateDevice)
    WRAP(GetDeviceProcAddr)
    WRAP(CreateDebugUtilsMessengerEXT)
    WRAP(DestroyDebugUtilsMessengerEXT)
#undef WRAP
    return found;
}

void failing_driver_install(void)
{
    driver.get = vkGetInstanceProcAddr;
    driver.create_instance = vkCreateInstance;
    driver.extensions = vkEnumerateInstanceExtensionProperties;
    vkGetInstanceProcAddr = failing_GetInstanceProcAddr;
    vkCreateInstance = failing_CreateInstance;
    vkEnumerateInstanceExtensionProperties = failing_EnumerateInstanceExtensionProperties;
}
