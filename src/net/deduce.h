/* Deduces the architecture from a checkpoint's names and shapes. */
#ifndef VRN_NET_DEDUCE_H
#define VRN_NET_DEDUCE_H

#include <vkresnet/vkresnet.h>

#include "checkpoint/checkpoint.h"
#include "net/assume.h"
#include "net/names.h"

/* What is known about a file besides its tensors. Each may be NULL. */
typedef struct vrn_told {
    const char *given;   /* keys of --arch that the caller gives, "norm_groups=16,v1=1" */
    const char *said;    /* keys that the file, or one beside it, gives */
    const char *file;    /* the file's path, whose name may hint at something */
    const char *network; /* what the file calls its network: "resnetaa50" */
    /* its records of modules (net/records.h) show what is between layers */
    const vrn_checkpoint *checkpoint;
} vrn_told;

/* Reads the architecture from the tensors, and renames those of the head (net/heads.h):
 *     stem            ImageNet if conv1's kernel is 7x7 or 5x5, CIFAR if it is 3x3 or 1x1; deep if
 *                     there are three convolutions
 *     stages, blocks  from the names layerS.B
 *     block           bottleneck if there is a conv3
 *     planes          from the channels of each stage's output
 *     groups, width   from the shapes of the 3x3 convolutions of bottlenecks. If several widths
 *                     give the same shapes: that of a named architecture, else the smallest
 *     norm            frozen if there is no num_batches_tracked
 *     shortcut        padding if a block that changes the shape has no downsample; a mean and a
 *                     convolution if downsample.1 is a convolution
 *     antialias, blur_size, pool, shortcut
 *                     blurs if there are tensors called filt
 *     preactivation   if the stem has no bn1, and bn1 of a block has as many channels as the
 *                     block's input, not as conv1's output
 *     final_norm      with preactivation: if there is a norm.weight after the last stage
 *     attention       from se.fc1 or se.conv in the first block, with the width of each stage
 *     in_channels, stem_planes, stem_width, num_classes, head, head_width
 *                     from the shapes of the first convolutions and of the head
 * Properties that tensors do not show come from `given`, `said` or a hint in a name; the others
 * have their defaults and are listed in `assumptions`. This function does not check that every
 * tensor fits (net/bind.h does). Errors: VRN_ERROR_FILE (there is no such network: the log names
 * the first tensor that does not fit; or the assumption would be a guess, because files with either
 * value are common: the log says which keys decide), VRN_ERROR_INVALID_ARGUMENT (in `given`). */
vrn_result vrn_deduce_arch(vrn_arch *arch, vrn_names *names, const vrn_told *told,
                           vrn_assumptions *assumptions, const char *subject, const vrn_log *log);

#endif
