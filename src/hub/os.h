/* Places that depend on the system: os_posix.c and os_windows.c. Texts are the caller's, who
 * releases them with vrn_free. NULL: there is no such place; or there is no memory, and *lacking is
 * set then. */
#ifndef VRN_HUB_OS_H
#define VRN_HUB_OS_H

#include <stdbool.h>

/* As vrn_hub_get_cache_directory. */
char *vrn_hub_own_directory(bool *lacking);

/* Where PyTorch keeps downloaded weights. */
char *vrn_hub_torch_directory(bool *lacking);

#endif
