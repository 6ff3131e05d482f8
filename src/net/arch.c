/* Architectures as text: NAME[,key=value]... Reading and writing walk the same table of keys. */
#include "net/arch.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "base/text.h"
#include "base/util.h"

/* ---- Names ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    vrn_arch arch;
} named_archs[] = {
    {"resnet18", {VRN_BLOCK_BASIC, .layers = {2, 2, 2, 2}, .groups = 1, .width_per_group = 64}},
    {"resnet34", {VRN_BLOCK_BASIC, .layers = {3, 4, 6, 3}, .groups = 1, .width_per_group = 64}},
    {"resnet50",
     {VRN_BLOCK_BOTTLENECK, .layers = {3, 4, 6, 3}, .groups = 1, .width_per_group = 64}},
    {"resnet101",
     {VRN_BLOCK_BOTTLENECK, .layers = {3, 4, 23, 3}, .groups = 1, .width_per_group = 64}},
    {"resnet152",
     {VRN_BLOCK_BOTTLENECK, .layers = {3, 8, 36, 3}, .groups = 1, .width_per_group = 64}},
    {"resnext50_32x4d",
     {VRN_BLOCK_BOTTLENECK, .layers = {3, 4, 6, 3}, .groups = 32, .width_per_group = 4}},
    {"resnext101_32x8d",
     {VRN_BLOCK_BOTTLENECK, .layers = {3, 4, 23, 3}, .groups = 32, .width_per_group = 8}},
    {"resnext101_64x4d",
     {VRN_BLOCK_BOTTLENECK, .layers = {3, 4, 23, 3}, .groups = 64, .width_per_group = 4}},
    {"wide_resnet50_2",
     {VRN_BLOCK_BOTTLENECK, .layers = {3, 4, 6, 3}, .groups = 1, .width_per_group = 128}},
    {"wide_resnet101_2",
     {VRN_BLOCK_BOTTLENECK, .layers = {3, 4, 23, 3}, .groups = 1, .width_per_group = 128}},
};

/* The CIFAR networks of He et al. 2015, table 6; any other depth 6n + 2 is known too. */
static const char *const cifar_names[] = {
    "resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet1202",
};

const char *vrn_arch_get_known_name(uint32_t i)
{
    if (i < VRN_COUNT(named_archs)) return named_archs[i].name;
    i -= (uint32_t)VRN_COUNT(named_archs);
    return i < VRN_COUNT(cifar_names) ? cifar_names[i] : NULL;
}

/* The meaning of a name: fields that it does not set are left at 0, their default. */
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
        const char *known = named_archs[i].name;
        if (strlen(known) != length || memcmp(known, name, length) != 0) continue;
        *base = (base_arch){named_archs[i].arch, 64};
        return true;
    }
    if (length == 6 && memcmp(name, "resnet", 6) == 0) return true;
    return find_cifar(name, length, base);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

typedef enum key_type {
    KEY_WORD,   /* an enum's value by name */
    KEY_FLAG,   /* 0 or 1, kept as a bool */
    KEY_NUMBER, /* 1 to max, kept in 32 bits */
    KEY_REAL,   /* a float */
} key_type;

typedef struct arch_key {
    const char *name;
    key_type type;
    size_t offset; /* in vrn_arch */
    uint32_t max;
    const char *words[9]; /* of KEY_WORD, in the enum's order; max is the last one's number */
    bool list;            /* an entry for each stage, with ':' between them */
    uint32_t first;       /* a list: from this stage on */
    bool optional;        /* may be 0: a number in a complete architecture, a real in a text */
} arch_key;

enum { KEY_COUNT = 35 };

