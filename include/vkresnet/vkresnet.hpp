/* VkResNet for C++17 and later: handles that destroy what they own, and errors as exceptions or as
 * results. It is a thin layer over vkresnet.h, without source files of its own. The comments of
 * vkresnet.h hold here too: structs, units, ownership and thread-safety are the same.
 *
 *     const vkresnet::device device = vkresnet::device::open();
 *     const vkresnet::model model("resnet50.pth");
 *     vkresnet::session session(device, model);
 *     for (auto [index, probability] : session.classify({pixels, width, height, VRN_PIXEL_RGBA}))
 *         std::printf("%s %.3f\n", model.class_name(index), probability);
 *
 * Each object can be made in two ways: by a constructor (or `open`, `random`), which throws
 * vkresnet::error, or by the default constructor and a function `create` (or `load`,
 * `create_random`), which returns a vrn_result. Without exceptions, or with VKRESNET_NO_EXCEPTIONS
 * defined, only the second way exists. vkresnet::last_message() returns the library's last error
 * message on this thread; messages of objects whose params have their own log go to that log
 * instead.
 *
 * Objects can be moved but not copied. get() returns the C handle, for functions that this header
 * does not wrap.
 *
 * Structs of the C API can be filled in three ways: by `vrn_session_params params{};` and
 * assignments, by designated initializers from C++20 on (gcc's -Wextra then warns about the members
 * that are left out), and in one expression with classes that have a function for each member:
 *
 *     vkresnet::session session(device, model, vkresnet::session_params().batch(8).in_flight(2));
 */
#ifndef VKRESNET_VKRESNET_HPP
#define VKRESNET_VKRESNET_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <vkresnet/vkresnet.h>

#if !defined(VKRESNET_NO_EXCEPTIONS) && !defined(__cpp_exceptions) && !defined(_CPPUNWIND)
/* Without exceptions: nothing here throws; functions that would throw are not declared. */
#define VKRESNET_NO_EXCEPTIONS
#endif
#ifndef VKRESNET_NO_EXCEPTIONS
#include <stdexcept>
#endif

namespace vkresnet
{

/* The last error message of the library on this thread; empty: none yet. */
inline std::string &last_message()
{
    thread_local std::string text;
    return text;
}

/* Whether last_message() comes from the last call on this thread. The functions of the C++ headers
 * (this one and vulkan.hpp) that can fail set it to false when they begin. */
inline bool &message_is_new() noexcept
{
    thread_local bool is_new = false;
    return is_new;
}

/* The log of objects whose params have none: it keeps errors for last_message(). */
inline vrn_log default_log()
{
    vrn_log log{};
    log.message = [](void *, vrn_log_level level, const char *text) {
        if (level != VRN_LOG_ERROR) return;
        last_message() = text;
        message_is_new() = true;
    };
    log.level = VRN_LOG_ERROR;
    return log;
}

#ifndef VKRESNET_NO_EXCEPTIONS
/* The exception for a failed call. what() is the library's message, or vrn_result_string of the
 * result if the message went to a log of the application's own. */
class error : public std::runtime_error
{
  public:
    error(vrn_result result, const std::string &message)
        : std::runtime_error(message), result_(result)
    {
    }
    /* The result of the failed call. */
    vrn_result result() const noexcept
    {
        return result_;
    }

