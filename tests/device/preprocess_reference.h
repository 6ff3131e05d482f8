/* The preparation of photos in plain C, for the test of the shaders that do it on the device. */
#ifndef VRN_TESTS_DEVICE_PREPROCESS_REFERENCE_H
#define VRN_TESTS_DEVICE_PREPROCESS_REFERENCE_H

#include <vkresnet/vkresnet.h>

/* All of it in plain C, slowly, for comparison: y [height, width, 4] as the device has it, the
 * fourth channel 0. False: out of memory, or as vrn_resize_for. */
bool vrn_preprocess_reference(const vrn_image *photo, const vrn_transform *transform,
                              uint32_t height, uint32_t width, float *y);

#endif
