#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/vkresnet.h>

#include "cli/formats/parse.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

typedef enum option_kind {
    KIND_FLAG,
    KIND_TEXT,
    KIND_READ, /* a file, or the name of something else */
    KIND_WRITTEN,
    KIND_NUMBER,
    KIND_SEED,
    KIND_SIZE,
    KIND_TRIPLE,
    KIND_TAP,
    KIND_LAYERS,
    KIND_CHOICE,
    KIND_CAPABILITIES,
} option_kind;

enum { SIDE_MAX = 65536, NAME_COLUMN = 26 };

typedef struct option_row {
    const char *name, *value; /* "--batch", "N" */
    option_kind kind;
    size_t offset;              /* of the field in cli_options */
    size_t said;                /* of the bool that says whether it was given; 0: none */
    uint32_t minimum, maximum;  /* KIND_NUMBER */
    const char *(*choice)(int); /* KIND_CHOICE: the name of a value, NULL behind the last */
    const char *help;           /* lines */
} option_row;

#define FIELD(name) offsetof(cli_options, name)

static const char *precision_name(int value)
{
    return vrn_precision_name((vrn_precision)value);
}

static const char *interpolation_name(int value)
{
    return vrn_interpolation_name((vrn_interpolation)value);
}

/* clang-format off */
static const option_row table[CLI_OPTIONS] = {
    [CLI_OPTION_MODEL] = {"--model", "NAME|FILE", KIND_READ, FIELD(model),
        .help = "checkpoint (.pth or safetensors), or a name as vkresnet\n"
                "models lists them (\"resnet50\", \"resnet50:V2\"): looked\n"
                "up on this machine, else downloaded"},
    [CLI_OPTION_ARCH] = {"--arch", "NAME[,KEY=VALUE]..", KIND_TEXT, FIELD(arch),
        .help = "what the file cannot say, as in\n"
                "resnet50,dilate=0:1:1,num_classes=21"},
    [CLI_OPTION_RANDOM_WEIGHTS] = {"--random-weights", "SEED", KIND_SEED, FIELD(seed),
        .said = FIELD(has_seed), .help = "weights drawn from a seed; needs no file"},
    [CLI_OPTION_LABELS] = {"--labels", "FILE.csv", KIND_READ, FIELD(labels),
        .help = "lines of file,label[,class]; files are relative to\nthe .csv file"},
    [CLI_OPTION_INPUT] = {"--input", "X.npy", KIND_READ, FIELD(input),
        .help = "float32 [N, 3, H, W], normalised"},
    [CLI_OPTION_OUTPUT] = {"--output", "Y.npy", KIND_WRITTEN, FIELD(output),
        .help = "receives float32 [N, classes], the logits"},
    [CLI_OPTION_TAP] = {"--tap", "NAME=FILE.npy", KIND_TAP,
        .help = "also write what a module returns, [N, C, H, W]: conv1,\n"
                "layer1 .. layer4, avgpool, layer2.0.bn1; or class_map,\n"
                "the logits at every position; repeatable"},
    [CLI_OPTION_LOGITS] = {"--logits", "FILE.npy", KIND_WRITTEN, FIELD(logits),
        .help = "also write the logits [lines, classes]; NaN for an\n"
                "image that could not be read"},
    [CLI_OPTION_REPORT] = {"--report", "FOLDER", KIND_TEXT, FIELD(report),
        .help = "also write a page for a browser, FOLDER/index.html; the\n"
                "folder is made unless it is there"},
    [CLI_OPTION_IMAGES] = {"--images", "DIR", KIND_READ, FIELD(images),
        .help = "a folder of photos, or one photo"},
    [CLI_OPTION_COUNT] = {"--count", "N", KIND_NUMBER, FIELD(count),
        .minimum = 1, .maximum = 1000000, .help = "the most images to take (default 512)"},
    [CLI_OPTION_WRITE] = {"-o", "FILE", KIND_WRITTEN, FIELD(write),
        .help = "write the result here"},
    [CLI_OPTION_FP16] = {"--fp16", NULL, KIND_FLAG, FIELD(fp16),
        .help = "write the weights as float16"},
    [CLI_OPTION_TOP] = {"--top", "K", KIND_NUMBER, FIELD(top), .minimum = 1, .maximum = 1000000,
        .help = "classes to print for each image (default 5)"},
    [CLI_OPTION_CLASS] = {"--class", "K|NAME", KIND_TEXT, FIELD(class_name),
        .help = "the class to look for: its index, its name or a part of\n"
                "it (default: the most probable one)"},
    [CLI_OPTION_BATCH] = {"--batch", "N", KIND_NUMBER, FIELD(batch), .minimum = 1, .maximum = 65536,
        .help = "most images in one run (default 8; bench and profile: 1)"},
    [CLI_OPTION_SHARD] = {"--shard", "I/N", KIND_TEXT, FIELD(shard),
        .help = "only the I-th of N equal parts of the images (default:\n"
                "what a Slurm job array says)"},
    [CLI_OPTION_SIZE] = {"--size", "HxW", KIND_SIZE, FIELD(size),
        .help = "the network's input in pixels (default: the model's crop)"},
    [CLI_OPTION_REPEATS] = {"--repeats", "N", KIND_NUMBER, FIELD(repeats),
        .minimum = 1, .maximum = 1000000, .help = "runs to measure"},
    [CLI_OPTION_TRACE] = {"--trace", "FILE.json", KIND_WRITTEN, FIELD(trace),
        .help = "also write a trace for ui.perfetto.dev or\nchrome://tracing"},
    [CLI_OPTION_HTML] = {"--html", "FILE.html", KIND_WRITTEN, FIELD(html),
        .help = "also write a page with charts"},
    [CLI_OPTION_RESIZE] = {"--resize", "PIXELS", KIND_NUMBER, FIELD(resize),
        .said = FIELD(has_resize), .minimum = 0, .maximum = SIDE_MAX,
        .help = "the shorter side of a photo becomes this; 0: no resize"},
    [CLI_OPTION_CROP] = {"--crop", "PIXELS", KIND_NUMBER, FIELD(crop),
        .said = FIELD(has_crop), .minimum = 1, .maximum = SIDE_MAX,
        .help = "then the centre of this size is cut out"},
    [CLI_OPTION_INTERPOLATION] = {"--interpolation", "bilinear|bicubic", KIND_CHOICE,
        FIELD(interpolation), .said = FIELD(has_interpolation), .choice = interpolation_name,
        .help = "how photos are resized (default: as the model says,\nelse bilinear)"},
    [CLI_OPTION_MEAN] = {"--mean", "R,G,B", KIND_TRIPLE, FIELD(mean), .said = FIELD(has_mean),
        .help = "then subtracted from each channel's value / 255"},
    [CLI_OPTION_STD] = {"--std", "R,G,B", KIND_TRIPLE, FIELD(std), .said = FIELD(has_std),
        .help = "then the divisor of each channel"},
    [CLI_OPTION_NO_FUSION] = {"--no-fusion", NULL, KIND_FLAG, FIELD(no_fusion),
        .help = "one shader for each operator, nothing folded"},
    [CLI_OPTION_KERNEL] = {"--kernel", "PREFIX", KIND_TEXT, FIELD(kernel),
        .help = "prefer kernels whose name begins so, where they fit"},
    [CLI_OPTION_KERNELS] = {"--kernels", NULL, KIND_FLAG, FIELD(kernels),
        .help = "what the driver's compiler says of the kernels:\nregisters, spills, occupancy"},
    [CLI_OPTION_FETCH] = {"--fetch", NULL, KIND_FLAG, FIELD(fetch),
        .help = "download what is not on this machine yet"},
    [CLI_OPTION_TUNE] = {"--tune", NULL, KIND_FLAG, FIELD(tune),
        .help = "time the kernels of each layer and use the fastest, now\n"
                "and, by the cache, in every later run"},
    [CLI_OPTION_THOROUGH] = {"--thorough", NULL, KIND_FLAG, FIELD(thorough),
        .help = "all cases of every kernel: minutes instead of seconds"},
    [CLI_OPTION_JSON] = {"--json", NULL, KIND_FLAG, FIELD(json),
        .help = "print JSON, one object a line"},
    [CLI_OPTION_DEVICE] = {"--device", "INDEX|NAME", KIND_TEXT, FIELD(device),
        .help = "the Vulkan device, as listed by vkresnet info; classify\n"
                "and eval: \"all\" shares the images out"},
    [CLI_OPTION_PRECISION] = {"--precision", "fp32|fp16|int8", KIND_CHOICE, FIELD(precision),
        .choice = precision_name,
        .help = "what activations and weights are stored as (default\n"
                "fp32; int8: for a model that was calibrated)"},
    [CLI_OPTION_FP32_LAYERS] = {"--fp32-layers", "NAME,..", KIND_LAYERS,
        .help = "layers, as profile names them, that stay in fp32"},
    [CLI_OPTION_WITHOUT] = {"--without", "CAPABILITY,..", KIND_CAPABILITIES, FIELD(without),
        .help = "as if the device lacked it: texel-buffers, timestamps, .."},
    [CLI_OPTION_WITH] = {"--with", "CAPABILITY,..", KIND_CAPABILITIES, FIELD(with),
        .help = "use it although it is known to be slow or wrong here"},
    [CLI_OPTION_VALIDATION] = {"--validation", NULL, KIND_FLAG, FIELD(validation),
        .help = "load the Khronos validation layer; exit status 1 if it\nreports an error"},
    [CLI_OPTION_NO_CACHE] = {"--no-cache", NULL, KIND_FLAG, FIELD(no_cache),
        .help = "keep nothing in the folder $VKRESNET_CACHE (default:\n"
                "~/.cache/vkresnet; empty: the same as --no-cache)"},
    [CLI_OPTION_QUIET] = {"--quiet", NULL, KIND_FLAG, FIELD(quiet),
        .help = "on standard error, only what went wrong"},
    [CLI_OPTION_VERBOSE] = {"--verbose", NULL, KIND_FLAG, FIELD(verbose),
        .help = "also what was chosen: device, architecture, kernels"},
    [CLI_OPTION_HELP] = {"--help", NULL, KIND_FLAG, FIELD(help), .help = "this text"},
};
/* clang-format on */