#define FIELD(name) offsetof(vrn_arch, name)
/* In the order of a text: defaults depend on earlier keys. */
static const arch_key keys[KEY_COUNT] = {
    {"block", KEY_WORD, FIELD(block), 1, .words = {"basic", "bottleneck"}},
    {"layers", KEY_NUMBER, FIELD(layers), .max = VRN_MAX_BLOCKS, .list = true},
    {"stem", KEY_WORD, FIELD(stem), 2, .words = {"imagenet", "cifar", "deep"}},
    {"head", KEY_WORD, FIELD(head), 2, .words = {"linear", "none", "mlp"}},
    {"planes", KEY_NUMBER, FIELD(planes), .max = VRN_MAX_CHANNELS, .list = true},
    {"num_classes", KEY_NUMBER, FIELD(num_classes), .max = VRN_MAX_CLASSES, .optional = true},
    {"groups", KEY_NUMBER, FIELD(groups), .max = VRN_MAX_CHANNELS},
    {"width_per_group", KEY_NUMBER, FIELD(width_per_group), .max = VRN_MAX_CHANNELS},
    {"dilate", KEY_FLAG, FIELD(dilate), .max = 1, .list = true, .first = 1},
    {"norm", KEY_WORD, FIELD(norm), 3, .words = {"batch", "frozen", "group", "none"}},
    {"norm_groups", KEY_NUMBER, FIELD(norm_groups), .max = VRN_MAX_CHANNELS},
    {"norm_eps", KEY_REAL, FIELD(norm_eps), .optional = true},
    {"shortcut", KEY_WORD, FIELD(shortcut), 4,
     .words = {"projection", "pad", "pad_end", "mean", "blur"}},
    {"v1", KEY_FLAG, FIELD(stride_on_1x1), .max = 1},
    {"v2", KEY_FLAG, FIELD(preactivation), .max = 1},
    {"final_norm", KEY_FLAG, FIELD(final_norm), .max = 1},
    {"zero_init_residual", KEY_FLAG, FIELD(zero_init_residual), .max = 1},
    {"in_channels", KEY_NUMBER, FIELD(in_channels), .max = VRN_MAX_IN_CHANNELS},
    {"stem_kernel", KEY_NUMBER, FIELD(stem_kernel), .max = 7},
    {"stem_stride", KEY_NUMBER, FIELD(stem_stride), .max = VRN_MAX_STRIDE},
    {"stem_planes", KEY_NUMBER, FIELD(stem_planes), .max = VRN_MAX_CHANNELS},
    {"stem_width", KEY_NUMBER, FIELD(stem_width), .max = VRN_MAX_CHANNELS, .optional = true},
    {"stem_width2", KEY_NUMBER, FIELD(stem_width2), .max = VRN_MAX_CHANNELS, .optional = true},
    {"antialias", KEY_WORD, FIELD(antialias), 2, .words = {"none", "mean", "blur"}},
    {"blur_size", KEY_NUMBER, FIELD(blur_size), .max = VRN_MAX_BLUR, .optional = true},
    {"pool", KEY_WORD, FIELD(pool), 8,
     .words = {"default", "max", "none", "caffe", "mean", "conv", "max_blur", "max2_blur",
               "max_zeros"}},
    {"strides", KEY_NUMBER, FIELD(strides), .max = VRN_MAX_STRIDE, .list = true},
    {"dilations", KEY_NUMBER, FIELD(dilations), .max = 64, .list = true, .optional = true},
    {"activation", KEY_WORD, FIELD(activation), 3,
     .words = {"relu", "leaky_relu", "silu", "relu6"}},
    {"negative_slope", KEY_REAL, FIELD(negative_slope)},
    {"attention", KEY_WORD, FIELD(attention), 2, .words = {"none", "se", "eca"}},
    {"attention_width", KEY_NUMBER, FIELD(attention_width), .max = VRN_MAX_CHANNELS, .list = true,
     .optional = true},
    {"standardize", KEY_WORD, FIELD(standardize), 3,
     .words = {"none", "deviation", "variance", "bit"}},
    {"probabilities", KEY_WORD, FIELD(probabilities), 3,
     .words = {"default", "softmax", "sigmoid", "none"}},
    {"head_width", KEY_NUMBER, FIELD(head_width), .max = VRN_MAX_CHANNELS, .optional = true},
};

/* Enums are read and written as numbers of the same size. */
_Static_assert(sizeof(vrn_block) == 4 && sizeof(vrn_norm) == 4 && sizeof(vrn_stem) == 4 &&
                   sizeof(vrn_shortcut) == 4 && sizeof(vrn_pool) == 4 &&
                   sizeof(vrn_activation) == 4 && sizeof(vrn_standardize) == 4 &&
                   sizeof(vrn_antialias) == 4 && sizeof(vrn_attention) == 4 &&
                   sizeof(vrn_head) == 4 && sizeof(vrn_probabilities) == 4,
               "enums of the public header have 32 bits");

