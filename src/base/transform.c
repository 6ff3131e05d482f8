#include "base/transform.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "base/util.h"

/* ---- Names ----------------------------------------------------------------------------------- */

/* [vrn_channels] */
static const char *const channel_names[] = {
    [VRN_CHANNELS_RGB] = "rgb",
    [VRN_CHANNELS_BGR] = "bgr",
};

const char *vrn_channels_name(vrn_channels channels)
{
    return (unsigned)channels < VRN_COUNT(channel_names) ? channel_names[channels] : NULL;
}

bool vrn_channels_find(const char *name, vrn_channels *channels)
{
    for (size_t i = 0; i < VRN_COUNT(channel_names); i++) {
        if (strcmp(name, channel_names[i]) != 0) continue;
        *channels = (vrn_channels)i;
        return true;
    }
    return false;
}

/* [vrn_probabilities] */
static const char *const probability_names[] = {
    [VRN_PROBABILITIES_SOFTMAX] = "softmax",
    [VRN_PROBABILITIES_SIGMOID] = "sigmoid",
    [VRN_PROBABILITIES_LOGITS] = "none",
};

const char *vrn_probabilities_name(vrn_probabilities probabilities)
{
    return (unsigned)probabilities < VRN_COUNT(probability_names) ? probability_names[probabilities]
                                                                  : NULL;
}

/* ---- Presets --------------------------------------------------------------------------------- */

#define IMAGENET .mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}

static const struct {
    const char *name;
    vrn_transform transform;
} presets[] = {
    {"torchvision", {.resize = 256, .crop = 224, IMAGENET}},
    {"timm", {.resize = 256, .crop = 224, .interpolation = VRN_INTERPOLATION_BICUBIC, IMAGENET}},
    {"caffe",
     {.resize = 256,
      .crop = 224,
      .mean = {103.939f, 116.779f, 123.68f},
      .std = {1, 1, 1},
      .channels = VRN_CHANNELS_BGR,
      .scale = 1}},
    {"clip",
     {.resize = 224,
      .crop = 224,
      .interpolation = VRN_INTERPOLATION_BICUBIC,
      .mean = {0.48145466f, 0.4578275f, 0.40821073f},
      .std = {0.26862954f, 0.26130258f, 0.27577711f}}},
};

const char *vrn_transform_preset_name(uint32_t i)
{
    return i < VRN_COUNT(presets) ? presets[i].name : NULL;
}

