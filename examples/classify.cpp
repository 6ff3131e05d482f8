/* classify.c in C++: which of a model's classes is a picture?
 *
 *     example_classify_cpp MODEL PICTURE
 */
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

#include <cstdio>
#include <memory>

#include <vkresnet/vkresnet.hpp>

int main(int argc, char **argv)
try {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s MODEL PICTURE\n", argv[0]);
        return 2;
    }
    int width, height;
    const std::unique_ptr<unsigned char, void (*)(void *)> pixels(
        stbi_load(argv[2], &width, &height, nullptr, 4), stbi_image_free);
    if (!pixels) {
        std::fprintf(stderr, "%s: no picture\n", argv[2]);
        return 1;
    }
    const vkresnet::device device = vkresnet::device::open();
    const vkresnet::model model(argv[1]);
    vkresnet::session session(device, model);
    const auto best = session.classify({pixels.get(), static_cast<std::uint32_t>(width),
                                        static_cast<std::uint32_t>(height), VRN_PIXEL_RGBA},
                                       1);
    std::printf("%u %s %.1f %%\n", best[0].index, model.class_name(best[0].index),
                100 * static_cast<double>(best[0].probability));
    return 0;
} catch (const vkresnet::error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
