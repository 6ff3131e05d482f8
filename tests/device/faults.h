/* A driver with a fault, for tests of the code that finds faults: the functions in a device's table
 * are replaced, so the library itself is unchanged. One device at a time. */
#ifndef VRN_TESTS_DEVICE_FAULTS_H
#define VRN_TESTS_DEVICE_FAULTS_H

#include <stdatomic.h>
#include <string.h>

#include "gpu/device.h"
#include "gpu/module.h"

/* What is wrong with the pipelines of one shader. */
typedef enum fault_kind {
    FAULT_NONE,
    FAULT_SKIPS,    /* the last work groups along x are never run */
    FAULT_CONSTANT, /* one of its specialization constants is another */
    FAULT_REFUSED,  /* it cannot be compiled */
    FAULT_LOST,     /* running it loses the device */
} fault_kind;

enum { FAULT_PIPELINES = 256 };

static struct {
    fault_kind kind;
    const vrn_module *module;     /* whose pipelines; NULL: all that are made from now on */
    uint32_t changed, changed_to; /* FAULT_CONSTANT: id and value */
    _Atomic(VkPipeline) pipelines[FAULT_PIPELINES];
    atomic_uint pipeline_count;
    bool bound, recorded; /* such a pipeline, in the command buffer at hand */
    atomic_uint hit;      /* how often the fault struck */

    /* a bit of the last memory that was mapped flips at this submission since; 0: never */
    uint32_t flip_at;
    uint32_t submissions;
    void *mapped;
    vrn_device_table vk; /* the driver's */
} fault;

/* True if the shader that this thread made last is the faulty one: its pipeline comes next. */
static _Thread_local bool fault_meant;

static VkResult VKAPI_CALL fault_CreateShaderModule(VkDevice device,
                                                    const VkShaderModuleCreateInfo *info,
                                                    const VkAllocationCallbacks *allocator,
                                                    VkShaderModule *shader)
{
    fault_meant = fault.kind && (!fault.module || info->pCode == fault.module->words);
    return fault.vk.CreateShaderModule(device, info, allocator, shader);
}

/* Where the constant of an id stands among those that are given, or NULL. */
static uint32_t *fault_constant(const VkSpecializationInfo *info, uint32_t id, uint32_t *data)
{
    for (uint32_t i = 0; i < info->mapEntryCount; i++) {
        if (info->pMapEntries[i].constantID == id) {
            return data + info->pMapEntries[i].offset / sizeof *data;
        }
    }
    return NULL;
}

static VkResult VKAPI_CALL fault_CreateComputePipelines(VkDevice device, VkPipelineCache cache,
                                                        uint32_t count,
                                                        const VkComputePipelineCreateInfo *infos,
                                                        const VkAllocationCallbacks *allocator,
                                                        VkPipeline *pipelines)
{
    VkComputePipelineCreateInfo info = infos[0];
    VkSpecializationInfo constants = *info.stage.pSpecializationInfo;
    uint32_t data[64];
    memcpy(data, constants.pData, constants.dataSize);
    if (fault_meant && fault.kind == FAULT_REFUSED) {
        fault.hit++;
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    uint32_t *changed = fault_constant(&constants, fault.changed, data);
    if (fault_meant && fault.kind == FAULT_CONSTANT && changed && *changed != fault.changed_to) {
        fault.hit++;
        *changed = fault.changed_to;
    }
    constants.pData = data;
    info.stage.pSpecializationInfo = &constants;
    VkResult result =
        fault.vk.CreateComputePipelines(device, cache, count, &info, allocator, pipelines);
    uint32_t place = fault_meant ? atomic_fetch_add(&fault.pipeline_count, 1) : FAULT_PIPELINES;
    if (place < FAULT_PIPELINES) fault.pipelines[place] = pipelines[0];
    return result;
}

static void VKAPI_CALL fault_CmdBindPipeline(VkCommandBuffer buffer, VkPipelineBindPoint point,
                                             VkPipeline pipeline)
{
    fault.bound = false;
    for (uint32_t i = 0; i < fault.pipeline_count; i++) {
        fault.bound = fault.bound || fault.pipelines[i] == pipeline;
    }
    fault.vk.CmdBindPipeline(buffer, point, pipeline);
}

static void VKAPI_CALL fault_CmdDispatch(VkCommandBuffer buffer, uint32_t x, uint32_t y, uint32_t z)
{
    if (fault.bound && fault.kind == FAULT_SKIPS) {
        fault.hit++;
        x--;
    }
    if (fault.bound && fault.kind == FAULT_LOST) fault.recorded = true;
    if (x > 0) fault.vk.CmdDispatch(buffer, x, y, z);
}

static VkResult VKAPI_CALL fault_MapMemory(VkDevice device, VkDeviceMemory memory,
                                           VkDeviceSize offset, VkDeviceSize size,
                                           VkMemoryMapFlags flags, void **mapped)
{
    VkResult result = fault.vk.MapMemory(device, memory, offset, size, flags, mapped);
    fault.mapped = *mapped;
    fault.submissions = 0;
    return result;
}

static VkResult VKAPI_CALL fault_QueueSubmit(VkQueue queue, uint32_t count,
                                             const VkSubmitInfo *infos, VkFence fence)
{
    if (fault.recorded) {
        fault.hit++;
        return VK_ERROR_DEVICE_LOST;
    }
    if (++fault.submissions == fault.flip_at) {
        fault.hit++;
        *(uint32_t *)fault.mapped ^= UINT32_C(1) << 31;
    }
    return fault.vk.QueueSubmit(queue, count, infos, fence);
}

/* Faulty from now on; kind and the rest are set afterwards. */
static void fault_install(vrn_device *device)
{
    memset(&fault, 0, sizeof fault);
    fault.changed = UINT32_MAX;
    fault.vk = device->vk;
    /* Modules come as they are: their addresses say which is meant. */
    device->quirks.freeze_constants = false;
#define FAULT_USE(name) device->vk.name = fault_##name;
    FAULT_USE(CreateShaderModule)
    FAULT_USE(CreateComputePipelines)
    FAULT_USE(CmdBindPipeline)
    FAULT_USE(CmdDispatch)
    FAULT_USE(MapMemory)
    FAULT_USE(QueueSubmit)
#undef FAULT_USE
}

#endif
