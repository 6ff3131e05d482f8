/* The architecture that a checkpoint's names and shapes tell. */
#ifndef VRN_NET_DEDUCE_H
#define VRN_NET_DEDUCE_H

#include <vkresnet/vkresnet.h>

#include "net/names.h"

/* Reads the architecture from the tensors:
 *     stem            conv1's kernel: 7x7 ImageNet, 3x3 CIFAR
 *     stages, blocks  the names layerS.B
 *     block           conv3: bottleneck
 *     planes          channels of each stage's output
 *     groups, width   shapes of the 3x3 convolutions of bottlenecks. Where several widths give the
 *                     same shapes, that of a named architecture is taken, else the smallest
 *     norm            no running statistics: group norm; no num_batches_tracked: frozen
 *     shortcut        no downsample in a block that changes the shape: padding
 *     num_classes     fc
 * What tensors cannot tell has its default: dilation, v1 strides, epsilon, the groups of a norm.
 * Whether every tensor fits is not looked at here.
 * Errors: VRN_ERROR_FILE (no such network; the first tensor that does not fit is named). */
vrn_result vrn_deduce_arch(vrn_arch *arch, const vrn_names *names, const char *subject,
                           const vrn_log *log);

#endif
