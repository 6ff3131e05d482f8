/* feature_search.c in C++: finds the pictures of a folder that are most similar to a given one, by
 * the output of the network's average pool, and draws the nearest on a sheet.
 *
 *     example_feature_search_cpp MODEL QUERY FOLDER SHEET.png [--count N]
 *
 * The output is that of the program in C. */
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <vkresnet/vkresnet.hpp>

extern "C" {
#include "caption.h"
#include "picture.h"
}

namespace
{

constexpr std::uint32_t batch = 32;
constexpr int columns = 5, side = 192, bar = 28, margin = 12;
constexpr std::uint8_t paper = 244;

/* A picture that frees its pixels. */
class owned_picture
{
  public:
    /* Empty if the file is no picture. */
    explicit owned_picture(const std::string &path)
    {
        picture_load(&own_, path.c_str());
    }
    owned_picture(int width, int height, std::uint8_t grey)
        : own_(picture_blank(width, height, grey))
    {
    }
    owned_picture(owned_picture &&from) noexcept : own_(std::exchange(from.own_, {}))
    {
    }
    owned_picture(const owned_picture &) = delete;
    owned_picture &operator=(const owned_picture &) = delete;
    ~owned_picture()
    {
        picture_free(&own_);
    }
    /* The struct of picture.h. */
    const picture *get() const
    {
        return &own_;
    }
    picture *get()
    {
        return &own_;
    }
    const picture *operator->() const
    {
        return &own_;
    }
    explicit operator bool() const
    {
        return own_.rgba != nullptr;
    }
    bool operator==(const owned_picture &other) const
    {
        return own_.width == other->width && own_.height == other->height &&
               std::memcmp(own_.rgba, other->rgba,
                           static_cast<std::size_t>(own_.width) *
                               static_cast<std::size_t>(own_.height) * 4) == 0;
    }

  private:
    picture own_{};
};

using features = std::vector<float>;

/* Feature vectors of length 1, so that a product of two is their cosine. */
class describer
{
  public:
    explicit describer(const char *model)
        : device_(vkresnet::device::open()), model_(model),
          session_(device_, model_, vkresnet::session_params().batch(batch).taps(taps))
    {
        std::uint32_t shape[3];
        vkresnet::check(vrn_session_get_tap_shape(session_.get(), 0, shape));
        length_ = shape[0];
        vectors_.resize(std::size_t{batch} * length_);
    }

    /* For up to `batch` pictures. */
    std::vector<features> describe(vkresnet::span<const owned_picture> pictures)
    {
        std::vector<vrn_image> images(pictures.size);
        for (std::size_t i = 0; i < images.size(); i++) {
            images[i].pixels = pictures[i]->rgba;
            images[i].width = static_cast<std::uint32_t>(pictures[i]->width);
            images[i].height = static_cast<std::uint32_t>(pictures[i]->height);
        }
        float *const out[] = {vectors_.data()};
        vkresnet::check(
            session_.run(vkresnet::inputs().images(images), vkresnet::outputs().taps(out)));
        std::vector<features> found;
        for (std::size_t i = 0; i < images.size(); i++) {
            features vector(out[0] + i * length_, out[0] + (i + 1) * length_);
            double square = 0;
            for (const float x : vector) square += static_cast<double>(x) * static_cast<double>(x);
            const float scale = square > 0 ? static_cast<float>(1 / std::sqrt(square)) : 0;
            for (float &x : vector) x *= scale;
            found.push_back(std::move(vector));
        }
        return found;
    }

