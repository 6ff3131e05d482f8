/* render_and_classify.c in C++, as an application of Vulkan 1.3 with vulkan.hpp: it draws into the
 * images of a window by dynamic rendering, and a network classifies each of them before it is
 * shown. The lines behind "The network:" are all that the library needs.
 *
 * example_render_and_classify_cpp MODEL [--frames N] [--validation]
 *
 * MODEL is one for CIFAR-10: models/resnet20-cifar10.safetensors. N is the frames of each scene;
 * without it the program runs until the window is closed or Escape is pressed. The window's title
 * has the verdict on the last frame that was done. */
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include <vulkan/vulkan_raii.hpp>
/* After vulkan.hpp, which has Vulkan's C header in it. */
#include <vkresnet/vulkan.hpp>

#include "swapchain.hpp"

extern "C" {
#include "scene.h"
}
#include <scene.frag.spv.h> /* made from scene.frag and scene.vert */
#include <scene.vert.spv.h>

namespace
{

constexpr std::uint32_t in_flight = 2, api_version = VK_API_VERSION_1_3;

struct options {
    const char *model = nullptr;
    std::uint32_t per_scene = 0; /* frames; 0: no end */
    bool validation = false;
};

VKAPI_ATTR VkBool32 VKAPI_CALL complain(VkDebugUtilsMessageSeverityFlagBitsEXT,
                                        VkDebugUtilsMessageTypeFlagsEXT,
                                        const VkDebugUtilsMessengerCallbackDataEXT *data,
                                        void *user)
{
    ++*static_cast<std::uint32_t *>(user);
    std::fprintf(stderr, "validation: %s\n", data->pMessage);
    return VK_FALSE;
}

struct push {
    float camera[16], sun[4];
};

class application
{
  public:
    explicit application(const options &from)
        : options_(from), instance_(make_instance()), messenger_(make_messenger()),
          surface_(make_surface()), physical_(nullptr)
    {
        choose_physical();
        make_device();
        make_pipeline();
        for (slot &s : slots_) {
            s.commands = std::move(vk::raii::CommandBuffers(
                device_, {*pool_, vk::CommandBufferLevel::ePrimary, 1})[0]);
            s.done = vk::raii::Fence(device_, {vk::FenceCreateFlagBits::eSignaled});
            s.acquired = vk::raii::Semaphore(device_, vk::SemaphoreCreateInfo());
        }
    }
    application(const application &) = delete;
    application &operator=(const application &) = delete;
    ~application()
    {
        /* Recordings are among what runs. */
        if (*device_) device_.waitIdle();
    }

    void run()
    {
        const std::uint32_t frames = options_.per_scene * SCENE_COUNT;
        std::uint32_t number = 0;
        for (; frames == 0 || number < frames; number++) {
            if (number >= in_flight) read_verdict(number - in_flight);
            if (!draw(number)) break;
        }
        for (std::uint32_t i = number - std::min(number, in_flight); i < number; i++) {
            read_verdict(i);
        }
        std::printf("%u of %u right\n", right_, number);
    }
    std::uint32_t complaints() const
    {
        return complaints_;
    }

  private:
    struct slot {
        vk::raii::CommandBuffer commands{nullptr};
        vk::raii::Fence done{nullptr};
        vk::raii::Semaphore acquired{nullptr};
        bool read = true; /* the verdict */
    };

    options options_;
    std::uint32_t complaints_ = 0;
    window window_;
    vk::raii::Context context_;
    vk::raii::Instance instance_;
    vk::raii::DebugUtilsMessengerEXT messenger_;
    vk::raii::SurfaceKHR surface_;
    vk::raii::PhysicalDevice physical_;
    std::uint32_t family_ = 0;
    vk::raii::Device device_{nullptr};
    vk::raii::Queue queue_{nullptr};
    /* The network's objects go before the device does. */
    vkresnet::device network_device_;
    vkresnet::model model_;
    vkresnet::session session_;

    vk::raii::CommandPool pool_{nullptr};
    vk::raii::PipelineLayout layout_{nullptr};
    vk::raii::Pipeline pipeline_{nullptr};
    vk::raii::DeviceMemory vertex_memory_{nullptr};
    vk::raii::Buffer vertices_{nullptr};
    scene scenes_[SCENE_COUNT];
    std::array<slot, in_flight> slots_;

