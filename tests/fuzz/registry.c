/* The registry of weights: JSON that says which files a server has, and what they are. */
#include "hub/registry.h"

#include <string.h>

#include "fuzz/fuzz.h"

/* The arena's limit (base/arena.h), which chunks of up to a mebibyte round up. */
const fuzz_bounds fuzz_target_bounds = {3 << 20, 80};

static void touch(const char *text)
{
    if (text) fuzz_touch(text, strlen(text) + 1);
}

static void look_at(const vrn_registry *registry, const vrn_hub_entry *entry)
{
    const char *const texts[] = {entry->name,   entry->network, entry->weights, entry->file,
                                 entry->sha256, entry->url,     entry->classes, entry->recipe};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) touch(texts[i]);
    /* What becomes a path stays in its folder, and what is downloaded has an end. */
    fuzz_require(entry->file[0] && entry->file[0] != '.' && !strpbrk(entry->file, "/\\:"));
    fuzz_require(entry->min_bytes > 0 && entry->min_bytes <= entry->max_bytes);
    fuzz_require(strlen(entry->sha256) >= 8);
    const vrn_hub_entry *found = vrn_registry_find(registry, entry->name);
    fuzz_require(found && strcmp(found->network, entry->network) == 0);
}

void fuzz_target(const uint8_t *data, size_t size)
{
    vrn_registry registry;
    const vrn_result result =
        vrn_registry_read(&registry, (const char *)data, size, "input", NULL, fuzz_log());
    fuzz_expect(result == VRN_OK);
    if (result == VRN_OK) fuzz_require(registry.count > 0);
    for (uint32_t i = 0; i < registry.count && i < 64; i++) {
        fuzz_require(strncmp(registry.entries[i].url, "https://", 8) == 0);
        look_at(&registry, &registry.entries[i]);
    }
    vrn_registry_free(&registry);
}
