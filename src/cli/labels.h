/* ImageNet's classes: their names, from data/imagenet-classes.txt, and their WordNet ids
 * ("n01440764"), from data/imagenet-ids.txt. */
#ifndef VRN_CLI_LABELS_H
#define VRN_CLI_LABELS_H

#include <stdint.h>

#define CLI_IMAGENET_CLASSES 1000

extern const char *const cli_imagenet_labels[CLI_IMAGENET_CLASSES];
extern const char *const cli_imagenet_ids[CLI_IMAGENET_CLASSES];

#endif
