#include "checkpoint/script.h"

#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "base/util.h"

enum { ARGUMENTS_MAX = 16 };

/* A stretch of the program. */
typedef struct piece {
    const char *at;
    size_t length;
} piece;

/* Constants of a class that was scripted: "  stride : Final[Tuple[int, int]] = (2, 2)". */
static const char *const constants[] = {
    "kernel_size", "stride",     "padding",        "dilation",  "groups",
    "eps",         "num_groups", "negative_slope", "ceil_mode", "padding_mode",
};

/* Calls in a traced class, and the meaning of their arguments. */
static const struct {
    const char *function;
    struct {
        const char *attribute;
        uint32_t argument;
    } told[5];
} calls[] = {
    {"_convolution(", {{"stride", 3}, {"padding", 4}, {"dilation", 5}, {"groups", 8}}},
    {"conv2d(", {{"stride", 3}, {"padding", 4}, {"dilation", 5}, {"groups", 6}}},
    {"batch_norm(", {{"eps", 7}}},
    {"group_norm(", {{"num_groups", 1}, {"eps", 4}}},
    {"max_pool2d(",
     {{"kernel_size", 1}, {"stride", 2}, {"padding", 3}, {"dilation", 4}, {"ceil_mode", 5}}},
    {"avg_pool2d(", {{"kernel_size", 1}, {"stride", 2}, {"padding", 3}, {"ceil_mode", 4}}},
    {"leaky_relu(", {{"negative_slope", 1}}},
    {"leaky_relu_(", {{"negative_slope", 1}}},
};

static const char *find(piece in, const char *text)
{
    const size_t length = strlen(text);
    for (size_t i = 0; i + length <= in.length; i++) {
        if (memcmp(in.at + i, text, length) == 0) return in.at + i;
    }
    return NULL;
}

/* From "class NAME(" to the next class, or the end. */
static piece find_class(piece program, const vrn_pickle_global *class)
{
    static const char word[] = "class ";
    const char *end = program.at + program.length;
    for (piece rest = program;;) {
        const char *at = find(rest, word);
        if (!at) return (piece){end, 0};
        const char *name = at + strlen(word);
        rest = (piece){name, (size_t)(end - name)};
        if (rest.length <= class->name_length || name[class->name_length] != '(' ||
            memcmp(name, class->name, class->name_length) != 0) {
            continue;
        }
        const char *next = find(rest, "\nclass ");
        return (piece){name, (size_t)((next ? next : end) - name)};
    }
}

/* Splits the text after a call's bracket at its commas. */
static uint32_t split(piece rest, piece arguments[ARGUMENTS_MAX])
{
    uint32_t count = 0, depth = 0;
    const char *begin = rest.at;
    for (const char *c = rest.at; c < rest.at + rest.length && count < ARGUMENTS_MAX; c++) {
        if (*c == '[' || *c == '(') depth++;
        const bool closes = *c == ']' || *c == ')';
        if ((*c == ',' && depth == 0) || (closes && depth == 0)) {
            while (begin < c && *begin == ' ') begin++;
            if (begin < c) arguments[count++] = (piece){begin, (size_t)(c - begin)};
            begin = c + 1;
            if (closes) return count;
        }
        if (closes) depth--;
    }
    return count;
}

static bool equals(piece a, const char *text)
{
    return a.length == strlen(text) && memcmp(a.at, text, a.length) == 0;
}

/* "2,2" of [2, 2] or (2, 2), "1" of True, a word in quotes; nothing for anything else. */
static void append_argument(char *text, size_t capacity, const char *name, piece argument)
{
    char value[48] = "";
    const char *c = argument.at, *end = argument.at + argument.length;
    if (equals(argument, "True") || equals(argument, "False")) {
        vrn_append(value, sizeof value, "%d", *c == 'T');
    }
    const bool word = c < end && *c == '"';
    if (c < end && (*c == '[' || *c == '(' || word)) c++;
    for (; word && c < end && *c >= 'a' && *c <= 'z'; c++) {
        vrn_append(value, sizeof value, "%c", *c);
    }
    if (!word && c < end && (vrn_is_digit(*c) || *c == '-')) {
        for (; c < end && *c != ']' && *c != ')'; c++) {
            if (*c > ' ') vrn_append(value, sizeof value, "%c", *c);
        }
    }
    if (*value) vrn_append(text, capacity, " %s=%s", name, value);
}

