/* ImageNet's class names, from data/imagenet-classes.txt. */
#ifndef VRN_CLI_LABELS_H
#define VRN_CLI_LABELS_H

#include <stdint.h>

#define CLI_IMAGENET_CLASSES 1000

extern const char *const cli_imagenet_labels[CLI_IMAGENET_CLASSES];

#endif
