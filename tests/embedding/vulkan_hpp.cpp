/* An application in C++ with vulkan.hpp's own objects and several queues: the graphics family draws
 * an image that belongs to it alone, and the network reads it on a queue of another family. The
 * image changes owners there and back. The layer of the tests offers such queues on any driver. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <vector>

#include <vulkan/vulkan_raii.hpp>
/* After vulkan.hpp, which has Vulkan's header in it. */
#include <vkresnet/vulkan.hpp>

namespace
{

constexpr std::uint32_t width = 64, height = 48, api_version = VK_API_VERSION_1_3;
constexpr std::uint32_t draws = 0, computes = 1; /* the layer's families */
constexpr vk::DeviceSize bytes = width * height * 4;

void expect(bool condition, const char *what)
{
    if (!condition) throw std::runtime_error(what);
}

VKAPI_ATTR VkBool32 VKAPI_CALL complain(VkDebugUtilsMessageSeverityFlagBitsEXT,
                                        VkDebugUtilsMessageTypeFlagsEXT,
                                        const VkDebugUtilsMessengerCallbackDataEXT *data,
                                        void *user)
{
    ++*static_cast<int *>(user);
    std::fprintf(stderr, "validation: %s\n", data->pMessage);
    return VK_FALSE;
}

vk::raii::Instance make_instance(const vk::raii::Context &context)
{
    const char *no = std::getenv("VRN_TEST_NO_VALIDATION");
    std::vector<const char *> layers, extensions{VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
    if (!no || !*no) {
        layers.push_back("VK_LAYER_KHRONOS_validation");
        extensions.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
    }
    const vk::ValidationFeatureEnableEXT synchronization =
        vk::ValidationFeatureEnableEXT::eSynchronizationValidation;
    const vk::ValidationFeaturesEXT features(synchronization);
    layers.push_back("VK_LAYER_VRN_queues");
    const vk::ApplicationInfo info(nullptr, 0, nullptr, 0, api_version);
    return vk::raii::Instance(context,
                              vk::InstanceCreateInfo({}, &info, layers, extensions,
                                                     layers.size() > 1 ? &features : nullptr));
}

vk::raii::DebugUtilsMessengerEXT make_messenger(const vk::raii::Instance &instance, int *complaints)
{
    VkDebugUtilsMessengerCreateInfoEXT info = {};
    info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
    info.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT;
    info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT |
                       VK_DEBUG_UTILS_MESSAGE_TYPE_PERFORMANCE_BIT_EXT;
    info.pfnUserCallback = complain;
    info.pUserData = complaints;
    return vk::raii::DebugUtilsMessengerEXT(instance, vk::DebugUtilsMessengerCreateInfoEXT(info));
}

/* The application's own objects, for one image. */
class renderer
{
  public:
    renderer(const vk::raii::PhysicalDevice &physical, const vk::raii::Device &device)
        : device_(device)
    {
        vk::ImageCreateInfo info({}, vk::ImageType::e2D, vk::Format::eR8G8B8A8Unorm,
                                 {width, height, 1}, 1, 1);
        info.usage = vk::ImageUsageFlagBits::eTransferDst | vk::ImageUsageFlagBits::eSampled;
        image = vk::raii::Image(device, info); /* VK_SHARING_MODE_EXCLUSIVE */
        image_memory_ = allocate(physical, image.getMemoryRequirements(), {});
        image.bindMemory(*image_memory_, 0);
        const vk::ImageSubresourceRange range(vk::ImageAspectFlagBits::eColor, 0, 1, 0, 1);
        view = vk::raii::ImageView(device,
                                   {{}, *image, vk::ImageViewType::e2D, info.format, {}, range});
        pixels_ = vk::raii::Buffer(device, {{}, bytes, vk::BufferUsageFlagBits::eTransferSrc});
        pixel_memory_ = allocate(physical, pixels_.getMemoryRequirements(),
                                 vk::MemoryPropertyFlagBits::eHostVisible |
                                     vk::MemoryPropertyFlagBits::eHostCoherent);
        pixels_.bindMemory(*pixel_memory_, 0);
        mapped = static_cast<std::uint8_t *>(pixel_memory_.mapMemory(0, bytes));
        const vk::SemaphoreTypeCreateInfo type(vk::SemaphoreType::eTimeline, 0);
        vk::SemaphoreCreateInfo semaphore;
        semaphore.pNext = &type;
        timeline = vk::raii::Semaphore(device, semaphore);
        for (std::uint32_t family : {draws, computes}) {
            pools_.emplace_back(device, vk::CommandPoolCreateInfo({}, family));
            queues_.emplace_back(device, family, 0);
        }
    }
    vk::raii::CommandBuffer begin(std::uint32_t family)
    {
        vk::raii::CommandBuffers all(device_,
                                     {*pools_[family], vk::CommandBufferLevel::ePrimary, 1});
        all[0].begin(vk::CommandBufferBeginInfo());
        return std::move(all[0]);
    }
    /* Writes the pixels into the image, which is in TRANSFER_DST_OPTIMAL afterwards. */
    void draw(const vk::raii::CommandBuffer &commands, std::uint32_t number)
    {
        for (std::size_t i = 0; i < bytes; i++) {
            mapped[i] = static_cast<std::uint8_t>(i * (number + 3) / 7 + i / 91);
        }
        vk::ImageMemoryBarrier barrier({}, vk::AccessFlagBits::eTransferWrite,
                                       vk::ImageLayout::eUndefined,
                                       vk::ImageLayout::eTransferDstOptimal);
        barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
        barrier.image = *image;
        barrier.subresourceRange =
            vk::ImageSubresourceRange(vk::ImageAspectFlagBits::eColor, 0, 1, 0, 1);
        commands.pipelineBarrier(vk::PipelineStageFlagBits::eAllCommands,
                                 vk::PipelineStageFlagBits::eTransfer, {}, {}, {}, barrier);
        vk::BufferImageCopy region;
        region.imageSubresource =
            vk::ImageSubresourceLayers(vk::ImageAspectFlagBits::eColor, 0, 0, 1);
        region.imageExtent = vk::Extent3D(width, height, 1);
        commands.copyBufferToImage(*pixels_, *image, vk::ImageLayout::eTransferDstOptimal, region);
    }
    /* Ends and submits commands between two values of the timeline. */
    void submit(const vk::raii::CommandBuffer &commands, std::uint32_t family)
    {
        commands.end();
        const std::uint64_t from = value++;
        const vk::TimelineSemaphoreSubmitInfo values(from, value);
        const vk::PipelineStageFlags stage = vk::PipelineStageFlagBits::eAllCommands;
        vk::SubmitInfo info(*timeline, stage, *commands, *timeline);
        info.pNext = &values;
        queues_[family].submit(info);
    }

    vk::raii::Image image{nullptr};
    vk::raii::ImageView view{nullptr};
    vk::raii::Semaphore timeline{nullptr};
    std::uint64_t value = 0; /* that the timeline gets to */
    std::uint8_t *mapped = nullptr;

  private:
    vk::raii::DeviceMemory allocate(const vk::raii::PhysicalDevice &physical,
                                    const vk::MemoryRequirements &needs,
                                    vk::MemoryPropertyFlags flags)
    {
        const auto types = physical.getMemoryProperties();
        std::uint32_t type = 0;
        while (!(needs.memoryTypeBits & 1u << type) ||
               (types.memoryTypes[type].propertyFlags & flags) != flags) {
            type++;
        }
        return vk::raii::DeviceMemory(device_, {needs.size, type});
    }

    const vk::raii::Device &device_;
    vk::raii::DeviceMemory image_memory_{nullptr}, pixel_memory_{nullptr};
    vk::raii::Buffer pixels_{nullptr};
    std::vector<vk::raii::CommandPool> pools_;
    std::vector<vk::raii::Queue> queues_;
};

/* What the library says of the same pixels from the host. */
std::vector<float> expected(vkresnet::session &session, const renderer &r)
{
    std::vector<float> probabilities;
    const vkresnet::image picture{r.mapped, width, height, VRN_PIXEL_RGBA};
    vkresnet::check(session.run(vkresnet::span<const vkresnet::image>(&picture, 1), probabilities));
    return probabilities;
}

void draw_frames(const vk::raii::Device &device, renderer &r, vkresnet::session &session)
{
    const std::uint32_t classes = session.info().classes;
    for (std::uint32_t number = 0; number < 4; number++) {
        vrn_record_image image{};
        image.view = *r.view;
        image.image = *r.image;
        image.format = VK_FORMAT_R8G8B8A8_UNORM;
        image.width = width;
        image.height = height;
        image.layout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
        vrn_record_params record{};
        record.images = &image;
        record.transfer_images = true;
        record.owner_family = draws;
        const bool submitted = number % 2; /* by the library, in place of a recording */
        std::vector<float> found(classes);
        const vk::raii::CommandBuffer release = r.begin(draws), acquire = r.begin(draws),
                                      commands = r.begin(computes);
        r.draw(release, number);
        vkresnet::check(vkresnet::release_images(session, *release, record));
        r.submit(release, draws);
        if (submitted) {
            const vrn_timeline_point wait{*r.timeline, r.value}, signal{*r.timeline, ++r.value};
            vrn_submit_order order{};
            order.waits = &wait;
            order.wait_count = 1;
            order.signals = &signal;
            order.signal_count = 1;
            order.record = &record;
            vrn_outputs outputs{};
            outputs.probabilities = found.data();
            vrn_ticket ticket;
            vkresnet::check(vkresnet::submit(session, order, outputs, ticket));
            vkresnet::check(session.wait(ticket));
        } else {
            record.keep_top = true;
            record.top_count = classes;
            vkresnet::check(vkresnet::record(session, *commands, record));
            r.submit(commands, computes);
        }
        vkresnet::check(vkresnet::acquire_images(session, *acquire, record));
        r.submit(acquire, draws);
        device.waitIdle();
        if (!submitted) {
            const vrn_top *top = vrn_session_get_top(session.get(), 0);
            for (std::uint32_t i = 0; i < classes; i++) found[top[i].index] = top[i].probability;
        }
        const std::vector<float> right = expected(session, r);
        expect(std::memcmp(found.data(), right.data(), classes * sizeof(float)) == 0,
               "the network saw another picture");
    }
}

void run(const char *path, int *complaints)
{
    const vk::raii::Context context;
    const vk::raii::Instance instance = make_instance(context);
    const vk::raii::DebugUtilsMessengerEXT messenger = make_messenger(instance, complaints);
    const vk::raii::PhysicalDevice physical = vk::raii::PhysicalDevices(instance)[0];
    const PFN_vkGetInstanceProcAddr get = context.getDispatcher()->vkGetInstanceProcAddr;
    const float priority = 1;
    const std::vector<vk::DeviceQueueCreateInfo> queues = {{{}, draws, 1, &priority},
                                                           {{}, computes, 1, &priority}};
    vk::PhysicalDeviceVulkan13Features features13;
    features13.synchronization2 = features13.dynamicRendering = VK_TRUE;
    vk::PhysicalDeviceVulkan12Features features12;
    features12.timelineSemaphore = VK_TRUE;
    features12.pNext = &features13;
    vk::DeviceCreateInfo info({}, queues, {}, {}, nullptr, &features12);
    vkresnet::device_additions additions(info, *instance, *physical, get, api_version);
    const vk::raii::Device device(physical, info);
    const vrn_queue_family families[2] = {{computes, 1, {}}, {draws, 1, {}}};
    vrn_lent_queues lent{};
    lent.families = families;
    lent.family_count = 2;
    vrn_device_import_params params = additions.import_params(*device, 0, VK_NULL_HANDLE);
    params.queues = &lent;
    const vkresnet::device network = vkresnet::import_device(params);
    expect(network.info().queue_count == 2, "two queues compute");
    const vkresnet::model model(path);
    vkresnet::session session(network, model);
    renderer r(physical, device);
    draw_frames(device, r, session);

    /* Without exceptions, the same calls return results. */
    vkresnet::device none;
    params.queue = *vk::raii::Queue(device, draws, 0);
    expect(vkresnet::import_device(none, params) == VRN_ERROR_INVALID_ARGUMENT && !none,
           "a queue beside queues is refused");
    expect(vkresnet::last_message().find("queue") != std::string::npos, "the message says why");

    /* The text of an exception is never the message of an earlier call. */
    vrn_model_params own_log{};
    own_log.log.message = [](void *, vrn_log_level, const char *) {};
    std::string text;
    try {
        const vkresnet::model absent("absent.pth", own_log);
    } catch (const vkresnet::error &error) {
        text = error.what();
        expect(text == vrn_result_string(error.result()), "the text of a call with its own log");
    }
    expect(!text.empty(), "a file that does not exist is an error");
    text.clear();
    try {
        const vkresnet::model absent("absent.pth");
    } catch (const vkresnet::error &error) {
        text = error.what();
    }
    expect(text.find("absent.pth") != std::string::npos, "the exception has the message");
}

} // namespace

int main(int argc, char **argv)
try {
    int complaints = 0;
    if (argc != 2) return 2;
    run(argv[1], &complaints);
    std::printf("%d messages of the validation layer\n", complaints);
    return complaints != 0;
} catch (const vk::SystemError &error) {
    /* Without a driver there is nothing to test, unless one was promised. */
    std::fprintf(stderr, "%s\n", error.what());
    return std::getenv("VRN_TEST_REQUIRE_DEVICE") ? 1 : 77;
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
