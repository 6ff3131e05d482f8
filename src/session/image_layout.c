#include "session/image_layout.h"

#include "base/util.h"

VkImageLayout vrn_image_layout_read(const vrn_record_image *image, bool storage)
{
    static const VkImageLayout readable[] = {
        /* also as a storage image */
        VK_IMAGE_LAYOUT_GENERAL,
        VK_IMAGE_LAYOUT_SHARED_PRESENT_KHR,
        /* only sampled */
        VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
        VK_IMAGE_LAYOUT_READ_ONLY_OPTIMAL,
    };
    const uint32_t count = storage ? 2 : VRN_COUNT(readable);
    for (uint32_t i = 0; i < count; i++) {
        if (readable[i] == image->layout) return image->layout;
    }
    return readable[storage ? 0 : 2];
}

/* True if an earlier entry changes the same level and layer of the same image, as when two entries
 * are regions of one picture. */
static bool repeated(const vrn_image_changes *c, uint32_t index)
{
    const vrn_record_image *image = &c->images[index];
    for (uint32_t i = 0; i < index; i++) {
        const vrn_record_image *other = &c->images[i];
        if (other->image == image->image && other->level == image->level &&
            other->layer == image->layer &&
            (c->transfer || vrn_image_layout_read(other, c->storage) != other->layout)) {
            return true;
        }
    }
    return false;
}

/* One side of a change. */
typedef struct side {
    VkPipelineStageFlags stages;
    VkAccessFlags access;
} side;

static void change(const vrn_image_changes *c, bool back, side before, side after,
                   const vrn_device *device, VkCommandBuffer buffer)
{
    for (uint32_t i = 0; i < c->count; i++) {
        const vrn_record_image *image = &c->images[i];
        const VkImageLayout read = vrn_image_layout_read(image, c->storage);
        if ((read == image->layout && !c->transfer) || repeated(c, i)) continue;
        VkImageMemoryBarrier barrier = {
            .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
            .srcAccessMask = before.access,
            .dstAccessMask = after.access,
            .oldLayout = back ? read : image->layout,
            .newLayout = back ? image->layout : read,
            .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
            .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
            .image = image->image,
            .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, image->level, 1, image->layer, 1},
        };
        if (c->transfer) {
            barrier.srcQueueFamilyIndex = back ? c->user : c->owner;
            barrier.dstQueueFamilyIndex = back ? c->owner : c->user;
        }
        device->vk.CmdPipelineBarrier(buffer, before.stages, after.stages, 0, 0, NULL, 0, NULL, 1,
                                      &barrier);
    }
}

/* In a transfer each half has the accesses of its own family; a semaphore orders the halves. */
void vrn_image_changes_record(const vrn_image_changes *c, bool back, const vrn_device *device,
                              VkCommandBuffer buffer)
{
    const VkPipelineStageFlags shader = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
    const bool chained = back ? c->output_chained : c->input_chained;
    side outside = {chained ? shader : VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0};
    if (!c->transfer && back) {
        outside.access = chained ? 0 : VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
    } else if (!c->transfer) {
        outside.access = chained ? VK_ACCESS_SHADER_READ_BIT : VK_ACCESS_MEMORY_WRITE_BIT;
    }
    const side reading = {shader, back ? 0 : VK_ACCESS_SHADER_READ_BIT};
    change(c, back, back ? reading : outside, back ? outside : reading, device, buffer);
}

void vrn_image_changes_hand_over(const vrn_image_changes *c, bool back, const vrn_device *device,
                                 VkCommandBuffer buffer)
{
    const VkPipelineStageFlags all = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const side between = {all, 0};
    const side owner = {all, back ? VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT
                                  : VK_ACCESS_MEMORY_WRITE_BIT};
    if (!c->transfer) return;
    change(c, back, back ? between : owner, back ? owner : between, device, buffer);
}
