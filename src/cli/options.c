#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vkresnet/vkresnet.h>

#include "base/number.h"
#include "base/transform.h"
#include "base/text.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

typedef enum option_kind {
    KIND_FLAG,
    KIND_TEXT,
    KIND_READ, /* a file or another name */
    KIND_WRITTEN,
    KIND_NUMBER,
    KIND_SEED,
    KIND_SIZE,
    KIND_TRIPLE,
    KIND_RESIZE,
    KIND_CROP,
    KIND_FILL,
    KIND_SCALE,
    KIND_THRESHOLD,
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
    uint32_t minimum, maximum;  /* KIND_NUMBER */
    const char *(*choice)(int); /* KIND_CHOICE: the name of a value, NULL after the last */
    const char *help;           /* lines */
} option_row;

#define FIELD(name) offsetof(cli_options, name)

static const char *precision_name(int value)
{
    return vrn_precision_name((vrn_precision)value);
}

static const char *channels_name(int value)
{
    return vrn_channels_name((vrn_channels)value);
}

static const char *activation_name(int value)
{
    return vrn_probabilities_name((vrn_probabilities)(value + 1));
}

static const char *preset_name(int value)
{
    return vrn_transform_preset_name((uint32_t)value);
}

static const char *interpolation_name(int value)
{
    return vrn_interpolation_name((vrn_interpolation)value);
}

static const option_row table[CLI_OPTIONS] = {
#define OPTION(id, ...) [CLI_OPTION_##id] = {__VA_ARGS__},
#include "cli/option_table.h"
};

/* Reads HxW, each from 1 to SIDE_MAX. */
static bool read_size(const char *text, uint32_t size[2])
{
    const size_t x = strcspn(text, "x");
    uint64_t height, width;
    if (!text[x] || !vrn_parse_number(text, x, SIDE_MAX, &height) ||
        !vrn_parse_number(text + x + 1, strlen(text + x + 1), SIDE_MAX, &width) || height == 0 ||
        width == 0) {
        return false;
    }
    size[0] = (uint32_t)height;
    size[1] = (uint32_t)width;
    return true;
}

/* Reads three numbers separated by commas. */
static bool read_triple(const char *text, float values[3])
{
    for (int i = 0; i < 3; i++) {
        if (text[0] == '+' && text[1] != '-') text++;
        const size_t length = strcspn(text, i < 2 ? "," : "");
        if ((i < 2 && !text[length]) || !vrn_parse_real(text, length, &values[i])) return false;
        text += length + 1;
    }
    return true;
}

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
            return cli_usage("%s: '%.*s' is not a capability; vkresnet info lists them", row->name,
                             (int)(length < 64 ? length : 64), text);
        }
        *bits |= found;
        if (!text[length]) return true;
        text += length + 1;
    }
}

/* Appends a part of a word to options->texts, which has room for all words. */
static char *keep_text(cli_options *options, const char *text, size_t length)
{
    char *copy = options->texts + options->texts_size;
    memcpy(copy, text, length);
    options->texts_size += length + 1;
    return copy;
}

/* Reads NAME=FILE, or NAME for commands that choose the file. */
static bool read_tap(cli_options *options, const char *text)
{
    const size_t length = strcspn(text, "=");
    if (length == 0 || (text[length] && !text[length + 1])) {
        return cli_usage("--tap: expected NAME=FILE.npy, found '%s'", text);
    }
    options->taps[options->tap_count++] = (cli_tap){
        .name = keep_text(options, text, length), .path = text[length] ? text + length + 1 : NULL};
    return true;
}

/* Reads "layer1.0.conv1,layer4.2.conv3". */
static bool read_layers(cli_options *options, const char *text)
{
    if (options->fp32_layers)
        return cli_usage("--fp32-layers: given twice: give all names at once, separated by commas");
    uint32_t count = 1;
    for (const char *c = text; *c; c++) count += *c == ',';
    options->fp32_layers = cli_alloc(count, sizeof *options->fp32_layers);
    if (!options->fp32_layers) return false;
    for (; count > 0; count--) {
        size_t length = strcspn(text, ",");
        if (length == 0)
            return cli_usage("--fp32-layers: expected names of layers, separated by commas, found "
                             "an empty name");
        options->fp32_layers[options->fp32_layer_count++] = keep_text(options, text, length);
        text += length + (text[length] != 0);
    }
    return true;
}

static bool read_number(const option_row *row, const char *text, uint32_t *out)
{
    uint64_t number;
    if (!vrn_parse_number(text, strlen(text), row->maximum, &number) || number < row->minimum) {
        return cli_usage("%s: expected a number from %u to %u, found '%s'", row->name, row->minimum,
                         row->maximum, text);
    }
    *out = (uint32_t)number;
    return true;
}

/* Reads an enumeration's value. All enumerations have the size of an int. */
static bool read_choice(const option_row *row, const char *text, int *out)
{
    for (int i = 0; row->choice(i); i++) {
        if (strcmp(text, row->choice(i)) != 0) continue;
        *out = i;
        return true;
    }
    return cli_usage("%s: expected %s, found '%s'", row->name, row->value, text);
}

