/* <vkresnet/vulkan.h> for C++17 and later, with the conventions of <vkresnet/vkresnet.hpp>. Its
 * functions take Vulkan's C types; the handles of Khronos's <vulkan/vulkan.hpp> convert to these
 * implicitly.
 *
 *     vkresnet::device_additions additions(create_info, instance, physical_device,
 *                                          vkGetInstanceProcAddr, VK_API_VERSION_1_3);
 *     vkCreateDevice(physical_device, &create_info, nullptr, &vulkan_device);
 *     vkresnet::device device = additions.import_device(vulkan_device, queue_family, queue);
 */
#ifndef VKRESNET_VULKAN_HPP
#define VKRESNET_VULKAN_HPP

#include <vkresnet/vkresnet.hpp>
#include <vkresnet/vulkan.h>

namespace vkresnet
{

/* Defines the function that sets a member which is a place in a buffer. */
#define VKRESNET_SET_PLACE(name)                                                                   \
    constexpr self_type &name(VkBuffer buffer, VkDeviceSize offset = 0) noexcept                   \
    {                                                                                              \
        c_.name.buffer = buffer;                                                                   \
        c_.name.offset = offset;                                                                   \
        return *this;                                                                              \
    }

/* A vrn_device_requirements_params. */
class device_requirements_params
    : public filled<device_requirements_params, vrn_device_requirements_params>
{
  public:
    VKRESNET_SET(log)
    VKRESNET_SET(instance)
    VKRESNET_SET(physical_device)
    VKRESNET_SET(get_instance_proc_addr)
    VKRESNET_SET(api_version)
    VKRESNET_SET(without)
    VKRESNET_SET(pipeline_statistics)
};

/* A vrn_device_import_params. */
class device_import_params : public filled<device_import_params, vrn_device_import_params>
{
  public:
    VKRESNET_SET(log)
    VKRESNET_SET(without)
    VKRESNET_SET(cache_directory)
    VKRESNET_SET(diagnostics)
    VKRESNET_SET(instance)
    VKRESNET_SET(physical_device)
    VKRESNET_SET(device)
    VKRESNET_SET(get_instance_proc_addr)
    VKRESNET_SET(api_version)
    VKRESNET_SET(debug_utils)
    VKRESNET_SET(created_with)
    VKRESNET_SET(queue_family)
    VKRESNET_SET(queue)
    VKRESNET_SET(lock)
    VKRESNET_SET(unlock)
    VKRESNET_SET(lock_user)
    VKRESNET_SET(allocation_callbacks)
    VKRESNET_SET(memory)
    VKRESNET_SET(cache)
    VKRESNET_SET(pipeline_cache)
    VKRESNET_SET(queues)
};

/* A vrn_record_image. */
class record_image : public filled<record_image, vrn_record_image>
{
  public:
    VKRESNET_SET(view)
    VKRESNET_SET(format)
    VKRESNET_SET(width)
    VKRESNET_SET(height)
    VKRESNET_SET(region)
    VKRESNET_SET(layout)
    VKRESNET_SET(image)
    VKRESNET_SET(level)
    VKRESNET_SET(layer)
    VKRESNET_SET(encoding)
    VKRESNET_SET(exposure)
    VKRESNET_SET(chroma)
};

/* A vrn_record_params. The setters of members that are places take a buffer and an offset. */
class record_params : public filled<record_params, vrn_record_params>
{
  public:
    VKRESNET_SET(slot)
    VKRESNET_SET(count)
    VKRESNET_SET_LIST(images, count)
    VKRESNET_SET_LIST(pixels, count)
    VKRESNET_SET(fit)
    VKRESNET_SET_PLACE(nchw)
    VKRESNET_SET_PLACE(nhwc)
    VKRESNET_SET_PLACE(logits)
    VKRESNET_SET_PLACE(probabilities)
    VKRESNET_SET_PLACE(top)
    VKRESNET_SET(top_count)
    VKRESNET_SET(taps)
    VKRESNET_SET(no_input_barrier)
    VKRESNET_SET(no_output_barrier)
    VKRESNET_SET(cursor)
    VKRESNET_SET(budget_ms)
    VKRESNET_SET(keep_top)
    VKRESNET_SET(timed)
    VKRESNET_SET(queue)
    VKRESNET_SET(owner_family)
    VKRESNET_SET(transfer_images)
    VKRESNET_SET(storage_images)
};

/* A vrn_submit_order. */
class submit_order : public filled<submit_order, vrn_submit_order>
{
  public:
    VKRESNET_SET_LIST(waits, wait_count)
    VKRESNET_SET_LIST(signals, signal_count)
    VKRESNET_SET(record)
};

/* Imports an application's Vulkan device, as vrn_device_import does. */
inline vrn_result import_device(device &to, const vrn_device_import_params &params)
{
    message_is_new() = false;
    const vrn_device_import_params own = with_log(params);
    vrn_device *made = nullptr;
    const vrn_result result = vrn_device_import(&made, &own);
    to.reset(made);
    return result;
}

#ifndef VKRESNET_NO_EXCEPTIONS
/* As above, but returns the device. Throws vkresnet::error. */
inline device import_device(const vrn_device_import_params &params)
{
    device made;
    check(import_device(made, params));
    return made;
}
#endif

/* Adds to an application's VkDeviceCreateInfo what the library needs or can use, and owns the
 * memory of these additions. Keep it, and the VkDeviceCreateInfo, until the device is imported. */
class device_additions : public handle<vrn_device_additions, vrn_device_additions_destroy>
{
  public:
    device_additions() = default;
    /* As vrn_device_additions_create. */
    vrn_result create(VkDeviceCreateInfo &info, const vrn_device_requirements_params &params)
    {
        message_is_new() = false;
        const vrn_device_requirements_params own = with_log(params);
        import_ = vrn_device_import_params{};
        import_.log = own.log;
        import_.without = own.without;
        import_.instance = own.instance;
        import_.physical_device = own.physical_device;
        import_.get_instance_proc_addr = own.get_instance_proc_addr;
        import_.api_version = own.api_version;
        import_.created_with = &info;
        return vrn_device_additions_create(place(), &info, &own);
    }
    /* Returns params for vkresnet::import_device, with one queue. They contain the arguments of
     * this function, and the params and the VkDeviceCreateInfo given to `create`. The application
     * may set other members too. */
    vrn_device_import_params import_params(VkDevice on, std::uint32_t queue_family,
                                           VkQueue queue) const
    {
        vrn_device_import_params params = import_;
        params.device = on;
        params.queue_family = queue_family;
        params.queue = queue;
        return params;
    }
#ifndef VKRESNET_NO_EXCEPTIONS
    /* As create. Throws vkresnet::error. */
    device_additions(VkDeviceCreateInfo &info, const vrn_device_requirements_params &params)
    {
        check(create(info, params));
    }
    /* The same with only the mandatory params; api_version is VkApplicationInfo::apiVersion. */
    device_additions(VkDeviceCreateInfo &info, VkInstance instance,
                     VkPhysicalDevice physical_device,
                     PFN_vkGetInstanceProcAddr get_instance_proc_addr, std::uint32_t api_version)
    {
        check(create(info, device_requirements_params()
                               .instance(instance)
                               .physical_device(physical_device)
                               .get_instance_proc_addr(get_instance_proc_addr)
                               .api_version(api_version)));
    }
    /* Imports `on`, which vkCreateDevice made from the VkDeviceCreateInfo. Throws
     * vkresnet::error. */
    device import_device(VkDevice on, std::uint32_t queue_family, VkQueue queue) const
    {
        return vkresnet::import_device(import_params(on, queue_family, queue));
    }
#endif