    std::optional<swapchain> swapchain_;
    std::uint32_t right_ = 0;

    /* ---- Instance and device ---- */

    vk::raii::Instance make_instance()
    {
        std::uint32_t count = 0;
        const char **needed = glfwGetRequiredInstanceExtensions(&count);
        std::vector<const char *> extensions(needed, needed + count), layers;
        const vk::ValidationFeatureEnableEXT synchronization =
            vk::ValidationFeatureEnableEXT::eSynchronizationValidation;
        const vk::ValidationFeaturesEXT features(synchronization);
        if (options_.validation) {
            layers.push_back("VK_LAYER_KHRONOS_validation");
            extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
            extensions.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
        }
        const vk::ApplicationInfo info(nullptr, 0, nullptr, 0, api_version);
        return vk::raii::Instance(
            context_, vk::InstanceCreateInfo({}, &info, layers, extensions,
                                             options_.validation ? &features : nullptr));
    }

    vk::raii::DebugUtilsMessengerEXT make_messenger()
    {
        if (!options_.validation) return nullptr;
        VkDebugUtilsMessengerCreateInfoEXT info = {};
        info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
        info.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT |
                               VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT;
        info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT;
        info.pfnUserCallback = complain;
        info.pUserData = &complaints_;
        return vk::raii::DebugUtilsMessengerEXT(instance_,
                                                vk::DebugUtilsMessengerCreateInfoEXT(info));
    }

    vk::raii::SurfaceKHR make_surface()
    {
        VkSurfaceKHR surface;
        if (glfwCreateWindowSurface(*instance_, window_.handle, nullptr, &surface)) window::fail();
        return vk::raii::SurfaceKHR(instance_, surface);
    }

    /* The first device that has a queue for everything. */
    void choose_physical()
    {
        const auto wanted = vk::QueueFlagBits::eGraphics | vk::QueueFlagBits::eCompute;
        for (const vk::raii::PhysicalDevice &physical : vk::raii::PhysicalDevices(instance_)) {
            const auto families = physical.getQueueFamilyProperties();
            for (std::uint32_t f = 0; f < families.size(); f++) {
                if ((families[f].queueFlags & wanted) == wanted &&
                    physical.getProperties().apiVersion >= api_version &&
                    physical.getSurfaceSupportKHR(f, *surface_)) {
                    physical_ = physical;
                    family_ = f;
                    return;
                }
            }
        }
        throw std::runtime_error("no device of Vulkan 1.3 draws into this window");
    }

    void make_device()
    {
        const float priority = 1;
        const vk::DeviceQueueCreateInfo queue({}, family_, 1, &priority);
        const char *const swapchain = VK_KHR_SWAPCHAIN_EXTENSION_NAME;
        vk::PhysicalDeviceVulkan13Features features;
        features.dynamicRendering = features.synchronization2 = VK_TRUE;
        vk::DeviceCreateInfo info({}, queue, {}, swapchain, nullptr, &features);
        /* The network: what it needs on the device. */
        vkresnet::device_additions additions(info, *instance_, *physical_,
                                             context_.getDispatcher()->vkGetInstanceProcAddr,
                                             api_version);
        /* The application's own again. */
        device_ = vk::raii::Device(physical_, info);
        queue_ = vk::raii::Queue(device_, family_, 0);
        pool_ = vk::raii::CommandPool(
            device_, {vk::CommandPoolCreateFlagBits::eResetCommandBuffer, family_});
        /* The network: its device, its weights and their session. */
        network_device_ = additions.import_device(*device_, family_, *queue_);
        model_ = vkresnet::model(options_.model);
        session_ = vkresnet::session(network_device_, model_);
        /* The application's own again. */
    }

    /* ---- Memory ---- */

    void make_vertices()
    {
        std::vector<vertex> all(SCENE_VERTICES_MAX);
        const std::size_t bytes = scenes_build(scenes_, all.data()) * sizeof(vertex);
        vertices_ = vk::raii::Buffer(device_, {{}, bytes, vk::BufferUsageFlagBits::eVertexBuffer});
        vertex_memory_ = allocate(physical_, device_, vertices_.getMemoryRequirements(),
                                  vk::MemoryPropertyFlagBits::eHostVisible |
                                      vk::MemoryPropertyFlagBits::eHostCoherent);
        vertices_.bindMemory(*vertex_memory_, 0);
        std::memcpy(vertex_memory_.mapMemory(0, bytes), all.data(), bytes);
        vertex_memory_.unmapMemory();
    }

