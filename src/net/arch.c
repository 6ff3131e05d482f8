/* Architectures as text: NAME[,key=value]... Reading and writing walk the same table of keys. */
#include "net/arch.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "base/number.h"

/* ---- Names ----------------------------------------------------------------------------------- */

typedef struct named_arch {
    const char *name;
    vrn_block block;
    uint32_t layers[4], groups, width_per_group;
} named_arch;

static const named_arch named_archs[] = {
    {"resnet18", VRN_BLOCK_BASIC, {2, 2, 2, 2}, 1, 64},
    {"resnet34", VRN_BLOCK_BASIC, {3, 4, 6, 3}, 1, 64},
    {"resnet50", VRN_BLOCK_BOTTLENECK, {3, 4, 6, 3}, 1, 64},
    {"resnet101", VRN_BLOCK_BOTTLENECK, {3, 4, 23, 3}, 1, 64},
    {"resnet152", VRN_BLOCK_BOTTLENECK, {3, 8, 36, 3}, 1, 64},
    {"resnext50_32x4d", VRN_BLOCK_BOTTLENECK, {3, 4, 6, 3}, 32, 4},
    {"resnext101_32x8d", VRN_BLOCK_BOTTLENECK, {3, 4, 23, 3}, 32, 8},
    {"resnext101_64x4d", VRN_BLOCK_BOTTLENECK, {3, 4, 23, 3}, 64, 4},
    {"wide_resnet50_2", VRN_BLOCK_BOTTLENECK, {3, 4, 6, 3}, 1, 128},
    {"wide_resnet101_2", VRN_BLOCK_BOTTLENECK, {3, 4, 23, 3}, 1, 128},
};

/* The CIFAR networks of He et al. 2015, table 6; any other depth 6n + 2 is known too. */
static const char *const cifar_names[] = {
    "resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet1202",
};

const char *vrn_arch_get_known_name(uint32_t i)
{
    if (i < VRN_COUNT(named_archs)) return named_archs[i].name;
    i -= VRN_COUNT(named_archs);
    return i < VRN_COUNT(cifar_names) ? cifar_names[i] : NULL;
}

/* What a name stands for: fields that it does not set are left at 0, their default. */
typedef struct base_arch {
    vrn_arch arch;
    uint32_t planes; /* of the first stage; 0: by the stem */
} base_arch;

static bool find_cifar(const char *name, size_t length, base_arch *base)
{
    uint64_t depth = 0;
    if (length < 7 || memcmp(name, "resnet", 6) != 0 || name[6] == '0') return false;
    if (!vrn_parse_number(name + 6, length - 6, 6 * VRN_MAX_BLOCKS + 2, &depth)) return false;
    if (depth < 8 || depth % 6 != 2) return false;
    base->arch.stem = VRN_STEM_CIFAR;
    base->arch.shortcut = VRN_SHORTCUT_PAD;
    for (int i = 0; i < 3; i++) base->arch.layers[i] = (uint32_t)(depth - 2) / 6;
    base->planes = 16;
    return true;
}

