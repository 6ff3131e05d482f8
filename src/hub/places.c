#include "hub/places.h"

#include <stddef.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/text.h"
#include "base/util.h"

typedef struct place {
    const char *variable, *rest;
    bool absolute; /* a relative path is ignored, as the XDG specification has it */
} place;

/* In order: the first variable that is set counts. PyTorch takes ~/.cache on Windows too. */
#if defined(_WIN32)
static const char home[] = "USERPROFILE";
static const place own_places[] = {{"LOCALAPPDATA", "\\vkresnet", false}};
static const place torch_places[] = {
    {"TORCH_HOME", "\\hub\\checkpoints", false},
    {"XDG_CACHE_HOME", "\\torch\\hub\\checkpoints", false},
    {"USERPROFILE", "\\.cache\\torch\\hub\\checkpoints", false},
};
#else
static const char home[] = "HOME";
static const place own_places[] = {
    {"XDG_CACHE_HOME", "/vkresnet", true},
    {"HOME", "/.cache/vkresnet", true},
};
static const place torch_places[] = {
    {"TORCH_HOME", "/hub/checkpoints", false},
    {"XDG_CACHE_HOME", "/torch/hub/checkpoints", true},
    {"HOME", "/.cache/torch/hub/checkpoints", true},
};
#endif

char *vrn_hub_join(const char *a, const char *b, bool *lacking)
{
    char *text = a ? vrn_join(a, "", b) : NULL;
    if (a && !text) *lacking = true;
    return text;
}

static char *find_place(const place *places, size_t count, bool *lacking)
{
    for (size_t i = 0; i < count && !*lacking; i++) {
        char *folder = vrn_environment(places[i].variable, lacking);
        const bool good = folder && *folder && (!places[i].absolute || vrn_is_separator(*folder));
        char *path = good ? vrn_hub_join(folder, places[i].rest, lacking) : NULL;
        vrn_free(folder);
        if (good) return path;
    }
    return NULL;
}

char *vrn_hub_own_directory(bool *lacking)
{
    char *own = vrn_environment("VKRESNET_CACHE", lacking);
    if (own && *own) return own;
    if (!own) return find_place(own_places, VRN_COUNT(own_places), lacking);
    vrn_free(own);
    return NULL;
}

/* In $TORCH_HOME ~ stands for the home folder. */
char *vrn_hub_torch_directory(bool *lacking)
{
    char *path = find_place(torch_places, VRN_COUNT(torch_places), lacking);
    if (!path || path[0] != '~' || !vrn_is_separator(path[1])) return path;
    char *folder = vrn_environment(home, lacking);
    char *expanded = vrn_hub_join(folder, path + 1, lacking);
    vrn_free(folder);
    vrn_free(path);
    return expanded;
}
