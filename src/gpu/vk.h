/* Vulkan's functions, in tables that belong to one device.
 *
 * volk only opens the loader. Its own tables are not used: its instance functions are process-wide
 * variables, and volkLoadDeviceTable asks one of them for every function, so that two libraries or
 * an application with a loader of its own would disturb each other. The lists below are also all
 * that the library asks of a driver. */
#ifndef VRN_GPU_VK_H
#define VRN_GPU_VK_H

#include <vulkan/vulkan_core.h>

#include "gpu/vk_matrix.h"

#define VRN_INSTANCE_FUNCTIONS(X)                                                                  \
    X(DestroyInstance)                                                                             \
    X(EnumeratePhysicalDevices)                                                                    \
    X(GetPhysicalDeviceProperties)                                                                 \
    X(GetPhysicalDeviceProperties2)                                                                \
    X(GetPhysicalDeviceFeatures2)                                                                  \
    X(GetPhysicalDeviceMemoryProperties)                                                           \
    X(GetPhysicalDeviceQueueFamilyProperties)                                                      \
    X(EnumerateDeviceExtensionProperties)                                                          \
    X(CreateDevice)                                                                                \
    X(GetDeviceProcAddr)

/* NULL where the loader knows no device with VK_EXT_debug_utils, VK_KHR_cooperative_matrix or
 * VK_NV_cooperative_matrix2. */
#define VRN_INSTANCE_FUNCTIONS_OPTIONAL(X)                                                         \
    X(CreateDebugUtilsMessengerEXT)                                                                \
    X(DestroyDebugUtilsMessengerEXT)                                                               \
    X(GetPhysicalDeviceCooperativeMatrixPropertiesKHR)                                             \
    X(GetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV)

#define VRN_DEVICE_FUNCTIONS(X)                                                                    \
    X(DestroyDevice)                                                                               \
    X(GetDeviceQueue)                                                                              \
    X(DeviceWaitIdle)                                                                              \
    X(QueueSubmit)                                                                                 \
    X(QueueWaitIdle)                                                                               \
    X(CreateBuffer)                                                                                \
    X(DestroyBuffer)                                                                               \
    X(GetBufferMemoryRequirements)                                                                 \
    X(CreateBufferView)                                                                            \
    X(DestroyBufferView)                                                                           \
    X(AllocateMemory)                                                                              \
    X(FreeMemory)                                                                                  \
    X(BindBufferMemory)                                                                            \
    X(MapMemory)                                                                                   \
    X(CreateShaderModule)                                                                          \
    X(DestroyShaderModule)                                                                         \
    X(GetDescriptorSetLayoutSupport)                                                               \
    X(CreateDescriptorSetLayout)                                                                   \
    X(DestroyDescriptorSetLayout)                                                                  \
    X(CreateDescriptorPool)                                                                        \
    X(DestroyDescriptorPool)                                                                       \
    X(ResetDescriptorPool)                                                                         \
    X(AllocateDescriptorSets)                                                                      \
    X(UpdateDescriptorSets)                                                                        \
    X(CreatePipelineLayout)                                                                        \
    X(DestroyPipelineLayout)                                                                       \
    X(CreatePipelineCache)                                                                         \
    X(DestroyPipelineCache)                                                                        \
    X(GetPipelineCacheData)                                                                        \
    X(MergePipelineCaches)                                                                         \
    X(CreateComputePipelines)                                                                      \
    X(DestroyPipeline)                                                                             \
    X(CreateCommandPool)                                                                           \
    X(DestroyCommandPool)                                                                          \
    X(AllocateCommandBuffers)                                                                      \
    X(ResetCommandBuffer)                                                                          \
    X(BeginCommandBuffer)                                                                          \
    X(EndCommandBuffer)                                                                            \
    X(CmdBindPipeline)                                                                             \
    X(CmdBindDescriptorSets)                                                                       \
    X(CmdPushConstants)                                                                            \
    X(CmdDispatch)                                                                                 \
    X(CmdDispatchBase)                                                                             \
    X(CmdCopyBuffer)                                                                               \
    X(CmdPipelineBarrier)                                                                          \
    X(CmdResetQueryPool)                                                                           \
    X(CmdWriteTimestamp)                                                                           \
    X(CreateQueryPool)                                                                             \
    X(DestroyQueryPool)                                                                            \
    X(GetQueryPoolResults)                                                                         \
    X(CreateFence)                                                                                 \
    X(DestroyFence)                                                                                \
    X(ResetFences)                                                                                 \
    X(WaitForFences)

#define VRN_DEVICE_FUNCTIONS_OPTIONAL(X)                                                           \
    X(SetDebugUtilsObjectNameEXT)                                                                  \
    X(CmdBeginDebugUtilsLabelEXT)                                                                  \
    X(CmdEndDebugUtilsLabelEXT)

/* NULL without VRN_CAPABILITY_PIPELINE_STATISTICS. */
#define VRN_DEVICE_FUNCTIONS_STATISTICS(X)                                                         \
    X(GetPipelineExecutablePropertiesKHR)                                                          \
    X(GetPipelineExecutableStatisticsKHR)

/* NULL without VRN_CAPABILITY_BUFFER_ADDRESSES, or where the host cannot reset queries. With an API
 * below 1.2 the names end in KHR and EXT. */
#define VRN_DEVICE_FUNCTIONS_RENAMED(X) X(GetBufferDeviceAddress) X(ResetQueryPool)

#define VRN_DECLARE(name) PFN_vk##name name;

typedef struct vrn_instance_table {
    VRN_INSTANCE_FUNCTIONS(VRN_DECLARE)
    VRN_INSTANCE_FUNCTIONS_OPTIONAL(VRN_DECLARE)
} vrn_instance_table;

typedef struct vrn_device_table {
    VRN_DEVICE_FUNCTIONS(VRN_DECLARE)
    VRN_DEVICE_FUNCTIONS_OPTIONAL(VRN_DECLARE)
    VRN_DEVICE_FUNCTIONS_STATISTICS(VRN_DECLARE)
    VRN_DEVICE_FUNCTIONS_RENAMED(VRN_DECLARE)
} vrn_device_table;

#undef VRN_DECLARE

#endif
