/* What the examples with vulkan.hpp share: an instance, and a renderer of the scenes by dynamic
 * rendering. It knows nothing of windows and networks. */
#ifndef EXAMPLES_RENDERER_HPP
#define EXAMPLES_RENDERER_HPP

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include <vulkan/vulkan_raii.hpp>

extern "C" {
#include "scene.h"
}
#include <scene.frag.spv.h> /* made from scene.frag and scene.vert */
#include <scene.vert.spv.h>

constexpr std::uint32_t api_version = VK_API_VERSION_1_3;
constexpr vk::Format depth_format = vk::Format::eD16Unorm;

inline vk::raii::DeviceMemory allocate(const vk::raii::PhysicalDevice &physical,
                                       const vk::raii::Device &device,
                                       const vk::MemoryRequirements &needs,
                                       vk::MemoryPropertyFlags flags)
{
    const auto memory = physical.getMemoryProperties();
    std::uint32_t type = 0;
    while (!(needs.memoryTypeBits & 1u << type) ||
           (memory.memoryTypes[type].propertyFlags & flags) != flags) {
        type++;
    }
    return vk::raii::DeviceMemory(device, {needs.size, type});
}

inline vk::raii::ImageView make_view(const vk::raii::Device &device, vk::Image image,
                                     vk::Format format, vk::ImageAspectFlags aspect)
{
    return vk::raii::ImageView(
        device, {{}, image, vk::ImageViewType::e2D, format, {}, {aspect, 0, 1, 0, 1}});
}

inline void barrier(const vk::raii::CommandBuffer &commands, vk::Image image,
                    vk::ImageAspectFlags aspect, vk::ImageLayout from, vk::ImageLayout to,
                    vk::PipelineStageFlags2 stage, vk::AccessFlags2 access)
{
    vk::ImageMemoryBarrier2 change;
    change.srcStageMask = change.dstStageMask = stage;
    change.srcAccessMask = change.dstAccessMask = access;
    change.oldLayout = from;
    change.newLayout = to;
    change.srcQueueFamilyIndex = change.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
    change.image = image;
    change.subresourceRange = vk::ImageSubresourceRange(aspect, 0, 1, 0, 1);
    vk::DependencyInfo info;
    info.imageMemoryBarrierCount = 1;
    info.pImageMemoryBarriers = &change;
    commands.pipelineBarrier2(info);
}

/* A buffer that the host sees. */
struct host_buffer {
    vk::raii::DeviceMemory memory{nullptr};
    vk::raii::Buffer buffer{nullptr};
    void *mapped = nullptr;

    host_buffer() = default;
    host_buffer(const vk::raii::PhysicalDevice &physical, const vk::raii::Device &device,
                std::size_t bytes, vk::BufferUsageFlags usage)
        : buffer(device, {{}, bytes, usage})
    {
        memory = allocate(physical, device, buffer.getMemoryRequirements(),
                          vk::MemoryPropertyFlagBits::eHostVisible |
                              vk::MemoryPropertyFlagBits::eHostCoherent);
        buffer.bindMemory(*memory, 0);
        mapped = memory.mapMemory(0, bytes);
    }
};

/* An image on the device, with a view. */
struct device_image {
    vk::raii::DeviceMemory memory{nullptr};
    vk::raii::Image image{nullptr};
    vk::raii::ImageView view{nullptr};

    device_image() = default;
    device_image(const vk::raii::PhysicalDevice &physical, const vk::raii::Device &device,
                 vk::Extent2D extent, vk::Format format, vk::ImageUsageFlags usage,
                 vk::ImageAspectFlags aspect)
    {
        vk::ImageCreateInfo info({}, vk::ImageType::e2D, format, {extent.width, extent.height, 1},
                                 1, 1);
        info.usage = usage;
        image = vk::raii::Image(device, info);
        memory = allocate(physical, device, image.getMemoryRequirements(), {});
        image.bindMemory(*memory, 0);
        view = make_view(device, *image, format, aspect);
    }
    /* To draw into with `depth_format`. */
    static device_image depth(const vk::raii::PhysicalDevice &physical,
                              const vk::raii::Device &device, vk::Extent2D extent)
    {
        return {physical,
                device,
                extent,
                depth_format,
                vk::ImageUsageFlagBits::eDepthStencilAttachment,
                vk::ImageAspectFlagBits::eDepth};
    }
};

/* The instance, with the validation layer if it is wanted. */
class instance
{
  public:
    instance(bool validation, std::vector<const char *> extensions)
        : handle(make(validation, std::move(extensions))), messenger_(nullptr)
    {
        if (!validation) return;
        VkDebugUtilsMessengerCreateInfoEXT info = {};
        info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
        info.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT |
                               VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT;
        info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT;
        info.pfnUserCallback = complain;
        info.pUserData = &complaints_;
        messenger_ =
            vk::raii::DebugUtilsMessengerEXT(handle, vk::DebugUtilsMessengerCreateInfoEXT(info));
    }
    instance(const instance &) = delete;
    instance &operator=(const instance &) = delete;

