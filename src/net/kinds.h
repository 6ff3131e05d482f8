/* Describes a file that is not a ResNet, or a ResNet that is not supported, for messages. */
#ifndef VRN_NET_KINDS_H
#define VRN_NET_KINDS_H

#include "net/names.h"

/* Writes ": a SimCLR checkpoint ...", or the first names if the kind is not known; or "". */
void vrn_kinds_describe(const vrn_names *names, bool network, char *text, size_t capacity);

#endif