    /* ---- Pipeline ---- */

    template <std::size_t N> vk::raii::ShaderModule make_shader(const std::uint32_t (&code)[N])
    {
        return vk::raii::ShaderModule(device_, vk::ShaderModuleCreateInfo({}, sizeof code, code));
    }

    void make_pipeline()
    {
        make_vertices();
        swapchain_.emplace(window_, surface_, physical_, device_);
        const vk::PushConstantRange range(vk::ShaderStageFlagBits::eVertex, 0, sizeof(push));
        layout_ = vk::raii::PipelineLayout(device_, vk::PipelineLayoutCreateInfo({}, {}, range));
        const auto vertex_shader = make_shader(scene_vert),
                   fragment_shader = make_shader(scene_frag);
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
        const vk::Format colour_format = swapchain_->format();
        const vk::PipelineRenderingCreateInfo rendering(0, colour_format, depth_format);
        vk::GraphicsPipelineCreateInfo info({}, stages, &input, &assembly, nullptr, &viewport,
                                            &rasterization, &samples, &depth, &blend, &dynamic,
                                            *layout_);
        info.pNext = &rendering;
        pipeline_ = vk::raii::Pipeline(device_, nullptr, info);
    }

    /* ---- A frame ---- */

    /* The square in the middle of the window, black around it. */
    vk::Rect2D square() const
    {
        const std::uint32_t side =
            std::min(swapchain_->extent().width, swapchain_->extent().height);
        return {{static_cast<std::int32_t>((swapchain_->extent().width - side) / 2),
                 static_cast<std::int32_t>((swapchain_->extent().height - side) / 2)},
                {side, side}};
    }

    void draw_scene(const vk::raii::CommandBuffer &commands, const swapchain::target &t,
                    std::uint32_t number)
    {
        const vk::ClearValue black(vk::ClearColorValue(std::array<float, 4>{0, 0, 0, 1}));
        const vk::ClearValue far(vk::ClearDepthStencilValue(1, 0));
        const vk::RenderingAttachmentInfo colour(*t.view, vk::ImageLayout::eColorAttachmentOptimal,
                                                 {}, {}, {}, vk::AttachmentLoadOp::eClear,
                                                 vk::AttachmentStoreOp::eStore, black);
        const vk::RenderingAttachmentInfo depth(
            swapchain_->depth_view(), vk::ImageLayout::eDepthAttachmentOptimal, {}, {}, {},
            vk::AttachmentLoadOp::eClear, vk::AttachmentStoreOp::eDontCare, far);
        commands.beginRendering({{}, {{0, 0}, swapchain_->extent()}, 1, 0, colour, &depth});
        const scene &s = scenes_[scene_of(number)];
        push constants = {{}, {0.42f, 0.75f, 0.51f, 0}};
        scene_camera(&s, number % per_scene(), per_scene(), constants.camera, &constants.sun[3]);
        const vk::Rect2D at = square();
        const vk::Viewport viewport(
            static_cast<float>(at.offset.x), static_cast<float>(at.offset.y),
            static_cast<float>(at.extent.width), static_cast<float>(at.extent.height), 0, 1);
        commands.setViewport(0, viewport);
        commands.setScissor(0, at);
        commands.bindPipeline(vk::PipelineBindPoint::eGraphics, *pipeline_);
        commands.pushConstants<push>(*layout_, vk::ShaderStageFlagBits::eVertex, 0, constants);
        commands.bindVertexBuffers(0, *vertices_, vk::DeviceSize(0));
        commands.draw(s.count, 1, s.first, 0);
        commands.endRendering();
    }

