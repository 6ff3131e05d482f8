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
    const vrn_checkpoint *checkpoint; /* whose records of modules show what is between layers */
} vrn_told;

/* Reads the architecture from the tensors, and renames those of the head (net/heads.h):
 *     stem            conv1's kernel: 7x7 or 5x5 ImageNet, 3x3 or 1x1 CIFAR; three of them: deep
 *     stages, blocks  the names layerS.B
 *     block           conv3: bottleneck
 *     planes          channels of each stage's output
 *     groups, width   shapes of the 3x3 convolutions of bottlenecks. Where several widths give the
 *                     same shapes, that of a named architecture is taken, else the smallest
 *     norm            no num_batches_tracked: frozen
 *     shortcut        no downsample in a block that changes the shape: padding; downsample.1 a
 *                     convolution: a mean before it
 *     antialias, blur_size, pool, shortcut
 *                     tensors called filt: blurs
 *     preactivation, final_norm
 *                     no bn1 behind the stem, bn1 of blocks as wide as their input; norm, or bn
 *     attention       se.fc1 or se.conv in the first block, with the width of each stage
 *     in_channels, stem_planes, stem_width, num_classes, head, head_width
 * What tensors cannot tell is given, said, hinted at by a name, or has its default and is listed in
 * `assumptions`. Whether every tensor fits is not looked at here.
 * Errors: VRN_ERROR_FILE (no such network; the first tensor that does not fit is named; or files of
 * this kind come both ways, and the message says which keys decide), VRN_ERROR_INVALID_ARGUMENT
 * (`given`). */
vrn_result vrn_deduce_arch(vrn_arch *arch, vrn_names *names, const vrn_told *told,
                           vrn_assumptions *assumptions, const char *subject, const vrn_log *log);

#endif
