#include "net/modules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "base/text.h"
#include "base/util.h"
#include "net/arch.h"
#include "net/metadata.h"
#include "net/records.h"

typedef struct reader {
    const vrn_checkpoint *checkpoint;
    const vrn_names *names;
    char *said;
    const vrn_log *log;
    bool headless, mlp; /* the caller says head=none, or head=mlp */
    vrn_result result;  /* the first failure, the only one that is reported */
} reader;

/* The record of a module whose tensor has another name in the file than torchvision's, or NULL. */
static const char *renamed_record(const reader *r, const char *name)
{
    static const char *const parts[] = {"weight", "filt"};
    char key[VRN_PREFIX_MAX + 96];
    for (size_t i = 0; i < VRN_COUNT(parts); i++) {
        snprintf(key, sizeof key, "%s.%s", name, parts[i]);
        const vrn_named_tensor *entry = vrn_names_find(r->names, key);
        const char *own = entry ? entry->tensor->name : NULL, *end = own ? strrchr(own, '.') : NULL;
        if (!end || strcmp(end + 1, parts[i]) != 0) continue;
        snprintf(key, sizeof key, "module.%.*s", (int)(end - own), own);
        return vrn_checkpoint_metadata(r->checkpoint, key);
    }
    return NULL;
}

/* The record of a module of the network, or NULL. */
static const char *record_of(const reader *r, const char *name)
{
    /* A Sequential of a network's children has numbers instead. */
    static const char *const children[][2] = {
        {"conv1", "0"},  {"bn1", "1"},    {"relu", "2"},   {"maxpool", "3"},
        {"layer1", "4"}, {"layer2", "5"}, {"layer3", "6"}, {"layer4", "7"},
    };
    char key[VRN_PREFIX_MAX + 96];
    const char *first = "", *rest = name;
    for (size_t i = 0; i < VRN_COUNT(children) && r->names->sequential; i++) {
        const size_t length = strlen(children[i][0]);
        if (strncmp(name, children[i][0], length) != 0) continue;
        if (name[length] != 0 && name[length] != '.') continue;
        first = children[i][1];
        rest = name + length;
    }
    snprintf(key, sizeof key, "module.%s%s%s", r->names->prefix, first, rest);
    const char *record = vrn_checkpoint_metadata(r->checkpoint, key);
    return record ? record : renamed_record(r, name);
}

/* The first number of an attribute; `otherwise` if there is none. */
static double number_of(const char *record, const char *attribute, double otherwise)
{
    const size_t length = strlen(attribute);
    for (const char *at = record; at && (at = strchr(at, ' ')) != NULL;) {
        at++;
        if (strncmp(at, attribute, length) != 0 || at[length] != '=') continue;
        const char *text = at + length + 1;
        double number;
        return vrn_parse_double(text, strcspn(text, " ,"), &number) ? number : otherwise;
    }
    return otherwise;
}

static unsigned count_of(const char *record, const char *attribute, unsigned otherwise)
{
    const double number = number_of(record, attribute, otherwise);
    return number >= 0 && number < 1e6 ? (unsigned)number : 0;
}

static void say(reader *r, const char *key, const char *value)
{
    vrn_append(r->said, VRN_SAID_MAX, "%s%s=%s", *r->said ? "," : "", key, value);
}

static void say_number(reader *r, const char *key, unsigned value)
{
    char text[16];
    snprintf(text, sizeof text, "%u", value);
    say(r, key, text);
}

static void refuse(reader *r, const char *name, const char *record, const char *what)
{
    if (r->result) return;
    r->result = vrn_fail(r->log, VRN_ERROR_FILE, "%s: %s%s is %s %.100s, %s",
                         vrn_checkpoint_name(r->checkpoint), r->names->prefix, name,
                         vrn_record_article(record), record, what);
}

