#include "net/format.h"

#include <math.h>

#include "base/half.h"

static float clamp(float value, float limit)
{
    return fminf(limit, fmaxf(-limit, value));
}

vrn_type vrn_format_values(vrn_format format)
{
    return format.type == VRN_TYPE_F32 ? format.rounded : format.type;
}

float vrn_format_load(vrn_format format, const void *from, size_t i)
{
    switch (format.type) {
    case VRN_TYPE_F32: return ((const float *)from)[i];
    case VRN_TYPE_F16: return vrn_half_to_float(((const uint16_t *)from)[i]);
    case VRN_TYPE_I8: return (float)((const int8_t *)from)[i] * format.scale;
    case VRN_TYPE_COUNT: break;
    }
    return 0;
}

static void store(vrn_type type, float scale, void *to, size_t i, float value)
{
    switch (type) {
    case VRN_TYPE_F32: ((float *)to)[i] = value; break;
    case VRN_TYPE_F16: ((uint16_t *)to)[i] = vrn_float_to_half(clamp(value, VRN_HALF_MAX)); break;
    case VRN_TYPE_I8: ((int8_t *)to)[i] = (int8_t)lrintf(clamp(value / scale, 127)); break;
    case VRN_TYPE_COUNT: break;
    }
}

void vrn_format_store(vrn_format format, void *to, size_t i, float value)
{
    const bool rounded = format.type == VRN_TYPE_F32 && format.rounded != VRN_TYPE_F32;
    store(format.type, format.scale, to, i, rounded ? vrn_format_round(format, value) : value);
}

float vrn_format_round(vrn_format format, float value)
{
    const vrn_format plain = {.type = vrn_format_values(format), .scale = format.scale};
    float stored = 0;
    store(plain.type, plain.scale, &stored, 0, value);
    return vrn_format_load(plain, &stored, 0);
}
