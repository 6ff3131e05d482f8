/* Weights by name: "resnet50", "resnet50:V2". A component of its own beside the library: it knows
 * the weights that torchvision has for the ten networks of its ResNet class, finds their files on
 * this machine, and downloads them where it was built with libcurl and OpenSSL.
 *
 * vrn_hub *hub = NULL; vrn_hub_file file = {0}; vrn_hub_create(&hub, NULL); const vrn_hub_entry
 * *entry = vrn_hub_find(hub, "resnet50:V2"); if (entry && vrn_hub_fetch(hub, entry, NULL, &file) ==
 * VRN_OK) vrn_model_load(&model, file.path, NULL); vrn_hub_file_free(&file); vrn_hub_destroy(&hub);
 *
 * The rules at the head of vkresnet.h hold here too. A hub never changes and may be shared by
 * threads. Unlike the rest of the library it reads the environment, for what its parameters leave
 * open; docs/hub.md has the variables. */
#ifndef VKRESNET_HUB_H
#define VKRESNET_HUB_H

#include <vkresnet/vkresnet.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One file of weights. Texts live as long as the hub. */
typedef struct vrn_hub_entry {
    const char *name;    /* "resnet50:IMAGENET1K_V2" */
    const char *network; /* "resnet50", as for vrn_arch_parse */
    const char *weights; /* "IMAGENET1K_V2" */
    bool is_default;     /* what the bare name of the network and "DEFAULT" mean */
    const char *file;    /* "resnet50-11ad3fa6.pth" */
    const char *url;     /* where it is downloaded from */
    /* lower case hexadecimal: 64 digits, or the first 8 or more where no more is published */
    const char *sha256;
    uint64_t min_bytes; /* the file's size: exact where both are the same, else known to within */
    uint64_t max_bytes; /*   some hundred bytes */
    uint64_t parameters;
    const char *classes;     /* "imagenet": its 1000 classes, in the usual order; or NULL */
    vrn_transform transform; /* of the published accuracy */
    float acc1, acc5;        /* published, of 100, on ImageNet's validation images; 0: unknown */
    const char *recipe;      /* an address that says how it was trained, or NULL */
    uint64_t reserved[4];
} vrn_hub_entry;

typedef struct vrn_hub_params {
    vrn_log log; /* of the hub; must outlive it */
    /* a file that takes the place of the built-in registry (data/registry.json). NULL:
     * $VKRESNET_REGISTRY, else the built-in one */
    const char *registry;
    /* files are looked up in, and downloaded to, the folder "hub" in this one. NULL: as
     * vrn_hub_get_cache_directory; "": nothing is looked up or kept here, and so nothing can be
     * downloaded */
    const char *cache_directory;
    /* where PyTorch keeps such files, which is only read. NULL: $TORCH_HOME/hub/checkpoints,
     * $XDG_CACHE_HOME/torch/hub/checkpoints or ~/.cache/torch/hub/checkpoints, whichever PyTorch
     * would take; "": none */
    const char *torch_directory;
    /* downloads come from here instead of the registry's server: followed by the name of a file.
     * May be http. NULL: $VKRESNET_HUB_URL, else the registry's */
    const char *address;
    bool offline; /* never download; also if $VKRESNET_OFFLINE is neither empty nor "0" */
    /* a transfer that stands still for so long is given up; 0: $VKRESNET_HUB_TIMEOUT, else 30 */
    uint32_t stall_seconds;
    uint64_t reserved[4];
} vrn_hub_params;

typedef struct vrn_hub vrn_hub;

/* Reads the registry. Nothing else is touched. Errors: VRN_ERROR_FILE (a registry that cannot be
 * read or is wrong; the log says where), VRN_ERROR_INVALID_ARGUMENT (an address that is neither
 * https nor http), VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_hub_create(vrn_hub **hub, const vrn_hub_params *params);
VRN_API void vrn_hub_destroy(vrn_hub **hub);

/* Whether this build can download. */
VRN_API bool vrn_hub_can_download(void);

/* The i-th entry, in the registry's order; NULL when there are no more. */
VRN_API const vrn_hub_entry *vrn_hub_get_entry(const vrn_hub *hub, uint32_t i);

