#include "hub/registry.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/interpolation.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "base/util.h"

#define HTTPS "https://"

enum {
    FORMAT = 1,
    HASH_MIN = 8,
    HASH_MAX = 64,
    FILE_NAME_MAX = 200,
    SIDE_MAX = 65536,
    ARENA_MULTIPLE = 64, /* the arena's limit: bytes for each byte of text */
};

static const uint64_t bytes_max = UINT64_C(1) << 36;

/* An entry as read from the text. Derived members of `entry` are filled in later. */
typedef struct draft {
    vrn_hub_entry entry;
    const char *interpolation;
    uint64_t bytes, resize, crop;
} draft;

typedef enum field_kind {
    KIND_TEXT,
    KIND_BOOL,
    KIND_UNSIGNED,
    KIND_REAL,
    KIND_TRIPLE,
} field_kind;

typedef struct field {
    const char *key;
    field_kind kind;
    size_t offset;
} field;

static const char *const expected[] = {
    [KIND_TEXT] = "a string", [KIND_BOOL] = "true or false",   [KIND_UNSIGNED] = "a whole number",
    [KIND_REAL] = "a number", [KIND_TRIPLE] = "three numbers",
};

#define AT(member) offsetof(draft, member)
static const field fields[] = {
    {"network", KIND_TEXT, AT(entry.network)},
    {"weights", KIND_TEXT, AT(entry.weights)},
    {"default", KIND_BOOL, AT(entry.is_default)},
    {"file", KIND_TEXT, AT(entry.file)},
    {"sha256", KIND_TEXT, AT(entry.sha256)},
    {"bytes", KIND_UNSIGNED, AT(bytes)},
    {"min_bytes", KIND_UNSIGNED, AT(entry.min_bytes)},
    {"max_bytes", KIND_UNSIGNED, AT(entry.max_bytes)},
    {"parameters", KIND_UNSIGNED, AT(entry.parameters)},
    {"classes", KIND_TEXT, AT(entry.classes)},
    {"resize", KIND_UNSIGNED, AT(resize)},
    {"crop", KIND_UNSIGNED, AT(crop)},
    {"interpolation", KIND_TEXT, AT(interpolation)},
    {"mean", KIND_TRIPLE, AT(entry.transform.mean)},
    {"std", KIND_TRIPLE, AT(entry.transform.std)},
    {"acc1", KIND_REAL, AT(entry.acc1)},
    {"acc5", KIND_REAL, AT(entry.acc5)},
    {"recipe", KIND_TEXT, AT(entry.recipe)},
};

typedef struct reader {
    vrn_json json;
    vrn_registry *registry;
    const char *name; /* of the file */
    const char *address;
    const vrn_log *log;
    vrn_result result; /* the first failure; after it all reads return false */
} reader;

static bool lacking(reader *r)
{
    r->result = vrn_arena_fail(&r->registry->arena, r->name, r->log);
    return false;
}

/* Reports an error in the current entry, or at the cursor if `key` is NULL. */
static bool nonsense(reader *r, const char *key, const char *what)
{
    if (r->registry->arena.exceeded) return lacking(r);
    if (key) {
        r->result = vrn_fail(r->log, VRN_ERROR_FILE, "%s: entry %u: %s: expected %s", r->name,
                             r->registry->count, key, what);
    } else {
        char found[VRN_JSON_FOUND_MAX];
        r->result = vrn_fail(r->log, VRN_ERROR_FILE, "%s: at byte %zu: expected %s, found %s",
                             r->name, r->json.at, what, vrn_json_found(&r->json, found));
    }
    return false;
}

/* Reports what the whole file should have. */
static bool lacks(reader *r, const char *what)
{
    r->result = vrn_fail(r->log, VRN_ERROR_FILE, "%s: expected %s, found none", r->name, what);
    return false;
}

static bool take(reader *r, char punctuation, const char *what)
{
    return vrn_json_take(&r->json, punctuation) || nonsense(r, NULL, what);
}

static bool take_text(reader *r, const char *key, const char *what, char **text)
{
    if (!vrn_json_string(&r->json, &r->registry->arena, text)) return nonsense(r, key, what);
    return *text || lacking(r);
}

static bool skip(reader *r)
{
    return vrn_json_skip(&r->json) || nonsense(r, NULL, "a value");
}

static bool take_real(vrn_json *json, float *value)
{
    double number;
    if (!vrn_json_number(json, &number) || fabs(number) > FLT_MAX) return false;
    *value = (float)number;
    return true;
}

static bool take_triple(vrn_json *json, float values[3])
{
    for (int i = 0; i < 3; i++) {
        if (!vrn_json_take(json, i == 0 ? '[' : ',') || !take_real(json, &values[i])) return false;
    }
    return vrn_json_take(json, ']');
}