static size_t entry_size(const arch_key *key)
{
    return key->type == KEY_FLAG ? sizeof(bool) : sizeof(uint32_t);
}

static size_t key_size(const arch_key *key)
{
    return entry_size(key) * (key->list ? VRN_MAX_STAGES : 1);
}

typedef struct reader {
    vrn_arch *arch;
    const char *subject;
    const vrn_log *log;
    uint32_t counts[KEY_COUNT]; /* entries given for each key */
} reader;

vrn_result vrn_arch_check_keys(const vrn_arch *arch, const char *subject, const vrn_log *log)
{
    const reader r = {.subject = subject, .log = log};
    for (size_t i = 0; i < (size_t)KEY_COUNT * VRN_MAX_STAGES; i++) {
        const arch_key *key = &keys[i / VRN_MAX_STAGES];
        uint32_t stage = i % VRN_MAX_STAGES, number = 0,
                 least = key->type == KEY_NUMBER && !key->optional;
        if (key->type == KEY_FLAG || stage >= (key->list ? arch->stages : 1)) continue;
        const char *entry = (const char *)arch + key->offset + stage * entry_size(key);
        memcpy(&number, entry, sizeof number);
        if (key->type == KEY_REAL) {
            float real;
            memcpy(&real, entry, sizeof real);
            if (real > 0 && real <= 1) continue;
            return VRN_ARCH_REFUSE(&r, "%s: expected more than 0 and at most 1, found %g",
                                   key->name, (double)real);
        }
        if (number < least || number > key->max) {
            return VRN_ARCH_REFUSE(&r, "%s: expected %u to %u, found %u", key->name, least,
                                   key->max, number);
        }
    }
    return VRN_OK;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* A stretch of the text, and how much of it a message shows. */
typedef struct piece {
    const char *at;
    size_t length;
} piece;

static int shown(piece text)
{
    return text.length < 64 ? (int)text.length : 64;
}

static bool equals(piece text, const char *word)
{
    return strlen(word) == text.length && memcmp(word, text.at, text.length) == 0;
}

static vrn_result bad_value(const reader *r, const arch_key *key, piece value, const char *expected)
{
    return VRN_ARCH_REFUSE(r, "%s: expected %s, found '%.*s'", key->name, expected, shown(value),
                           value.at);
}

static vrn_result read_entry(const reader *r, const arch_key *key, piece text, void *entry)
{
    char expected[64] = "a number above 0";
    uint64_t wide = 0;
    uint32_t number = 0, min = key->type == KEY_NUMBER && !(key->optional && key->list);
    switch (key->type) {
    case KEY_WORD:
        expected[0] = 0;
        for (; number <= key->max; number++) {
            if (equals(text, key->words[number])) {
                memcpy(entry, &number, sizeof number);
                return VRN_OK;
            }
            vrn_append(expected, sizeof expected, "%s%s", number ? " or " : "", key->words[number]);
        }
        break;
    case KEY_FLAG:
    case KEY_NUMBER:
        if (vrn_parse_number(text.at, text.length, key->max, &wide) && wide >= min) {
            if (key->type == KEY_FLAG) {
                *(bool *)entry = wide == 1;
            } else {
                *(uint32_t *)entry = (uint32_t)wide;
            }
            return VRN_OK;
        }
        snprintf(expected, sizeof expected, "a number from %u to %u", min, key->max);
        break;
    case KEY_REAL:
        if (key->optional) snprintf(expected, sizeof expected, "a number from 0 to 1");
        if (!vrn_parse_real(text.at, text.length, entry)) break;
        /* In the field, zero is the default. The least number has the effect of zero. */
        if (*(float *)entry == 0 && key->optional) *(float *)entry = FLT_MIN;
        if (*(float *)entry > 0) return VRN_OK;
        break;
    }
    return bad_value(r, key, text, expected);
}

/* Reads a value, or `1:2:3` followed by zeros. */
static vrn_result read_value(reader *r, const arch_key *key, piece value)
{
    char *field = (char *)r->arch + key->offset;
    uint32_t *count = &r->counts[key - keys];
    const char *end = value.at + value.length;
    memset(field, 0, key_size(key));
    for (const char *at = value.at;; at++) {
        const char *colon = key->list ? memchr(at, ':', (size_t)(end - at)) : NULL;
        piece entry = {at, (size_t)((colon ? colon : end) - at)};
        uint32_t ignored = 0, index = key->first + (*count)++;
        if (*count > VRN_MAX_STAGES) return bad_value(r, key, value, "at most 8 entries");
        void *to = index < VRN_MAX_STAGES ? (void *)(field + index * entry_size(key)) : &ignored;
        vrn_result result = read_entry(r, key, entry, to);
        if (result || !colon) return result;
        at = colon;
    }
}

static vrn_result read_pair(reader *r, piece pair)
{
    const char *equals_sign = memchr(pair.at, '=', pair.length);
    piece name = {pair.at, equals_sign ? (size_t)(equals_sign - pair.at) : pair.length};
    const arch_key *key = NULL;
    for (size_t i = 0; i < KEY_COUNT && !key; i++) {
        if (equals(name, keys[i].name)) key = &keys[i];
    }
    if (!key) {
        char known[512] = "";
        for (size_t i = 0; i < KEY_COUNT; i++) {
            vrn_append(known, sizeof known, "%s %s", i ? "," : "", keys[i].name);
        }
        return VRN_ARCH_REFUSE(r, "unknown key '%.*s': expected one of%s", shown(name), name.at,
                               known);
    }
    if (!equals_sign) return VRN_ARCH_REFUSE(r, "%s: expected %s=VALUE", key->name, key->name);
    if (r->counts[key - keys]) return VRN_ARCH_REFUSE(r, "%s: given twice", key->name);
    return read_value(r, key, (piece){equals_sign + 1, pair.length - name.length - 1});
}

/* Lists have an entry for each stage; the number of stages is known only at the end. */
static vrn_result check_counts(const reader *r)
{
    uint32_t stages = r->arch->stages;
    if (stages == 0) {
        return VRN_ARCH_REFUSE(r, "%s: expected layers=N:N:..., found none", "layers");
    }
    for (size_t i = 0; i < KEY_COUNT; i++) {
        uint32_t count = r->counts[i], expected = stages - keys[i].first;
        if (!keys[i].list || count == 0 || count == expected) continue;
        return keys[i].first == 0
                   ? VRN_ARCH_REFUSE(r, "%s: expected %u entr%s, found %u", keys[i].name, expected,
                                     expected == 1 ? "y" : "ies", count)
                   : VRN_ARCH_REFUSE(r,
                                     "dilate: replace_stride_with_dilation should be None or a "
                                     "%u-element tuple, found %u element%s",
                                     expected, count, count == 1 ? "" : "s");
    }
    return VRN_OK;
}

static vrn_result read_pairs(reader *r, const char *text)
{
    vrn_result result = VRN_OK;
    for (const char *at = text; !result && at;) {
        piece pair = {at, strcspn(at, ",")};
        result = read_pair(r, pair);
        at = pair.at[pair.length] ? pair.at + pair.length + 1 : NULL;
    }
    return result;
}

bool vrn_arch_text_has(const char *text, const char *key)
{
    const size_t length = strlen(key);
    while (text && *text) {
        if (strncmp(text, key, length) == 0 && text[length] == '=') return true;
        text += strcspn(text, ",");
        text += *text == ',';
    }
    return false;
}

vrn_result vrn_arch_override(vrn_arch *arch, const char *text, const char *subject,
                             const vrn_log *log)
{
    reader r = {.arch = arch, .subject = subject, .log = log};
    uint32_t stages = arch->stages;
    vrn_result result = read_pairs(&r, text);
    if (vrn_arch_text_has(text, "layers")) {
        for (stages = 0; stages < VRN_MAX_STAGES && arch->layers[stages];) stages++;
    }
    arch->stages = stages;
    if (vrn_arch_text_has(text, "head") && arch->head == VRN_HEAD_NONE) arch->num_classes = 0;
    return result ? result : check_counts(&r);
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
                        "wide_resnet101_2, resnetN with N = 6n + 2, or resnet,KEY=VALUE,...",
                        subject, shown((piece){text, length}), text);
    }
    *arch = base.arch;
    reader r = {.arch = arch, .subject = subject, .log = log};
    vrn_result result = text[length] ? read_pairs(&r, text + length + 1) : VRN_OK;
    if (result) return result;
    vrn_arch_fill(arch, base.planes);
    result = check_counts(&r);
    return result ? result : vrn_arch_complete(arch, subject, log);
}

