#include "net/hints.h"

#include <string.h>

#include "base/number.h"
#include "base/util.h"

/* A word counts if no letter precedes or follows it. */
static const vrn_hint hints[] = {
    {.word = "resnetaa", .key = "antialias", .value = "mean", .other = "none"},
    {.word = "seresnetaa", .key = "antialias", .value = "mean", .other = "none"},
    {.word = "seresnextaa", .key = "antialias", .value = "mean", .other = "none"},
    {.word = "resnetblur", .key = "antialias", .value = "blur", .other = "none"},
    {.word = "avgmax", .key = "head", .other = "linear"},
    {.word = "caffe", .key = "v1", .value = "1", .other = "0"},
    {.word = "caffe", .key = "pool", .value = "caffe", .other = "max"},
    {.word = "stride_1x1", .key = "v1", .value = "1", .other = "0"},
    {.word = "stride_in_1x1", .key = "v1", .value = "1", .other = "0"},
    {.word = "downsample_in_bottleneck", .key = "v1", .value = "1", .other = "0"},
    {.word = "silu", .key = "activation", .value = "silu", .other = "relu"},
    {.word = "swish", .key = "activation", .value = "silu", .other = "relu"},
    {.word = "leaky", .key = "activation", .value = "leaky_relu", .other = "relu"},
    {.word = "leaky_relu", .key = "activation", .value = "leaky_relu", .other = "relu"},
    {.word = "relu6", .key = "activation", .value = "relu6", .other = "relu"},
    {.word = "bn_ws", .key = "standardize", .value = "deviation", .other = "none"},
    {.word = "gn_ws", .key = "standardize", .value = "deviation", .other = "none"},
    {.word = "gn", .key = "norm", .value = "group", .other = "batch"},
    {.word = "gn#", .key = "norm", .value = "group", .other = "batch"},
    {.word = "gn#", .key = "norm_groups", .value = "#", .other = "32"},
    {.word = "groupnorm", .key = "norm", .value = "group", .other = "batch"},
    {.word = "groupnorm#", .key = "norm", .value = "group", .other = "batch"},
    {.word = "groupnorm#", .key = "norm_groups", .value = "#", .other = "32"},
    {.word = "stem#_s#", .key = "stem_stride", .value = "#", .other = "2"},
    {.word = "last_stride#", .key = "strides", .value = "1:2:2:#", .other = "1:2:2:2"},
    {.word = "wideresnet18", .key = "pool", .other = "max"}, /* Places365's has one of stride 1 */
    {.word = "bit", .key = "pool", .value = "max_zeros", .other = "max"},
    {.word = "bit", .key = "standardize", .value = "bit", .other = "variance"},
    {.word = "dilated", .key = "dilate", .other = "0:0:0"},
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* The length of the word at the beginning of `text`; 0: it is not there. '#' is a number of up to
 * three digits, of which the last one is kept. */
static int stands(const char *text, const char *word, unsigned *number)
{
    const char *begin = text;
    for (; *word; word++) {
        if (*word != '#') {
            if (lower(*text++) != *word) return 0;
            continue;
        }
        const char *end = text;
        for (*number = 0; vrn_is_digit(*end) && end - text < 3; end++) {
            *number = *number * 10 + (unsigned)(*end - '0');
        }
        if (end == text) return 0;
        text = end;
    }
    return is_letter(*text) ? 0 : (int)(text - begin);
}

bool vrn_hint_find(const char *text, size_t index, vrn_hint *hint)
{
    for (size_t i = 0; i < VRN_COUNT(hints); i++) {
        *hint = hints[i];
        for (const char *at = text; *at; at++) {
            if (at > text && is_letter(at[-1])) continue;
            hint->found = at;
            hint->length = stands(at, hints[i].word, &hint->number);
            if (hint->length == 0) continue;
            if (index-- == 0) return true;
            break;
        }
    }
    return false;
}
