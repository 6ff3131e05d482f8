/* Folders that the system or the user names. Texts are the caller's, who releases them with
 * vrn_free. NULL: there is no such place; or there is no memory, and *lacking is set then, else
 * left as it is. */
#ifndef VRN_HUB_PLACES_H
#define VRN_HUB_PLACES_H

#include <stdbool.h>

/* As vrn_hub_get_cache_directory. */
char *vrn_hub_own_directory(bool *lacking);

/* Where PyTorch keeps downloaded weights. */
char *vrn_hub_torch_directory(bool *lacking);

/* a and b in a row; NULL where a is. */
char *vrn_hub_join(const char *a, const char *b, bool *lacking);

#endif