/* Checks that a convolution changes the size only by its stride. */
static void check_padding(reader *r, const char *name)
{
    const char *record = record_of(r, name);
    char weight[64];
    snprintf(weight, sizeof weight, "%s.weight", name);
    const vrn_named_tensor *entry = vrn_names_find(r->names, weight);
    if (!entry || entry->tensor->rank != 4) return;
    const unsigned kernel = (unsigned)vrn_min_u64(entry->tensor->shape[2], 99);
    const unsigned same = kernel / 2 * count_of(record, "dilation", 1);
    if (!record) return;
    const char *mode = strstr(record, " padding_mode=");
    const bool zeros = !mode || strncmp(mode, " padding_mode=zeros", 19) == 0;
    const bool valid = kernel > 1 && strstr(record, " padding=valid");
    if (count_of(record, "padding", same) == same && !valid && (zeros || kernel == 1)) return;
    refuse(r, name, record,
           "whose padding is not half of its kernel, or not zeros: it cannot be run");
}

/* True for timm's blur of the image and its reflection. With an even size, timm's pads more than
 * others do, and its output is larger. */
static bool is_blur(const char *record)
{
    const char *mode = record ? strstr(record, " pad_mode=") : NULL;
    const unsigned size = count_of(record, "filt_size", 0);
    const bool fits = !size || size % 2 || count_of(record, "padding", 99) == (size - 1) / 2;
    return vrn_record_is(record, "BlurPool2d") && fits && (!mode || strstr(mode, "=reflect"));
}

/* A max pool without stride, and a blur. NULL: something else. */
static const char *blurred_pool(const reader *r)
{
    const char *max = record_of(r, "maxpool.0"), *blur = record_of(r, "maxpool.1");
    if (!vrn_record_is(max, "MaxPool2d") || !is_blur(blur)) return NULL;
    if (count_of(max, "stride", 0) != 1 || count_of(max, "ceil_mode", 0) ||
        count_of(blur, "stride", 0) != 2) {
        return NULL;
    }
    const unsigned kernel = count_of(max, "kernel_size", 0), padding = count_of(max, "padding", 9);
    if (kernel == 3 && padding == 1) return "max_blur";
    return kernel == 2 && padding == 0 ? "max2_blur" : NULL;
}

/* BiT's pool over zeros around the image, in timm's ResNetV2. */
static bool pads_zeros(const reader *r, const char *pool)
{
    const char *pad = r->names->resnetv2 ? record_of(r, "stem.pad") : NULL;
    return vrn_record_is(pad, "ConstantPad2d") && count_of(pad, "padding", 1) == 1 &&
           vrn_record_is(pool, "MaxPool2d") && count_of(pool, "kernel_size", 0) == 3 &&
           count_of(pool, "stride", 0) == 2 && count_of(pool, "padding", 9) == 0 &&
           !count_of(pool, "ceil_mode", 0);
}

static void read_stem(reader *r)
{
    const char *deep = record_of(r, "conv1.0"), *conv = deep ? deep : record_of(r, "conv1");
    const unsigned stride = count_of(conv, "stride", 0);
    check_padding(r, deep ? "conv1.0" : "conv1");
    if (stride) say_number(r, "stem_stride", stride);
    const char *name = r->names->resnetv2 ? "stem.pool" : "maxpool";
    const char *pool = record_of(r, name);
    if (!pool || !stride) return;
    const unsigned kernel = count_of(pool, "kernel_size", 0), by = count_of(pool, "stride", 0);
    const unsigned padding = count_of(pool, "padding", 0), ceil = count_of(pool, "ceil_mode", 0);
    if (vrn_record_is(pool, "Identity")) {
        say(r, "pool", "none");
    } else if (vrn_record_is(pool, "MaxPool2d") && kernel == 3 && by == 2 && padding == 1 &&
               !ceil) {
        say(r, "pool", "max");
    } else if (vrn_record_is(pool, "MaxPool2d") && kernel == 3 && by == 2 && padding == 0 && ceil) {
        say(r, "pool", "caffe");
    } else if (vrn_record_is(pool, "AvgPool2d") && kernel == 2 && by == 2 && padding == 0 &&
               !ceil) {
        say(r, "pool", "mean");
    } else if (pads_zeros(r, pool)) {
        say(r, "pool", "max_zeros");
    } else if (vrn_record_is(pool, "Sequential") && blurred_pool(r)) {
        say(r, "pool", blurred_pool(r));
    } else {
        refuse(r, name, pool, "which cannot be run");
    }
}

