/* vkresnet_hub: a separate library that finds weights by name, such as "resnet50" or "resnet50:V2".
 * It knows the weights that torchvision publishes for the ten networks of its ResNet class, and
 * finds their files on this machine. If it was built with libcurl and OpenSSL, it also downloads
 * them.
 *
 *     vrn_hub *hub = NULL;
 *     vrn_hub_file file = {0};
 *     vrn_hub_create(&hub, NULL);
 *     const vrn_hub_entry *entry = vrn_hub_find(hub, "resnet50:V2");
 *     if (entry && vrn_hub_fetch(hub, entry, NULL, &file) == VRN_OK)
 *         vrn_model_load(&model, file.path, NULL);
 *     vrn_hub_file_free(&file);
 *     vrn_hub_destroy(&hub);
 *
 * The rules at the top of vkresnet.h hold here too. A hub never changes; threads may share it.
 * Unlike the main library, this one reads environment variables for parameters that are NULL or 0;
 * docs/hub.md lists them. */
#ifndef VKRESNET_HUB_H
#define VKRESNET_HUB_H

#include <vkresnet/vkresnet.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One file of weights. The strings live as long as the hub. */
typedef struct vrn_hub_entry {
    const char *name;    /* "resnet50:IMAGENET1K_V2" */
    const char *network; /* "resnet50", as for vrn_arch_parse */
    const char *weights; /* "IMAGENET1K_V2" */
    bool is_default;     /* "resnet50" and "resnet50:DEFAULT" mean this entry */
    const char *file;    /* "resnet50-11ad3fa6.pth" */
    const char *url;     /* where it is downloaded from */
    /* the SHA-256 of the file, in lower-case hexadecimal: all 64 digits, or, if only the first ones
     * are published, those (8 or more) */
    const char *sha256;
    uint64_t min_bytes;      /* the smallest size that the file may have */
    uint64_t max_bytes;      /* the largest; equal to min_bytes if the size is known */
    uint64_t parameters;     /* the number of the network's parameters */
    const char *classes;     /* "imagenet": its 1000 classes, in the usual order; or NULL */
    vrn_transform transform; /* the transform with which the accuracy was measured */
    float acc1, acc5;   /* published top-1 and top-5 accuracy on ImageNet, in percent; 0: unknown */
    const char *recipe; /* the address of a page about the training, or NULL */
    uint64_t reserved[4];
} vrn_hub_entry;

/* Where a hub looks for files, and where it downloads them from. */
typedef struct vrn_hub_params {
    vrn_log log; /* receives the hub's messages; what `user` points to must outlive the hub */
    /* a file that is used instead of the built-in registry (the list of weights, made from
     * data/registry.json). NULL: $VKRESNET_REGISTRY, else the built-in registry */
    const char *registry;
    /* the folder whose subfolder "hub" has the downloaded files. NULL: the folder that
     * vrn_hub_get_cache_directory names; "": no folder, so files are looked for only in
     * `torch_directory`, and nothing is downloaded */
    const char *cache_directory;
    /* the folder where PyTorch keeps such files; the library only reads it. NULL:
     * $TORCH_HOME/hub/checkpoints, $XDG_CACHE_HOME/torch/hub/checkpoints or
     * ~/.cache/torch/hub/checkpoints, whichever PyTorch would use; "": none */
    const char *torch_directory;
    /* the address of a folder to download from, instead of the registry's server; the name of a
     * file is appended. It must begin with https:// or http://. NULL: $VKRESNET_HUB_URL, else the
     * registry's server */
    const char *address;
    /* never download. $VKRESNET_OFFLINE has the same effect, unless it is empty or "0" */
    bool offline;
    /* a download fails after this many seconds without progress; 0: $VKRESNET_HUB_TIMEOUT, else
     * 30 */
    uint32_t stall_seconds;
    uint64_t reserved[4];
} vrn_hub_params;

/* A registry of weights, and the folders that hold their files. */
typedef struct vrn_hub vrn_hub;

/* Makes a hub. Reads the registry and no other file. The caller owns the hub. Blocking. Errors:
 * VRN_ERROR_FILE (the registry cannot be read or has a fault; the log says where),
 * VRN_ERROR_INVALID_ARGUMENT (`address` is neither https nor http), VRN_ERROR_OUT_OF_MEMORY. */
VRN_API vrn_result vrn_hub_create(vrn_hub **hub, const vrn_hub_params *params);

/* Destroys a hub and its entries. */
VRN_API void vrn_hub_destroy(vrn_hub **hub);

/* Whether this build can download. Thread-safe. */
VRN_API bool vrn_hub_can_download(void);

/* The i-th entry (from 0) in the registry's order, or NULL when there are no more. It lives as long
 * as the hub. */
VRN_API const vrn_hub_entry *vrn_hub_get_entry(const vrn_hub *hub, uint32_t i);

