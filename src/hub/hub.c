#include <vkresnet/hub.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/os.h"
#include "base/text.h"
#include "base/util.h"
#include "hub/check.h"
#include "hub/download.h"
#include "hub/registry.h"

enum { STALL_SECONDS = 30, STALL_SECONDS_MAX = 3600 };

static const size_t registry_max_bytes = (size_t)16 << 20;

struct vrn_hub {
    vrn_log log;
    vrn_registry registry;
    char *cache; /* "hub" in the cache directory, or NULL */
    char *torch; /* or NULL */
    bool allow_http, offline;
    uint32_t stall_seconds;
};

/* ---- Places ----------------------------------------------------------------------------------
 * The caller releases the returned texts with vrn_free. NULL: there is no such place, or memory ran
 * out; only the latter sets *lacking, because a setting that could not be read is not the same as
 * none. */

typedef struct place {
    const char *variable, *rest;
    bool absolute; /* a relative path is ignored, as the XDG specification requires */
} place;

/* The first variable that is set counts. PyTorch uses ~/.cache on Windows too. */
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

/* Concatenates a and b; NULL if a is NULL. */
static char *join(const char *a, const char *b, bool *lacking)
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
        char *path = good ? join(folder, places[i].rest, lacking) : NULL;
        vrn_free(folder);
        if (good) return path;
    }
    return NULL;
}

static char *own_directory(bool *lacking)
{
    char *own = vrn_environment("VKRESNET_CACHE", lacking);
    if (own && *own) return own;
    if (!own) return find_place(own_places, VRN_COUNT(own_places), lacking);
    vrn_free(own);
    return NULL;
}

/* The folder where PyTorch keeps downloaded weights. In $TORCH_HOME, ~ stands for the home
 * folder. */
static char *torch_directory(bool *lacking)
{
    char *path = find_place(torch_places, VRN_COUNT(torch_places), lacking);
    if (!path || path[0] != '~' || !vrn_is_separator(path[1])) return path;
    char *folder = vrn_environment(home, lacking);
    char *expanded = join(folder, path + 1, lacking);
    vrn_free(folder);
    vrn_free(path);
    return expanded;
}

/* The given value, else the environment variable's; NULL if that is empty. */
static char *choose(const char *given, const char *variable, bool *lacking)
{
    char *value = given ? join(given, "", lacking) : vrn_environment(variable, lacking);
    if (value && *value) return value;
    vrn_free(value);
    return NULL;
}

/* The given place ("": none), else the usual one. The caller releases it. */
static char *choose_place(const char *given, char *(*usual)(bool *lacking), bool *lacking)
{
    if (!given) return usual(lacking);
    return *given ? join(given, "", lacking) : NULL;
}

static bool is_true(const char *variable, bool *lacking)
{
    char *value = vrn_environment(variable, lacking);
    bool yes = value && *value && strcmp(value, "0") != 0;
    vrn_free(value);
    return yes;
}

