#include "ops/preprocess.h"

#include <math.h>
#include <string.h>

#include "base/util.h"
#include "ops/interface.h"

enum { RESIZED_SIDE_MAX = 1 << 30 };

/* The beginning of the crop along one side: torchvision's center_crop, which first pads a smaller
 * image (floor of half the difference before it), and rounds half to even as Python does. */
static int32_t crop_offset(uint32_t size, uint32_t crop)
{
    if (crop > size) return -(int32_t)((crop - size) / 2);
    uint32_t difference = size - crop, half = difference / 2;
    return (int32_t)(difference % 2 && half % 2 ? half + 1 : half);
}

/* Python's round: a half goes to the even neighbour. */
static uint32_t round_half_even(double x)
{
    const double whole = floor(x), rest = x - whole;
    const uint32_t below = (uint32_t)whole;
    return below + (rest > 0.5 || (rest == 0.5 && below % 2));
}

/* Pillow's ImageOps.pad: the whole image, scaled to fit and centred. */
static void letterbox(vrn_resize *resize, uint32_t width, uint32_t height, uint32_t box_width,
                      uint32_t box_height)
{
    const double ratio = (double)width / height, box_ratio = (double)box_width / box_height;
    uint32_t new_width = box_width, new_height = box_height;
    if (ratio > box_ratio) {
        new_height = round_half_even((double)height / width * box_width);
    } else if (ratio < box_ratio) {
        new_width = round_half_even((double)width / height * box_height);
    }
    *resize = (vrn_resize){
        .width = new_width ? new_width : 1,
        .height = new_height ? new_height : 1,
    };
    resize->left = -(int32_t)round_half_even((box_width - resize->width) * 0.5);
    resize->top = -(int32_t)round_half_even((box_height - resize->height) * 0.5);
}

bool vrn_resize_for(vrn_resize *resize, uint32_t width, uint32_t height,
                    const vrn_transform *transform, uint32_t crop_width, uint32_t crop_height)
{
    uint64_t new_width = width, new_height = height;
    const uint64_t side = transform->resize;
    const bool longer = transform->mode == VRN_RESIZE_LONGER;
    if (transform->mode == VRN_RESIZE_LETTERBOX) {
        letterbox(resize, width, height, crop_width, crop_height);
        return true;
    }
    if (transform->mode == VRN_RESIZE_EXACT) {
        new_width = transform->resize_width ? transform->resize_width : side;
        new_height = side;
    } else if (side && (longer ? width >= height : width <= height)) {
        new_width = side;
        new_height = vrn_max_u64(side * height / width, 1);
    } else if (side) {
        new_width = vrn_max_u64(side * width / height, 1);
        new_height = side;
    }
    if (new_width > RESIZED_SIDE_MAX || new_height > RESIZED_SIDE_MAX) return false;
    *resize = (vrn_resize){
        .width = (uint32_t)new_width,
        .height = (uint32_t)new_height,
        .left = crop_offset((uint32_t)new_width, crop_width),
        .top = crop_offset((uint32_t)new_height, crop_height),
    };
    return true;
}

static double triangle(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

/* PIL's bicubic_filter, in its order of operations. */
static double cubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static const struct {
    double (*weight)(double distance);
    double reach; /* weights are 0 beyond */
} shapes[] = {
    [VRN_INTERPOLATION_BILINEAR] = {triangle, 1},
    [VRN_INTERPOLATION_BICUBIC] = {cubic, 2},
};

/* The factor by which the output is smaller; an enlargement is not filtered. */
static double scale_of(const vrn_filter *f)
{
    double scale = (double)f->in / f->out;
    return scale < 1 ? 1 : scale;
}

/* The number of input pixels that count to each side of an output pixel's centre. */
static double support_of(const vrn_filter *f)
{
    return shapes[f->interpolation].reach * scale_of(f);
}

/* The input positions [*first, *end) of output position `i`, around *center. */
static void span_of(const vrn_filter *f, uint32_t i, double *center, uint32_t *first, uint32_t *end)
{
    double support = support_of(f);
    *center = (i + 0.5) * ((double)f->in / f->out);
    double low = *center - support + 0.5, high = *center + support + 0.5;
    *first = low < 0 ? 0 : (uint32_t)low;
    *end = high > f->in ? f->in : (uint32_t)high;
}

void vrn_filter_window(const vrn_filter *f, uint32_t *first, uint32_t *end)
{
    double center;
    uint32_t other;
    span_of(f, f->begin, &center, first, &other);
    span_of(f, f->begin + f->count - 1, &center, &other, end);
}

uint32_t vrn_filter_taps(const vrn_filter *f)
{
    return (uint32_t)ceil(support_of(f)) * 2 + 1;
}

void vrn_filter_fill(const vrn_filter *f, int32_t *table)
{
    double (*const weight_at)(double) = shapes[f->interpolation].weight;
    const double inverse = 1 / scale_of(f);
    const uint32_t taps = vrn_filter_taps(f);
    uint32_t origin, window_end;
    vrn_filter_window(f, &origin, &window_end);
    for (uint32_t i = 0; i < f->count; i++, table += taps + 2) {
        double center, sum = 0;
        uint32_t first, end;
        span_of(f, f->begin + i, &center, &first, &end);
        for (uint32_t x = first; x < end; x++) sum += weight_at((x - center + 0.5) * inverse);
        memset(table, 0, (taps + 2) * sizeof *table);
        table[0] = (int32_t)(first - origin);
        table[1] = (int32_t)(end - first);
        for (uint32_t x = first; x < end; x++) {
            double weight = weight_at((x - center + 0.5) * inverse) / sum * (1 << VRN_FILTER_BITS);
            table[2 + x - first] = (int32_t)(weight < 0 ? weight - 0.5 : weight + 0.5);
        }
    }
}