  private:
    vrn_result result_;
};

/* Throws unless the result of the last call is VRN_OK. */
inline void check(vrn_result result)
{
    const bool is_new = std::exchange(message_is_new(), false);
    if (result == VRN_OK) return;
    throw error(result, is_new ? last_message() : std::string(vrn_result_string(result)));
}
#endif

/* A view of elements that another object owns: a pointer and a count. */
template <typename T> struct span {
    T *data = nullptr;    /* the first element */
    std::size_t size = 0; /* the number of elements */

    span() = default;
    /* `size_` elements that begin at `data_`. */
    constexpr span(T *data_, std::size_t size_) : data(data_), size(size_)
    {
    }
    /* The elements of a container that has data() and size(). */
    template <typename Container, typename = decltype(std::declval<Container &>().data() + 0,
                                                      std::declval<Container &>().size())>
    constexpr span(Container &from) : data(from.data()), size(from.size())
    {
    }
    /* The elements of an array. */
    template <std::size_t N> constexpr span(T (&array)[N]) : data(array), size(N)
    {
    }
    /* One element; the index is not checked. */
    T &operator[](std::size_t i) const
    {
        return data[i];
    }
    /* The first element. */
    T *begin() const
    {
        return data;
    }
    /* One past the last element. */
    T *end() const
    {
        return data + size;
    }
};

/* Owns a handle of the C API. */
template <typename T, void (*Destroy)(T **)> class handle
{
  public:
    handle() = default;
    /* Takes the handle; `from` is empty afterwards. */
    handle(handle &&from) noexcept : handle_(from.release())
    {
    }
    /* Destroys this object's handle and takes that of `from`, which is empty afterwards. */
    handle &operator=(handle &&from) noexcept
    {
        if (this != &from) reset(from.release());
        return *this;
    }
    handle(const handle &) = delete;
    handle &operator=(const handle &) = delete;
    ~handle()
    {
        Destroy(&handle_);
    }

    /* The C handle, which this object continues to own; nullptr if it is empty. */
    T *get() const noexcept
    {
        return handle_;
    }
    /* True if this object has a handle. */
    explicit operator bool() const noexcept
    {
        return handle_ != nullptr;
    }
    /* Returns the handle, which the caller must destroy, and leaves this object empty. */
    T *release() noexcept
    {
        return std::exchange(handle_, nullptr);
    }
    /* Destroys this object's handle and takes `owned`. */
    void reset(T *owned = nullptr) noexcept
    {
        Destroy(&handle_);
        handle_ = owned;
    }

  protected:
    /* Destroys this object's handle, and returns the address to which a function of the C API may
     * write a new one. */
    T **place() noexcept
    {
        reset();
        return &handle_;
    }

  private:
    T *handle_ = nullptr;
};

/* A struct of the C API that is filled by calls: `Self` has a function with the name of each
 * member, which sets it and returns the object. A list, which is a pointer and a count in C, is set
 * by one call with a span. What is not set is zero, the default. The object converts to the struct.
 * The data of pointers and spans are not copied: they must live as long as the C API requires for
 * the struct's own pointers. */
template <typename Self, typename Struct> class filled
{
  public:
    using self_type = Self; /* the class with the functions */
    using c_type = Struct;  /* the struct of the C API */
    /* The struct; valid as long as this object exists. */
    constexpr operator const Struct &() const noexcept
    {
        return c_;
    }

  protected:
    Struct c_{}; /* filled so far */
};

/* Defines the function that sets a member. */
#define VKRESNET_SET(name)                                                                         \
    constexpr self_type &name(decltype(c_type::name) to) noexcept                                  \
    {                                                                                              \
        c_.name = to;                                                                              \
        return *this;                                                                              \
    }
/* Defines the function that sets a list. It is named after the pointer member; `count_name` is the
 * member with the count. */
#define VKRESNET_SET_LIST(name, count_name)                                                        \
    constexpr self_type &name(span<std::remove_pointer_t<decltype(c_type::name)>> list) noexcept   \
    {                                                                                              \
        c_.name = list.data;                                                                       \
        c_.count_name = static_cast<std::uint32_t>(list.size);                                     \
        return *this;                                                                              \
    }

/* A vrn_device_params. */
class device_params : public filled<device_params, vrn_device_params>
{
  public:
    VKRESNET_SET(log)
    VKRESNET_SET(select)
    VKRESNET_SET(without)
    VKRESNET_SET(cache_directory)
    VKRESNET_SET(validation)
    VKRESNET_SET(diagnostics)
    VKRESNET_SET(cache)
    VKRESNET_SET(queue_count)
    VKRESNET_SET(queue_priority)
    VKRESNET_SET(compute_only_family)
};

/* A vrn_model_params. */
class model_params : public filled<model_params, vrn_model_params>
{
  public:
    VKRESNET_SET(log)
    VKRESNET_SET(arch)
    VKRESNET_SET(name)
    VKRESNET_SET(transform)
    VKRESNET_SET(prefix)
    VKRESNET_SET_LIST(class_names, class_name_count)
};

/* A vrn_session_params. */
class session_params : public filled<session_params, vrn_session_params>
{
  public:
    VKRESNET_SET(batch)
    VKRESNET_SET(height)
    VKRESNET_SET(width)
    VKRESNET_SET(precision)
    VKRESNET_SET_LIST(fp32_layers, fp32_layer_count)
    VKRESNET_SET(no_fusion)
    VKRESNET_SET(in_flight)
    VKRESNET_SET(transform)
    VKRESNET_SET_LIST(taps, tap_count)
    VKRESNET_SET(memory_limit)
    VKRESNET_SET(submission_limit_ms)
    VKRESNET_SET(diagnostics)
    VKRESNET_SET(probabilities)
    VKRESNET_SET(record_budget_ms)
    VKRESNET_SET(queue)
};

/* A vrn_inputs. */
class inputs : public filled<inputs, vrn_inputs>
{
  public:
    VKRESNET_SET(count)
    VKRESNET_SET(nchw)
    VKRESNET_SET(nhwc)
    VKRESNET_SET_LIST(images, count)
};

/* A vrn_outputs. */
class outputs : public filled<outputs, vrn_outputs>
{
  public:
    VKRESNET_SET(logits)
    VKRESNET_SET(probabilities)
    VKRESNET_SET(taps)
    VKRESNET_SET(timing)
};

/* Returns the params, with the default log if they have none. */
template <typename Params> Params with_log(Params params)
{
    if (!params.log.message) params.log = default_log();
    return params;
}

/* A vrn_device. */
class device : public handle<vrn_device, vrn_device_destroy>
{
  public:
    device() = default;
    /* As vrn_device_create. */
    vrn_result create(const vrn_device_params &params = {})
    {
        message_is_new() = false;
        const vrn_device_params own = with_log(params);
        return vrn_device_create(place(), &own);
    }
#ifndef VKRESNET_NO_EXCEPTIONS
    /* As create, but returns the device. Throws vkresnet::error. */
    static device open(const vrn_device_params &params = {})
    {
        device made;
        check(made.create(params));
        return made;
    }
#endif
    /* As vrn_device_get_info. */
    vrn_device_info info() const
    {
        vrn_device_info info;
        vrn_device_get_info(get(), &info);
        return info;
    }
};

/* A vrn_model. */
class model : public handle<vrn_model, vrn_model_destroy>
{
  public:
    model() = default;
    /* As vrn_model_load. The path is UTF-8. */
    vrn_result load(const char *path, const vrn_model_params &params = {})
    {
        message_is_new() = false;
        const vrn_model_params own = with_log(params);
        return vrn_model_load(place(), path, &own);
    }
    /* As vrn_model_load_memory: `bytes` are those of a file, and must stay valid and unchanged as
     * long as the model lives; messages call the file `name`. */
    vrn_result load(span<const std::uint8_t> bytes, const char *name,
                    const vrn_model_params &params = {})
    {
        message_is_new() = false;
        const vrn_model_params own = with_log(params);
        return vrn_model_load_memory(place(), bytes.data, bytes.size, name, &own);
    }
    /* As vrn_model_create_random; `arch` is a string as vrn_arch_parse takes it, such as
     * "resnet18". */
    vrn_result create_random(const char *arch, std::uint64_t seed)
    {
        message_is_new() = false;
        const vrn_model_params own = with_log(vrn_model_params{});
        vrn_arch parsed;
        const vrn_result result = vrn_arch_parse(&parsed, arch, &own.log);
        return result ? result : vrn_model_create_random(place(), &parsed, seed, &own);
    }
#ifndef VKRESNET_NO_EXCEPTIONS
    /* These constructors do the same as load. They throw vkresnet::error. */
    explicit model(const char *path, const vrn_model_params &params = {})
    {
        check(load(path, params));
    }
    explicit model(const std::string &path, const vrn_model_params &params = {})
        : model(path.c_str(), params)
    {
    }
    model(span<const std::uint8_t> bytes, const char *name, const vrn_model_params &params = {})
    {
        check(load(bytes, name, params));
    }
    /* As create_random, but returns the model. Throws vkresnet::error. */
    static model random(const char *arch, std::uint64_t seed)
    {
        model made;
        check(made.create_random(arch, seed));
        return made;
    }
#endif
    /* As vrn_model_get_info. */
    vrn_model_info info() const
    {
        vrn_model_info info;
        vrn_model_get_info(get(), &info);
        return info;
    }
    /* The name of a class; "" if the model has no class names or no class with this index. */
    const char *class_name(std::uint32_t index) const
    {
        const char *name = vrn_model_get_class_name(get(), index);
        return name ? name : "";
    }
};

/* A picture with 8 bits per channel. The first row is the top; there are no gaps between rows. */
struct image {
    const std::uint8_t *pixels = nullptr;     /* the first row */
    std::uint32_t width = 0, height = 0;      /* in pixels */
    vrn_pixel_format format = VRN_PIXEL_RGBA; /* how many bytes a pixel has, and what they are */
};

/* A class and its probability. */
struct prediction {
    std::uint32_t index; /* of the class */
    float probability;   /* as vrn_outputs.probabilities */
};

/* A vrn_session. */
class session : public handle<vrn_session, vrn_session_destroy>
{
  public:
    session() = default;
    /* As vrn_session_create. */
    vrn_result create(const device &on, const model &network, const vrn_session_params &params = {})
    {
        message_is_new() = false;
        return vrn_session_create(place(), on.get(), network.get(), &params);
    }
#ifndef VKRESNET_NO_EXCEPTIONS
    /* As create. Throws vkresnet::error. */
    session(const device &on, const model &network, const vrn_session_params &params = {})
    {
        check(create(on, network, params));
    }
#endif
    /* As vrn_session_get_info. */
    vrn_session_info info() const
    {
        vrn_session_info info;
        vrn_session_get_info(get(), &info);
        return info;
    }
    /* As vrn_session_run. */
    vrn_result run(const vrn_inputs &inputs, const vrn_outputs &outputs)
    {
        message_is_new() = false;
        return vrn_session_run(get(), &inputs, &outputs);
    }
    /* As vrn_session_submit. */
    vrn_result submit(const vrn_inputs &inputs, const vrn_outputs &outputs, vrn_ticket &ticket)
    {
        message_is_new() = false;
        return vrn_session_submit(get(), &inputs, &outputs, &ticket);
    }
    /* As vrn_session_wait. */
    vrn_result wait(vrn_ticket ticket)
    {
        message_is_new() = false;
        return vrn_session_wait(get(), ticket);
    }