    /* False: the window is closed. */
    bool draw(std::uint32_t number)
    {
        slot &s = slots_[number % in_flight];
        std::uint32_t index;
        if (!swapchain_->next_image(s.acquired, &index)) return false;
        const swapchain::target &t = (*swapchain_)[index];
        const auto attachment = vk::PipelineStageFlagBits2::eColorAttachmentOutput;
        const auto written = vk::AccessFlagBits2::eColorAttachmentWrite;
        const auto tests = vk::PipelineStageFlagBits2::eEarlyFragmentTests |
                           vk::PipelineStageFlagBits2::eLateFragmentTests;
        const auto colour = vk::ImageAspectFlagBits::eColor;
        s.commands.begin({vk::CommandBufferUsageFlagBits::eOneTimeSubmit});
        barrier(s.commands, t.image, colour, vk::ImageLayout::eUndefined,
                vk::ImageLayout::eColorAttachmentOptimal, attachment, written);
        barrier(s.commands, swapchain_->depth(), vk::ImageAspectFlagBits::eDepth,
                vk::ImageLayout::eUndefined, vk::ImageLayout::eDepthAttachmentOptimal, tests,
                vk::AccessFlagBits2::eDepthStencilAttachmentRead |
                    vk::AccessFlagBits2::eDepthStencilAttachmentWrite);
        draw_scene(s.commands, t, number);
        /* The network: what it sees, and the commands. */
        vrn_record_image image = {};
        image.view = *t.view;
        image.image = t.image;
        image.format = static_cast<VkFormat>(swapchain_->format());
        image.width = swapchain_->extent().width;
        image.height = swapchain_->extent().height;
        image.region = square();
        image.layout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
        vrn_record_params record = {};
        record.slot = number % in_flight;
        record.images = &image;
        record.keep_top = true;
        vkresnet::check(vkresnet::record(session_, *s.commands, record));
        /* The application's own again. */
        barrier(s.commands, t.image, colour, vk::ImageLayout::eColorAttachmentOptimal,
                vk::ImageLayout::ePresentSrcKHR, attachment, written);
        s.commands.end();
        const vk::PipelineStageFlags stage = vk::PipelineStageFlagBits::eColorAttachmentOutput;
        device_.resetFences(*s.done);
        queue_.submit(vk::SubmitInfo(*s.acquired, stage, *s.commands, *t.drawn), *s.done);
        s.read = false;
        swapchain_->present(queue_, index);
        return true;
    }

    /* Waits for a frame, and writes its verdict into the title. */
    void read_verdict(std::uint32_t number)
    {
        slot &s = slots_[number % in_flight];
        if (s.read) return;
        if (device_.waitForFences(*s.done, VK_TRUE, UINT64_MAX) != vk::Result::eSuccess) return;
        s.read = true;
        /* The network: its verdict. */
        const vrn_top top = *vrn_session_get_top(session_.get(), number % in_flight);
        /* The application's own again. */
        const std::string name = model_.class_name(top.index);
        const char *expected = scenes_[scene_of(number)].class_name;
        right_ += name == expected;
        char title[80];
        std::snprintf(title, sizeof title, "VkResNet: %s %.0f %%", name.c_str(),
                      100 * static_cast<double>(top.probability));
        glfwSetWindowTitle(window_.handle, title);
        if (options_.per_scene) std::printf("%3u  %-10s %s\n", number, expected, title + 10);
    }

    std::uint32_t per_scene() const
    {
        return options_.per_scene ? options_.per_scene : 360;
    }
    std::size_t scene_of(std::uint32_t number) const
    {
        return number / per_scene() % SCENE_COUNT;
    }
};

} // namespace

int main(int argc, char **argv)
try {
    options o;
    bool good = true;
    for (int i = 1; i < argc; i++) {
        if (std::strcmp(argv[i], "--validation") == 0) {
            o.validation = true;
        } else if (i + 1 < argc && std::strcmp(argv[i], "--frames") == 0) {
            o.per_scene = static_cast<std::uint32_t>(std::strtoul(argv[++i], nullptr, 10));
            good = good && o.per_scene > 0 && o.per_scene <= 1000;
        } else if (argv[i][0] != '-' && !o.model) {
            o.model = argv[i];
        } else {
            good = false;
        }
    }
    if (!good || !o.model) {
        std::fprintf(stderr, "usage: %s MODEL [--frames N] [--validation]\n", argv[0]);
        return 2;
    }
    std::uint32_t complaints = 0;
    {
        application app(o);
        app.run();
        complaints = app.complaints();
    }
    if (o.validation) std::printf("%u messages of the validation layer\n", complaints);
    return complaints ? 1 : 0;
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
