/* Describes a file that is not a ResNet, or a ResNet that is not supported, for messages. */
#ifndef VRN_NET_KINDS_H
#define VRN_NET_KINDS_H

#include "net/names.h"

/* Writes ": this seems to be a SimCLR checkpoint ...". If the kind is not known, writes the first
 * names, or nothing if `network` says that the file has a ResNet. */
void vrn_kinds_describe(const vrn_names *names, bool network, char *text, size_t capacity);

#endif