    PFN_vkGetInstanceProcAddr loader() const
    {
        return context_.getDispatcher()->vkGetInstanceProcAddr;
    }
    /* How many messages the validation layer had. */
    std::uint32_t complaints() const
    {
        return complaints_;
    }
    /* The first device with Vulkan 1.3 and a queue family for everything, which also satisfies
     * `suits`. */
    template <typename Suits>
    std::pair<vk::raii::PhysicalDevice, std::uint32_t> choose(Suits suits) const
    {
        const auto wanted = vk::QueueFlagBits::eGraphics | vk::QueueFlagBits::eCompute;
        for (const vk::raii::PhysicalDevice &physical : vk::raii::PhysicalDevices(handle)) {
            const auto families = physical.getQueueFamilyProperties();
            for (std::uint32_t f = 0; f < families.size(); f++) {
                if ((families[f].queueFlags & wanted) == wanted &&
                    physical.getProperties().apiVersion >= api_version && suits(physical, f)) {
                    return {physical, f};
                }
            }
        }
        throw std::runtime_error("no device of Vulkan 1.3 draws here");
    }

  private:
    vk::raii::Context context_;

  public:
    const vk::raii::Instance handle;

  private:
    std::uint32_t complaints_ = 0;
    vk::raii::DebugUtilsMessengerEXT messenger_;

    vk::raii::Instance make(bool validation, std::vector<const char *> extensions)
    {
        std::vector<const char *> layers;
        const vk::ValidationFeatureEnableEXT synchronization =
            vk::ValidationFeatureEnableEXT::eSynchronizationValidation;
        const vk::ValidationFeaturesEXT features(synchronization);
        if (validation) {
            layers.push_back("VK_LAYER_KHRONOS_validation");
            extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
            extensions.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
        }
        const vk::ApplicationInfo info(nullptr, 0, nullptr, 0, api_version);
        return vk::raii::Instance(context_,
                                  vk::InstanceCreateInfo({}, &info, layers, extensions,
                                                         validation ? &features : nullptr));
    }
    static VKAPI_ATTR VkBool32 VKAPI_CALL complain(VkDebugUtilsMessageSeverityFlagBitsEXT,
                                                   VkDebugUtilsMessageTypeFlagsEXT,
                                                   const VkDebugUtilsMessengerCallbackDataEXT *data,
                                                   void *user)
    {
        ++*static_cast<std::uint32_t *>(user);
        std::fprintf(stderr, "validation: %s\n", data->pMessage);
        return VK_FALSE;
    }
};

/* What is drawn into: images in their attachment layouts, and the part that the scene fills. */
struct canvas {
    vk::Image colour, depth;
    vk::ImageView colour_view, depth_view;
    vk::Extent2D extent;
    vk::Rect2D part;
};

/* Draws the scenes. */
class renderer
{
  public:
    scene scenes[SCENE_COUNT];

    renderer(const vk::raii::PhysicalDevice &physical, const vk::raii::Device &device,
             vk::Format colour_format)
    {
        std::vector<vertex> all(SCENE_VERTICES_MAX);
        const std::size_t bytes = scenes_build(scenes, all.data()) * sizeof(vertex);
        vertices_ = host_buffer(physical, device, bytes, vk::BufferUsageFlagBits::eVertexBuffer);
        std::memcpy(vertices_.mapped, all.data(), bytes);
        make_pipeline(device, colour_format);
    }