vrn_result vrn_arch_parse(vrn_arch *arch, const char *text, const vrn_log *log)
{
    if (!text) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "architecture: expected a string, found NULL");
    }
    return vrn_arch_read(arch, text, "architecture", log);
}

/* ---- Writing --------------------------------------------------------------------------------- */

enum { TEXT_MAX = 1024 }; /* all keys with their longest values take less */

static void append_value(char text[TEXT_MAX], const arch_key *key, const vrn_arch *arch)
{
    for (uint32_t i = key->first; i < (key->list ? arch->stages : 1); i++) {
        const void *entry = (const char *)arch + key->offset + i * entry_size(key);
        char real[VRN_REAL_MAX];
        if (i > key->first) vrn_append(text, TEXT_MAX, ":");
        switch (key->type) {
        case KEY_WORD:
            vrn_append(text, TEXT_MAX, "%s", key->words[*(const uint32_t *)entry]);
            break;
        case KEY_FLAG: vrn_append(text, TEXT_MAX, "%d", *(const bool *)entry); break;
        case KEY_NUMBER: vrn_append(text, TEXT_MAX, "%u", *(const uint32_t *)entry); break;
        case KEY_REAL:
            vrn_format_real(*(const float *)entry, real);
            vrn_append(text, TEXT_MAX, "%s", real);
            break;
        }
    }
}

