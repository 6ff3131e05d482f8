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

/* Finds the linear layers that read the last stage's output, inside the network's prefix or outside
 * it:
 *     fc, linear, last_linear, classifier, head.fc, head, ... or one of these with a number behind
 * Renames one layer to fc, and two layers to fc.0 and fc.2. Refuses two layers if records of
 * modules in the checkpoint (net/records.h; may be NULL) show something other than a ReLU between
 * them, and layers that seem to be a projection of self-supervised training; with `any` it takes
 * these too, and with `none` it takes no head at all. Other layers that read the features (a second
 * head) are marked as used and listed as assumptions. Errors: VRN_ERROR_FILE (more than two layers,
 * or refused ones). */
vrn_result vrn_heads_find(vrn_found_head *found, vrn_names *names, const vrn_checkpoint *checkpoint,
                          bool any, bool none, vrn_assumptions *assumptions, const char *subject,
                          const vrn_log *log);

#endif
