/* A window and its swapchain with vulkan.hpp, for render_and_classify.cpp: resized, minimised and
 * closed as its user likes. It knows nothing of networks. */
#ifndef EXAMPLES_SWAPCHAIN_HPP
#define EXAMPLES_SWAPCHAIN_HPP

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <vulkan/vulkan_raii.hpp>
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include "renderer.hpp"

/* GLFW and its window, which everything of Vulkan must not outlive. */
struct window {
    GLFWwindow *handle = nullptr;
    window()
    {
        if (!glfwInit() || !glfwVulkanSupported()) fail();
        glfwWindowHint(GLFW_CLIENT_API, GLFW_NO_API);
        handle = glfwCreateWindow(512, 512, "VkResNet", nullptr, nullptr);
        if (!handle) fail();
        glfwSetInputMode(handle, GLFW_STICKY_KEYS, GLFW_TRUE);
    }
    window(const window &) = delete;
    window &operator=(const window &) = delete;
    ~window()
    {
        glfwTerminate(); /* and the window */
    }
    /* The extensions of the instance with which Vulkan draws into it. */
    static std::vector<const char *> extensions()
    {
        std::uint32_t count = 0;
        const char **needed = glfwGetRequiredInstanceExtensions(&count);
        return {needed, needed + count};
    }
    vk::raii::SurfaceKHR make_surface(const vk::raii::Instance &instance) const
    {
        VkSurfaceKHR surface;
        if (glfwCreateWindowSurface(*instance, handle, nullptr, &surface)) fail();
        return vk::raii::SurfaceKHR(instance, surface);
    }
    bool closed() const
    {
        return glfwWindowShouldClose(handle) || glfwGetKey(handle, GLFW_KEY_ESCAPE) == GLFW_PRESS;
    }
    [[noreturn]] static void fail()
    {
        glfwTerminate();
        throw std::runtime_error("no window: Vulkan cannot draw into windows here");
    }
};

/* The images to draw into, in sRGB's encoding, with a depth image, and their presentation. */
class swapchain
{
  public:
    struct target {
        vk::Image image;
        vk::raii::ImageView view{nullptr};
        vk::raii::Semaphore drawn{nullptr};
    };

    swapchain(const window &window, const vk::raii::SurfaceKHR &surface,
              const vk::raii::PhysicalDevice &physical, const vk::raii::Device &device)
        : window_(window), surface_(surface), physical_(physical), device_(device)
    {
        choose_format();
    }
    vk::Format format() const
    {
        return format_.format;
    }
    vk::Extent2D extent() const
    {
        return extent_;
    }
    const target &operator[](std::uint32_t index) const
    {
        return targets_[index];
    }
    /* The square in the middle of an image, black around it. */
    canvas square(std::uint32_t index) const
    {
        const std::uint32_t side = std::min(extent_.width, extent_.height);
        const vk::Offset2D corner(static_cast<std::int32_t>((extent_.width - side) / 2),
                                  static_cast<std::int32_t>((extent_.height - side) / 2));
        const target &t = targets_[index];
        return {t.image, *depth_->image, *t.view, *depth_->view, extent_, {corner, {side, side}}};
    }

    /* Waits for a window that can be drawn into, and acquires an image of it. False: closed. */
    bool next_image(const vk::raii::Semaphore &acquired, std::uint32_t *index)
    {
        glfwPollEvents();
        for (; !window_.closed(); glfwPollEvents()) {
            if (glfwGetWindowAttrib(window_.handle, GLFW_ICONIFIED)) {
                glfwWaitEvents();
                continue;
            }
            int width, height;
            glfwGetFramebufferSize(window_.handle, &width, &height);
            if ((stale_ || width != width_ || height != height_) && !make_swapchain()) {
                stale_ = true;
                glfwWaitEvents();
                continue;
            }
            const VkResult result = acquire(acquired, index);
            update(result);
            if (result >= 0) return true;
        }
        return false;
    }

    void present(const vk::raii::Queue &queue, std::uint32_t index)
    {
        const vk::Semaphore drawn = *targets_[index].drawn;
        const vk::SwapchainKHR presented = *swapchain_;
        const vk::PresentInfoKHR info(drawn, presented, index);
        update(device_.getDispatcher()->vkQueuePresentKHR(
            *queue, reinterpret_cast<const VkPresentInfoKHR *>(&info)));
    }