bool vrn_transform_get_preset(const char *name, vrn_transform *transform)
{
    for (size_t i = 0; name && i < VRN_COUNT(presets); i++) {
        if (strcmp(name, presets[i].name) != 0) continue;
        *transform = presets[i].transform;
        return true;
    }
    return false;
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static bool parse_side(const char *text, size_t length, uint32_t *side)
{
    uint64_t number;
    if (!vrn_parse_number(text, length, VRN_SIDE_MAX, &number)) return false;
    *side = (uint32_t)number;
    return true;
}

/* Parses "224x256"; neither side may be 0. */
static bool parse_sides(const char *text, uint32_t *height, uint32_t *width)
{
    const size_t x = strcspn(text, "x");
    uint32_t sides[2];
    if (!text[x] || !parse_side(text, x, &sides[0]) ||
        !parse_side(text + x + 1, strlen(text + x + 1), &sides[1]) || !sides[0] || !sides[1]) {
        return false;
    }
    *height = sides[0];
    *width = sides[1];
    return true;
}

bool vrn_transform_parse_resize(vrn_transform *transform, const char *text)
{
    static const char longer[] = "longer:";
    const size_t prefix = sizeof longer - 1;
    uint32_t height = 0, width = 0;
    vrn_resize_mode mode = VRN_RESIZE_SHORTER;
    if (strcmp(text, "letterbox") == 0) {
        mode = VRN_RESIZE_LETTERBOX;
    } else if (strncmp(text, longer, prefix) == 0) {
        mode = VRN_RESIZE_LONGER;
        if (!parse_side(text + prefix, strlen(text + prefix), &height) || !height) return false;
    } else if (parse_sides(text, &height, &width)) {
        mode = VRN_RESIZE_EXACT;
    } else if (!parse_side(text, strlen(text), &height)) {
        return false;
    }
    transform->mode = mode;
    transform->resize = height;
    transform->resize_width = width;
    return true;
}

bool vrn_transform_parse_crop(vrn_transform *transform, const char *text)
{
    uint32_t height, width = 0;
    if (!parse_sides(text, &height, &width) && !parse_side(text, strlen(text), &height)) {
        return false;
    }
    transform->crop = height;
    transform->crop_width = width;
    return true;
}

bool vrn_transform_parse_fill(vrn_transform *transform, const char *text)
{
    uint64_t values[3];
    for (int i = 0; i < 3; i++) {
        const size_t length = strcspn(text, ",");
        if (!vrn_parse_number(text, length, 255, &values[i])) return false;
        text += length;
        if (i < 2 && *text++ != ',') return false;
    }
    if (*text) return false;
    for (int i = 0; i < 3; i++) transform->fill[i] = (uint8_t)values[i];
    return true;
}

static void format_sides(uint32_t height, uint32_t width, char text[VRN_SIDES_MAX])
{
    if (width && width != height) {
        snprintf(text, VRN_SIDES_MAX, "%ux%u", height, width);
    } else {
        snprintf(text, VRN_SIDES_MAX, "%u", height);
    }
}

void vrn_transform_format_resize(const vrn_transform *t, char text[VRN_SIDES_MAX])
{
    switch (t->mode) {
    case VRN_RESIZE_SHORTER: snprintf(text, VRN_SIDES_MAX, "%u", t->resize); break;
    case VRN_RESIZE_LONGER: snprintf(text, VRN_SIDES_MAX, "longer:%u", t->resize); break;
    case VRN_RESIZE_EXACT:
        snprintf(text, VRN_SIDES_MAX, "%ux%u", t->resize,
                 t->resize_width ? t->resize_width : t->resize);
        break;
    case VRN_RESIZE_LETTERBOX: snprintf(text, VRN_SIDES_MAX, "letterbox"); break;
    }
}

void vrn_transform_format_crop(const vrn_transform *t, char text[VRN_SIDES_MAX])
{
    format_sides(t->crop, t->crop_width, text);
}

/* ---- Validation ------------------------------------------------------------------------------ */

void vrn_transform_get_input(const vrn_transform *t, uint32_t *height, uint32_t *width)
{
    *height = t->crop ? t->crop : t->resize;
    *width = *height;
    if (t->crop && t->crop_width) *width = t->crop_width;
    if (!t->crop && t->mode == VRN_RESIZE_EXACT && t->resize_width) *width = t->resize_width;
}

float vrn_transform_scale(const vrn_transform *transform)
{
    return transform->scale != 0 ? transform->scale : 255;
}

#define REFUSE(...) vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, __VA_ARGS__)

vrn_result vrn_transform_check(const vrn_transform *t, const char *subject, const vrn_log *log)
{
    const uint32_t resize = vrn_max_u32(t->resize, t->resize_width);
    const uint32_t side = vrn_max_u32(resize, vrn_max_u32(t->crop, t->crop_width));
    if (side > VRN_SIDE_MAX) {
        return REFUSE("%s: %s: expected at most %u pixels, found %u", subject,
                      side == resize ? "resize" : "crop", (unsigned)VRN_SIDE_MAX, side);
    }
    if (!vrn_interpolation_name(t->interpolation)) {
        return REFUSE("%s: interpolation: expected a value of vrn_interpolation, found %d", subject,
                      (int)t->interpolation);
    }
    if ((unsigned)t->mode > VRN_RESIZE_LETTERBOX) {
        return REFUSE("%s: mode: expected a value of vrn_resize_mode, found %d", subject,
                      (int)t->mode);
    }
    if (!vrn_channels_name(t->channels)) {
        return REFUSE("%s: channels: expected a value of vrn_channels, found %d", subject,
                      (int)t->channels);
    }
    if (!isfinite(t->scale) || t->scale < 0) {
        return REFUSE("%s: scale: expected a number above 0, or 0 for 255, found %g", subject,
                      (double)t->scale);
    }
    if ((t->mode == VRN_RESIZE_LONGER || t->mode == VRN_RESIZE_EXACT) && t->resize == 0) {
        return REFUSE("%s: resize: expected a number above 0 for this mode, found 0", subject);
    }
    return VRN_OK;
}
