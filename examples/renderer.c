#include "renderer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VOLK_IMPLEMENTATION
#include <volk.h>

#include <scene.frag.spv.h> /* made from scene.frag and scene.vert */
#include <scene.vert.spv.h>

void renderer_check(VkResult result, const char *what)
{
    if (result == VK_SUCCESS) return;
    fprintf(stderr, "%s: VkResult %d\n", what, (int)result);
    exit(1);
}

#define CHECK(call) renderer_check(call, #call)

/* ---- Instance and device ---- */

static VKAPI_ATTR VkBool32 VKAPI_CALL complain(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                               VkDebugUtilsMessageTypeFlagsEXT types,
                                               const VkDebugUtilsMessengerCallbackDataEXT *data,
                                               void *user)
{
    (void)severity, (void)types;
    ++*(uint32_t *)user;
    fprintf(stderr, "validation: %s\n", data->pMessage);
    return VK_FALSE;
}

static void choose_physical(renderer *r)
{
    uint32_t count = 1;
    VkResult found = vkEnumeratePhysicalDevices(r->instance, &count, &r->physical);
    if (count == 0)
        renderer_check(found ? found : VK_ERROR_INITIALIZATION_FAILED, "no Vulkan device");
    vkGetPhysicalDeviceMemoryProperties(r->physical, &r->memory);
    VkQueueFamilyProperties families[16];
    count = 16;
    vkGetPhysicalDeviceQueueFamilyProperties(r->physical, &count, families);
    const VkQueueFlags wanted = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
    while (r->family + 1 < count && (families[r->family].queueFlags & wanted) != wanted)
        r->family++;
}

void renderer_start(renderer *r, bool validation, const char *const *extensions,
                    uint32_t extension_count)
{
    *r = (renderer){0};
    const char *const layer = "VK_LAYER_KHRONOS_validation";
    const char *enabled[16] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME,
                               VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME};
    uint32_t enabled_count = validation ? 2 : 0;
    for (uint32_t i = 0; i < extension_count && enabled_count < 16; i++) {
        enabled[enabled_count++] = extensions[i];
    }
    const VkValidationFeatureEnableEXT enable =
        VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    const VkValidationFeaturesEXT features = {
        .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
        .enabledValidationFeatureCount = 1,
        .pEnabledValidationFeatures = &enable,
    };
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pNext = validation ? &features : NULL,
        .pApplicationInfo = &(VkApplicationInfo){.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                                 .apiVersion = VK_API_VERSION_1_2},
        .enabledLayerCount = validation,
        .ppEnabledLayerNames = &layer,
        .enabledExtensionCount = enabled_count,
        .ppEnabledExtensionNames = enabled,
    };
    CHECK(volkInitialize());
    CHECK(vkCreateInstance(&info, NULL, &r->instance));
    volkLoadInstance(r->instance);
    if (validation) {
        const VkDebugUtilsMessengerCreateInfoEXT messenger = {
            .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
            .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT |
                               VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT,
            .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT,
            .pfnUserCallback = complain,
            .pUserData = &r->complaints,
        };
        CHECK(vkCreateDebugUtilsMessengerEXT(r->instance, &messenger, NULL, &r->messenger));
    }
    choose_physical(r);
}

static void create_device(renderer *r, const VkDeviceCreateInfo *info)
{
    CHECK(vkCreateDevice(r->physical, info, NULL, &r->device));
    volkLoadDevice(r->device);
    vkGetDeviceQueue(r->device, r->family, 0, &r->queue);
    const VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = r->family,
    };
    CHECK(vkCreateCommandPool(r->device, &pool, NULL, &r->pool));
}

/* ---- Memory ---- */

static VkDeviceMemory allocate(renderer *r, VkMemoryRequirements needs, VkMemoryPropertyFlags flags)
{
    uint32_t type = 0;
    while (type < r->memory.memoryTypeCount &&
           (!(needs.memoryTypeBits & 1u << type) ||
            (r->memory.memoryTypes[type].propertyFlags & flags) != flags)) {
        type++;
    }
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = needs.size,
        .memoryTypeIndex = type,
    };
    VkDeviceMemory memory;
    CHECK(vkAllocateMemory(r->device, &info, NULL, &memory));
    return memory;
}