/* torchvision's names come first: resnet50 and resnet152 are also 6n + 2. */
static bool find_base(const char *name, size_t length, base_arch *base)
{
    memset(base, 0, sizeof *base);
    for (size_t i = 0; i < VRN_COUNT(named_archs); i++) {
        const named_arch *named = &named_archs[i];
        if (strlen(named->name) != length || memcmp(named->name, name, length) != 0) continue;
        base->arch.block = named->block;
        memcpy(base->arch.layers, named->layers, sizeof named->layers);
        base->arch.groups = named->groups;
        base->arch.width_per_group = named->width_per_group;
        base->planes = 64;
        return true;
    }
    if (length == 6 && memcmp(name, "resnet", 6) == 0) return true;
    return find_cifar(name, length, base);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

typedef enum key_kind {
    KEY_WORD,   /* an enum's value by name */
    KEY_FLAG,   /* 0 or 1 */
    KEY_NUMBER, /* uint32_t, 1 to max */
    KEY_REAL,   /* float */
    KEY_LIST,   /* uint32_t for each stage, 1 to max, with ':' between them */
    KEY_DILATE, /* 0 or 1 for each stage but the first */
} key_kind;

typedef struct arch_key {
    const char *name;
    key_kind kind;
    size_t offset; /* in vrn_arch */
    uint32_t max;
    const char *words[3]; /* of KEY_WORD, in the enum's order */
} arch_key;

/* The first three come first in a text too: the defaults of others depend on them. */
enum { KEYS_THAT_DECIDE_DEFAULTS = 3, KEY_COUNT = 14 };

static const arch_key keys[KEY_COUNT] = {
    {"block", KEY_WORD, offsetof(vrn_arch, block), 0, {"basic", "bottleneck"}},
    {"layers", KEY_LIST, offsetof(vrn_arch, layers), VRN_MAX_BLOCKS, {0}},
    {"stem", KEY_WORD, offsetof(vrn_arch, stem), 0, {"imagenet", "cifar"}},
    {"planes", KEY_LIST, offsetof(vrn_arch, planes), VRN_MAX_CHANNELS, {0}},
    {"num_classes", KEY_NUMBER, offsetof(vrn_arch, num_classes), VRN_MAX_CLASSES, {0}},
    {"groups", KEY_NUMBER, offsetof(vrn_arch, groups), VRN_MAX_CHANNELS, {0}},
    {"width_per_group", KEY_NUMBER, offsetof(vrn_arch, width_per_group), VRN_MAX_CHANNELS, {0}},
    {"dilate", KEY_DILATE, offsetof(vrn_arch, dilate), 0, {0}},
    {"norm", KEY_WORD, offsetof(vrn_arch, norm), 0, {"batch", "frozen", "group"}},
    {"norm_groups", KEY_NUMBER, offsetof(vrn_arch, norm_groups), VRN_MAX_CHANNELS, {0}},
    {"norm_eps", KEY_REAL, offsetof(vrn_arch, norm_eps), 0, {0}},
    {"shortcut", KEY_WORD, offsetof(vrn_arch, shortcut), 0, {"projection", "pad"}},
    {"v1", KEY_FLAG, offsetof(vrn_arch, stride_on_1x1), 0, {0}},
    {"zero_init_residual", KEY_FLAG, offsetof(vrn_arch, zero_init_residual), 0, {0}},
};

/* Enums are read and written as numbers of the same size. */
_Static_assert(sizeof(vrn_block) == 4 && sizeof(vrn_norm) == 4 && sizeof(vrn_stem) == 4 &&
                   sizeof(vrn_shortcut) == 4,
               "enums of the public header have 32 bits");

static size_t key_size(const arch_key *key)
{
    switch (key->kind) {
    case KEY_WORD:
    case KEY_NUMBER: return sizeof(uint32_t);
    case KEY_FLAG: return sizeof(bool);
    case KEY_REAL: return sizeof(float);
    case KEY_LIST: return VRN_MAX_STAGES * sizeof(uint32_t);
    case KEY_DILATE: return VRN_MAX_STAGES * sizeof(bool);
    }
    return 0;
}

/* ---- Reading --------------------------------------------------------------------------------- */

typedef struct reader {
    vrn_arch *arch;
    const char *subject;
    const vrn_log *log;
    bool seen[KEY_COUNT];
    uint32_t planes_count, dilate_count; /* entries given; checked when the stages are known */
} reader;

/* A stretch of the text, and how much of it a message shows. */
typedef struct piece {
    const char *at;
    size_t length;
} piece;

static int shown(piece text)
{
    return text.length < 64 ? (int)text.length : 64;
}

static vrn_result bad_value(const reader *r, const arch_key *key, piece value, const char *expected)
{
    return vrn_fail(r->log, VRN_ERROR_INVALID_ARGUMENT, "%s: %s: expected %s, found '%.*s'",
                    r->subject, key->name, expected, shown(value), value.at);
}

static vrn_result read_word(reader *r, const arch_key *key, piece value, void *field)
{
    char expected[64] = "";
    for (uint32_t i = 0; i < VRN_COUNT(key->words) && key->words[i]; i++) {
        const char *word = key->words[i];
        if (strlen(word) == value.length && memcmp(word, value.at, value.length) == 0) {
            memcpy(field, &i, sizeof i);
            return VRN_OK;
        }
        size_t used = strlen(expected);
        snprintf(expected + used, sizeof expected - used, "%s%s", i ? " or " : "", word);
    }
    return bad_value(r, key, value, expected);
}

static vrn_result read_number(reader *r, const arch_key *key, piece value, uint32_t min,
                              uint32_t max, uint32_t *number)
{
    uint64_t wide = 0;
    if (!vrn_parse_number(value.at, value.length, max, &wide) || wide < min) {
        char expected[48];
        snprintf(expected, sizeof expected, "a number from %u to %u", min, max);
        return bad_value(r, key, value, expected);
    }
    *number = (uint32_t)wide;
    return VRN_OK;
}

static vrn_result read_real(reader *r, const arch_key *key, piece value, void *field)
{
    float real = 0;
    /* Zero would mean the default, which is not what was asked for. */
    if (!vrn_parse_real(value.at, value.length, &real) || !(real > 0)) {
        return bad_value(r, key, value, "a number above 0");
    }
    memcpy(field, &real, sizeof real);
    return VRN_OK;
}

/* Reads `1:2:3` into values, with zeros behind. */
static vrn_result read_list(reader *r, const arch_key *key, piece value, uint32_t min, uint32_t max,
                            uint32_t values[VRN_MAX_STAGES], uint32_t *count)
{
    memset(values, 0, VRN_MAX_STAGES * sizeof *values);
    *count = 0;
    const char *end = value.at + value.length;
    for (const char *at = value.at;; at++) {
        const char *colon = memchr(at, ':', (size_t)(end - at));
        piece entry = {at, (size_t)((colon ? colon : end) - at)};
        if (*count == VRN_MAX_STAGES) return bad_value(r, key, value, "at most 8 entries");
        vrn_result result = read_number(r, key, entry, min, max, &values[(*count)++]);
        if (result || !colon) return result;
        at = colon;
    }
}

static vrn_result read_dilate(reader *r, const arch_key *key, piece value)
{
    uint32_t values[VRN_MAX_STAGES];
    vrn_result result = read_list(r, key, value, 0, 1, values, &r->dilate_count);
    memset(r->arch->dilate, 0, sizeof r->arch->dilate);
    for (uint32_t i = 0; !result && i + 1 < VRN_MAX_STAGES; i++) {
        r->arch->dilate[i + 1] = values[i] == 1;
    }
    return result;
}

static vrn_result read_value(reader *r, const arch_key *key, piece value)
{
    void *field = (char *)r->arch + key->offset;
    uint32_t number = 0, count = 0;
    vrn_result result = VRN_OK;
    switch (key->kind) {
    case KEY_WORD: return read_word(r, key, value, field);
    case KEY_FLAG:
        result = read_number(r, key, value, 0, 1, &number);
        *(bool *)field = number == 1;
        return result;
    case KEY_NUMBER: return read_number(r, key, value, 1, key->max, field);
    case KEY_REAL: return read_real(r, key, value, field);
    case KEY_LIST:
        result = read_list(r, key, value, 1, key->max, field, &count);
        if (field == r->arch->planes) r->planes_count = count;
        return result;
    case KEY_DILATE: return read_dilate(r, key, value);
    }
    return result;
}

static vrn_result read_pair(reader *r, piece pair)
{
    const char *equals = memchr(pair.at, '=', pair.length);
    size_t name_length = equals ? (size_t)(equals - pair.at) : pair.length;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const arch_key *key = &keys[i];
        if (strlen(key->name) != name_length || memcmp(key->name, pair.at, name_length) != 0) {
            continue;
        }
        if (!equals) {
            return vrn_fail(r->log, VRN_ERROR_INVALID_ARGUMENT, "%s: %s: expected %s=VALUE",
                            r->subject, key->name, key->name);
        }
        if (r->seen[i]) {
            return vrn_fail(r->log, VRN_ERROR_INVALID_ARGUMENT, "%s: %s: given twice", r->subject,
                            key->name);
        }
        r->seen[i] = true;
        return read_value(r, key, (piece){equals + 1, pair.length - name_length - 1});
    }
    return vrn_fail(r->log, VRN_ERROR_INVALID_ARGUMENT,
                    "%s: unknown key '%.*s': expected block, layers, planes, num_classes, groups, "
                    "width_per_group, dilate, norm, norm_groups, norm_eps, stem, shortcut, v1 or "
                    "zero_init_residual",
                    r->subject, shown((piece){pair.at, name_length}), pair.at);
}