    /* Draws frame `i` of the `count` of a scene. The colour image is in COLOR_ATTACHMENT_OPTIMAL
     * afterwards, without a barrier. */
    void draw(const vk::raii::CommandBuffer &commands, const canvas &to, const scene &what,
              std::uint32_t i, std::uint32_t count) const
    {
        const auto tests = vk::PipelineStageFlagBits2::eEarlyFragmentTests |
                           vk::PipelineStageFlagBits2::eLateFragmentTests;
        barrier(commands, to.colour, vk::ImageAspectFlagBits::eColor, vk::ImageLayout::eUndefined,
                vk::ImageLayout::eColorAttachmentOptimal,
                vk::PipelineStageFlagBits2::eColorAttachmentOutput,
                vk::AccessFlagBits2::eColorAttachmentWrite);
        barrier(commands, to.depth, vk::ImageAspectFlagBits::eDepth, vk::ImageLayout::eUndefined,
                vk::ImageLayout::eDepthAttachmentOptimal, tests,
                vk::AccessFlagBits2::eDepthStencilAttachmentRead |
                    vk::AccessFlagBits2::eDepthStencilAttachmentWrite);
        const vk::ClearValue black(vk::ClearColorValue(std::array<float, 4>{0, 0, 0, 1}));
        const vk::ClearValue far(vk::ClearDepthStencilValue(1, 0));
        const vk::RenderingAttachmentInfo colour(
            to.colour_view, vk::ImageLayout::eColorAttachmentOptimal, {}, {}, {},
            vk::AttachmentLoadOp::eClear, vk::AttachmentStoreOp::eStore, black);
        const vk::RenderingAttachmentInfo depth(
            to.depth_view, vk::ImageLayout::eDepthAttachmentOptimal, {}, {}, {},
            vk::AttachmentLoadOp::eClear, vk::AttachmentStoreOp::eDontCare, far);
        commands.beginRendering({{}, {{0, 0}, to.extent}, 1, 0, colour, &depth});
        push constants = {{}, {0.42f, 0.75f, 0.51f, 0}};
        scene_camera(&what, i, count, constants.camera, &constants.sun[3]);
        const vk::Viewport viewport(static_cast<float>(to.part.offset.x),
                                    static_cast<float>(to.part.offset.y),
                                    static_cast<float>(to.part.extent.width),
                                    static_cast<float>(to.part.extent.height), 0, 1);
        commands.setViewport(0, viewport);
        commands.setScissor(0, to.part);
        commands.bindPipeline(vk::PipelineBindPoint::eGraphics, *pipeline_);
        commands.pushConstants<push>(*layout_, vk::ShaderStageFlagBits::eVertex, 0, constants);
        commands.bindVertexBuffers(0, *vertices_.buffer, vk::DeviceSize(0));
        commands.draw(what.count, 1, what.first, 0);
        commands.endRendering();
    }

  private:
    struct push {
        float camera[16], sun[4];
    };
    vk::raii::PipelineLayout layout_{nullptr};
    vk::raii::Pipeline pipeline_{nullptr};
    host_buffer vertices_;

    template <std::size_t N>
    static vk::raii::ShaderModule make_shader(const vk::raii::Device &device,
                                              const std::uint32_t (&code)[N])
    {
        return vk::raii::ShaderModule(device, vk::ShaderModuleCreateInfo({}, sizeof code, code));
    }

    void make_pipeline(const vk::raii::Device &device, vk::Format colour_format)
    {
        const vk::PushConstantRange range(vk::ShaderStageFlagBits::eVertex, 0, sizeof(push));
        layout_ = vk::raii::PipelineLayout(device, vk::PipelineLayoutCreateInfo({}, {}, range));
        const auto vertex_shader = make_shader(device, scene_vert),
                   fragment_shader = make_shader(device, scene_frag);
        const std::array<vk::PipelineShaderStageCreateInfo, 2> stages = {{
            {{}, vk::ShaderStageFlagBits::eVertex, *vertex_shader, "main"},
            {{}, vk::ShaderStageFlagBits::eFragment, *fragment_shader, "main"},
        }};
        const vk::VertexInputBindingDescription binding(0, sizeof(vertex));
        std::array<vk::VertexInputAttributeDescription, 3> attributes;
        for (std::uint32_t i = 0; i < 3; i++) {
            attributes[i] = {i, 0, vk::Format::eR32G32B32Sfloat,
                             i * 3 * static_cast<std::uint32_t>(sizeof(float))};
        }
        const vk::PipelineVertexInputStateCreateInfo input({}, binding, attributes);
        const vk::PipelineInputAssemblyStateCreateInfo assembly(
            {}, vk::PrimitiveTopology::eTriangleList);
        const vk::PipelineViewportStateCreateInfo viewport({}, 1, nullptr, 1, nullptr);
        vk::PipelineRasterizationStateCreateInfo rasterization;
        rasterization.lineWidth = 1;
        const vk::PipelineMultisampleStateCreateInfo samples;
        const vk::PipelineDepthStencilStateCreateInfo depth({}, VK_TRUE, VK_TRUE,
                                                            vk::CompareOp::eLessOrEqual);
        vk::PipelineColorBlendAttachmentState channels;
        channels.colorWriteMask = vk::ColorComponentFlagBits::eR | vk::ColorComponentFlagBits::eG |
                                  vk::ColorComponentFlagBits::eB | vk::ColorComponentFlagBits::eA;
        const vk::PipelineColorBlendStateCreateInfo blend({}, VK_FALSE, {}, channels);
        const std::array<vk::DynamicState, 2> states = {vk::DynamicState::eViewport,
                                                        vk::DynamicState::eScissor};
        const vk::PipelineDynamicStateCreateInfo dynamic({}, states);
        const vk::PipelineRenderingCreateInfo rendering(0, colour_format, depth_format);
        vk::GraphicsPipelineCreateInfo info({}, stages, &input, &assembly, nullptr, &viewport,
                                            &rasterization, &samples, &depth, &blend, &dynamic,
                                            *layout_);
        info.pNext = &rendering;
        pipeline_ = vk::raii::Pipeline(device, nullptr, info);
    }
};

#endif