gpu_buffer renderer_buffer(renderer *r, VkDeviceSize bytes, VkBufferUsageFlags usage)
{
    gpu_buffer buffer = {0};
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = bytes, .usage = usage};
    CHECK(vkCreateBuffer(r->device, &info, NULL, &buffer.handle));
    VkMemoryRequirements needs;
    vkGetBufferMemoryRequirements(r->device, buffer.handle, &needs);
    buffer.memory = allocate(
        r, needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
    CHECK(vkBindBufferMemory(r->device, buffer.handle, buffer.memory, 0));
    CHECK(vkMapMemory(r->device, buffer.memory, 0, VK_WHOLE_SIZE, 0, &buffer.mapped));
    return buffer;
}

void renderer_buffer_destroy(renderer *r, gpu_buffer *buffer)
{
    vkDestroyBuffer(r->device, buffer->handle, NULL);
    vkFreeMemory(r->device, buffer->memory, NULL);
}

static gpu_image create_image(renderer *r, VkFormat format, VkImageUsageFlags usage,
                              VkImageAspectFlags aspect)
{
    gpu_image image;
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = format,
        .extent = {FRAME_SIDE, FRAME_SIDE, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .usage = usage,
    };
    CHECK(vkCreateImage(r->device, &info, NULL, &image.handle));
    VkMemoryRequirements needs;
    vkGetImageMemoryRequirements(r->device, image.handle, &needs);
    image.memory = allocate(r, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    CHECK(vkBindImageMemory(r->device, image.handle, image.memory, 0));
    const VkImageViewCreateInfo view = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = image.handle,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = format,
        .subresourceRange = {aspect, 0, 1, 0, 1},
    };
    CHECK(vkCreateImageView(r->device, &view, NULL, &image.view));
    return image;
}

static void destroy_image(renderer *r, gpu_image *image)
{
    vkDestroyImageView(r->device, image->view, NULL);
    vkDestroyImage(r->device, image->handle, NULL);
    vkFreeMemory(r->device, image->memory, NULL);
}

/* ---- Pass and pipeline ---- */

static const VkFormat colour_format = VK_FORMAT_R8G8B8A8_SRGB, depth_format = VK_FORMAT_D16_UNORM;

typedef struct push {
    float camera[16], sun[4];
} push;

static void create_pass(renderer *r)
{
    const VkAttachmentDescription attachments[] = {
        {.format = colour_format,
         .samples = VK_SAMPLE_COUNT_1_BIT,
         .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
         .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
         .finalLayout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL},
        {.format = depth_format,
         .samples = VK_SAMPLE_COUNT_1_BIT,
         .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
         .storeOp = VK_ATTACHMENT_STORE_OP_DONT_CARE,
         .finalLayout = VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL},
    };
    const VkAttachmentReference colour = {0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
    const VkAttachmentReference depth = {1, VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL};
    const VkSubpassDescription subpass = {
        .pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS,
        .colorAttachmentCount = 1,
        .pColorAttachments = &colour,
        .pDepthStencilAttachment = &depth,
    };
    const VkPipelineStageFlags output = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT |
                                        VK_PIPELINE_STAGE_EARLY_FRAGMENT_TESTS_BIT |
                                        VK_PIPELINE_STAGE_LATE_FRAGMENT_TESTS_BIT;
    const VkAccessFlags writes =
        VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT | VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT;
    /* Before the pass; after it the recording of the network has a barrier. */
    const VkSubpassDependency before = {
        .srcSubpass = VK_SUBPASS_EXTERNAL,
        .srcStageMask = output,
        .dstStageMask = output,
        .srcAccessMask = writes,
        .dstAccessMask = writes | VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_READ_BIT,
    };
    const VkRenderPassCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO,
        .attachmentCount = 2,
        .pAttachments = attachments,
        .subpassCount = 1,
        .pSubpasses = &subpass,
        .dependencyCount = 1,
        .pDependencies = &before,
    };
    CHECK(vkCreateRenderPass(r->device, &info, NULL, &r->pass));
}

static VkPipelineShaderStageCreateInfo shader(renderer *r, VkShaderStageFlagBits stage,
                                              const uint32_t *code, size_t size)
{
    const VkShaderModuleCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = size, .pCode = code};
    VkPipelineShaderStageCreateInfo result = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
        .stage = stage,
        .pName = "main",
    };
    CHECK(vkCreateShaderModule(r->device, &info, NULL, &result.module));
    return result;
}

