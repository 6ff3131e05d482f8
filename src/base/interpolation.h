/* Finds a filter by name, the inverse of vrn_interpolation_name. */
#ifndef VRN_BASE_INTERPOLATION_H
#define VRN_BASE_INTERPOLATION_H

#include <vkresnet/vkresnet.h>

/* False: no filter has this name. */
bool vrn_interpolation_find(const char *name, vrn_interpolation *interpolation);
#define VRN_INTERPOLATION_NAMES "bilinear or bicubic"

#endif