/* What a name means: a network ("resnet50"), or a network, a colon and its weights
 * ("resnet50:DEFAULT", "resnet50:IMAGENET1K_V2", "resnet50:V2"; case is ignored behind the colon).
 * NULL: nothing. */
VRN_API const vrn_hub_entry *vrn_hub_find(const vrn_hub *hub, const char *name);

typedef enum vrn_hub_place {
    VRN_HUB_NOWHERE = 0,  /* not on this machine */
    VRN_HUB_CACHE = 1,    /* in the cache directory */
    VRN_HUB_TORCH = 2,    /* where PyTorch keeps it */
    VRN_HUB_DOWNLOAD = 3, /* in the cache directory, since now */
} vrn_hub_place;

typedef struct vrn_hub_file {
    char *path; /* release it with vrn_hub_file_free; NULL if there is none */
    vrn_hub_place place;
    uint64_t bytes;
    uint64_t reserved[2];
} vrn_hub_file;

/* Accepts NULL and a zeroed struct, and zeroes it. */
VRN_API void vrn_hub_file_free(vrn_hub_file *file);

/* Looks an entry's file up on this machine, first in the cache directory, then where PyTorch keeps
 * it. What is not there is VRN_OK with VRN_HUB_NOWHERE. A file counts only if its size and its
 * SHA-256 are the registry's: reading it takes some tenths of a second for a large one, and is done
 * again only when the file has changed, as the cache directory remembers. A wrong file is a warning
 * in the log. (A build that cannot download has no SHA-256 either, and looks at the size alone.)
 * Errors: VRN_ERROR_OUT_OF_MEMORY. Blocking. */
VRN_API vrn_result vrn_hub_locate(const vrn_hub *hub, const vrn_hub_entry *entry,
                                  vrn_hub_file *file);

/* How a download goes. */
typedef struct vrn_hub_progress {
    const vrn_hub_entry *entry;
    uint64_t done, total; /* bytes of the file; `done` begins at what an earlier try has left */
    double bytes_per_s;   /* lately; 0: not known yet */
    double seconds_left;  /* at this rate; negative: not known yet */
    bool waiting;         /* another process downloads this file; these are its bytes */
    uint64_t reserved[4];
} vrn_hub_progress;

typedef struct vrn_hub_fetch_params {
    bool (*progress)(
        void *user,
        /* called several times a second, on the calling thread; true ends the download, with
         * VRN_ERROR_CANCELLED. NULL: nobody looks */
        const vrn_hub_progress *progress);
    void *progress_user;
    uint64_t reserved[4];
} vrn_hub_fetch_params;

/* Looks an entry's file up as vrn_hub_locate does, and downloads it where it is not there. The
 * download goes into a file of another name ("....part"), which gets the right one when size and
 * SHA-256 are right and it is on the disk: no partial file is ever to be seen under an entry's
 * name. What was interrupted, by whatever, is resumed by the next call; a process that finds
 * another at work on the same file waits for it. Only https is used, and http where `address` says
 * so; certificates are checked by the system's list or by $CURL_CA_BUNDLE, $SSL_CERT_FILE or
 * $SSL_CERT_DIR; proxies are libcurl's ($https_proxy, $no_proxy, ..). Blocking. `params` may be
 * NULL. Errors: VRN_ERROR_NETWORK (there is no way to the server, it has not got the file, it sent
 * something else, or this build or `offline` forbids it; the log has the address and where to put a
 * file that was got in another way), VRN_ERROR_FILE (it cannot be written), VRN_ERROR_CANCELLED,
 * VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_hub_fetch(const vrn_hub *hub, const vrn_hub_entry *entry,
                                 const vrn_hub_fetch_params *params, vrn_hub_file *file);

/* Where this library may keep what it can make or get again: $VKRESNET_CACHE, else the folder
 * "vkresnet" in $XDG_CACHE_HOME or in ~/.cache, on Windows in %LOCALAPPDATA%. What
 * vrn_device_params.cache_directory of an application may be. Writes as snprintf does and returns
 * the length; 0: nowhere ($VKRESNET_CACHE is empty, or nothing is set), or no memory. */
VRN_API size_t vrn_hub_get_cache_directory(char *text, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
