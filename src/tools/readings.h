/* What a checkpoint may mean besides, and how its images may have been prepared: all that names and
 * shapes do not show. */
#ifndef VRN_TOOLS_READINGS_H
#define VRN_TOOLS_READINGS_H

#include <vkresnet/diagnostics.h>

enum { VRN_READINGS_MAX = 96 };

typedef struct vrn_readings {
    vrn_check_reading each[VRN_READINGS_MAX];
    uint32_t count;
} vrn_readings;

/* Lists the readings that differ from `from` in one thing. Their names go on where its name ends;
 * keys are relative to `base`, the complete architecture of the model. With `photos` preparations
 * of images are among them. Some may not suit the model's parameters, or the size of its input. */
void vrn_readings_list(vrn_readings *readings, const vrn_check_reading *from, const vrn_arch *base,
                       bool photos);

#endif