/* Lists have an entry for each stage; how many stages there are is known at the end only. */
static vrn_result check_counts(const reader *r)
{
    uint32_t stages = r->arch->stages;
    if (stages == 0) {
        return vrn_fail(r->log, VRN_ERROR_INVALID_ARGUMENT,
                        "%s: layers: expected layers=N:N:.., found none", r->subject);
    }
    if (r->planes_count && r->planes_count != stages) {
        return vrn_fail(r->log, VRN_ERROR_INVALID_ARGUMENT,
                        "%s: planes: expected %u entries, found %u", r->subject, stages,
                        r->planes_count);
    }
    if (r->dilate_count && r->dilate_count != stages - 1) {
        return vrn_fail(r->log, VRN_ERROR_INVALID_ARGUMENT,
                        "%s: dilate: replace_stride_with_dilation should be None or a %u-element "
                        "tuple, found %u elements",
                        r->subject, stages - 1, r->dilate_count);
    }
    return VRN_OK;
}

vrn_result vrn_arch_read(vrn_arch *arch, const char *text, const char *subject, const vrn_log *log)
{
    memset(arch, 0, sizeof *arch);
    size_t length = strcspn(text, ",");
    base_arch base;
    if (!find_base(text, length, &base)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "%s: unknown architecture '%.*s': expected resnet18, 34, 50, 101 or 152, "
                        "resnext50_32x4d, resnext101_32x8d, resnext101_64x4d, wide_resnet50_2, "
                        "wide_resnet101_2, resnetN with N = 6n + 2, or resnet",
                        subject, shown((piece){text, length}), text);
    }
    *arch = base.arch;
    reader r = {.arch = arch, .subject = subject, .log = log};
    for (const char *at = text + length; *at == ',';) {
        piece pair = {at + 1, strcspn(at + 1, ",")};
        vrn_result result = read_pair(&r, pair);
        if (result) return result;
        at = pair.at + pair.length;
    }
    vrn_arch_fill(arch, base.planes);
    vrn_result result = check_counts(&r);
    return result ? result : vrn_arch_complete(arch, subject, log);
}

