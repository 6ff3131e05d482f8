#include "session/image_layout.h"

#include "base/util.h"

bool vrn_image_layout_readable(VkImageLayout layout)
{
    static const VkImageLayout readable[] = {
        VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
        VK_IMAGE_LAYOUT_READ_ONLY_OPTIMAL,
        VK_IMAGE_LAYOUT_GENERAL,
        VK_IMAGE_LAYOUT_SHARED_PRESENT_KHR,
    };
    for (uint32_t i = 0; i < VRN_COUNT(readable); i++) {
        if (readable[i] == layout) return true;
    }
    return false;
}

/* Whether an earlier entry has the same level and layer of the same image, as when two entries are
 * regions of one picture. */
static bool repeated(const vrn_record_image *images, uint32_t index)
{
    const vrn_record_image *image = &images[index];
    for (uint32_t i = 0; i < index; i++) {
        if (images[i].image == image->image && images[i].level == image->level &&
            images[i].layer == image->layer && !vrn_image_layout_readable(images[i].layout)) {
            return true;
        }
    }
    return false;
}

void vrn_image_layouts_change(const vrn_record_image *images, uint32_t count, bool back,
                              bool chained, const vrn_device *device, VkCommandBuffer buffer)
{
    const VkPipelineStageFlags shader = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
    const VkPipelineStageFlags outside = chained ? shader : VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkAccessFlags before = chained ? VK_ACCESS_SHADER_READ_BIT : VK_ACCESS_MEMORY_WRITE_BIT;
    const VkAccessFlags after =
        chained ? 0 : VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
    const VkImageLayout read = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL;
    for (uint32_t i = 0; i < count; i++) {
        const vrn_record_image *image = &images[i];
        if (vrn_image_layout_readable(image->layout) || repeated(images, i)) continue;
        const VkImageMemoryBarrier change = {
            .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
            .srcAccessMask = back ? 0 : before,
            .dstAccessMask = back ? after : VK_ACCESS_SHADER_READ_BIT,
            .oldLayout = back ? read : image->layout,
            .newLayout = back ? image->layout : read,
            .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
            .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
            .image = image->image,
            .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, image->level, 1, image->layer, 1},
        };
        device->vk.CmdPipelineBarrier(buffer, back ? shader : outside, back ? outside : shader, 0,
                                      0, NULL, 0, NULL, 1, &change);
    }
}
