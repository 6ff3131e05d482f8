/* Alternative readings of a checkpoint: architectures and preparations of images that names and
 * shapes of tensors cannot tell apart. */
#ifndef VRN_TOOLS_READINGS_H
#define VRN_TOOLS_READINGS_H

#include <vkresnet/diagnostics.h>

enum { VRN_READINGS_MAX = 96 };

typedef struct vrn_readings {
    vrn_check_reading each[VRN_READINGS_MAX];
    uint32_t count;
} vrn_readings;

/* Lists the readings that differ from `from` in a single property. Their names extend its name;
 * their keys are relative to `base`, the complete architecture of the model. With `photos`, the
 * list includes preparations of images. Some readings may not suit the model's parameters or the
 * size of its input. */
void vrn_readings_list(vrn_readings *readings, const vrn_check_reading *from, const vrn_arch *base,
                       bool photos);

#endif
