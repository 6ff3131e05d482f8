/* The tensors of a checkpoint by torchvision's names, whichever scheme the file uses. */
#ifndef VRN_NET_NAMES_H
#define VRN_NET_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

#include "checkpoint/tensor.h"

typedef struct vrn_named_tensor {
    const char *name;         /* torchvision's, or the file's own where no rule knows it */
    const vrn_tensor *tensor; /* with the file's name, for messages */
    size_t position;          /* in the file */
    bool used;                /* for the reader of the list to set; false here */
} vrn_named_tensor;

typedef struct vrn_names {
    vrn_named_tensor *entries; /* sorted by name */
    size_t count;
    bool tracked; /* there was a num_batches_tracked: BatchNorm2d, not FrozenBatchNorm2d */
    char *text;   /* the memory behind the names */
} vrn_names;

/* Renames `count` tensors: drops a prefix that all share ("module.", "model.backbone.", ..), then
 *     torchvision, timm    as they are
 *     Hugging Face (transformers, ResNetForImageClassification), perhaps behind "resnet."
 *         embedder.embedder.convolution      conv1
 *         encoder.stages.S.layers.B.layer.K  layer(S+1).B.conv(K+1), or bn(K+1)
 *         encoder.stages.S.layers.B.shortcut layer(S+1).B.downsample.0, or .1
 *         classifier.1                       fc
 *     CIFAR repositories
 *         linear                             fc
 *         layerS.B.shortcut.0, .1            layerS.B.downsample.0, .1
 * and leaves out what only training counts (num_batches_tracked; n_averaged of an averaged model).
 * The tensors must outlive the result. `subject` stands in front of messages.
 * Errors: VRN_ERROR_FILE (two tensors end up with one name), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_names_create(vrn_names *names, const vrn_tensor *tensors, size_t count,
                            const char *subject, const vrn_log *log);
void vrn_names_free(vrn_names *names);

/* The tensor called `name`, or NULL. */
vrn_named_tensor *vrn_names_find(const vrn_names *names, const char *name);

/* The first, in the order of names, whose name begins with `prefix`, or NULL. */
vrn_named_tensor *vrn_names_find_prefix(const vrn_names *names, const char *prefix);

#endif
