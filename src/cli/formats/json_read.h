/* Reads JSON (RFC 8259) by a cursor: each call takes what is expected next, or returns false.
 * Strict, without memory of its own; the program's own, so that it reads its own lines wherever it
 * runs. */
#ifndef VRN_CLI_JSON_READ_H
#define VRN_CLI_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cli_json_cursor {
    const char *at; /* ends with a NUL, which no JSON contains */
} cli_json_cursor;

/* Each skips white space first. After false the cursor stands where it could not go on. */
bool cli_json_take(cli_json_cursor *json, char punctuation);
bool cli_json_take_null(cli_json_cursor *json);
bool cli_json_at_end(cli_json_cursor *json);

/* An unsigned number without fraction or exponent; any number that is finite as a double. */
bool cli_json_read_integer(cli_json_cursor *json, uint64_t *number);
bool cli_json_read_number(cli_json_cursor *json, double *number);

/* A string, unescaped, to be released with free; NULL also when there is no memory (reported), when
 * it has a NUL or is not UTF-8. */
char *cli_json_read_text(cli_json_cursor *json);

/* Any value. */
bool cli_json_skip(cli_json_cursor *json);

#endif
