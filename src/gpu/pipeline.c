#include "gpu/pipeline.h"

#include <string.h>

#include "base/alloc.h"
#include "base/util.h"

typedef struct stored_layout {
    uint32_t bindings, texel, push_bytes;
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
} stored_layout;

typedef struct stored_pipeline {
    vrn_pipeline_key key;
    vrn_pipeline pipeline;
} stored_pipeline;

struct vrn_pipeline_store {
    vrn_mutex *lock;
    VkPipelineCache cache;
    stored_layout *layouts;
    uint32_t layout_count;
    stored_pipeline *pipelines;
    uint32_t pipeline_count, pipeline_capacity;
};

vrn_result vrn_pipeline_store_create(vrn_device *device)
{
    struct vrn_pipeline_store *store = vrn_alloc(1, sizeof *store);
    if (!store) return vrn_fail_memory(&device->log);
    device->pipelines = store;
    store->lock = vrn_mutex_create();
    if (!store->lock) return vrn_fail_memory(&device->log);
    const VkPipelineCacheCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
    };
    return vrn_device_check(
        device, device->vk.CreatePipelineCache(device->handle, &info, NULL, &store->cache),
        "vkCreatePipelineCache");
}

void vrn_pipeline_store_destroy(vrn_device *device)
{
    struct vrn_pipeline_store *store = device->pipelines;
    if (!store) return;
    for (uint32_t i = 0; i < store->pipeline_count; i++) {
        device->vk.DestroyPipeline(device->handle, store->pipelines[i].pipeline.handle, NULL);
    }
    for (uint32_t i = 0; i < store->layout_count; i++) {
        const stored_layout *layout = &store->layouts[i];
        device->vk.DestroyPipelineLayout(device->handle, layout->layout, NULL);
        device->vk.DestroyDescriptorSetLayout(device->handle, layout->set_layout, NULL);
    }
    if (store->cache) device->vk.DestroyPipelineCache(device->handle, store->cache, NULL);
    vrn_mutex_destroy(&store->lock);
    vrn_free(store->pipelines);
    vrn_free(store->layouts);
    vrn_free(store);
    device->pipelines = NULL;
}

static vrn_result create_layout(stored_layout *layout, vrn_device *device,
                                const vrn_pipeline_key *key)
{
    VkDescriptorSetLayoutBinding bindings[VRN_MAX_BINDINGS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < VRN_MAX_BINDINGS; i++) {
        if (!(key->bindings & (1u << i))) continue;
        bindings[count++] = (VkDescriptorSetLayoutBinding){
            .binding = i,
            .descriptorType = key->texel & (1u << i) ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                                                     : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
        };
    }
    const VkDescriptorSetLayoutCreateInfo set_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = count,
        .pBindings = bindings,
    };
    *layout = (stored_layout){
        .bindings = key->bindings, .texel = key->texel, .push_bytes = key->push_bytes};
    vrn_result result = vrn_device_check(
        device,
        device->vk.CreateDescriptorSetLayout(device->handle, &set_info, NULL, &layout->set_layout),
        "vkCreateDescriptorSetLayout");
    if (result) return result;

    const VkPushConstantRange range = {
        .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
        .size = key->push_bytes,
    };
    const VkPipelineLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &layout->set_layout,
        .pushConstantRangeCount = key->push_bytes ? 1 : 0,
        .pPushConstantRanges = &range,
    };
    result = vrn_device_check(
        device, device->vk.CreatePipelineLayout(device->handle, &info, NULL, &layout->layout),
        "vkCreatePipelineLayout");
    if (result) {
        device->vk.DestroyDescriptorSetLayout(device->handle, layout->set_layout, NULL);
    }
    return result;
}

static vrn_result get_layout(stored_layout *layout, vrn_device *device, const vrn_pipeline_key *key)
{
    struct vrn_pipeline_store *store = device->pipelines;
    for (uint32_t i = 0; i < store->layout_count; i++) {
        const stored_layout *l = &store->layouts[i];
        if (l->bindings == key->bindings && l->texel == key->texel &&
            l->push_bytes == key->push_bytes) {
            *layout = *l;
            return VRN_OK;
        }
    }
    stored_layout *grown =
        vrn_realloc(store->layouts, (size_t)store->layout_count + 1, sizeof *grown);
    if (!grown) return vrn_fail_memory(&device->log);
    store->layouts = grown;
    vrn_result result = create_layout(layout, device, key);
    if (!result) store->layouts[store->layout_count++] = *layout;
    return result;
}

