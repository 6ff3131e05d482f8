#include "hub/os.h"

#include <stddef.h>

#include "base/alloc.h"
#include "base/os.h"
#include "hub/path.h"

/* $XDG_CACHE_HOME/name or ~/.cache/name. The XDG specification has relative paths ignored. */
static char *below_cache(const char *name, bool *lacking)
{
    char *shared = vrn_environment("XDG_CACHE_HOME", lacking),
         *home = vrn_environment("HOME", lacking);
    char *base = NULL, *path = NULL;
    if (shared && *shared == '/') {
        path = vrn_hub_join(shared, name, lacking);
    } else if (home && *home == '/') {
        base = vrn_hub_join(home, "/.cache", lacking);
        path = vrn_hub_join(base, name, lacking);
    }
    vrn_free(shared);
    vrn_free(home);
    vrn_free(base);
    return path;
}

char *vrn_hub_own_directory(bool *lacking)
{
    char *own = vrn_environment("VKRESNET_CACHE", lacking);
    if (!own) return below_cache("/vkresnet", lacking);
    if (*own) return own;
    vrn_free(own);
    return NULL;
}

/* As torch.hub: $TORCH_HOME, in which ~ stands for the home folder, else below the cache. */
char *vrn_hub_torch_directory(bool *lacking)
{
    char *torch = vrn_environment("TORCH_HOME", lacking);
    if (torch && torch[0] == '~' && (torch[1] == '/' || !torch[1])) {
        char *home = vrn_environment("HOME", lacking),
             *expanded = vrn_hub_join(home, torch + 1, lacking);
        vrn_free(home);
        vrn_free(torch);
        torch = expanded;
    } else if (!torch || !*torch) {
        vrn_free(torch);
        torch = below_cache("/torch", lacking);
    }
    char *path = vrn_hub_join(torch, "/hub/checkpoints", lacking);
    vrn_free(torch);
    return path;
}