/* Strides and dilations of each stage: the first block's, and that of the others. */
static void read_stages(reader *r)
{
    char strides[64] = "", dilations[64] = "", dilate[64] = "", v1[4] = "", name[48];
    unsigned before = 1, dilated = 0, replaced = 1;
    for (unsigned stage = 1; stage <= VRN_MAX_STAGES; stage++) {
        const char *record[3];
        for (unsigned i = 0; i < 3; i++) { /* conv1 and conv2 of the first, conv2 of the second */
            snprintf(name, sizeof name, "layer%u.%u.conv%u", stage, i / 2, i ? 2u : 1u);
            record[i] = record_of(r, name);
            check_padding(r, name);
        }
        if (!record[0] || !count_of(record[0], "stride", 0)) break;
        snprintf(name, sizeof name, "layer%u.0.conv3", stage);
        const bool bottleneck = record_of(r, name) != NULL;
        const unsigned first = count_of(record[0], "stride", 1);
        const unsigned second = count_of(record[1], "stride", 1);
        if (bottleneck && first * second > 1) snprintf(v1, sizeof v1, "%d", first > 1);
        snprintf(name, sizeof name, "layer%u.0.aa", stage);
        const char *aa = record_of(r, name);
        unsigned stride = first * second;
        if (aa && !vrn_record_is(aa, "Identity")) {
            const bool blur = is_blur(aa);
            if (!blur && !vrn_record_is(aa, "AvgPool2d")) {
                refuse(r, name, aa, "which cannot be run");
            }
            if (!strstr(r->said, "antialias")) say(r, "antialias", blur ? "blur" : "mean");
            const unsigned size = blur ? count_of(aa, "filt_size", 0) : 0;
            if (size && !strstr(r->said, "blur_size")) say_number(r, "blur_size", size);
            stride *= count_of(aa, "stride", 1);
        }
        const unsigned d0 = count_of(record[1], "dilation", 1);
        unsigned d1 = record[2] ? count_of(record[2], "dilation", d0) : d0;
        snprintf(name, sizeof name, "layer%u.0.conv2", stage + 1);
        const char *next = record[2] ? NULL : record_of(r, name);
        /* in a stage of one block, the next stage's first block shows it */
        if (stride == 1 && d0 == before && count_of(next, "dilation", d0) == 2 * d0) d1 = 2 * d0;
        const bool replaces = stage > 1 && stride == 1 && d0 == before && d1 == 2 * before;
        dilated |= d1 > 1;
        if (d1 != (replaces ? 2 * before : before) || d0 != before) replaced = 0;
        vrn_append(strides, sizeof strides, "%s%u", stage > 1 ? ":" : "", replaces ? 2 : stride);
        vrn_append(dilations, sizeof dilations, "%s%u", stage > 1 ? ":" : "", d1);
        if (stage > 1) vrn_append(dilate, sizeof dilate, "%s%d", stage > 2 ? ":" : "", replaces);
        before = d1;
        snprintf(name, sizeof name, "layer%u.0.conv2", stage);
        if (d0 != d1 && !replaces)
            refuse(r, name, record[1],
                   "and its dilation differs from the next block's: it cannot be run");
    }
    if (!*strides) return;
    say(r, "strides", strides);
    if (*v1) say(r, "v1", v1);
    if (dilated && replaced) say(r, "dilate", dilate);
    if (dilated && !replaced) say(r, "dilations", dilations);
}