static uint32_t choose_stall(uint32_t given, bool *lacking)
{
    char *text = given ? NULL : vrn_environment("VKRESNET_HUB_TIMEOUT", lacking);
    unsigned long value = given ? given : text ? strtoul(text, NULL, 10) : 0;
    vrn_free(text);
    if (value == 0) return STALL_SECONDS;
    return value < STALL_SECONDS_MAX ? (uint32_t)value : STALL_SECONDS_MAX;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static vrn_result read_registry(vrn_hub *hub, const vrn_hub_params *params)
{
    bool lacking = false;
    char *address = choose(params->address, "VKRESNET_HUB_URL", &lacking);
    char *path = choose(params->registry, "VKRESNET_REGISTRY", &lacking);
    const char *name = path ? path : "the built-in registry";
    void *text = NULL;
    size_t size = vrn_registry_text_size;
    vrn_result result = VRN_OK;
    if (lacking) {
        result = vrn_fail_memory(&hub->log);
    } else if (address && !begins_with(address, "https://") && !begins_with(address, "http://")) {
        result = vrn_fail(&hub->log, VRN_ERROR_INVALID_ARGUMENT,
                          "%s: expected an address that begins with https:// or http://", address);
    }
    hub->allow_http = address && begins_with(address, "http://");
    if (!result && path) {
        result = vrn_file_read(&text, &size, path, registry_max_bytes, &hub->log);
    }
    if (!result) {
        result = vrn_registry_read(&hub->registry, path ? text : vrn_registry_text, size, name,
                                   address, &hub->log);
    }
    vrn_free(text);
    vrn_free(path);
    vrn_free(address);
    return result;
}

vrn_result vrn_hub_create(vrn_hub **out, const vrn_hub_params *given)
{
    const vrn_hub_params params = given ? *given : (vrn_hub_params){0};
    *out = NULL;
    vrn_hub *hub = vrn_alloc(1, sizeof *hub);
    if (!hub) return vrn_fail_memory(&params.log);
    hub->log = params.log;
    bool lacking = false;
    hub->offline = is_true("VKRESNET_OFFLINE", &lacking) || params.offline;
    hub->stall_seconds = choose_stall(params.stall_seconds, &lacking);
    char *own = choose_place(params.cache_directory, own_directory, &lacking);
    hub->cache = join(own, "/hub", &lacking);
    hub->torch = choose_place(params.torch_directory, torch_directory, &lacking);
    vrn_free(own);
    vrn_result result = lacking ? vrn_fail_memory(&hub->log) : read_registry(hub, &params);
    if (result) {
        vrn_hub_destroy(&hub);
    } else {
        *out = hub;
    }
    return result;
}

void vrn_hub_destroy(vrn_hub **pointer)
{
    vrn_hub *hub = pointer ? *pointer : NULL;
    if (!hub) return;
    *pointer = NULL;
    vrn_registry_free(&hub->registry);
    vrn_free(hub->cache);
    vrn_free(hub->torch);
    vrn_free(hub);
}

const vrn_hub_entry *vrn_hub_get_entry(const vrn_hub *hub, uint32_t i)
{
    return i < hub->registry.count ? &hub->registry.entries[i] : NULL;
}

const vrn_hub_entry *vrn_hub_find(const vrn_hub *hub, const char *name)
{
    return vrn_registry_find(&hub->registry, name);
}

void vrn_hub_file_free(vrn_hub_file *file)
{
    if (!file) return;
    vrn_free(file->path);
    *file = (vrn_hub_file){0};
}

vrn_result vrn_hub_locate(const vrn_hub *hub, const vrn_hub_entry *entry, vrn_hub_file *file)
{
    const struct {
        const char *folder;
        vrn_hub_place place;
    } places[] = {{hub->cache, VRN_HUB_CACHE}, {hub->torch, VRN_HUB_TORCH}};
    *file = (vrn_hub_file){0};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!places[i].folder) continue;
        char *path = vrn_join(places[i].folder, "/", entry->file);
        if (!path) return vrn_fail_memory(&hub->log);
        bool right;
        uint64_t bytes;
        vrn_result result = vrn_hub_check(entry, path, hub->cache, &right, &bytes, &hub->log);
        if (!result && right) {
            *file = (vrn_hub_file){.path = path, .place = places[i].place, .bytes = bytes};
            return VRN_OK;
        }
        vrn_free(path);
        if (result) return result;
    }
    return VRN_OK;
}

vrn_result vrn_download_fail(const vrn_hub_entry *entry, const char *path, const char *why,
                             const vrn_log *log)
{
    return vrn_fail(log, VRN_ERROR_NETWORK,
                    "%s is not on this machine and cannot be downloaded: %s. Download %s in "
                    "another way and %s%s",
                    entry->name, why, entry->url,
                    path ? "put it at " : "give the file's path instead of the name",
                    path ? path : "");
}

vrn_result vrn_hub_fetch(const vrn_hub *hub, const vrn_hub_entry *entry,
                         const vrn_hub_fetch_params *params, vrn_hub_file *file)
{
    vrn_result result = vrn_hub_locate(hub, entry, file);
    if (result || file->path) return result;
    if (!hub->cache) {
        return vrn_download_fail(entry, NULL, "there is no cache directory", &hub->log);
    }
    char *path = vrn_join(hub->cache, "/", entry->file);
    if (!path) return vrn_fail_memory(&hub->log);
    if (hub->offline) {
        result = vrn_download_fail(entry, path, "downloads are switched off", &hub->log);
    } else {
        result = vrn_download_run(
            &(vrn_download){
                .entry = entry,
                .folder = hub->cache,
                .path = path,
                .allow_http = hub->allow_http,
                .stall_seconds = hub->stall_seconds,
                .progress = params ? params->progress : NULL,
                .progress_user = params ? params->progress_user : NULL,
                .log = &hub->log,
            },
            &file->bytes);
    }
    if (result) {
        vrn_free(path);
        *file = (vrn_hub_file){0};
    } else {
        file->path = path;
        file->place = VRN_HUB_DOWNLOAD;
    }
    return result;
}

size_t vrn_hub_get_cache_directory(char *text, size_t capacity)
{
    bool lacking = false;
    char *path = own_directory(&lacking);
    const size_t length = path ? strlen(path) : 0;
    if (capacity > 0) snprintf(text, capacity, "%s", path ? path : "");
    vrn_free(path);
    return length;
}