static bool same_capability(const char *name, const char *text, size_t length)
{
    if (strlen(name) != length) return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != (name[i] == ' ' ? '-' : name[i])) return false;
    }
    return true;
}

static bool read_capabilities(const option_row *row, const char *text, uint32_t *bits)
{
    while (true) {
        size_t length = strcspn(text, ",");
        uint32_t found = 0;
        for (uint32_t i = 0; i < 32; i++) {
            const char *name = vrn_capability_name(UINT32_C(1) << i);
            if (name && same_capability(name, text, length)) found = UINT32_C(1) << i;
        }
        if (!found) {
            return cli_usage("%s: '%.*s' is no capability; vkresnet info lists them", row->name,
                             (int)(length < 64 ? length : 64), text);
        }
        *bits |= found;
        if (!text[length]) return true;
        text += length + 1;
    }
}

/* Copies a part of a word behind what is in options->texts, which has room for all. */
static char *keep_text(cli_options *options, const char *text, size_t length)
{
    char *copy = options->texts + options->texts_size;
    memcpy(copy, text, length);
    options->texts_size += length + 1;
    return copy;
}

/* NAME=FILE */
static bool read_tap(cli_options *options, const char *text)
{
    const size_t length = strcspn(text, "=");
    if (length == 0 || !text[length] || !text[length + 1]) {
        return cli_usage("--tap: expected NAME=FILE.npy, found '%s'", text);
    }
    options->taps[options->tap_count++] =
        (cli_tap){.name = keep_text(options, text, length), .path = text + length + 1};
    return true;
}