/* The names do not show how the gate is computed. */
static void read_attention(reader *r)
{
    static const char *const places[][2] = {
        {"layer1.0.se.act", "ReLU"},         {"layer1.0.se.relu", "ReLU"},
        {"layer1.0.se.gate", "Sigmoid"},     {"layer1.0.se.sigmoid", "Sigmoid"},
        {"layer1.0.se.bn", "Identity"},      {"layer1.0.se_module.relu", "ReLU"},
        {"layer1.0.se.fc.1", "ReLU"},        {"layer1.0.se.fc.3", "Sigmoid"},
        {"layer1.0.eca.sigmoid", "Sigmoid"}, {"layer1.0.se_module.sigmoid", "Sigmoid"},
    };
    for (size_t i = 0; i < VRN_COUNT(places); i++) {
        const char *record = record_of(r, places[i][0]);
        if (!record || vrn_record_is(record, places[i][1])) continue;
        refuse(r, places[i][0], record, "which cannot be run");
    }
}

/* The first norm; a v2 network has none after its stem. */
static const char *norm_record(const reader *r)
{
    const char *stem = record_of(r, "bn1");
    return stem && !vrn_record_is(stem, "Identity") ? stem : record_of(r, "layer1.0.bn1");
}

static void read_norm(reader *r)
{
    const char *record = norm_record(r);
    char real[32];
    if (!record) return;
    const double eps = number_of(record, "eps", -1);
    if (eps >= 0) {
        snprintf(real, sizeof real, "%.9g", eps);
        say(r, "norm_eps", real);
    }
    if (vrn_record_is(record, "GroupNorm") || vrn_record_is(record, "GroupNormAct")) {
        say(r, "norm", "group");
        say_number(r, "norm_groups", count_of(record, "num_groups", 32));
    } else if (vrn_record_is(record, "InstanceNorm2d")) {
        refuse(r, "bn1", record, "which cannot be run");
    }
}

/* timm's weight standardisation, whose two kinds differ in what is added to the variance. */
static void read_standardization(reader *r)
{
    const char *record = record_of(r, "layer1.0.conv1");
    const double eps = number_of(record, "eps", 0);
    const bool variance = fabs(eps - 1e-6) < 1e-7;
    const bool bit = fabs(eps - 1e-8) < 1e-9;
    if (!vrn_record_is(record, "StdConv2d") || eps == 0) return;
    if (!variance && !bit) {
        refuse(r, r->names->resnetv2 ? "stages.0.blocks.0.conv1" : "layer1.0.conv1", record,
               "and its epsilon is neither 1e-6 nor 1e-8: it cannot be run");
    }
    say(r, "standardize", bit ? "bit" : "variance");
}

static void read_activation(reader *r, vrn_assumptions *assumptions)
{
    static const char *const places[] = {"relu",           "act1",
                                         "layer1.0.relu",  "layer1.0.act1",
                                         "layer1.0.relu1", "stages.0.blocks.0.norm1.act"};
    static const char *const classes[][2] = {
        {"ReLU", "relu"}, {"LeakyReLU", "leaky_relu"}, {"SiLU", "silu"}, {"ReLU6", "relu6"}};
    for (size_t i = 0; i < VRN_COUNT(places); i++) {
        const char *record = record_of(r, places[i]);
        if (!record) continue;
        for (size_t k = 0; k < VRN_COUNT(classes); k++) {
            if (!vrn_record_is(record, classes[k][0])) continue;
            say(r, "activation", classes[k][1]);
            if (k != 1) return;
            char real[32];
            snprintf(real, sizeof real, "%.9g", number_of(record, "negative_slope", 0.01));
            say(r, "negative_slope", real);
            return;
        }
        refuse(r, places[i], record, "which cannot be run");
        return;
    }
    vrn_assume(assumptions, true, "activation=relu: the network has no module for it");
}

/* ---- What no ResNet has ---------------------------------------------------------------------- */

/* A module's name after the network's prefix; "": the network itself; NULL: a module outside it. */
static const char *name_of(const reader *r, const vrn_metadata *pair)
{
    const size_t prefix = strlen(r->names->prefix);
    if (strncmp(pair->key, VRN_RECORD_START, VRN_RECORD_START_LENGTH) != 0) return NULL;
    const char *name = pair->key + VRN_RECORD_START_LENGTH;
    const size_t length = strlen(name);
    if (prefix > 0 && length == prefix - 1 && strncmp(name, r->names->prefix, length) == 0) {
        return name + length;
    }
    return strncmp(name, r->names->prefix, prefix) == 0 ? name + prefix : NULL;
}

