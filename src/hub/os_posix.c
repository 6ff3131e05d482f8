#include "hub/os.h"

#include <stddef.h>

#include "base/alloc.h"
#include "base/os.h"
#include "hub/path.h"

/* $XDG_CACHE_HOME/name or ~/.cache/name. The XDG specification has relative paths ignored. */
static char *below_cache(const char *name)
{
    char *shared = vrn_environment("XDG_CACHE_HOME"), *home = vrn_environment("HOME");
    char *base = NULL, *path = NULL;
    if (shared && *shared == '/') {
        path = vrn_hub_join(shared, name);
    } else if (home && *home == '/') {
        base = vrn_hub_join(home, "/.cache");
        path = vrn_hub_join(base, name);
    }
    vrn_free(shared);
    vrn_free(home);
    vrn_free(base);
    return path;
}

char *vrn_hub_own_directory(void)
{
    char *own = vrn_environment("VKRESNET_CACHE");
    if (!own) return below_cache("/vkresnet");
    if (*own) return own;
    vrn_free(own);
    return NULL;
}

/* As torch.hub: $TORCH_HOME, in which ~ stands for the home folder, else below the cache. */
char *vrn_hub_torch_directory(void)
{
    char *torch = vrn_environment("TORCH_HOME");
    if (torch && torch[0] == '~' && (torch[1] == '/' || !torch[1])) {
        char *home = vrn_environment("HOME"), *expanded = vrn_hub_join(home, torch + 1);
        vrn_free(home);
        vrn_free(torch);
        torch = expanded;
    } else if (!torch || !*torch) {
        vrn_free(torch);
        torch = below_cache("/torch");
    }
    char *path = vrn_hub_join(torch, "/hub/checkpoints");
    vrn_free(torch);
    return path;
}
