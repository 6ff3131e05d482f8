#include "gpu/descriptor.h"

vrn_result vrn_descriptor_pool_create(VkDescriptorPool *pool, vrn_device *device, uint32_t sets,
                                      uint32_t storage_buffers, uint32_t texel_buffers,
                                      uint32_t sampled_images)
{
    VkDescriptorPoolSize sizes[3] = {{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, storage_buffers}};
    uint32_t size_count = 1;
    if (texel_buffers > 0) {
        sizes[size_count++] =
            (VkDescriptorPoolSize){VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, texel_buffers};
    }
    if (sampled_images > 0) {
        sizes[size_count++] =
            (VkDescriptorPoolSize){VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, sampled_images};
    }
    const VkDescriptorPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = sets,
        .poolSizeCount = size_count,
        .pPoolSizes = sizes,
    };
    *pool = VK_NULL_HANDLE;
    return vrn_device_check(device,
                            device->vk.CreateDescriptorPool(device->handle, &info, NULL, pool),
                            "vkCreateDescriptorPool");
}

vrn_result vrn_descriptor_set_create(VkDescriptorSet *set, vrn_device *device,
                                     VkDescriptorPool pool, const vrn_pipeline *pipeline,
                                     const vrn_binding *bindings, uint32_t count)
{
    const VkDescriptorSetAllocateInfo allocation = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = pool,
        .descriptorSetCount = 1,
        .pSetLayouts = &pipeline->set_layout,
    };
    vrn_result result = vrn_device_check(
        device, device->vk.AllocateDescriptorSets(device->handle, &allocation, set),
        "vkAllocateDescriptorSets");
    if (result) return result;
    VkDescriptorBufferInfo infos[VRN_MAX_BINDINGS];
    VkDescriptorImageInfo images[VRN_MAX_BINDINGS];
    VkWriteDescriptorSet writes[VRN_MAX_BINDINGS];
    for (uint32_t i = 0; i < count; i++) {
        const vrn_binding *b = &bindings[i];
        infos[i] = (VkDescriptorBufferInfo){b->range.buffer, b->range.offset, b->range.bytes};
        images[i] = (VkDescriptorImageInfo){.imageView = b->image, .imageLayout = b->layout};
        writes[i] = (VkWriteDescriptorSet){
            .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
            .dstSet = *set,
            .dstBinding = b->binding,
            .descriptorCount = 1,
            .descriptorType = b->view    ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                              : b->image ? VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE
                                         : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .pBufferInfo = &infos[i],
            .pTexelBufferView = &b->view,
            .pImageInfo = &images[i],
        };
    }
    device->vk.UpdateDescriptorSets(device->handle, count, writes, 0, NULL);
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
    return vrn_device_check(device, device->vk.CreateBufferView(device->handle, &info, NULL, view),
                            "vkCreateBufferView");
}