/* "layer1.0.conv1,layer4.2.conv3" */
static bool read_layers(cli_options *options, const char *text)
{
    if (options->fp32_layers) return cli_usage("--fp32-layers: expected it once");
    uint32_t count = 1;
    for (const char *c = text; *c; c++) count += *c == ',';
    options->fp32_layers = cli_alloc(count, sizeof *options->fp32_layers);
    if (!options->fp32_layers) return false;
    for (; count > 0; count--) {
        size_t length = strcspn(text, ",");
        if (length == 0) return cli_usage("--fp32-layers: expected names of layers");
        options->fp32_layers[options->fp32_layer_count++] = keep_text(options, text, length);
        text += length + (text[length] != 0);
    }
    return true;
}

static bool read_number(const option_row *row, const char *text, uint32_t *out)
{
    uint64_t number;
    if (!cli_parse_integer(text, row->maximum, &number) || number < row->minimum) {
        return cli_usage("%s: expected a number from %u to %u, found '%s'", row->name, row->minimum,
                         row->maximum, text);
    }
    *out = (uint32_t)number;
    return true;
}

/* A value of an enumeration, all of which are as wide as an int. */
static bool read_choice(const option_row *row, const char *text, int *out)
{
    for (int i = 0; row->choice(i); i++) {
        if (strcmp(text, row->choice(i)) != 0) continue;
        *out = i;
        return true;
    }
    return cli_usage("%s: expected %s, found '%s'", row->name, row->value, text);
}