  private:
    static constexpr const char *taps[] = {"avgpool"};
    vkresnet::device device_;
    vkresnet::model model_;
    vkresnet::session session_;
    std::size_t length_ = 0;
    std::vector<float> vectors_; /* [batch][length] */
};

struct neighbour {
    std::string path;
    float cosine = 0;
};

/* The pictures of a folder but the query, the nearest first. */
std::vector<neighbour> search(describer &network, const owned_picture &query,
                              const std::string &folder)
{
    const features wanted = network.describe({&query, 1})[0];
    if (!std::filesystem::is_directory(folder)) throw std::runtime_error(folder + ": no folder");
    std::vector<neighbour> found;
    std::vector<owned_picture> waiting; /* the last of `found` */
    const auto compare = [&] {
        if (waiting.empty()) return;
        auto *next = found.data() + (found.size() - waiting.size());
        for (const features &vector : network.describe(waiting)) {
            for (std::size_t k = 0; k < wanted.size(); k++) next->cosine += wanted[k] * vector[k];
            next++;
        }
        waiting.clear();
    };
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
        owned_picture p(entry.path().string());
        if (!p || p == query) continue;
        found.push_back({entry.path().string()});
        waiting.push_back(std::move(p));
        if (waiting.size() == batch) compare();
    }
    compare();
    std::sort(found.begin(), found.end(), [](const neighbour &a, const neighbour &b) {
        return a.cosine > b.cosine || (!(a.cosine < b.cosine) && a.path < b.path);
    });
    return found;
}

/* Draws a picture as large as a cell allows, and a caption under it. */
void draw_cell(owned_picture &sheet, int index, const picture &p, const std::string &text)
{
    constexpr std::uint8_t white[3] = {255, 255, 255}, yellow[3] = {255, 210, 90};
    const float scale = side / static_cast<float>(std::max(p.width, p.height));
    const auto scaled = [scale](int length) {
        return static_cast<int>(std::max(1.0f, std::round(static_cast<float>(length) * scale)));
    };
    const int width = scaled(p.width), height = scaled(p.height);
    owned_picture cell(side, side + bar, paper - 20);
    picture_scale(cell.get(), (side - width) / 2, (side - height) / 2, width, height, &p,
                  {0, 0, static_cast<float>(p.width), static_cast<float>(p.height)});
    caption_draw(cell->rgba, cell->width, cell->height, text.c_str(), index ? white : yellow);
    picture_paste(sheet.get(), margin + index % columns * (side + margin),
                  margin + index / columns * (side + bar + margin), cell.get());
}

void write_sheet(const owned_picture &query, const std::vector<neighbour> &nearest,
                 const char *path)
{
    const int cells = static_cast<int>(nearest.size()) + 1;
    const int rows = (cells + columns - 1) / columns;
    owned_picture sheet(margin + std::min(cells, columns) * (side + margin),
                        margin + rows * (side + bar + margin), paper);
    draw_cell(sheet, 0, *query.get(), "query");
    for (int i = 1; i < cells; i++) {
        const neighbour &n = nearest[static_cast<std::size_t>(i - 1)];
        char text[32];
        std::snprintf(text, sizeof text, "%.3f", static_cast<double>(n.cosine));
        const owned_picture p(n.path);
        if (p) draw_cell(sheet, i, *p.get(), text);
    }
    if (!caption_save(path, sheet->rgba, sheet->width, sheet->height)) {
        throw std::runtime_error(std::string(path) + ": not written");
    }
}

} // namespace

int main(int argc, char **argv)
try {
    unsigned long count = 9;
    if (argc == 7 && std::strcmp(argv[5], "--count") == 0) {
        count = std::strtoul(argv[6], nullptr, 10);
    }
    if ((argc != 5 && argc != 7) || count < 1 || count > 999) {
        std::fprintf(stderr, "usage: %s MODEL QUERY FOLDER SHEET.png [--count N]\n", argv[0]);
        return 2;
    }
    describer network(argv[1]);
    const owned_picture query(argv[2]);
    if (!query) throw std::runtime_error(std::string(argv[2]) + ": no picture");
    std::vector<neighbour> found = search(network, query, argv[3]);
    const std::size_t all = found.size();
    found.resize(std::min<std::size_t>(count, all));
    for (const neighbour &n : found) {
        std::printf("%.4f  %s\n", static_cast<double>(n.cosine), n.path.c_str());
    }
    std::printf("%zu of %zu pictures\n", found.size(), all);
    write_sheet(query, found, argv[4]);
    return 0;
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
