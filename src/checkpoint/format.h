/* The formats of checkpoint files. A new format needs a source file that defines its row, and the
 * row's name in the list below. */
#ifndef VRN_CHECKPOINT_FORMAT_H
#define VRN_CHECKPOINT_FORMAT_H

#include <stdbool.h>

#include <vkresnet/vkresnet.h>

#include "checkpoint/source.h"
#include "checkpoint/tensor_list.h"

typedef struct vrn_checkpoint_format {
    /* the format's name, for the message about a file of no known format; NULL: the row above has
     * the same name */
    const char *name;

    /* True if a file of any size, even empty, has this format, valid or broken. */
    bool (*recognise)(const vrn_source *source);

    /* Adds a recognised file's tensors and metadata to the list. They may point into the file. */
    vrn_result (*read)(vrn_tensor_list *list, const vrn_source *source);
} vrn_checkpoint_format;

/* The name of each row after vrn_checkpoint_, in the order in which the formats are tried. */
#define VRN_CHECKPOINT_FORMATS(ROW)                                                                \
    ROW(torch_zip)                                                                                 \
    ROW(torch_legacy)                                                                              \
    ROW(safetensors)                                                                               \
    ROW(onnx)

#define VRN_CHECKPOINT_DECLARE(name) extern const vrn_checkpoint_format vrn_checkpoint_##name;
VRN_CHECKPOINT_FORMATS(VRN_CHECKPOINT_DECLARE)

/* All of them, with a NULL at the end. */
extern const vrn_checkpoint_format *const vrn_checkpoint_formats[];

/* Reads a file by the first of `formats` that recognises it, and checks the list as a whole. For an
 * unknown file, the message says what it seems to be and what to do about it. */
vrn_result vrn_checkpoint_read(vrn_tensor_list *list, const vrn_source *source,
                               const vrn_checkpoint_format *const *formats);

#endif
