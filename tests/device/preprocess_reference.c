/* What shaders/resample.comp and shaders/normalize.comp do, in plain C and with nothing left out:
 * all of the image is resized, whatever the crop shows of it. */
#include "preprocess_reference.h"

#include <string.h>

#include "base/alloc.h"
#include "ops/preprocess.h"

/* One direction of the resize, of `lines` rows or columns. `x` and `y` have RGB bytes; `along` and
 * `across` are the distances between pixels in the direction of the filter and from line to line.
 * False: out of memory. */
static bool resample(const vrn_filter *filter, uint32_t lines, const uint8_t *x, size_t x_along,
                     size_t x_across, uint8_t *y, size_t y_along, size_t y_across)
{
    const uint32_t taps = vrn_filter_taps(filter);
    int32_t *table = vrn_alloc(filter->count, (taps + 2) * sizeof *table);
    if (!table) return false;
    vrn_filter_fill(filter, table);
    for (uint32_t line = 0; line < lines; line++) {
        for (uint32_t i = 0; i < filter->count; i++) {
            const int32_t *entry = table + (size_t)i * (taps + 2);
            for (int channel = 0; channel < 3; channel++) {
                int64_t sum = 1 << 21; /* one half */
                for (int32_t k = 0; k < entry[1]; k++) {
                    size_t at = (size_t)(entry[0] + k) * x_along + line * x_across;
                    sum += (int64_t)entry[2 + k] * x[at * 3 + channel];
                }
                sum = sum < 0 ? 0 : sum >> 22;
                y[(i * y_along + line * y_across) * 3 + channel] = (uint8_t)(sum > 255 ? 255 : sum);
            }
        }
    }
    vrn_free(table);
    return true;
}

static vrn_filter whole(uint32_t in, uint32_t out, const vrn_transform *transform)
{
    return (vrn_filter){
        .in = in, .out = out, .count = out, .interpolation = transform->interpolation};
}

static void crop(const vrn_resize *resize, const vrn_transform *transform, const uint8_t *resized,
                 uint32_t height, uint32_t width, float *y)
{
    for (uint32_t row = 0; row < height; row++) {
        for (uint32_t column = 0; column < width; column++, y += 4) {
            const int64_t from_row = (int64_t)row + resize->top;
            const int64_t from_column = (int64_t)column + resize->left;
            const bool inside = from_row >= 0 && from_column >= 0 && from_row < resize->height &&
                                from_column < resize->width;
            const size_t at = (size_t)(from_row * resize->width + from_column) * 3;
            for (int i = 0; i < 3; i++) {
                const int from = transform->channels == VRN_CHANNELS_BGR ? 2 - i : i;
                const uint8_t byte = inside ? resized[at + (size_t)from] : transform->fill[from];
                const float value = (float)byte / (transform->scale != 0 ? transform->scale : 255);
                float std = transform->std[i];
                y[i] = (value - transform->mean[i]) / (std != 0 ? std : 1);
            }
            y[3] = 0;
        }
    }
}

bool vrn_preprocess_reference(const vrn_image *photo, const vrn_transform *transform,
                              uint32_t height, uint32_t width, float *y)
{
    vrn_resize resize;
    if (!vrn_resize_for(&resize, photo->width, photo->height, transform, width, height)) {
        return false;
    }
    const vrn_filter columns = whole(photo->width, resize.width, transform);
    const vrn_filter rows = whole(photo->height, resize.height, transform);
    const size_t stride = photo->stride ? photo->stride : (size_t)photo->width * 4;
    uint8_t *x = vrn_alloc((size_t)photo->width * photo->height, 3);
    uint8_t *narrow = vrn_alloc((size_t)resize.width * photo->height, 3);
    uint8_t *resized = vrn_alloc((size_t)resize.width * resize.height, 3);
    bool good = x && narrow && resized;
    for (uint32_t row = 0; row < photo->height && good; row++) {
        for (uint32_t column = 0; column < photo->width; column++) {
            memcpy(x + ((size_t)row * photo->width + column) * 3,
                   photo->pixels + row * stride + (size_t)column * 4, 3);
        }
    }
    /* A filter from a size to the same one has a single weight of 1: the copy that PIL makes. */
    good = good && resample(&columns, photo->height, x, 1, photo->width, narrow, 1, resize.width) &&
           resample(&rows, resize.width, narrow, resize.width, 1, resized, resize.width, 1);
    if (good) crop(&resize, transform, resized, height, width, y);
    vrn_free(x);
    vrn_free(narrow);
    vrn_free(resized);
    return good;
}
