/* Transforms as texts, and what must hold for one. */
#ifndef VRN_BASE_TRANSFORM_H
#define VRN_BASE_TRANSFORM_H

#include <vkresnet/vkresnet.h>

enum { VRN_SIDE_MAX = 65536, VRN_SIDES_MAX = 32 };

/* "256" (the shorter side; "0": no resize), "224x224" (height and width, whatever the proportions),
 * "longer:256", "letterbox". False: none of these; the transform is as it was. */
bool vrn_transform_parse_resize(vrn_transform *transform, const char *text);
#define VRN_RESIZE_FORMS "N, HxW, longer:N or letterbox, of pixels up to 65536"

/* "224" or "256x128"; "0": as the resize. */
bool vrn_transform_parse_crop(vrn_transform *transform, const char *text);
#define VRN_CROP_FORMS "a number of pixels up to 65536, or HxW"

/* Bytes from 0 to 255: "114,114,114". */
bool vrn_transform_parse_fill(vrn_transform *transform, const char *text);

void vrn_transform_format_resize(const vrn_transform *transform, char text[VRN_SIDES_MAX]);
void vrn_transform_format_crop(const vrn_transform *transform, char text[VRN_SIDES_MAX]);

/* False: there is none of this name. */
bool vrn_channels_find(const char *name, vrn_channels *channels);

/* The network's input by the transform; 0: the transform has no size. */
void vrn_transform_get_input(const vrn_transform *transform, uint32_t *height, uint32_t *width);

/* The divisor of a pixel's value. */
float vrn_transform_scale(const vrn_transform *transform);

/* What is wrong with a transform, or NULL. */
const char *vrn_transform_find_fault(const vrn_transform *transform);

#endif
