/* What the names of files and networks hint at, where tensors say nothing. */
#ifndef VRN_NET_HINTS_H
#define VRN_NET_HINTS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct vrn_hint {
    const char *word;  /* in the text: "resnetaa", "gn#" with '#' for a number */
    const char *key;   /* of --arch */
    const char *value; /* "#": the number; NULL: cannot be run, or it is not known how */
    unsigned number;
    const char *found; /* in the text, `length` bytes */
    int length;
    const char *other; /* what to give if the hint is wrong */
} vrn_hint;

/* The hint number `index` that `text` gives; false: no more. */
bool vrn_hint_find(const char *text, size_t index, vrn_hint *hint);

#endif
