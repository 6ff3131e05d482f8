/* What a file seems to be that is no ResNet, or one that cannot be run, for messages. */
#ifndef VRN_NET_KINDS_H
#define VRN_NET_KINDS_H

#include "net/names.h"

/* Writes ": a SimCLR checkpoint ..", or the first names where nothing is known; or "". */
void vrn_kinds_describe(const vrn_names *names, bool network, char *text, size_t capacity);

#endif
