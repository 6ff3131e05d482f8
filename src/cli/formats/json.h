/* Writes JSON (RFC 8259) on one line. */
#ifndef VRN_CLI_JSON_H
#define VRN_CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct cli_json {
    FILE *out;
    bool comma;   /* a value stands before in the same object or array */
    bool in_html; /* '<' is escaped, so that no text ends a <script> or begins a comment */
} cli_json;

/* An object on a line of its own: begin opens it, end closes it and ends the line. */
cli_json cli_json_begin(FILE *out);
void cli_json_end(cli_json *json);

/* Inside an object `key` names the value; in an array and at the top it is NULL. */
void cli_json_begin_object(cli_json *json, const char *key);
void cli_json_end_object(cli_json *json);
void cli_json_begin_array(cli_json *json, const char *key);
void cli_json_end_array(cli_json *json);

/* A text in UTF-8; what is not valid becomes U+FFFD. NULL becomes null. */
void cli_json_text(cli_json *json, const char *key, const char *value);

/* As many digits (6 to 9) as give the same float back. What is not finite becomes null. */
void cli_json_number(cli_json *json, const char *key, double value);
void cli_json_integer(cli_json *json, const char *key, uint64_t value);
void cli_json_integers(cli_json *json, const char *key, const uint32_t *values, uint32_t count);
void cli_json_bool(cli_json *json, const char *key, bool value);

#endif
