#include "base/interpolation.h"

#include <string.h>

#include "base/util.h"

/* [vrn_interpolation] */
static const char *const names[] = {
    [VRN_INTERPOLATION_BILINEAR] = "bilinear",
    [VRN_INTERPOLATION_BICUBIC] = "bicubic",
};

const char *vrn_interpolation_name(vrn_interpolation interpolation)
{
    return (unsigned)interpolation < VRN_COUNT(names) ? names[interpolation] : NULL;
}

bool vrn_interpolation_find(const char *name, vrn_interpolation *interpolation)
{
    for (size_t i = 0; i < VRN_COUNT(names); i++) {
        if (strcmp(name, names[i]) != 0) continue;
        *interpolation = (vrn_interpolation)i;
        return true;
    }
    return false;
}