/* Reads the value of one option, `text`, which is NULL for a flag. */
static bool read_value(cli_options *options, const option_row *row, const char *text)
{
    void *field = (char *)options + row->offset;
    if (row->said) *(bool *)((char *)options + row->said) = true;
    switch (row->kind) {
    case KIND_FLAG: *(bool *)field = true; return true;
    case KIND_TEXT:
    case KIND_READ:
    case KIND_WRITTEN:
        *(const char **)field = text;
        return *text || cli_usage("%s: expected %s, found nothing", row->name, row->value);
    case KIND_NUMBER: return read_number(row, text, field);
    case KIND_SEED:
        return cli_parse_integer(text, UINT64_MAX, field) ||
               cli_usage("%s: expected a number, found '%s'", row->name, text);
    case KIND_SIZE:
        return cli_parse_size(text, SIDE_MAX, field) ||
               cli_usage("%s: expected HxW, such as 224x224, found '%s'", row->name, text);
    case KIND_TRIPLE:
        return cli_parse_triple(text, field) ||
               cli_usage("%s: expected three numbers, such as 0.5,0.5,0.5, found '%s'", row->name,
                         text);
    case KIND_TAP: return read_tap(options, text);
    case KIND_LAYERS: return read_layers(options, text);
    case KIND_CHOICE: return read_choice(row, text, field);
    case KIND_CAPABILITIES: return read_capabilities(row, text, field);
    }
    return false;
}

