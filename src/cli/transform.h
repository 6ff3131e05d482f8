/* How a photo becomes the network's input, by the model and the command line. */
#ifndef VRN_CLI_TRANSFORM_H
#define VRN_CLI_TRANSFORM_H

#include <stdbool.h>

#include "cli/model.h"

/* The model's transform with what the options override. False: they contradict each other, which is
 * reported. */
bool cli_transform_choose(vrn_transform *transform, const cli_model *model,
                          const cli_options *options);

/* Says what about the options looks like a mistake, and gives results all the same. */
void cli_transform_note(const vrn_transform *transform, const cli_options *options);

/* The transform as an object of JSON, "transform". What is as usual (RGB, 255, black) is left
 * out. */
void cli_transform_write(cli_json *json, const vrn_transform *transform);

/* "resize 256 bilinear, crop 224, mean .., std .." */
enum { CLI_TRANSFORM_TEXT = 320 };
void cli_transform_describe(const vrn_transform *transform, char text[CLI_TRANSFORM_TEXT]);

#endif