/* All norms have the same epsilon, and as many groups. */
static void check_norm(reader *r, const char *name, const char *record)
{
    static const char *const norms[] = {"BatchNorm2d", "FrozenBatchNorm2d", "SyncBatchNorm",
                                        "GroupNorm",   "GroupNormAct",      "BatchNormAct2d"};
    const char *stem = norm_record(r);
    if (!stem || !vrn_record_is_one_of(record, norms, VRN_COUNT(norms))) return;
    const double eps = number_of(record, "eps", -1), usual = number_of(stem, "eps", -1);
    const unsigned groups = count_of(record, "num_groups", 0);
    if (eps != usual || groups != count_of(stem, "num_groups", 0)) {
        refuse(r, name, record,
               "and its epsilon or its groups are not those of the first norm: it cannot be run");
    }
}

/* The next linear layer in the same Sequential, after a module's key, or before it. */
static bool has_linear(const reader *r, const char *key, bool after)
{
    const long own = vrn_record_number(key);
    const vrn_metadata *pair;
    for (size_t i = 0; (pair = vrn_checkpoint_metadata_at(r->checkpoint, i)) != NULL; i++) {
        if (own < 0 || !vrn_record_is(pair->value, "Linear") ||
            !vrn_record_are_siblings(pair->key, key))
            continue;
        const long number = vrn_record_number(pair->key);
        if (number >= 0 && (after ? number > own : number < own)) return true;
    }
    return false;
}

/* True for a module in the network that has linear layers, or is beside one of them there, such as
 * a Sequential called fc and its parts. */
static bool is_of_head(const reader *r, const char *name, const char *key)
{
    const size_t length = strlen(key);
    const bool part = strchr(name, '.') != NULL;
    const vrn_metadata *pair;
    if (!*name || strncmp(name, "layer", 5) == 0 || r->names->sequential) return false;
    for (size_t i = 0; (pair = vrn_checkpoint_metadata_at(r->checkpoint, i)) != NULL; i++) {
        if (!vrn_record_is(pair->value, "Linear")) continue;
        const bool child = strncmp(pair->key, key, length) == 0 && pair->key[length] == '.';
        if (child || (part && vrn_record_are_siblings(pair->key, key))) return true;
    }
    return false;
}

/* A sigmoid or a softmax at the end of a head is computed by the library. */
static bool take_probabilities(reader *r, const char *name, const vrn_metadata *pair,
                               vrn_assumptions *assumptions)
{
    const char *record = pair->value;
    const bool sigmoid = vrn_record_is(record, "Sigmoid"),
               softmax = vrn_record_is(record, "Softmax");
    if (!(sigmoid || softmax) || strncmp(name, "layer", 5) == 0 || has_linear(r, pair->key, true)) {
        return false;
    }
    if (!r->headless && !strstr(r->said, "probabilities=")) {
        say(r, "probabilities", sigmoid ? "sigmoid" : "softmax");
        vrn_assume(assumptions, true,
                   "probabilities=%s: %.60s is a %s; its input is taken as the logits",
                   sigmoid ? "sigmoid" : "softmax", name, sigmoid ? "Sigmoid" : "Softmax");
    }
    return true;
}

