#include "cli/formats/json.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void begin_value(cli_json *json, const char *key)
{
    if (json->comma) fputs(", ", json->out);
    json->comma = true;
    if (!key) return;
    vrn_json_write(json->out, key, json->in_html);
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

cli_json cli_json_begin(FILE *out)
{
    cli_json json = {.out = out};
    cli_json_begin_object(&json, NULL);
    return json;
}

void cli_json_end(cli_json *json)
{
    cli_json_end_object(json);
    fputc('\n', json->out);
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
        vrn_json_write(json->out, value, json->in_html);
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

void cli_json_integers(cli_json *json, const char *key, const uint32_t *values, uint32_t count)
{
    cli_json_begin_array(json, key);
    for (uint32_t i = 0; i < count; i++) cli_json_integer(json, NULL, values[i]);
    cli_json_end_array(json);
}

void cli_json_bool(cli_json *json, const char *key, bool value)
{
    begin_value(json, key);
    fputs(value ? "true" : "false", json->out);
}