/* Reads a step of a transform into `field`, a vrn_transform or a number. */
static bool read_step(const option_row *row, const char *text, void *field)
{
    const char *expected = NULL;
    float *number = field;
    if (row->kind == KIND_RESIZE) {
        if (!vrn_transform_parse_resize(field, text)) expected = VRN_RESIZE_FORMS;
    } else if (row->kind == KIND_CROP) {
        vrn_transform *transform = field;
        if (!vrn_transform_parse_crop(transform, text) || !transform->crop) {
            expected = VRN_CROP_FORMS;
        }
    } else if (row->kind == KIND_FILL) {
        if (!vrn_transform_parse_fill(field, text)) expected = "three numbers from 0 to 255";
    } else if (row->kind == KIND_THRESHOLD) {
        if (!vrn_parse_real(text, strlen(text), number) || *number < 0 || *number > 1) {
            expected = "a number from 0 to 1";
        }
    } else if (!vrn_parse_real(text, strlen(text), number) || *number <= 0) {
        expected = "a number above 0";
    }
    return !expected || cli_usage("%s: expected %s, found '%s'", row->name, expected, text);
}

/* Reads `text`, the value of an option; NULL for a flag. */
static bool read_value(cli_options *options, const option_row *row, const char *text)
{
    void *field = (char *)options + row->offset;
    options->given |= UINT64_C(1) << (row - table);
    switch (row->kind) {
    case KIND_FLAG: *(bool *)field = true; return true;
    case KIND_TEXT:
    case KIND_READ:
    case KIND_WRITTEN:
        *(const char **)field = text;
        return *text || cli_usage("%s: expected %s, found nothing", row->name, row->value);
    case KIND_NUMBER: return read_number(row, text, field);
    case KIND_SEED:
        return vrn_parse_number(text, strlen(text), UINT64_MAX, field) ||
               cli_usage("%s: expected a number, found '%s'", row->name, text);
    case KIND_SIZE:
        return read_size(text, field) ||
               cli_usage("%s: expected HxW, such as 224x224, found '%s'", row->name, text);
    case KIND_TRIPLE:
        return read_triple(text, field) ||
               cli_usage("%s: expected three numbers, such as 0.5,0.5,0.5, found '%s'", row->name,
                         text);
    case KIND_RESIZE:
    case KIND_CROP:
    case KIND_FILL:
    case KIND_SCALE:
    case KIND_THRESHOLD: return read_step(row, text, field);
    case KIND_TAP: return read_tap(options, text);
    case KIND_LAYERS: return read_layers(options, text);
    case KIND_CHOICE: return read_choice(row, text, field);
    case KIND_CAPABILITIES: return read_capabilities(row, text, field);
    }
    return false;
}

void cli_guess_add(cli_guess *guess, const char *word, size_t length, const char *name)
{
    const uint32_t distance = vrn_edit_distance(word, length, name);
    if (distance > 2 || (size_t)2 * distance >= length ||
        (guess->name && distance >= guess->distance))
        return;
    guess->name = name;
    guess->distance = distance;
}

const char *cli_guess_text(cli_guess *guess)
{
    if (!guess->name) return "";
    snprintf(guess->text, sizeof guess->text, ": did you mean '%s'?", guess->name);
    return guess->text;
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

static bool unknown_option(const char *word, size_t length, uint64_t accepted)
{
    cli_guess guess = {0};
    for (uint32_t i = 0; i < CLI_OPTIONS; i++) {
        if (accepted >> i & 1) cli_guess_add(&guess, word, length, table[i].name);
    }
    return cli_usage("unknown option '%.*s'%s", (int)(length < 99 ? length : 99), word,
                     cli_guess_text(&guess));
}

/* Reads the option at words[*i], and advances *i if a value follows. */
static bool read_option(cli_options *options, uint64_t accepted, int *i)
{
    const char *word = options->words[*i];
    const size_t length = strcspn(word, "=");
    const option_row *row = find_row(word, length, accepted);
    const char *value = word[length] ? word + length + 1 : NULL;
    if (!row) return unknown_option(word, length, accepted);
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

bool cli_options_collect(const cli_options *options, uint64_t wanted, const char ***words,
                         uint32_t *count)
{
    *count = 0;
    *words = cli_alloc(2 * (size_t)options->word_count, sizeof **words);
    if (!*words) return false;
    for (int i = 0; i < options->word_count; i++) {
        const char *word = options->words[i];
        const size_t length = strcspn(word, "=");
        if (word[0] != '-' || !word[1]) continue;
        if (strcmp(word, "--") == 0) break;
        const option_row *row = find_row(word, length, UINT64_MAX);
        if (!row || row->kind == KIND_FLAG) {
            if (row && (wanted >> (row - table) & 1)) (*words)[(*count)++] = row->name;
            continue;
        }
        const char *value = word[length] ? word + length + 1 : options->words[++i];
        if (!(wanted >> (row - table) & 1)) continue;
        (*words)[(*count)++] = row->name;
        (*words)[(*count)++] = value;
    }
    return true;
}

static const char *text_of(const cli_options *options, const option_row *row)
{
    return *(const char *const *)((const char *)options + row->offset);
}

/* True if an output would overwrite an input, if that is a file. */
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

/* The file that the i-th option writes; taps follow after all options. NULL: none. */
static const char *output_of(const cli_options *options, uint32_t i)
{
    if (i >= CLI_OPTIONS) return options->taps[i - CLI_OPTIONS].path;
    return table[i].kind == KIND_WRITTEN ? text_of(options, &table[i]) : NULL;
}

bool cli_options_check_output(const cli_options *options, const char *path)
{
    return !replaces_any(options, path) ||
           cli_usage("%s: the output would overwrite an input", path);
}

bool cli_options_check_outputs(const cli_options *options)
{
    for (uint32_t i = 0; i < CLI_OPTIONS + options->tap_count; i++) {
        const char *output = output_of(options, i);
        if (!output) continue;
        if (!cli_options_check_output(options, output)) return false;
        for (uint32_t k = 0; k < i; k++) {
            const char *other = output_of(options, k);
            if (other && cli_path_same_file(output, other)) {
                return cli_usage("%s: two outputs would be written to this file", output);
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