  private:
    const window &window_;
    const vk::raii::SurfaceKHR &surface_;
    const vk::raii::PhysicalDevice &physical_;
    const vk::raii::Device &device_;
    vk::SurfaceFormatKHR format_;
    vk::Extent2D extent_;
    int width_ = 0, height_ = 0; /* that GLFW told when the swapchain was made */
    bool stale_ = true;          /* the swapchain is to be made anew */
    vk::raii::SwapchainKHR swapchain_{nullptr};
    std::vector<target> targets_;
    std::optional<device_image> depth_;

    void choose_format()
    {
        for (const vk::SurfaceFormatKHR &f : physical_.getSurfaceFormatsKHR(*surface_)) {
            if (f.format == vk::Format::eB8G8R8A8Srgb || f.format == vk::Format::eR8G8B8A8Srgb) {
                format_ = f;
                return;
            }
        }
        throw std::runtime_error("the window has no sRGB format");
    }

    /* False: the window has no area at the moment. */
    bool make_swapchain()
    {
        device_.waitIdle(); /* the old one's images are in use until then */
        targets_.clear();
        swapchain_ = nullptr;
        const auto can = physical_.getSurfaceCapabilitiesKHR(*surface_);
        const auto usage =
            vk::ImageUsageFlagBits::eColorAttachment | vk::ImageUsageFlagBits::eSampled;
        if ((can.supportedUsageFlags & usage) != usage) {
            throw std::runtime_error("shaders cannot read this window's images");
        }
        glfwGetFramebufferSize(window_.handle, &width_, &height_);
        extent_ = can.currentExtent;
        if (extent_.width == UINT32_MAX) { /* the swapchain decides, as on Wayland */
            extent_.width = std::clamp(static_cast<std::uint32_t>(width_), can.minImageExtent.width,
                                       can.maxImageExtent.width);
            extent_.height = std::clamp(static_cast<std::uint32_t>(height_),
                                        can.minImageExtent.height, can.maxImageExtent.height);
        }
        if (!width_ || !height_ || !extent_.width || !extent_.height) return false;
        vk::SwapchainCreateInfoKHR info;
        info.surface = *surface_;
        info.minImageCount =
            std::min(can.minImageCount + 1, can.maxImageCount ? can.maxImageCount : UINT32_MAX);
        info.imageFormat = format_.format;
        info.imageColorSpace = format_.colorSpace;
        info.imageExtent = extent_;
        info.imageArrayLayers = 1;
        info.imageUsage = usage;
        info.preTransform = can.currentTransform;
        info.compositeAlpha = can.supportedCompositeAlpha & vk::CompositeAlphaFlagBitsKHR::eOpaque
                                  ? vk::CompositeAlphaFlagBitsKHR::eOpaque
                                  : vk::CompositeAlphaFlagBitsKHR::eInherit;
        info.presentMode = vk::PresentModeKHR::eFifo;
        info.clipped = VK_TRUE;
        swapchain_ = vk::raii::SwapchainKHR(device_, info);
        for (const auto &image : swapchain_.getImages()) {
            target t;
            t.image = image;
            t.view = make_view(device_, t.image, format_.format, vk::ImageAspectFlagBits::eColor);
            t.drawn = vk::raii::Semaphore(device_, vk::SemaphoreCreateInfo());
            targets_.push_back(std::move(t));
        }
        depth_.reset();
        depth_ = device_image::depth(physical_, device_, extent_);
        stale_ = false;
        return true;
    }

    /* The C function returns errors that are none, which vulkan.hpp would throw. */
    VkResult acquire(const vk::raii::Semaphore &acquired, std::uint32_t *index)
    {
        return device_.getDispatcher()->vkAcquireNextImageKHR(*device_, *swapchain_, UINT64_MAX,
                                                              *acquired, nullptr, index);
    }
    /* Notes whether the swapchain still fits the window; throws other errors. */
    void update(VkResult result)
    {
        stale_ = result == VK_SUBOPTIMAL_KHR || result == VK_ERROR_OUT_OF_DATE_KHR;
        if (result < 0 && !stale_) throw std::runtime_error("the window cannot be drawn into");
    }
};

#endif
