/* Hints in the names of files and networks, for properties that tensors do not show. */
#ifndef VRN_NET_HINTS_H
#define VRN_NET_HINTS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct vrn_hint {
    const char *word;  /* in the text: "resnetaa", "gn#" with '#' for a number */
    const char *key;   /* of --arch */
    const char *value; /* "#": the number; NULL: not supported, or the value is not known */
    unsigned number;
    const char *found; /* in the text, `length` bytes */
    int length;
    const char *other; /* the value to give if the hint is wrong */
} vrn_hint;

/* Finds hint number `index` in `text`; false: no more. */
bool vrn_hint_find(const char *text, size_t index, vrn_hint *hint);

#endif