/* Describes a class by its constants; false: it has none. */
static bool describe_constants(char *text, size_t capacity, piece body)
{
    bool any = false;
    for (size_t i = 0; i < VRN_COUNT(constants); i++) {
        char declared[48] = "";
        vrn_append(declared, sizeof declared, "\n  %s : Final[", constants[i]);
        const char *end = body.at + body.length, *at = find(body, declared);
        const char *value = at ? find((piece){at, (size_t)(end - at)}, "] = ") : NULL;
        if (!value) continue;
        value += strlen("] = ");
        const char *line = memchr(value, '\n', (size_t)(end - value));
        append_argument(text, capacity, constants[i],
                        (piece){value, (size_t)((line ? line : end) - value)});
        any = true;
    }
    return any;
}

/* Finds operations of a user's class that no ResNet has. PyTorch's classes are recognised by their
 * names. */
static void describe_own(char *text, size_t capacity, piece body)
{
    static const char *const functions[] = {
        "softmax",
        "log_softmax",
        "tanh",
        "gelu",
        "elu",
        "selu",
        "mish",
        "silu",
        "silu_",
        "leaky_relu",
        "leaky_relu_",
        "hardtanh",
        "hardtanh_",
        "relu6",
        "softplus",
        "hardswish",
        "hardsigmoid",
        "prelu",
        "flip",
        "sub",
        "sub_",
        "rsub",
        "div",
        "div_",
        "cat",
        "norm",
        "linalg_norm",
        "linalg_vector_norm",
        "upsample_bilinear2d",
        "upsample_nearest2d",
        "adaptive_max_pool2d",
        "sigmoid",
        "mul",
        "mul_",
        "layer_norm",
        "instance_norm",
    };
    for (size_t i = 0; i < VRN_COUNT(functions); i++) {
        char call[48] = "";
        vrn_append(call, sizeof call, "torch.%s(", functions[i]);
        if (!find(body, call)) continue;
        vrn_append(text, capacity, " call=%s", functions[i]);
        return;
    }
}

/* ---- Layers that follow one another ---------------------------------------------------------- */

static piece word_at(const char *at, const char *end)
{
    size_t length = 0;
    while (at + length < end &&
           (vrn_is_digit(at[length]) || at[length] == '_' ||
            (at[length] >= 'a' && at[length] <= 'z') || (at[length] >= 'A' && at[length] <= 'Z'))) {
        length++;
    }
    return (piece){at, length};
}