    /* Writes the probabilities of up to `batch` pictures, [pictures.size, classes]. */
    vrn_result run(span<const image> pictures, std::vector<float> &probabilities)
    {
        message_is_new() = false;
        std::vector<vrn_image> photos(pictures.size);
        for (std::size_t i = 0; i < pictures.size; i++) {
            photos[i].pixels = pictures[i].pixels;
            photos[i].width = pictures[i].width;
            photos[i].height = pictures[i].height;
            photos[i].format = pictures[i].format;
        }
        vrn_inputs inputs{};
        inputs.count = static_cast<std::uint32_t>(pictures.size);
        inputs.images = photos.data();
        vrn_outputs outputs{};
        probabilities.resize(pictures.size * info().classes);
        outputs.probabilities = probabilities.data();
        return run(inputs, outputs);
    }
#ifndef VKRESNET_NO_EXCEPTIONS
    /* Returns the `top` best classes of a picture, the best first; of equal ones, the lower index
     * first. */
    std::vector<prediction> classify(const image &picture, std::size_t top = 5)
    {
        std::vector<float> probabilities;
        check(run(span<const image>(&picture, 1), probabilities));
        std::vector<prediction> all;
        all.reserve(probabilities.size());
        for (std::size_t i = 0; i < probabilities.size(); i++) {
            all.push_back({static_cast<std::uint32_t>(i), probabilities[i]});
        }
        top = std::min(top, all.size());
        std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(top), all.end(),
                          [](const prediction &a, const prediction &b) {
                              if (a.probability > b.probability) return true;
                              return !(b.probability > a.probability) && a.index < b.index;
                          });
        all.resize(top);
        return all;
    }
#endif
};

} // namespace vkresnet

#endif
