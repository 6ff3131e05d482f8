#include "gpu/descriptor.h"

#include "base/alloc.h"
#include "base/util.h"

vrn_result vrn_descriptor_pool_reserve(vrn_descriptor_pool *pool, vrn_device *device,
                                       vrn_descriptor_counts counts)
{
    const vrn_descriptor_counts *room = &pool->counts;
    if (pool->handle && room->sets >= counts.sets &&
        room->storage_buffers >= counts.storage_buffers &&
        room->texel_buffers >= counts.texel_buffers &&
        room->array_buffers >= counts.array_buffers &&
        room->sampled_images >= counts.sampled_images &&
        room->storage_images >= counts.storage_images) {
        return VRN_CALL(device, ResetDescriptorPool, pool->handle, 0);
    }
    vrn_descriptor_pool_destroy(pool, device);
    const VkDescriptorPoolSize all[] = {
        {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, counts.storage_buffers + counts.array_buffers},
        {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, counts.texel_buffers},
        {VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, counts.sampled_images},
        {VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, counts.storage_images},
    };
    VkDescriptorPoolSize sizes[VRN_COUNT(all)];
    uint32_t size_count = 0;
    for (uint32_t i = 0; i < VRN_COUNT(all); i++) {
        if (all[i].descriptorCount > 0) sizes[size_count++] = all[i];
    }
    const VkDescriptorPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .flags = counts.array_buffers ? VK_DESCRIPTOR_POOL_CREATE_UPDATE_AFTER_BIND_BIT : 0,
        .maxSets = counts.sets,
        .poolSizeCount = size_count,
        .pPoolSizes = sizes,
    };
    vrn_result result = VRN_CALL(device, CreateDescriptorPool, &info, device->host, &pool->handle);
    pool->counts = counts;
    if (result) *pool = (vrn_descriptor_pool){0};
    return result;
}

void vrn_descriptor_pool_destroy(vrn_descriptor_pool *pool, vrn_device *device)
{
    if (pool->handle) device->vk.DestroyDescriptorPool(device->handle, pool->handle, device->host);
    *pool = (vrn_descriptor_pool){0};
}

static uint32_t descriptors(const vrn_binding *b)
{
    if (!b->block_bytes) return 1;
    return b->before_count + (uint32_t)((b->range.bytes + b->block_bytes - 1) / b->block_bytes);
}

static vrn_result allocate_set(VkDescriptorSet *set, vrn_device *device, VkDescriptorPool pool,
                               const vrn_pipeline *pipeline, const vrn_binding *last)
{
    const uint32_t length = descriptors(last);
    const VkDescriptorSetVariableDescriptorCountAllocateInfo array = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_VARIABLE_DESCRIPTOR_COUNT_ALLOCATE_INFO,
        .descriptorSetCount = 1,
        .pDescriptorCounts = &length,
    };
    const VkDescriptorSetAllocateInfo allocation = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .pNext = last->block_bytes ? &array : NULL,
        .descriptorPool = pool,
        .descriptorSetCount = 1,
        .pSetLayouts = &pipeline->set_layout,
    };
    return VRN_CALL(device, AllocateDescriptorSets, &allocation, set);
}

vrn_result vrn_descriptor_set_create(VkDescriptorSet *set, vrn_device *device,
                                     VkDescriptorPool pool, const vrn_pipeline *pipeline,
                                     const vrn_binding *bindings, uint32_t count)
{
    vrn_result result = allocate_set(set, device, pool, pipeline, &bindings[count - 1]);
    if (result) return result;
    uint32_t total = 0, used = 0;
    for (uint32_t i = 0; i < count; i++) total += descriptors(&bindings[i]);
    VkDescriptorBufferInfo *infos = vrn_alloc(total, sizeof *infos);
    if (!infos) return vrn_fail_memory(&device->log);
    VkDescriptorImageInfo images[VRN_MAX_BINDINGS];
    VkWriteDescriptorSet writes[VRN_MAX_BINDINGS];
    for (uint32_t i = 0; i < count; i++) {
        const vrn_binding *b = &bindings[i];
        images[i] = (VkDescriptorImageInfo){.imageView = b->image, .imageLayout = b->layout};
        writes[i] = (VkWriteDescriptorSet){
            .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
            .dstSet = *set,
            .dstBinding = b->binding,
            .descriptorCount = descriptors(b),
            .descriptorType = b->view      ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                              : b->storage ? VK_DESCRIPTOR_TYPE_STORAGE_IMAGE
                              : b->image   ? VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE
                                           : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .pBufferInfo = &infos[used],
            .pTexelBufferView = &b->view,
            .pImageInfo = &images[i],
        };
        for (uint32_t k = 0; k < b->before_count; k++) {
            const vrn_range *r = &b->before[k];
            infos[used++] = (VkDescriptorBufferInfo){r->buffer, r->offset, r->bytes};
        }
        const uint64_t step = b->block_bytes ? b->block_bytes : b->range.bytes;
        for (uint64_t at = 0; at < b->range.bytes; at += step) {
            infos[used++] = (VkDescriptorBufferInfo){b->range.buffer, b->range.offset + at,
                                                     vrn_min_u64(step, b->range.bytes - at)};
        }
    }
    device->vk.UpdateDescriptorSets(device->handle, count, writes, 0, NULL);
    vrn_free(infos);
    return VRN_OK;
}

vrn_result vrn_texel_view_create(VkBufferView *view, vrn_device *device, vrn_range range,
                                 VkFormat format)
{
    const VkBufferViewCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
        .buffer = range.buffer,
        .format = format,
        .offset = range.offset,
        .range = range.bytes,
    };
    *view = VK_NULL_HANDLE;
    return VRN_CALL(device, CreateBufferView, &info, device->host, view);
}