static vrn_result create_pipeline(vrn_pipeline *pipeline, vrn_device *device,
                                  const vrn_pipeline_key *key, VkPipelineCreateFlags flags)
{
    stored_layout layout;
    vrn_result result = get_layout(&layout, device, key);
    if (result) return result;
    *pipeline = (vrn_pipeline){.layout = layout.layout, .set_layout = layout.set_layout};

    const VkShaderModuleCreateInfo module_info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = key->module->size,
        .pCode = key->module->words,
    };
    VkShaderModule module;
    result = vrn_device_check(
        device, device->vk.CreateShaderModule(device->handle, &module_info, NULL, &module),
        "vkCreateShaderModule");
    if (result) return result;

    VkSpecializationMapEntry entries[VRN_MAX_CONSTANTS];
    for (uint32_t i = 0; i < key->constant_count; i++) {
        entries[i] = (VkSpecializationMapEntry){
            .constantID = key->constant_ids[i],
            .offset = i * (uint32_t)sizeof key->constants[0],
            .size = sizeof key->constants[0],
        };
    }
    const VkSpecializationInfo specialization = {
        .mapEntryCount = key->constant_count,
        .pMapEntries = entries,
        .dataSize = key->constant_count * sizeof key->constants[0],
        .pData = key->constants,
    };
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .flags = flags,
        .stage =
            {
                .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                .module = module,
                .pName = "main",
                .pSpecializationInfo = &specialization,
            },
        .layout = layout.layout,
    };
    VkResult created = device->vk.CreateComputePipelines(device->handle, device->pipelines->cache,
                                                         1, &info, NULL, &pipeline->handle);
    device->vk.DestroyShaderModule(device->handle, module, NULL);
    if (created == VK_SUCCESS) {
        vrn_device_name(device, VK_OBJECT_TYPE_PIPELINE, (uint64_t)pipeline->handle, "%s",
                        key->module->name);
    }
    return vrn_device_check(device, created, "vkCreateComputePipelines");
}

vrn_result vrn_pipeline_get(vrn_pipeline *pipeline, vrn_device *device, const vrn_pipeline_key *key)
{
    struct vrn_pipeline_store *store = device->pipelines;
    vrn_result result = VRN_OK;
    vrn_mutex_lock(store->lock);
    for (uint32_t i = 0; i < store->pipeline_count; i++) {
        if (memcmp(&store->pipelines[i].key, key, sizeof *key) == 0) {
            *pipeline = store->pipelines[i].pipeline;
            goto done;
        }
    }
    if (store->pipeline_count == store->pipeline_capacity) {
        uint32_t capacity = store->pipeline_capacity ? store->pipeline_capacity * 2 : 32;
        stored_pipeline *grown = vrn_realloc(store->pipelines, capacity, sizeof *grown);
        if (!grown) {
            result = vrn_fail_memory(&device->log);
            goto done;
        }
        store->pipelines = grown;
        store->pipeline_capacity = capacity;
    }
    result = create_pipeline(pipeline, device, key, 0);
    if (!result) {
        store->pipelines[store->pipeline_count++] =
            (stored_pipeline){.key = *key, .pipeline = *pipeline};
    }
done:
    vrn_mutex_unlock(store->lock);
    return result;
}

vrn_result vrn_pipeline_create_measured(vrn_pipeline *pipeline, vrn_device *device,
                                        const vrn_pipeline_key *key)
{
    vrn_mutex_lock(device->pipelines->lock);
    vrn_result result =
        create_pipeline(pipeline, device, key, VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR);
    vrn_mutex_unlock(device->pipelines->lock);
    return result;
}

void vrn_pipeline_bind(const vrn_pipeline *pipeline, const vrn_device *device,
                       VkCommandBuffer buffer, VkDescriptorSet set, const void *push,
                       uint32_t push_bytes)
{
    device->vk.CmdBindPipeline(buffer, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline->handle);
    device->vk.CmdBindDescriptorSets(buffer, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline->layout, 0, 1,
                                     &set, 0, NULL);
    device->vk.CmdPushConstants(buffer, pipeline->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                push_bytes, push);
}
