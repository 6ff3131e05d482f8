/* Writes JSON (RFC 8259) on one line. */
#ifndef VRN_CLI_JSON_H
#define VRN_CLI_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"

typedef struct cli_json {
    FILE *out;
    bool comma;   /* a value precedes in the same object or array */
    bool in_html; /* '<' is escaped, so that no text ends a <script> or begins a comment */
} cli_json;

/* Writes what `format` shows: JSON without quotes, whose values are conversions of printf, as in
 * "{name: %s, shape: [%u, %u]}\n". Commas and spaces are written correctly, independently of the
 * format, so that objects can be written in parts: "[", then any number of "{..}", then "]".
 *   %s        a text in UTF-8; what is not valid becomes U+FFFD. NULL becomes null
 *   %s:       a key
 *   %g        as many digits (6 to 9) as give the same float back. What is not finite becomes null
 *   %u %zu    a whole number; %ju: a uint64_t
 *   %d        a bool */
void cli_json_write(cli_json *json, const char *format, ...) VRN_PRINTF(2, 3);

#endif
