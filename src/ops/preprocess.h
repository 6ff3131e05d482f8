/* From photos to the network's input, on the device: resize, centre crop and normalise as
 * torchvision does on PIL images. The host makes the filters' coefficients, as PIL does; the
 * kernels apply them (ops/transfer.h). */
#ifndef VRN_OPS_PREPROCESS_H
#define VRN_OPS_PREPROCESS_H

#include <vkresnet/vkresnet.h>

/* What happens to an image of a given size: the sizes after the resize, and the crop's place in
 * it. */
typedef struct vrn_resize {
    uint32_t width, height;
    int32_t left, top; /* negative where the crop is larger: `fill` is added */
} vrn_resize;

/* False where a side would be longer than 2^30: a thin image, enlarged. */
bool vrn_resize_for(vrn_resize *resize, uint32_t width, uint32_t height,
                    const vrn_transform *transform, uint32_t crop_width, uint32_t crop_height);

/* One direction of a resize from `in` to `out` pixels, of which the crop shows `count` from `begin`
 * on. */
typedef struct vrn_filter {
    uint32_t in, out, begin, count;
    vrn_interpolation interpolation;
} vrn_filter;

/* The input positions that the shown output needs: [*first, *end). */
void vrn_filter_window(const vrn_filter *filter, uint32_t *first, uint32_t *end);

/* Coefficients of one output position: 2 * ceil(reach * scale) + 1, where the filter reaches 1
 * pixel (bilinear) or 2 (bicubic) to each side, and scale is how much smaller the output is (1
 * where it is not). */
uint32_t vrn_filter_taps(const vrn_filter *filter);

/* Writes count * (2 + taps) integers: for each shown position the first input position, counted
 * from the window's first, how many, and the coefficients times 2^VRN_FILTER_BITS
 * (precompute_coeffs and normalize_coeffs_8bpc of Pillow's Resample.c, whose results it gives to
 * the bit). */
void vrn_filter_fill(const vrn_filter *filter, int32_t *table);

#endif
