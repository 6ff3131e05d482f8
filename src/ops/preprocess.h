/* From photos to the network's input, on the device: resize, centre crop and normalise as
 * torchvision does on PIL images. The host makes the filters' coefficients, as PIL does; the
 * kernels apply them (ops/transfer.h). */
#ifndef VRN_OPS_PREPROCESS_H
#define VRN_OPS_PREPROCESS_H

#include <vkresnet/vkresnet.h>

/* The resize of an image of a given size: the sizes after the resize, and the crop's place in
 * it. */
typedef struct vrn_resize {
    uint32_t width, height;
    int32_t left, top; /* negative if the crop is larger: `fill` is added */
} vrn_resize;

/* False if a side would be longer than 2^30 (a thin image, enlarged). */
bool vrn_resize_for(vrn_resize *resize, uint32_t width, uint32_t height,
                    const vrn_transform *transform, uint32_t crop_width, uint32_t crop_height);

/* One direction of a resize from `in` to `out` pixels; the crop shows `count` of them, beginning at
 * `begin`. */
typedef struct vrn_filter {
    uint32_t in, out, begin, count;
    vrn_interpolation interpolation;
} vrn_filter;

/* The input positions that the shown output needs: [*first, *end). */
void vrn_filter_window(const vrn_filter *filter, uint32_t *first, uint32_t *end);

/* Coefficients of one output position: 2 * ceil(reach * scale) + 1, where the filter reaches 1
 * pixel (bilinear) or 2 (bicubic) to each side, and scale is the factor by which the output is
 * smaller (1 if it is not). */
uint32_t vrn_filter_taps(const vrn_filter *filter);

/* Writes count * (2 + taps) integers: for each shown position the first input position, counted
 * from the window's first, how many, and the coefficients times 2^VRN_FILTER_BITS (bit-identical to
 * precompute_coeffs and normalize_coeffs_8bpc in Pillow's Resample.c). */
void vrn_filter_fill(const vrn_filter *filter, int32_t *table);

#endif
