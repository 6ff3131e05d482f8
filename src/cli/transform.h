/* Chooses how a photo becomes the network's input: by the model's transform, changed by the
 * options. */
#ifndef VRN_CLI_TRANSFORM_H
#define VRN_CLI_TRANSFORM_H

#include <stdbool.h>

#include "cli/model.h"

/* The model's transform, changed by the options. False: they contradict each other, which is
 * reported. */
bool cli_transform_choose(vrn_transform *transform, const cli_model *model,
                          const cli_options *options);

/* Notes options that look like a mistake but still give results. */
void cli_transform_note(const vrn_transform *transform, const cli_options *options);

/* Writes the transform as a JSON object, "transform", without the usual values (RGB, 255,
 * black). */
void cli_transform_write(cli_json *json, const vrn_transform *transform);

/* "resize 256 bilinear, crop 224, mean ..., std ..." */
enum { CLI_TRANSFORM_TEXT = 320 };
void cli_transform_describe(const vrn_transform *transform, char text[CLI_TRANSFORM_TEXT]);

#endif
