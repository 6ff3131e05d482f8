#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

/* The length of the UTF-8 sequence at `text`, or 0 where it is not valid (RFC 3629: no overlong
 * forms, no surrogates, nothing above U+10FFFF). Reads no further than the NUL. */
static size_t sequence_length(const unsigned char *text)
{
    unsigned char c = text[0];
    if (c < 0x80) return 1;
    size_t length = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : 4;
    if (c < 0xc2 || c > 0xf4) return 0;
    unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (text[1] < low || text[1] > high) return 0;
    for (size_t i = 2; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
    }
    return length;
}

static void write_text(FILE *out, const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    fputc('"', out);
    while (*c) {
        size_t length = sequence_length(c);
        if (length == 0) {
            fputs("\\ufffd", out);
            c++;
            continue;
        }
        if (*c == '"' || *c == '\\') fputc('\\', out);
        if (*c < 0x20 || *c == 0x7f) {
            fprintf(out, "\\u%04x", *c);
        } else {
            fwrite(c, 1, length, out);
        }
        c += length;
    }
    fputc('"', out);
}

static void begin_value(cli_json *json, const char *key)
{
    if (json->comma) fputs(", ", json->out);
    json->comma = true;
    if (!key) return;
    write_text(json->out, key);
    fputs(": ", json->out);
}

static void open_bracket(cli_json *json, const char *key, char bracket)
{
    begin_value(json, key);
    fputc(bracket, json->out);
    json->comma = false;
}

static void close_bracket(cli_json *json, char bracket)
{
    fputc(bracket, json->out);
    json->comma = true;
}

void cli_json_begin_object(cli_json *json, const char *key)
{
    open_bracket(json, key, '{');
}

void cli_json_end_object(cli_json *json)
{
    close_bracket(json, '}');
}

void cli_json_begin_array(cli_json *json, const char *key)
{
    open_bracket(json, key, '[');
}

void cli_json_end_array(cli_json *json)
{
    close_bracket(json, ']');
}

void cli_json_text(cli_json *json, const char *key, const char *value)
{
    begin_value(json, key);
    if (value) {
        write_text(json->out, value);
    } else {
        fputs("null", json->out);
    }
}

void cli_json_number(cli_json *json, const char *key, double value)
{
    begin_value(json, key);
    if (isfinite(value)) {
        char text[32];
        for (int digits = 6; digits <= 9; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, value);
            if (strtof(text, NULL) == (float)value) break;
        }
        fputs(text, json->out);
    } else {
        fputs("null", json->out);
    }
}

void cli_json_integer(cli_json *json, const char *key, uint64_t value)
{
    begin_value(json, key);
    fprintf(json->out, "%" PRIu64, value);
}

void cli_json_bool(cli_json *json, const char *key, bool value)
{
    begin_value(json, key);
    fputs(value ? "true" : "false", json->out);
}
