/* The headers for C++ as an application uses them: structs are filled in three ways, and the
 * compiler compares the results. check_headers.py compiles this in each standard from C++17 on,
 * with exceptions and without. */
#include <array>
#include <vector>

#include <vkresnet/vulkan.hpp>

namespace
{

constexpr const char *names[] = {"layer1", "layer3"};
constexpr std::array<vrn_record_image, 3> pictures{};
constexpr vrn_place place{};

constexpr vrn_session_params assigned()
{
    vrn_session_params params{};
    params.batch = 8;
    params.taps = names;
    params.tap_count = 2;
    params.record_budget_ms = 2;
    return params;
}

constexpr bool same(const vrn_session_params &a, const vrn_session_params &b)
{
    return a.batch == b.batch && a.taps == b.taps && a.tap_count == b.tap_count &&
           !(a.record_budget_ms < b.record_budget_ms) &&
           !(b.record_budget_ms < a.record_budget_ms) && a.height == b.height &&
           a.in_flight == b.in_flight && a.fp32_layers == b.fp32_layers;
}

constexpr vrn_session_params called =
    vkresnet::session_params().batch(8).taps(names).record_budget_ms(2);
static_assert(same(called, assigned()), "");

#if __cplusplus >= 202002L
/* gcc's -Wextra asks for the other members. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
constexpr vrn_session_params designated{
    .batch = 8, .taps = names, .tap_count = 2, .record_budget_ms = 2};
static_assert(same(called, designated), "");
#endif

/* A list has the count of its span. */
constexpr vrn_record_params recording =
    vkresnet::record_params().slot(1).images(pictures).top({}, 64).keep_top(true).taps(&place);
static_assert(recording.slot == 1 && recording.images == pictures.data() && recording.count == 3 &&
                  recording.top.offset == 64 && recording.keep_top && recording.taps == &place,
              "");
constexpr vrn_record_params one = vkresnet::record_params().images({pictures.data(), 1});
static_assert(one.count == 1 && !one.pixels && one.top.offset == 0, "");

constexpr vrn_record_image picture =
    vkresnet::record_image().width(1920).height(1080).region({{8, 4}, {64, 32}});
static_assert(picture.width == 1920 && picture.height == 1080 && picture.region.offset.x == 8 &&
                  picture.region.extent.height == 32 && picture.layout == VK_IMAGE_LAYOUT_UNDEFINED,
              "");

constexpr vrn_device_params chosen =
    vkresnet::device_params().select("Radeon").queue_count(2).compute_only_family(true);
static_assert(chosen.select && chosen.queue_count == 2 && chosen.compute_only_family, "");

} // namespace

/* What a program does with them, by the functions that return a result. */
vrn_result record_frame(vkresnet::session &session, VkCommandBuffer commands, VkBuffer results);
vrn_result record_frame(vkresnet::session &session, VkCommandBuffer commands, VkBuffer results)
{
    const vrn_record_image image = vkresnet::record_image().width(32).height(32);
    const auto params = vkresnet::record_params().images({&image, 1}).probabilities(results);
    return vkresnet::record(session, commands, params);
}

vrn_result classify(const std::vector<vrn_image> &photos, std::vector<float> &probabilities);
vrn_result classify(const std::vector<vrn_image> &photos, std::vector<float> &probabilities)
{
    vkresnet::device device;
    vkresnet::model model;
    vkresnet::session session;
    const auto params = vkresnet::device_params().validation(true);
    vrn_result result = device.create(params);
    if (!result) result = model.load("resnet50.pth", vkresnet::model_params().class_names(names));
    if (!result) result = session.create(device, model, vkresnet::session_params().batch(4));
    if (result) return result;
    return session.run(vkresnet::inputs().images(photos),
                       vkresnet::outputs().probabilities(probabilities.data()));
}