/* The entry that `name` means: a network ("resnet50"), or a network, a colon and its weights
 * ("resnet50:DEFAULT", "resnet50:IMAGENET1K_V2", "resnet50:V2"; case is ignored after the colon).
 * NULL if there is none. It lives as long as the hub. */
VRN_API const vrn_hub_entry *vrn_hub_find(const vrn_hub *hub, const char *name);

/* Where a file was found. */
typedef enum vrn_hub_place {
    VRN_HUB_NOWHERE = 0,  /* not on this machine */
    VRN_HUB_CACHE = 1,    /* in the cache directory */
    VRN_HUB_TORCH = 2,    /* in PyTorch's folder */
    VRN_HUB_DOWNLOAD = 3, /* just downloaded to the cache directory */
} vrn_hub_place;

/* A file of weights on this machine. */
typedef struct vrn_hub_file {
    char *path;          /* release it with vrn_hub_file_free; NULL if there is none */
    vrn_hub_place place; /* where it was found */
    uint64_t bytes;      /* its size */
    uint64_t reserved[2];
} vrn_hub_file;

/* Releases what a file owns and zeroes it. Accepts NULL and a zeroed struct. */
VRN_API void vrn_hub_file_free(vrn_hub_file *file);

/* Looks for an entry's file on this machine, first in the cache directory, then in PyTorch's
 * folder. If it is in neither, the result is VRN_OK and file->place is VRN_HUB_NOWHERE. A file
 * counts only if its size and SHA-256 agree with the registry; otherwise the log has a warning.
 * Computing the SHA-256 of a large file takes a few tenths of a second; the cache directory stores
 * the result until the file changes. A build that cannot download cannot compute a SHA-256 either,
 * so it compares only the size. The caller owns `*file`. Blocking. Errors: VRN_ERROR_OUT_OF_MEMORY.
 */
VRN_API vrn_result vrn_hub_locate(const vrn_hub *hub, const vrn_hub_entry *entry,
                                  vrn_hub_file *file);

/* The state of a download. */
typedef struct vrn_hub_progress {
    const vrn_hub_entry *entry; /* whose file it is */
    uint64_t done;              /* bytes; includes those of an interrupted download */
    uint64_t total;             /* bytes; entry->max_bytes until the server states the size */
    double bytes_per_s;         /* over the last few seconds; 0: not known yet */
    double seconds_left;        /* at this rate; negative: not known yet */
    bool waiting;               /* another process is downloading the file; `done` is what it has */
    uint64_t reserved[4];
} vrn_hub_progress;

/* How vrn_hub_fetch reports its progress. */
typedef struct vrn_hub_fetch_params {
    /* called several times a second, on the thread that called vrn_hub_fetch. If it returns true,
     * the download ends with VRN_ERROR_CANCELLED. NULL: no progress is reported */
    bool (*progress)(void *user, const vrn_hub_progress *progress);
    void *progress_user; /* the first argument of `progress` */
    uint64_t reserved[4];
} vrn_hub_fetch_params;

/* Looks for an entry's file as vrn_hub_locate does, and downloads it if it is not on this machine.
 * The download is written to a file whose name ends in ".part", which is renamed when its size and
 * SHA-256 are correct and the bytes are on the disk: no partial file ever has the name in
 * `entry->file`. If a download is interrupted, the next call resumes it. If another process is
 * downloading the same file, the call waits for it. Only https is used, unless `address` or
 * $VKRESNET_HUB_URL begins with http://. Certificates are checked against the system's list, or
 * against $CURL_CA_BUNDLE, $SSL_CERT_FILE or $SSL_CERT_DIR; proxies are set as for libcurl
 * ($https_proxy, $no_proxy, ...). `params` may be NULL. The caller owns `*file`. Blocking. Errors:
 * - VRN_ERROR_NETWORK: the server cannot be reached, does not have the file or sent something else;
 *   or this build cannot download, or `offline` forbids it, or there is no cache directory. The log
 *   has the address, and says how to use a file that was downloaded in another way
 * - VRN_ERROR_CANCELLED: `progress` returned true
 * - VRN_ERROR_FILE: the file cannot be written, or cannot be read back
 * - VRN_ERROR_OUT_OF_MEMORY */
VRN_API vrn_result vrn_hub_fetch(const vrn_hub *hub, const vrn_hub_entry *entry,
                                 const vrn_hub_fetch_params *params, vrn_hub_file *file);

/* The folder for files that can be made or downloaded again: $VKRESNET_CACHE, else the folder
 * "vkresnet" in $XDG_CACHE_HOME or in ~/.cache, on Windows in %LOCALAPPDATA%. It also suits
 * vrn_device_params.cache_directory. Writes its path to `text` and returns the length without the
 * NUL, as snprintf does; 0: there is no such folder ($VKRESNET_CACHE is empty, or no variable is
 * set), or memory ran out. Thread-safe as long as no thread changes the environment. */
VRN_API size_t vrn_hub_get_cache_directory(char *text, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