static void check_all(reader *r, vrn_assumptions *assumptions)
{
    /* What is supported has been read by other functions. */
    const vrn_metadata *pair;
    for (size_t i = 0; (pair = vrn_checkpoint_metadata_at(r->checkpoint, i)) != NULL; i++) {
        const char *name = name_of(r, pair), *call = strstr(pair->value, " call=");
        if (!name) continue;
        const bool block = strncmp(name, "layer", 5) == 0 || r->names->sequential;
        check_norm(r, name, pair->value);
        if (take_probabilities(r, name, pair, assumptions)) continue;
        const bool strange =
            vrn_record_is_strange(pair->value) || (vrn_record_is(pair->value, "Sigmoid") && !block);
        /* Attention in blocks multiplies by a sigmoid. */
        const bool gate = block && call && (strstr(call, "=sigmoid") || strstr(call, "=mul"));
        if (!strange && (!call || gate)) continue;
        /* vrn_heads_find looks between two linear layers that are the head. */
        if (!block && has_linear(r, pair->key, false) && has_linear(r, pair->key, true)) continue;
        const bool head = is_of_head(r, name, pair->key);
        if (head && r->headless) continue;
        if (head && r->mlp && vrn_record_number(pair->key) < 0) {
            vrn_assume(assumptions, true, "head=mlp: of %.60s (%.60s), only a ReLU is run", name,
                       pair->value);
        } else {
            refuse(r, name, pair->value,
                   !strange ? "whose code does something that no ResNet does: it cannot be run"
                   : head   ? "which cannot be run there; --arch head=none gives the features"
                            : "which cannot be run there");
        }
    }
}

/* The modules around the network may change its input or its output. TorchScript programs show
 * this. */
static void check_around(reader *r, bool chosen, vrn_assumptions *assumptions)
{
    static const char *const plain[] = {"Sequential",
                                        "ModuleList",
                                        "ModuleDict",
                                        "Identity",
                                        "Dropout",
                                        "Flatten",
                                        "Linear",
                                        "AdaptiveAvgPool2d",
                                        "ReLU",
                                        "DataParallel",
                                        "DistributedDataParallel"};
    const vrn_metadata *pair;
    for (size_t i = 0; (pair = vrn_checkpoint_metadata_at(r->checkpoint, i)) != NULL; i++) {
        if (strncmp(pair->key, VRN_RECORD_START, VRN_RECORD_START_LENGTH) != 0) continue;
        if (chosen || r->result || name_of(r, pair)) continue;
        const char *name = pair->key + VRN_RECORD_START_LENGTH;
        const char *call = strstr(pair->value, " call=");
        if (call) {
            r->result = vrn_fail(r->log, VRN_ERROR_FILE,
                                 "%s: the program around the network calls torch.%.40s: --prefix "
                                 "%.*s selects only the network",
                                 vrn_checkpoint_name(r->checkpoint), call + 6,
                                 (int)strlen(r->names->prefix) - 1, r->names->prefix);
        } else if (!strstr(pair->value, " program") &&
                   !vrn_record_is_one_of(pair->value, plain, VRN_COUNT(plain))) {
            vrn_assume(assumptions, true, "the %s%.60s around the network (%.60s) does nothing",
                       *name ? "module " : "outermost module", name, pair->value);
            return;
        }
    }
}

vrn_result vrn_modules_read(char said[VRN_SAID_MAX], const vrn_checkpoint *checkpoint,
                            const vrn_names *names, const vrn_model_params *params,
                            vrn_assumptions *assumptions, const vrn_log *log)
{
    const char *given = params ? params->arch : NULL;
    const bool headless = given && strstr(given, "head=none") != NULL;
    const bool mlp = given && strstr(given, "head=mlp") != NULL;
    reader r = {checkpoint, names, said, log, headless, mlp, VRN_OK};
    const char *conv = record_of(&r, "conv1"), *deep = record_of(&r, "conv1.0");
    if (!conv && !deep) return VRN_OK;
    if (count_of(deep ? deep : conv, "stride", 0) == 0) {
        vrn_assume(assumptions, true,
                   "strides and pools are the usual ones: the code in the file does not show them");
        return VRN_OK;
    }
    read_stem(&r);
    read_stages(&r);
    read_attention(&r);
    read_norm(&r);
    read_standardization(&r);
    read_activation(&r, assumptions);
    check_all(&r, assumptions);
    check_around(&r, params && params->prefix, assumptions);
    const char *graph = vrn_checkpoint_metadata(checkpoint, VRN_METADATA_GRAPH_KEY);
    if (!graph)
        vrn_assume(assumptions, false, "the network's own code does what torchvision's does");
    if (graph && *graph) vrn_assume(assumptions, true, "%s", graph);
    return r.result;
}
