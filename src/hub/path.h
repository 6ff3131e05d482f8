/* Paths. */
#ifndef VRN_HUB_PATH_H
#define VRN_HUB_PATH_H

#include <stdbool.h>

/* a and b in a row, as a text that the caller releases with vrn_free. NULL where a is; or where
 * there is no memory, and *lacking is set then, else left as it is. */
char *vrn_hub_join(const char *a, const char *b, bool *lacking);

#endif
