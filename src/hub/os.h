/* Places that depend on the system: os_posix.c and os_windows.c. Texts are the caller's, who releases them with
 * vrn_free; NULL: there is no such place, or no memory. */
#ifndef VRN_HUB_OS_H
#define VRN_HUB_OS_H

/* As vrn_hub_cache_directory. */
char *vrn_hub_own_directory(void);

/* Where PyTorch keeps downloaded weights. */
char *vrn_hub_torch_directory(void);

#endif
