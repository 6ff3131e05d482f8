/* Reads lists and folders of images whose classes are known. */
#ifndef VRN_CLI_LABELS_H
#define VRN_CLI_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/model.h"
#include "cli/system/os.h"

typedef struct cli_labels {
    cli_paths images;
    uint32_t *classes; /* [images.count] */
    size_t capacity;
} cli_labels;

/* Adds lines of file,label[,class], with or without a first line that names these columns and
 * perhaps others, in any order. The first line decides whether commas, else tabs, else the last
 * blanks of a line ("a photo.jpg 8") separate the columns. The class is a number; without it the
 * label is a number, a class name of the model, or a WordNet id if the model has ImageNet's
 * classes. Relative files are joined to the list's folder. Fields may be quoted as in RFC 4180, but
 * not across lines; blanks around them are ignored. Reports and returns false when something is
 * wrong, with the line's number, or when there are no images. */
bool cli_labels_read_list(cli_labels *labels, const char *path, const cli_model *model);

/* Adds the images below each folder in `path`, in byte order, as in ImageNet's validation set and
 * torchvision's ImageFolder. The folders are named, all in the same way, by the model's class names
 * ('_' may stand for ' ' and '/'), by ImageNet's WordNet ids if the model has ImageNet's classes,
 * or by the classes' numbers. If no folder has such a name, and there are as many folders as
 * classes, the folders are the classes in order, as for torchvision. A note says which. Files
 * beside the folders, and folders whose name begins with a dot, are left out. Reports and returns
 * false when something is wrong, or when there are no images. */
bool cli_labels_read_folders(cli_labels *labels, const char *path, const cli_model *model);

/* Adds the images below each folder in `path`. Each folder with images is a class, in byte order,
 * and `names` receives the folders' names; release it with cli_paths_free, even after a failure.
 * Notes say which folders are left out. Reports and returns false when something is wrong, or when
 * there are fewer than two classes. */
bool cli_labels_read_classes(cli_labels *labels, cli_paths *names, const char *path);

void cli_labels_free(cli_labels *labels);

#endif