static void create_pipeline(renderer *r)
{
    const VkPushConstantRange range = {VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof(push)};
    const VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .pushConstantRangeCount = 1,
        .pPushConstantRanges = &range,
    };
    CHECK(vkCreatePipelineLayout(r->device, &layout, NULL, &r->layout));
    const VkPipelineShaderStageCreateInfo stages[] = {
        shader(r, VK_SHADER_STAGE_VERTEX_BIT, scene_vert, sizeof scene_vert),
        shader(r, VK_SHADER_STAGE_FRAGMENT_BIT, scene_frag, sizeof scene_frag),
    };
    const VkVertexInputBindingDescription binding = {0, sizeof(vertex),
                                                     VK_VERTEX_INPUT_RATE_VERTEX};
    VkVertexInputAttributeDescription attributes[3];
    for (uint32_t i = 0; i < 3; i++) {
        attributes[i] = (VkVertexInputAttributeDescription){i, 0, VK_FORMAT_R32G32B32_SFLOAT,
                                                            i * 3 * (uint32_t)sizeof(float)};
    }
    const VkViewport viewport = {0, 0, FRAME_SIDE, FRAME_SIDE, 0, 1};
    const VkRect2D scissor = {{0, 0}, {FRAME_SIDE, FRAME_SIDE}};
    const VkPipelineColorBlendAttachmentState blend = {.colorWriteMask = 0xf};
    const VkGraphicsPipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
        .stageCount = 2,
        .pStages = stages,
        .pVertexInputState =
            &(VkPipelineVertexInputStateCreateInfo){
                .sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
                .vertexBindingDescriptionCount = 1,
                .pVertexBindingDescriptions = &binding,
                .vertexAttributeDescriptionCount = 3,
                .pVertexAttributeDescriptions = attributes},
        .pInputAssemblyState =
            &(VkPipelineInputAssemblyStateCreateInfo){
                .sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
                .topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST},
        .pViewportState =
            &(VkPipelineViewportStateCreateInfo){
                .sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
                .viewportCount = 1,
                .pViewports = &viewport,
                .scissorCount = 1,
                .pScissors = &scissor},
        .pRasterizationState =
            &(VkPipelineRasterizationStateCreateInfo){
                .sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO,
                .lineWidth = 1},
        .pMultisampleState =
            &(VkPipelineMultisampleStateCreateInfo){
                .sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
                .rasterizationSamples = VK_SAMPLE_COUNT_1_BIT},
        .pDepthStencilState =
            &(VkPipelineDepthStencilStateCreateInfo){
                .sType = VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO,
                .depthTestEnable = VK_TRUE,
                .depthWriteEnable = VK_TRUE,
                .depthCompareOp = VK_COMPARE_OP_LESS_OR_EQUAL},
        .pColorBlendState =
            &(VkPipelineColorBlendStateCreateInfo){
                .sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
                .attachmentCount = 1,
                .pAttachments = &blend},
        .layout = r->layout,
        .renderPass = r->pass,
    };
    CHECK(vkCreateGraphicsPipelines(r->device, VK_NULL_HANDLE, 1, &info, NULL, &r->pipeline));
    for (int i = 0; i < 2; i++) vkDestroyShaderModule(r->device, stages[i].module, NULL);
}

static void create_frame(renderer *r, frame *f)
{
    const VkCommandBufferAllocateInfo commands = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = r->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    CHECK(vkAllocateCommandBuffers(r->device, &commands, &f->commands));
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
                                     .flags = VK_FENCE_CREATE_SIGNALED_BIT};
    CHECK(vkCreateFence(r->device, &fence, NULL, &f->done));
    f->colour = create_image(r, colour_format,
                             VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_SAMPLED_BIT |
                                 VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT,
                             VK_IMAGE_ASPECT_COLOR_BIT);
    f->depth = create_image(r, depth_format, VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT,
                            VK_IMAGE_ASPECT_DEPTH_BIT);
    const VkImageView views[] = {f->colour.view, f->depth.view};
    const VkFramebufferCreateInfo framebuffer = {
        .sType = VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO,
        .renderPass = r->pass,
        .attachmentCount = 2,
        .pAttachments = views,
        .width = FRAME_SIDE,
        .height = FRAME_SIDE,
        .layers = 1,
    };
    CHECK(vkCreateFramebuffer(r->device, &framebuffer, NULL, &f->framebuffer));
    f->picture = renderer_buffer(r, FRAME_SIDE * FRAME_SIDE * 4, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
}

