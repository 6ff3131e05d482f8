/* Reads the names of classes that the command line gives. */
#ifndef VRN_CLI_CLASSES_H
#define VRN_CLI_CLASSES_H

#include <stdbool.h>

#include <vkresnet/vkresnet.h>

#include "base/arena.h"

typedef struct cli_classes {
    const char *const *names; /* [count]; NULL: none were given */
    uint32_t count;
    vrn_arena arena; /* holds the names, unless `model` does */
    vrn_model *model;
} cli_classes;

/* Reads --classes: a file as in base/class_list.h, a checkpoint with names, or "imagenet". Reports
 * failures. Free the classes even then. */
bool cli_classes_read(cli_classes *classes, const char *path);
void cli_classes_take_imagenet(cli_classes *classes);
void cli_classes_free(cli_classes *classes);

/* True if a model's classes have ImageNet's names. */
bool cli_classes_are_imagenet(const vrn_model *model);

#endif