  private:
    vrn_device_import_params import_{}; /* the fields that `create` knows */
};

/* Records a session's network into an application's command buffer, as vrn_session_record does. */
inline vrn_result record(session &from, VkCommandBuffer commands, const vrn_record_params &params)
{
    message_is_new() = false;
    return vrn_session_record(from.get(), commands, &params);
}

/* Records the release of a recording's images by the queue family that owns them. Its commands run
 * before the recording: see vrn_session_release_images. */
inline vrn_result release_images(session &to, VkCommandBuffer commands,
                                 const vrn_record_params &params)
{
    message_is_new() = false;
    return vrn_session_release_images(to.get(), commands, &params);
}
/* Records the acquisition of these images by the same family. Its commands run after the recording:
 * see vrn_session_acquire_images. */
inline vrn_result acquire_images(session &from, VkCommandBuffer commands,
                                 const vrn_record_params &params)
{
    message_is_new() = false;
    return vrn_session_acquire_images(from.get(), commands, &params);
}

/* Submits a run on the input in order.record. The run, not the host, waits for order.waits before
 * it starts, and signals order.signals when it has ended: see vrn_session_submit_ordered. */
inline vrn_result submit(session &to, const vrn_submit_order &order, const vrn_outputs &outputs,
                         vrn_ticket &ticket)
{
    message_is_new() = false;
    return vrn_session_submit_ordered(to.get(), nullptr, &outputs, &order, &ticket);
}

} // namespace vkresnet

#endif
