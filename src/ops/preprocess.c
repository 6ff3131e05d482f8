#include "ops/preprocess.h"

#include <math.h>
#include <string.h>

#include "ops/interface.h"

enum { RESIZED_SIDE_MAX = 1 << 30 };

/* Where the crop begins along one side: torchvision's center_crop, which pads first where the image
 * is smaller (floor of half the difference in front), and rounds half to even as Python does. */
static int32_t crop_offset(uint32_t size, uint32_t crop)
{
    if (crop > size) return -(int32_t)((crop - size) / 2);
    uint32_t difference = size - crop, half = difference / 2;
    return (int32_t)(difference % 2 && half % 2 ? half + 1 : half);
}

bool vrn_resize_for(vrn_resize *resize, uint32_t width, uint32_t height,
                    const vrn_transform *transform, uint32_t crop_width, uint32_t crop_height)
{
    uint64_t new_width = width, new_height = height;
    const uint64_t side = transform->resize;
    if (side && width <= height) {
        new_width = side;
        new_height = side * height / width;
    } else if (side) {
        new_width = side * width / height;
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

bool vrn_letterbox_for(vrn_resize *resize, uint32_t width, uint32_t height, uint32_t crop_width,
                       uint32_t crop_height)
{
    uint64_t new_width = crop_width, new_height = crop_height;
    if ((uint64_t)width * crop_height >= (uint64_t)height * crop_width) {
        new_height = (uint64_t)height * crop_width / width;
    } else {
        new_width = (uint64_t)width * crop_height / height;
    }
    *resize = (vrn_resize){
        .width = new_width ? (uint32_t)new_width : 1,
        .height = new_height ? (uint32_t)new_height : 1,
    };
    resize->left = crop_offset(resize->width, crop_width);
    resize->top = crop_offset(resize->height, crop_height);
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

/* How many times smaller the output is; an enlargement is not filtered. */
static double scale_of(const vrn_filter *f)
{
    double scale = (double)f->in / f->out;
    return scale < 1 ? 1 : scale;
}

/* How many input pixels count to each side of an output pixel's centre. */
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
