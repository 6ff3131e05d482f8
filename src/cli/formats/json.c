#include "cli/formats/json.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void write_text(const cli_json *json, const char *text)
{
    if (text) {
        vrn_json_write(json->out, text, json->in_html);
    } else {
        fputs("null", json->out);
    }
}

static void write_number(const cli_json *json, double value)
{
    char text[32] = "null";
    for (int digits = 6; digits <= 9 && isfinite(value); digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtof(text, NULL) == (float)value) break;
    }
    fputs(text, json->out);
}

/* Writes a bracket or a line feed. Other punctuation in a format only helps readers. */
static void write_punctuation(cli_json *json, char c)
{
    const bool opens = c == '{' || c == '[';
    if (opens && json->comma) fputs(", ", json->out);
    if (strchr("{}[]\n", c)) fputc(c, json->out);
    if (opens) json->comma = false;
    if (c == '}' || c == ']') json->comma = true;
}

void cli_json_write(cli_json *json, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    for (size_t length; *format; format += length) {
        length = strcspn(format, ":, {}[]\n");
        if (length == 0) {
            write_punctuation(json, *format);
            length = 1;
            continue;
        }
        const bool is_key = format[length] == ':';
        if (json->comma) fputs(", ", json->out);
        switch (*format == '%' ? format[1] : 0) {
        case 's': write_text(json, va_arg(args, const char *)); break;
        case 'g': write_number(json, va_arg(args, double)); break;
        case 'u': fprintf(json->out, "%u", va_arg(args, unsigned)); break;
        case 'z': fprintf(json->out, "%zu", va_arg(args, size_t)); break;
        case 'j': fprintf(json->out, "%ju", va_arg(args, uintmax_t)); break;
        case 'd': fputs(va_arg(args, int) ? "true" : "false", json->out); break;
        default: fprintf(json->out, is_key ? "\"%.*s\"" : "%.*s", (int)length, format); break;
        }
        if (is_key) fputs(": ", json->out);
        json->comma = !is_key;
    }
    va_end(args);
}