/* Writes `arch` as the named one with the keys that differ from it, if that is the shortest text so
 * far. A name other than "resnet" must have the same blocks: resnet50,layers=1:1 would mislead. */
static void consider(char best[TEXT_MAX], const char *name, const vrn_arch *arch)
{
    base_arch base;
    if (!find_base(name, strlen(name), &base)) return;
    bool same_blocks = base.arch.block == arch->block &&
                       memcmp(base.arch.layers, arch->layers, sizeof arch->layers) == 0;
    if (base.planes && !same_blocks) return;
    char text[TEXT_MAX] = "";
    vrn_append(text, TEXT_MAX, "%s", name);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const arch_key *key = &keys[i];
        vrn_arch known = base.arch; /* as reading will complete it */
        vrn_arch_fill(&known, base.planes);
        const void *wanted = (const char *)arch + key->offset;
        if (memcmp((char *)&known + key->offset, wanted, key_size(key)) == 0) continue;
        memcpy((char *)&base.arch + key->offset, wanted, key_size(key));
        vrn_append(text, TEXT_MAX, ",%s=", key->name);
        append_value(text, key, arch);
    }
    if (!*best || strlen(text) < strlen(best)) memcpy(best, text, TEXT_MAX);
}

void vrn_arch_format_difference(const vrn_arch *arch, const vrn_arch *other, char *text,
                                size_t capacity)
{
    char all[TEXT_MAX] = "";
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const arch_key *key = &keys[i];
        const char *ours = (const char *)arch + key->offset;
        if (memcmp(ours, (const char *)other + key->offset, key_size(key)) == 0) continue;
        vrn_append(all, TEXT_MAX, "%s%s=", *all ? "," : "", key->name);
        append_value(all, key, arch);
    }
    if (capacity) snprintf(text, capacity, "%s", all);
}

size_t vrn_arch_format(const vrn_arch *arch, char *text, size_t capacity)
{
    vrn_arch complete = *arch;
    char best[TEXT_MAX] = "";
    if (vrn_arch_complete(&complete, "", NULL) == VRN_OK) {
        for (size_t i = 0; i < VRN_COUNT(named_archs); i++) {
            consider(best, named_archs[i].name, &complete);
        }
        char cifar[24];
        snprintf(cifar, sizeof cifar, "resnet%u", 6 * complete.layers[0] + 2);
        consider(best, cifar, &complete);
        consider(best, "resnet", &complete);
    }
    if (capacity) snprintf(text, capacity, "%s", best);
    return strlen(best);
}
