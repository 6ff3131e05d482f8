#include "cli/transform.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/transform.h"
#include "cli/system/report.h"

static bool given(const cli_options *options, uint64_t bit)
{
    return (options->given & bit) != 0;
}

/* Chooses the sides. --resize HxW alone sets the input's size. */
static void choose_sides(vrn_transform *transform, const cli_options *options)
{
    const vrn_transform *other = &options->transform;
    if (options->letterbox ||
        (given(options, CLI_BIT(RESIZE)) && other->mode == VRN_RESIZE_LETTERBOX)) {
        uint32_t height, width;
        vrn_transform_get_input(transform, &height, &width);
        transform->crop = height;
        transform->crop_width = width;
        vrn_transform_parse_resize(transform, "letterbox");
    } else if (given(options, CLI_BIT(RESIZE))) {
        transform->mode = other->mode;
        transform->resize = other->resize;
        transform->resize_width = other->resize_width;
        if (other->mode == VRN_RESIZE_EXACT) transform->crop = transform->crop_width = 0;
    }
    if (options->own_size && !given(options, CLI_BIT(RESIZE))) {
        transform->mode = VRN_RESIZE_SHORTER;
        transform->resize = 0;
    }
    if (given(options, CLI_BIT(CROP))) {
        transform->crop = other->crop;
        transform->crop_width = other->crop_width;
    }
}

bool cli_transform_choose(vrn_transform *transform, const cli_model *model,
                          const cli_options *options)
{
    const vrn_transform *other = &options->transform;
    uint32_t height, width;
    *transform = model->info.transform;
    if (options->letterbox && given(options, CLI_BIT(RESIZE))) {
        return cli_usage("--letterbox fits the photo into --crop: leave --resize out");
    }
    if (given(options, CLI_BIT(PRESET))) {
        vrn_transform_get_preset(vrn_transform_preset_name((uint32_t)options->preset), transform);
    }
    choose_sides(transform, options);
    if (given(options, CLI_BIT(INTERPOLATION))) transform->interpolation = other->interpolation;
    if (given(options, CLI_BIT(MEAN))) {
        memcpy(transform->mean, other->mean, sizeof transform->mean);
    }
    if (given(options, CLI_BIT(STD))) memcpy(transform->std, other->std, sizeof transform->std);
    if (given(options, CLI_BIT(CHANNELS))) transform->channels = other->channels;
    if (given(options, CLI_BIT(SCALE))) transform->scale = other->scale;
    if (given(options, CLI_BIT(FILL))) memcpy(transform->fill, other->fill, sizeof transform->fill);
    vrn_transform_get_input(transform, &height, &width);
    return height > 0 || cli_usage("--resize 0 needs --crop");
}

static float largest(const float values[3])
{
    return fmaxf(fabsf(values[0]), fmaxf(fabsf(values[1]), fabsf(values[2])));
}

void cli_transform_note(const vrn_transform *t, const cli_options *options)
{
    enum { LARGEST_OF_ONE = 8 }; /* a larger mean cannot be for values from 0 to 1 */
    const float scale = vrn_transform_scale(t);
    uint32_t height, width;
    vrn_transform_get_input(t, &height, &width);
    if (given(options, CLI_BIT(MEAN)) && scale == 255 && largest(t->mean) > (float)LARGEST_OF_ONE) {
        cli_note("a mean of %g is subtracted from values from 0 to 1; if it is for values from 0 "
                 "to 255, give --scale 1",
                 (double)largest(t->mean));
    }
    if (given(options, CLI_BIT(SCALE)) && scale == 1 && largest(t->mean) <= 1 &&
        largest(t->std) <= 1) {
        cli_note(
            "--scale 1 leaves values from 0 to 255, but mean and std are for values from 0 to 1: "
            "give --mean and --std for 0 to 255");
    }
    if (given(options, CLI_BIT(CROP)) && !given(options, CLI_BIT(RESIZE)) &&
        t->mode == VRN_RESIZE_SHORTER && t->resize && (height > t->resize || width > t->resize)) {
        cli_note("the crop of %ux%u is larger than photos resized to %u: they get borders; "
                 "--resize %ux%u stretches them, --letterbox fits them",
                 height, width, t->resize, height, width);
    }
}

void cli_transform_write(cli_json *json, const vrn_transform *t)
{
    const float *mean = t->mean, *std = t->std;
    char resize[VRN_SIDES_MAX], crop[VRN_SIDES_MAX];
    vrn_transform_format_resize(t, resize);
    vrn_transform_format_crop(t, crop);
    cli_json_write(json, "transform: {");
    if (t->mode == VRN_RESIZE_SHORTER) {
        cli_json_write(json, "resize: %u", t->resize);
    } else {
        cli_json_write(json, "resize: %s", resize);
    }
    if (strchr(crop, 'x')) {
        cli_json_write(json, "crop: %s", crop);
    } else {
        cli_json_write(json, "crop: %u", t->crop);
    }
    cli_json_write(json, "interpolation: %s, mean: [%g, %g, %g], std: [%g, %g, %g]",
                   vrn_interpolation_name(t->interpolation), (double)mean[0], (double)mean[1],
                   (double)mean[2], (double)std[0], (double)std[1], (double)std[2]);
    if (t->channels) cli_json_write(json, "channels: %s", vrn_channels_name(t->channels));
    if (vrn_transform_scale(t) != 255) cli_json_write(json, "scale: %g", (double)t->scale);
    if (t->fill[0] || t->fill[1] || t->fill[2]) {
        cli_json_write(json, "fill: [%u, %u, %u]", t->fill[0], t->fill[1], t->fill[2]);
    }
    cli_json_write(json, "}");
}

void cli_transform_describe(const vrn_transform *t, char text[CLI_TRANSFORM_TEXT])
{
    const float *mean = t->mean, *std = t->std;
    char sides[VRN_SIDES_MAX];
    uint32_t height, width;
    vrn_transform_get_input(t, &height, &width);
    vrn_transform_format_resize(t, sides);
    text[0] = 0;
    if (t->mode == VRN_RESIZE_SHORTER && t->resize == 0) {
        vrn_append(text, CLI_TRANSFORM_TEXT, "no resize");
    } else {
        vrn_append(text, CLI_TRANSFORM_TEXT, "%s%s %s",
                   t->mode == VRN_RESIZE_LETTERBOX ? "" : "resize ", sides,
                   vrn_interpolation_name(t->interpolation));
    }
    if (height == width) {
        vrn_append(text, CLI_TRANSFORM_TEXT, ", crop %u", height);
    } else {
        vrn_append(text, CLI_TRANSFORM_TEXT, ", crop %ux%u", height, width);
    }
    if (t->fill[0] || t->fill[1] || t->fill[2]) {
        vrn_append(text, CLI_TRANSFORM_TEXT, ", fill %u %u %u", t->fill[0], t->fill[1], t->fill[2]);
    }
    if (t->channels == VRN_CHANNELS_BGR) vrn_append(text, CLI_TRANSFORM_TEXT, ", BGR");
    if (vrn_transform_scale(t) != 255) {
        vrn_append(text, CLI_TRANSFORM_TEXT, ", scale %.6g", (double)t->scale);
    }
    vrn_append(text, CLI_TRANSFORM_TEXT, ", mean %.6g %.6g %.6g, std %.6g %.6g %.6g",
               (double)mean[0], (double)mean[1], (double)mean[2], (double)std[0], (double)std[1],
               (double)std[2]);
}
