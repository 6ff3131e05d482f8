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
#include <tuple>

#include <vulkan/vulkan_raii.hpp>
/* After vulkan.hpp, which has Vulkan's C header in it. */
#include <vkresnet/vulkan.hpp>

#include "renderer.hpp"
#include "swapchain.hpp"

namespace
{

constexpr std::uint32_t in_flight = 2;

struct options {
    const char *model = nullptr;
    std::uint32_t per_scene = 0; /* frames; 0: no end */
    bool validation = false;
};

class application
{
  public:
    explicit application(const options &from)
        : options_(from), instance_(from.validation, window::extensions()),
          surface_(window_.make_surface(instance_.handle)), physical_(nullptr)
    {
        std::tie(physical_, family_) = instance_.choose(
            [this](const vk::raii::PhysicalDevice &physical, std::uint32_t family) {
                return physical.getSurfaceSupportKHR(family, *surface_);
            });
        make_device();
        swapchain_.emplace(window_, surface_, physical_, device_);
        renderer_.emplace(physical_, device_, swapchain_->format());
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
        return instance_.complaints();
    }

  private:
    struct slot {
        vk::raii::CommandBuffer commands{nullptr};
        vk::raii::Fence done{nullptr};
        vk::raii::Semaphore acquired{nullptr};
        bool read = true; /* the verdict */
    };

    options options_;
    window window_;
    instance instance_;
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
    std::array<slot, in_flight> slots_;

    std::optional<swapchain> swapchain_;
    std::optional<renderer> renderer_;
    std::uint32_t right_ = 0;

    void make_device()
    {
        const float priority = 1;
        const vk::DeviceQueueCreateInfo queue({}, family_, 1, &priority);
        const char *const swapchain = VK_KHR_SWAPCHAIN_EXTENSION_NAME;
        vk::PhysicalDeviceVulkan13Features features;
        features.dynamicRendering = features.synchronization2 = VK_TRUE;
        vk::DeviceCreateInfo info({}, queue, {}, swapchain, nullptr, &features);
        /* The network: what it needs on the device. */
        vkresnet::device_additions additions(info, *instance_.handle, *physical_,
                                             instance_.loader(), api_version);
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

    /* False: the window is closed. */
    bool draw(std::uint32_t number)
    {
        slot &s = slots_[number % in_flight];
        std::uint32_t index;
        if (!swapchain_->next_image(s.acquired, &index)) return false;
        const swapchain::target &t = (*swapchain_)[index];
        const canvas square = swapchain_->square(index);
        s.commands.begin({vk::CommandBufferUsageFlagBits::eOneTimeSubmit});
        renderer_->draw(s.commands, square, renderer_->scenes[scene_of(number)],
                        number % per_scene(), per_scene());
        /* The network: what it sees, and the commands. */
        const vrn_record_image image = vkresnet::record_image()
                                           .view(square.colour_view)
                                           .image(square.colour)
                                           .format(static_cast<VkFormat>(swapchain_->format()))
                                           .width(square.extent.width)
                                           .height(square.extent.height)
                                           .region(square.part)
                                           .layout(VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
        auto record = vkresnet::record_params().slot(number % in_flight).keep_top(true);
        vkresnet::check(vkresnet::record(session_, *s.commands, record.images({&image, 1})));
        /* The application's own again. */
        barrier(s.commands, t.image, vk::ImageAspectFlagBits::eColor,
                vk::ImageLayout::eColorAttachmentOptimal, vk::ImageLayout::ePresentSrcKHR,
                vk::PipelineStageFlagBits2::eColorAttachmentOutput,
                vk::AccessFlagBits2::eColorAttachmentWrite);
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
        const char *expected = renderer_->scenes[scene_of(number)].class_name;
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