static bool take_bool(vrn_json *json, bool *value)
{
    *value = vrn_json_word(json, "true");
    return *value || vrn_json_word(json, "false");
}

static bool read_field(reader *r, const field *f, draft *d)
{
    void *place = (char *)d + f->offset;
    bool good = false;
    switch (f->kind) {
    case KIND_TEXT: return take_text(r, f->key, expected[KIND_TEXT], place);
    case KIND_BOOL: good = take_bool(&r->json, place); break;
    case KIND_UNSIGNED: good = vrn_json_unsigned(&r->json, place); break;
    case KIND_REAL: good = take_real(&r->json, place); break;
    case KIND_TRIPLE: good = take_triple(&r->json, place); break;
    }
    return good || nonsense(r, f->key, expected[f->kind]);
}

static const field *find_field(const char *key)
{
    for (size_t i = 0; i < VRN_COUNT(fields); i++) {
        if (strcmp(fields[i].key, key) == 0) return &fields[i];
    }
    return NULL;
}

/* Reads the next key of an object and its colon. False: a failure, or the end of the object. */
static bool next_key(reader *r, bool *first, char **key)
{
    if (vrn_json_take(&r->json, '}')) return false;
    if (!*first && !take(r, ',', "',' or '}'")) return false;
    *first = false;
    return take_text(r, NULL, "a key", key) && take(r, ':', "':'");
}

static bool consists_of(const char *text, const char *allowed, size_t least, size_t most)
{
    const size_t length = strlen(text);
    return length >= least && length <= most && strspn(text, allowed) == length;
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Checks an entry and fills in its derived members. */
static bool check(reader *r, draft *d)
{
    vrn_hub_entry *entry = &d->entry;
    static const char word[] = LOWER UPPER DIGITS "_.-";
    const char *const names[][2] = {
        {"network", entry->network}, {"weights", entry->weights}, {"file", entry->file}};
    for (size_t i = 0; i < VRN_COUNT(names); i++) {
        /* The file's name becomes part of a path and of a URL. */
        if (!names[i][1] || names[i][1][0] == '.' ||
            !consists_of(names[i][1], word, 1, FILE_NAME_MAX)) {
            return nonsense(r, names[i][0], "letters, digits, '_', '-' and '.'");
        }
    }
    if (!entry->sha256 || !consists_of(entry->sha256, DIGITS "abcdef", HASH_MIN, HASH_MAX)) {
        return nonsense(r, "sha256", "8 to 64 lower case hexadecimal digits");
    }
    if (d->bytes) entry->min_bytes = entry->max_bytes = d->bytes;
    if (entry->min_bytes == 0 || entry->min_bytes > entry->max_bytes ||
        entry->max_bytes > bytes_max) {
        return nonsense(r, "bytes", "a number from 1 to 64 GiB, or min_bytes and max_bytes");
    }
    if (d->resize > SIDE_MAX || d->crop > SIDE_MAX) {
        return nonsense(r, "resize", "resize and crop of at most 65536 pixels each");
    }
    if (d->resize == 0 && d->crop == 0)
        return nonsense(r, "crop", "a number above 0, because resize has none");
    if (d->interpolation &&
        !vrn_interpolation_find(d->interpolation, &entry->transform.interpolation)) {
        return nonsense(r, "interpolation", VRN_INTERPOLATION_NAMES);
    }
    for (int i = 0; i < 3; i++) {
        if (entry->transform.std[i] < 0) return nonsense(r, "std", "three numbers of at least 0");
    }
    entry->transform.resize = (uint32_t)d->resize;
    entry->transform.crop = (uint32_t)d->crop;
    return true;
}

/* Concatenates a, `between` and b. */
static char *join(vrn_arena *arena, const char *a, const char *between, const char *b)
{
    const size_t size = strlen(a) + strlen(between) + strlen(b) + 1;
    char *text = vrn_arena_alloc(arena, size, 1);
    if (text) snprintf(text, size, "%s%s%s", a, between, b);
    return text;
}

static bool add(reader *r, draft *d, size_t *capacity)
{
    vrn_hub_entry *entry = &d->entry;
    vrn_registry *registry = r->registry;
    if (!check(r, d)) return false;
    vrn_hub_entry *entries = vrn_arena_grow(&registry->arena, registry->entries, capacity,
                                            registry->count + 1, sizeof *entries);
    if (!entries) return lacking(r);
    registry->entries = entries;
    entry->name = join(&registry->arena, entry->network, ":", entry->weights);
    if (!entry->name) return lacking(r);
    for (uint32_t i = 0; i < registry->count; i++) {
        if (strcmp(entries[i].name, entry->name) == 0) {
            return nonsense(r, "weights", "a name that no earlier entry has");
        }
        if (entry->is_default && entries[i].is_default &&
            strcmp(entries[i].network, entry->network) == 0) {
            return nonsense(r, "default", "true for at most one entry of a network");
        }
    }
    entries[registry->count++] = *entry;
    return true;
}

static bool read_entry(reader *r, size_t *capacity)
{
    draft d = {
        .resize = 256,
        .crop = 224,
        .entry.transform = {.mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}}};
    bool first = true;
    char *key;
    if (!take(r, '{', "an entry")) return false;
    while (next_key(r, &first, &key)) {
        const field *f = find_field(key);
        if (!(f ? read_field(r, f, &d) : skip(r))) return false;
    }
    return !r->result && add(r, &d, capacity);
}