static bool same(piece a, piece b)
{
    return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

static piece after(piece body, const char *at)
{
    return (piece){at, (size_t)(body.at + body.length - at)};
}

/* What a variable is set to: the text after "\n  NAME = ". Empty if there is no such line, or more
 * than one: branches. */
static piece find_value(piece body, piece name)
{
    piece found = {body.at, 0};
    for (const char *at = body.at; (at = find(after(body, at), " = ")) != NULL; at += 3) {
        const char *begin = at;
        while (begin > body.at && begin[-1] != '\n' && begin[-1] != ' ') begin--;
        if (!same((piece){begin, (size_t)(at - begin)}, name)) continue;
        if (found.length) return (piece){body.at, 0};
        found = after(body, at + 3);
    }
    return found;
}

/* True if a class says that an attribute is a layer: "  fc : __torch__.torch.nn.modules.linear". */
static bool is_declared(piece body, piece name, const char *module)
{
    char declared[160] = "";
    vrn_append(declared, sizeof declared, "\n  %.*s : __torch__.torch.nn.modules.%s.",
               (int)vrn_min_u64(name.length, 64), name.at, module);
    return find(body, declared) != NULL;
}

/* The attribute of "(fc).forward(x, )" at the beginning of a text, and its argument. */
static bool parse_call(piece body, piece text, piece *attribute, piece *argument)
{
    static const char call[] = ").forward";
    const char *end = text.at + text.length;
    if (text.length < 2 || *text.at != '(') return false;
    const piece local = word_at(text.at + 1, end);
    const char *at = local.at + local.length;
    if ((size_t)(end - at) < sizeof call || memcmp(at, call, sizeof call - 1) != 0) return false;
    const piece number = word_at(at + sizeof call - 1, end); /* forward1: a second call */
    at = number.at + number.length;
    if (at >= end || *at != '(') return false;
    *argument = after(body, at + 1);
    const piece value = find_value(body, local); /* "self.fc" */
    const piece owner = word_at(value.at, value.at + value.length);
    const char *dot = owner.at + owner.length;
    if (owner.length == 0 || owner.length >= value.length || *dot != '.') return false;
    *attribute = word_at(dot + 1, value.at + value.length);
    return attribute->length > 0 && attribute->length <= 64;
}

/* Finds the linear layer whose result is this text, but for a dropout. */
static bool find_source(piece body, piece text, piece *attribute)
{
    enum { STEPS_MAX = 8 };
    for (int i = 0; i < STEPS_MAX; i++) {
        piece argument;
        if (parse_call(body, text, attribute, &argument)) {
            if (is_declared(body, *attribute, "linear")) return true;
            if (!is_declared(body, *attribute, "dropout")) return false;
            text = argument;
            continue;
        }
        const piece variable = word_at(text.at, text.at + text.length);
        const char *end = variable.at + variable.length;
        if (variable.length == 0 || variable.length >= text.length) return false;
        if (*end != ',' && *end != ')' && *end != '\n') return false; /* another call */
        text = find_value(body, variable);
        if (text.length == 0) return false;
    }
    return false;
}

/* Appends " straight=fc1>fc2" for a linear layer that reads another one's result. */
static void describe_straight(char *text, size_t capacity, piece body)
{
    enum { BODY_MAX = 1 << 16, CALLS_MAX = 128 }; /* bound the time for a hostile file */
    static const char call[] = ").forward";
    const char *at = body.length <= BODY_MAX ? body.at : NULL;
    for (int i = 0; i < CALLS_MAX && at && (at = find(after(body, at), call)) != NULL; i++) {
        const char *begin = at++;
        piece last, first, argument;
        while (begin > body.at && begin[-1] != '(' && begin[-1] != '\n') begin--;
        if (begin == body.at || begin[-1] != '(') continue;
        if (!parse_call(body, after(body, begin - 1), &last, &argument)) continue;
        if (!is_declared(body, last, "linear") || !find_source(body, argument, &first)) continue;
        vrn_append(text, capacity, " straight=%.*s>%.*s", (int)first.length, first.at,
                   (int)last.length, last.at);
        return;
    }
}

static bool is_of_torch(const vrn_pickle_global *class)
{
    static const char start[] = "__torch__.torch.nn.";
    return class->module_length >= sizeof start - 1 &&
           memcmp(class->module, start, sizeof start - 1) == 0;
}

void vrn_script_describe(char *text, size_t capacity, const char *program, size_t size,
                         const vrn_pickle_global *class)
{
    const piece body = find_class((piece){program, size}, class);
    if (!is_of_torch(class)) {
        describe_own(text, capacity, body);
        describe_straight(text, capacity, body);
    }
    if (describe_constants(text, capacity, body)) return;
    for (size_t i = 0; i < VRN_COUNT(calls); i++) {
        const char *at = find(body, calls[i].function);
        if (!at) continue;
        const char *rest = at + strlen(calls[i].function);
        piece arguments[ARGUMENTS_MAX];
        const uint32_t count =
            split((piece){rest, (size_t)(body.at + body.length - rest)}, arguments);
        for (uint32_t k = 0; k < VRN_COUNT(calls[i].told) && calls[i].told[k].attribute; k++) {
            const uint32_t which = calls[i].told[k].argument;
            if (which >= count) break;
            append_argument(text, capacity, calls[i].told[k].attribute, arguments[which]);
        }
        return;
    }
}
