/* JSON (RFC 8259): a cursor that reads what a fixed schema expects next, and a function that writes
 * a string.
 *
 * Why not jsmn, which distributions package: it can need 20 bytes of tokens for every two bytes of
 * input, takes quadratic time for some files, accepts invalid JSON, and leaves strings escaped, so
 * that all checks would have to be added. A cursor needs no memory and accepts only what is asked
 * for. */
#ifndef VRN_BASE_JSON_H
#define VRN_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

typedef struct vrn_json {
    const char *text; /* not NUL-terminated */
    size_t size, at;
} vrn_json;

/* Each function skips white space and takes one item, or returns false if the item is not there. If
 * the item begins as expected but is invalid, the cursor may stop inside it. */
bool vrn_json_take(vrn_json *json, char punctuation);
bool vrn_json_at_end(vrn_json *json);

/* The first takes a number without sign, fraction or exponent; the second any number that is finite
 * as a double. */
bool vrn_json_unsigned(vrn_json *json, uint64_t *number);
bool vrn_json_number(vrn_json *json, double *number);

/* Takes `word`: true, false or null. */
bool vrn_json_word(vrn_json *json, const char *word);

/* Takes a string, unescapes it and stores it with a NUL in the arena. False with *text NULL: out of
 * memory. Also false for a string that contains NUL or is not valid UTF-8. */
bool vrn_json_string(vrn_json *json, vrn_arena *arena, char **text);

/* Skips a value of any type, with brackets nested at most 64 deep. */
bool vrn_json_skip(vrn_json *json);

/* Describes what comes next, for messages: "'x'", "byte 0x80" or "the end". */
enum { VRN_JSON_FOUND_MAX = 16 };
const char *vrn_json_found(const vrn_json *json, char text[VRN_JSON_FOUND_MAX]);

/* Writes `text` as a string; invalid UTF-8 becomes U+FFFD. With `in_html`, '<' is escaped so that
 * it cannot end a script. */
void vrn_json_write(FILE *out, const char *text, bool in_html);

#endif
