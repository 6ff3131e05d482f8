/* Finds the classifier after the trunk of a network, whatever its name. */
#ifndef VRN_NET_HEADS_H
#define VRN_NET_HEADS_H

#include "checkpoint/checkpoint.h"
#include "net/assume.h"
#include "net/names.h"

typedef struct vrn_found_head {
    vrn_head head;
    uint32_t classes, width; /* 0: none */
} vrn_found_head;

/* Finds the linear layers that read the last stage's output, inside the network or beside it:
 *     fc, linear, last_linear, classifier, head.fc, head, .. or one of these with a number behind
 * and calls them fc, or fc.0 and fc.2 where there are two. Records of modules in the checkpoint
 * (may be NULL) may show that something else than a ReLU is between these. With `any` such layers,
 * and two of a kind that self-supervised training throws away, are taken as well; with `none` no
 * head is. What else reads the features (a second head) is marked as used, and said. Errors:
 * VRN_ERROR_FILE (more than two layers, or those). */
vrn_result vrn_heads_find(vrn_found_head *found, vrn_names *names, const vrn_checkpoint *checkpoint,
                          bool any, bool none, vrn_assumptions *assumptions, const char *subject,
                          const vrn_log *log);

#endif
