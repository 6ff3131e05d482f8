/* frame_budget.c in C++: a renderer with a few milliseconds to spare in each frame classifies what
 * it draws, and the network is spread over as many frames as it needs.
 *
 * example_frame_budget_cpp [MODEL] [--budget MS] [--frames N] [--validation]
 *
 * The output is that of the program in C. */
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <vulkan/vulkan_raii.hpp>
/* After vulkan.hpp, which has Vulkan's C header in it. */
#include <vkresnet/vulkan.hpp>

#include "renderer.hpp"

namespace
{

constexpr vk::Extent2D extent(256, 256);
constexpr std::uint32_t before = 2; /* networks from which the pace is learned */

struct options {
    const char *model = nullptr;
    double budget_ms = 2;
    std::size_t frames = 200;
    bool validation = false;
};

class application
{
  public:
    explicit application(const options &from)
        : options_(from), instance_(from.validation, {}), physical_(nullptr)
    {
        std::tie(physical_, family_) =
            instance_.choose([](const vk::raii::PhysicalDevice &, std::uint32_t) { return true; });
        make_device();
        colour_ = device_image(physical_, device_, extent, vk::Format::eR8G8B8A8Srgb,
                               vk::ImageUsageFlagBits::eColorAttachment |
                                   vk::ImageUsageFlagBits::eSampled,
                               vk::ImageAspectFlagBits::eColor);
        depth_ = device_image::depth(physical_, device_, extent);
        renderer_.emplace(physical_, device_, vk::Format::eR8G8B8A8Srgb);
        top_ = host_buffer(physical_, device_, sizeof(vrn_top),
                           vk::BufferUsageFlagBits::eStorageBuffer);
    }
    application(const application &) = delete;
    application &operator=(const application &) = delete;
    ~application()
    {
        if (*device_) device_.waitIdle();
    }

    void run()
    {
        std::array<std::vector<double>, 2> ms; /* of frames without a part and with one */
        std::uint32_t networks = 0, recordings = 0;
        vrn_record_cursor cursor{};
        for (std::uint32_t number = 0; networks <= before || ms[1].size() < options_.frames;
             number++) {
            const bool with = number % 2;
            const double taken = draw(number, with ? &cursor : nullptr);
            if (networks >= before && ms[with].size() < options_.frames) ms[with].push_back(taken);
            if (!cursor.done) continue;
            if (networks >= before) recordings = cursor.recordings;
            networks++;
            cursor = {};
        }
        print(ms);
        const auto &top = *static_cast<const vrn_top *>(top_.mapped);
        const std::string name = model_.class_name(top.index);
        std::printf("%u networks, the last one in %u frames; class %u%s%s\n", networks, recordings,
                    top.index, name.empty() ? "" : ", ", name.c_str());
    }
    std::uint32_t complaints() const
    {
        return instance_.complaints();
    }

  private:
    options options_;
    instance instance_;
    vk::raii::PhysicalDevice physical_;
    std::uint32_t family_ = 0;
    vk::raii::Device device_{nullptr};
    vk::raii::Queue queue_{nullptr};
    /* The network's objects go before the device does. */
    vkresnet::device network_device_;
    vkresnet::model model_;
    vkresnet::session session_;

    vk::raii::CommandPool pool_{nullptr};
    vk::raii::CommandBuffer commands_{nullptr};
    vk::raii::Fence done_{nullptr};
    device_image colour_, depth_;
    host_buffer top_; /* the best class of the last picture that was classified */
    std::optional<renderer> renderer_;

