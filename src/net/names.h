/* The tensors of a checkpoint by torchvision's names, for any naming scheme and any place of the
 * network in the file. */
#ifndef VRN_NET_NAMES_H
#define VRN_NET_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

#include "checkpoint/tensor.h"

enum { VRN_PREFIX_MAX = 256 };

typedef struct vrn_named_tensor {
    const char *name;         /* torchvision's, or the file's own if no rule knows it */
    const vrn_tensor *tensor; /* with the file's name, for messages */
    size_t position;          /* in the file */
    bool outside;             /* not below the network's prefix; `name` is the file's */
    /* outside, but below the prefix of another network, which was not chosen, or of a copy */
    bool elsewhere;
    bool used; /* for the reader of the list to set; false here */
} vrn_named_tensor;

typedef struct vrn_names {
    vrn_named_tensor *entries; /* those inside, sorted by name; then those outside, likewise */
    size_t count, inside;
    bool tracked;    /* there was a num_batches_tracked: BatchNorm2d, not FrozenBatchNorm2d */
    bool detectron;  /* Detectron2's names */
    bool resnetv2;   /* those of timm's ResNetV2 */
    bool sequential; /* numbers, of a Sequential of a network's children */
    bool senet;      /* the stem is called layer0, as in Hu et al.'s networks */
    bool shortcut;   /* parts of blocks are called shortcut, as in CIFAR repositories */
    char prefix[VRN_PREFIX_MAX]; /* of the network in the file: "module.backbone." or "" */
    char others[VRN_PREFIX_MAX]; /* of networks that were not chosen: "state_dict."; or "" */
    char *text;                  /* the memory of the names */
} vrn_names;

/* Finds the network among `count` tensors by the first convolution of its first block. Its name
 * shows the naming scheme; what precedes it is the network's prefix. Names below the prefix become
 * torchvision's:
 *     torchvision, timm    as they are
 *     deep stems           conv1, conv2, conv3 with bn1, bn2, bn3 (CSAIL), or stem.0, .1, .3
 *                          (MMPretrain): conv1.0, .1, .3, .4, .6 and bn1
 *     attention            layerS.B.se_module, se.fc.0 and .2, se_layer (MMPretrain), eca:
 *                          layerS.B.se.fc1, .fc2 or se.conv
 *     antialiased-cnns     layerS.B.convK.0.filt, .convK.1: layerS.B.aa.filt, .convK
 *     legacy_senet         layer0.conv1, layer0.bn1: conv1, bn1
 *     Hugging Face (transformers, ResNetForImageClassification)
 *         embedder.embedder.convolution      conv1
 *         encoder.stages.S.layers.B.layer.K  layer(S+1).B.conv(K+1), or bn(K+1)
 *         encoder.stages.S.layers.B.shortcut layer(S+1).B.downsample.0, or .1
 *     CIFAR repositories
 *         layerS.B.shortcut.0, .1            layerS.B.downsample.0, .1
 *         convS_x.B.residual_function.N      layer(S-1).B.conv1, bn1, ..
 *     Detectron2
 *         stem.conv1, .norm                  conv1, bn1
 *         resS.B.convK, .norm                layer(S-1).B.convK, bnK
 *     timm's ResNetV2
 *         stem.conv, stages.S.blocks.B.norm1, .conv1, .downsample.conv
 *                                            conv1, layer(S+1).B.bn1, .conv1, .downsample.0
 *     Sequential           0, 1, then 4 to 7 with blocks inside: conv1, bn1, layer1 to layer4
 * Counters of training are left out (num_batches_tracked; n_averaged of an averaged model).
 * `wanted` is the prefix of the network to take, with or without the dot at its end. NULL: the only
 * network; of several, the one with EMA weights (below "state_dict_ema" or "model_ema", as in
 * timm), else the one below `part` ("model"; or NULL), the first part of its names. Networks whose
 * weights are the same memory count as one. If no network is found, every tensor counts as inside,
 * and the prefix that all names share is removed. The tensors must outlive the result. `subject`
 * stands in front of messages. Errors: VRN_ERROR_FILE (several networks, or none below `wanted`:
 * the log lists all of them; or two tensors get the same name), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_names_create(vrn_names *names, const vrn_tensor *tensors, size_t count,
                            const char *wanted, const char *part, const char *subject,
                            const vrn_log *log);
void vrn_names_free(vrn_names *names);

/* Renames an entry inside; `name` is static. Sorts again. */
void vrn_names_rename(vrn_names *names, size_t index, const char *name);

/* The tensor inside that is called `name`, or NULL. */
vrn_named_tensor *vrn_names_find(const vrn_names *names, const char *name);

/* The first tensor inside, in the order of names, whose name begins with `prefix`; NULL: none
 * does. */
vrn_named_tensor *vrn_names_find_prefix(const vrn_names *names, const char *prefix);

/* The tensor by its name in the file, or NULL. */
vrn_named_tensor *vrn_names_find_in_file(const vrn_names *names, const char *name);

#endif
