#include "net/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

bool vrn_record_is(const char *record, const char *class)
{
    const size_t length = strlen(class);
    return record && strncmp(record, class, length) == 0 &&
           (record[length] == 0 || record[length] == ' ');
}

bool vrn_record_is_one_of(const char *record, const char *const *classes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (vrn_record_is(record, classes[i])) return true;
    }
    return false;
}

const char *vrn_record_article(const char *record)
{
    static const char *const spelled[] = {"LSTM", "LPPool2d", "RReLU"};
    const bool vowel = *record && strchr("AEIO", *record);
    const bool un = record[0] == 'U' && record[1] >= 'a' && record[1] <= 'z';
    return vowel || un || vrn_record_is_one_of(record, spelled, VRN_COUNT(spelled)) ? "an" : "a";
}

const char *vrn_record_last(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

bool vrn_record_are_siblings(const char *a, const char *b)
{
    const size_t length = (size_t)(vrn_record_last(a) - a);
    return (size_t)(vrn_record_last(b) - b) == length && strncmp(a, b, length) == 0;
}

long vrn_record_number(const char *key)
{
    const char *last = vrn_record_last(key);
    const size_t digits = strspn(last, "0123456789");
    return digits > 0 && digits < 7 && last[digits] == 0 ? strtol(last, NULL, 10) : -1;
}

/* The first ones are run in a network's blocks. */
static const char *const activations[] = {
    "LeakyReLU", "SiLU",    "ReLU6",      "Sigmoid",    "Tanh",        "GELU",       "ELU",
    "SELU",      "CELU",    "Hardswish",  "Hardtanh",   "Hardsigmoid", "Mish",       "Softplus",
    "Softsign",  "PReLU",   "RReLU",      "LogSigmoid", "GLU",         "Threshold",  "Tanhshrink",
    "Softmax",   "Softmin", "LogSoftmax", "Softmax2d",  "Hardshrink",  "Softshrink",
};

static bool is_activation(const char *record)
{
    return vrn_record_is_one_of(record, activations, VRN_COUNT(activations));
}

bool vrn_record_is_strange(const char *record)
{
    enum { IN_BLOCKS = 4 };
    static const char *const layers[] = {
        "LayerNorm",
        "LocalResponseNorm",
        "InstanceNorm2d",
        "AdaptiveMaxPool2d",
        "LPPool2d",
        "Upsample",
        "PixelShuffle",
        "MultiheadAttention",
        "LSTM",
        "GRU",
        "BatchNorm1d",
        "InstanceNorm1d",
        "ConvTranspose2d",
    };
    return vrn_record_is_one_of(record, activations + IN_BLOCKS,
                                VRN_COUNT(activations) - IN_BLOCKS) ||
           vrn_record_is_one_of(record, layers, VRN_COUNT(layers));
}

/* ---- Heads of two layers --------------------------------------------------------------------- */

/* The key of a weight's module, or of the module around that. */
static void format_key(char *key, size_t capacity, const char *weight)
{
    snprintf(key, capacity, "%s%.*s", VRN_RECORD_START, (int)(vrn_record_last(weight) - weight),
             weight);
    const size_t length = strlen(key);
    if (length > VRN_RECORD_START_LENGTH) key[length - 1] = 0;
}

/* True if a program gives one layer's result to the other: "Net program straight=fc1>fc2". */
static bool runs_straight(const char *record, const char *first, const char *last)
{
    char words[192];
    snprintf(words, sizeof words, " straight=%.80s>%.80s", vrn_record_last(first),
             vrn_record_last(last));
    const char *found = record ? strstr(record, words) : NULL;
    return found && (found[strlen(words)] == 0 || found[strlen(words)] == ' ');
}

bool vrn_record_check_pair(char fault[VRN_PAIR_FAULT_MAX], const vrn_checkpoint *checkpoint,
                           const char *first_weight, const char *last_weight)
{
    /* These may follow the last layer. */
    static const char *const ends[] = {"Sigmoid", "Softmax", "LogSoftmax"};
    char first[1024], last[1024], around[1024];
    format_key(first, sizeof first, first_weight);
    format_key(last, sizeof last, last_weight);
    format_key(around, sizeof around, first + VRN_RECORD_START_LENGTH);
    const char *parent = vrn_checkpoint_metadata(checkpoint, around);
    if (!vrn_checkpoint_metadata(checkpoint, first) || !vrn_checkpoint_metadata(checkpoint, last)) {
        return true;
    }
    const long begin = vrn_record_number(first), end = vrn_record_number(last);
    const bool numbered = begin >= 0 && end >= 0 && vrn_record_are_siblings(first, last);
    bool relu = false;
    const vrn_metadata *pair, *other = NULL;
    for (size_t i = 0; (pair = vrn_checkpoint_metadata_at(checkpoint, i)) != NULL; i++) {
        const long number = vrn_record_number(pair->key);
        if (!vrn_record_are_siblings(pair->key, first)) continue;
        if (numbered && (number <= begin || number >= end)) continue;
        relu = relu || vrn_record_is(pair->value, "ReLU");
        const bool wrong = numbered
                               ? is_activation(pair->value) || vrn_record_is_strange(pair->value)
                               : is_activation(pair->value) &&
                                     !vrn_record_is_one_of(pair->value, ends, VRN_COUNT(ends));
        if (wrong && !other) other = pair;
    }
    if (other && (numbered || !relu)) {
        snprintf(fault, VRN_PAIR_FAULT_MAX, "%.80s is %s %.*s",
                 other->key + VRN_RECORD_START_LENGTH, vrn_record_article(other->value),
                 (int)vrn_min_u64(strcspn(other->value, " "), 40), other->value);
        return false;
    }
    /* The code of a ModuleList's owner runs it. */
    const bool none = numbered ? !relu && !vrn_record_is(parent, "ModuleList")
                               : runs_straight(parent, first, last);
    if (none) {
        snprintf(fault, VRN_PAIR_FAULT_MAX, "there is no activation between %.60s and %.60s",
                 first + VRN_RECORD_START_LENGTH, last + VRN_RECORD_START_LENGTH);
    }
    return !none;
}
