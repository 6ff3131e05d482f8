/* The registry: the weights that the hub knows. A JSON file, by default data/registry.json:
 *
 *   {"format": 1,
 *    "base": "https://download.pytorch.org/models/",   the files' URLs begin with it
 *    "entries": [{
 *      "network": "resnet50", "weights": "IMAGENET1K_V2", "default": true,
 *      "file": "resnet50-11ad3fa6.pth",
 *      "sha256": "11ad3fa6",          64 digits, or the first ones that are known, at least 8
 *      "bytes": 102540417,            or "min_bytes" and "max_bytes"
 *      "parameters": 25557032, "classes": "imagenet",
 *      "resize": 232, "crop": 224, "interpolation": "bilinear",
 *      "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
 *      "acc1": 80.858, "acc5": 95.434, "recipe": "https://..."}]}
 *
 * Each entry needs network, weights, file, sha256 and a size. Unknown keys are skipped. */
#ifndef VRN_HUB_REGISTRY_H
#define VRN_HUB_REGISTRY_H

#include <vkresnet/hub.h>

#include "base/arena.h"

typedef struct vrn_registry {
    vrn_arena arena; /* holds everything that the entries point to */
    vrn_hub_entry *entries;
    uint32_t count;
} vrn_registry;

/* The built-in registry, data/registry.json, which the build embeds. */
extern const char vrn_registry_text[];
extern const size_t vrn_registry_text_size;

/* Reads a registry. Messages call it `name`. `address`, if not NULL, replaces its base. Errors:
 * VRN_ERROR_FILE (the log says which entry and what was expected), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_registry_read(vrn_registry *registry, const char *text, size_t size,
                             const char *name, const char *address, const vrn_log *log);
void vrn_registry_free(vrn_registry *registry); /* accepts a zeroed struct, and zeroes it */

/* Like vrn_hub_find. */
const vrn_hub_entry *vrn_registry_find(const vrn_registry *registry, const char *name);

#endif
