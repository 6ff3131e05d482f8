#include "hub/os.h"

#include <stddef.h>

#include "base/alloc.h"
#include "base/os.h"
#include "hub/path.h"

char *vrn_hub_own_directory(bool *lacking)
{
    char *own = vrn_environment("VKRESNET_CACHE", lacking);
    if (own && *own) return own;
    char *local = own ? NULL : vrn_environment("LOCALAPPDATA", lacking);
    char *path = vrn_hub_join(local, "\\vkresnet", lacking);
    vrn_free(own);
    vrn_free(local);
    return path;
}

/* As torch.hub, which takes ~/.cache on Windows too. */
char *vrn_hub_torch_directory(bool *lacking)
{
    static const struct {
        const char *variable, *rest;
    } places[] = {
        {"TORCH_HOME", "\\hub\\checkpoints"},
        {"XDG_CACHE_HOME", "\\torch\\hub\\checkpoints"},
        {"USERPROFILE", "\\.cache\\torch\\hub\\checkpoints"},
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *folder = vrn_environment(places[i].variable, lacking);
        char *path = folder && *folder ? vrn_hub_join(folder, places[i].rest, lacking) : NULL;
        vrn_free(folder);
        if (path) return path;
    }
    return NULL;
}