static const option_row *find_row(const char *word, size_t length, uint64_t accepted)
{
    if (length == 2 && strncmp(word, "-h", 2) == 0) return &table[CLI_OPTION_HELP];
    for (uint32_t i = 0; i < CLI_OPTIONS; i++) {
        if ((accepted >> i & 1) && strlen(table[i].name) == length &&
            strncmp(table[i].name, word, length) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

/* Reads the option at words[*i], and steps on to the value behind it. */
static bool read_option(cli_options *options, uint64_t accepted, int *i)
{
    const char *word = options->words[*i];
    const size_t length = strcspn(word, "=");
    const option_row *row = find_row(word, length, accepted);
    const char *value = word[length] ? word + length + 1 : NULL;
    if (!row) {
        return cli_usage("unknown option '%.*s'", (int)(length < 99 ? length : 99), word);
    }
    if (row->kind == KIND_FLAG && value) return cli_usage("%s takes no value", row->name);
    if (row->kind != KIND_FLAG && !value) {
        if (++*i == options->word_count) {
            return cli_usage("%s needs a value: %s", row->name, row->value);
        }
        value = options->words[*i];
    }
    return read_value(options, row, value);
}

bool cli_options_parse(cli_options *options, const char *command, uint64_t accepted, int count,
                       char **words)
{
    *options = (cli_options){.command = command, .words = words, .word_count = count};
    size_t total = 1;
    for (int i = 0; i < count; i++) total += strlen(words[i]) + 1;
    options->taps = cli_alloc((size_t)count, sizeof *options->taps);
    options->arguments = cli_alloc((size_t)count, sizeof *options->arguments);
    options->texts = cli_alloc(total, 1);
    bool good = options->taps && options->arguments && options->texts, only_arguments = false;
    for (int i = 0; i < count && good; i++) {
        if (only_arguments || words[i][0] != '-' || !words[i][1]) {
            options->arguments[options->argument_count++] = words[i];
        } else if (strcmp(words[i], "--") == 0) {
            only_arguments = true;
        } else {
            good = read_option(options, accepted, &i);
        }
    }
    if (!good) cli_options_free(options);
    return good;
}

void cli_options_free(cli_options *options)
{
    free(options->taps);
    free(options->fp32_layers);
    free(options->arguments);
    free(options->texts);
    *options = (cli_options){0};
}

static const char *text_of(const cli_options *options, const option_row *row)
{
    return *(const char *const *)((const char *)options + row->offset);
}

/* Whether an output would be written over an input, if that is a file. */
static bool replaces(const char *output, const char *input)
{
    return input && vrn_path_get_kind(input) == VRN_PATH_FILE && cli_path_same_file(output, input);
}

static bool replaces_any(const cli_options *options, const char *output)
{
    bool found = false;
    for (uint32_t i = 0; i < CLI_OPTIONS && !found; i++) {
        found = table[i].kind == KIND_READ && replaces(output, text_of(options, &table[i]));
    }
    for (uint32_t i = 0; i < options->argument_count && !found; i++) {
        found = replaces(output, options->arguments[i]);
    }
    return found;
}

/* What the i-th option writes, or, behind all options, a tap; NULL: nothing. */
static const char *output_of(const cli_options *options, uint32_t i)
{
    if (i >= CLI_OPTIONS) return options->taps[i - CLI_OPTIONS].path;
    return table[i].kind == KIND_WRITTEN ? text_of(options, &table[i]) : NULL;
}

bool cli_options_check_outputs(const cli_options *options)
{
    for (uint32_t i = 0; i < CLI_OPTIONS + options->tap_count; i++) {
        const char *output = output_of(options, i);
        if (!output) continue;
        if (replaces_any(options, output)) {
            return cli_usage("%s: would be written over what is read", output);
        }
        for (uint32_t k = 0; k < i; k++) {
            const char *other = output_of(options, k);
            if (other && cli_path_same_file(output, other)) {
                return cli_usage("%s: two outputs in one file", output);
            }
        }
    }
    return true;
}

cli_option_text cli_option_describe(cli_option option)
{
    const option_row *row = &table[option];
    return (cli_option_text){.name = row->name, .value = row->value, .help = row->help};
}

void cli_options_print(uint64_t accepted)
{
    for (uint32_t i = 0; i < CLI_OPTIONS; i++) {
        const option_row *row = &table[i];
        if (!(accepted >> i & 1)) continue;
        int width =
            printf("  %s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
        if (width > NAME_COLUMN) width = printf("\n") - 1;
        for (const char *line = row->help; line && *line; width = 0) {
            size_t length = strcspn(line, "\n");
            printf("%*s%.*s", NAME_COLUMN + 2 - width, "", (int)length, line);
            line += length;
            if (*line) putchar(*line++);
        }
        putchar('\n');
    }
}