void renderer_create(renderer *r, const VkDeviceCreateInfo *info, const vertex *vertices,
                     uint32_t vertex_count)
{
    create_device(r, info);
    create_pass(r);
    create_pipeline(r);
    for (int i = 0; i < FRAMES_IN_FLIGHT; i++) create_frame(r, &r->frames[i]);
    r->vertices =
        renderer_buffer(r, vertex_count * sizeof *vertices, VK_BUFFER_USAGE_VERTEX_BUFFER_BIT);
    memcpy(r->vertices.mapped, vertices, vertex_count * sizeof *vertices);
}

void renderer_destroy(renderer *r)
{
    CHECK(vkDeviceWaitIdle(r->device));
    for (int i = 0; i < FRAMES_IN_FLIGHT; i++) {
        frame *f = &r->frames[i];
        vkDestroyFramebuffer(r->device, f->framebuffer, NULL);
        destroy_image(r, &f->colour);
        destroy_image(r, &f->depth);
        renderer_buffer_destroy(r, &f->picture);
        vkDestroyFence(r->device, f->done, NULL);
    }
    renderer_buffer_destroy(r, &r->vertices);
    vkDestroyPipeline(r->device, r->pipeline, NULL);
    vkDestroyPipelineLayout(r->device, r->layout, NULL);
    vkDestroyRenderPass(r->device, r->pass, NULL);
    vkDestroyCommandPool(r->device, r->pool, NULL);
    vkDestroyDevice(r->device, NULL);
    if (r->messenger) vkDestroyDebugUtilsMessengerEXT(r->instance, r->messenger, NULL);
    vkDestroyInstance(r->instance, NULL);
}

/* ---- A frame ---- */

void renderer_wait(renderer *r, const frame *f)
{
    CHECK(vkWaitForFences(r->device, 1, &f->done, VK_TRUE, UINT64_MAX));
}

frame *renderer_draw(renderer *r, uint32_t slot, const scene *s, const float camera[16],
                     float horizon)
{
    frame *f = &r->frames[slot];
    renderer_wait(r, f);
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    CHECK(vkBeginCommandBuffer(f->commands, &begin));
    const VkClearValue clear[2] = {{.color = {{0}}}, {.depthStencil = {1, 0}}};
    const VkRenderPassBeginInfo pass = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = r->pass,
        .framebuffer = f->framebuffer,
        .renderArea = {{0, 0}, {FRAME_SIDE, FRAME_SIDE}},
        .clearValueCount = 2,
        .pClearValues = clear,
    };
    push constants = {.sun = {0.42f, 0.75f, 0.51f, horizon}};
    memcpy(constants.camera, camera, sizeof constants.camera);
    const VkDeviceSize offset = 0;
    vkCmdBeginRenderPass(f->commands, &pass, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindPipeline(f->commands, VK_PIPELINE_BIND_POINT_GRAPHICS, r->pipeline);
    vkCmdPushConstants(f->commands, r->layout, VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof constants,
                       &constants);
    vkCmdBindVertexBuffers(f->commands, 0, 1, &r->vertices.handle, &offset);
    vkCmdDraw(f->commands, s->count, 1, s->first, 0);
    vkCmdEndRenderPass(f->commands);
    return f;
}

void renderer_copy(renderer *r, frame *f)
{
    (void)r;
    VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT,
        .oldLayout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
        .newLayout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = f->colour.handle,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    vkCmdPipelineBarrier(f->commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                         VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
    const VkBufferImageCopy region = {.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                      .imageExtent = {FRAME_SIDE, FRAME_SIDE, 1}};
    vkCmdCopyImageToBuffer(f->commands, f->colour.handle, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                           f->picture.handle, 1, &region);
    const VkMemoryBarrier host = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                  .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                                  .dstAccessMask = VK_ACCESS_HOST_READ_BIT};
    vkCmdPipelineBarrier(f->commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_PIPELINE_STAGE_HOST_BIT | VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
                         0, 1, &host, 0, NULL, 0, NULL);
}

void renderer_submit(renderer *r, frame *f, VkSemaphore wait, VkSemaphore signal)
{
    CHECK(vkEndCommandBuffer(f->commands));
    CHECK(vkResetFences(r->device, 1, &f->done));
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_TRANSFER_BIT;
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = wait != VK_NULL_HANDLE,
        .pWaitSemaphores = &wait,
        .pWaitDstStageMask = &stage,
        .signalSemaphoreCount = signal != VK_NULL_HANDLE,
        .pSignalSemaphores = &signal,
        .commandBufferCount = 1,
        .pCommandBuffers = &f->commands,
    };
    CHECK(vkQueueSubmit(r->queue, 1, &info, f->done));
}