    void make_device()
    {
        const float priority = 1;
        const vk::DeviceQueueCreateInfo queue({}, family_, 1, &priority);
        vk::PhysicalDeviceVulkan13Features features;
        features.dynamicRendering = features.synchronization2 = VK_TRUE;
        vk::DeviceCreateInfo info({}, queue, {}, {}, nullptr, &features);
        vkresnet::device_additions additions(info, *instance_.handle, *physical_,
                                             instance_.loader(), api_version);
        device_ = vk::raii::Device(physical_, info);
        queue_ = vk::raii::Queue(device_, family_, 0);
        pool_ = vk::raii::CommandPool(
            device_, {vk::CommandPoolCreateFlagBits::eResetCommandBuffer, family_});
        commands_ = std::move(
            vk::raii::CommandBuffers(device_, {*pool_, vk::CommandBufferLevel::ePrimary, 1})[0]);
        done_ = vk::raii::Fence(device_, vk::FenceCreateInfo());
        network_device_ = additions.import_device(*device_, family_, *queue_);
        model_ = options_.model ? vkresnet::model(options_.model)
                                : vkresnet::model::random("resnet18", 1);
        session_ =
            vkresnet::session(network_device_, model_,
                              vkresnet::session_params().record_budget_ms(options_.budget_ms));
    }

    /* Draws a frame, with the next part of the network if there is a cursor. Returns how long it
     * took, in milliseconds. */
    double draw(std::uint32_t number, vrn_record_cursor *cursor)
    {
        const canvas canvas = {*colour_.image, *depth_.image, *colour_.view,
                               *depth_.view,   extent,        {{0, 0}, extent}};
        commands_.begin({vk::CommandBufferUsageFlagBits::eOneTimeSubmit});
        renderer_->draw(commands_, canvas, renderer_->scenes[number / 64 % SCENE_COUNT],
                        number % 64, 64);
        const vrn_record_image image = vkresnet::record_image()
                                           .view(*colour_.view)
                                           .image(*colour_.image)
                                           .format(VK_FORMAT_R8G8B8A8_SRGB)
                                           .width(extent.width)
                                           .height(extent.height)
                                           .layout(VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
        auto record = vkresnet::record_params().images({&image, 1}).cursor(cursor);
        if (cursor) {
            vkresnet::check(vkresnet::record(session_, *commands_, record.top(*top_.buffer)));
        }
        const auto begin = std::chrono::steady_clock::now();
        commands_.end();
        queue_.submit(vk::SubmitInfo({}, {}, *commands_), *done_);
        if (device_.waitForFences(*done_, VK_TRUE, UINT64_MAX) != vk::Result::eSuccess) {
            throw std::runtime_error("the frame did not end");
        }
        const std::chrono::duration<double, std::milli> taken =
            std::chrono::steady_clock::now() - begin;
        device_.resetFences(*done_);
        return taken.count();
    }

    /* The median, and what 99 of 100 frames did not exceed. */
    void print(std::array<std::vector<double>, 2> &ms) const
    {
        std::array<std::array<double, 2>, 2> at;
        for (std::size_t i = 0; i < 2; i++) {
            std::sort(ms[i].begin(), ms[i].end());
            at[i] = {ms[i][ms[i].size() / 2], ms[i][ms[i].size() * 99 / 100]};
            std::printf("%-16s median %6.2f ms, 99 %% within %6.2f ms\n",
                        i ? "with a part" : "without", at[i][0], at[i][1]);
        }
        std::printf("budget %.1f ms a frame: the part adds %.2f ms (median) and %.2f ms (99 %%)\n",
                    options_.budget_ms, at[1][0] - at[0][0], at[1][1] - at[0][1]);
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
        } else if (i + 1 < argc && std::strcmp(argv[i], "--budget") == 0) {
            o.budget_ms = std::strtod(argv[++i], nullptr);
        } else if (i + 1 < argc && std::strcmp(argv[i], "--frames") == 0) {
            o.frames = std::strtoul(argv[++i], nullptr, 10);
        } else if (argv[i][0] != '-' && !o.model) {
            o.model = argv[i];
        } else {
            good = false;
        }
    }
    if (!good || o.budget_ms <= 0 || o.frames < 1 || o.frames > 100000) {
        std::fprintf(stderr, "usage: %s [MODEL] [--budget MS] [--frames N] [--validation]\n",
                     argv[0]);
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
