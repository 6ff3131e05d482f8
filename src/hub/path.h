/* Paths. */
#ifndef VRN_HUB_PATH_H
#define VRN_HUB_PATH_H

/* a and b in a row, as a text that the caller releases with vrn_free. NULL: out of memory, or a or b is. */
char *vrn_hub_join(const char *a, const char *b);

#endif
