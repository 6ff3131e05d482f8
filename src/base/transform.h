/* Parses, formats and validates transforms (vrn_transform). */
#ifndef VRN_BASE_TRANSFORM_H
#define VRN_BASE_TRANSFORM_H

#include <vkresnet/vkresnet.h>

enum { VRN_SIDE_MAX = 65536, VRN_SIDES_MAX = 32 };

/* Parses "256" (the shorter side; "0": no resize), "224x224" (height and width, which may change
 * the proportions), "longer:256" or "letterbox". False: the text is none of these, and the
 * transform is unchanged. */
bool vrn_transform_parse_resize(vrn_transform *transform, const char *text);
#define VRN_RESIZE_FORMS "N, HxW, longer:N or letterbox, of pixels up to 65536"

/* Parses "224" or "256x128"; "0": the same numbers as the resize. */
bool vrn_transform_parse_crop(vrn_transform *transform, const char *text);
#define VRN_CROP_FORMS "a number of pixels up to 65536, or HxW"

/* Parses three numbers from 0 to 255: "114,114,114". */
bool vrn_transform_parse_fill(vrn_transform *transform, const char *text);

void vrn_transform_format_resize(const vrn_transform *transform, char text[VRN_SIDES_MAX]);
void vrn_transform_format_crop(const vrn_transform *transform, char text[VRN_SIDES_MAX]);

/* False: no order of channels has this name. */
bool vrn_channels_find(const char *name, vrn_channels *channels);

/* The size of the network's input that the transform gives; 0: it does not set one. */
void vrn_transform_get_input(const vrn_transform *transform, uint32_t *height, uint32_t *width);

/* The divisor of pixel values. */
float vrn_transform_scale(const vrn_transform *transform);

/* Checks a transform of the caller. `subject` begins the message. Errors:
 * VRN_ERROR_INVALID_ARGUMENT. */
vrn_result vrn_transform_check(const vrn_transform *transform, const char *subject,
                               const vrn_log *log);

#endif