vrn_result vrn_arch_parse(vrn_arch *arch, const char *text, const vrn_log *log)
{
    if (!text) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "architecture: expected a text, found NULL");
    }
    return vrn_arch_read(arch, text, "architecture", log);
}

/* ---- Writing --------------------------------------------------------------------------------- */

enum { TEXT_MAX = 512 }; /* all keys with their longest values take less */

typedef struct writer {
    char text[TEXT_MAX];
    size_t length;
} writer;

static void append(writer *w, const char *text)
{
    int added = snprintf(w->text + w->length, sizeof w->text - w->length, "%s", text);
    w->length += (size_t)added < sizeof w->text - w->length ? (size_t)added : 0;
}

static void append_number(writer *w, uint32_t number)
{
    char text[16];
    snprintf(text, sizeof text, "%u", number);
    append(w, text);
}

static void append_value(writer *w, const arch_key *key, const vrn_arch *arch)
{
    const void *field = (const char *)arch + key->offset;
    const uint32_t *numbers = field;
    char real[VRN_REAL_MAX];
    switch (key->kind) {
    case KEY_WORD: append(w, key->words[*numbers]); break;
    case KEY_FLAG: append_number(w, *(const bool *)field); break;
    case KEY_NUMBER: append_number(w, *numbers); break;
    case KEY_REAL:
        vrn_format_real(*(const float *)field, real);
        append(w, real);
        break;
    case KEY_LIST:
        for (uint32_t i = 0; i < arch->stages; i++) {
            if (i) append(w, ":");
            append_number(w, numbers[i]);
        }
        break;
    case KEY_DILATE:
        for (uint32_t i = 1; i < arch->stages; i++) {
            if (i > 1) append(w, ":");
            append_number(w, arch->dilate[i]);
        }
        break;
    }
}

/* Writes `arch` as the named one with the keys that differ from it, if that is the shortest yet.
 * A name other than "resnet" must be right about the blocks: resnet50,layers=1:1 would mislead. */
static void consider(writer *best, const char *name, const vrn_arch *arch)
{
    base_arch base;
    if (!find_base(name, strlen(name), &base)) return;
    bool same_blocks = base.arch.block == arch->block &&
                       memcmp(base.arch.layers, arch->layers, sizeof arch->layers) == 0;
    if (base.planes && !same_blocks) return;
    writer w = {.length = 0};
    append(&w, name);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const arch_key *key = &keys[i];
        /* From here on the defaults are those that reading will find. */
        if (i == KEYS_THAT_DECIDE_DEFAULTS) vrn_arch_fill(&base.arch, base.planes);
        void *known = (char *)&base.arch + key->offset;
        const void *wanted = (const char *)arch + key->offset;
        if (memcmp(known, wanted, key_size(key)) == 0) continue;
        memcpy(known, wanted, key_size(key));
        append(&w, ",");
        append(&w, key->name);
        append(&w, "=");
        append_value(&w, key, arch);
    }
    if (best->length == 0 || w.length < best->length) *best = w;
}

size_t vrn_arch_format(const vrn_arch *arch, char *text, size_t capacity)
{
    vrn_arch complete = *arch;
    writer best = {.length = 0};
    if (vrn_arch_complete(&complete, "", NULL) == VRN_OK) {
        for (size_t i = 0; i < VRN_COUNT(named_archs); i++) {
            consider(&best, named_archs[i].name, &complete);
        }
        char cifar[24];
        snprintf(cifar, sizeof cifar, "resnet%u", 6 * complete.layers[0] + 2);
        consider(&best, cifar, &complete);
        consider(&best, "resnet", &complete);
    }
    if (capacity) snprintf(text, capacity, "%s", best.text);
    return best.length;
}
