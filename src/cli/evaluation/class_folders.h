/* A folder with a folder of images for each class, as ImageNet's validation set and torchvision's
 * ImageFolder have it. */
#ifndef VRN_CLI_CLASS_FOLDERS_H
#define VRN_CLI_CLASS_FOLDERS_H

#include <stdbool.h>

#include "cli/evaluation/dataset.h"
#include "cli/model.h"

/* Adds the images below each folder in `path`, in byte order. The folders are named, all in the
 * same way, by the model's names of classes ('_' may stand for ' ' and '/'), by ImageNet's WordNet
 * ids where the model has ImageNet's classes, or by the classes' numbers. Where none is and there
 * are as many as classes, they are the classes in order, as for torchvision. A note says which.
 * Files beside the folders, and folders whose name begins with a dot, are left out. Reports and
 * returns false when something is wrong. */
bool cli_class_folders_read(cli_labels *labels, const char *path, const cli_model *model);

#endif