static bool read_entries(reader *r)
{
    size_t capacity = 0;
    if (!take(r, '[', "'['")) return false;
    for (bool first = true; !vrn_json_take(&r->json, ']'); first = false) {
        if (!first && !take(r, ',', "',' or ']'")) return false;
        if (!read_entry(r, &capacity)) return false;
    }
    return true;
}

/* Fills in the URLs once the base is known. */
static bool complete(reader *r, const char *base, bool has_format)
{
    if (!has_format) return lacks(r, "a key \"format\"");
    if (r->registry->count == 0) return lacks(r, "a key \"entries\", with at least one entry");
    if (r->address) {
        base = r->address;
    } else if (!base || strncmp(base, HTTPS, strlen(HTTPS)) != 0) {
        return lacks(r, "a key \"base\" with an https address");
    }
    const char *slash = *base && base[strlen(base) - 1] == '/' ? "" : "/";
    for (uint32_t i = 0; i < r->registry->count; i++) {
        vrn_hub_entry *entry = &r->registry->entries[i];
        entry->url = join(&r->registry->arena, base, slash, entry->file);
        if (!entry->url) return lacking(r);
    }
    return true;
}

static bool read_all(reader *r)
{
    char *key, *base = NULL;
    uint64_t format;
    bool first = true, good = take(r, '{', "'{'"), has_format = false;
    while (good && next_key(r, &first, &key)) {
        if (strcmp(key, "format") == 0) {
            const vrn_json before = r->json;
            has_format = vrn_json_unsigned(&r->json, &format) && format == FORMAT;
            if (!has_format) r->json = before;
            good = has_format || nonsense(r, NULL, "1, the format that this version reads");
        } else if (strcmp(key, "base") == 0) {
            good = take_text(r, NULL, "an address", &base);
        } else if (strcmp(key, "entries") == 0 && !r->registry->entries) {
            good = read_entries(r);
        } else {
            good = skip(r);
        }
    }
    if (r->result) return false;
    if (!vrn_json_at_end(&r->json)) return nonsense(r, NULL, "the end of the file");
    return complete(r, base, has_format);
}

vrn_result vrn_registry_read(vrn_registry *registry, const char *text, size_t size,
                             const char *name, const char *address, const vrn_log *log)
{
    *registry = (vrn_registry){0};
    vrn_arena_init(&registry->arena, size, ARENA_MULTIPLE);
    reader r = {.json = {.text = text, .size = size},
                .registry = registry,
                .name = name,
                .address = address,
                .log = log};
    if (!read_all(&r)) vrn_registry_free(registry);
    return r.result;
}

void vrn_registry_free(vrn_registry *registry)
{
    vrn_arena_free(&registry->arena);
    *registry = (vrn_registry){0};
}

/* "IMAGENET1K_V2" matches itself, "V2", and "DEFAULT" if it is the default. */
static bool is_meant(const vrn_hub_entry *entry, const char *tag)
{
    const char *last = strrchr(entry->weights, '_');
    return vrn_same_text(entry->weights, tag) || (last && vrn_same_text(last + 1, tag)) ||
           (entry->is_default && vrn_same_text("DEFAULT", tag));
}

const vrn_hub_entry *vrn_registry_find(const vrn_registry *registry, const char *name)
{
    const char *colon = strchr(name, ':');
    const size_t length = colon ? (size_t)(colon - name) : strlen(name);
    for (uint32_t i = 0; i < registry->count; i++) {
        const vrn_hub_entry *entry = &registry->entries[i];
        if (strlen(entry->network) == length && memcmp(entry->network, name, length) == 0 &&
            is_meant(entry, colon ? colon + 1 : "DEFAULT")) {
            return entry;
        }
    }
    return NULL;
}
